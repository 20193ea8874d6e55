package passes

import (
	"reflect"
	"testing"

	"github.com/flowc-dev/flowc/ir"
)

// The sizes that are named are those with which the bound is what is said.
func TestSmaller(t *testing.T) {
	source := func(name, connector string, config ...ir.Setting) *ir.Node {
		return &ir.Node{ID: name, YAML: name, Region: name, Op: &ir.Source{Connector: connector, Config: config}}
	}
	size := func(key, text string) ir.Setting {
		return ir.Setting{Key: key, Value: &ir.Value{Parts: []ir.Part{{Kind: ir.Literal, Text: text}}}}
	}
	program := func(nodes ...*ir.Node) *ir.Program {
		p := &ir.Program{Nodes: nodes}
		for _, n := range nodes {
			p.Regions = append(p.Regions, &ir.Region{Name: n.Region, Head: n.ID, Lanes: 1})
		}
		buffers(p)
		return p
	}
	for name, test := range map[string]struct {
		p, smaller *ir.Program
		want       []Size
	}{
		"one": {
			program(source("a", "file")), program(source("a", "file", size("max_record", "1MiB"))),
			[]Size{{"max_record", []string{"a"}, 16 << 20, 1 << 20}},
		},
		"both": {
			program(source("a", "file", size("max_record", "64MiB")), source("b", "stdin")),
			program(source("a", "file", size("max_record", "1MiB")), source("b", "stdin", size("max_record", "1MiB"))),
			[]Size{{"max_record", []string{"a", "b"}, 64 << 20, 1 << 20}},
		},
		"requests": {
			program(source("a", "http", size("listen", ":0"))), program(source("a", "http", size("listen", ":0"), size("max_body", "1MiB"), size("max_waiting", "8MiB"))),
			[]Size{{"max_body", []string{"a"}, 16 << 20, 1 << 20}, {"max_waiting", []string{"a"}, 64 << 20, 8 << 20}},
		},
		"answers that are asked for": {
			program(source("a", "http", size("url", "http://x/"))), program(source("a", "http", size("url", "http://x/"), size("max_body", "1MiB"))),
			[]Size{{"max_body", []string{"a"}, 16 << 20, 1 << 20}},
		},
		"small":   {program(source("a", "file", size("max_record", "1MiB"))), nil, nil},
		"no size": {program(source("a", "generate")), nil, nil},
	} {
		before := ir.Print(test.p)
		got, bound := Smaller(test.p)
		if !reflect.DeepEqual(got, test.want) || test.smaller != nil && bound != test.smaller.Memory.Total {
			t.Errorf("%s: %+v, %d", name, got, bound)
		}
		if ir.Print(test.p) != before {
			t.Errorf("%s: the program has changed", name)
		}
	}
}
