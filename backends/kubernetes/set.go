package kubernetes

import (
	"fmt"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/ir"
)

// A Set is all objects of a program, for whoever applies them without a file.
type Set struct {
	// Pipeline is its name, and Hash that of its meaning.
	Pipeline, Hash string
	// Name is that of the pipeline, as objects may have it; theirs begin with it.
	Name string
	// Namespace is where they belong, "" for that of whoever applies them.
	Namespace string
	// Objects are in the order in which they are applied, as JSON has them.
	Objects []map[string]any
}

// Render makes the objects of a program that passed Check: those that [Backend.Emit]
// writes. An error is a bug of the compiler's.
func Render(p *ir.Program, o backends.Options, l backends.Layout) (*Set, error) {
	d, err := build(p, o, l)
	if err != nil {
		return nil, err
	}
	if d.list.HasErrors() {
		return nil, fmt.Errorf("rendered what was not checked: %w", d.list[0])
	}
	s := &Set{Pipeline: p.Name, Hash: d.hash(), Name: d.name, Namespace: d.o.Namespace}
	for _, o := range d.objects {
		doc, err := tidy(o)
		if err != nil {
			return nil, err
		}
		tree, ok := plain(doc).(map[string]any)
		if !ok {
			return nil, fmt.Errorf("a %T is no mapping", o)
		}
		s.Objects = append(s.Objects, tree)
	}
	return s, nil
}
