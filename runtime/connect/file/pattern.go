package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// isPattern tells whether a path may stand for several files.
func isPattern(path string) bool { return strings.ContainsAny(path, "*?[") }

// expand lists the files that match a pattern, in lexical order. `**` stands for
// any folders; names that begin with a dot match only where the pattern says the
// dot. A folder that can't be read is an error: its files would be missing.
func expand(pattern string) ([]string, error) {
	volume := filepath.VolumeName(pattern)
	slashed := filepath.ToSlash(pattern[len(volume):])
	for part := range strings.SplitSeq(slashed, "/") {
		if _, err := path.Match(part, ""); err != nil {
			return nil, fmt.Errorf("the pattern %s is malformed: %q", pattern, part)
		}
	}
	root := ""
	if strings.HasPrefix(slashed, "/") {
		root, slashed = "/", strings.TrimLeft(slashed, "/")
	}
	var found []string
	if err := match(volume+root, strings.Split(slashed, "/"), &found); err != nil {
		return nil, err
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// match adds the files below dir that the rest of a pattern names.
func match(dir string, parts []string, found *[]string) error {
	part, rest := parts[0], parts[1:]
	if part == "**" {
		if len(rest) == 0 {
			rest = []string{"*"}
		}
		if err := match(dir, rest, found); err != nil {
			return err
		}
	} else if !isPattern(part) && len(rest) > 0 {
		return match(join(dir, part), rest, found)
	} else if !isPattern(part) {
		return keep(join(dir, part), found)
	}
	entries, err := os.ReadDir(orHere(dir))
	if errors.Is(err, fs.ErrNotExist) || isNoFolder(dir, err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") && !strings.HasPrefix(part, ".") {
			continue
		}
		if part == "**" {
			if e.IsDir() { // not through links, which may lead back
				if err := match(join(dir, name), parts, found); err != nil {
					return err
				}
			}
			continue
		}
		if ok, _ := path.Match(part, name); !ok {
			continue
		}
		if len(rest) > 0 {
			err = match(join(dir, name), rest, found)
		} else {
			err = keep(join(dir, name), found)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// keep adds a path that is there and no folder.
func keep(path string, found *[]string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || isNoFolder(filepath.Dir(path), err):
		return nil
	case err != nil:
		return err
	case !info.IsDir():
		*found = append(*found, path)
	}
	return nil
}

// isNoFolder tells whether err comes from looking into something that is no
// folder.
func isNoFolder(dir string, err error) bool {
	if err == nil {
		return false
	}
	info, statErr := os.Stat(orHere(dir))
	return statErr == nil && !info.IsDir()
}

func orHere(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}

func join(dir, name string) string {
	if dir == "" || os.IsPathSeparator(dir[len(dir)-1]) {
		return dir + name
	}
	return dir + string(filepath.Separator) + name
}
