package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends/components"
	"github.com/flowc-dev/flowc/compiler/analyze"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/lock"
)

// reference takes a reference of a command line apart: one in Go begins with go:.
func reference(arg string) (text string, inGo bool) {
	text, inGo = strings.CutPrefix(arg, "go:")
	return text, inGo
}

// A shownComponent is a component as commands tell of it.
type shownComponent struct {
	Reference   string            `json:"reference,omitempty"`
	Go          string            `json:"go,omitempty"`
	Image       string            `json:"image,omitempty"`
	Module      string            `json:"module,omitempty"`
	Sum         string            `json:"sum,omitempty"`
	Pinned      bool              `json:"pinned"`
	Platforms   []string          `json:"platforms,omitempty"`
	Name        string            `json:"name,omitempty"`
	Version     string            `json:"version,omitempty"`
	Role        string            `json:"role,omitempty"`
	Description string            `json:"description,omitempty"`
	Takes       []string          `json:"takes,omitempty"`
	Gives       []string          `json:"gives,omitempty"`
	Config      []shownKey        `json:"config,omitempty"`
	Notes       []string          `json:"notes,omitempty"`
	Node        string            `json:"node,omitempty"`
	Digests     map[string]string `json:"digests,omitempty"`
}

type shownKey struct {
	Key         string `json:"key"`
	Type        string `json:"type,omitempty"`
	Env         string `json:"env"`
	Default     any    `json:"default,omitempty"`
	Required    bool   `json:"required,omitempty"`
	Enum        []any  `json:"enum,omitempty"`
	Description string `json:"description,omitempty"`
}

// shown is an entry of a lock; d is what the component says.
func shown(e *lock.Entry, d *lock.Descriptor, notes []string) shownComponent {
	s := shownComponent{
		Reference: e.Reference, Go: e.Go, Image: e.Image, Module: e.Module, Sum: e.Sum, Platforms: slices.Sorted(maps.Keys(e.Platforms)), Digests: e.Platforms,
		Name: d.Name, Version: d.Version, Role: d.Role(), Description: d.Description, Takes: d.Takes(), Gives: d.Gives(), Notes: notes,
	}
	for _, key := range d.Keys() {
		k := d.ConfigSchema[key]
		s.Config = append(s.Config, shownKey{key, k.Type, cmp.Or(d.Variable(key), strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(key))), k.Default, k.Required, k.Enum, k.Description})
	}
	return s
}

// descriptorOf is what an entry says of its component, empty where that is nothing.
func descriptorOf(e *lock.Entry) *lock.Descriptor {
	d, err := lock.ParseDescriptor(e.Descriptor)
	if err != nil {
		return &lock.Descriptor{}
	}
	return d
}

// print tells all of a component.
func (s shownComponent) print(w io.Writer) {
	head := cmp.Or(s.Reference, s.Go, s.Name)
	if s.Description != "" {
		head += ": " + s.Description
	}
	fmt.Fprintln(w, head)
	line := func(word, text string) {
		if text != "" {
			fmt.Fprintf(w, "  %-10s %s\n", word, text)
		}
	}
	line("is", strings.TrimSpace(s.Role+" "+s.Name+" "+s.Version))
	line("image", s.Image)
	line("module", strings.TrimSpace(s.Module+" "+s.Sum))
	line("platforms", strings.Join(s.Platforms, ", "))
	line("takes", strings.Join(s.Takes, ", "))
	line("gives", strings.Join(s.Gives, ", "))
	for _, k := range s.Config {
		about := []string{k.Env}
		if k.Type != "" {
			about = append(about, k.Type)
		}
		if k.Required {
			about = append(about, "required")
		}
		if k.Default != nil {
			about = append(about, fmt.Sprintf("default %v", k.Default))
		}
		if len(k.Enum) > 0 {
			about = append(about, "one of "+strings.Trim(fmt.Sprint(k.Enum), "[]"))
		}
		line("config", strings.TrimSpace(fmt.Sprintf("%s (%s) %s", k.Key, strings.Join(about, ", "), k.Description)))
	}
	for _, n := range s.Notes {
		line("note", n)
	}
}

// pinned lists what the lock has.
func (c *componentsListCmd) pinned(a *app) error {
	l, err := readLock(c.Dir)
	if err != nil {
		return err
	}
	all := []shownComponent{}
	for _, e := range l.Components {
		s := shown(e, descriptorOf(e), nil)
		s.Pinned = true
		all = append(all, s)
	}
	return a.answer(plural(len(all), "component")+" pinned", all, func(w io.Writer) {
		for _, s := range all {
			fmt.Fprintf(w, "%-40s %-10s %s\n", cmp.Or(s.Reference, "go:"+s.Go), s.Role, cmp.Or(s.Image, s.Module))
		}
		if len(all) == 0 {
			fmt.Fprintf(w, "nothing is pinned in %s\n", filepath.Join(c.Dir, lock.Name))
		}
	})
}

// component shows what a component says of itself: by the lock, by its file, or by where it
// comes from.
func (c *componentsShowCmd) component(a *app) error {
	text, inGo := reference(c.Name)
	if strings.HasSuffix(c.Name, ".json") {
		data, err := os.ReadFile(c.Name)
		if err != nil {
			return environment(err)
		}
		d, err := lock.ParseDescriptor(data)
		if err != nil {
			return environment(fmt.Errorf("%s is no descriptor of a component: %w", c.Name, err))
		}
		s := shown(&lock.Entry{}, d, nil)
		s.Name = cmp.Or(s.Name, c.Name)
		return a.answer(s.Name, s, s.print)
	}
	l, err := readLock(c.Dir)
	if err != nil {
		return err
	}
	e, notes := l.Image(text), []string(nil)
	if inGo {
		e = l.Module(text)
	}
	if named, err := entriesOf(l, c.Dir, []string{c.Name}); e == nil && err == nil {
		e = named[0] // by its name alone
	}
	pinned := e != nil
	if !pinned {
		b, err := a.bringer(c.Registry, "")
		if err != nil {
			return err
		}
		if e, notes, err = b.Pin(a.ctx, text, inGo); err != nil {
			return a.notPinned(err, text, inGo)
		}
	}
	d := descriptorOf(e)
	if pinned {
		notes = components.Disagreements(e, d)
	}
	s := shown(e, d, notes)
	s.Pinned, s.Node = pinned, components.Node(e)
	return a.answer(text, s, s.print)
}

type componentsAddCmd struct {
	References []string `arg:"" help:"Components of a registry, org/name@v1 or host/org/name@v1, and in Go, go:example.com/mod/cmd/name@v1.2.3."`
	Registry   string   `help:"Where references without a host are; FLOWC_REGISTRY says it for all." placeholder:"REGISTRY"`
	Dir        string   `help:"The folder of the pipelines, which gets flowc.lock." default:"." placeholder:"DIR"`
}

// Run pins components, and prints the nodes to paste.
func (c *componentsAddCmd) Run(a *app) error {
	l, err := readLock(c.Dir)
	if err != nil {
		return err
	}
	b, err := a.bringer(c.Registry, "")
	if err != nil {
		return err
	}
	all := []shownComponent{}
	var texts []string
	for _, arg := range c.References {
		text, inGo := reference(arg)
		before := l.Image(text)
		if inGo {
			before = l.Module(text)
		}
		e, notes := before, []string(nil)
		if before == nil {
			if e, notes, err = b.Pin(a.ctx, text, inGo); err != nil {
				return a.notPinned(fmt.Errorf("nothing was pinned: %w", err), text, inGo)
			}
			l.Put(e)
		} else {
			notes = []string{"it was pinned already: `flowc components update` moves it"}
		}
		s := shown(e, descriptorOf(e), notes)
		s.Pinned, s.Node = true, components.Node(e)
		all = append(all, s)
		texts = append(texts, s.Node)
	}
	if err := writeLock(c.Dir, l); err != nil {
		return err
	}
	return a.answer("pinned "+plural(len(all), "component"), all, func(w io.Writer) {
		for i, s := range all {
			s.print(w)
			fmt.Fprintf(w, "\n%s\n", texts[i])
		}
	})
}

// notPinned is bringError for a reference of a command line, which may be no reference of a
// registry, and meant for something else.
func (a *app) notPinned(err error, text string, inGo bool) error {
	host, _, _ := strings.Cut(text, "/")
	switch {
	case !inGo && connectorAt(analyze.Connectors(), text) >= 0:
		return usage(fmt.Errorf("%w\n%s is a connector that is built in: `use: %s`, and there is nothing to pin", err, text, text))
	case !inGo && slices.Contains([]string{"github.com", "gitlab.com", "bitbucket.org", "golang.org", "gopkg.in"}, host):
		err = fmt.Errorf("%w\n%s has Go, and is no registry: a component in Go is written go:%s", err, host, text)
	}
	return a.bringError(err)
}

type componentsUpdateCmd struct {
	References []string `arg:"" optional:"" help:"What to pin anew; without, all that flowc.lock has."`
	Registry   string   `help:"Where references without a host are, where they moved; without, each stays where it is." placeholder:"REGISTRY"`
	Dir        string   `help:"The folder of the pipelines, which has flowc.lock." default:"." placeholder:"DIR"`
	Check      bool     `help:"Change nothing, and exit with 8 if there is something to change."`
}

type updatedComponent struct {
	shownComponent
	Changes []string `json:"changes"`
}

// Run moves pins, and tells what is different.
func (c *componentsUpdateCmd) Run(a *app) error {
	l, err := readLock(c.Dir)
	if err != nil {
		return err
	}
	chosen, err := c.chosen(l)
	if err != nil {
		return err
	}
	all, moved := []updatedComponent{}, 0
	for _, before := range chosen {
		b, err := a.bringer(cmp.Or(c.Registry, registryOf(before)), "")
		if err != nil {
			return err
		}
		after, notes, err := b.Pin(a.ctx, before.Written(), before.Go != "")
		if err != nil {
			return a.bringError(fmt.Errorf("nothing was changed: %w", err))
		}
		changes := components.Changes(before, after)
		if len(changes) > 0 {
			moved++
			l.Put(after)
		}
		s := shown(after, descriptorOf(after), notes)
		s.Pinned = true
		all = append(all, updatedComponent{s, append([]string{}, changes...)})
	}
	if !c.Check {
		if err := writeLock(c.Dir, l); err != nil {
			return err
		}
	}
	summary := fmt.Sprintf("%d of %s moved", moved, plural(len(all), "component"))
	if err := a.answer(summary, all, func(w io.Writer) {
		for _, u := range all {
			fmt.Fprintf(w, "%s\n", cmp.Or(u.Reference, u.Go))
			for _, change := range u.Changes {
				fmt.Fprintf(w, "  %s\n", change)
			}
			if len(u.Changes) == 0 {
				fmt.Fprintf(w, "  it is what it was\n")
			}
			for _, n := range u.Notes {
				fmt.Fprintf(w, "  note: %s\n", n)
			}
		}
	}); err != nil {
		return err
	}
	if c.Check && moved > 0 {
		return exit(exitDrift)
	}
	return nil
}

// chosen are the entries that the arguments name, or all.
func (c *componentsUpdateCmd) chosen(l *lock.File) ([]*lock.Entry, error) {
	if len(c.References) == 0 {
		if len(l.Components) == 0 {
			return nil, usage(fmt.Errorf("nothing is pinned in %s", filepath.Join(c.Dir, lock.Name)))
		}
		return slices.Clone(l.Components), nil
	}
	return entriesOf(l, c.Dir, c.References)
}

// entriesOf are the entries of the lock of a folder that arguments name. A name without its
// version is enough where one version of it is pinned.
func entriesOf(l *lock.File, dir string, args []string) (all []*lock.Entry, err error) {
	known := writtenOf(l.Components)
	for _, arg := range args {
		text, inGo := reference(arg)
		var found []*lock.Entry
		for _, e := range l.Components {
			name, _, _ := strings.Cut(e.Written(), "@")
			if (e.Written() == text || name == text) && (!inGo || e.Go != "") {
				found = append(found, e)
			}
		}
		file := filepath.Join(dir, lock.Name)
		switch near := diag.Nearest(text, known); {
		case len(found) == 1:
			if !slices.Contains(all, found[0]) {
				all = append(all, found[0])
			}
		case len(found) > 1:
			return nil, usage(fmt.Errorf("%s is pinned in several versions in %s: %s", text, file, strings.Join(writtenOf(found), ", ")))
		case near != "":
			return nil, usage(fmt.Errorf("%s is not pinned in %s; did you mean %s?", text, file, near))
		default:
			return nil, usage(fmt.Errorf("%s is not pinned in %s, which has %s", text, file, cmp.Or(strings.Join(known, ", "), "nothing")))
		}
	}
	return all, nil
}

// writtenOf is what pipelines write for entries.
func writtenOf(all []*lock.Entry) (texts []string) {
	for _, e := range all {
		texts = append(texts, e.Written())
	}
	return texts
}

// registryOf is the registry by which a reference gave the image that it has.
func registryOf(e *lock.Entry) string {
	ref, err := lock.ParseReference(e.Reference)
	if err != nil || ref.Host != "" || ref.Repository("") == e.Repository() {
		return ""
	}
	return strings.TrimSuffix(e.Repository(), "/"+ref.Path)
}
