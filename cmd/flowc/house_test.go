package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// skipped are folders that are not the repository's own text.
var skipped = map[string]bool{".git": true, "bin": true, "dist": true, "node_modules": true, ".flowc": true}

// eachFile calls f with every text file of the repository and its path with
// slashes.
func eachFile(t *testing.T, f func(path string, data []byte)) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if skipped[d.Name()] {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if bytes.IndexByte(data, 0) >= 0 {
			return nil // a binary
		}
		n++
		rel, err := filepath.Rel(root, path)
		f(filepath.ToSlash(rel), data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 100 {
		t.Fatalf("only %d files under %s", n, root)
	}
}

// TestNothingPutOff finds notes of work that somebody meant to do later: such
// work is an issue, or it is done.
func TestNothingPutOff(t *testing.T) {
	later := regexp.MustCompile(`\b(` + strings.Join([]string{"TO" + "DO", "FIX" + "ME", "HACK" + "ME", "not " + "implemented yet"}, "|") + `)\b`)
	eachFile(t, func(path string, data []byte) {
		for i, line := range strings.Split(string(data), "\n") {
			if m := later.FindString(line); m != "" {
				t.Errorf("%s:%d: %s", path, i+1, strings.TrimSpace(line))
			}
		}
	})
}

// TestLinks holds that what a document links to is there.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`)
	n := 0
	eachFile(t, func(path string, data []byte) {
		if !strings.HasSuffix(path, ".md") || strings.Contains(path, "testdata/") {
			return
		}
		text := regexp.MustCompile("(?s)```.*?```|`[^`\n]*`").ReplaceAll(data, nil)
		for _, m := range link.FindAllSubmatch(text, -1) {
			to := string(m[1])
			if strings.Contains(to, "://") {
				continue
			}
			n++
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(filepath.FromSlash(path)), filepath.FromSlash(to))); err != nil {
				t.Errorf("%s links to %s, which is not there", path, to)
			}
		}
	})
	if n == 0 {
		t.Error("no links were found at all")
	}
}
