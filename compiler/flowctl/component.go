package flowctl

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// A block is one of the three lists of nodes.
type block struct {
	// name is the block, who one of its nodes in messages.
	name, who string
	// roles are what `type` calls a node of the block.
	roles []string
}

var blocks = []block{
	{"sources", "a source", []string{"source", "Source"}},
	{"processors", "a processor", []string{"processor", "Processor", "transform"}},
	{"sinks", "a sink", []string{"sink", "Sink", "consumer", "Consumer"}},
}

// named is the key in which others name one.
func (b block) named() string {
	if b.name == whole.name {
		return "depends_on"
	}
	return "inputs"
}

// componentKeys are the keys of a component of flowctl/v1.
var componentKeys = []string{
	"id", "type", "image", "command", "args", "inputs", "input_event_types", "output_event_types", "config", "env", "volumes", "secrets", "ports",
	"health_check", "health_port", "replicas", "resources", "depends_on", "restart_policy", "description",
}

// camel are the keys of `apiVersion: v1`, which writes some otherwise.
var camel = map[string]string{
	"inputEventTypes": "input_event_types", "outputEventTypes": "output_event_types", "healthCheck": "health_check", "healthPort": "health_port",
	"dependsOn": "depends_on", "restartPolicy": "restart_policy", "eventTypes": "output_event_types", "name": "id",
}

// invented are keys that occur in the wild and that flowctl never read, with
// what they were meant to be.
var invented = map[string]string{
	"health_endpoint": "health_check", "healthEndpoint": "health_check", "healthcheck": "health_check", "environment": "env", "params": "config",
	"event_types": "output_event_types", "produces": "output_event_types", "consumes": "input_event_types", "restart": "restart_policy", "input": "inputs",
}

// component carries one entry of a list of nodes.
func (v *v1) component(b block, n *parse.Node) {
	if n.Kind != parse.Mapping {
		v.l.Errorf(diag.WrongType, n.Place(), "%s must be a mapping, and this is %s", b.who, n.Kind).
			Helpf("write `- id: name` and the keys of the component below it")
		return
	}
	n = v.spelt(b, n)
	id := n.Get("id")
	name, at := v.id(b, n, id)
	if name == "" {
		return
	}
	body := mapping(n.Place())
	m := v.put(v.block(v.Root, b.name, n.Place()), name, at, body)
	v.From[m] = n
	v.from(b, n, name, body)
	v.unproduced(n, name)
	v.kind(b, n, name, body)
	for _, m := range n.Members {
		v.entry(b, n, name, m, body)
	}
}

// spelt returns a component whose keys are all known: of misspelt ones, the near
// name is taken and the mistake reported.
func (v *v1) spelt(b block, n *parse.Node) *parse.Node {
	out := *n
	out.Members = nil
	known := componentKeys
	if b.name != whole.name {
		known = slices.Concat(componentKeys, v.native)
	}
	for _, m := range n.Members {
		key := m.Key.Text
		if v.camel && camel[key] != "" {
			m.Rename(camel[key])
			out.Members = append(out.Members, m)
			continue
		}
		if slices.Contains(known, key) {
			out.Members = append(out.Members, m)
			continue
		}
		d := v.l.Errorf(diag.UnknownKey, m.Key.Span, "`%s` is no key of %s", key, b.who)
		near := camel[key]
		if near == "" {
			near = invented[key]
		}
		switch {
		case near != "" && key == "health_endpoint":
			d.Caret("flowctl leaves it out in silence").Helpf("the path stands in `health_check`, the port in `health_port`")
			v.Lost[n] = append(v.Lost[n], m)
			continue
		case near != "":
			d.Caret("it is called `%s`", near).Replace(m.Key.Span, near, "write `%s`", near)
		case d.Near(key, known):
			near = diag.Nearest(key, known)
		default:
			d.Helpf("flowctl leaves it out in silence; remove it, or give it to the component in `config` or `env`")
		}
		if near != "" && n.Get(near) == nil {
			m.Rename(near)
			out.Members = append(out.Members, m)
			continue
		}
		v.Lost[n] = append(v.Lost[n], m)
	}
	if lost := v.Lost[n]; lost != nil {
		v.Lost[&out] = lost
	}
	return &out
}

// id checks the id of a component and returns the name of its node, "" where it
// has none.
func (v *v1) id(b block, n, id *parse.Node) (string, source.Span) {
	at := n.Place()
	if len(n.Members) > 0 {
		at = n.Members[0].Key.Span
	}
	if id == nil || word(id) == "" {
		if id != nil {
			at = id.Place()
		}
		v.l.Errorf(diag.MissingKey, at, "%s needs an `id`", b.who).Helpf("others name it in their `%s` by its `id`", b.named())
		return "", at
	}
	name := Name(id.Text)
	before, taken := v.names[name]
	switch {
	case taken && v.ids[id.Text] != "":
		v.l.Errorf(diag.DuplicateNode, id.Place(), "there are two components with the id `%s`", id.Text).
			Caret("a second one").Also(before, "the first").Helpf("give one of them another id")
		return "", at
	case taken:
		v.l.Errorf(diag.IDCollision, id.Place(), "`%s` and `%s` would both be called `%s` where dots and the like can't stand", id.Text, v.said[name], name).
			Caret("becomes `%s`", name).Also(before, "so does this").Helpf("give one of them another id; names of services, files and variables are made of it")
		return "", at
	}
	v.names[name], v.ids[id.Text], v.said[name] = id.Place(), name, id.Text
	return name, id.Place()
}

// from turns `inputs` into `from`.
func (v *v1) from(b block, n *parse.Node, name string, body *parse.Node) {
	m := n.Member("inputs")
	native := n.Get("from") != nil
	switch {
	case m == nil && b.name == "sinks" && n.Get("use") != nil:
		return // it may be for dead letters alone
	case m == nil && b.name != "sources" && !native:
		v.l.Errorf(diag.MissingKey, v.names[name], "`%s` has no `inputs`, so nothing reaches it", name).
			Helpf("name the components whose events it takes: `inputs: [%s]`", v.example(b, name))
		v.put(body, "from", v.names[name], broken(v.names[name]))
		return
	case m == nil:
		return
	case b.name == "sources":
		v.l.Errorf(diag.UnknownKey, m.Key.Span, "`%s` is a source, and takes no `inputs`", name).
			Helpf("a component that takes events stands under `processors` or `sinks`")
		return
	case native:
		v.l.Errorf(diag.KeyConflict, m.Key.Span, "`%s` has `inputs` and `from`, and both say what it takes", name).Helpf("keep one of them")
		return
	}
	list := []*parse.Node{m.Value}
	if m.Value.Kind == parse.Sequence {
		list = m.Value.Items
	}
	if len(list) == 0 || m.Value.Kind == parse.Null {
		v.l.Errorf(diag.MissingValue, m.Value.Place(), "`inputs` of `%s` is empty, so nothing reaches it", name).
			Helpf("name the components whose events it takes: `inputs: [%s]`", v.example(b, name))
		v.put(body, "from", m.Key.Span, broken(m.Key.Span))
		return
	}
	var refs, routed []*parse.Node
	for _, item := range list {
		if word(item) == "" {
			v.l.Errorf(diag.WrongType, item.Place(), "an entry of `inputs` must be the id of a component, and this is %s", item.Kind)
			continue
		}
		for _, ref := range v.refs(n, name, item) {
			if typed := v.typed(n, v.all[item.Text], ref); typed != nil {
				refs = append(refs, typed...)
				continue
			}
			if v.mixed(n, v.all[item.Text]) {
				routed = append(routed, ref)
				continue
			}
			refs = append(refs, ref)
		}
	}
	if len(routed) > 0 {
		refs = append(refs, v.route(n, name, routed))
	}
	if len(refs) == 0 {
		v.put(body, "from", m.Key.Span, broken(m.Key.Span))
		return
	}
	value := refs[0]
	if len(refs) > 1 {
		value = sequence(m.Value.Place(), refs...)
	}
	v.carry(body, "from", m, value)
}

// refs are what an entry of `inputs` means.
func (v *v1) refs(n *parse.Node, name string, item *parse.Node) []*parse.Node {
	id := item.Text
	producer := v.all[id]
	if producer == nil {
		for _, b := range blocks {
			for _, c := range items(v.spec.Get(b.name)) {
				if word(c.Get("id")) != "" && Name(word(c.Get("id"))) == id {
					return []*parse.Node{item}
				}
			}
		}
		if head, port, dot := strings.Cut(id, "."); dot && v.all[head] != nil && port != "" { // an output of a native node
			if name := Name(head); name != head {
				return []*parse.Node{v.text(name+"."+port, item.Place())}
			}
			return []*parse.Node{item}
		}
		ids := v.idsOf()
		d := v.l.Errorf(diag.UnknownNode, item.Place(), "`inputs` of `%s` names `%s`, and there is no such component", name, id)
		if !d.Near(id, ids) {
			d.Helpf("there are `%s`", strings.Join(ids, "`, `"))
		}
		return nil
	}
	for _, c := range items(v.spec.Get("sinks")) {
		if c == producer {
			v.l.Errorf(diag.NoOutput, item.Place(), "`%s` takes events of `%s`, which is a sink and gives none", name, id)
			return nil
		}
	}
	v.match(n, name, item, producer)
	if ours := Name(id); ours != id || item.Style == parse.DoubleQuoted || item.Style == parse.SingleQuoted {
		return []*parse.Node{v.text(ours, item.Place())}
	}
	return []*parse.Node{item}
}

// example is an id that could stand in `inputs`.
func (v *v1) example(b block, not string) string {
	for _, from := range blocks[:2] {
		for _, c := range items(v.spec.Get(from.name)) {
			if id := word(c.Get("id")); id != "" && Name(id) != not && (b.name == "sinks" || from.name == "sources") {
				return id
			}
		}
	}
	return "id"
}

func (v *v1) idsOf() []string {
	var out []string
	for _, b := range blocks[:2] {
		for _, c := range items(v.spec.Get(b.name)) {
			if id := word(c.Get("id")); id != "" {
				out = append(out, id)
			}
		}
	}
	return out
}

var tag = regexp.MustCompile(`^[A-Za-z0-9][-A-Za-z0-9_./:]*@[A-Za-z0-9][-A-Za-z0-9_.:+]*$`)

// kind carries what runs: `type` is a role, a reference of a registry, the name
// of a binary, or a form of stdio.
func (v *v1) kind(b block, n *parse.Node, name string, body *parse.Node) {
	m := n.Member("type")
	runs := n.Get("command") != nil || n.Get("image") != nil || n.Get("endpoint") != nil || n.Get("go") != nil
	verb := false
	for _, key := range verbs {
		verb = verb || n.Get(key) != nil
	}
	if m == nil {
		if !runs && !verb {
			v.l.Errorf(diag.NodeKind, v.names[name], "`%s` names nothing that runs", name).
				Helpf("add `command: [\"./program\"]`, `image: name:tag`, or a built-in with `use:`")
			v.put(body, "use", v.names[name], broken(v.names[name]))
		}
		return
	}
	t := word(m.Value)
	switch {
	case t == "":
		v.l.Errorf(diag.WrongType, m.Value.Place(), "`type` must be a word, and this is %s", m.Value.Kind)
	case t == "nebu-processor":
		v.nebu(n, name, m, body)
	case tag.MatchString(t):
		if runs || verb {
			v.l.Errorf(diag.KeyConflict, m.Value.Place(), "`%s` is a reference of the registry, and `%s` says otherwise what runs", t, name).
				Helpf("keep one: the reference, or `command`, `image`, `go` or `use`")
			return
		}
		v.carry(body, "type", m, m.Value)
	case slices.Contains(b.roles, t):
		if !runs && !verb {
			v.l.Errorf(diag.NodeKind, m.Value.Place(), "`%s` names nothing that runs: `%s` says only what it is", name, t).
				Helpf("add `command: [\"./program\"]`, `image: name:tag`, or a built-in with `use:`")
			v.put(body, "use", m.Key.Span, broken(m.Key.Span))
		}
	case v.otherRole(b, t) != "":
		v.l.Errorf(diag.BadValue, m.Value.Place(), "`%s` stands under `%s`, and its `type` says `%s`", name, b.name, t).
			Helpf("move it under `%s`, or leave `type` out", v.otherRole(b, t))
	case verb || n.Get("command") != nil || n.Get("endpoint") != nil || n.Get("go") != nil:
		// A name for people: what runs is said otherwise.
	case runs:
		v.binary(n, m, t)
	default:
		v.l.Errorf(diag.NodeKind, m.Value.Place(), "`%s` names nothing that runs: `%s` is no reference of a registry, which has a version", name, t).
			Helpf("add `command: [\"./%s\"]` or `image: name:tag`, or write `%s@v1.0.0`", t, t)
		v.Lost[n] = append(v.Lost[n], m)
		v.put(body, "use", m.Key.Span, broken(m.Key.Span))
	}
}

// binary is the name of a program inside an image. Where the image is named
// alike, its entrypoint is that program.
func (v *v1) binary(n *parse.Node, m *parse.Member, t string) {
	image := path.Base(word(n.Get("image")))
	image, _, _ = strings.Cut(image, "@")
	image, _, _ = strings.Cut(image, ":")
	if image == t || word(n.Get("id")) == t {
		return
	}
	v.Lost[n] = append(v.Lost[n], m)
	v.l.Warningf(diag.NotCarried, m.Value.Place(), "`type: %s` names a program inside the image, and no container looks there: its own entrypoint runs", t).
		Helpf("where that is another one, write `command: [\"/app/%s\"]`", t)
}

// nebu is `type: nebu-processor` with the program in the config, which speaks by
// lines.
func (v *v1) nebu(n *parse.Node, name string, m *parse.Member, body *parse.Node) {
	config := n.Get("config")
	binary := config.Get("binary")
	if word(binary) == "" {
		v.l.Errorf(diag.MissingKey, m.Value.Place(), "`%s` is a nebu-processor without `config.binary`", name).
			Helpf("name the program: `config: {binary: ./program}`")
		v.put(body, "use", m.Key.Span, broken(m.Key.Span))
		return
	}
	v.carry(body, "command", config.Member("binary"), sequence(binary.Place(), binary))
	v.put(body, "protocol", m.Value.Place(), v.text("ndjson", m.Value.Place()))
	if args := config.Member("args"); args != nil {
		v.args(n, name, args, body)
	}
}

func (v *v1) otherRole(b block, t string) string {
	for _, other := range blocks {
		if other.name != b.name && slices.Contains(other.roles, t) {
			return other.name
		}
	}
	return ""
}
