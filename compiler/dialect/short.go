package dialect

import (
	"regexp"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/schema"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// pipeline reads the blocks of the short spelling.
func (r *reader) pipeline(root *parse.Node) *syntax.Pipeline {
	start := source.Span{File: root.Span.File, Start: root.Span.Start, End: root.Span.Start}
	schema.Check("Pipeline", "a pipeline", root, start, r.l)
	p := &syntax.Pipeline{File: root.Span.File, Name: text(root.Get("pipeline"))}
	r.name(p, root.Get("pipeline"))
	p.Configs = r.readDefaults(root.Get("defaults"))
	p.Imports = r.imports(root.Get("imports"))
	for _, m := range members(root.Get("types")) {
		p.Types = append(p.Types, &syntax.TypeDecl{Name: key(m), Type: r.checkedType(m.Value, "the type `"+m.Key.Text+"`")})
	}
	for _, block := range []string{"types", "sources", "processors", "sinks", "jobs"} {
		if v := root.Get(block); v != nil && v.Kind != parse.Mapping {
			p.Unread = append(p.Unread, block)
		}
	}
	for _, m := range root.Members {
		role, ok := map[string]syntax.Role{"sources": syntax.Source, "processors": syntax.Processor, "sinks": syntax.Sink}[m.Key.Text]
		if !ok {
			continue
		}
		for _, node := range members(m.Value) {
			p.Nodes = append(p.Nodes, r.node(role, node))
		}
	}
	for _, m := range members(root.Get("jobs")) {
		p.Jobs = append(p.Jobs, r.job(m))
	}
	r.delivery(p, root.Get("delivery"))
	r.telemetry(p, root.Get("telemetry"))
	r.edges(p, root.Get("edges"))
	p.Labels, p.Annotations = labels(root.Get("labels")), labels(root.Get("annotations"))
	p.Namespace = text(root.Get("namespace"))
	p.Registry = text(root.Get("registry"))
	for _, m := range members(root.Get("targets")) {
		if m.Value.Kind == parse.Mapping {
			p.Targets = append(p.Targets, syntax.Target{Name: key(m), Value: m.Value})
		}
	}
	return p
}

// labels reads a mapping of names to texts.
func labels(n *parse.Node) []syntax.Label {
	var out []syntax.Label
	for _, m := range members(n) {
		out = append(out, syntax.Label{Key: key(m), Value: text(m.Value)})
	}
	return out
}

var label = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

// name checks the pipeline's name, or takes that of the file.
func (r *reader) name(p *syntax.Pipeline, n *parse.Node) {
	if n == nil || n.Kind != parse.String {
		p.Name = syntax.Text{Text: Label(r.in.Name)}
		return
	}
	if label.MatchString(n.Text) {
		return
	}
	d := r.l.Errorf(diag.NodeName, n.Place(), "`%s` can't be the name of a pipeline: it names folders, services and containers", n.Text)
	if near := Label(n.Text); n.Text != "" {
		d.Replace(n.Span, near, "write `%s`", near)
	}
	d.Helpf("a name has lower-case letters, digits and hyphens, 63 at the most, and begins and ends with a letter or digit")
	p.Name.Text = Label(n.Text)
}

// Label makes a DNS label of any text.
func Label(s string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(s) {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	out := b.String()
	out = strings.Trim(out[:min(len(out), 63)], "-")
	if out == "" {
		return "pipeline"
	}
	return out
}

// imports reads [./money, pq: github.com/x/pq].
func (r *reader) imports(list *parse.Node) []syntax.Import {
	var out []syntax.Import
	if list == nil || list.Kind != parse.Sequence {
		return nil
	}
	add := func(name syntax.Text, n *parse.Node) {
		path := text(n)
		if path.Text == "" {
			return
		}
		path.Text = r.localFolder(path.Text, n)
		out = append(out, syntax.Import{Name: name, Path: path})
	}
	for _, item := range list.Items {
		if item.Kind != parse.Mapping {
			add(syntax.Text{}, item)
			continue
		}
		for _, m := range item.Members {
			add(key(m), m.Value)
		}
	}
	return out
}

// localFolder is like local for a folder alone.
func (r *reader) localFolder(ref string, n *parse.Node) string {
	if !strings.HasPrefix(ref, ".") {
		return ref
	}
	return strings.TrimSuffix(r.local(strings.TrimSuffix(ref, "/")+"/", n), "/")
}

func (r *reader) delivery(p *syntax.Pipeline, n *parse.Node) {
	if n == nil || n.Kind != parse.Mapping {
		return
	}
	schema.Check("Delivery", "`delivery`", n, n.Place(), r.l)
	checkpoint := n.Get("checkpoint")
	p.Delivery = syntax.Delivery{
		Guarantee: text(n.Get("guarantee")),
		Drain:     r.duration(n.Get("drain"), 0),
		Every:     r.duration(checkpoint.Get("every"), 0),
		Store:     text(checkpoint.Get("store")),
		Span:      n.Place(),
	}
	if checkpoint != nil && checkpoint.Kind == parse.Mapping {
		p.Delivery.StoreConfig = r.storeConfig(checkpoint, p.Delivery.Store.Text)
	}
}

// storeConfig reads the keys that say where a store is: those beside it, and what
// `defaults` gives to nodes of the connector.
func (r *reader) storeConfig(checkpoint *parse.Node, store string) []syntax.ConfigKey {
	own := *checkpoint
	own.Members = slices.DeleteFunc(slices.Clone(checkpoint.Members), func(m *parse.Member) bool {
		return m.Key.Text == "every" || m.Key.Text == "store"
	})
	all := &own
	if config := r.defaults.configs[store]; config != nil {
		all = under(&own, config)
	}
	keys := r.config(all)
	for i := range keys { // the schema has said what is wrong with lists and mappings
		kind := keys[i].Node.Kind
		keys[i].Bad = keys[i].Bad || !keys[i].Default && (kind == parse.Sequence || kind == parse.Mapping) != (keys[i].Key.Text == "tls")
	}
	return keys
}

// edges reads what carries records between processes.
func (r *reader) edges(p *syntax.Pipeline, n *parse.Node) {
	if n == nil || n.Kind != parse.Mapping {
		return
	}
	schema.Check("Edges", "`edges`", n, n.Place(), r.l)
	var carrier *parse.Member
	for _, name := range []string{"nats", "kafka"} {
		switch m := n.Member(name); {
		case m == nil:
		case carrier == nil:
			carrier = m
		default:
			r.l.Errorf(diag.KeyConflict, m.Key.Span, "`edges` names two carriers, and one takes all records").
				Notef("the other is `%s`", carrier.Key.Text)
		}
	}
	if carrier == nil {
		if len(n.Members) == 0 {
			r.l.Errorf(diag.MissingKey, n.Place(), "`edges` does not say what carries records").
				Helpf("write `edges: {nats: {url: …}}` or `edges: {kafka: {brokers: […]}}`")
		}
		return
	}
	if carrier.Value.Kind != parse.Mapping {
		return
	}
	all := carrier.Value
	if config := r.defaults.configs[carrier.Key.Text]; config != nil {
		all = under(all, config)
	}
	p.Edges = syntax.Edges{Carrier: key(carrier), Config: r.config(all), Body: carrier.Value}
}

func (r *reader) telemetry(p *syntax.Pipeline, n *parse.Node) {
	if n == nil || n.Kind != parse.Mapping {
		return
	}
	schema.Check("Telemetry", "`telemetry`", n, n.Place(), r.l)
	p.Telemetry = syntax.Telemetry{Log: text(n.Get("log")), Level: text(n.Get("level")), Progress: text(n.Get("progress"))}
	if http := n.Get("http"); http != nil && http.Kind == parse.String {
		p.Telemetry.HTTP = r.value(http)
	}
}

// unknownKey reports a key that is no key of something.
func (r *reader) unknownKey(m *parse.Member, of string) *diag.Diagnostic {
	return r.l.Errorf(diag.UnknownKey, m.Key.Span, "`%s` is no key of %s", m.Key.Text, of)
}
