package main

import (
	"slices"
	"testing"
)

// The go command reads the go.mod of all that is below a module from before Go
// 1.17, and of nothing below later ones.
func TestUnpruned(t *testing.T) {
	for version, want := range map[string]bool{"": true, "1": false, "1.9": true, "1.16": true, "1.17": false, "1.26.0": false, "1.21rc1": false} {
		if got := unpruned(version); got != want {
			t.Errorf("%q: %v", version, got)
		}
	}
}

func TestBelow(t *testing.T) {
	edges := map[string][]string{"a@v1": {"b@v1", "c@v2"}, "b@v1": {"c@v1", "a@v1"}, "x@v1": {"y@v1"}}
	sums := []byte("b v1/go.mod h1:b\nc v1/go.mod h1:c1\nc v2 h1:zip\nc v2/go.mod h1:c2\n")
	got, err := below("a@v1", edges, sums)
	if want := []string{"b v1/go.mod h1:b", "c v1/go.mod h1:c1", "c v2/go.mod h1:c2"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q %v", got, err)
	}
	if _, err := below("x@v1", edges, sums); err == nil {
		t.Error("a sum that is missing is no error")
	}
}

// The modules of a package are those of its whole build on every system.
func TestClosure(t *testing.T) {
	found, err := closure("../../..", []string{"github.com/alecthomas/kong", "golang.org/x/tools/go/packages"})
	if err != nil {
		t.Fatal(err)
	}
	needs := map[string][]string{}
	for _, m := range found {
		if m.Version == "" || m.Main {
			t.Errorf("%+v", m)
		}
		needs[m.Path] = m.needs
	}
	if n, ok := needs["github.com/alecthomas/kong"]; !ok || len(n) > 0 {
		t.Errorf("kong needs %q", n)
	}
	if n := needs["golang.org/x/tools"]; !slices.Equal(n, []string{"golang.org/x/mod", "golang.org/x/sync"}) {
		t.Errorf("tools needs %q", n)
	}
	if _, ok := needs["golang.org/x/sync"]; !ok {
		t.Error("a module that is needed is not among them")
	}
}
