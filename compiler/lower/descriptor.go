package lower

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/lock"
)

// descriptor reads the component's metadata.json and checks the node against it; nil
// where there is none, or none that can be read.
func (w *lowering) descriptor(n *node, f *ir.Foreign, entry *lock.Entry) *lock.Descriptor {
	s := n.Node.Foreign
	if s.Metadata.IsZero() || !s.Reference.IsZero() {
		d := w.pinnedDescriptor(n, entry, s.Named())
		if d == nil && entry == nil {
			d = w.folderDescriptor(n)
		}
		if d != nil {
			w.agree(n, f, d)
		}
		return d
	}
	var text []byte
	var err error
	if w.o.ReadFile != nil {
		text, err = w.o.ReadFile(s.Metadata.Text)
	}
	var d *lock.Descriptor
	if err == nil {
		d, err = lock.ParseDescriptor(text)
	}
	if err != nil {
		w.l.Errorf(diag.Descriptor, s.Metadata.Span, "the descriptor of `%s` can't be read: %s", n.Name.Text, reason(err)).
			Helpf("`metadata` is the path of the component's metadata.json, from this file")
		return nil
	}
	w.agree(n, f, d)
	return d
}

// agree compares what a node says with the descriptor of its component, and takes from that
// what the node does not say.
func (w *lowering) agree(n *node, f *ir.Foreign, d *lock.Descriptor) {
	s := n.Node.Foreign
	w.descriptorRole(n, d)
	w.descriptorTypes(n, "takes", s.Takes, &f.Takes, d.Takes())
	w.descriptorTypes(n, "gives", s.Gives, &f.Gives, d.Gives())
}

// descriptorRole checks that the component is what the node is.
func (w *lowering) descriptorRole(n *node, d *lock.Descriptor) {
	if role := syntax.Role(d.Role()); role != "" && role != n.Role {
		w.l.Errorf(diag.Descriptor, n.Name.Span, "`%s` is a %s, and its descriptor says that it is a %s", n.Name.Text, n.Role, d.Type).
			Also(n.Node.Foreign.Named(), "its descriptor").
			Helpf("move the node under `%ss:`", role)
	}
}

// descriptorTypes checks event types against what the descriptor lists, and takes that
// where the node says nothing.
func (w *lowering) descriptorTypes(n *node, key string, written []syntax.Text, types *[]string, has []string) {
	if len(written) == 0 {
		*types = has
		return
	}
	for _, t := range written {
		if len(has) == 0 || slices.Contains(has, t.Text) {
			continue
		}
		d := w.l.Errorf(diag.Descriptor, t.Span, "the descriptor of `%s` does not list `%s` among what it %s", n.Name.Text, t.Text, key)
		if !d.Near(t.Text, has) {
			d.Notef("it lists `%s`", strings.Join(has, "`, `"))
		}
	}
}

// reason is an error without what the message says already.
func reason(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "there is no such file"
	}
	text := err.Error()
	return strings.TrimPrefix(text, "json: ")
}

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// environment is what the component's environment becomes: `env`, and `config` by the
// descriptor, else by keys in upper case. What `env` says wins.
func (w *lowering) environment(n *node, f *ir.Foreign, d *lock.Descriptor) []ir.Entry {
	var out []ir.Entry
	add := func(name string, c syntax.ConfigKey) {
		if c.Value == nil || c.Bad {
			return
		}
		if slices.ContainsFunc(out, func(e ir.Entry) bool { return e.Key == name }) {
			return
		}
		out = append(out, ir.Entry{Key: name, Value: c.Value, Span: c.Key.Span})
	}
	for _, c := range n.Node.Foreign.Env {
		if !variable.MatchString(c.Key.Text) {
			w.l.Errorf(diag.BadValue, c.Key.Span, "`%s` can't be the name of an environment variable", c.Key.Text).
				Helpf("a name has letters, digits and `_`, and no digit first")
			continue
		}
		add(c.Key.Text, c)
	}
	for _, e := range secretVariables(f) {
		if !slices.ContainsFunc(out, func(o ir.Entry) bool { return o.Key == e.Key }) {
			out = append(out, e)
		}
	}
	for _, c := range n.Config {
		if c.Bad || c.Value == nil || !w.perRecord(n, c.Key.Text, false, c.Value) {
			continue
		}
		if c.Value.Kind == "list" || c.Value.Kind == "map" {
			w.l.Errorf(diag.WrongType, c.Node.Place(), "`%s` is %s, and the config of `%s` becomes environment variables, which are texts", c.Key.Text, c.Node.Kind, n.Name.Text).
				Helpf("write it as the component reads it: one text, such as JSON in quotes")
			continue
		}
		name := w.variableOf(n, d, c)
		if name == "" {
			continue
		}
		add(name, c)
	}
	w.required(n, out, d)
	slices.SortFunc(out, func(a, b ir.Entry) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// required reports keys that a component needs and that nothing gives it.
func (w *lowering) required(n *node, env []ir.Entry, d *lock.Descriptor) {
	if d == nil || n.ConfigUnread {
		return
	}
	for _, key := range d.Keys() {
		k := d.ConfigSchema[key]
		if !k.Required || k.Default != nil || slices.ContainsFunc(n.Config, func(c syntax.ConfigKey) bool { return c.Key.Text == key }) {
			continue
		}
		name := d.Variable(key)
		if name == "" {
			name = variableName(key)
		}
		if slices.ContainsFunc(env, func(e ir.Entry) bool { return e.Key == name }) {
			continue
		}
		at := n.ConfigSpan
		if at.IsZero() {
			at = n.Node.Foreign.Named()
		}
		w.l.Errorf(diag.MissingKey, at, "`%s` needs the key `%s` in its `config`, as its descriptor says", n.Name.Text, key).
			Helpf("write `config: {%s: …}`, or give it the variable: `env: {%s: …}`", key, name)
	}
}

// variableName is the variable that a key becomes of which nothing else is said.
func variableName(key string) string {
	return strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(key))
}

// variableOf is the variable that a key of the config becomes; "" where there is none,
// which has been reported.
func (w *lowering) variableOf(n *node, d *lock.Descriptor, c syntax.ConfigKey) string {
	key := c.Key.Text
	if d != nil {
		if k, ok := d.ConfigSchema[key]; ok {
			w.fitsDescriptor(n, k, c)
		} else if _, mapped := d.EnvMapping[key]; !mapped && len(d.ConfigSchema) > 0 {
			var known []string
			for name := range d.ConfigSchema {
				known = append(known, name)
			}
			slices.Sort(known)
			m := w.l.Errorf(diag.UnknownKey, c.Key.Span, "`%s` is no key of the component `%s`", key, d.Name)
			if !m.Near(key, known) {
				m.Notef("its descriptor lists `%s`", strings.Join(known, "`, `"))
			}
			return ""
		}
		if name := d.EnvMapping[key]; name != "" {
			return name
		}
		if name := d.ConfigSchema[key].Env; name != "" {
			return name
		}
	}
	name := variableName(key)
	if !variable.MatchString(name) {
		w.l.Errorf(diag.BadValue, c.Key.Span, "`%s` gives no name of an environment variable", key).
			Helpf("write the variable under `env:`")
		return ""
	}
	return name
}

// fitsDescriptor checks a value that is known at compile time against what the
// descriptor says of its key.
func (w *lowering) fitsDescriptor(n *node, k lock.DescriptorKey, c syntax.ConfigKey) {
	if !c.Value.IsLiteral() {
		return
	}
	ok := true
	switch strings.ToLower(k.Type) {
	case "integer", "int":
		ok = c.Value.Kind == "int" || integer.MatchString(c.Value.Text())
	case "number", "float":
		ok = c.Value.Kind == "int" || c.Value.Kind == "float" || decimalText.MatchString(c.Value.Text())
	case "boolean", "bool":
		ok = c.Value.Kind == "bool" || slices.Contains([]string{"true", "false", "1", "0"}, strings.ToLower(c.Value.Text()))
	}
	if !ok {
		w.l.Errorf(diag.WrongType, c.Node.Place(), "`%s` must be %s, as the descriptor of `%s` says, and this is `%s`", c.Key.Text, article(k.Type), n.Name.Text, c.Value.Text())
		return
	}
	if len(k.Enum) == 0 {
		return
	}
	var list []string
	for _, v := range k.Enum {
		list = append(list, fmt.Sprint(v))
	}
	if !slices.Contains(list, c.Value.Text()) {
		m := w.l.Errorf(diag.BadValue, c.Node.Place(), "`%s` can't be `%s`, as the descriptor of `%s` says", c.Key.Text, c.Value.Text(), n.Name.Text)
		if !m.Near(c.Value.Text(), list) {
			m.Notef("it can be `%s`", strings.Join(list, "`, `"))
		}
	}
}

var (
	integer     = regexp.MustCompile(`^-?[0-9]+$`)
	decimalText = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
)
