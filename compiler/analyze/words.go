package analyze

import (
	"fmt"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/ir"
)

func used(connector string, g *ir.GoRef, f *ir.Foreign) string {
	if f != nil {
		return component(f)
	}
	if g != nil {
		return "`" + g.Use + "`"
	}
	return "`" + connector + "`"
}

// readsIn says what a source reads.
func readsIn(op *ir.Source) string {
	from := used(op.Connector, op.Go, op.Foreign)
	r := op.Range
	if r == nil && op.Facts.PrunesOnAck {
		return "reads changes from " + from + ", which lets go of what a checkpoint has: it can't go back further"
	}
	if r == nil {
		return "reads from " + from
	}
	end := func(v *ir.Value, open string) string {
		switch {
		case v == nil || v.IsLiteral() && (v.Text() == "" || v.Text() == "now" || v.Text() == "latest" || v.Text() == "earliest"):
			return open
		case !v.IsLiteral():
			return "what is said at the start"
		}
		return "`" + v.Text() + "`"
	}
	text := "reads a range of " + from + ": from " + end(r.From, "the begin") + " to before " + end(r.To, "what comes later")
	if r.Parallel > 1 {
		text += fmt.Sprintf(", %d chunks at once", r.Parallel)
	}
	return text
}

// component says what a component in a process of its own is.
func component(f *ir.Foreign) string {
	what, protocol := "", "which speaks flowctl.v1"
	switch {
	case f.Acked:
		protocol = "which speaks flowc.v1 and answers for each event"
	case f.Protocol != ir.GRPC:
		protocol = "by lines"
	}
	switch {
	case f.Brought != nil:
		what = "the component `" + f.Brought.Reference + "`"
	case f.Endpoint != nil:
		what = "the component at its endpoint"
		if f.Endpoint.IsLiteral() {
			what = "the component at `" + f.Endpoint.Text() + "`"
		}
	case f.Image != nil:
		what = "the container of `" + f.Image.Text() + "`"
	case len(f.Command) > 0 && f.Command[0].IsLiteral():
		what = "the process `" + f.Command[0].Text() + "`"
	default:
		what = "a process"
	}
	return what + ", " + protocol
}

// inOrder says how a processor of its own keeps the order of its records.
func inOrder(n *ir.Node, f *ir.Foreign) string {
	switch {
	case n.Unordered && !f.Acked:
		return "; several at once, so that they come back in any order"
	case f.Acked:
		return "; many events at once, which it answers in order"
	case f.Protocol == ir.GRPC:
		return "; one event at a time, unless it says that it handles one after another (max_concurrent=1), so the order is kept"
	case f.Settle > 0:
		return "; it answers with any number of lines, which count for those before them"
	}
	return "; each line is answered by one, in order"
}

func does(n *ir.Node) string {
	switch op := n.Op.(type) {
	case *ir.Route:
		if op.On != nil {
			return "routes by a switch on `" + strings.Join(op.On, ".") + "`"
		}
		return "routes"
	case *ir.Apply:
		if op.Foreign != nil {
			return "gives its records to " + component(op.Foreign) + inOrder(n, op.Foreign)
		}
		if op.Go != nil {
			return "calls `" + op.Go.Use + "`"
		}
		if op.Expr != nil && !strings.Contains(op.Expr.Text, "\n") && len(op.Expr.Text) <= 60 {
			return string(op.Verb) + " `" + op.Expr.Text + "`"
		}
		return string(op.Verb)
	}
	return ""
}

func decided(n *ir.Node) string {
	op, ok := n.Op.(*ir.Apply)
	if !ok || op.Verb != ir.VerbFilter || !op.Expr.Const {
		return ""
	}
	if op.Expr.Go == "true" {
		return "keeps every record: what is before it decides that"
	}
	return "keeps no record: what is before it decides that"
}

// inWords says an error policy as one would to a colleague.
func inWords(e *ir.ErrorPolicy) string {
	what := "transient errors are"
	if e.Written {
		what = "all errors but poison, permanent and fatal ones are"
	}
	again := ""
	if e.Retry > 0 {
		again = fmt.Sprintf("%s tried %s more, then ", what, times(e.Retry))
		if e.Backoff > 0 {
			again = fmt.Sprintf("%s tried %s more (after %s, later up to %s), then ", what, times(e.Retry), time.Duration(e.Backoff), time.Duration(max(e.Backoff, e.MaxBackoff)))
		}
	}
	then := ""
	switch e.Then {
	case ir.ThenStop:
		then = "the program stops with exit code 7"
	case ir.ThenDrop:
		then = "the record is dropped and counted"
	case ir.ThenReject:
		then = "the sender gets an error, and nothing of its request is taken"
	case ir.ThenDead:
		then = fmt.Sprintf("the record goes to `%s`", e.Dead)
	}
	if e.MaxDead > 0 {
		then += fmt.Sprintf("; the program stops when %g %% have failed", e.MaxDead*100)
	}
	return again + then
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
