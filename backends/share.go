package backends

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A Sharer is a backend whose files bear the name of their pipeline, so that several
// pipelines can have theirs in one folder.
type Sharer interface {
	// Shares does nothing; it is there to be had.
	Shares()
}

// An Owner is a pipeline that has files in a folder which others may share.
type Owner struct {
	// Pipeline is its name, a DNS label; Source is its file, relative to the folder and
	// with slashes, "" where it has none.
	Pipeline, Source string
}

// sourceLine is the comment of a list that names the file of its pipeline.
const sourceLine = "# from "

// WriteOwned is Write for a folder that one pipeline has: another one is refused.
func WriteOwned(dir string, o Owner, files []File) ([]Change, error) {
	l := o.listing(listName)
	if err := o.alone(dir, l); err != nil {
		return nil, err
	}
	return write(dir, l, files)
}

// DiffOwned is Diff for a folder that one pipeline has.
func DiffOwned(dir string, o Owner, files []File) ([]Change, error) {
	l := o.listing(listName)
	if err := o.alone(dir, l); err != nil {
		return nil, err
	}
	changes, _, err := plan(dir, l, files)
	return changes, err
}

// shared is the list of the owner's files among those of others.
func (o Owner) shared() listing { return o.listing(listName + "." + o.Pipeline) }

// listing is a list of the owner's files.
func (o Owner) listing(name string) listing {
	l := listing{name: name}
	if o.Source != "" {
		l.about = sourceLine + o.Source + "\n"
	}
	return l
}

// DiffShared is Diff for a folder that pipelines share.
func DiffShared(dir string, o Owner, files []File) ([]Change, error) {
	if err := o.alone(dir, o.shared()); err != nil {
		return nil, err
	}
	changes, _, err := plan(dir, o.shared(), files)
	return changes, err
}

// WriteShared is Write for a folder that pipelines share: the files of others stay,
// and another pipeline of the same name is refused.
func WriteShared(dir string, o Owner, files []File) ([]Change, error) {
	if err := o.alone(dir, o.shared()); err != nil {
		return nil, err
	}
	return write(dir, o.shared(), files)
}

// A NameTakenError is another pipeline of the same name that has files in a folder;
// without a name it has the folder.
type NameTakenError struct{ Dir, Pipeline, Source string }

func (e *NameTakenError) Error() string {
	if e.Pipeline == "" {
		return fmt.Sprintf("%s has the files of another pipeline, %s: choose another output folder", e.Dir, e.Source)
	}
	return fmt.Sprintf("%s has the files of another pipeline that is called %s, %s: give one of them another name, or choose another output folder", e.Dir, e.Pipeline, e.Source)
}

// alone refuses a folder in which another file that is still there has the owner's
// place. One that is gone was moved.
func (o Owner) alone(dir string, l listing) error {
	data, err := os.ReadFile(filepath.Join(dir, l.name))
	if err != nil || o.Source == "" {
		return nil // there is no list, or nothing to tell pipelines apart by
	}
	for line := range strings.Lines(string(data)) {
		other, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), sourceLine)
		if !ok || other == o.Source {
			continue
		}
		there, err := os.Stat(filepath.Join(dir, filepath.FromSlash(other)))
		if err != nil {
			continue
		}
		if ours, err := os.Stat(filepath.Join(dir, filepath.FromSlash(o.Source))); err == nil && !os.SameFile(there, ours) {
			return &NameTakenError{dir, strings.TrimPrefix(strings.TrimPrefix(l.name, listName), "."), filepath.Join(dir, filepath.FromSlash(other))}
		}
	}
	return nil
}
