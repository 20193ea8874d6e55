package envelope

import (
	"bytes"
	"strings"
	"testing"
)

func sealed(h Header, records ...string) []byte {
	b := Begin(nil, h)
	for _, r := range records {
		b = Add(b, []byte(r))
	}
	return Seal(b, 0)
}

func read(t *testing.T, data []byte) (Header, []string) {
	t.Helper()
	h, records, err := Open(data)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		r, _, ok, err := records.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return h, got
		}
		got = append(got, string(r))
	}
}

func TestEnvelope(t *testing.T) {
	want := Header{Writer: "payments-0", Run: 1 << 61, Epoch: 1 << 60, First: 300, Schema: `{"id":"string"}`}
	records := []string{`{"id":"a"}`, "", strings.Repeat("x", 1000)}
	h, got := read(t, sealed(want, records...))
	if h != want || strings.Join(got, "\x00") != strings.Join(records, "\x00") {
		t.Errorf("got %+v %q", h, got)
	}
	begin, end := Header{Writer: "w", Run: 1, Begin: true}, Header{Writer: "w", Run: 1, End: true}
	for _, want := range []Header{begin, end} {
		if h, got := read(t, sealed(want)); h != want || len(got) != 0 {
			t.Errorf("got %+v %q", h, got)
		}
	}
	// It may begin in the middle of a buffer.
	b := append([]byte("before"), sealed(end)...)
	b = Seal(Add(Begin(b, want), []byte("r")), len(b))
	if h, got := read(t, b[len("before")+len(sealed(end)):]); h != want || len(got) != 1 {
		t.Errorf("got %+v %q", h, got)
	}
	if n, most := len(sealed(want, "0123456789")), Size(want, 10); n > most {
		t.Errorf("%d bytes, and Size says %d", n, most)
	}
}

func TestDamaged(t *testing.T) {
	good := sealed(Header{Writer: "w", Schema: `"any"`}, "one", "two")
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x40
		if _, _, err := Open(bad); err == nil {
			t.Errorf("byte %d is another one, and nobody sees it", i)
		}
		if _, _, err := Open(good[:i]); err == nil {
			t.Errorf("the first %d bytes are taken for an envelope", i)
		}
	}
	newer := bytes.Clone(good[:len(good)-4])
	newer[3] = Version + 1
	if _, _, err := Open(Seal(newer, 0)); err == nil || !strings.Contains(err.Error(), "version 3") {
		t.Errorf("got %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(sealed(Header{Writer: "w", Schema: `"any"`}, "one"))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, records, err := Open(Seal(bytes.Clone(data), 0)) // as if the sum were right
		if err != nil {
			return
		}
		_ = h
		for {
			if _, _, ok, err := records.Next(); !ok || err != nil {
				return
			}
		}
	})
}

func TestCompatible(t *testing.T) {
	for _, c := range []struct{ reader, writer, want string }{
		{`{"id":"string"}`, `{"id":"string"}`, ""},
		{`{"id":"string"}`, `{"id":"string","more":["list","int"]}`, ""},
		{`{"id":"string","memo?":"string"}`, `{"id":"string"}`, ""},
		{`{"id":"string","memo?":"string"}`, `{"id":"string","memo":"string"}`, ""},
		{`{"id":"string"}`, `{"id?":"string"}`, "id may be missing where it is written, and must be there where it is read"},
		{`{"id":"string"}`, `{"key":"string"}`, "id is not written, and must be there where it is read"},
		{`{"n":"int"}`, `{"n":"string"}`, "n is written as string and read as int"},
		{`{"n":"decimal"}`, `{"n":"number"}`, ""},
		{`{"n":"int64"}`, `{"n":"int"}`, ""},
		{`{"n":"any"}`, `{"n":["list","int"]}`, ""},
		{`{"a":{"b":"int"}}`, `{"a":{"b":"bool"}}`, "a.b is written as bool and read as int"},
		{`{"a":{"b":"int"}}`, `{"a":"int"}`, "a is written as int and read as a struct"},
		{`["list",["map","int"]]`, `["list",["map","bool"]]`, "[][] is written as bool and read as int"},
		{`["list","int"]`, `["map","int"]`, "the record is written as map of int and read as list of int"},
		{`["enum","a","b"]`, `["enum","b"]`, ""},
		{`["enum","a"]`, `["enum","a","b"]`, `the record may be "b", which the reader does not know`},
		{`"string"`, `["enum","a"]`, ""},
		{`["enum","a"]`, `"string"`, "the record is written as string and read as enum"},
		{`"string"`, `{`, `the schema "{" can't be read: unexpected end of JSON input`},
		{`[]`, `["list"]`, "the record is written as list and read as nothing"},
		{`["meta","string",{"offset":"int64"}]`, `["meta","string",{"offset":"int64","path":"string"}]`, ""},
		{`"string"`, `["meta","string",{"offset":"int64"}]`, ""},
		{`["meta","string",{"offset":"int64"}]`, `"string"`, "records come without `meta`, and it is read"},
		{`["meta","string",{"topic":"string"}]`, `["meta","string",{"offset":"int64"}]`, "meta.topic is not written, and must be there where it is read"},
		{`["meta","string",{}]`, `["meta","int",{}]`, "the record is written as int and read as string"},
		{`1`, `2`, "the record is written as nothing and read as nothing"},
	} {
		got := ""
		if err := Compatible(c.reader, c.writer); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s reads %s: got %q, want %q", c.reader, c.writer, got, c.want)
		}
	}
}
