package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/ir/lock"
)

type componentsRemoveCmd struct {
	References []string `arg:"" help:"What flowc.lock shall not have any more: org/name@v1, or the name alone where one version is pinned."`
	Dir        string   `help:"The folder of the pipelines, which has flowc.lock." default:"." placeholder:"DIR"`
	Overlay    []string `help:"A file of another folder that is laid over a pipeline of this one, and may name components." placeholder:"FILE"`
}

// Run takes components out of the lock. What a pipeline names would be pinned again, perhaps
// to something else, so that is refused.
func (c *componentsRemoveCmd) Run(a *app) error {
	l, err := readLock(c.Dir)
	if err != nil {
		return err
	}
	chosen, err := entriesOf(l, c.Dir, c.References)
	if err != nil {
		return err
	}
	folder, err := a.folderOf(c.Dir, c.Overlay)
	if err != nil {
		return err
	}
	for _, e := range chosen {
		if at := folder.Names(e); at != "" {
			return &exitError{code: exitInvalid, err: fmt.Errorf("%s is named at %s, so it stays pinned, and nothing was removed: take it out of there first (`flowc components update %s` pins what it means now)", e.Written(), filepath.Join(c.Dir, at), e.Written())}
		}
		l.Drop(e)
	}
	if err := writeLock(c.Dir, l); err != nil {
		return err
	}
	removed := writtenOf(chosen)
	return a.answer("removed "+plural(len(removed), "component"), map[string][]string{"removed": removed}, func(w io.Writer) {
		for _, text := range removed {
			fmt.Fprintf(w, "removed %s\n", text)
		}
	})
}

type componentsTidyCmd struct {
	Registry string   `help:"Where references without a host are, unless the pipeline says it; FLOWC_REGISTRY says it for all." placeholder:"REGISTRY"`
	Dir      string   `help:"The folder of the pipelines, which has flowc.lock." default:"." placeholder:"DIR"`
	Overlay  []string `help:"A file of another folder that is laid over a pipeline of this one, and may name components." placeholder:"FILE"`
	Check    bool     `help:"Change nothing, ask no registry, and exit with 8 if there is something to change."`
}

// A tidied is what a lock lacks, or has and need not have.
type tidied struct {
	Unused  []string  `json:"unused"`
	Missing []missing `json:"missing"`
	Pinned  int       `json:"pinned"`
}

type missing struct {
	Reference string `json:"reference"`
	At        string `json:"at"`
}

// Run makes the lock of a folder what its files need.
func (c *componentsTidyCmd) Run(a *app) error {
	l, err := readLock(c.Dir)
	if err != nil {
		return err
	}
	folder, err := a.folderOf(c.Dir, c.Overlay)
	if err != nil {
		return err
	}
	res := tidied{Unused: []string{}, Missing: []missing{}}
	var unused []*lock.Entry
	for _, e := range l.Components {
		if folder.Names(e) == "" {
			unused, res.Unused = append(unused, e), append(res.Unused, e.Written())
		}
	}
	wanted := folder.Missing(l)
	for _, n := range wanted {
		res.Missing = append(res.Missing, missing{n.Text, filepath.Join(c.Dir, n.At.Place())})
	}
	if !c.Check {
		for _, e := range unused {
			l.Drop(e)
		}
		if err := c.pin(a, l, wanted); err != nil {
			return err
		}
		if err := writeLock(c.Dir, l); err != nil {
			return err
		}
	}
	res.Pinned = len(l.Components)
	tell := func(w io.Writer) { c.tell(w, &res) }
	if c.Check && len(res.Unused)+len(res.Missing) > 0 {
		if err := a.answerNot(lock.Name+" is not what the pipelines need", res, tell); err != nil {
			return err
		}
		return exit(exitDrift)
	}
	return a.answer(lock.Name+" has what the pipelines need", res, tell)
}

// pin pins what is missing, each by the registry that its file names.
func (c *componentsTidyCmd) pin(a *app, l *lock.File, wanted []driver.Named) error {
	for _, n := range wanted {
		b, err := a.bringer(c.Registry, n.Registry)
		if err != nil {
			return err
		}
		e, notes, err := b.Pin(a.ctx, n.Text, n.Go)
		if err != nil {
			return a.bringError(fmt.Errorf("nothing was changed: %s, which %s names: %w", n.Text, filepath.Join(c.Dir, n.At.Place()), err))
		}
		l.Put(e)
		a.pinned(e, notes)
	}
	return nil
}

// tell says in lines what would be changed, or what is removed; of what is pinned that was
// said when it was.
func (c *componentsTidyCmd) tell(w io.Writer, res *tidied) {
	for _, text := range res.Unused {
		if c.Check {
			fmt.Fprintf(w, "unused: %s\n", text)
		} else {
			fmt.Fprintf(w, "removed %s, which no pipeline of the folder names\n", text)
		}
	}
	for _, m := range res.Missing {
		if c.Check {
			fmt.Fprintf(w, "missing: %s, which %s names\n", m.Reference, m.At)
		}
	}
	file := filepath.Join(c.Dir, lock.Name)
	switch {
	case c.Check && len(res.Unused)+len(res.Missing) > 0:
		fmt.Fprintf(w, "%s is not what the pipelines need: `flowc components tidy` makes it so\n", file)
	case res.Pinned == 0:
		fmt.Fprintf(w, "the pipelines name no component that must be pinned\n")
	default:
		fmt.Fprintf(w, "%s has what the pipelines need: %s\n", file, plural(res.Pinned, "component"))
	}
}

// folderOf reads the files of a folder of pipelines. Where there is no pipeline nothing is
// known of what they need.
func (a *app) folderOf(dir string, overlays []string) (*driver.Folder, error) {
	folder, list, err := driver.ReadFolder(dir, overlays)
	var path *fs.PathError
	switch {
	case errors.As(err, &path) && errors.Is(err, fs.ErrNotExist):
		return nil, usage(fmt.Errorf("there is no %s", path.Path))
	case err != nil:
		return nil, environment(err)
	}
	if err := a.report(list); err != nil {
		return nil, err
	}
	if !folder.Pipelines {
		where := "this folder"
		if dir = filepath.Clean(dir); dir != "." {
			where = dir
		}
		return nil, usage(fmt.Errorf("there is no pipeline in %s, so nothing is known of what it needs: --dir names the folder of the pipelines", where))
	}
	return folder, nil
}
