package build

import (
	"bytes"
	"os"
	"testing"

	"github.com/flowc-dev/flowc/backends"
)

// A program carries the time zones where it is told to, in a module of its own
// and inside of the user's, and only there.
func TestZones(t *testing.T) {
	main := backends.File{Path: "main.go", Data: []byte("package main\n\nfunc main() {}\n")}
	alone := Request{
		Name: "p", Files: []backends.File{main, {Path: "go.mod", Data: []byte("module flowc.local/program\n\ngo 1.26\n")}},
		Layout: backends.Layout{Package: "main", Path: "flowc.local/program"}, CacheDir: t.TempDir(), Release: true,
	}
	within := inside(t)
	within.Files, within.Release = []backends.File{main}, true
	for name, r := range map[string]Request{"alone": alone, "inside": within} {
		for _, zones := range []bool{false, true} {
			r.Zones = zones
			path, _, err := Binary(t.Context(), r)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			binary, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := bytes.Contains(binary, []byte("Europe/Berlin")); got != zones {
				t.Errorf("%s: it has time zones: %v, and was to: %v", name, got, zones)
			}
		}
	}
}
