package component

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// goEnv is what the go command says about itself in the pipeline's folder.
type goEnv struct {
	environ   []string // the environment for all our calls
	GOVERSION string
	GOWORK    string
	GOFLAGS   string
	GOROOT    string
}

// readGoEnv asks the go command for its version and decides the flags, on
// purpose and not by what happens to be set:
//
//   - GOWORK stays as it is: a workspace is how several modules of a repository
//     see each other, and the build uses it as well.
//   - -mod is vendor where the module (or the workspace) has a vendor folder,
//     else readonly. Never mod: that would write the user's go.mod.
//   - Of GOFLAGS only -tags stays: tags decide which files are the package.
//     The rest (-mod, -modfile, -trimpath, which takes away the places of
//     sources) is not the compiler's business.
//   - CGO_ENABLED is 0, as in the build of the program.
//   - GOPACKAGESDRIVER is off: what we see must be what `go build` sees.
//
// It reports a go command that can't be run or is too old, and a pipeline
// outside of any module, and is then false.
func (l *Loader) readGoEnv(ctx context.Context, mod moduleFile, patterns []string, dl *diag.List) bool {
	environ := l.opts.Env
	if environ == nil {
		environ = (&exec.Cmd{}).Environ()
	}
	environ = append(append([]string{}, environ...), "GOPACKAGESDRIVER=off", "CGO_ENABLED=0", "GO111MODULE=on")
	at := l.firstWant()
	cmd := exec.CommandContext(ctx, "go", "env", "-json", "GOVERSION", "GOWORK", "GOFLAGS", "GOROOT")
	cmd.Dir, cmd.Env = l.dir, environ
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		switch {
		case ctx.Err() != nil: // the caller stopped the compile
		case errors.Is(err, exec.ErrNotFound):
			dl.Errorf(codeToolchain, at, "this pipeline uses Go code of yours, and the `go` command is not in PATH").
				Helpf("install Go from https://go.dev/dl and put its bin folder in PATH")
		default:
			l.goCommandFailed(mod, at, stderr.String(), err, dl)
		}
		return false
	}
	if err := json.Unmarshal(stdout.Bytes(), &l.env); err != nil {
		dl.Errorf(codeToolchain, at, "`go env` answered with something else than JSON: %v", err).
			Helpf("run `go env -json` to see what the `go` command in PATH is")
		return false
	}
	l.places.goroot = l.env.GOROOT
	if l.opts.MinGo != "" && older(l.env.GOVERSION, l.opts.MinGo) {
		dl.Errorf(codeToolchain, at, "the `go` command in PATH is %s, and generated programs need go%s or newer", l.env.GOVERSION, l.opts.MinGo).
			Helpf("install a newer Go from https://go.dev/dl, or let the go command fetch it: unset GOTOOLCHAIN, or set it to auto")
		return false
	}
	if mod.file == "" && (l.env.GOWORK == "" || l.env.GOWORK == "off") && slices.ContainsFunc(patterns, needsModule) {
		l.noModule(at, patterns, dl)
		return false
	}
	l.flags = []string{"-mod=" + l.modFlag(mod)}
	if tags := keptTags(l.env.GOFLAGS); tags != "" {
		l.flags = append(l.flags, "-tags="+tags)
	}
	l.env.environ = append(environ, "GOFLAGS="+strings.Join(l.flags, " "))
	return true
}

// modFlag decides between vendor and readonly as the go command itself does,
// but in words, so that no GOFLAGS changes it.
func (l *Loader) modFlag(mod moduleFile) string {
	root := filepath.Dir(mod.file)
	if l.env.GOWORK != "" && l.env.GOWORK != "off" {
		root = filepath.Dir(l.env.GOWORK)
	}
	if _, err := os.Stat(filepath.Join(root, "vendor", "modules.txt")); err == nil {
		return "vendor"
	}
	return "readonly"
}

// keptTags returns the value of the last -tags in GOFLAGS.
func keptTags(goflags string) string {
	tags := ""
	for _, f := range strings.Fields(goflags) {
		f = strings.Trim(f, `'"`)
		name, value, ok := strings.Cut(strings.TrimLeft(f, "-"), "=")
		if ok && name == "tags" {
			tags = value
		}
	}
	return tags
}

// older tells whether a version ("go1.25.3", "go1.27-devel_…", "devel go1.27-…")
// is before the minor version of another ("1.26").
func older(have, need string) bool {
	h, okHave := minor(have)
	n, okNeed := minor("go" + need)
	return okHave && okNeed && h < n
}

// minor is the Y of go1.Y.
func minor(version string) (int, bool) {
	_, rest, ok := strings.Cut(version, "go1.")
	if !ok {
		return 0, false
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		rest = rest[:end]
	}
	n, err := strconv.Atoi(rest)
	return n, err == nil
}

// needsModule tells whether a path can only be found from within a module:
// those of the standard library, which have no dot in their first element,
// can be found from anywhere.
func needsModule(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return strings.Contains(first, ".")
}

// noModule reports a pipeline that names Go packages and lies in no module.
func (l *Loader) noModule(at source.Span, patterns []string, dl *diag.List) {
	d := dl.Errorf(codeModule, at, "this pipeline uses Go code, and there is no go.mod in its folder or above")
	below := ""
	for _, pattern := range patterns {
		if !isLocal(pattern) {
			continue
		}
		dir := filepath.Join(l.dir, filepath.FromSlash(pattern))
		if m := findModule(dir); m.file != "" && (below == "" || m.file < below) {
			below = m.file
		}
	}
	if below != "" {
		rel := "./" + l.places.name(filepath.Dir(below))
		d.Notef("%s is the root of a module of its own", rel)
		d.Helpf("put the pipeline into that module, or join both in a workspace: `go work init %s`", rel)
		return
	}
	d.Helpf("make the folder a module: `go mod init example.com/%s`", moduleName(l.dir))
	for _, pattern := range patterns {
		if !isLocal(pattern) && needsModule(pattern) {
			d.Helpf("then add the module that you import: `go get %s`", pattern)
			break
		}
	}
}

// moduleName proposes the last element of a module path for a folder.
func moduleName(dir string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '-', r == '_':
			return r
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		case r == ' ' || r == '.':
			return '-'
		}
		return -1
	}, filepath.Base(dir))
	if name == "" {
		name = "pipeline"
	}
	return name
}

// refused finds out why the go command listed nothing at all, by asking it for
// the module alone, and reports it.
func (l *Loader) refused(ctx context.Context, mod moduleFile, at source.Span, cause error, dl *diag.List) {
	if ctx.Err() != nil {
		return
	}
	cmd := exec.CommandContext(ctx, "go", "list", "-e", "-find", "-f", "{{.ImportPath}}", "--", "unsafe")
	cmd.Dir, cmd.Env = l.dir, l.env.environ
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	if err == nil {
		err = cause
	}
	if err == nil {
		err = errors.New("go list found no package")
	}
	l.goCommandFailed(mod, at, stderr.String(), err, dl)
}

// goCommandFailed reports what the go command printed when it refused to work
// in the user's module, at the line of go.mod or go.work where it names one.
func (l *Loader) goCommandFailed(mod moduleFile, at source.Span, stderr string, err error, dl *diag.List) {
	text := strings.TrimSpace(stderr)
	if text == "" {
		text = err.Error()
	}
	lines := strings.Split(text, "\n")
	code := codeModule
	if strings.Contains(text, "requires go >=") || strings.Contains(text, "GOTOOLCHAIN") {
		code = codeToolchain
	}
	span, first := at, ""
	for _, line := range lines {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "go: downloading") || strings.HasSuffix(line, ":") && strings.HasPrefix(line, "go: errors parsing") {
			continue
		}
		line = strings.TrimPrefix(line, "go: ")
		if p, msg, ok := l.places.split(line, l.dir); ok {
			if first == "" {
				span, first = p, msg
			}
			continue
		}
		if first == "" {
			first = line
		}
	}
	if first == "" {
		first = fmt.Sprint(err)
	}
	first = strings.TrimSuffix(first, ":")
	d := dl.Errorf(code, span, "the go command refuses this module: %s", first)
	if span != at && !at.IsZero() {
		d.NoteAt(at, "the Go code that this pipeline uses is here")
	}
	for _, line := range lines {
		line = strings.TrimPrefix(strings.TrimSpace(line), "go: ")
		_, _, placed := l.places.split(line, l.dir)
		switch {
		case line == "", placed, strings.HasPrefix(line, "errors parsing"), strings.HasPrefix(line, "downloading "):
		case strings.HasPrefix(line, first): // the message
		case strings.HasPrefix(line, "To "), strings.HasPrefix(line, "go mod "): // the help is ours
		default:
			d.Notef("%s", l.relative(line))
		}
	}
	d.Message = l.relative(d.Message)
	switch {
	case code == codeToolchain:
		d.Helpf("install that version of Go, or unset GOTOOLCHAIN so that the go command fetches it")
	case strings.Contains(text, "inconsistent vendoring"):
		d.Helpf("run `go mod vendor` in %s", l.shown(filepath.Dir(mod.file)))
	case strings.Contains(text, "updates to go.mod needed") || strings.Contains(text, "go.sum"):
		d.Helpf("run `go mod tidy` in %s: flowc never writes to your module", l.shown(filepath.Dir(mod.file)))
	default:
		d.Helpf("`go list ./...` in the pipeline's folder says the same")
	}
}

// relative takes the pipeline's folder out of what the go command printed.
func (l *Loader) relative(text string) string {
	text = strings.ReplaceAll(text, l.dir+string(filepath.Separator), "")
	return strings.ReplaceAll(strings.ReplaceAll(text, " in "+l.dir, ""), l.dir, "the pipeline's folder")
}

// shown is a folder as messages name it.
func (l *Loader) shown(dir string) string {
	if name := l.places.name(dir); name != "." {
		return name
	}
	return "the pipeline's folder"
}
