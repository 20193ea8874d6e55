package supervisor

import (
	"context"
	"os"
	"path/filepath"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/local/logfile"
)

// Remove stops and deletes. Of a pipeline of which nothing is left the folder goes too.
func (e *Engine) Remove(ctx context.Context, id string, objects []deploy.Object) error {
	if !is(string(e.folder(id))) {
		return nil
	}
	return e.exclusively(id, func(f folder) error {
		for _, o := range objects { // what uses the rest first
			if o.Kind == kindSupervisor {
				if err := f.forget(ctx); err != nil {
					return err
				}
			}
		}
		for _, o := range objects {
			var err error
			switch {
			case o.Kind == kindFolder && o.Name == f.data():
				err = os.RemoveAll(f.data())
			case o.Kind == kindProgram:
				err = f.programs().Delete(o.Name)
			}
			if err != nil {
				return err
			}
		}
		if err := os.Remove(string(f)); err != nil && !holds(string(f)) {
			return err
		}
		return nil
	})
}

// forget stops what runs, and deletes what is known of it.
func (f folder) forget(ctx context.Context) error {
	if err := f.clear(ctx); err != nil {
		return err
	}
	names := []string{"release.json", "state.json", "lock", "log", "supervisor.log", "credentials"}
	for n := range logfile.Files {
		names = append(names, filepath.Base(logfile.Rotated("log", n+1)))
	}
	for _, name := range names {
		if err := os.RemoveAll(f.path(name)); err != nil {
			return err
		}
	}
	return nil
}

// holds tells whether a folder has something in it.
func holds(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) > 0
}
