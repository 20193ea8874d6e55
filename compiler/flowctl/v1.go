package flowctl

import (
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// A v1 carries a pipeline of flowctl/v1.
type v1 struct {
	*builder
	// native are the keys of nodes of the short spelling.
	native []string
	// camel has keys of `apiVersion: v1` taken for ours, without a word.
	camel bool
	// rewriting tells that the tree becomes text, which says what the compiler finds
	// out with a note.
	rewriting bool
	spec      *parse.Node
	// all are the components by id, ids their names here, said the ids by name.
	all       map[string]*parse.Node
	ids, said map[string]string
	claimed   map[string]claim
	// apart are the components that take nothing of what is given to them.
	apart map[*parse.Node]*diag.Diagnostic
}

// A claim is a port of the host that a component asks for.
type claim struct {
	name string
	at   source.Span
}

// topLevel are the blocks of the short spelling that a `spec` may have as well.
var topLevel = []string{"types", "imports", "include", "defaults", "delivery", "telemetry", "targets", "edges", "registry", "flowc"}

// FromV1 carries a pipeline of flowctl/v1 into the short spelling. native are the
// keys that nodes of the short spelling have, which components may have as well.
func FromV1(root *parse.Node, native []string, l *diag.List) *Tree {
	v := newV1(native, l)
	v.pipeline(root)
	return v.Tree
}

func newV1(native []string, l *diag.List) *v1 {
	return &v1{
		builder: newBuilder(l), native: native, all: map[string]*parse.Node{}, ids: map[string]string{}, said: map[string]string{},
		claimed: map[string]claim{}, apart: map[*parse.Node]*diag.Diagnostic{},
	}
}

// pipeline carries the head and the lists.
func (v *v1) pipeline(root *parse.Node) {
	v.Root, v.V1 = mapping(root.Place()), root
	v.head(root)
	m := root.Member("spec")
	if m == nil {
		v.l.Errorf(diag.MissingKey, root.Members[0].Key.Span, "a flowctl pipeline needs the key `spec`").
			Helpf("`spec` holds `sources`, `processors` and `sinks`")
		v.unread(root.Members[0].Key.Span)
		return
	}
	if m.Value.Kind != parse.Mapping {
		v.l.Errorf(diag.WrongType, m.Value.Place(), "`spec` must be a mapping, and this is %s", m.Value.Kind)
		v.unread(m.Key.Span)
		return
	}
	v.spec = m.Value
	v.specKeys()
	v.unnamed()
	for _, b := range blocks {
		for _, c := range items(v.spec.Get(b.name)) {
			if id := word(c.Get("id")); id != "" && v.all[id] == nil {
				v.all[id] = c
			}
		}
	}
	for _, b := range blocks {
		list := v.spec.Member(b.name)
		switch {
		case list == nil || list.Value.Kind == parse.Null || list.Value.Kind == parse.Sequence && len(list.Value.Items) == 0:
			continue
		case list.Value.Kind != parse.Sequence:
			v.l.Errorf(diag.WrongType, list.Value.Place(), "`%s` must be a list of components, and this is %s", b.name, list.Value.Kind)
			continue
		}
		v.From[v.blockOf(b.name, list)] = list.Key
		for _, c := range list.Value.Items {
			v.component(b, c)
		}
	}
	v.jobs()
	v.healthPorts()
	v.dropped()
}

// unread stands for nodes that could not be read.
func (v *v1) unread(at source.Span) {
	for _, b := range blocks {
		v.put(v.Root, b.name, at, broken(at))
	}
}

// unnamed makes lists of blocks whose components stand by name, as in the short
// spelling.
func (v *v1) unnamed() {
	spec := *v.spec
	spec.Members = nil
	for _, m := range v.spec.Members {
		if m.Value.Kind != parse.Mapping || !oneOf(m.Key.Text, "sources", "processors", "sinks", "pipelines") {
			spec.Members = append(spec.Members, m)
			continue
		}
		list := *m.Value
		list.Kind, list.Members = parse.Sequence, nil
		for _, e := range m.Value.Members {
			c := e.Value
			if c.Kind == parse.Mapping {
				with := *c
				with.Members = append([]*parse.Member{{Key: v.text("id", e.Key.Span), Value: e.Key}}, c.Members...)
				c = &with
			}
			list.Items = append(list.Items, c)
		}
		spec.Members = append(spec.Members, &parse.Member{Key: m.Key, Value: &list})
	}
	v.spec = &spec
}

// blockOf adds a block of nodes in the order of the file.
func (v *v1) blockOf(name string, list *parse.Member) *parse.Member {
	if m := v.Root.Member(name); m != nil {
		return m
	}
	return v.put(v.Root, name, list.Key.Span, mapping(list.Value.Place()))
}

// head carries apiVersion, kind and metadata.
func (v *v1) head(root *parse.Node) {
	known := []string{"apiVersion", "kind", "metadata", "spec"}
	for _, m := range root.Members {
		if oneOf(m.Key.Text, known...) {
			continue
		}
		d := v.l.Errorf(diag.UnknownKey, m.Key.Span, "`%s` is no key of a flowctl pipeline", m.Key.Text)
		switch {
		case oneOf(m.Key.Text, "sources", "processors", "sinks", "pipelines", "driver") || oneOf(m.Key.Text, topLevel...):
			d.Helpf("it stands under `spec`")
		case d.Near(m.Key.Text, known):
			if near := diag.Nearest(m.Key.Text, known); root.Get(near) == nil {
				m.Rename(near)
				continue
			}
		default:
			d.Helpf("its keys are `apiVersion`, `kind`, `metadata` and `spec`")
		}
		v.Lost[v.Root] = append(v.Lost[v.Root], m)
	}
	first := source.Span{File: root.Span.File, Start: root.Span.Start, End: root.Span.Start}
	if len(root.Members) > 0 {
		first = root.Members[0].Key.Span
	}
	version := root.Get("apiVersion")
	switch {
	case version == nil:
		v.l.Errorf(diag.MissingKey, first, "a flowctl pipeline needs the key `apiVersion`").Helpf("write `apiVersion: flowctl/v1`")
	case version.Text != V1 && !v.camel:
		v.l.Errorf(diag.APIVersion, version.Place(), "`%s` is no version of the language", word(version)).
			Caret("flowctl takes anything here, and reads flowctl/v1").Replace(version.Place(), V1, "write `%s`", V1)
	}
	kind := root.Get("kind")
	switch {
	case kind == nil:
		v.l.Errorf(diag.MissingKey, first, "a flowctl pipeline needs the key `kind`").Helpf("write `kind: Pipeline`")
	case kind.Text != "Pipeline":
		v.l.Errorf(diag.BadValue, kind.Place(), "`kind` must be `Pipeline`, not `%s`", word(kind)).Replace(kind.Place(), "Pipeline", "write `Pipeline`")
	}
	v.metadata(root, first)
}

// metadata carries the name and the words about a pipeline.
func (v *v1) metadata(root *parse.Node, first source.Span) {
	m := root.Member("metadata")
	if m == nil {
		v.l.Errorf(diag.MissingKey, first, "a flowctl pipeline needs the key `metadata`").Helpf("write `metadata: {name: …}`")
		return
	}
	if m.Value.Kind != parse.Mapping {
		v.l.Errorf(diag.WrongType, m.Value.Place(), "`metadata` must be a mapping, and this is %s", m.Value.Kind)
		return
	}
	if name := m.Value.Member("name"); name == nil {
		v.l.Errorf(diag.MissingKey, m.Key.Span, "`metadata` needs the key `name`").Helpf("the pipeline's files, services and checkpoints are called by it")
	} else {
		v.carry(v.Root, "pipeline", name, name.Value)
	}
	known := []string{"name", "namespace", "labels", "annotations", "description"}
	for _, e := range m.Value.Members {
		switch e.Key.Text {
		case "name":
		case "namespace":
			v.namespace(e)
		case "labels", "annotations":
			v.words(e)
		case "description":
			v.description(e)
		default:
			d := v.l.Errorf(diag.UnknownKey, e.Key.Span, "`%s` is no key of `metadata`", e.Key.Text)
			if !d.Near(e.Key.Text, known) {
				d.Helpf("a word of your own about the pipeline is one of `labels` or `annotations`")
			}
			v.Lost[v.Root] = append(v.Lost[v.Root], e)
		}
	}
}

// words carries labels and annotations, whose values are texts.
func (v *v1) words(e *parse.Member) {
	if e.Value.Kind != parse.Mapping {
		if e.Value.Kind != parse.Null {
			v.l.Errorf(diag.WrongType, e.Value.Place(), "`%s` must be a mapping of names to texts, and this is %s", e.Key.Text, e.Value.Kind)
		}
		return
	}
	to := v.Root.Get(e.Key.Text)
	if to == nil {
		to = mapping(e.Value.Place())
		to.Style = e.Value.Style
		v.carry(v.Root, e.Key.Text, e, to)
	}
	for _, m := range e.Value.Members {
		if to.Get(m.Key.Text) == nil {
			to.Members = append(to.Members, m)
		}
	}
}

// description becomes an annotation; a second one is its summary.
func (v *v1) description(e *parse.Member) {
	if word(e.Value) == "" {
		return
	}
	annotations := v.block(v.Root, "annotations", e.Key.Span)
	before := annotations.Member("description")
	switch {
	case before == nil:
		m := &parse.Member{Key: e.Key, Value: e.Value}
		annotations.Members = append(annotations.Members, m)
	case strings.TrimSpace(before.Value.Text) != strings.TrimSpace(e.Value.Text) && annotations.Get("summary") == nil:
		v.carry(annotations, "summary", e, e.Value)
	}
}

// namespace is where the targets that have namespaces put the pipeline.
func (v *v1) namespace(e *parse.Member) {
	if word(e.Value) != "" {
		v.carry(v.Root, "namespace", e, e.Value)
	}
}

// specKeys carries what stands in `spec` beside the nodes.
func (v *v1) specKeys() {
	known := append([]string{"description", "driver", "sources", "processors", "sinks", "pipelines", "config"}, topLevel...)
	for _, m := range v.spec.Members {
		switch key := m.Key.Text; {
		case oneOf(key, "sources", "processors", "sinks", "pipelines"):
		case key == "description":
			v.description(m)
		case key == "driver":
			v.driver(m)
		case key == "config":
			if len(members(m.Value)) > 0 {
				v.lost(v.Root, m, "`spec.config` is left out: flowctl hands it to nobody").Helpf("write each key into the `config` of the component that reads it")
			}
		case oneOf(key, topLevel...):
			v.carry(v.Root, key, m, m.Value)
		default:
			d := v.l.Errorf(diag.UnknownKey, m.Key.Span, "`%s` is no key of `spec`", key)
			if d.Near(key, known) {
				if near := diag.Nearest(key, known); v.spec.Get(near) == nil {
					m.Rename(near)
				}
				continue
			}
			d.Helpf("its keys are `%s`", strings.Join(known, "`, `"))
			v.Lost[v.Root] = append(v.Lost[v.Root], m)
		}
	}
}

// drivers are what flowctl calls the places to run at, with the command for each.
var drivers = map[string]string{
	"process": "flowc run", "local": "flowc run", "container": "flowc emit --target compose", "docker": "flowc emit --target compose",
	"kubernetes": "flowc emit --target k8s", "k8s": "flowc emit --target k8s", "nomad": "flowc emit --target nomad",
}

// driver says where a pipeline is to run, which is the command's business now.
func (v *v1) driver(m *parse.Member) {
	if word(m.Value) == "" || drivers[m.Value.Text] != "" {
		return
	}
	d := v.l.Errorf(diag.BadValue, m.Value.Place(), "`%s` is no driver", word(m.Value))
	if !d.Near(word(m.Value), []string{"process", "local", "container", "docker", "kubernetes", "k8s", "nomad"}) {
		d.Helpf("they are process, local, container, docker, kubernetes, k8s and nomad; `driver` may be left out, since the command says where a pipeline runs")
	}
}

// healthPorts compares the ports that components ask for in numbers.
func (v *v1) healthPorts() {
	for _, b := range blocks {
		for _, c := range items(v.spec.Get(b.name)) {
			id := word(c.Get("id"))
			if id == "" || c.Get("image") != nil && c.Get("command") == nil && !v.onHost() {
				continue // each container has ports of its own
			}
			own := map[string]bool{}
			env := c.Get("env")
			for _, port := range []*parse.Node{c.Get("port"), c.Get("health_port"), env.Get("HEALTH_PORT"), env.Get("PORT"), env.Get("GRPC_PORT")} {
				if text := strings.TrimPrefix(word(port), ":"); text != "" && !own[text] {
					own[text] = true
					v.claim(id, port)
				}
			}
		}
	}
}

// onHost tells whether the driver runs all components on one host.
func (v *v1) onHost() bool { return oneOf(word(v.spec.Get("driver")), "process", "local") }
