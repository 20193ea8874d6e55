package dialect

import (
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// duration reads a length of time in nanoseconds; none gives 0.
func (r *reader) duration(n *parse.Node, none int64) int64 {
	if n == nil || n.Kind != parse.String && n.Kind != parse.Int || n.Text == "" {
		return none
	}
	d, err := time.ParseDuration(n.Text)
	if err != nil {
		if n.Text != "0" && durationLike(n.Text) {
			r.l.Errorf(diag.BadValue, n.Place(), "`%s` is longer than a duration can be", n.Text).
				Helpf("the longest is 292 years")
		}
		return none
	}
	return int64(d)
}

// durationLike tells whether only the size of a duration can be what is wrong
// with it: anything else its definition has refused.
func durationLike(s string) bool { return durationForm.MatchString(s) }

var durationForm = regexp.MustCompile(`^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`)

// size reads a number of bytes; 0 for none.
func (r *reader) size(n *parse.Node) int64 {
	if n == nil || n.Kind != parse.String && n.Kind != parse.Int {
		return 0
	}
	v, ok := catalog.ParseSize(n.Text)
	if !ok && n.Text != "" && strings.Trim(n.Text, "0123456789 BKMGi") == "" {
		r.l.Errorf(diag.BadValue, n.Place(), "`%s` is more than there can be", n.Text)
	}
	return v
}

// count reads a whole number; none for what is none.
func (r *reader) count(n *parse.Node, none int) int {
	if n == nil || n.Kind != parse.Int {
		return none
	}
	v, ok := parse.Value(n).(int64)
	if !ok || v > math.MaxInt32 || v < 0 {
		if !ok || v > 0 {
			r.l.Errorf(diag.BadValue, n.Place(), "%s is too large", n.Text).Helpf("the most is %d", math.MaxInt32)
		}
		return none
	}
	return int(v)
}
