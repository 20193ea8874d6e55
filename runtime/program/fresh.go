package program

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/flowc-dev/flowc/runtime/fresh"
)

// A Fresh is a configuration some of whose values come from files, which may change
// while the program runs. [Again] makes it.
type Fresh interface {
	// refs are the references of those values.
	refs() []Ref
	// begin lets the configuration be asked for, when all settings have their values.
	// What is assigned does not change any more.
	begin(env environment, assigned map[string]bool) error
}

// Again has a configuration follow its files. When settings are resolved, now becomes
// what gives the present configuration: the one at config, or a copy with the values
// that the files have now. refs gives the references of a copy; a map that they set
// something in must be the copy's own. As long as nothing changes it is the same
// pointer, and asking costs next to nothing. A file that is gone or empty leaves the
// last good value.
func Again[C any](config *C, now *func() *C, refs func(*C) []Ref) Fresh {
	return &again[C]{config: config, now: now, of: refs}
}

type again[C any] struct {
	config *C
	now    *func() *C
	of     func(*C) []Ref

	env      environment
	assigned map[string]bool
	paths    []string
	files    []*fresh.Files[*string] // of paths

	mu   sync.Mutex // of who makes a copy
	last atomic.Pointer[reading[C]]
}

// A reading is a configuration, and the texts of files that it was made of.
type reading[C any] struct {
	texts  []*string
	config *C
}

func (a *again[C]) refs() []Ref { return a.of(a.config) }

func (a *again[C]) begin(env environment, assigned map[string]bool) error {
	a.env, a.assigned, a.paths, a.files = env, assigned, nil, nil
	known := map[string]bool{}
	first := reading[C]{config: a.config}
	for _, r := range a.open(a.config) {
		for _, p := range r.Parts {
			path := env.secretPath(p.text)
			if p.kind != partFile || known[path] {
				continue
			}
			known[path] = true
			f, err := openText(path)
			if err != nil {
				return r.error(err)
			}
			a.paths, a.files, first.texts = append(a.paths, path), append(a.files, f), append(first.texts, f.Get())
		}
	}
	a.last.Store(&first)
	*a.now = a.get
	return nil
}

// open are the references to a configuration's values that nothing was assigned to.
func (a *again[C]) open(config *C) (open []Ref) {
	for _, r := range a.of(config) {
		if !a.assigned[r.Key] {
			open = append(open, r)
		}
	}
	return open
}

// openText begins to look at a file. One that is empty later is being written.
func openText(path string) (*fresh.Files[*string], error) {
	begun := false
	return fresh.Open(func(contents [][]byte) (*string, error) {
		if begun && len(bytes.TrimSpace(contents[0])) == 0 {
			return nil, errors.New("it is empty")
		}
		begun = true
		text := string(contents[0])
		return &text, nil
	}, path)
}

// get is the present configuration.
func (a *again[C]) get() *C {
	last := a.last.Load()
	if a.isPresent(last) {
		return last.config
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if last = a.last.Load(); a.isPresent(last) {
		return last.config
	}
	next := &reading[C]{texts: make([]*string, len(a.files))}
	texts := map[string]*string{}
	for i, f := range a.files {
		next.texts[i] = f.Get()
		texts[a.paths[i]] = next.texts[i]
	}
	env := environment{a.env.lookup, func(path string) ([]byte, error) {
		if text := texts[path]; text != nil {
			return []byte(*text), nil
		}
		return nil, fs.ErrNotExist
	}}
	config := *a.config
	next.config = &config
	for _, r := range a.open(&config) {
		if err := r.resolve(env); err != nil {
			slog.Warn("a file has changed, and what is in it can't be used: what it held before stays in use", "error", err)
			next.config = last.config
			break
		}
	}
	a.last.Store(next)
	return next.config
}

// isPresent tells whether the files are still what a reading has of them.
func (a *again[C]) isPresent(r *reading[C]) bool {
	for i, f := range a.files {
		if f.Get() != r.texts[i] {
			return false
		}
	}
	return true
}
