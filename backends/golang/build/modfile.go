package build

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends"
)

// modfile returns the flags for a package inside the user's module that needs
// modules which the user's go.mod does not name in this version: a copy of it
// with them, in the cache, where the go command may write (-mod=mod) what
// follows from both. A newer version of the user's wins, as always in Go. The
// user's own file is not touched; nil where it is enough.
func (r Request) modfile(beside string) (flags []string, err error) {
	mod, err := os.ReadFile(filepath.Join(r.ModuleDir, "go.mod"))
	if err != nil {
		return nil, err
	}
	sum, err := os.ReadFile(filepath.Join(r.ModuleDir, "go.sum"))
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	vendor := slices.Contains(r.Flags, "-mod=vendor")
	missing := slices.DeleteFunc(slices.Clone(r.Modules), func(m backends.Module) bool {
		version, ok := required(mod, m.Path)
		return ok && (vendor || version == m.Version)
	})
	if len(missing) == 0 {
		return nil, nil
	}
	if vendor {
		return nil, &Error{Err: fmt.Errorf("the pipeline needs %s, which the vendor folder of %s lacks: run `go get %s` and `go mod vendor` there",
			missing[0].Path, r.ModuleDir, versions(missing, "@", " "))}
	}
	var m bytes.Buffer
	m.Write(mod)
	for _, x := range missing {
		fmt.Fprintf(&m, "\nrequire %s %s\n", x.Path, x.Version)
	}
	file := beside + ".mod"
	if err := os.WriteFile(file, m.Bytes(), 0o644); err != nil {
		return nil, err
	}
	if err := os.WriteFile(strings.TrimSuffix(file, ".mod")+".sum", withSums(sum, r.Modules), 0o644); err != nil {
		return nil, err
	}
	return []string{"-mod=mod", "-modfile=" + file}, nil
}

// required returns the version of a module that a go.mod names.
func required(mod []byte, path string) (version string, ok bool) {
	for line := range bytes.Lines(mod) {
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(string(line)), "require "))
		if len(words) >= 2 && words[0] == path && strings.HasPrefix(words[1], "v") {
			return words[1], true
		}
	}
	return "", false
}

// versions lists modules with their versions.
func versions(modules []backends.Module, between, sep string) string {
	var out []string
	for _, m := range modules {
		out = append(out, m.Path+between+m.Version)
	}
	return strings.Join(out, sep)
}
