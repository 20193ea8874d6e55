package postgres

import (
	"encoding/binary"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// A messageWriter makes messages as the server does.
type messageWriter []byte

func (w messageWriter) byte(c byte) messageWriter   { return append(w, c) }
func (w messageWriter) text(s string) messageWriter { return append(append(w, s...), 0) }

func (w messageWriter) int16(n int) messageWriter {
	return binary.BigEndian.AppendUint16(w, uint16(n))
}

func (w messageWriter) int32(n int) messageWriter {
	return binary.BigEndian.AppendUint32(w, uint32(n))
}

func (w messageWriter) int64(n int) messageWriter {
	return binary.BigEndian.AppendUint64(w, uint64(n))
}

// tuple has null for "NULL" and unchanged for "UNCHANGED".
func (w messageWriter) tuple(values ...string) messageWriter {
	w = w.int16(len(values))
	for _, v := range values {
		switch v {
		case "NULL":
			w = w.byte('n')
		case "UNCHANGED":
			w = w.byte('u')
		default:
			w = append(w.byte('t').int32(len(v)), v...)
		}
	}
	return w
}

var message = messageWriter{}

// ordersRelation is a table with id (the key), note, and tags (texts).
func ordersRelation(identity byte) messageWriter {
	w := message.byte('R').int32(7).text("public").text("orders").byte(identity).int16(3)
	for i, c := range []struct {
		name string
		oid  int
	}{{"id", typeInt8}, {"note", 25}, {"tags", 1009}} {
		key := byte(0)
		if identity == 'f' || i == 0 {
			key = 1
		}
		w = w.byte(key).text(c.name).int32(c.oid).int32(-1)
	}
	return w
}

// Messages are read as what the server's documentation says that they are.
func TestDecodeMessage(t *testing.T) {
	var into rowChange
	for name, c := range map[string]struct {
		data messageWriter
		want any
	}{
		"begin":    {message.byte('B').int64(0x16B374D848).int64(1_000_000).int32(77), &begin{0x16B374D848, 1_000_000, 77}},
		"commit":   {message.byte('C').byte(0).int64(1).int64(2).int64(3), &commit{2}},
		"relation": {ordersRelation('d'), &relation{7, "public", "orders", 'd', []relationColumn{{"id", 20, true}, {"note", 25, false}, {"tags", 1009, false}}}},
		"truncate": {message.byte('T').int32(2).byte(1).int32(7).int32(8), &truncation{[]uint32{7, 8}}},
		"type":     {message.byte('Y').int32(1).text("a").text("b"), nil},
		"insert":   {message.byte('I').int32(7).byte('N').tuple("1", "NULL"), &rowChange{relation: 7, kind: 'I', old: tuple{}, after: tuple{{'t', []byte("1")}, {kind: 'n'}}}},
		"update":   {message.byte('U').int32(7).byte('K').tuple("1").byte('N').tuple("", "UNCHANGED"), &rowChange{relation: 7, kind: 'U', oldKind: 'K', old: tuple{{'t', []byte("1")}}, after: tuple{{'t', []byte{}}, {kind: 'u'}}}},
		"delete":   {message.byte('D').int32(7).byte('O').tuple("1"), &rowChange{relation: 7, kind: 'D', oldKind: 'O', old: tuple{{'t', []byte("1")}}, after: tuple{}}},
	} {
		into = rowChange{old: tuple{}, after: tuple{}}
		got, err := decodeMessage(c.data, &into)
		if err != nil || !reflect.DeepEqual(got, c.want) && !(got == nil && c.want == nil) {
			t.Errorf("%s: %+v, not %+v (%v)", name, got, c.want, err)
		}
		// One that ends too early is none, wherever it ends.
		if c.want == nil {
			continue
		}
		for n := range len(c.data) {
			if name == "commit" && n >= 17 { // what stands behind it is not looked at
				continue
			}
			if got, err := decodeMessage(c.data[:n], &into); err == nil {
				t.Errorf("%s, %d bytes of %d: %+v", name, n, len(c.data), got)
			}
		}
	}
	for _, data := range []messageWriter{message.byte('X'), message.byte('I').int32(7).byte('O').tuple("1").byte('X'), message.byte('D').int32(7).byte('N').tuple("1"), message.byte('I').int32(7).byte('N').int16(1).byte('b')} {
		if got, err := decodeMessage(data, &into); err == nil {
			t.Errorf("%q is %+v", data, got)
		}
	}
}

// testWriter is a writer of changes of orders that knows the types already.
func testWriter() *changeWriter {
	text := &valueType{oid: 25}
	return &changeWriter{
		server: &server{config: &pgconn.Config{Host: "db"}}, table: &published{oid: 7, namespace: "public", name: "orders"},
		wanted: []connect.Column{{Name: "id", Type: "int64"}, {Name: "note", Type: "string", Optional: true}, {Name: "tags", Type: "json", Optional: true}},
		types:  map[uint32]*valueType{typeInt8: text, 25: text, 1009: {oid: 1009, elem: text}},
	}
}

// Whatever a server sends is an error, or a line of JSON with one change.
func FuzzChanges(f *testing.F) {
	for _, m := range []messageWriter{
		message.byte('I').int32(7).byte('N').tuple("1", "a\"b", "{x,NULL,\"y,z\"}"),
		message.byte('U').int32(7).byte('O').tuple("1", "long", "{}").byte('N').tuple("1", "UNCHANGED", "NULL"),
		message.byte('U').int32(7).byte('N').tuple("1", "UNCHANGED", "UNCHANGED"),
		message.byte('D').int32(7).byte('K').tuple("1", "NULL", "NULL"),
		message.byte('I').int32(7).byte('N').tuple("1"),
	} {
		f.Add([]byte(ordersRelation('f')), []byte(m))
	}
	f.Add([]byte(ordersRelation('d')), []byte(message.byte('D').int32(7).byte('K').tuple("1", "NULL", "NULL")))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		if !utf8.Valid(second) {
			t.Skip("the server sends UTF-8")
		}
		w := testWriter()
		var into rowChange
		for _, data := range [][]byte{first, second} {
			m, err := decodeMessage(data, &into)
			if err != nil {
				continue
			}
			switch m := m.(type) {
			case *relation:
				for _, c := range m.columns { // the server is not there to be asked
					if w.types[c.oid] == nil { // numbers are not looked at
						w.types[c.oid] = &valueType{oid: 25}
					}
				}
				if w.relation(t.Context(), m) != nil {
					w.columns = nil
				}
			case *rowChange:
				line, err := w.change(nil, m)
				if err != nil {
					continue
				}
				if !json.Valid(line) || strings.Count(string(line), "\n") != 1 || line[len(line)-1] != '\n' {
					t.Errorf("%q", line)
				}
			}
		}
	})
}

// The text of an array or of a composite becomes JSON, whatever is in it; what is
// none is a text.
func TestLiterals(t *testing.T) {
	number, text := &valueType{oid: typeNumeric}, &valueType{oid: 25}
	numbers, texts := &valueType{oid: 1231, elem: number}, &valueType{oid: 1009, elem: text}
	pair := &valueType{oid: 1, fields: []compositeField{{`"a":`, number}, {`"b":`, text}, {`"c":`, texts}}}
	for _, c := range []struct {
		typ        *valueType
		text, want string
	}{
		{numbers, `{}`, `[]`},
		{numbers, `{1.10,NULL,NaN}`, `[1.10,null,"NaN"]`},
		{numbers, `{{1,2},{3,4}}`, `[[1,2],[3,4]]`},
		{numbers, `[0:1]={1,2}`, `[1,2]`},
		{texts, `{a,"b,c","d\"e\\f",NULL,"NULL",""}`, `["a","b,c","d\"e\\f",null,"NULL",""]`},
		{pair, `(1,x,"{a,""b c""}")`, `{"a":1,"b":"x","c":["a","b c"]}`},
		{pair, `(,"a ""q"" \\ )",)`, `{"a":null,"b":"a \"q\" \\ )","c":null}`},
		{&valueType{elem: pair}, `{"(1,\"x y\",)",NULL}`, `[{"a":1,"b":"x y","c":null},null]`},
		{numbers, `{1,`, `"{1,"`},
		{numbers, `1`, `"1"`},
		{pair, `(1,x)`, `"(1,x)"`},
		{numbers, `{}x`, `"{}x"`},
		{texts, ``, `""`},
	} {
		if got := string(c.typ.append(nil, []byte(c.text), "json")); got != c.want {
			t.Errorf("%s: %s, not %s", c.text, got, c.want)
		}
	}
}

// Whatever a literal is, it becomes JSON.
func FuzzLiterals(f *testing.F) {
	for _, s := range []string{`{1.10,NULL}`, `(1,"a ""q""",)`, `{{"a\"b"},{}}`, `[0:1]={1,2}`, `{"(1,\"x y\",)"}`, `{`, `("`} {
		f.Add(s)
	}
	text := &valueType{oid: 25}
	array := &valueType{elem: &valueType{oid: typeNumeric}}
	pair := &valueType{fields: []compositeField{{`"a":`, &valueType{oid: typeJSON}}, {`"b":`, &valueType{elem: text}}}}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			t.Skip("the server sends UTF-8")
		}
		for _, typ := range []*valueType{array, pair, {elem: pair}, {elem: text}} {
			// A JSON value is the server's own, and not looked at.
			if out := typ.append(nil, []byte(s), "json"); !json.Valid(out) && !strings.Contains(s, "(") && !hasNumber(s) {
				t.Errorf("%q: %q", s, out)
			}
		}
	})
}

// hasNumber tells whether a text may be taken for one of the server's numbers, which
// are not looked at either.
func hasNumber(s string) bool { return strings.ContainsAny(s, "0123456789") }

// Positions are read as they were written; what is none is an error.
func TestPosition(t *testing.T) {
	for _, p := range []*position{
		at(7, 0x1_0000_00FF, 3, nil), at(7, 9, 0, &snapshotState{Shows: "10:12:10,11", End: "0/A", Leaf: 7, File: 8, Row: "(3,17)"}),
	} {
		raw, err := json.Marshal(p)
		must(t, err)
		got, err := parsePosition(raw)
		if err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("%s: %+v (%v)", raw, got, err)
		}
	}
	for _, text := range []string{`{}`, `7`, `{"lsn":"x"}`, `{"lsn":"1/2","n":-1}`, `{"lsn":"1/2","snapshot":{"shows":"1:2","end":"0/1"}}`, `{"lsn":"1/2","snapshot":{"shows":"1:2:x","end":"0/1"}}`, `{"lsn":"1/2","snapshot":{"shows":"1:2:","end":"1"}}`} {
		if _, err := parsePosition(json.RawMessage(text)); err == nil {
			t.Errorf("%s is no position", text)
		}
	}
	v, err := parseVisibility("4294967295:4294967300:4294967298")
	must(t, err)
	for xid, want := range map[uint32]bool{4294967290: true, 1: true, 2: false, 3: true, 4: false, 100: false} {
		if v.shows(xid) != want {
			t.Errorf("transaction %d: %v", xid, !want)
		}
	}
}

// A slot that nobody named has a name that the server takes, and pipelines have
// others.
func TestSlotName(t *testing.T) {
	long := slotName(strings.Repeat("a", 40), strings.Repeat("b", 40))
	if slotName("my-shop", "Orders") != "flowc_my_shop_orders" || len(long) != 63 || long == slotName(strings.Repeat("a", 40), strings.Repeat("b", 41)) {
		t.Errorf("%s, %s", slotName("my-shop", "Orders"), long)
	}
	must(t, checkSlotName(long))
}
