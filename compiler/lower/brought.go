package lower

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/lock"
	"github.com/flowc-dev/flowc/ir/source"
)

// brought finds what a node's reference means: a component of a registry (`type`), or one in
// Go (`go`). ok is false where it is none, which has been reported.
func (w *lowering) brought(n *node, f *ir.Foreign) (entry *lock.Entry, ok bool) {
	s := n.Node.Foreign
	written, key := s.Reference, "type"
	if written.IsZero() {
		written, key = s.Go, "go"
	}
	if written.IsZero() {
		return nil, true
	}
	for _, other := range []string{"go", "command", "image", "endpoint"} {
		if m := n.Body.Member(other); m != nil && other != key {
			w.l.Errorf(diag.KeyConflict, m.Key.Span, "`%s` has `%s` and `%s`, and each of them says what runs", n.Name.Text, key, other).
				Also(written.Span, "`%s` here", key).
				Helpf("choose one of them")
			return nil, false
		}
	}
	if m := n.Body.Member("metadata"); m != nil && !s.Reference.IsZero() {
		w.l.Errorf(diag.KeyConflict, m.Key.Span, "`%s` is of a registry, which has its descriptor beside it", n.Name.Text).
			Also(written.Span, "the reference").
			Helpf("remove `metadata`")
	}
	var file string
	if key == "go" {
		m, err := lock.ParseModule(written.Text)
		if err != nil {
			w.l.Errorf(diag.BadValue, written.Span, "`%s` names no program in Go: %v", written.Text, err)
			return nil, false
		}
		if m.Local() {
			f.Brought = &ir.Brought{Reference: written.Text, Go: true, File: lock.LocalFile(m)}
			f.Command = literalCommand(f.Brought.File, written.Span)
			return nil, true
		}
		entry = w.o.Lock.Module(written.Text)
	} else {
		if _, err := lock.ParseReference(written.Text); err != nil {
			w.l.Errorf(diag.BadValue, written.Span, "`%s` is no reference of a component: %v", written.Text, err)
			return nil, false
		}
		entry = w.o.Lock.Image(written.Text)
	}
	f.Brought = &ir.Brought{Reference: written.Text, Go: key == "go"}
	if entry == nil {
		w.unpinned(n, written)
		file = lock.UnpinnedFile(written.Text)
	} else {
		file, f.Brought.Image = entry.File(), entry.Image
	}
	f.Brought.File = file
	f.Command = literalCommand(file, written.Span)
	return entry, true
}

func literalCommand(file string, at source.Span) []*ir.Value {
	return []*ir.Value{{Kind: "string", Span: at, Parts: []ir.Part{{Kind: ir.Literal, Text: lock.FilePrefix + file, Span: at}}}}
}

// unpinned says that nobody has pinned a reference: what it means is not known here.
func (w *lowering) unpinned(n *node, written syntax.Text) {
	if w.o.LockUnread {
		return
	}
	name := written.Text
	if !n.Node.Foreign.Go.IsZero() {
		name = "go:" + name
	}
	if w.o.Frozen {
		w.l.Errorf(diag.LockFile, written.Span, "`%s` is not in %s, and nothing is pinned where that is frozen", written.Text, lock.Name).
			Helpf("run `flowc components add %s` beside the pipeline, and commit %s", name, lock.Name)
		return
	}
	w.l.Warningf(diag.LockFile, written.Span, "`%s` is not in %s, so its types and its config are not checked", written.Text, lock.Name).
		Helpf("`flowc components add %s` pins it; so do `run`, `build`, `image`, `emit` and `apply`", name)
}

// pinnedDescriptor is what a component says of itself, by the lock; nil where there is
// nothing.
func (w *lowering) pinnedDescriptor(n *node, entry *lock.Entry, at source.Span) *lock.Descriptor {
	if entry == nil || len(entry.Descriptor) == 0 {
		return nil
	}
	d, err := lock.ParseDescriptor(entry.Descriptor)
	if err != nil {
		w.l.Errorf(diag.Descriptor, at, "the descriptor of `%s` in %s can't be read: %s", n.Name.Text, lock.Name, reason(err)).
			Helpf("`flowc components update %s` fetches it again", strings.TrimSpace(entry.Written()))
		return nil
	}
	return d
}

// folderDescriptor is the metadata.json in the folder of a component in Go beside the
// pipeline, nil where there is none.
func (w *lowering) folderDescriptor(n *node) *lock.Descriptor {
	s := n.Node.Foreign
	m, err := lock.ParseModule(s.Go.Text)
	if err != nil || !m.Local() || w.o.ReadFile == nil {
		return nil
	}
	file := path.Join(m.Package, "metadata.json")
	text, err := w.o.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var d *lock.Descriptor
	if err == nil {
		d, err = lock.ParseDescriptor(text)
	}
	if err != nil {
		w.l.Errorf(diag.Descriptor, s.Go.Span, "the descriptor of `%s`, %s, can't be read: %s", n.Name.Text, file, reason(err)).
			Helpf("mend it, or remove it: a component needs none")
		return nil
	}
	return d
}
