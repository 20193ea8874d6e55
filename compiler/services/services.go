// Package services reads a file of services: flowctl's SandboxServices, a mapping of
// `services`, or a file of Compose, which are nearly the same. What it can't carry it says,
// with its place.
package services

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/compiler/flowctl"
	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// Is tells whether a text is a file of services, and no pipeline.
func Is(f *source.File) bool {
	var l diag.List
	root := parse.File(f, parse.FormatOf(f.Name), &l)
	s := flowctl.Recognise(root)
	return root != nil && (s.Name == flowctl.Sandbox || s.Name == flowctl.Services)
}

// Read reads the services of a file, in its order, with the variables in it.
func Read(f *source.File, lookup Lookup, l *diag.List) []sandbox.Declared {
	root := parse.File(f, parse.FormatOf(f.Name), l)
	if root == nil {
		return nil
	}
	if s := flowctl.Recognise(root); s.Name != flowctl.Sandbox && s.Name != flowctl.Services {
		l.Errorf(diag.ForeignDialect, root.Place(), "this is no file of services").
			Helpf("a file of services has `services`, with an `image` for each, as flowctl's SandboxServices and Compose have")
		return nil
	}
	var said diag.List
	_, tree := flowctl.Migrate(expanded(root, lookup, l), flowctl.Options{}, &said)
	for _, d := range said {
		if tree != nil {
			d.Severity = diag.Warning
		}
		l.Add(d)
	}
	if tree == nil {
		return nil
	}
	r := reader{l: l}
	var all []sandbox.Declared
	if services := tree.Root.Get("services"); services != nil {
		for _, m := range services.Members {
			all = append(all, r.service(m))
		}
	}
	for _, d := range all {
		for _, name := range d.After {
			if !slices.ContainsFunc(all, func(o sandbox.Declared) bool { return o.Name == name }) {
				l.Errorf(diag.UnknownNode, r.after[d.Name+" "+name], "`%s` needs `%s`, and there is no such service", d.Name, name)
			}
		}
	}
	return all
}

// expanded is a file with variables put into its services: what else stands in it nobody here
// reads.
func expanded(n *parse.Node, lookup Lookup, l *diag.List) *parse.Node {
	out := *n
	out.Members = nil
	for _, m := range n.Members {
		value := m.Value
		switch m.Key.Text {
		case "services":
			value = interpolate(value, lookup, l)
		case "spec":
			value = expanded(value, lookup, l)
		}
		out.Members = append(out.Members, &parse.Member{Key: m.Key, Value: value})
	}
	return &out
}

// A reader takes services out of a tree that has Compose's keys.
type reader struct {
	l     *diag.List
	after map[string]source.Span // by the names of both
}

func (r *reader) service(m *parse.Member) sandbox.Declared {
	at := m.Key.Place()
	p := at.File.Position(at.Start)
	d := sandbox.Declared{Name: m.Key.Text, At: fmt.Sprintf("%s:%d:%d", at.File.Name, p.Line, p.Column)}
	n := m.Value
	if n.Kind != parse.Mapping || n.Get("image") == nil {
		r.l.Errorf(diag.MissingKey, at, "the service `%s` has no `image`", d.Name).Helpf("say what it runs: `image: redis:7`")
		return d
	}
	for _, e := range n.Members {
		switch e.Key.Text {
		case "image":
			d.Image = e.Value.Text
		case "command":
			d.Command = words(e.Value)
		case "entrypoint":
			if all := words(e.Value); len(all) > 0 {
				d.Entrypoint, d.Command = all[0], append(all[1:], d.Command...)
			}
		case "environment":
			d.Env = pairs(e.Value)
		case "ports":
			for _, item := range e.Value.Items {
				r.port(&d, item)
			}
		case "volumes":
			for _, item := range e.Value.Items {
				if !strings.Contains(item.Text, ":") {
					r.warn(item, "the volume `%s` of `%s` has no place in the container, and is left out", item.Text, d.Name)
					continue
				}
				d.Volumes = append(d.Volumes, item.Text)
			}
		case "depends_on":
			for _, item := range e.Value.Items {
				r.needs(&d, item)
			}
			for _, on := range e.Value.Members {
				r.needs(&d, on.Key)
			}
		case "healthcheck":
			test := e.Value.Get("test")
			if test == nil {
				continue
			}
			switch all := words(test); {
			case test.Kind != parse.Sequence:
				d.Health = all
			case len(all) > 1 && all[0] == "CMD-SHELL":
				d.Health = []string{"sh", "-c", all[1]}
			case len(all) > 1 && all[0] == "CMD":
				d.Health = all[1:]
			}
		case "restart", "networks", "container_name", "hostname", "labels": // a sandbox has its own
		default:
			r.warn(e.Key, "`%s` of the service `%s` is left out: a sandbox has no place for it", e.Key.Text, d.Name)
		}
	}
	return d
}

func (r *reader) warn(n *parse.Node, format string, args ...any) {
	r.l.Add(diag.Warningf(diag.NotCarried, n.Place(), format, args...))
}

func (r *reader) needs(d *sandbox.Declared, n *parse.Node) {
	if r.after == nil {
		r.after = map[string]source.Span{}
	}
	r.after[d.Name+" "+n.Text] = n.Place()
	d.After = append(d.After, n.Text)
}

// port reads [ADDRESS:][HOST:]CONTAINER[/tcp].
func (r *reader) port(d *sandbox.Declared, n *parse.Node) {
	text, protocol, _ := strings.Cut(n.Text, "/")
	if protocol != "" && protocol != "tcp" {
		r.warn(n, "the port `%s` of `%s` is left out: a sandbox publishes those of TCP", n.Text, d.Name)
		return
	}
	parts := strings.Split(text, ":")
	var p sandbox.DeclaredPort
	var err error
	if p.Container, err = number(parts[len(parts)-1]); err == nil && len(parts) > 1 {
		p.Host, err = number(parts[len(parts)-2])
	}
	if err != nil {
		r.l.Errorf(diag.BadValue, n.Place(), "`%s` is no port", n.Text).Helpf("write HOST:CONTAINER, such as 6379:6379")
		return
	}
	d.Ports = append(d.Ports, p)
}

func number(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err == nil && n == 0 {
		err = strconv.ErrRange
	}
	return int(n), err
}

// words are those of a command: a list, or a text as a shell would take it apart.
func words(n *parse.Node) (all []string) {
	if n.Kind != parse.Sequence {
		if n.Text == "" {
			return nil
		}
		return []string{"sh", "-c", n.Text}
	}
	for _, i := range n.Items {
		all = append(all, i.Text)
	}
	return all
}

// pairs are NAME=VALUE, of a mapping or of a list.
func pairs(n *parse.Node) (all []string) {
	for _, e := range n.Members {
		all = append(all, e.Key.Text+"="+e.Value.Text)
	}
	for _, i := range n.Items {
		all = append(all, i.Text)
	}
	return all
}
