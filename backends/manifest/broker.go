package manifest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// BrokerImage is the server of NATS that a target brings, where its options name no other:
// the version that flowc itself is tested with.
const BrokerImage = "nats:2.15.2"

// The ports of a server of NATS, and where it keeps its streams.
const (
	BrokerPort    = 4222
	BrokerMonitor = 8222
	BrokerDir     = "/data"
)

// BrokerGrace is how long it may take to stop, in seconds.
const BrokerGrace = 30

// brokerMemory is what a server has where nothing is said: streams are in files.
const brokerMemory = 256 * mebibyte

// A Broker is what carries the records between the processes of a pipeline, where the
// target brings it.
type Broker struct {
	// Name is a DNS label, and the name by which the processes find it.
	Name, Image string
	// Args are those of the server.
	Args []string
	// Variable is that of the environment in which the processes have its URL.
	Variable string
	// Streams is how much its streams may hold, and Disk what its volume needs for that,
	// in bytes: a server leaves a quarter of its disk free.
	Streams, Disk int64
	// Memory and GoMemory are as of an App.
	Memory, GoMemory int64
}

// BrokerFor is the broker of a pipeline. It refuses what a single server without a login
// can't be for it; image is "" and memory 0 for what goes without saying.
func BrokerFor(p *ir.Program, target, image string, memory int64) (*Broker, diag.List) {
	b := &Broker{
		Name: Label(p.Name+"-edges", 52), Image: image, Memory: memory,
		Args: []string{"-js", "-sd", BrokerDir, "-p", strconv.Itoa(BrokerPort), "-m", strconv.Itoa(BrokerMonitor), "-n", p.Name + "-edges"},
	}
	if b.Image == "" {
		b.Image = BrokerImage
	}
	if b.Memory == 0 {
		b.Memory = brokerMemory
	}
	b.GoMemory = b.Memory / 10 * 9 / mebibyte * mebibyte
	at := OptionAt(p.TargetSpans, target, "", "broker")
	var list diag.List
	if len(p.Pieces) == 0 {
		list.Errorf(diag.TargetOption, at, "`%s` runs in one process, and needs nothing that carries records between several", p.Name).Helpf("leave `broker` out")
		return b, list
	}
	if p.Carrier.Connector != "nats" {
		list.Errorf(diag.TargetOption, at, "a target brings a server of NATS, and `edges` asks for %s", p.Carrier.Connector).
			Helpf("leave `broker` out, and say in `edges` where the servers are")
		return b, list
	}
	for _, s := range p.Carrier.Config {
		key, _, _ := strings.Cut(s.Key, ".")
		switch {
		case slices.Contains([]string{"user", "password", "token", "credentials", "tls"}, key):
			list.Errorf(diag.TargetOption, at, "the broker that the target brings asks for no login and has no certificate, and `edges` says `%s`", s.Key).
				Helpf("leave `%s` out of `edges` where it is deployed so (an overlay can), or give a server of your own and leave `broker` out", s.Key)
		case s.Key == "replicas" && s.Value.IsLiteral() && s.Value.Text() != "1":
			list.Errorf(diag.TargetOption, at, "the broker that the target brings is one server, and `edges` asks for %s that keep a stream", s.Value.Text()).
				Helpf("leave `replicas` out of `edges`, or give a cluster of your own and leave `broker` out")
		case s.Key == "url":
			if s.Value != nil && len(s.Value.Parts) == 1 && s.Value.Parts[0].Kind == ir.Env {
				b.Variable = s.Value.Parts[0].Text
				continue
			}
			list.Errorf(diag.TargetOption, at, "the address of the broker that the target brings has no place in the pipeline: `url` of `edges` is no variable").
				Helpf("write `edges: {nats: {url: \"${env:NATS_URL}\"}}`: the target gives the variable its value")
		}
	}
	for _, piece := range p.Pieces {
		for _, n := range piece.Program.Nodes {
			if sink, ok := n.Op.(*ir.Sink); ok && strings.HasPrefix(sink.Connector, "edge-") {
				b.Streams += streamSize(sink)
			}
		}
	}
	b.Disk = (b.Streams*3/2 + gibibyte - 1) / gibibyte * gibibyte
	return b, list
}

const gibibyte = 1 << 30

// streamSize is how much the stream of an edge may hold.
func streamSize(sink *ir.Sink) int64 {
	c, ok := catalog.Lookup(sink.Connector)
	if !ok {
		return 0
	}
	text := c.Sink.Key("max_bytes").Default
	for _, s := range sink.Config {
		if s.Key == "max_bytes" && s.Value.IsLiteral() {
			text = s.Value.Text()
		}
	}
	n, _ := catalog.ParseSize(text)
	return n
}

// Fits refuses a disk that can't hold the streams.
func (b *Broker) Fits(disk int64, at source.Span) (list diag.List) {
	if need := b.Streams / 3 * 4; disk < need {
		list.Errorf(diag.TargetOption, at, "the streams of the edges may hold %s, for which a server needs a disk of %s, and it has %s", bytesText(b.Streams), bytesText(need), bytesText(disk)).
			Helpf("give it more, or set `max_bytes` of `edges` to less")
	}
	return list
}

func bytesText(n int64) string { return fmt.Sprintf("%d MiB", (n+mebibyte-1)/mebibyte) }

// OptionAt is where an option stands: its keys, below those of a process where the options
// have some for it (see [OptionsOf]). Of one that the file does not have, it is the next
// above that it does.
func OptionAt(spans map[string]source.Span, target, process string, keys ...string) source.Span {
	if process != "" && len(keys) > 0 {
		if span, ok := spans[strings.Join(append([]string{target, processesKey, process}, keys...), ".")]; ok {
			return span
		}
	}
	for n := len(keys); n >= 0; n-- {
		if span, ok := spans[strings.Join(append([]string{target}, keys[:n]...), ".")]; ok {
			return span
		}
	}
	return source.Span{}
}
