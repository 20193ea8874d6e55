// Package harm builds programs that can be harmed at each point at which a crash or
// a disk that fails could matter: what the runtime does there is what a test decides.
//
// The idea: the runtime names the points that are not calls of the system by comments
// (`//flowc:point NAME`), and its calls of the system go through package os. Emitted
// Go is a module with a copy of the runtime, so a test changes that copy: package
// inside takes the place of os and of the clock, and the comments become calls. What
// is built for users has neither, and costs nothing.
package harm

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

//go:embed inside/*.go
var source embed.FS

// onDisk are the packages whose calls of package os are points.
var onDisk = []string{"runtime/flow", "runtime/connect/file"}

var (
	marker   = regexp.MustCompile(`(?m)^(\s*)//flowc:point (.+)$`)
	osImport = regexp.MustCompile(`(?m)^(\s*|import )"os"$`)
	clause   = regexp.MustCompile(`(?m)^package (\w+)$`)
)

const clock = "time.Now()"

// Instrument changes the emitted program in a folder.
func Instrument(dir string) error {
	module, err := moduleOf(dir)
	if err != nil {
		return err
	}
	target := module + "/runtime/harm"
	err = filepath.WalkDir(filepath.Join(dir, "runtime"), func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(name) != ".go" {
			return err
		}
		return change(dir, name, target)
	})
	if err != nil {
		return err
	}
	return copyInside(filepath.Join(dir, "runtime", "harm"))
}

func moduleOf(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "module "); ok {
			return strings.TrimSpace(name), nil
		}
	}
	return "", fmt.Errorf("%s/go.mod names no module", dir)
}

// change changes one file of the runtime.
func change(dir, name, target string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	was := bytes.Clone(text)
	folder, err := filepath.Rel(dir, filepath.Dir(name))
	if err != nil {
		return err
	}
	if slices.Contains(onDisk, filepath.ToSlash(folder)) {
		text = osImport.ReplaceAll(text, fmt.Appendf(nil, `${1}os "%s"`, target))
	}
	calls := marker.Match(text)
	text = marker.ReplaceAll(text, []byte(`${1}flowcharm.Point("${2}")`))
	if bytes.Contains(text, []byte(clock)) {
		calls = true
		text = bytes.ReplaceAll(text, []byte(clock), []byte("flowcharm.Now()"))
		text = append(text, "\nvar _ time.Time // it may be all that is left of the import\n"...)
	}
	if calls {
		text = clause.ReplaceAll(text, fmt.Appendf(nil, "package ${1}\n\nimport flowcharm \"%s\"", target))
	}
	if bytes.Equal(text, was) {
		return nil
	}
	return os.WriteFile(name, text, 0o644)
}

func copyInside(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	entries, err := source.ReadDir("inside")
	if err != nil {
		return err
	}
	for _, e := range entries {
		text, err := source.ReadFile("inside/" + e.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, e.Name()), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Markers are the names of the points in the source of a runtime: the comments below
// a folder.
func Markers(dir string) (names []string, err error) {
	err = filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(name) != ".go" {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, m := range marker.FindAllSubmatch(text, -1) {
			names = append(names, string(m[2]))
		}
		return nil
	})
	return names, err
}
