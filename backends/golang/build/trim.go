package build

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// What nobody has used for a while goes from the cache, as from that of the go command:
// each edit of a pipeline leaves a binary of some ten megabytes there.
const (
	unusedFor  = 5 * 24 * time.Hour // then an entry goes
	trimEvery  = 24 * time.Hour
	markUseOf  = time.Hour // or each use would write to the disk
	trimmedAt  = "trimmed"
	binaryPart = "bin"
	sourcePart = "src"
	// broughtPart has programs of components, which package components keeps.
	broughtPart = "components"
)

// used notes that an entry is in use.
func used(entry string) {
	if info, err := os.Stat(entry); err == nil && time.Since(info.ModTime()) > markUseOf {
		now := time.Now()
		_ = os.Chtimes(entry, now, now) // at worst it is built once more
	}
}

// Used notes that a folder of the cache is in use.
func Used(dir string) { used(dir) }

// Keep has the cache keep a binary that it gave until ctx ends: one that is started again
// after days must be there still.
func Keep(ctx context.Context, binary string) {
	tick := time.NewTicker(2 * markUseOf)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			used(filepath.Dir(binary))
		}
	}
}

// trim removes what was not used for long, once a day. What can't be removed stays: a
// cache that is too large is no reason to fail.
func trim(cache string, now time.Time) {
	mark := filepath.Join(cache, trimmedAt)
	info, err := os.Stat(mark)
	if err == nil && now.Sub(info.ModTime()) < trimEvery || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return
	}
	if os.WriteFile(mark, nil, 0o644) != nil || os.Chtimes(mark, now, now) != nil {
		return
	}
	for _, part := range []string{binaryPart, sourcePart, broughtPart} {
		entries, err := filepath.Glob(filepath.Join(cache, part, "??", "*"))
		if err != nil {
			continue
		}
		for _, entry := range entries {
			if info, err := os.Stat(entry); err == nil && now.Sub(info.ModTime()) > unusedFor {
				_ = os.RemoveAll(entry)
			}
		}
	}
}
