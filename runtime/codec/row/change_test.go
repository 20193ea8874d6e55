package row

import "testing"

// A change is read as it was appended, whatever it has, and shown as JSON.
func TestChange(t *testing.T) {
	columns := func(dst []byte, id int64, note string) []byte { return AppendText(AppendInt(AppendRow(dst), id), note) }
	b := AppendChange(nil, "update", []string{"note", "x"})
	b = columns(columns(b, 1, "a"), 2, "b")
	c := ReadChange(b, 2)
	before, rest := Next(c.Before)
	note, rest := Next(rest)
	after, _ := Next(c.After)
	if c.Op != "update" || before.Num != 1 || string(note.Bytes) != "a" || len(rest) != 0 || after.Num != 2 {
		t.Errorf("%+v", c)
	}
	if !c.HasUnchanged() || !c.Unchanged("note") || !c.Unchanged("x") || c.Unchanged("id") {
		t.Error("what is unchanged is not told")
	}
	show := ChangeInput("id", "note")
	if got := string(show(b)); got != `{"op":"update","before":{"id":1,"note":"a"},"after":{"id":2,"note":"b"},"unchanged":["note","x"]}` {
		t.Error(got)
	}
	b = columns(AppendNull(AppendChange(nil, "insert", nil)), 3, "")
	if c = ReadChange(b, 2); c.Before != nil || c.After == nil || c.HasUnchanged() {
		t.Errorf("%+v", c)
	}
	b = AppendNull(AppendNull(AppendChange(nil, "truncate", nil)))
	if c = ReadChange(b, 2); c.Before != nil || c.After != nil || string(show(b)) != `{"op":"truncate"}` {
		t.Errorf("%+v: %s", c, show(b))
	}
	// A row without columns is there all the same.
	b = AppendNull(AppendRow(AppendChange(nil, "delete", nil)))
	if c = ReadChange(b, 0); c.Before == nil || c.After != nil {
		t.Errorf("%+v", c)
	}
}
