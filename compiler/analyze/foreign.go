package analyze

import (
	"fmt"
	"time"

	"github.com/flowc-dev/flowc/ir"
)

// foreign is what components in processes of their own leave of a promise; nil where there
// is none on the way that takes anything of it.
//
// flowc.v1 alone acknowledges events: a source that speaks it goes on behind the position that
// it is given, a processor answers each event, and a sink says when it is safe. By the others a source is asked to go on where it was, and
// nothing makes sure that it does; a processor is done when it is quiet, unless it answers
// lines by lines; a consumer says how many events it received, and not what became of them.
func (w way) foreign() *promise {
	atMost := func(n *ir.Node, fix, format string, args ...any) *promise {
		return &promise{ir.AtMostOnce, fmt.Sprintf(format, args...), n, []string{fix, "or ask for `at-most-once`"}}
	}
	if f := w.source.Foreign(); f != nil && !f.Acked {
		if f.Protocol != ir.GRPC {
			return atMost(w.source, goBack(w.source), "`%s` writes its lines once, so what was read and not yet written is lost when the program dies", w.source.YAML)
		}
		return atMost(w.source, speak(w.source),
			"`%s` is asked to go on behind the last event that is safe, and whether it does so is its own affair: what was read and not yet written may be lost when the program dies", w.source.YAML)
	}
	for _, n := range w.nodes {
		f := n.Foreign()
		if n == w.source || n == w.sink {
			continue
		}
		switch {
		case f == nil || f.Acked:
		case f.Protocol == ir.GRPC:
			return atMost(n, speak(n),
				"`%s` does not say when it is done with an event, and counts as done when it is quiet (%s): what it answers later is lost when the program dies meanwhile", n.YAML, settleOf(f))
		case f.Settle > 0:
			return atMost(n, fmt.Sprintf("take `settle` from `%s`, where it answers each line with one", n.YAML),
				"`%s` counts as done when it is quiet (%s): what it answers later is lost when the program dies meanwhile", n.YAML, settleOf(f))
		}
	}
	if f := w.sink.Foreign(); f != nil && !f.Acked {
		const fix = "write to a built-in sink, which says what is safe"
		if f.Protocol != ir.GRPC {
			return atMost(w.sink, fix, "`%s` is given lines, and nothing answers them: what it has not dealt with when it dies is lost", w.sink.YAML)
		}
		return atMost(w.sink, speak(w.sink), "`%s` is a plain consumer, which says at the end how many events it received, and not what became of them: what it has not dealt with when it dies is lost", w.sink.YAML)
	}
	return nil
}

// speak is what makes more of a component of gRPC.
func speak(n *ir.Node) string {
	return fmt.Sprintf("say `protocol: acked` of `%s`, where it speaks flowc.v1: it answers for each event then (docs/acked.md)", n.YAML)
}

// defaultSettle is how long a processor is quiet when it is done, where nothing is said.
const defaultSettle = 200 * time.Millisecond

func settleOf(f *ir.Foreign) time.Duration {
	if f.Settle > 0 {
		return time.Duration(f.Settle)
	}
	return defaultSettle
}
