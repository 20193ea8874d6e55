package lower

import (
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// portVariables are the variables by which a component is told where to listen.
var portVariables = []string{"PORT", "GRPC_PORT", "HEALTH_PORT"}

// portsTaken reports a port of this host that two components ask for. Each container has
// ports of its own, but for those that it has on the host.
func (w *lowering) portsTaken() {
	type claim struct {
		node *node
		at   source.Span
	}
	claims := map[int]claim{}
	for _, n := range w.nodes {
		f := foreignOf(n)
		if f == nil {
			continue
		}
		s := n.Node.Foreign
		take := func(port int, at source.Span) {
			before, taken := claims[port]
			switch {
			case port == 0 || before.node == n:
			case taken:
				w.l.Errorf(diag.PortCollision, at, "`%s` and `%s` both listen on port %d", before.node.Name.Text, n.Name.Text, port).
					Caret("asked for again").Also(before.at, "the first").
					Helpf("leave one of them out: free ports are assigned, and handed to the component as PORT and HEALTH_PORT")
			default:
				claims[port] = claim{n, at}
			}
		}
		for _, p := range f.Ports {
			take(p.Host, p.Span)
		}
		if len(f.Command) == 0 {
			continue
		}
		take(f.Port, s.PortSpan)
		take(f.HealthPort, s.HealthPortSpan)
		for _, e := range f.Env {
			for _, name := range portVariables {
				if e.Key == name {
					take(portNumber(e.Value), e.Value.Span)
				}
			}
		}
	}
}

// portNumber is the port that a literal names, as 50051 or :50051; 0 for none.
func portNumber(v *ir.Value) int {
	if v == nil || !v.IsLiteral() {
		return 0
	}
	text := v.Text()
	n, err := strconv.Atoi(text[strings.LastIndexByte(text, ':')+1:])
	if err != nil || n < 1 || n > 65535 {
		return 0
	}
	return n
}
