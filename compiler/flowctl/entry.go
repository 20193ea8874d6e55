package flowctl

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
)

// verbs are the keys of the short spelling that say what a node does.
var verbs = []string{"use", "filter", "map", "set", "unset", "check", "parse", "flatmap", "route"}

// startEntry carries a key that says what is started and how, which is alike for components
// and whole programs; done is false for any other key.
func (v *v1) startEntry(n *parse.Node, name string, m *parse.Member, body *parse.Node) (done bool) {
	switch m.Key.Text {
	case "image":
		v.literal(m.Value, "image", name)
		v.carry(body, "image", m, v.plain(m.Value))
	case "args":
		v.args(n, name, m, body)
	case "config":
		v.config(n, name, m, body)
	case "env":
		v.env(name, m, body)
	case "volumes":
		v.volumes(name, m, body)
	case "secrets":
		v.secrets(m, body)
	case "resources":
		v.carry(body, "resources", m, m.Value)
	case "restart_policy":
		v.carry(body, "restart", m, m.Value)
	case "description":
		v.leave(body, m, "`description` of `%s` has no place in a deployment: write it as a comment", name)
	default:
		return false
	}
	return true
}

// entry carries one key of a component.
func (v *v1) entry(b block, n *parse.Node, name string, m *parse.Member, body *parse.Node) {
	switch m.Key.Text {
	case "id", "type", "inputs":
		// Carried already.
	case "command":
		v.command(n, m, body)
	case "input_event_types":
		if b.name == "sources" {
			v.l.Errorf(diag.UnknownKey, m.Key.Span, "`%s` is a source, and takes no events", name).Helpf("what it gives is `output_event_types`")
			return
		}
		if !native(n) { // of Go, `from` says it
			v.carry(body, "takes", m, m.Value)
		}
	case "output_event_types":
		if b.name == "sinks" {
			if len(items(m.Value)) > 0 {
				v.l.Errorf(diag.UnknownKey, m.Key.Span, "`%s` is a sink, and gives no events", name).Helpf("what it takes is `input_event_types`")
			}
			return
		}
		v.carry(body, "gives", m, m.Value)
	case "ports":
		v.ports(name, m, body)
	case "health_check":
		if n.Get("health_port") == nil {
			v.l.Warningf(diag.NotCarried, m.Key.Span, "`%s` has a `health_check` and no `health_port`: the port is assigned, and handed to it as HEALTH_PORT", name).
				Helpf("write `health_port` where the component listens on a port of its own choice")
		}
		v.carry(body, "health_check", m, m.Value)
	case "replicas":
		v.replicas(b, n, name, m, body)
	case "depends_on":
		v.waits(name, m, body)
	default:
		if !v.startEntry(n, name, m, body) {
			v.carry(body, m.Key.Text, m, m.Value)
		}
	}
	for _, lost := range v.Lost[n] {
		if !slices.Contains(v.Lost[body], lost) {
			v.Lost[body] = append(v.Lost[body], lost)
		}
	}
}

// plain is a text in which `$` means itself.
func (v *v1) plain(n *parse.Node) *parse.Node {
	if n.Kind == parse.Sequence || n.Kind == parse.Mapping {
		out := *n
		out.Items, out.Members = nil, nil
		for _, item := range n.Items {
			out.Items = append(out.Items, v.plain(item))
		}
		for _, m := range n.Members {
			out.Members = append(out.Members, &parse.Member{Key: m.Key, Value: v.plain(m.Value)})
		}
		return &out
	}
	if n.Kind != parse.String || !strings.Contains(n.Text, "${") {
		return n
	}
	text := ours.ReplaceAllStringFunc(n.Text, func(s string) string {
		if s == "${" {
			return "$${"
		}
		return s
	})
	if text == n.Text {
		return n
	}
	made := n.WithText(text)
	v.Made[made] = true
	return made
}

// ours are references that mean something here, and any other beginning of one.
var ours = regexp.MustCompile(`\$\$\{|\$\{env:[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}|\$\{file:[^}]+\}|\$\{`)

// dollar is what people expect somebody to expand.
var dollar = regexp.MustCompile(`\$\{[^}]*\}|\$\([^)]*\)|\$[A-Za-z_][A-Za-z0-9_]*`)

// literal warns about what looks like a variable in a value and is none: flowctl
// expands nothing.
func (v *v1) literal(n *parse.Node, key, name string) {
	for _, item := range n.Items {
		v.literal(item, key, name)
	}
	for _, m := range n.Members {
		v.literal(m.Value, key, name)
	}
	if n.Kind != parse.String {
		return
	}
	at := dollar.FindStringIndex(ours.ReplaceAllStringFunc(n.Text, func(s string) string {
		if s == "${" {
			return s
		}
		return strings.Repeat(" ", len(s))
	}))
	if at == nil {
		return
	}
	text := n.Text[at[0]:at[1]]
	d := v.l.Warningf(diag.LiteralDollar, n.SubSpan(at[0], at[1]), "`%s` in `%s` of `%s` is taken as it stands: nobody expands it", text, key, name)
	if variable := strings.Trim(text, "${}"); regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`).MatchString(variable) {
		edit := diag.Edit{Span: n.SubSpan(at[0], at[1]), New: "${env:" + variable + "}"}
		if n.Style == parse.Plain && n.InFlow { // where a brace begins a mapping
			whole := n.Text[:at[0]] + edit.New + n.Text[at[1]:]
			edit = diag.Edit{Span: n.Span, New: "'" + strings.ReplaceAll(whole, "'", "''") + "'"}
		}
		d.Fix(diag.Fix{Title: "for the variable of the environment write `${env:" + variable + "}`", Edits: []diag.Edit{edit}})
		return
	}
	d.Helpf("a value from outside is `${env:NAME}`, and is read when the program starts")
}

// shell tells whether a command hands a script to a shell, in which `$` is the
// shell's.
func shell(n *parse.Node) bool {
	list := items(n)
	if len(list) < 2 {
		return false
	}
	program := list[0].Text[strings.LastIndex(list[0].Text, "/")+1:]
	return oneOf(program, "sh", "bash", "ash", "dash", "zsh", "ksh") && strings.HasPrefix(list[1].Text, "-") && strings.HasSuffix(list[1].Text, "c")
}

// serves tells whether a component has a port or a health check, and so speaks gRPC.
func serves(n *parse.Node) bool {
	env := n.Get("env")
	return n.Get("port") != nil || n.Get("ports") != nil || n.Get("health_check") != nil || n.Get("health_port") != nil || env.Get("PORT") != nil || env.Get("GRPC_PORT") != nil
}

// command carries the command, a list, or one text.
func (v *v1) command(n *parse.Node, m *parse.Member, body *parse.Node) {
	if !shell(m.Value) {
		v.literal(m.Value, "command", word(n.Get("id")))
	}
	if m.Value.Kind == parse.Sequence && len(m.Value.Items) == 0 {
		return // as init writes it: none
	}
	if n.Get("protocol") == nil && byLines(n) && v.rewriting {
		v.put(body, "protocol", m.Key.Span, v.text("lines", m.Key.Span))
	}
	v.carry(body, "command", m, v.plain(v.strings(m.Value)))
}

// args carries arguments: a list, or one text, which is one argument.
func (v *v1) args(n *parse.Node, name string, m *parse.Member, body *parse.Node) {
	value := m.Value
	switch {
	case value.Kind == parse.Sequence && len(value.Items) == 0, value.Kind == parse.Null:
		return
	case value.Kind == parse.Mapping:
		v.l.Errorf(diag.WrongType, value.Place(), "`args` must be a list of arguments, or one text, and this is %s", value.Kind)
		return
	}
	if !shell(n.Get("command")) {
		v.literal(value, "args", name)
	}
	v.carry(body, "args", m, v.plain(v.strings(value)))
}

// strings makes texts of numbers and bools in a list: arguments are texts.
func (v *v1) strings(n *parse.Node) *parse.Node {
	if n.Kind != parse.Sequence {
		return n
	}
	out := *n
	out.Items = nil
	for _, item := range n.Items {
		out.Items = append(out.Items, v.asText(item))
	}
	return &out
}

// asText is a number or a bool as the text that is written.
func (v *v1) asText(n *parse.Node) *parse.Node {
	switch n.Kind {
	case parse.Int, parse.Float, parse.Bool:
		made := *n
		made.Kind = parse.String
		v.Made[&made] = true
		return &made
	}
	return n
}

// env carries the environment, whose values are texts.
func (v *v1) env(name string, m *parse.Member, body *parse.Node) {
	if m.Value.Kind != parse.Mapping {
		if m.Value.Kind == parse.Null {
			return
		}
		d := v.l.Errorf(diag.WrongType, m.Value.Place(), "`env` must be a mapping of variables to texts, and this is %s", m.Value.Kind)
		if m.Value.Kind == parse.Sequence {
			d.Helpf("write `NAME: value` in place of `- name: NAME` and `value: …`, or of `- NAME=value`")
		}
		return
	}
	out := *m.Value
	out.Members = nil
	for _, e := range m.Value.Members {
		if v.assigned(name, e, e.Key.Text, body) {
			continue
		}
		v.literal(e.Value, "env."+e.Key.Text, name)
		v.secret(e, e.Key.Text, name)
		out.Members = append(out.Members, &parse.Member{Key: e.Key, Value: v.plain(v.asText(e.Value))})
	}
	if len(out.Members) > 0 {
		v.carry(body, "env", m, &out)
	}
}

// secretWords are in the names of variables that hold a secret.
var secretWords = regexp.MustCompile(`(^|_)(PASSWORD|PASSWD|SECRET|TOKEN|API_KEY|ACCESS_KEY|PRIVATE_KEY)$`)

// secret warns of a secret that stands in the file: it would stand in the program and in
// what is emitted as well.
func (v *v1) secret(e *parse.Member, variable, name string) {
	n := e.Value
	if n.Kind == parse.Mapping || n.Kind == parse.Sequence || n.Text == "" || !secretWords.MatchString(variable) || strings.Contains(n.Text, "${env:") || strings.Contains(n.Text, "${file:") {
		return
	}
	d := v.l.Warningf(diag.SecretLiteral, n.Place(), "`%s` of `%s` looks like a secret, and stands in the file: it would stand in the program as well", e.Key.Text, name)
	d.Fix(diag.Fix{Title: "take it from the environment: `${env:" + variable + "}`", Edits: []diag.Edit{{Span: n.Place(), New: `"${env:` + variable + `}"`}}})
}

// assigned leaves out a variable that tells a component where flowctl's server is, or
// by which name it is known there: both are the program's own, and given to it.
func (v *v1) assigned(name string, e *parse.Member, variable string, body *parse.Node) bool {
	switch {
	case variable == "FLOWCTL_ENDPOINT":
		v.lost(body, e, "`%s` of `%s` names a server of flowctl's: the program has its own, and gives the component its address", e.Key.Text, name).
			Helpf("leave it out; ports that are left out are assigned as well")
	case oneOf(variable, "FLOWCTL_COMPONENT_ID", "FLOWCTL_SERVICE_ID") && word(e.Value) != name:
		v.lost(body, e, "`%s` of `%s` is another name than its own, by which the program knows it: it is left out", e.Key.Text, name).
			Helpf("its name is its `id`")
	default:
		return false
	}
	return true
}

// config carries the config of a component; that of a native node keeps its
// references.
func (v *v1) config(n *parse.Node, name string, m *parse.Member, body *parse.Node) {
	if n.Get("use") != nil {
		v.carry(body, "config", m, m.Value)
		return
	}
	if m.Value.Kind != parse.Mapping {
		if m.Value.Kind != parse.Null {
			v.carry(body, "config", m, m.Value)
		}
		return
	}
	out := *m.Value
	out.Members = nil
	nebu := word(n.Get("type")) == "nebu-processor"
	for _, e := range m.Value.Members {
		switch {
		case nebu && oneOf(e.Key.Text, "binary", "args"):
			continue
		case e.Value.Kind == parse.Sequence || e.Value.Kind == parse.Mapping:
			v.Lost[body] = append(v.Lost[body], e)
			v.l.Errorf(diag.WrongType, e.Value.Place(), "`config.%s` of `%s` becomes a variable of its environment, and %s fits none", e.Key.Text, name, e.Value.Kind).
				Helpf("write it as one text, in the form that the component reads: JSON, or words with commas")
			continue
		case e.Value.Kind == parse.Null, v.assigned(name, e, Variable(e.Key.Text), body):
			continue
		}
		v.literal(e.Value, "config."+e.Key.Text, name)
		v.secret(e, Variable(e.Key.Text), name)
		out.Members = append(out.Members, &parse.Member{Key: e.Key, Value: v.plain(e.Value)})
	}
	if len(out.Members) > 0 {
		v.carry(body, "config", m, &out)
	}
}

// replicas becomes `scale`, where something is said of how they share the events: flowctl
// never ran more than one, so without a word one is what the file has always meant.
func (v *v1) replicas(b block, n *parse.Node, name string, m *parse.Member, body *parse.Node) {
	count, err := strconv.Atoi(word(m.Value))
	switch {
	case m.Value.Kind != parse.Int || err != nil:
		v.l.Errorf(diag.WrongType, m.Value.Place(), "`replicas` must be a whole number, and this is %s", m.Value.Kind)
	case count < 1:
		v.l.Errorf(diag.BadValue, m.Value.Place(), "`%s` can't run in %d replicas", name, count).Helpf("write a whole number above 0")
	case count == 1:
		// As if nothing were said.
	case b.name != "processors":
		v.lost(body, m, "`%s` runs once: only processors run in several copies, since each would %s everything again", name, map[string]string{"sources": "read", "sinks": "write"}[b.name]).
			Helpf("start %s, or give a source a `range` with `parallel`", "the pipeline once for each part of the input")
	case v.spec.Get("edges") == nil && n.Get("key") == nil && n.Get("order") == nil:
		v.lost(body, m, "`%s` runs once: nothing says what carries events to %d processes, and which of them have to stay in order", name, count).
			Helpf("for several say `edges: {nats: {url: \"${env:NATS_URL}\"}}` under `spec`, and beside `replicas` what they are told apart by, `key: in.…`, or `order: none`")
	default:
		scale := mapping(m.Value.Place())
		scale.Style = parse.Flow
		scale.Members = []*parse.Member{{Key: v.text("replicas", m.Key.Span), Value: m.Value}}
		v.carry(body, "scale", m, scale)
	}
}
