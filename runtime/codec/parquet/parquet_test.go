package parquet

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/flowc-dev/flowc/runtime/codec/row"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/decimal"
)

// everything is a column of each type, with and without a value.
var everything = []connect.Column{
	{Name: "text", Type: "string"},
	{Name: "side", Type: "enum"},
	{Name: "n", Type: "int"},
	{Name: "big", Type: "int64"},
	{Name: "u", Type: "uint64"},
	{Name: "f", Type: "float64"},
	{Name: "ok", Type: "bool"},
	{Name: "raw", Type: "bytes"},
	{Name: "amount", Type: "decimal"},
	{Name: "count", Type: "number"},
	{Name: "at", Type: "time"},
	{Name: "took", Type: "duration"},
	{Name: "doc", Type: "json"},
	{Name: "memo", Type: "string", Optional: true},
	{Name: "asset", Type: "struct", Parts: []connect.Column{{Name: "code", Type: "string"}, {Name: "issuer", Type: "string", Optional: true}}},
	{Name: "tags", Type: "list", Parts: []connect.Column{{Type: "string"}}},
	{Name: "lines", Type: "list", Optional: true, Parts: []connect.Column{{Type: "struct", Parts: []connect.Column{
		{Name: "sku", Type: "string"}, {Name: "sizes", Type: "list", Parts: []connect.Column{{Type: "int64"}}},
	}}}},
	{Name: "by", Type: "map", Parts: []connect.Column{{Type: "list", Parts: []connect.Column{{Type: "float64"}}}}},
}

// record is a record of everything: i decides what is missing, and how long lists
// are.
func record(i int) []byte {
	b := row.AppendText(nil, fmt.Sprintf("text %d ü", i))
	b = row.AppendText(b, []string{"buy", "sell"}[i%2])
	b = row.AppendInt(b, int64(-i))
	b = row.AppendInt(b, math.MinInt64+int64(i))
	b = row.AppendUint(b, math.MaxUint64-uint64(i))
	b = row.AppendFloat(b, float64(i)/4)
	b = row.AppendBool(b, i%3 == 0)
	b = row.AppendBytes(b, []byte{0, 255, byte(i)})
	b = row.AppendDecimal(b, decimal.New(int64(1050+i), -2))
	b = row.AppendDecimal(b, decimal.New(int64(-i), 0))
	b = row.AppendTime(b, time.Unix(int64(i)*1000, 123456789).In(time.FixedZone("", 3600)))
	b = row.AppendDuration(b, time.Duration(i)*time.Second+1)
	b = row.OpenJSON(b)
	b = row.Close(fmt.Appendf(b, `{"i":%d}`, i), len(b))
	if i%4 == 0 {
		b = row.AppendNull(b)
	} else {
		b = row.AppendText(b, "memo")
	}
	b = row.AppendText(row.AppendStruct(b), "USD")
	if i%2 == 0 {
		b = row.AppendNull(b)
	} else {
		b = row.AppendText(b, "issuer")
	}
	b = row.AppendList(b, i%3)
	for j := range i % 3 {
		b = row.AppendText(b, fmt.Sprint("tag", j))
	}
	if i%5 == 0 {
		b = row.AppendNull(b)
	} else {
		b = row.AppendList(b, i%5-1)
		for j := range i%5 - 1 {
			b = row.AppendList(row.AppendText(row.AppendStruct(b), fmt.Sprint("sku", j)), j)
			for k := range j {
				b = row.AppendInt(b, int64(k))
			}
		}
	}
	b = row.AppendMap(b, i%2)
	for range i % 2 {
		b = row.AppendList(row.AppendText(b, `a "key"`), 2)
		b = row.AppendFloat(row.AppendFloat(b, 1), 0.5)
	}
	return b
}

// wantJSON is record as it is read back.
func wantJSON(i int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"text":"text %d ü","side":%q,"n":%d,"big":%d,"u":%d`, i, []string{"buy", "sell"}[i%2], -i, math.MinInt64+int64(i), math.MaxUint64-uint64(i))
	fmt.Fprintf(&b, `,"f":%v,"ok":%v,"raw":%q`, float64(i)/4, i%3 == 0, base64.StdEncoding.EncodeToString([]byte{0, 255, byte(i)}))
	fmt.Fprintf(&b, `,"amount":"%d.%02d","count":"%d","at":%q,"took":%q,"doc":{"i":%d}`, (1050+i)/100, (1050+i)%100, -i,
		time.Unix(int64(i)*1000, 123456789).UTC().Format(time.RFC3339Nano), (time.Duration(i)*time.Second + 1).String(), i)
	if i%4 != 0 {
		b.WriteString(`,"memo":"memo"`)
	}
	b.WriteString(`,"asset":{"code":"USD"`)
	if i%2 != 0 {
		b.WriteString(`,"issuer":"issuer"`)
	}
	b.WriteString(`},"tags":[` + []string{"", `"tag0"`, `"tag0","tag1"`}[i%3] + `]`)
	if i%5 != 0 {
		b.WriteString(`,"lines":[` + strings.Join([]string{`{"sku":"sku0","sizes":[]}`, `{"sku":"sku1","sizes":[0]}`, `{"sku":"sku2","sizes":[0,1]}`}[:i%5-1], ",") + `]`)
	}
	b.WriteString(`,"by":{` + []string{"", `"a \"key\"":[1,0.5]`}[i%2] + `}}`)
	return b.String()
}

// all hands rows to Group in one piece.
func all(records ...[]byte) func(func([]byte) error) error {
	return func(yield func([]byte) error) error { return yield(bytes.Join(records, nil)) }
}

// fileOf writes records into a file, so many a row group.
func fileOf(t testing.TB, columns []connect.Column, o connect.Parquet, perGroup int, records ...[]byte) []byte {
	t.Helper()
	w, err := NewWriter(columns, o)
	if err != nil {
		t.Fatal(err)
	}
	out := bytes.NewBufferString(connect.ParquetMagic)
	var groups []connect.ParquetGroup
	for len(records) > 0 {
		n := min(perGroup, len(records))
		at := int64(out.Len())
		g, err := w.Group(out, at, all(records[:n]...))
		if err != nil {
			t.Fatal(err)
		}
		if g.Bytes != int64(out.Len())-at || g.Rows != int64(n) {
			t.Fatalf("a group of %d bytes and %d rows says %d and %d", int64(out.Len())-at, n, g.Bytes, g.Rows)
		}
		groups, records = append(groups, g), records[n:]
	}
	found, err := w.Groups(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil || fmt.Sprint(found) != fmt.Sprint(groups) {
		t.Fatalf("found again: %v\n%v\n%v", err, found, groups)
	}
	end := int64(out.Len())
	footer, err := w.Footer(groups, end)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(footer)
	whole, at, err := w.Whole(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if at != end || err != nil || fmt.Sprint(whole) != fmt.Sprint(groups) {
		t.Fatalf("the groups end at %d, not %d (%v)", at, end, err)
	}
	return out.Bytes()
}

// lines reads all records from a row on.
func lines(t testing.TB, file []byte, wanted []connect.Column, from int64) []string {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file), int64(len(file)), wanted, from)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var data []byte
	for {
		out, n, err := r.Read(data, 7, 1<<20)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || n == 0 {
			t.Fatal(n, err)
		}
		data = out
	}
	if len(data) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

func records(n int) [][]byte {
	list := make([][]byte, n)
	for i := range list {
		list[i] = record(i)
	}
	return list
}

// What is written is read again, whatever the compression and wherever reading
// begins; the parts of a file stand for themselves.
func TestRoundTrip(t *testing.T) {
	for compression := range codecs {
		file := fileOf(t, everything, connect.Parquet{Compression: compression}, 301, records(1000)...)
		for _, from := range []int64{0, 1, 300, 301, 302, 999, 1000} {
			got := lines(t, file, everything, from)
			if len(got) != 1000-int(from) {
				t.Fatalf("%s: %d records from row %d on", compression, len(got), from)
			}
			for i, line := range got {
				if want := wantJSON(i + int(from)); line != want {
					t.Fatalf("%s, row %d:\n%s\n%s", compression, i+int(from), line, want)
				}
			}
		}
	}
}

// The library's own reader, which knows nothing of how the file came about, reads
// all of it, by rows and through its page indexes.
func TestGenericReader(t *testing.T) {
	file := fileOf(t, everything, connect.Parquet{}, 100, records(250)...)
	type line struct {
		SKU   string  `parquet:"sku"`
		Sizes []int64 `parquet:"sizes,list"`
	}
	type all struct {
		Text   string               `parquet:"text"`
		Big    int64                `parquet:"big"`
		U      uint64               `parquet:"u"`
		At     time.Time            `parquet:"at,timestamp(nanosecond)"`
		Memo   *string              `parquet:"memo,optional"`
		Tags   []string             `parquet:"tags,list"`
		Lines  []line               `parquet:"lines,optional,list"`
		Amount string               `parquet:"amount"`
		_      map[string][]float64 `parquet:"by"`
	}
	rows, err := parquet.Read[all](bytes.NewReader(file), int64(len(file)))
	if err != nil || len(rows) != 250 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	for i, r := range rows {
		if r.Text != fmt.Sprintf("text %d ü", i) || r.Big != math.MinInt64+int64(i) || r.U != math.MaxUint64-uint64(i) || (r.Memo == nil) != (i%4 == 0) ||
			len(r.Tags) != i%3 || !r.At.Equal(time.Unix(int64(i)*1000, 123456789)) || i%5 > 0 && len(r.Lines) != i%5-1 {
			t.Fatalf("row %d: %+v", i, r)
		}
	}
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range f.Root().Columns() {
		names = append(names, c.Name())
	}
	if got, want := strings.Join(names, " "), "text side n big u f ok raw amount count at took doc memo asset tags lines by"; got != want {
		t.Errorf("columns %s", got)
	}
	for i, g := range f.RowGroups() {
		for j, c := range g.ColumnChunks() {
			pages := c.Pages()
			if err := pages.SeekToRow(g.NumRows() - 1); err != nil { // by the offset index
				t.Fatalf("group %d, column %d: %v", i, j, err)
			}
			p, err := pages.ReadPage()
			if err != nil || p.NumRows() != 1 {
				t.Fatalf("group %d, column %d: %v", i, j, err)
			}
			pages.Close()
			if x, err := c.ColumnIndex(); err != nil || x.NumPages() == 0 {
				t.Fatalf("group %d, column %d has no index: %v", i, j, err)
			}
		}
	}
}

// Only the columns that are wanted are read, in parts of mappings too; one that
// may be missing may be missing from the file.
func TestProjection(t *testing.T) {
	file := fileOf(t, everything, connect.Parquet{}, 10, records(3)...)
	wanted := []connect.Column{
		{Name: "n", Type: "int"},
		{Name: "nowhere", Type: "string", Optional: true},
		{Name: "lines", Type: "list", Optional: true, Parts: []connect.Column{{Type: "struct", Parts: []connect.Column{{Name: "sku", Type: "string"}}}}},
		{Name: "asset", Type: "struct", Parts: []connect.Column{{Name: "nothing", Type: "string", Optional: true}}},
	}
	r, err := NewReader(bytes.NewReader(file), int64(len(file)), wanted, 0)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(r.(*Reader).cursors); n != 3 {
		t.Errorf("%d columns are read", n)
	}
	want := []string{`{"n":0,"asset":{}}`, `{"n":-1,"asset":{},"lines":[]}`, `{"n":-2,"asset":{},"lines":[{"sku":"sku0"}]}`}
	if got := lines(t, file, wanted, 0); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	// Nothing in the file tells that a number of nanoseconds is a duration.
	if got, want := lines(t, file, nil, 1)[0], strings.Replace(wantJSON(1), `"1.000000001s"`, "1000000001", 1); got != want {
		t.Errorf("all: %s\n%s", got, want)
	}
}

// What does not fit is said at once, with the column and both types.
func TestMisfits(t *testing.T) {
	file := fileOf(t, everything, connect.Parquet{}, 10, records(3)...)
	_, err := NewReader(bytes.NewReader(file), int64(len(file)), []connect.Column{
		{Name: "f", Type: "decimal"},
		{Name: "text", Type: "int"},
		{Name: "tags", Type: "string"},
		{Name: "asset", Type: "list", Parts: []connect.Column{{Type: "int"}}},
		{Name: "big", Type: "float64"},
		{Name: "gone", Type: "int"},
		{Name: "by", Type: "map", Parts: []connect.Column{{Type: "list", Parts: []connect.Column{{Type: "bool"}}}}},
	}, 0)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"no column `gone` (it has `text`, ", "the column `f` is DOUBLE, and the pipeline's type says decimal", "the column `text` is STRING, and the pipeline's type says int",
		"the column `tags` is a list, and the pipeline's type says string", "the column `asset` is a group of fields, and the pipeline's type says list",
		"the column `big` is INT(64,true), and the pipeline's type says float64", "the column `by.key_value.value.list.element` is DOUBLE, and the pipeline's type says bool",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in\n%v", want, err)
		}
	}
}

// Decimals and times that their columns can't hold are refused, and what they hold
// comes back.
func TestColumnsThatRefuse(t *testing.T) {
	columns := []connect.Column{{Name: "d", Type: "decimal"}, {Name: "t", Type: "time"}}
	rec := func(d string, at time.Time) []byte {
		v, err := decimal.Parse(d)
		if err != nil {
			t.Fatal(err)
		}
		return row.AppendTime(row.AppendDecimal(nil, v), at)
	}
	noon := time.Date(2026, 1, 2, 12, 0, 0, 5000, time.FixedZone("", -7200))
	for _, c := range []struct {
		o    connect.Parquet
		d    string
		at   time.Time
		want string // what is read, or a part of the error
	}{
		{connect.Parquet{Decimals: "4"}, "-10.5", noon, `{"d":"-10.5000","t":"2026-01-02T14:00:00.000005Z"}`},
		{connect.Parquet{Decimals: "0"}, "99999999999999999999999999999999999999", noon, `{"d":"99999999999999999999999999999999999999","t":"2026-01-02T14:00:00.000005Z"}`},
		{connect.Parquet{Decimals: "2"}, "-0.010", noon, `{"d":"-0.01","t":"2026-01-02T14:00:00.000005Z"}`},
		{connect.Parquet{Decimals: "2"}, "12e3", noon, `{"d":"12000.00","t":"2026-01-02T14:00:00.000005Z"}`},
		{connect.Parquet{Decimals: "2"}, "0.001", noon, `0.001 has more than 2 places`},
		{connect.Parquet{Decimals: "2"}, "1e37", noon, `has more than 38 digits with its 2 places`},
		{connect.Parquet{}, "1.50", noon.Add(1), `{"d":"1.50","t":"2026-01-02T14:00:00.000005001Z"}`},
		{connect.Parquet{Time: "micros"}, "1", noon, `{"d":"1","t":"2026-01-02T14:00:00.000005Z"}`},
		{connect.Parquet{Time: "micros"}, "1", noon.Add(1), `is finer than a microsecond`},
		{connect.Parquet{Time: "micros"}, "1", noon.AddDate(5000, 0, 0), `{"d":"1","t":"7026-01-02T14:00:00.000005Z"}`},
		{connect.Parquet{}, "1", noon.AddDate(5000, 0, 0), `the year 7026 is too far away`},
		{connect.Parquet{}, "1", noon.AddDate(-1000, 0, 0), `the year 1026 is too far away`},
		{connect.Parquet{Time: "text"}, "1", noon.AddDate(5000, 0, 0), `{"d":"1","t":"7026-01-02T12:00:00.000005-02:00"}`},
	} {
		w, err := NewWriter(columns, c.o)
		if err != nil {
			t.Fatal(err)
		}
		r := rec(c.d, c.at)
		got := ""
		if err := w.Check(r); err != nil {
			got = err.Error()
		} else {
			got = strings.Join(lines(t, fileOf(t, columns, c.o, 1, r), columns, 0), "\n")
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%+v, %s, %s: %s", c.o, c.d, c.at, got)
		}
	}
	w, err := NewWriter([]connect.Column{{Name: "s", Type: "list", Parts: []connect.Column{{Type: "string"}}}}, connect.Parquet{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Check(row.AppendText(row.AppendList(nil, 1), "\xff")); err == nil || err.Error() != "s: the text is not UTF-8" {
		t.Errorf("%v", err)
	}
}

// A group that could not be written leaves nothing of it for the next one.
func TestFullDisk(t *testing.T) {
	w, err := NewWriter(everything, connect.Parquet{})
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if _, err := w.Group(&want, 4, all(records(100)...)); err != nil {
		t.Fatal(err)
	}
	for _, room := range []int{0, 1, 5000, want.Len() - 1} {
		if _, err := w.Group(&limited{room: room}, 4, all(records(100)...)); !errors.Is(err, errFull) {
			t.Fatalf("room for %d bytes: %v", room, err)
		}
		var got bytes.Buffer
		if _, err := w.Group(&got, 4, all(records(100)...)); err != nil || !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Fatalf("after %d bytes: another group (%v)", room, err)
		}
	}
}

var errFull = errors.New("the disk is full")

type limited struct{ room int }

func (l *limited) Write(p []byte) (int, error) {
	if len(p) > l.room {
		return l.room, errFull
	}
	l.room -= len(p)
	return len(p), nil
}

// What the library does not read well is not read at all.
func TestLZ4(t *testing.T) {
	var file bytes.Buffer
	w := parquet.NewGenericWriter[struct {
		N int64 `parquet:"n,lz4"`
		S int64 `parquet:"s"`
	}](&file)
	if _, err := w.Write(make([]struct {
		N int64 `parquet:"n,lz4"`
		S int64 `parquet:"s"`
	}, 3)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()), nil, 0)
	if err == nil || !strings.Contains(err.Error(), "`n` is compressed with LZ4_RAW") {
		t.Errorf("%v", err)
	}
	if got := lines(t, file.Bytes(), []connect.Column{{Name: "s", Type: "int"}}, 0); len(got) != 3 {
		t.Errorf("the other column: %q", got)
	}
}

// Many distinct long values outgrow a dictionary, and a row group has many pages.
func TestManyPages(t *testing.T) {
	columns := []connect.Column{{Name: "s", Type: "string"}, {Name: "l", Type: "list", Optional: true, Parts: []connect.Column{{Type: "string"}}}}
	const n = 40_000
	list := make([][]byte, n)
	pad := strings.Repeat("x", 80)
	for i := range list {
		list[i] = row.AppendText(nil, fmt.Sprint(i, pad))
		list[i] = row.AppendText(row.AppendList(list[i], 1), fmt.Sprint(-i, pad))
	}
	file := fileOf(t, columns, connect.Parquet{}, n/2, list...)
	for _, from := range []int64{0, 12_345, n - 3} {
		for i, line := range lines(t, file, columns, from) {
			if want := fmt.Sprintf(`{"s":"%d%s","l":["%d%[2]s"]}`, i+int(from), pad, -i-int(from)); line != want {
				t.Fatalf("row %d: %s", i, line)
			}
		}
	}
}

// FuzzReader: whatever the bytes, reading ends with records or an error.
func FuzzReader(f *testing.F) {
	file := fileOf(f, everything, connect.Parquet{Decimals: "2"}, 4, records(9)...)
	f.Add(file)
	f.Add(fileOf(f, everything[:3], connect.Parquet{Compression: "none"}, 4, row.AppendInt(row.AppendText(row.AppendText(nil, "a"), "b"), 1)))
	f.Add([]byte("PAR1PAR1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, wanted := range [][]connect.Column{nil, everything} {
			r, err := NewReader(bytes.NewReader(data), int64(len(data)), wanted, 0)
			if err != nil {
				continue
			}
			for range 100 {
				if _, n, err := r.Read(nil, 100, 1<<16); err != nil || n == 0 {
					break
				}
			}
			_ = r.Close()
		}
	})
}
