package sandbox

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Erase removes what a sandbox keeps that does not run. Volumes of containers are the
// engine's ([Clear]).
func Erase(f Folder) error {
	// A cluster of PostgreSQL may lie elsewhere, where another user can reach it.
	links, err := filepath.Glob(filepath.Join(f.Path("data"), "*", "elsewhere"))
	if err != nil {
		return err
	}
	for _, link := range links {
		at, err := os.Readlink(link)
		if err == nil && filepath.Dir(at) == Aside {
			err = os.RemoveAll(at)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, name := range []string{"data", "state", "program", "log", "log.1", "plan.json", "state.json", "process.log"} {
		if err := os.RemoveAll(f.Path(name)); err != nil {
			return err
		}
	}
	return nil
}
