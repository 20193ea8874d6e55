package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends"
)

// needsGo is the Go of the module that brings what the program needs into a
// workspace: that of the libraries' newest.
const needsGo = "1.26"

// workspace returns GOWORK for a package in a workspace of the user's, where there
// is no -modfile: a copy of go.work in the cache that uses the same modules and
// one more, which requires what the program needs. The newer of two versions wins,
// as always in Go. The user's own file is not touched.
func (r Request) workspace(ctx context.Context, goTool, gowork, beside string) (env string, err error) {
	cmd := exec.CommandContext(ctx, goTool, "work", "edit", "-json", gowork)
	out, err := cmd.Output()
	if err != nil {
		if e, ok := errors.AsType[*exec.ExitError](err); ok {
			return "", &Error{Output: string(e.Stderr), Err: err}
		}
		return "", err
	}
	var file workFile
	if err := json.Unmarshal(out, &file); err != nil {
		return "", fmt.Errorf("`go work edit -json` answered with something else than JSON: %w", err)
	}
	text, err := os.ReadFile(gowork)
	if err != nil {
		return "", err
	}
	dir := beside + ".work"
	if err := os.MkdirAll(filepath.Join(dir, "needs"), 0o755); err != nil {
		return "", err
	}
	sum, err := os.ReadFile(gowork + ".sum")
	if err != nil && !os.IsNotExist(err) {
		return "", err
	}
	mod := "module flowc.local/needs\n\ngo " + needsGo + "\n"
	for _, m := range r.Modules {
		mod += fmt.Sprintf("\nrequire %s %s\n", m.Path, m.Version)
	}
	for name, text := range map[string][]byte{
		"go.work": file.text(filepath.Dir(gowork), text), "go.work.sum": withSums(sum, r.Modules),
		"needs/go.mod": []byte(mod), "needs/go.sum": withSums(nil, r.Modules),
	} {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), text, 0o644); err != nil {
			return "", err
		}
	}
	return filepath.Join(dir, "go.work"), nil
}

// A workFile is a go.work as the go command prints it: without `toolchain`, which
// has been obeyed when we get here, and without `godebug`.
type workFile struct {
	Go      string
	Use     []struct{ DiskPath string }
	Replace []struct {
		Old, New struct{ Path, Version string }
	}
}

// text is the file as it reads in another folder, with the needs beside it; root
// is its own, and original what it says.
func (f workFile) text(root string, original []byte) []byte {
	var b bytes.Buffer
	v := f.Go
	if v == "" || version.Compare("go"+v, "go"+needsGo) < 0 {
		v = needsGo
	}
	fmt.Fprintf(&b, "go %s\n", v)
	for _, setting := range godebugs(original) {
		fmt.Fprintf(&b, "godebug %s\n", setting)
	}
	b.WriteString("use ./needs\n")
	for _, u := range f.Use {
		fmt.Fprintf(&b, "use %q\n", absolute(root, u.DiskPath))
	}
	for _, r := range f.Replace {
		to := fmt.Sprintf("%s %s", r.New.Path, r.New.Version)
		if r.New.Version == "" {
			to = fmt.Sprintf("%q", absolute(root, r.New.Path))
		}
		fmt.Fprintf(&b, "replace %s %s => %s\n", r.Old.Path, r.Old.Version, to)
	}
	return b.Bytes()
}

// godebugs are the settings of a go.work for the programs that it builds.
func godebugs(text []byte) (settings []string) {
	inside := false
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "//")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case inside && words[0] == ")":
			inside = false
		case inside:
			settings = append(settings, words[0])
		case words[0] == "godebug" && len(words) == 2 && words[1] == "(":
			inside = true
		case words[0] == "godebug" && len(words) == 2:
			settings = append(settings, words[1])
		}
	}
	return settings
}

func absolute(root, path string) string {
	path = filepath.FromSlash(path)
	if !filepath.IsAbs(path) {
		path = filepath.Join(root, path)
	}
	return filepath.ToSlash(path)
}

// withSums is a go.sum with the lines of modules that it lacks.
func withSums(sum []byte, modules []backends.Module) []byte {
	out := slices.Clone(sum)
	if n := len(out); n > 0 && out[n-1] != '\n' {
		out = append(out, '\n')
	}
	for _, m := range modules {
		for _, line := range m.Sums() {
			if !bytes.Contains(out, []byte(line)) {
				out = append(out, line...)
			}
		}
	}
	return out
}
