package jsonscan

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

func whole(raw string) ([]byte, Span) { return []byte(raw), Span{0, uint32(len(raw))} }

func TestDecodeErrors(t *testing.T) {
	long := `"` + strings.Repeat("x", 100) + `"`
	decode := map[string]func(line []byte, s Span) error{
		"string":   func(l []byte, s Span) error { _, err := String(l, s, new(Slab)); return err },
		"int":      func(l []byte, s Span) error { _, err := Int64(l, s); return err },
		"uint":     func(l []byte, s Span) error { _, err := Uint64(l, s); return err },
		"float":    func(l []byte, s Span) error { _, err := Float64(l, s); return err },
		"bool":     func(l []byte, s Span) error { _, err := Bool(l, s); return err },
		"bytes":    func(l []byte, s Span) error { _, err := Bytes(l, s, new(Slab)); return err },
		"time":     func(l []byte, s Span) error { _, err := Time(l, s); return err },
		"duration": func(l []byte, s Span) error { _, err := Duration(l, s); return err },
		"enum":     func(l []byte, s Span) error { _, err := Enum(l, s, []string{"buy", "sell"}); return err },
		"raw":      func(l []byte, s Span) error { _, err := Raw(l, s, new(Validator)); return err },
	}
	for _, tc := range []struct{ kind, raw, want string }{
		{"string", `5`, `expected a string, found 5 (byte 4)`},
		{"string", `null`, `expected a string, found null (byte 4)`},
		{"string", `"ab\x"`, `no escape begins with \x (byte 7)`},
		{"string", "\"\xff\"", `invalid UTF-8 inside a string (byte 5)`},
		{"int", `"abc"`, `expected an integer, found "abc" (byte 4)`},
		{"int", long, `expected an integer, found "` + strings.Repeat("x", 39) + `… (byte 4)`},
		{"int", `"` + strings.Repeat("é", 40) + `"`, `expected an integer, found "` + strings.Repeat("é", 19) + `… (byte 4)`},
		{"int", `2e2`, `expected an integer, found 2e2 (byte 4)`},
		{"int", `1.0`, `expected an integer, found 1.0 (byte 4)`},
		{"int", `9223372036854775808`, `expected an integer of 64 bits, found 9223372036854775808 (byte 4)`},
		{"uint", `-1`, `expected an integer of 0 or more, found -1 (byte 4)`},
		{"uint", `18446744073709551616`, `expected an integer of 64 bits, found 18446744073709551616 (byte 4)`},
		{"float", `1e400`, `expected a number within the range of a float64, found 1e400 (byte 4)`},
		{"float", `"1"`, `expected a number, found "1" (byte 4)`},
		{"bool", `"true"`, `expected true or false, found "true" (byte 4)`},
		{"bytes", `"a"`, `expected bytes in base64, found "a" (byte 4)`},
		{"bytes", `[]`, `expected bytes in base64, found [] (byte 4)`},
		{"time", `"yesterday"`, `expected a time such as "2006-01-02T15:04:05Z", found "yesterday" (byte 4)`},
		{"time", `1700000000`, `expected a time such as "2006-01-02T15:04:05Z", found 1700000000 (byte 4)`},
		{"duration", `"1 day"`, `expected a duration such as "1h30m", found "1 day" (byte 4)`},
		{"enum", `"hold"`, `expected buy | sell, found "hold" (byte 4)`},
		{"raw", `{"a":01}`, `expected a value, found 01 (byte 9)`},
	} {
		line := "    " + tc.raw + "  "
		err := decode[tc.kind]([]byte(line), Span{4, uint32(4 + len(tc.raw))})
		if err == nil || err.Error() != tc.want {
			t.Errorf("%s of %s:\n got %v\nwant %s", tc.kind, tc.raw, err, tc.want)
		}
	}
}

func TestInt(t *testing.T) {
	line, s := whole("-42")
	if v, err := Int(line, s); v != -42 || err != nil {
		t.Error(v, err)
	}
}

func TestTimeKeepsOffset(t *testing.T) {
	for _, text := range []string{"2026-03-01T00:00:00+05:30", "1999-12-31T23:59:59.123456789-11:00", "2026-03-01T00:00:00Z", "0001-01-01T00:00:00Z"} {
		line, s := whole(`"` + text + `"`)
		got, err := Time(line, s)
		want, _ := time.Parse(time.RFC3339, text)
		if err != nil || !got.Equal(want) || got.Format(time.RFC3339Nano) != text {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

// TestEveryDay compares the calendar with the standard library's.
func TestEveryDay(t *testing.T) {
	for day := time.Date(-1, 12, 31, 0, 0, 0, 0, time.UTC); day.Year() < 10_000; day = day.AddDate(0, 0, 1) {
		if day.Year() < 0 {
			continue
		}
		text, err := AppendTimeText(nil, day)
		if err != nil || string(text) != day.Format(time.RFC3339) {
			t.Fatalf("%v is written %s, %v", day, text, err)
		}
		if got, ok := ParseTime(text); !ok || !got.Equal(day) {
			t.Fatalf("%s is read as %v", text, got)
		}
	}
}

func TestAppendRefuses(t *testing.T) {
	for name, f := range map[string]func() ([]byte, error){
		"utf-8":    func() ([]byte, error) { return AppendString(nil, "a\xffb") },
		"nan":      func() ([]byte, error) { return AppendFloat(nil, math.NaN()) },
		"infinity": func() ([]byte, error) { return AppendFloat(nil, math.Inf(1)) },
		"year":     func() ([]byte, error) { return AppendTime(nil, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)) },
		"year <0":  func() ([]byte, error) { return AppendTime(nil, time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)) },
		"offset": func() ([]byte, error) {
			return AppendTime(nil, time.Date(2000, 1, 1, 0, 0, 0, 0, time.FixedZone("", 24*3600)))
		},
	} {
		if b, err := f(); err == nil {
			t.Errorf("%s: %s", name, b)
		}
	}
}

func TestSlab(t *testing.T) {
	var s Slab
	var all []string
	for i := range 10_000 {
		all = append(all, s.String(fmt.Appendf(nil, "%d%s", i, strings.Repeat("x", i%300))))
	}
	big := s.String([]byte(strings.Repeat("y", 100_000)))
	b := s.Bytes([]byte("abc"))
	_ = append(b, "overwritten?"...)
	c := s.String([]byte("def"))
	for i, v := range all {
		if v != fmt.Sprintf("%d%s", i, strings.Repeat("x", i%300)) {
			t.Fatalf("piece %d is %q", i, v)
		}
	}
	if big != strings.Repeat("y", 100_000) || string(b) != "abc" || c != "def" {
		t.Error("a piece was overwritten")
	}
}

func TestStringViewsAndCopies(t *testing.T) {
	line, s := whole(`"plain text"`)
	var slab Slab
	view, _ := String(line, s, &slab)
	kept, _ := StringCopy(line, s, &slab)
	copy(line, strings.Repeat("#", len(line)))
	if view != "##########" || kept != "plain text" {
		t.Errorf("view %q, copy %q", view, kept)
	}
}

func TestIterators(t *testing.T) {
	line, s := whole("[ 1 , \"]\" ,[2,3],{\"a\":[4]} , null]")
	var got []string
	it := Array(line, s)
	for it.Next() {
		got = append(got, string(it.Value().Of(line)))
	}
	if want := []string{"1", `"]"`, "[2,3]", `{"a":[4]}`, "null"}; it.Err() != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q, %v", got, it.Err())
	}
	line, s = whole("{ \"a\" : 1 , \"b\":{\"c\":\"}\"} }")
	got = nil
	members := Members(line, s)
	for members.Next() {
		got = append(got, string(members.Key().Of(line)), string(members.Value().Of(line)))
	}
	if want := []string{`"a"`, "1", `"b"`, `{"c":"}"}`}; members.Err() != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q, %v", got, members.Err())
	}
	for _, raw := range []string{"[]", " [ ] "[1:4], "[[]]"} {
		line, s := whole(raw)
		it := Array(line, s)
		for it.Next() {
		}
		if it.Err() != nil {
			t.Errorf("%s: %v", raw, it.Err())
		}
	}
	for raw, want := range map[string]string{
		`null`:    "expected a list, found null (byte 0)",
		`[1 2]`:   "expected ',' or ']', found 2 (byte 3)",
		`[1,]`:    `expected a value, found "]" (byte 3)`,
		`[,]`:     `expected a value, found "," (byte 1)`,
		`[1][2]`:  `expected nothing after the list, found "[" (byte 3)`,
		`["a`:     `a string without its closing quote (byte 1)`,
		`[1`:      `expected ',' or ']', found the end of the record (byte 2)`,
		`[`:       `expected a value, found the end of the record (byte 1)`,
		`["a":1]`: `expected ',' or ']', found ":" (byte 4)`,
	} {
		line, s := whole(raw)
		it := Array(line, s)
		for it.Next() {
		}
		if it.Err() == nil || it.Err().Error() != want {
			t.Errorf("%s: %v", raw, it.Err())
		}
	}
	for raw, want := range map[string]string{
		`[]`:         `expected an object, found [] (byte 0)`,
		`{"a":1 2}`:  "expected ',' or '}', found 2 (byte 7)",
		`{"a":1,}`:   `expected a key, found "}" (byte 7)`,
		`{,}`:        `expected a key or '}', found "," (byte 1)`,
		`{"a"}`:      `expected ':', found "}" (byte 4)`,
		`{"a":}`:     `expected a value, found "}" (byte 5)`,
		`{"a":1}}`:   `expected nothing after the object, found "}" (byte 7)`,
		`{"a":1`:     `expected ',' or '}', found the end of the record (byte 6)`,
		`{"a":[1,2}`: `expected ']' to close the array, found '}' (byte 9)`,
	} {
		line, s := whole(raw)
		it := Members(line, s)
		for it.Next() {
		}
		if it.Err() == nil || it.Err().Error() != want {
			t.Errorf("%s: %v", raw, it.Err())
		}
	}
}

func TestAppendLine(t *testing.T) {
	for raw, want := range map[string]string{
		` {"a": 1} `: `{"a": 1}`, "{\n  \"a\": \"b c\",\r\n  \"d\": [1, 2]\n}": `{"a":"b c","d":[1,2]}`, "\n1\n": `1`, ``: ``, ` `: ``,
	} {
		got, err := AppendLine([]byte("> "), []byte(raw))
		if err != nil || string(got) != "> "+want {
			t.Errorf("%q: %s, %v; want %s", raw, got, err, want)
		}
	}
}

func TestAppendCompact(t *testing.T) {
	for raw, want := range map[string]string{
		"{ \"a\" :\t[ 1 ,\r\n2 ] , \"b c\" : \" \\\" x \" }": `{"a":[1,2],"b c":" \" x "}`,
		"1": "1", " null ": "null", "": "",
	} {
		got, err := AppendCompact([]byte("> "), []byte(raw))
		if err != nil || string(got) != "> "+want {
			t.Errorf("%q: %s, %v", raw, got, err)
		}
	}
	if _, err := AppendCompact(nil, []byte(`[ "a ]`)); err == nil {
		t.Error("an open string was accepted")
	}
}

func TestAny(t *testing.T) {
	line, s := whole(`{"b":[1,"é\n",null,{"x":-0.5}],"a":true,"c":{},"d":[]}`)
	got, err := Any(line, s, new(Validator), new(Slab))
	want := map[string]any{"a": true, "b": []any{1.0, "é\n", nil, map[string]any{"x": -0.5}}, "c": map[string]any{}, "d": []any{}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	line, s = whole(`{"a":1,"a":2}`)
	if _, err := Any(line, s, new(Validator), new(Slab)); err == nil {
		t.Error("a doubled name was accepted")
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	var arena Arena
	var v Validator
	text := func(s string) func() {
		line, sp := whole(s)
		return func() {
			arena.Reset()
			if _, err := String(line, sp, &arena.Slab); err != nil {
				t.Error(err)
			}
		}
	}
	number, ns := whole("-12345.678")
	integer, is := whole("1234567")
	at, ts := whole(`"2026-03-01T12:13:14.123456+05:30"`)
	span, ds := whole(`"1h30m"`)
	enum, es := whole(`"s\u0065ll"`)
	list, ls := whole(`[{"a":1,"b":"x"},{"a":2}]`)
	dst := make([]byte, 0, 1000)
	for name, f := range map[string]func(){
		"plain":    text(`"plain text of some length"`),
		"escaped":  text(`"a \"quoted\" text"`),
		"float":    func() { _, _ = Float64(number, ns) },
		"int":      func() { _, _ = Int64(integer, is) },
		"time":     func() { _, _ = Time(at, ts) },
		"duration": func() { _, _ = Duration(span, ds) },
		"enum":     func() { _, _ = Enum(enum, es, []string{"buy", "sell"}) },
		"raw":      func() { _, _ = Raw(list, ls, &v) },
		"bytes":    func() { arena.Reset(); _, _ = Bytes([]byte(`"AAECAwQ="`), Span{0, 10}, &arena.Slab) },
		"iterate": func() {
			for it := Array(list, ls); it.Next(); {
				for m := Members(list, it.Value()); m.Next(); {
				}
			}
		},
		"append": func() {
			dst, _ = AppendString(dst[:0], "a \"text\" é")
			dst, _ = AppendFloat(dst, 1.5)
			dst, _ = AppendTime(dst, time.Unix(1, 5))
			dst = AppendDuration(dst, time.Hour)
			dst = AppendBytes(dst, list)
			dst = AppendInt(dst, 5)
			dst, _ = AppendCompact(dst, list)
		},
	} {
		if n := testing.AllocsPerRun(100, f); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// TestAppendFloat compares with strconv near numbers of few digits, where the
// short way is taken or just not.
func TestAppendFloat(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300_000 {
		v := float64(r.Int64N(1e15)>>r.IntN(50)) / math.Pow10(r.IntN(9))
		switch r.IntN(6) {
		case 0:
			v = math.Nextafter(v, 0)
		case 1:
			v = math.Nextafter(v, 1e300)
		case 2:
			v = -v
		}
		got, err := AppendFloat(nil, v)
		want := strconv.FormatFloat(v, 'f', -1, 64)
		if err != nil || math.Abs(v) >= 1e-6 && string(got) != want {
			t.Fatalf("%s, %v; want %s", got, err, want)
		}
		if back, err := Float64(got, Span{0, uint32(len(got))}); err != nil || back != v {
			t.Fatalf("%s is read as %v, %v", got, back, err)
		}
	}
}
