package supervisor

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/flowc-dev/flowc/backends/local"
)

// linked are the files of the host that the folder of a group is to have links to, by their
// paths there.
func linked(g *local.Group) map[string]string {
	all := map[string]string{}
	for _, p := range g.Processes {
		maps.Copy(all, p.Links)
	}
	return all
}

// bring makes the links of a group. What is no link is the program's own, and stays.
func bring(dir string, g *local.Group) error {
	all := linked(g)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		at := filepath.Join(dir, filepath.FromSlash(name))
		switch info, err := os.Lstat(at); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case info.Mode()&fs.ModeSymlink == 0:
			return fmt.Errorf("%s is there already, and the options say that it is %s: move it away", at, all[name])
		default:
			if err := os.Remove(at); err != nil {
				return err
			}
		}
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		if err := os.Symlink(all[name], at); err != nil {
			return err
		}
	}
	return nil
}

// reachable tells which file of the host is not there that a group is to have a link to.
func reachable(g *local.Group) error {
	all := linked(g)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if _, err := os.Stat(all[name]); err != nil {
			return fmt.Errorf("`%s` of the pipeline: %w", name, err)
		}
	}
	return nil
}
