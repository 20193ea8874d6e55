package oracle

import (
	"strconv"
	"strings"
	"testing"
)

func TestDecimals(t *testing.T) {
	d := mustDec
	for _, test := range []struct {
		got  dec
		want string
	}{
		{d("10.50").mul(d("2")), "21.00"},
		{d("0.1").add(d("0.20")), "0.30"},
		{d("1").sub(d("1.00")), "0.00"},
		{d("1").quo(d("3")), "0." + strings.Repeat("3", 38)},
		{d("2").quo(d("3")), "0." + strings.Repeat("6", 37) + "7"},
		{d("1").quo(d("8")), "0.125"},
		{d("10.00").quo(d("2")), "5.00"},
		{d("-7").rem(d("3")), "-1"},
		{d("2.5").rounded(0, "even"), "2"},
		{d("3.5").rounded(0, "even"), "4"},
		{d("-2.5").rounded(0, "floor"), "-3"},
		{d("-2.5").rounded(0, "trunc"), "-2"},
		{d("2.1").rounded(0, "ceil"), "3"},
		{d("2").rounded(2, "even"), "2.00"},
		{d("1e3"), "1e+3"},
		{d("-1e-30"), "-1e-30"},
		{d("0.0000001"), "0.0000001"},
	} {
		if got := test.got.String(); got != test.want {
			t.Errorf("%s, want %s", got, test.want)
		}
	}
	for _, bad := range []string{"", "+1", "01", "1.", ".5", "1e", "0x1", "1_0", strings.Repeat("1", 39), "1e7000"} {
		if _, ok := parseDec(bad); ok {
			t.Errorf("%q is read", bad)
		}
	}
	if f := attempt(func() { d("1").quo(d("0")) }); f == nil || f.code != "arithmetic" {
		t.Errorf("1/0 gives %+v", f)
	}
	big := d(strings.Repeat("9", 38))
	if f := attempt(func() { big.add(d("0.1")) }); f == nil || f.code != "arithmetic" {
		t.Errorf("39 digits give %+v", f)
	}
}

func TestStrictJSON(t *testing.T) {
	for _, good := range []string{`{"a":1,"b":[null,"\ud83d\ude00"]}`, `1e5`, ` "x" `, `[]`} {
		if !isStrict([]byte(good)) {
			t.Errorf("%s is refused", good)
		}
	}
	for _, bad := range []string{`{"a":1,"a":2}`, `{"a":{"b":1,"\u0062":2}}`, `"\ud800"`, `"\udc00\ud800"`, "\"\xff\"", `01`, `{"a":}`, `[1,]`, ``, `1 2`} {
		if isStrict([]byte(bad)) {
			t.Errorf("%s is accepted", bad)
		}
	}
}

func TestSplice(t *testing.T) {
	for _, test := range []struct {
		record string
		edits  []edit
		want   string
	}{
		{`{"a": 1 , "b":2}`, []edit{{"a", []byte("7")}}, `{"a": 7 , "b":2}`},
		{`{"a":1}`, []edit{{"b", []byte("2")}, {"c", []byte("3")}}, `{"a":1,"b":2,"c":3}`},
		{`{}`, []edit{{"b", []byte("2")}}, `{"b":2}`},
		{`{"\u0061":1}`, []edit{{"a", []byte("2")}}, `{"\u0061":2}`},
		{`{"a":1,"b":2,"c":3}`, []edit{{name: "b"}, {name: "zz"}}, `{"a":1,"c":3}`},
		{`{"a":1,"b":2}`, []edit{{name: "b"}}, `{"a":1}`},
		{`{"a":1}`, []edit{{name: "a"}}, `{}`},
	} {
		if got, _ := splice([]byte(test.record), test.edits); string(got) != test.want {
			t.Errorf("%s: %s, want %s", test.record, got, test.want)
		}
	}
}

func TestFrames(t *testing.T) {
	for _, test := range []struct {
		text, format string
		want         string // records, each behind its offset
	}{
		{"a\r\n\n b\nc", "ndjson", "0:a 4: b 7:c"},
		{"\xef\xbb\xbfa\n\nb\n", "text", "3:a 5: 6:b"},
		{"x,y\n\"a\nb\",2\n3,\"4\"\"\n\"\n", "csv", "4:\"a\nb\",2 12:3,\"4\"\"\n\""},
		{` [1, {"a":[2]},"]"] `, "json", `2:1 5:{"a":[2]} 15:"]"`},
		{"1 {}\n[2]", "json", "0:1 2:{} 6:2"},
	} {
		list, _, err := frames([]byte(test.text), test.format, plainCSV, true)
		if err != nil {
			t.Errorf("%q: %v", test.text, err)
		}
		var got []string
		for _, f := range list {
			got = append(got, strings.Join([]string{strconv.FormatInt(f.offset, 10), string(f.data)}, ":"))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%q: %q, want %q", test.text, strings.Join(got, " "), test.want)
		}
	}
	for _, bad := range []string{"[1 2]", "[1", `{"a"`, "[1,}"} {
		if _, _, err := frames([]byte(bad), "json", plainCSV, false); err == nil {
			t.Errorf("%s has records", bad)
		}
	}
}

// What a parsing writes, it reads.
func TestParsings(t *testing.T) {
	r := newRandom(7)
	for range 2000 {
		m := &maker{random: r, p: &pipeline{}}
		p := r.parsing(m.inner())
		o := r.object(p.out)
		for _, f := range p.out.fields { // nothing but words: some texts are no value of some forms
			if f.typ.kind == kString {
				o[f.goName] = choose(r, "a", "EU", "ünï")
			}
		}
		text := p.write(o)
		doc, err := p.read(text)
		if err != nil {
			t.Fatalf("%s %q: %v", p.form, text, err)
		}
		got, err := decodeFields(doc, p.out)
		if err != nil {
			t.Fatalf("%s %q: %v", p.form, text, err)
		}
		for _, f := range p.out.fields {
			a, b := o[f.goName], got.(object)[f.goName]
			if (a == nil) != (b == nil) || a != nil && !equal(a, b) {
				t.Fatalf("%s %q: %s is %v, want %v", p.form, text, f.wire, b, a)
			}
		}
	}
}

// The text of a record can be read again, however it is spelled.
func TestSpellings(t *testing.T) {
	r := newRandom(3)
	for range 2000 {
		m := &maker{random: r, p: &pipeline{}}
		typ := m.structType(2)
		o := r.object(typ)
		s := r.spelling(r.one(2))
		s.unknown = false // one might be called like a field that is left out
		text := s.record(o, typ, nil, nil)
		if !isStrict([]byte(text)) {
			t.Fatalf("%s is not strict", text)
		}
		doc, err := newJSONText([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeFields(doc, typ); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}
