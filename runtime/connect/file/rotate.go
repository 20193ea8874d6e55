package file

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// rotateIfDue closes the file when it is large or old enough, and begins the
// next one.
func (t *target) rotateIfDue() error {
	r := t.config.Rotate
	if t.records == 0 || (r.Bytes <= 0 || t.length+int64(t.buffer.Buffered()) < r.Bytes) && (r.Every <= 0 || time.Since(t.begun) < r.Every) {
		return nil
	}
	if err := t.end(true); err != nil {
		return err
	}
	if err := t.sync(); err != nil {
		return err
	}
	if err := t.file.Close(); err != nil {
		return err
	}
	stem, ext := splitExt(t.path)
	for { // numbers go on behind those of earlier runs
		t.rotated++
		name := fmt.Sprintf("%s-%06d%s", stem, t.rotated, ext)
		if _, err := os.Lstat(name); err == nil {
			continue
		}
		if err := publish(t.working(), name); err != nil {
			return err
		}
		break
	}
	if err := t.forget(stem, ext); err != nil {
		return err
	}
	t.records, t.packer = 0, nil
	return t.open(0)
}

// unrotate takes back what was rotated after the checkpoint: the first of those
// files is the one that was being written then, the others came later.
func (t *target) unrotate() error {
	stem, ext := splitExt(t.path)
	for n := t.rotated + 1; ; n++ {
		name := fmt.Sprintf("%s-%06d%s", stem, n, ext)
		if _, err := os.Lstat(name); err != nil {
			return nil
		}
		if n == t.rotated+1 {
			if err := os.Rename(name, t.working()); err != nil {
				return err
			}
			continue
		}
		if err := os.Remove(name); err != nil {
			return err
		}
	}
}

// forget deletes the oldest closed files beyond those to keep.
func (t *target) forget(stem, ext string) error {
	if t.config.Rotate.Keep <= 0 {
		return nil
	}
	closed, err := filepath.Glob(quoteGlob(stem) + "-[0-9][0-9][0-9][0-9][0-9][0-9]" + quoteGlob(ext))
	if err != nil {
		return err
	}
	slices.Sort(closed)
	for len(closed) > t.config.Rotate.Keep {
		if err := os.Remove(closed[0]); err != nil {
			return err
		}
		closed = closed[1:]
	}
	return nil
}

// quoteGlob makes a path match itself alone.
func quoteGlob(s string) string {
	return strings.NewReplacer("*", `\*`, "?", `\?`, "[", `\[`).Replace(s)
}

// splitExt splits off the extension, that of a compression included.
func splitExt(path string) (stem, ext string) {
	ext = filepath.Ext(path)
	stem = strings.TrimSuffix(path, ext)
	if ext == ".gz" || ext == ".zst" {
		inner := filepath.Ext(stem)
		return strings.TrimSuffix(stem, inner), inner + ext
	}
	return stem, ext
}
