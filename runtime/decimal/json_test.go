package decimal

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"testing"
)

var (
	_ json.Marshaler           = Decimal{}
	_ json.Unmarshaler         = (*Decimal)(nil)
	_ encoding.TextMarshaler   = Decimal{}
	_ encoding.TextAppender    = Decimal{}
	_ encoding.TextUnmarshaler = (*Decimal)(nil)
)

func TestParseJSON(t *testing.T) {
	for _, c := range []struct {
		json, want string
		code       Code
	}{
		{`12.50`, "12.50", noError},
		{`"12.50"`, "12.50", noError},
		{`"1\u002e5"`, "1.5", noError},
		{`"\u0031\u0065\u002D30"`, "1e-30", noError},
		{`"1e3"`, "1e+3", noError},
		{`""`, "", CodeSyntax},
		{`"`, "", CodeSyntax},
		{`"1`, "", CodeSyntax},
		{`" 1"`, "", CodeSyntax},
		{`"1"2"`, "", CodeSyntax},
		{`"01"`, "", CodeSyntax},
		{`"1\n"`, "", CodeSyntax},
		{`"1\"`, "", CodeSyntax},
		{`"\u00"`, "", CodeSyntax},
		{`"\u00g1"`, "", CodeSyntax},
		{`"\u00b2"`, "", CodeSyntax},
		{`"\u0131"`, "", CodeSyntax},
		{`"\u0031` + "\xff" + `"`, "", CodeSyntax},
		{`null`, "", CodeSyntax},
		{`true`, "", CodeSyntax},
		{`{}`, "", CodeSyntax},
		{`1e7000`, "", CodeRange},
		{`"\u0031e7000"`, "", CodeRange},
	} {
		d, err := ParseJSON([]byte(c.json))
		if r := resultOf(d, err); r.code != c.code || err == nil && d.String() != c.want || d.IsNumber() {
			t.Errorf("ParseJSON(%s) = %v, %v; want %s, %v", c.json, d, err, c.want, c.code)
		}
	}
}

func TestJSONForms(t *testing.T) {
	d := MustParse("-12.50")
	if got := string(d.AppendJSON([]byte(`[`))); got != `["-12.50"` {
		t.Errorf("string form: %s", got)
	}
	if got := string(d.AsNumber().AppendJSON([]byte(`[`))); got != `[-12.50` {
		t.Errorf("number form: %s", got)
	}

	type record struct {
		Price  Decimal            `json:"price"`
		Amount *Decimal           `json:"amount,omitempty"`
		Rates  map[string]Decimal `json:"rates"`
	}
	var r record
	r.Price = r.Price.AsNumber() // a field declared `number`
	in := `{"price":"1.10","amount":2.500,"rates":{"a":1e3}}`
	if err := json.Unmarshal([]byte(in), &r); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(r)
	if want := `{"price":1.10,"amount":"2.500","rates":{"a":"1e+3"}}`; err != nil || string(out) != want {
		t.Errorf("got %s, %v, want %s", out, err, want)
	}

	before := r.Price
	if err := json.Unmarshal([]byte(`{"price":null}`), &r); err != nil || !r.Price.Equal(before) {
		t.Errorf("null: %v, price %s", err, r.Price)
	}
	err = json.Unmarshal([]byte(`{"price":"ten"}`), &r)
	var e *Error
	if !errors.As(err, &e) || e.Code != CodeSyntax || !r.Price.Equal(before) {
		t.Errorf("a wrong price: %v, price %s", err, r.Price)
	}
}

func TestText(t *testing.T) {
	d := MustParse("0.10").AsNumber()
	text, err := d.MarshalText()
	if err != nil || string(text) != "0.10" {
		t.Errorf("MarshalText: %s, %v", text, err)
	}
	if text, err = d.AppendText([]byte("x=")); err != nil || string(text) != "x=0.10" {
		t.Errorf("AppendText: %s, %v", text, err)
	}
	if err := d.UnmarshalText([]byte("7.00")); err != nil || d.String() != "7.00" || !d.IsNumber() {
		t.Errorf("UnmarshalText: %s, %v", d, err)
	}
	if err := d.UnmarshalText([]byte(`"7.00"`)); err == nil || d.String() != "7.00" {
		t.Errorf("UnmarshalText of a quoted text: %s, %v", d, err)
	}
}

// Every text that is appended is a JSON number.
func TestTextIsJSON(t *testing.T) {
	s := newSource(t)
	for range rounds(1000) {
		if d := s.decimal(); !json.Valid(d.AsNumber().AppendJSON(nil)) || !json.Valid(d.AsString().AppendJSON(nil)) {
			t.Fatalf("%s is not JSON", d)
		}
	}
}

// FuzzParseJSON compares with the standard library: the string is unquoted
// there, and read here.
func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{`1`, `"1"`, `"\u0031"`, `"1\u002E5"`, `"\u002d1e\u002b3"`, `"\/"`, `"1\\"`, `"\ud800"`, `null`, `"1`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := ParseJSON(b)
		if !json.Valid(b) {
			return // the caller has to have found where the value ends
		}
		text := string(bytes.Trim(b, " \t\r\n"))
		if text != string(b) {
			return
		}
		if b[0] == '"' {
			if json.Unmarshal(b, &text) != nil {
				t.Fatalf("%q is valid, but not a string", b)
			}
		}
		if got, want := resultOf(got, err), oracleParse(text); got != want {
			t.Fatalf("ParseJSON(%q) = %v, want %v", b, got, want)
		}
	})
}
