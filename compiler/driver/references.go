package driver

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/lock"
	"github.com/flowc-dev/flowc/ir/source"
)

// A Reference is one of a component that flowc brings.
type Reference struct {
	// Text is what the pipeline writes: a reference of a registry, or, where Go is set, a
	// package of Go or a folder.
	Text string
	Go   bool
	// Pinned is what the lock says of it; nil where it says nothing, and for a folder.
	Pinned *lock.Entry
}

// Folder tells that it is a folder of Go beside the pipeline, which nobody pins.
func (r Reference) Folder() bool {
	m, err := lock.ParseModule(r.Text)
	return r.Go && err == nil && m.Local()
}

// Argument is how commands name it.
func (r Reference) Argument() string {
	if r.Go {
		return "go:" + r.Text
	}
	return r.Text
}

// references finds the references of a pipeline, and reads the lock where there are any.
func (c *compile) references(tree *syntax.Pipeline) {
	c.r.Registry = tree.Registry.Text
	for _, n := range tree.Nodes {
		f := n.Foreign
		if f == nil || n.Bad {
			continue
		}
		ref := Reference{Text: f.Reference.Text}
		if ref.Text == "" {
			ref = Reference{Text: f.Go.Text, Go: true}
		}
		if ref.Text != "" && ref.valid() && !slices.Contains(c.r.References, ref) {
			c.r.References = append(c.r.References, ref)
		}
	}
	if len(c.r.References) == 0 {
		return
	}
	text, err := c.readFile(lock.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	at := source.NewFile(lock.Name, filepath.Join(c.r.Dir, lock.Name), text)
	if err == nil {
		c.r.Lock, err = lock.Parse(text)
	}
	if err != nil {
		c.lockUnread = true
		offset := 0
		if place, ok := errors.AsType[*lock.TextError](err); ok {
			offset = min(place.Offset, len(text))
		}
		c.r.Diagnostics.Errorf(diag.LockFile, source.Span{File: at, Start: offset, End: min(offset+1, len(text))}, "%s can't be read: %v", lock.Name, err).
			Helpf("it is written by flowc: take the last one that was committed, or remove it and pin what is needed again, `flowc components add REFERENCE`")
		return
	}
	for i, ref := range c.r.References {
		if ref.Go {
			c.r.References[i].Pinned = c.r.Lock.Module(ref.Text)
		} else {
			c.r.References[i].Pinned = c.r.Lock.Image(ref.Text)
		}
	}
}

// valid tells that a reference is one; what is wrong with others is said where they stand.
func (r Reference) valid() bool {
	var err error
	if r.Go {
		_, err = lock.ParseModule(r.Text)
	} else {
		_, err = lock.ParseReference(r.Text)
	}
	return err == nil
}
