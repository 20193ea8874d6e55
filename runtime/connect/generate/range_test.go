package generate

import (
	"strconv"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// The numbers of a range keep what the interfaces promise.
func TestRangeConforms(t *testing.T) {
	flowtest.Source(t, func(t testing.TB) *flowtest.SourceWorld {
		var fed []string // by their numbers
		w := &flowtest.SourceWorld{
			Fixed: true,
			Range: func(from, to, parallel int) flow.Source {
				asked := connect.Range{Parallel: parallel}
				if from >= 0 {
					asked.From = strconv.Itoa(from)
				}
				c := SourceConfig{Count: int64(max(1, len(fed)))}
				if to >= 0 {
					asked.To = strconv.Itoa(to)
				}
				s, err := NewSource(c, connect.Input{Range: &asked})
				if err != nil {
					t.Fatal(err)
				}
				return s
			},
			Feed: func(records ...string) { fed = append(fed, records...) },
			Records: func(b *flow.Batch) []string {
				if b.Count <= 0 {
					return nil
				}
				return fed[b.Base : b.Base+int64(b.Count)]
			},
		}
		w.Make = func() flow.Source { return w.Range(-1, -1, 3) }
		return w
	})
}

// A range that is none is refused.
func TestRangeErrors(t *testing.T) {
	for want, c := range map[string]struct {
		count int64
		asked connect.Range
	}{
		"range.from: it is the number of a record, from 0, and not \"x\"": {5, connect.Range{From: "x"}},
		"range.to: it is the number of a record, from 0, and not \"-1\"":  {5, connect.Range{To: "-1"}},
		"range.to: there is no end":                                       {0, connect.Range{From: "5"}},
		"range.to: it is 6, and `count` is 5":                             {5, connect.Range{To: "6"}},
		"range.from: it is 6, and `count` is 5":                           {5, connect.Range{From: "6", To: "now"}},
		"range: it ends at 1, which is before it begins, at 3: swap":      {0, connect.Range{From: "3", To: "1"}},
	} {
		_, err := NewSource(SourceConfig{Count: c.count}, connect.Input{Range: &c.asked})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: %v, and not %s", c, err, want)
		}
	}
}
