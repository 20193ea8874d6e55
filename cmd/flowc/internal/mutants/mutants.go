// Package mutants tests the tests: it breaks the runtime in one place, runs what is
// to find such things out, and says who did.
//
// The idea: a promise that no test would miss is kept by luck. So each promise of
// the runtime has mutants, mistakes that somebody could make: an ack that comes
// early, a split that is skipped, an error that is swallowed. A mutant is an edit of
// a few words, made in an overlay of the go command, so that the tree is not touched
// and mutants don't get in each other's way. One that nobody catches is a check that
// is missing, or it says why it changes nothing that can be seen (Equivalent).
package mutants

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A Mutant is a mistake of the runtime's.
type Mutant struct {
	// Name says what goes wrong, in a few words.
	Name string
	// File is the file, from the root of the repository; Old stands in it once and
	// is replaced by New.
	File, Old, New string
	// Near are the tests that are known to find it, which run before its suites: a
	// package, from the root, and the name of a test, or test/part. "" where those of
	// its own package are near enough.
	Near string
	// Equivalent says why nobody can see the mutant, "" for those that must be
	// caught.
	Equivalent string
}

// All are all mutants, by what they break.
func All() []Mutant {
	var all []Mutant
	for _, some := range [][]Mutant{acks, orders, checkpoints, deaths, files, tables, brokers, edges, requests, renewals, programs} {
		all = append(all, some...)
	}
	return all
}

// Apply gives the file of a mutant as it is then. An error says what to do about a
// mutant whose place is not there any more.
func (m *Mutant) Apply(root string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(root, m.File))
	if err != nil {
		return nil, fmt.Errorf("%q: %w: the file was renamed or removed, so give the mutant the new one, or remove it with what it broke", m.Name, err)
	}
	if n := strings.Count(string(text), m.Old); n != 1 {
		return nil, fmt.Errorf("%q: its text stands %d times in %s, and must once: the code has changed, so write Old and New anew for what does the same now\n%s", m.Name, n, m.File, m.Old)
	}
	return []byte(strings.Replace(string(text), m.Old, m.New, 1)), nil
}

// overlay writes the overlay of a mutant into a folder and returns its path.
func (m *Mutant) overlay(root, dir string) (string, error) {
	text, err := m.Apply(root)
	if err != nil {
		return "", err
	}
	changed := filepath.Join(dir, filepath.Base(m.File))
	if err := os.WriteFile(changed, text, 0o644); err != nil {
		return "", err
	}
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root, m.File): changed}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, replace, 0o644)
}
