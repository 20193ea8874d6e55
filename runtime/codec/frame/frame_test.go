package frame

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// records reads a stream through a framer, in blocks that grow by what next
// says, as a reader does.
func records(t *testing.T, f Framer, input string, next func() int) (got []string, err error) {
	t.Helper()
	block, read := []byte(nil), 0
	for {
		n := min(next(), len(input)-read)
		block = append(block, input[read:read+n]...)
		read += n
		before := clone(f)
		cut, err := f.Cut(block, read == len(input))
		if cut < 0 || cut > len(block) {
			t.Fatalf("cut %d of %d bytes", cut, len(block))
		}
		for pos := 0; ; {
			start, end, next, ok := before.Next(block[:cut:cut], pos)
			if !ok {
				break
			}
			if start < pos || end < start || next < end || next > cut || next == pos {
				t.Fatalf("Next at %d of %d: %d, %d, %d", pos, cut, start, end, next)
			}
			got = append(got, string(block[start:end]))
			pos = next
		}
		if err != nil {
			e := err.(*Error)
			return got, fmt.Errorf("%d: %w", read-len(block)+e.Offset, err)
		}
		block = block[cut:]
		if read == len(input) {
			if len(block) > 0 {
				t.Fatalf("%q is left at the end of %q", block, input)
			}
			return got, nil
		}
	}
}

func clone(f Framer) Framer {
	if j, ok := f.(*JSONValues); ok {
		c := *j
		return &c
	}
	return f
}

// readAll reads input as one block and in blocks of all small sizes, which must
// make no difference.
func readAll(t *testing.T, f func() Framer, input string) ([]string, error) {
	t.Helper()
	want, wantErr := records(t, f(), input, func() int { return len(input) })
	for size := 1; size < min(len(input), 20); size++ {
		got, err := records(t, f(), input, func() int { return size })
		if !reflect.DeepEqual(got, want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Errorf("%q in blocks of %d: %q, %v; want %q, %v", input, size, got, err, want, wantErr)
		}
	}
	return want, wantErr
}

func TestFramers(t *testing.T) {
	lines := func() Framer { return Lines{} }
	csv := func() Framer { return CSVRows{',', '"'} }
	json := func() Framer { return &JSONValues{} }
	whole := func() Framer { return Whole{} }
	for _, tc := range []struct {
		f     func() Framer
		input string
		want  []string
		err   string
	}{
		{lines, "", nil, ""},
		{lines, "a\nb\r\n\nc", []string{"a", "b", "", "c"}, ""},
		{lines, "a\n", []string{"a"}, ""},
		{lines, "\n\r\n", []string{"", ""}, ""},
		{lines, "a\rb\n", []string{"a\rb"}, ""},

		{whole, "", nil, ""},
		{whole, "a\nb\n", []string{"a\nb\n"}, ""},

		{csv, "", nil, ""},
		{csv, "a,b\n1,2\r\n\n3,4", []string{"a,b", "1,2", "", "3,4"}, ""},
		{csv, "\"a\nb\",\"c\"\"\n\"\nd\n", []string{"\"a\nb\",\"c\"\"\n\"", "d"}, ""},
		{csv, "a\"b\nc\"d\n", []string{"a\"b", "c\"d"}, ""},
		{csv, "\"a\"b\nc\n", []string{"\"a\"b", "c"}, ""},
		{csv, "a,\"b\nc,d\n", []string{"a,\"b\nc,d\n"}, ""},
		{csv, "\"\"\n\"\"\"\"\n", []string{`""`, `""""`}, ""},
		{csv, "a,\"\"", []string{`a,""`}, ""},

		{json, "", nil, ""},
		{json, " \n", nil, ""},
		{json, `{"a":1}`, []string{`{"a":1}`}, ""},
		{json, "{\"a\":1}\n{\"b\":\"}\"}{}\n", []string{`{"a":1}`, `{"b":"}"}`, `{}`}, ""},
		{json, `[]`, nil, ""},
		{json, ` [ {"a":[1,2]} , 2 ,"]",null ] `, []string{`{"a":[1,2]}`, "2", `"]"`, "null"}, ""},
		{json, `[1][[2]] {"a":3} 4`, []string{"1", "[2]", `{"a":3}`, "4"}, ""},
		{json, `12 34`, []string{"12", "34"}, ""},
		{json, `[1 2]`, []string{"1"}, "3: expected ',' or ']', found 2"},
		{json, `[1,]`, []string{"1"}, `3: expected a value, found "]"`},
		{json, `[,1]`, nil, `1: expected a value or ']', found ","`},
		{json, `[1,{"a":2}`, []string{"1", `{"a":2}`}, "10: the array does not end: expected ',' or ']', found the end of the data"},
		{json, `[1,`, []string{"1"}, "3: the array does not end: expected a value, found the end of the data"},
		{json, `{"a":1} {"b":`, []string{`{"a":1}`}, "8: an object without its closing brace"},
		{json, `{"a":1]`, nil, "6: expected '}' to close the object, found ']'"},
		{json, `{"a":1}]`, []string{`{"a":1}`}, `7: expected a value, found "]"`},
		{json, `"abc`, nil, "0: a string without its closing quote"},
	} {
		got, err := readAll(t, tc.f, tc.input)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if !reflect.DeepEqual(got, tc.want) || text != tc.err {
			t.Errorf("%T, %q:\n got %q, %v\nwant %q, %v", tc.f(), tc.input, got, err, tc.want, tc.err)
		}
	}
}

// TestRandomBlocks reads random streams in random blocks.
func TestRandomBlocks(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		var text strings.Builder
		for range r.IntN(40) {
			text.WriteString([]string{"a", `"`, `""`, ",", "\n", "\r\n", "[", "]", "{", "}", ":", " ", "1", `\`, `"x"`}[r.IntN(15)])
		}
		input := text.String()
		for _, f := range []func() Framer{
			func() Framer { return Lines{} }, func() Framer { return CSVRows{',', '"'} }, func() Framer { return &JSONValues{} }, func() Framer { return Whole{} },
		} {
			want, wantErr := records(t, f(), input, func() int { return len(input) })
			got, err := records(t, f(), input, func() int { return r.IntN(8) })
			// What a message shows of the data depends on where the block ends.
			place, _, _ := strings.Cut(fmt.Sprint(err), ", found")
			wantPlace, _, _ := strings.Cut(fmt.Sprint(wantErr), ", found")
			if !reflect.DeepEqual(got, want) || place != wantPlace {
				t.Fatalf("%T, %q: %q, %v; want %q, %v", f(), input, got, err, want, wantErr)
			}
		}
	}
}

func TestBlankAndBOM(t *testing.T) {
	if !IsBlank([]byte(" \t\r\n")) || !IsBlank(nil) || IsBlank([]byte(" x ")) {
		t.Error("IsBlank")
	}
	if BOM([]byte("\xef\xbb\xbfa")) != 3 || BOM([]byte("\xef\xbb")) != 0 || BOM(nil) != 0 {
		t.Error("BOM")
	}
}

func TestNextAllocatesNothing(t *testing.T) {
	block := []byte(strings.Repeat("{\"a\":\"x,\"}\n", 100))
	for _, f := range []Framer{Lines{}, CSVRows{',', '"'}, &JSONValues{}} {
		n := testing.AllocsPerRun(10, func() {
			n, err := f.Cut(block, false)
			if err != nil {
				t.Fatal(err)
			}
			for pos, ok := 0, true; ok; {
				_, _, pos, ok = f.Next(block[:n], pos)
			}
		})
		if n > 0 {
			t.Errorf("%T: %v allocations", f, n)
		}
	}
}

func BenchmarkFramers(b *testing.B) {
	line := `{"id":"0123456789abcdef","type":"payment","amount":12.5,"to":{"name":"someone","account":"GABCDEF"}}` + "\n"
	row := `0123456789abcdef,payment,12.5,"a quoted, cell",EUR,2026-01-02T03:04:05Z` + "\n"
	for _, tc := range []struct {
		name, line string
		f          Framer
	}{{"lines", line, Lines{}}, {"json", line, &JSONValues{}}, {"csv", row, CSVRows{',', '"'}}} {
		block := []byte(strings.Repeat(tc.line, 1000))
		b.Run(tc.name, func(b *testing.B) {
			b.SetBytes(int64(len(tc.line)))
			for i := 0; i < b.N; i += 1000 {
				n, _ := tc.f.Cut(block, false)
				for pos, ok := 0, true; ok; {
					_, _, pos, ok = tc.f.Next(block[:n], pos)
				}
			}
		})
	}
}
