package dialect

import (
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

func (r *reader) onError(n *syntax.Node, v *parse.Node) *syntax.OnError {
	if v == nil {
		return nil
	}
	if v.Kind != parse.Mapping {
		n.ThenUnread = true
		return nil
	}
	if then := v.Get("then"); then != nil && then.Kind != parse.String {
		n.ThenUnread = true
	}
	o := &syntax.OnError{
		Span:       v.Place(),
		Retry:      r.count(v.Get("retry"), -1),
		Backoff:    r.duration(v.Get("backoff"), -1),
		MaxBackoff: r.duration(v.Get("max_backoff"), -1),
		Then:       text(v.Get("then")),
	}
	o.ThenDefault = r.defaults.then != nil && v.Get("then") == r.defaults.then
	if share := v.Get("max_dead"); share != nil {
		x, err := strconv.ParseFloat(strings.TrimSuffix(share.Text, "%"), 64)
		switch {
		case err != nil:
		case x > 100 || x <= 0:
			r.l.Errorf(diag.BadValue, share.Place(), "`max_dead` is a share above 0%% and at most 100%%, not `%s`", share.Text)
			n.Bad = true
		default:
			o.MaxDead = x / 100
		}
	}
	return o
}

func (r *reader) batch(n *syntax.Node, v *parse.Node) {
	if v == nil || v.Kind != parse.Mapping {
		return
	}
	n.BatchSpan = v.Place()
	n.Batch = &ir.Batch{
		Count:  r.count(v.Get("count"), 0),
		Bytes:  r.size(v.Get("bytes")),
		Linger: r.duration(v.Get("linger"), 0),
	}
}
