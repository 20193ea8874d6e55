package table

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/row"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A letter that went through a table is the same, to the last byte, and so is its ID.
func TestLetterOfTable(t *testing.T) {
	for _, text := range []string{
		`{"pipeline":"p","node":"n","line":"p.yaml:3","code":"c","error":"a <b> & \u2028","attempts":2,"time":"2026-01-31T12:00:00.123456Z","source":"s","position":{"line":3},"record":{"b":1.50,"a":"<&\u0000","big":1e400},"input":"x\u0000"}`,
		`{"pipeline":"p","node":"n","line":"p.yaml:3","code":"c","error":"e","attempts":1,"time":"2026-01-31T12:00:00Z","source":"s","position":null,"header":"a,b","data":"AP8="}`,
		`{"pipeline":"p","node":"n","line":"p.yaml:3","code":"c","error":"","attempts":1,"time":"2026-01-31T12:00:00Z","source":"s","position":null,"record":null}`,
	} {
		l, err := flow.ParseLetter("dead", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		record := AppendLetter(nil, l)
		var cells [][]byte
		for range LetterColumns() {
			var v row.Value
			v, record = row.Next(record)
			switch v.Kind {
			case row.Null:
				cells = append(cells, nil)
			case row.Time:
				cells = append(cells, v.Time().AppendFormat(nil, time.RFC3339Nano))
			case row.Int:
				cells = append(cells, []byte(json.Number(string(rune('0'+v.Num))).String()))
			default:
				cells = append(cells, v.Bytes)
			}
		}
		if len(record) > 0 {
			t.Errorf("%d bytes are behind the last column", len(record))
		}
		back, err := flow.ParseLetter("dead", ReadLetter(cells))
		if err != nil {
			t.Fatal(err)
		}
		if back.ID != l.ID || string(back.Original()) != string(l.Original()) || string(back.Input) != string(l.Input) || back.Error != l.Error || back.Line != l.Line || back.Attempts != l.Attempts {
			t.Errorf("%s\nbecame %+v", text, back)
		}
	}
	for _, bad := range [][2]string{{"noon", `{}`}, {"2026-01-31T12:00:00Z", `{"a":`}} {
		cells := make([][]byte, len(LetterColumns()))
		cells[1], cells[3], cells[7], cells[9], cells[11] = []byte(bad[0]), []byte("n"), []byte("1"), []byte("{}"), []byte(bad[1])
		if l, err := flow.ParseLetter("dead", ReadLetter(cells)); err == nil {
			t.Errorf("%q is a letter: %+v", bad, l)
		}
	}
}
