package analyze

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// A Talk is how a component in a process of its own is talked to, in sentences.
type Talk struct {
	// Protocol is flowc.v1, flowctl.v1, or lines.
	Protocol string `json:"protocol"`
	// Framing is how its messages go.
	Framing string `json:"framing"`
	// Keeps is what the protocol gives of events: what is known of one, and when.
	Keeps string `json:"keeps"`
	// Agreed is what both find out of each other at the start, and Ports are where it listens;
	// "" for a process that speaks by lines.
	Agreed string `json:"agreed,omitempty"`
	Ports  string `json:"ports,omitempty"`
}

// talkOf says how a node's component is talked to, nil where it has none.
func talkOf(n *ir.Node) *Talk {
	f := n.Foreign()
	if f == nil {
		return nil
	}
	t := &Talk{Protocol: "flowctl.v1", Framing: "Each event is a message of a stream of gRPC, over TCP."}
	switch {
	case f.Protocol == ir.NDJSON:
		t.Protocol, t.Framing = "lines", "A JSON value a line, by pipes."
	case f.Protocol == ir.Lines:
		t.Protocol, t.Framing = "lines", "An event a line, by pipes."
	case f.Acked:
		t.Protocol, t.Framing = "flowc.v1", "Batches of events. Where both are of one host and it names a socket, in frames over that; else as messages of a stream of gRPC, over TCP."
	}
	t.Keeps = keeps(n, f)
	if f.Protocol != ir.GRPC {
		return t
	}
	t.Agreed, t.Ports = agreed(n, f), ports(f)
	return t
}

// keeps says what is known of an event by which sign.
func keeps(n *ir.Node, f *ir.Foreign) string {
	switch n.Op.(type) {
	case *ir.Source:
		switch {
		case f.Protocol != ir.GRPC:
			return "It writes each line once: nothing asks it for one again."
		case f.Acked:
			return "It is granted events, goes on behind a position that it gave, and is told up to where all is safe."
		}
		return "It is asked by its state and its ledger to go on behind what is safe, and told what is; whether it does so nothing shows."
	case *ir.Sink:
		switch {
		case f.Protocol != ir.GRPC:
			return "An event is taken for written when it is in the pipe: nothing answers it."
		case f.Acked:
			return "An event is safe when it is answered; what is not is given again when it dies."
		}
		return "At the end it says how many events it has received; of a single one nothing is known."
	}
	switch {
	case f.Protocol != ir.GRPC && f.Settle == 0:
		return "A record is done when its line has come; what is not is given again when it dies."
	case f.Protocol != ir.GRPC:
		return fmt.Sprintf("Records are done when it was quiet for %s.", settleOf(f))
	case f.Acked:
		return "An event is done when it is answered; what is not is given again when it dies."
	}
	return fmt.Sprintf("An event is done when it was answered and nothing else comes, or when it was quiet for %s.", settleOf(f))
}

// agreed says what is found out at the start.
func agreed(n *ir.Node, f *ir.Foreign) string {
	var says []string
	switch {
	case f.Acked:
		says = append(says, "GetInfo says that it speaks flowc.v1, or the program ends.")
	default:
		says = append(says, "GetInfo may say that it speaks flowc.v1: it is talked to by that then, and no more is promised.")
	}
	if _, source := n.Op.(*ir.Source); f.Acked && !source {
		says = append(says, "`ready` says how many events it takes before it answers.")
	}
	types := func(of []string, key, what string) {
		if len(of) > 0 {
			says = append(says, fmt.Sprintf("What it %s is held against `%s`: %s.", what, key, strings.Join(of, ", ")))
		}
	}
	types(f.Takes, "takes", "takes")
	types(f.Gives, "gives", "gives")
	return strings.Join(says, " ")
}

// ports says where it listens.
func ports(f *ir.Foreign) string {
	if f.Endpoint != nil {
		if f.Endpoint.IsLiteral() {
			return "It runs already, at `" + f.Endpoint.Text() + "`."
		}
		return "It runs already, where `endpoint` says when the program starts."
	}
	port, health := "PORT and GRPC_PORT name a free port", "HEALTH_PORT another one"
	switch {
	case f.Port != 0:
		port = fmt.Sprintf("PORT and GRPC_PORT are %d", f.Port)
	case says(f, "PORT", "GRPC_PORT"):
		port = "its port is what its environment says"
	}
	switch {
	case f.HealthPort != 0:
		health = fmt.Sprintf("HEALTH_PORT is %d", f.HealthPort)
	case says(f, "HEALTH_PORT"):
		health = "so is that of its health check"
	}
	text := capital(port) + ", " + health
	if f.HealthCheck != "" {
		text += ", which is asked for `" + f.HealthCheck + "` too"
	}
	return text + "; where it registers another port at FLOWCTL_ENDPOINT, that counts. A target that runs it beside the program assigns its own."
}

// says tells whether the environment of a component has one of some variables.
func says(f *ir.Foreign, names ...string) bool {
	return slices.ContainsFunc(f.Env, func(e ir.Entry) bool { return slices.Contains(names, e.Key) })
}

// talks is how each component is talked to; those of which the same is to be said stand together.
func (t *text) talks(e *Explanation) {
	var rows []row
	for _, n := range e.Nodes {
		k := n.Talk
		if k == nil {
			continue
		}
		says := "By " + k.Protocol + "."
		for _, more := range []string{k.Framing, k.Keeps, k.Agreed, k.Ports} {
			if more != "" {
				says += " " + more
			}
		}
		if i := slices.IndexFunc(rows, func(r row) bool { return r.says == says }); i >= 0 {
			rows[i].name += ", " + n.Name
			continue
		}
		rows = append(rows, row{n.Name, says})
	}
	if len(rows) > 0 {
		t.section("How components are talked to")
		t.rows(rows)
	}
}
