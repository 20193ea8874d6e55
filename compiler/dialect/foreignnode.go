package dialect

import (
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/source"
)

// foreignKeys are the keys that make a node a component in a process or a container of
// its own.
var foreignKeys = []string{"command", "image", "endpoint", "type", "go"}

// foreign reads what a node says of its component.
func (r *reader) foreign(n *syntax.Node, body *parse.Node) {
	f := &syntax.Foreign{
		Protocol: text(body.Get("protocol")), HealthCheck: text(body.Get("health_check")),
		Restart: text(body.Get("restart")), Format: text(body.Get("format")),
		Takes: oneOrMore(body.Get("takes")), Gives: oneOrMore(body.Get("gives")),
		Settle: r.duration(body.Get("settle"), 0), Window: r.count(body.Get("window"), 0),
		SettleSpan: keySpan(body, "settle"), WindowSpan: keySpan(body, "window"),
		Port: r.count(body.Get("port"), 0), HealthPort: r.count(body.Get("health_port"), 0),
		PortSpan: keySpan(body, "port"), HealthPortSpan: keySpan(body, "health_port"),
		CommandSpan: keySpan(body, "command"), ImageSpan: keySpan(body, "image"), EndpointSpan: keySpan(body, "endpoint"),
	}
	n.Foreign = f
	if c := body.Get("command"); c != nil && c.Kind == parse.String {
		f.CommandLine = true
		f.Command = r.commandLine(c)
	} else {
		f.Command = r.scalars(c)
	}
	if a := body.Get("args"); a != nil && a.Kind == parse.String {
		f.Args = []*ir.Value{r.value(a)}
	} else {
		f.Args = r.scalars(a)
	}
	f.Image, f.Endpoint = r.scalar(body.Get("image")), r.scalar(body.Get("endpoint"))
	if isReference(body) {
		f.Reference = text(body.Get("type"))
	}
	f.Go = text(body.Get("go"))
	f.Env = r.config(body.Get("env"))
	if m := body.Get("metadata"); m != nil && m.Kind == parse.String && m.Text != "" {
		f.Metadata = syntax.Text{Text: r.beside(m.Text, m), Span: m.Place()}
	}
	r.foreignPlaces(f, body)
	if res := body.Get("resources"); res != nil {
		f.Requests, f.Limits = amounts(res.Get("requests")), amounts(res.Get("limits"))
	}
	if m := body.Member("config"); m != nil {
		n.ConfigSpan, n.ConfigUnread = m.Key.Span, m.Value.Kind != parse.Mapping
		n.Config = r.config(m.Value)
	}
}

// isReference tells that the `type` of a node is a reference of a registry, and no other
// word for `use`.
func isReference(body *parse.Node) bool {
	n := body.Get("type")
	return n != nil && n.Kind == parse.String && strings.Contains(n.Text, "@")
}

// foreignPlaces reads ports, volumes and secrets.
func (r *reader) foreignPlaces(f *syntax.Foreign, body *parse.Node) {
	for _, p := range items(body.Get("ports")) {
		f.Ports = append(f.Ports, ir.ForeignPort{
			Name: text(p.Get("name")).Text, Container: r.count(p.Get("container"), 0), Host: r.count(p.Get("host"), 0),
			Protocol: text(p.Get("protocol")).Text, Span: p.Place(),
		})
	}
	for _, v := range items(body.Get("volumes")) {
		readonly := v.Get("readonly")
		f.Volumes = append(f.Volumes, ir.ForeignVolume{
			Name: text(v.Get("name")).Text, HostPath: text(v.Get("host")).Text, ContainerPath: text(v.Get("container")).Text,
			ReadOnly: readonly != nil && readonly.Kind == parse.Bool && parse.Value(readonly) == true, Span: v.Place(),
		})
	}
	for _, s := range items(body.Get("secrets")) {
		required := s.Get("required")
		secret := ir.ForeignSecret{
			Name: text(s.Get("name")).Text, Type: text(s.Get("type")).Text, HostPath: text(s.Get("host")).Text,
			ContainerPath: text(s.Get("container")).Text, Env: text(s.Get("env")).Text, Mode: text(s.Get("mode")).Text,
			Required: required != nil && required.Kind == parse.Bool && parse.Value(required) == true, Span: s.Place(),
		}
		for _, m := range members(s.Get("labels")) {
			secret.Labels = append(secret.Labels, ir.ForeignLabel{Key: m.Key.Text, Value: m.Value.Text})
		}
		f.Secrets = append(f.Secrets, secret)
	}
}

// items are the mappings of a list.
func items(n *parse.Node) []*parse.Node {
	if n == nil || n.Kind != parse.Sequence {
		return nil
	}
	var out []*parse.Node
	for _, item := range n.Items {
		if item.Kind == parse.Mapping {
			out = append(out, item)
		}
	}
	return out
}

func amounts(n *parse.Node) ir.ForeignResources {
	if n == nil || n.Kind != parse.Mapping {
		return ir.ForeignResources{}
	}
	var out ir.ForeignResources
	if v := n.Get("cpu"); v != nil {
		out.CPU = v.Text
	}
	if v := n.Get("memory"); v != nil {
		out.Memory = v.Text
	}
	return out
}

// keySpan is the place of a key, zero where it is not there.
func keySpan(body *parse.Node, key string) source.Span {
	if m := body.Member(key); m != nil {
		return m.Key.Span
	}
	return source.Span{}
}

// scalar is a value that is one text, nil for anything else.
func (r *reader) scalar(n *parse.Node) *ir.Value {
	if n == nil || n.Kind == parse.Mapping || n.Kind == parse.Sequence || n.Kind == parse.Null {
		return nil
	}
	return r.value(n)
}

// scalars are the texts of a list.
func (r *reader) scalars(n *parse.Node) []*ir.Value {
	if n == nil || n.Kind != parse.Sequence {
		return nil
	}
	var out []*ir.Value
	for _, item := range n.Items {
		if v := r.scalar(item); v != nil {
			out = append(out, v)
		}
	}
	return out
}

// oneOrMore is a text, or a list of them.
func oneOrMore(n *parse.Node) []syntax.Text {
	if n != nil && n.Kind == parse.String {
		return []syntax.Text{text(n)}
	}
	return texts(n)
}

// commandLine takes a command in one text apart, as a shell takes words: quotes hold
// words together. A text with more in it than words (a pipe, a redirection, a variable)
// is a script for `sh -c`.
func (r *reader) commandLine(n *parse.Node) []*ir.Value {
	words, plain := shellWords(n.Text)
	literal := func(s string) *ir.Value {
		return &ir.Value{Kind: "string", Span: n.Place(), Parts: []ir.Part{{Kind: ir.Literal, Text: s, Span: n.Place()}}}
	}
	if !plain {
		return []*ir.Value{literal("sh"), literal("-c"), r.value(n)}
	}
	var out []*ir.Value
	for _, w := range words {
		out = append(out, literal(w))
	}
	return out
}

// shellWords are the words of a command; plain tells that it is nothing but words.
func shellWords(s string) (words []string, plain bool) {
	var word strings.Builder
	quote, inWord := rune(0), false
	for _, c := range s {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == '"' && strings.ContainsRune("$`\\", c), quote == 0 && strings.ContainsRune("|&;<>()$`\\*?[]#~{}\n", c):
			return nil, false
		case quote != 0:
			word.WriteRune(c)
		case c == '\'' || c == '"':
			quote, inWord = c, true
		case c == ' ' || c == '\t':
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
		default:
			word.WriteRune(c)
			inWord = true
		}
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, quote == 0
}
