package jsonscan

import (
	"strings"
	"testing"
)

// TestSteady reads strings of one length until that length is expected, and then
// one that only looks as if it had it.
func TestSteady(t *testing.T) {
	for size := range 80 {
		for _, tc := range []struct{ name, line, want string }{
			{"as before", `{"a":"` + strings.Repeat("y", size) + `","b":1}`, ""},
			{"longer", `{"a":"` + strings.Repeat("y", size+1) + `","b":1}`, ""},
			{"shorter", `{"a":"` + strings.Repeat("y", size/2) + `","b":1}`, ""},
			{"much longer", `{"a":"` + strings.Repeat("y", 5*size+20) + `","b":1}`, ""},
			{"at the end", `{"a":"` + strings.Repeat("y", size) + `"}`, ""},
			{"quotes at the end", `{"a":"` + strings.Repeat("y", size) + `\"","b":1}`, ""},
			{"backslashes at the end", `{"a":"` + strings.Repeat("y", max(0, size-2)) + `\\","b":1}`, ""},
			{"one backslash at the end", `{"a":"` + strings.Repeat("y", max(0, size-1)) + `\","b":"1"}`, ""},
			// The quote at the known place closes another string.
			{"two in one", `{"a":"","zz":"` + strings.Repeat("y", max(0, size-8)) + `","b":1}`, `""`},
			{"open", `{"a":"` + strings.Repeat("y", size), ""},
		} {
			inside := strings.Replace(tc.line, `{"a":`, `{"z":{"a":`, 1) + `}`
			known, inner := NewObject(testFields), NewObject(testFields)
			before := `{"a":"` + strings.Repeat("x", size) + `","b":1}`
			spans, want := make([]Span, known.Width()), make([]Span, known.Width())
			for range 2 * steadyAfter {
				if err := known.Scan([]byte(before), spans); err != nil {
					t.Fatal(err)
				}
				if err := inner.Scan([]byte(`{"z":`+before+`}`), spans); err != nil {
					t.Fatal(err)
				}
			}
			if n := known.member(known.start.level, []byte("a")); size >= 16 && n.steady != size+2 {
				t.Fatalf("%d bytes were not expected again", size)
			}
			for line, o := range map[string]*Object{tc.line: known, inside: inner} {
				for range 3 {
					err := o.Scan([]byte(line), spans)
					wantErr := NewObject(testFields).Scan([]byte(line), want)
					if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
						t.Fatalf("%s: %s: %v, want %v", tc.name, line, err, wantErr)
					}
					if err == nil && show(line, spans) != show(line, want) {
						t.Fatalf("%s: %s: %s, want %s", tc.name, line, show(line, spans), show(line, want))
					}
				}
			}
			if tc.want != "" {
				if err := known.Scan([]byte(tc.line), spans); err != nil || string(spans[0].Of([]byte(tc.line))) != tc.want {
					t.Errorf("%s: %s: %v %v", tc.name, tc.line, spans[0], err)
				}
			}
		}
	}
}
