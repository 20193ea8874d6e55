package blocks

import (
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// Where the engine asks for few records, each batch has no more of them, and none
// is lost between two.
func TestLimit(t *testing.T) {
	for format, c := range map[string]struct {
		text string
		want []string
	}{
		"ndjson": {"1\n2\r\n3\n4", []string{"1", "2", "3", "4"}},
		"text":   {"a\nb\nc\n", []string{"a", "b", "c"}},
		"json":   {"[1, {\"a\":2},\n 3] 4 [5]\n", []string{"1", `{"a":2}`, "3", "4", "5"}},
		"csv":    {"h\n1\n\"2\n2\"\n3\n", []string{"1", "\"2\n2\"", "3"}},
		"bytes":  {"all\nof it", []string{"all\nof it"}},
	} {
		for limit := 1; limit <= 3; limit++ {
			r := New("in", input(format), 1<<20)
			text := strings.NewReader(c.text)
			var got []string
			for {
				b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize), Limit: limit}
				ok, err := r.Fill(b, text.Read)
				if err != nil {
					t.Fatal(format, err)
				}
				if !ok {
					break
				}
				f, records := framer(format, b), 0
				for pos := 0; ; {
					start, end, next, ok := f.Next(b.Data, pos)
					if !ok {
						break
					}
					got = append(got, string(b.Data[start:end]))
					records++
					pos = next
				}
				if records > limit {
					t.Errorf("%s: %d records at once, not %d", format, records, limit)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s, %d at once: %q, not %q", format, limit, got, c.want)
			}
		}
	}
}
