package lower

import (
	"path"

	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir/lock"
)

// described gives components that do not say which event types they take and give those of
// their descriptors, before these get their types. What is wrong with a descriptor is said
// where it is checked.
func (w *lowering) described() {
	for _, n := range w.p.Nodes {
		s := n.Foreign
		if s == nil || n.Bad || len(s.Takes) > 0 && len(s.Gives) > 0 {
			continue
		}
		d := w.descriptorOf(s)
		if d == nil || d.Role() != "" && d.Role() != string(n.Role) {
			continue
		}
		if len(s.Takes) == 0 && n.Role != syntax.Source {
			s.Takes = textsAt(d.Takes(), s)
		}
		if len(s.Gives) == 0 && n.Role != syntax.Sink {
			s.Gives = textsAt(d.Gives(), s)
		}
	}
}

func textsAt(types []string, s *syntax.Foreign) (all []syntax.Text) {
	for _, t := range types {
		all = append(all, syntax.Text{Text: t, Span: s.Named()})
	}
	return all
}

// descriptorOf is the descriptor of a component, nil where there is none that can be read.
func (w *lowering) descriptorOf(s *syntax.Foreign) *lock.Descriptor {
	var text []byte
	var err error
	read := func(file string) {
		if w.o.ReadFile != nil {
			text, err = w.o.ReadFile(file)
		}
	}
	m, merr := lock.ParseModule(s.Go.Text)
	switch {
	case !s.Reference.IsZero():
		if e := w.o.Lock.Image(s.Reference.Text); e != nil {
			text = e.Descriptor
		}
	case !s.Metadata.IsZero():
		read(s.Metadata.Text)
	case s.Go.IsZero() || merr != nil:
	case m.Local():
		read(path.Join(m.Package, "metadata.json"))
	default:
		if e := w.o.Lock.Module(s.Go.Text); e != nil {
			text = e.Descriptor
		}
	}
	if err != nil || len(text) == 0 {
		return nil
	}
	d, err := lock.ParseDescriptor(text)
	if err != nil {
		return nil
	}
	return d
}
