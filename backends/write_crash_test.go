package backends

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Wherever writing is cut off, the list that lies there names all that flowc has
// written so far: the next run changes and deletes it, headers or not.
func TestWriteCutOff(t *testing.T) {
	first := []File{{Path: "#a.txt", Data: []byte("1")}, {Path: "gone/old.txt", Data: []byte("1")}, {Path: "stays.txt", Data: []byte("1")}}
	then := []File{
		{Path: "#a.txt", Data: []byte("2")},
		{Path: "#new.txt", Data: []byte("2")},
		{Path: "stays.txt", Data: []byte("2")},
		{Path: "sub/new.txt", Data: []byte("2")},
	}
	last := []File{{Path: "stays.txt", Data: []byte("3")}}
	cut := errors.New("cut off")
	for after := range len(then) + 1 {
		dir := t.TempDir()
		if _, err := Write(dir, first); err != nil {
			t.Fatal(err)
		}
		changes, want, err := plan(dir, listing{name: listName}, then)
		if err != nil {
			t.Fatal(err)
		}
		left := after
		err = apply(dir, listName, changes, want, func(path string, data []byte) error {
			if left == 0 {
				return cut
			}
			left--
			return replace(path, data)
		})
		if !errors.Is(err, cut) {
			t.Fatalf("after %d files: got %v", after, err)
		}
		if _, err := Write(dir, last); err != nil {
			t.Errorf("after %d files: %v", after, err)
		}
		var names []string
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
		if !slices.Equal(names, []string{listName, "stays.txt"}) {
			t.Errorf("after %d files: %q are left", after, names)
		}
		if data, err := os.ReadFile(filepath.Join(dir, "stays.txt")); string(data) != "3" || err != nil {
			t.Errorf("after %d files: got %q %v", after, data, err)
		}
	}
}
