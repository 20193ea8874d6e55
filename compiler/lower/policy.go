package lower

import (
	"time"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// What a node does about errors where it does not say so.
const (
	defaultRetry      = 5
	defaultBackoff    = int64(100 * time.Millisecond)
	defaultMaxBackoff = int64(30 * time.Second)
)

// errorPolicy is what happens to records that fail in a node.
func (w *lowering) errorPolicy(n *node) *ir.ErrorPolicy {
	p := &ir.ErrorPolicy{Retry: defaultRetry, Backoff: defaultBackoff, MaxBackoff: defaultMaxBackoff, Then: ir.ThenStop, Span: n.Name.Span}
	if n.answers {
		p.Then = ir.ThenReject
	}
	o := n.OnError
	if o == nil {
		return p
	}
	p.Span, p.MaxDead = o.Span, o.MaxDead
	if o.Retry >= 0 {
		p.Written, p.Retry = true, o.Retry
	}
	if o.Backoff >= 0 {
		p.Backoff = o.Backoff
	}
	if o.MaxBackoff >= 0 {
		p.MaxBackoff = o.MaxBackoff
	}
	if p.MaxBackoff < p.Backoff {
		if o.MaxBackoff >= 0 && o.Backoff >= 0 {
			w.l.Errorf(diag.BadValue, o.Span, "`max_backoff` is shorter than `backoff`, with which the waits begin").
				Helpf("write the longer of the two as `max_backoff`")
		}
		p.MaxBackoff = p.Backoff
	}
	switch then := ir.Then(o.Then.Text); then {
	case "":
	case ir.ThenStop, ir.ThenDrop:
		p.Then = then
	case ir.ThenReject:
		p.Then = then
		if !n.answers && !n.vague && !o.ThenDefault {
			w.l.Errorf(diag.BadValue, o.Then.Span, "`reject` answers the sender of a record, and no source of `%s` can", n.Name.Text).
				Helpf("write `stop`, `drop` or the name of a dead-letter sink")
		}
		if !n.answers {
			p.Then = ir.ThenStop
		}
	default:
		if o.Then.Text == n.Name.Text {
			break
		}
		p.Then, p.Dead = ir.ThenDead, o.Then.Text
	}
	return p
}
