package cut_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// Which edges take `meta` along, what of it their readers need, and which end with the
// sources that they come from.
func TestCarried(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"nobody reads it", head + `processors:
  a: {from: orders, filter: in.N > 1, key: in.Account, scale: {replicas: 2}}
sinks:
  out: {from: a, use: file, config: {path: out.ndjson}}
`, `a-from-orders ends
out-from-a ends
`},
		{"two processes on", head + `processors:
  a: {from: orders, filter: in.N > 1, key: in.Account, scale: {replicas: 2}}
  b: {from: a, map: {id: in.ID, at: meta.Offset}, key: in.ID, scale: {replicas: 2}}
sinks:
  out: {from: b, use: file, config: {path: out.ndjson}}
`, `a-from-orders file.Meta offset ends
b-from-a file.Meta offset ends
out-from-b ends
`},
		{"a component answers with one of its own", head + `processors:
  a: {from: orders, filter: meta.Line > 1, key: in.Account, scale: {replicas: 2}}
  b: {from: a, command: [./b], out: Order}
  c: {from: b, filter: meta.Ledger > 1, key: in.ID, scale: {replicas: 2}}
sinks:
  out: {from: c, command: [./out]}
`, `a-from-orders file.Meta line ends
b-from-a ends
c-from-b foreign.Meta component content_type id index ledger metadata timestamp type ends
`},
		{"a component ends when it likes", `pipeline: shop
edges: {nats: {url: "nats://localhost"}}
sources:
  events: {command: [./events], out: json}
processors:
  a: {from: events, command: [./a], out: json, order: none, scale: {replicas: 2}}
sinks:
  out: {from: a, use: stdout}
`, `a-from-events foreign.Meta component content_type id index ledger metadata timestamp type ends open
out-from-a ends open
`},
		{"a server never does", `pipeline: shop
edges: {nats: {url: "nats://localhost"}}
sources:
  events: {use: nats, config: {url: "nats://localhost", subject: events}, out: json}
processors:
  a: {from: events, filter: 'meta.Headers["x"] == "y"', order: none, scale: {replicas: 2}}
sinks:
  out: {from: a, use: log}
`, `a-from-events nats.Meta headers
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := compile(t, c.text)
			for _, d := range r.Diagnostics {
				t.Error(d)
			}
			var b strings.Builder
			for _, p := range r.Program.Pieces {
				if err := ir.Verify(p.Program); err != nil {
					t.Errorf("%s: %v", p.Name, err)
				}
				for _, in := range p.Inputs {
					b.WriteString(describeEnd(t, r.Program.Pieces, in))
				}
			}
			if b.String() != c.want {
				t.Errorf("got\n%s\nwant\n%s", b.String(), c.want)
			}
		})
	}
}

// The `meta` of every connector can be taken along, whole.
func TestAllMetas(t *testing.T) {
	t.Parallel()
	found := 0
	for _, c := range catalog.Connectors {
		if c.Source == nil {
			continue
		}
		for _, k := range slices.Concat(c.Source.Meta, catalog.Envelope) {
			found++
			f := ir.Type{Kind: ir.TypeKind(k.Type)}
			if k.Type == "map of string" {
				f = ir.Type{Kind: ir.Map, Elem: &ir.Type{Kind: ir.String}}
			}
			if f.Carried() == "" {
				t.Errorf("%s: `meta.%s` is of the type %s, which can't cross to another process", c.Name, k.Go, k.Type)
			}
		}
	}
	if found < 30 {
		t.Errorf("%d fields", found)
	}
}

// describeEnd is what the end of an edge has, held against what its begin has.
func describeEnd(t *testing.T, pieces []*ir.Piece, in ir.CutEdge) string {
	text := in.Node
	var source *ir.Source
	var sink *ir.Sink
	for _, p := range pieces {
		for _, n := range p.Program.Nodes {
			switch op := n.Op.(type) {
			case *ir.Source:
				if n.ID == in.Node {
					source = op
				}
			case *ir.Sink:
				if n.ID == in.Node {
					sink = op
				}
			}
		}
	}
	if (source.Meta == nil) != (len(sink.Meta) == 0) {
		t.Errorf("%s: one end has `meta`, and the other one has not", in.Node)
	}
	if source.Meta != nil {
		text += fmt.Sprintf(" %s.%s", source.Meta.Go.PkgName, source.Meta.Go.Name)
		schema := setting(source.Config, "schema")
		_, fields, _ := strings.Cut(schema[strings.LastIndex(schema[:strings.LastIndex(schema, "}]")], "{"):], "{")
		var names []string
		for _, f := range strings.Split(strings.Trim(fields, "}]"), ",") {
			name, _, _ := strings.Cut(f, ":")
			if name = strings.Trim(name, `"`); !strings.Contains(name, "string") {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		text += " " + strings.Join(names, " ")
	}
	if (setting(source.Config, "writers") != "") != (setting(sink.Config, "ends") != "") {
		t.Errorf("%s: one end knows an end, and the other one does not", in.Node)
	}
	for _, key := range []string{"writers", "open"} {
		if setting(source.Config, key) != "" {
			text += map[string]string{"writers": " ends", "open": " open"}[key]
		}
	}
	return text + "\n"
}

func setting(config []ir.Setting, key string) string {
	for _, s := range config {
		if s.Key == key {
			return s.Value.Text()
		}
	}
	return ""
}
