// Package supervisor applies pipelines to a machine without systemd: each is a group of
// processes below a supervisor of its own, a process that `flowc apply` starts and leaves
// behind. What was applied, and how it does, is in a folder that the commands read; a
// supervisor that was killed leaves enough there for the next one to wait for what it left.
package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/local"
)

// An Engine is this machine.
type Engine struct {
	// Base is the folder with one for each pipeline.
	Base string
	// Command is the program, with its first arguments, that does [Serve] for the folder
	// that is its last one.
	Command []string
	// Lookup is the environment of whoever applies.
	Lookup func(string) (string, bool)
}

var _ deploy.Engine = (*Engine)(nil)

// Open makes an engine. A system that has no processes of the kind is an error.
func Open(e Engine) (*Engine, error) {
	if !supported {
		return nil, errors.New("a process of this system can't be told to end in order, so that flowc leaves none behind here: `flowc run --target local` runs the pipeline for as long as you look, `flowc build` makes a program for a service manager")
	}
	return &e, nil
}

// Place names the machine's folder.
func (e *Engine) Place() string { return "this machine, below supervisors of flowc's in " + e.Base }

// Release is a group as something to be applied.
func Release(g *local.Group, from string) (*deploy.Release, error) {
	text, err := json.Marshal(g)
	return &deploy.Release{ID: g.Pipeline, Pipeline: g.Pipeline, Hash: g.Hash, Image: g.Program, Folder: from, Manifest: text}, err
}

// name is that of a pipeline: a folder of ours has no other.
var name = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

func (e *Engine) folder(id string) folder { return folder(filepath.Join(e.Base, id)) }

// Releases are the folders that there are.
func (e *Engine) Releases(context.Context) ([]*deploy.Release, error) {
	entries, err := os.ReadDir(e.Base)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []*deploy.Release
	for _, entry := range entries {
		if !entry.IsDir() || !name.MatchString(entry.Name()) {
			continue
		}
		f := e.folder(entry.Name())
		r, err := e.before(f)
		if err != nil {
			return nil, err
		}
		objects, err := e.objects(f)
		if err != nil {
			return nil, err
		}
		if r == nil && len(objects) == 0 {
			continue
		}
		if r == nil {
			r = &deploy.Release{ID: entry.Name(), Pipeline: entry.Name()}
		}
		r.Objects = objects
		all = append(all, r)
	}
	return all, nil
}

// before is the release of a folder, nil for none.
func (e *Engine) before(f folder) (*deploy.Release, error) {
	r, _, err := f.release()
	if err != nil || r == nil {
		return nil, err
	}
	release, err := Release(&r.Group, r.Folder)
	if err != nil {
		return nil, err
	}
	s, err := f.state()
	if err != nil {
		return nil, err
	}
	release.Hash, release.Secrets = r.Hash, s.ran(&r.Group)
	return release, nil
}

// objects are what there is of a pipeline.
func (e *Engine) objects(f folder) (all []deploy.Object, err error) {
	if r, _, err := f.release(); err != nil {
		return nil, err
	} else if r != nil {
		all = append(all, deploy.Object{Kind: kindSupervisor, Name: r.Pipeline})
	}
	if is(f.data()) {
		all = append(all, deploy.Object{Kind: kindFolder, Name: f.data(), Data: true})
	}
	references, err := f.programs().References(filepath.Base(string(f)))
	for _, p := range references {
		all = append(all, deploy.Object{Kind: kindProgram, Name: p, Spare: true})
	}
	return all, err
}

// The kinds of what belongs to a pipeline.
const (
	kindSupervisor = "supervisor"
	kindFolder     = "folder"
	kindProgram    = "program"
)

// is tells whether a file or a folder is there.
func is(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// exclusively holds a pipeline's folder, which it makes, against others that change it.
func (e *Engine) exclusively(id string, do func(folder) error) error {
	f := e.folder(id)
	err := os.MkdirAll(e.Base, 0o755)
	if err == nil {
		err = os.Mkdir(string(f), 0o700)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: FLOWC_LOCAL_DIR names another folder for what is applied", err)
	}
	held, err := os.Open(string(f))
	if err != nil {
		return err
	}
	defer held.Close()
	if err := lock(held); errors.Is(err, errLocked) {
		return fmt.Errorf("another command is just changing %s: %w", id, deploy.ErrChanged)
	} else if err != nil {
		return err
	}
	return do(f)
}
