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

// modfile returns the -modfile flag for a package inside the user's module that
// needs modules which the user's go.mod does not name: a copy of it with them,
// in the cache. The user's own file is not touched; "" where it is enough.
func (r Request) modfile(beside string) (flag string, err error) {
	mod, err := os.ReadFile(filepath.Join(r.ModuleDir, "go.mod"))
	if err != nil {
		return "", err
	}
	sum, err := os.ReadFile(filepath.Join(r.ModuleDir, "go.sum"))
	if err != nil && !os.IsNotExist(err) {
		return "", err
	}
	missing := slices.DeleteFunc(slices.Clone(r.Modules), func(m backends.Module) bool { return requires(mod, m.Path) })
	if len(missing) == 0 {
		return "", nil
	}
	if slices.Contains(r.Flags, "-mod=vendor") {
		return "", &Error{Err: fmt.Errorf("the pipeline needs %s, which the vendor folder of %s lacks: run `go get %s@%s` and `go mod vendor` there",
			missing[0].Path, r.ModuleDir, missing[0].Path, missing[0].Version)}
	}
	var m, s bytes.Buffer
	m.Write(mod)
	s.Write(sum)
	if n := len(sum); n > 0 && sum[n-1] != '\n' {
		s.WriteByte('\n')
	}
	for _, x := range missing {
		fmt.Fprintf(&m, "\nrequire %s %s\n", x.Path, x.Version)
		fmt.Fprintf(&s, "%s %s %s\n%s %s/go.mod %s\n", x.Path, x.Version, x.Sum, x.Path, x.Version, x.GoModSum)
	}
	file := beside + ".mod"
	if err := os.WriteFile(file, m.Bytes(), 0o644); err != nil {
		return "", err
	}
	if err := os.WriteFile(strings.TrimSuffix(file, ".mod")+".sum", s.Bytes(), 0o644); err != nil {
		return "", err
	}
	return "-modfile=" + file, nil
}

// requires tells whether a go.mod names a module.
func requires(mod []byte, path string) bool {
	for line := range bytes.Lines(mod) {
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(string(line)), "require "))
		if len(words) >= 2 && words[0] == path && strings.HasPrefix(words[1], "v") {
			return true
		}
	}
	return false
}
