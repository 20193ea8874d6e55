package main

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/golang"
	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// A keyTrial makes pipelines with one side of a connector out of what the catalog says
// of it, so that a connector that is added is tried without a word here.
type keyTrial struct {
	connector, role string
	side            *catalog.Side
	changes         bool // the records are changes of rows
}

// keyTrials are all sides of all connectors.
func keyTrials() (all []*keyTrial) {
	for _, c := range catalog.Connectors {
		if c.Source != nil {
			all = append(all, &keyTrial{connector: c.Name, role: "source", side: c.Source})
		}
		if c.Sink != nil {
			all = append(all, &keyTrial{connector: c.Name, role: "sink", side: c.Sink})
		}
	}
	return all
}

// compile compiles a pipeline whose node `tried` has a config and other keys, and
// which has defaults.
func (k *keyTrial) compile(t *testing.T, config map[string]string, more, defaults string) (*ir.Program, []*diag.Diagnostic) {
	t.Helper()
	out := "T"
	if k.changes {
		out = "change of T"
	}
	node := "use: " + k.connector + more
	if len(config) > 0 {
		node += ", config: " + nestedKeys(config)
	}
	text := "pipeline: p\ntypes: {T: {id: string, x: string}}\n"
	if k.role == "source" {
		text += "sources:\n  tried: {" + node + ", out: " + out + "}\nsinks:\n  beside: {from: tried, use: drop}\n"
	} else {
		text += "sources:\n  beside: {use: stdin, config: {format: ndjson}, out: T}\nsinks:\n  tried: {from: beside, " + node + "}\n"
	}
	if defaults != "" {
		text += "defaults: " + defaults + "\n"
	}
	r, err := driver.Compile(context.Background(), driver.Options{File: "p.yaml", Text: []byte(text), Dir: t.TempDir(), CacheDir: compilerCache})
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return r.Program, r.Diagnostics
}

// nestedKeys is a config whose keys may have dots.
func nestedKeys(config map[string]string) string {
	nested := map[string]any{}
	for name, value := range config {
		at, parts := nested, strings.Split(name, ".")
		for _, p := range parts[:len(parts)-1] {
			below, ok := at[p].(map[string]any)
			if !ok {
				below = map[string]any{}
				at[p] = below
			}
			at = below
		}
		at[parts[len(parts)-1]] = value
	}
	return flowOf(nested)
}

// valuesFor are values of a key, of which one should mean something.
func valuesFor(k *catalog.Key) []string {
	outside := `"${env:SOME_` + strings.ToUpper(strings.NewReplacer(".", "_").Replace(k.Name)) + `:-}"`
	switch {
	case k.Secret || k.Form == "dsn":
		return []string{outside}
	case k.Form == "url":
		return []string{"https://example.org/x", "nats://example.org"}
	case k.Form == "address":
		return []string{`"127.0.0.1:8080"`}
	case k.Form == "rooted":
		return []string{"/x"}
	case k.Form == "start":
		return []string{"earliest"}
	case len(k.Values) > 0:
		return k.Values
	case strings.HasPrefix(k.Type, "["):
		return []string{"[id]", "[x.y]", "[200]"}
	case strings.HasPrefix(k.Type, "map of "):
		return []string{"{a: b}", "{a: 1}"}
	}
	switch k.Type {
	case "bool":
		return []string{"true"}
	case "int", "int64", "uint64", "float64":
		return []string{"3"}
	case "duration":
		return []string{"3s"}
	case "size":
		return []string{"1MiB"}
	}
	return []string{"id", "x.ndjson", `";"`, `"{signature}"`, `"{body}"`, "a/b", outside}
}

var quotedWord = regexp.MustCompile("`([^`]+)`")

// with completes a config with a key until it compiles: with keys that errors name.
func (k *keyTrial) with(t *testing.T, config map[string]string, depth int) (map[string]string, *ir.Program, string) {
	t.Helper()
	config = maps.Clone(config)
	for i := range k.side.Keys {
		if key := &k.side.Keys[i]; key.Required && config[key.Name] == "" && (key.Only == "" || (key.Only == "changes") == k.changes) {
			config[key.Name] = valuesFor(key)[0]
			if key.Name == "path" && len(k.side.Formats) > 1 { // a name that says the format
				config[key.Name] = "x.ndjson"
			}
		}
	}
	p, diagnostics := k.compile(t, config, "", "")
	if p != nil {
		return config, p, ""
	}
	said := ""
	for _, d := range diagnostics {
		said += "\n" + string(d.Code) + " " + d.Message
	}
	if depth == 0 {
		return nil, nil, said
	}
	for _, d := range diagnostics {
		if d.Code != diag.MissingKey {
			continue
		}
		for _, word := range quotedWord.FindAllStringSubmatch(d.Message+" "+strings.Join(d.Help, " "), -1) {
			for i := range k.side.Keys {
				key := &k.side.Keys[i]
				if key.Name != word[1] && !strings.HasSuffix(key.Name, "."+word[1]) || config[key.Name] != "" {
					continue
				}
				for _, value := range valuesFor(key) {
					more := maps.Clone(config)
					more[key.Name] = value
					if whole, p, _ := k.with(t, more, depth-1); p != nil {
						return whole, p, ""
					}
				}
			}
		}
	}
	return nil, nil, said
}

// settingsGiven are the keys and values that a node got, in no order.
func settingsGiven(p *ir.Program) []string {
	var out []string
	for _, n := range p.Nodes {
		if n.YAML != "tried" {
			continue
		}
		var config []ir.Setting
		switch op := n.Op.(type) {
		case *ir.Source:
			config = op.Config
		case *ir.Sink:
			config = op.Config
		case *ir.Decode:
			out = append(out, "codec "+op.Codec)
		case *ir.Encode:
			out = append(out, "codec "+op.Codec)
		}
		for _, s := range config {
			out = append(out, s.Key+": "+valueText(s.Value))
		}
	}
	slices.Sort(out)
	return out
}

func valueText(v *ir.Value) string {
	var b strings.Builder
	for _, p := range v.Parts {
		fmt.Fprintf(&b, "<%v %s>", p.Kind, p.Text)
	}
	for _, item := range v.Items {
		b.WriteString("[" + valueText(item) + "]")
	}
	for _, e := range v.Entries {
		b.WriteString("{" + e.Key + " " + valueText(e.Value) + "}")
	}
	return b.String()
}

// `defaults: {CONNECTOR: {…}}` gives each key of each connector to its nodes, as if it
// stood there; the formats too. What a node says itself comes first.
func TestDefaultsOfEachConnector(t *testing.T) {
	tried := 0
	for _, k := range keyTrials() {
		t.Run(k.connector+" "+k.role, func(t *testing.T) {
			alike := func(config map[string]string, want *ir.Program) {
				t.Helper()
				defaults := "{" + k.connector + ": " + nestedKeys(config) + "}"
				got, diagnostics := k.compile(t, nil, "", defaults)
				if got == nil {
					t.Errorf("it does not compile with defaults: %s: %v", defaults, diagnostics)
					return
				}
				if a, b := settingsGiven(got), settingsGiven(want); !slices.Equal(a, b) {
					t.Errorf("defaults: %s give\n%s\nand the node itself\n%s", defaults, strings.Join(a, "\n"), strings.Join(b, "\n"))
				}
				tried++
			}
			for i := range k.side.Keys {
				key := &k.side.Keys[i]
				k.changes = key.Only == "changes"
				var problem string
				done := false
				for _, value := range valuesFor(key) {
					first := map[string]string{key.Name: value}
					if format, _, ok := strings.Cut(key.Name, "."); ok && slices.Contains(k.side.Formats, format) {
						first["format"] = format
					}
					config, p, said := k.with(t, first, 5)
					if problem += said; p != nil {
						alike(config, p)
						done = true
						// The node's own comes before what the defaults say.
						if own, _ := k.compile(t, config, "", "{"+k.connector+": "+nestedKeys(map[string]string{key.Name: value})+"}"); own == nil || !slices.Equal(settingsGiven(own), settingsGiven(p)) {
							t.Errorf("%s stands in both: %v", key.Name, own)
						}
						break
					}
				}
				if !done {
					t.Errorf("no pipeline with `%s` compiles, so nothing is known of it: give valuesFor a value%s", key.Name, problem)
				}
				k.changes = false
			}
			if len(k.side.Formats) < 2 {
				return
			}
			base, _, said := k.with(t, map[string]string{}, 5)
			if base == nil {
				t.Fatalf("no pipeline compiles:%s", said)
			}
			formats := 0
			for _, format := range k.side.Formats {
				config := maps.Clone(base)
				config["format"] = format
				if p, _ := k.compile(t, config, "", ""); p != nil { // some are for records of one text
					alike(config, p)
					formats++
				}
			}
			if formats == 0 {
				t.Errorf("none of the formats %v compiles", k.side.Formats)
			}
		})
	}
	if tried < 100 {
		t.Errorf("only %d keys were tried", tried)
	}
}

// What the docs call a key's default is in the program of whoever does not give the
// key, fixed or not.
func TestProgramsHaveTheDefaults(t *testing.T) {
	seen := 0
	for _, k := range keyTrials() {
		t.Run(k.connector+" "+k.role, func(t *testing.T) {
			config, p, said := k.with(t, map[string]string{}, 5)
			if p == nil {
				t.Fatalf("no pipeline compiles:%s", said)
			}
			text := emittedGo(t, p)
			for i := range k.side.Keys {
				key := &k.side.Keys[i]
				if key.Default == "" || k.side.OfFormat(key) || config[key.Name] != "" {
					continue
				}
				seen++
				if !strings.Contains(text, "s.tried."+key.Go+" = ") {
					t.Errorf("the default %s of `%s` is not in the program", key.Default, key.Name)
				}
			}
		})
	}
	if seen < 20 {
		t.Errorf("only %d defaults were looked for", seen)
	}
}

// emittedGo is the Go of a program, its white space as single spaces.
func emittedGo(t *testing.T, p *ir.Program) string {
	t.Helper()
	l := layout(p)
	l.Version = ""
	files, err := golang.Backend{}.Emit(p, nil, l)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range files {
		all.Write(f.Data)
	}
	return strings.Join(strings.Fields(all.String()), " ")
}

// Each sink takes a `batch`, of its own or of the defaults: the program gathers that
// much, and it can be set when the program starts.
func TestBatchOfEachSink(t *testing.T) {
	const batch = "batch: {count: 7, bytes: 64KiB, linger: 2s}"
	sinks := 0
	for _, k := range keyTrials() {
		if k.role != "sink" {
			continue
		}
		sinks++
		t.Run(k.connector, func(t *testing.T) {
			config, _, said := k.with(t, map[string]string{}, 5)
			if config == nil {
				t.Fatalf("no pipeline compiles:%s", said)
			}
			for from, try := range map[string]struct{ more, defaults string }{"its own": {", " + batch, ""}, "defaults": {"", "{" + batch + "}"}} {
				p, diagnostics := k.compile(t, config, try.more, try.defaults)
				if p == nil {
					t.Errorf("%s: %v", from, diagnostics)
					continue
				}
				i := slices.IndexFunc(p.Nodes, func(n *ir.Node) bool { _, sink := n.Op.(*ir.Sink); return sink && n.YAML == "tried" })
				if b := p.Nodes[i].Op.(*ir.Sink).Batch; b == nil || *b != (ir.Batch{Count: 7, Bytes: 64 << 10, Linger: 2e9}) {
					t.Errorf("%s: the batch is %+v", from, b)
				}
				text := emittedGo(t, p)
				for _, want := range []string{"s.triedBatch = flow.Gather{", "Count: 7", "Batch: s.triedBatch", `Key: "tried.batch.count"`, `Key: "tried.batch.bytes"`, `Key: "tried.batch.linger"`} {
					if !strings.Contains(text, want) {
						t.Errorf("%s: the program lacks %q", from, want)
					}
				}
			}
		})
	}
	if sinks < 8 {
		t.Errorf("only %d sinks were tried", sinks)
	}
}
