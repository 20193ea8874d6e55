//go:build unix

package inside

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// A drive knows what a disk would still have after a loss of power: of each file the
// bytes that were synced, and of each folder the names at its last sync. It is harder
// than most file systems are: nothing lasts that was not asked for.
type drive struct {
	sync.Mutex
	files map[inode]*content
	undos []undoing
}

type inode struct{ dev, ino uint64 }

// content is what is known of a file that the program has opened for writing.
type content struct {
	path string
	// durable is how much of it would be there; lost that a sync has failed, so that
	// what came since the last one is never synced.
	durable int64
	lost    bool
}

// An undoing is a name that was changed in a folder which was not synced since.
type undoing struct {
	dir  string
	undo func()
}

var disk = &drive{files: map[inode]*content{}}

func inodeOf(f *os.File) (inode, int64, bool) {
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		return inode{}, 0, false
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return inode{}, 0, false
	}
	return inode{uint64(s.Dev), s.Ino}, info.Size(), true //nolint:unconvert // its type differs by system
}

// opened notes a file; made tells that it was not there.
func (d *drive) opened(f *os.File, made bool) {
	at, size, ok := inodeOf(f)
	if !ok {
		return
	}
	path := absolute(f.Name())
	d.Lock()
	defer d.Unlock()
	c := d.files[at]
	if c == nil || made {
		c = &content{}
		d.files[at] = c
		if !made {
			c.durable = size
		}
	}
	c.path = path
	c.durable = min(c.durable, size)
	if made {
		d.undos = append(d.undos, undoing{filepath.Dir(path), func() { _ = os.Remove(path) }})
	}
}

func (d *drive) of(f *os.File) (*content, int64) {
	at, size, ok := inodeOf(f)
	if !ok {
		return nil, 0
	}
	return d.files[at], size
}

func (d *drive) cut(f *os.File, size int64) {
	d.Lock()
	defer d.Unlock()
	if c, _ := d.of(f); c != nil {
		c.durable = min(c.durable, size)
	}
}

func (d *drive) forsake(f *os.File) {
	d.Lock()
	defer d.Unlock()
	if c, _ := d.of(f); c != nil {
		c.lost = true
	}
}

// synced notes what is durable: a file, or the names in a folder.
func (d *drive) synced(f *os.File) {
	d.Lock()
	defer d.Unlock()
	if c, size := d.of(f); c != nil {
		if !c.lost {
			c.durable = size
		}
		return
	}
	dir := absolute(f.Name())
	left := d.undos[:0]
	for _, u := range d.undos {
		if u.dir != dir {
			left = append(left, u)
		}
	}
	d.undos = left
}

// keep is what brings a file back that is about to be replaced or removed.
func (d *drive) keep(path string) (undo func()) {
	path = absolute(path)
	data, err := os.ReadFile(path)
	if err != nil {
		return func() { _ = os.Remove(path) }
	}
	return func() { _ = os.WriteFile(path, data, 0o644) }
}

// rename renames a file. The power is not lost in the midst of it.
func (d *drive) rename(from, to string) error {
	d.Lock()
	defer d.Unlock()
	restore := d.keep(to)
	if err := os.Rename(from, to); err != nil {
		return err
	}
	from, to = absolute(from), absolute(to)
	d.forget(to)
	for _, c := range d.files {
		if c.path == from {
			c.path = to
		}
	}
	d.undos = append(d.undos, undoing{filepath.Dir(to), func() {
		for _, c := range d.files {
			if c.path == to {
				c.path = from
			}
		}
		_ = os.Rename(to, from)
		restore()
	}})
	return nil
}

// remove removes a file.
func (d *drive) remove(path string) error {
	d.Lock()
	defer d.Unlock()
	restore := d.keep(path)
	if err := os.Remove(path); err != nil {
		return err
	}
	path = absolute(path)
	d.forget(path)
	d.undos = append(d.undos, undoing{filepath.Dir(path), restore})
	return nil
}

// forget forgets a file that is not at its path any more.
func (d *drive) forget(path string) {
	for at, c := range d.files {
		if c.path == path {
			delete(d.files, at)
		}
	}
}

// loseAll is the loss of power. Nothing of the program goes on behind it.
func (d *drive) loseAll() {
	d.Lock()
	for i := len(d.undos) - 1; i >= 0; i-- {
		d.undos[i].undo()
	}
	for _, c := range d.files {
		if info, err := os.Stat(c.path); err == nil && info.Size() > c.durable {
			_ = os.Truncate(c.path, c.durable)
		}
	}
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
