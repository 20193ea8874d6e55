package lower

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// filters are programs that read lines and write lines: whoever names one as a command
// does not mean a server.
var filters = []string{
	"sh", "bash", "dash", "ash", "zsh", "awk", "gawk", "mawk", "sed", "grep", "egrep", "fgrep", "jq", "cat", "tr", "cut", "head", "tail",
	"sort", "uniq", "tee", "perl", "wc", "seq", "yes", "rev", "tac", "nl", "xargs", "printf", "echo",
}

// foreign gives what a node says of its component its meaning; nil where it is wrong in
// a way that leaves nothing of it.
func (w *lowering) foreign(n *node) *ir.Foreign {
	s := n.Node.Foreign
	f := &ir.Foreign{
		Command: s.Command, Args: s.Args, Image: s.Image, Endpoint: s.Endpoint,
		Takes: eventTypes(s.Takes), Gives: eventTypes(s.Gives), Metadata: s.Metadata.Text,
		Port: s.Port, HealthPort: s.HealthPort, HealthCheck: s.HealthCheck.Text,
		Ports: s.Ports, Volumes: s.Volumes, Secrets: s.Secrets, Requests: s.Requests, Limits: s.Limits,
		Restart: ir.Restart(s.Restart.Text), Settle: s.Settle, Window: s.Window, Span: n.KindSpan,
	}
	if f.Restart == "" {
		f.Restart = ir.RestartOnFailure
	}
	if !w.foreignKind(n, f) {
		return nil
	}
	entry, ok := w.brought(n, f)
	if !ok {
		return nil
	}
	w.protocol(n, f)
	d := w.descriptor(n, f, entry)
	f.Env = w.environment(n, f, d)
	w.foreignRole(n, f)
	return f
}

func eventTypes(list []syntax.Text) []string {
	var out []string
	for _, t := range list {
		if !slices.Contains(out, t.Text) {
			out = append(out, t.Text)
		}
	}
	return out
}

// foreignKind checks that the node says what is started, and once.
func (w *lowering) foreignKind(n *node, f *ir.Foreign) bool {
	s := n.Node.Foreign
	switch {
	case n.Bad:
		return false
	case !s.CommandSpan.IsZero() && len(f.Command) == 0:
		w.l.Errorf(diag.MissingValue, s.CommandSpan, "`command` of `%s` is empty", n.Name.Text).
			Helpf("name the program and its arguments: `command: [./component, --flag]`")
		return false
	case !s.ImageSpan.IsZero() && (f.Image == nil || f.Image.IsLiteral() && f.Image.Text() == ""):
		w.l.Errorf(diag.MissingValue, s.ImageSpan, "`image` of `%s` is empty", n.Name.Text).Helpf("name it: `image: ghcr.io/org/component:1.0`")
		return false
	case !s.EndpointSpan.IsZero() && (f.Endpoint == nil || f.Endpoint.IsLiteral() && f.Endpoint.Text() == ""):
		w.l.Errorf(diag.MissingValue, s.EndpointSpan, "`endpoint` of `%s` is empty", n.Name.Text).Helpf("name its address: `endpoint: localhost:50051`")
		return false
	case f.Endpoint == nil:
		return true
	}
	for _, key := range []string{"command", "image", "args", "env", "restart", "volumes", "secrets", "resources"} {
		if m := n.Body.Member(key); m != nil {
			w.l.Errorf(diag.KeyConflict, m.Key.Span, "`%s` is for a component that flowc starts, and `%s` runs already, at its endpoint", key, n.Name.Text).
				Also(s.EndpointSpan, "said here").
				Helpf("remove `%s`, or remove `endpoint`", key)
		}
	}
	return true
}

// ackedWord is the protocol of components of gRPC that must answer for each event.
const ackedWord = "acked"

// protocol finds how a component is talked to.
func (w *lowering) protocol(n *node, f *ir.Foreign) {
	s := n.Node.Foreign
	f.Protocol = ir.Protocol(s.Protocol.Text)
	if f.Protocol == "" {
		f.Protocol = ir.GRPC
		if byLines(n.Node) {
			f.Protocol = ir.Lines
			w.l.Warningf(diag.ForeignLines, s.CommandSpan, "`%s` talks to `%s` by lines: one line an event, on its standard input and output", n.Name.Text, programOf(f.Command)).
				Helpf("say it: `protocol: lines` (or `ndjson`, whose lines are JSON); a server has `protocol: grpc`, or a `port`")
		}
	}
	if f.Protocol == ackedWord {
		f.Protocol, f.Acked = ir.GRPC, true
	}
	if f.Protocol == ir.GRPC {
		return
	}
	if f.Endpoint != nil {
		w.l.Errorf(diag.KeyConflict, s.Protocol.Span, "`%s` runs already, and lines go to the standard input of a process that flowc starts", n.Name.Text).
			Also(s.EndpointSpan, "its endpoint").
			Helpf("write `protocol: grpc`, or a `command` in the place of `endpoint`")
	}
	for _, key := range []string{"port", "health_port", "health_check"} {
		if m := n.Body.Member(key); m != nil {
			w.l.Errorf(diag.KeyConflict, m.Key.Span, "`%s` is for components that serve gRPC, and `%s` reads and writes lines", key, n.Name.Text).
				Helpf("remove `%s`, or write `protocol: grpc`", key)
		}
	}
}

// byLines tells whether a component that says no protocol is talked to by lines: its command
// is a program that reads and writes them, and nothing of what serves is said, as is a port.
func byLines(n *syntax.Node) bool {
	for _, key := range []string{"port", "ports", "health_port", "health_check"} {
		if n.Body.Member(key) != nil {
			return false
		}
	}
	env := n.Body.Get("env")
	return slices.Contains(filters, programOf(n.Foreign.Command)) && env.Get("PORT") == nil && env.Get("GRPC_PORT") == nil
}

// programOf is the base name of the program of a command, "" where it is not known at
// compile time.
func programOf(command []*ir.Value) string {
	if len(command) == 0 || !command[0].IsLiteral() {
		return ""
	}
	return path.Base(strings.TrimSpace(command[0].Text()))
}

// foreignRole checks keys that only some roles have.
func (w *lowering) foreignRole(n *node, f *ir.Foreign) {
	s := n.Node.Foreign
	refuse := func(key string, why string) {
		if m := n.Body.Member(key); m != nil {
			w.l.Errorf(diag.KeyConflict, m.Key.Span, "`%s` %s, and `%s` is a %s", key, why, n.Name.Text, n.Role).Helpf("remove `%s`", key)
		}
	}
	switch n.Role {
	case syntax.Source:
		refuse("takes", "names what comes in")
	case syntax.Sink:
		refuse("gives", "names what goes out")
	}
	if n.Role != syntax.Processor {
		refuse("settle", "is how long a processor is quiet when it is done")
		refuse("window", "is how many events may be under way in a processor")
		return
	}
	if f.Acked {
		for _, key := range []string{"settle", "window"} {
			if m := n.Body.Member(key); m != nil {
				w.l.Errorf(diag.KeyConflict, m.Key.Span, "`%s` is for components that do not say when they are done, and `%s` answers for each event", key, n.Name.Text).
					Also(s.Protocol.Span, "said here").
					Helpf("remove `%s`, or write `protocol: grpc`", key)
			}
		}
	}
	if f.Window > 1 && !n.Unordered && f.Protocol == ir.GRPC && !f.Acked {
		w.l.Errorf(diag.KeyConflict, s.WindowSpan, "a component that has several events at once answers them in any order, and `%s` keeps it", n.Name.Text).
			Helpf("add `order: none`, or remove `window`")
	}
}

// durationWord and intWord are values as they are written.
func durationWord(nanoseconds int64) string { return time.Duration(nanoseconds).String() }

func intWord(n int) string { return strconv.Itoa(n) }
