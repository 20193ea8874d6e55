package build

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// What was used within five days stays, and the rest goes once a day.
func TestTrim(t *testing.T) {
	cache, now := t.TempDir(), time.Now()
	entry := func(name string, age time.Duration) {
		t.Helper()
		dir := filepath.Join(cache, filepath.FromSlash(name))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "program"), nil, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(dir, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	const day = 24 * time.Hour
	entry("bin/ab/new", day)
	entry("bin/ab/old", 6*day)
	entry("bin/cd/used", 6*day)
	entry("src/ab/old", 6*day)
	entry("src/ef/new", 4*day)
	entry("other/ab/old", 6*day)
	used(filepath.Join(cache, "bin", "cd", "used"))
	left := func() []string {
		t.Helper()
		found, err := filepath.Glob(filepath.Join(cache, "*", "??", "*"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range found {
			rel, err := filepath.Rel(cache, found[i])
			if err != nil {
				t.Fatal(err)
			}
			found[i] = filepath.ToSlash(rel)
		}
		return found
	}
	trim(cache, now)
	if got, want := left(), []string{"bin/ab/new", "bin/cd/used", "other/ab/old", "src/ef/new"}; !slices.Equal(got, want) {
		t.Errorf("left are %q, want %q", got, want)
	}
	trim(cache, now.Add(23*time.Hour)) // the day is not over
	entry("bin/ab/old", 6*day)
	if got := left(); !slices.Contains(got, "bin/ab/old") {
		t.Errorf("left are %q", got)
	}
	trim(cache, now.Add(2*day))
	if got, want := left(), []string{"bin/ab/new", "bin/cd/used", "other/ab/old"}; !slices.Equal(got, want) {
		t.Errorf("two days later %q are left, want %q", got, want)
	}
}
