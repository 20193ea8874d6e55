package build

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// A ComponentModule is a module that has the program of a component, at a version.
type ComponentModule struct {
	// Path and Version name it; Sum is what go.sum says of it, which the go command has
	// compared with the checksum database.
	Path, Version, Sum string
	// Dir is where the module cache has it, Package the package in it, from its root.
	Dir, Package string
}

// Module finds the module of a package at a version, which may be a branch or `latest`, as
// `go install` does: the longest part of the path that is a module with this package. It
// is downloaded where it is not there.
func Module(ctx context.Context, pkg, version string) (*ComponentModule, error) {
	var first error
	for path := pkg; strings.Contains(path, "."); path = above(path) {
		m, err := download(ctx, path, version)
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if failed, ok := errors.AsType[*Error](err); ok && failed.Toolchain {
				return nil, err
			}
			if first == nil || strings.Contains(err.Error(), "unknown revision") {
				first = err // of a module that there is, it says more
			}
			continue
		}
		m.Package = strings.TrimPrefix(strings.TrimPrefix(pkg, path), "/")
		if sources, err := filepath.Glob(filepath.Join(m.Dir, filepath.FromSlash(m.Package), "*.go")); err != nil || len(sources) == 0 {
			return nil, &Error{Err: fmt.Errorf("%s@%s has no package %s", m.Path, m.Version, pkg)}
		}
		return m, nil
	}
	return nil, first
}

// above is the path without its last word.
func above(path string) string {
	i := strings.LastIndex(path, "/")
	if i < 0 {
		return ""
	}
	return path[:i]
}

// download brings a module into the module cache. The go command compares what it gets with
// the checksum database, as it is told by GONOSUMDB and GOPRIVATE.
func download(ctx context.Context, path, version string) (*ComponentModule, error) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		return nil, &Error{Toolchain: true, Err: errors.New("the go command is not in PATH: install Go from https://go.dev/dl")}
	}
	dir, err := os.MkdirTemp("", "flowc-module-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	cmd := exec.CommandContext(ctx, goTool, "mod", "download", "-json", path+"@"+version)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK=off", "GOFLAGS=", "GO111MODULE=on")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	failed := cmd.Run()
	var said struct{ Path, Version, Error, Dir, Sum string }
	if err := json.Unmarshal(out.Bytes(), &said); err != nil || said.Error != "" || failed != nil {
		text := said.Error
		if text == "" {
			text = strings.TrimSpace(errs.String())
		}
		if failed == nil {
			failed = errors.New(text)
		}
		return nil, &Error{Download: true, Output: text, Err: failed}
	}
	return &ComponentModule{Path: said.Path, Version: said.Version, Sum: said.Sum, Dir: said.Dir}, nil
}

// ModuleAt is a module as it was pinned: it is downloaded when it is needed, and must then
// have the sum.
func ModuleAt(path, version, sum, pkg string) *ComponentModule {
	return &ComponentModule{Path: path, Version: version, Sum: sum, Package: strings.TrimPrefix(strings.TrimPrefix(pkg, path), "/")}
}

// A SumError is a module that is not the one that was pinned.
type SumError struct{ Module, Sum, Pinned string }

// Error says so.
func (e *SumError) Error() string {
	return fmt.Sprintf("the module %s has the sum %s, and %s was pinned: it is another one, and is not used", e.Module, e.Sum, e.Pinned)
}

// A ComponentRequest is the program of a component to build.
type ComponentRequest struct {
	// Module is where it comes from; nil for a folder of the user's.
	Module *ComponentModule
	// Dir is the user's folder, absolute.
	Dir string
	// CacheDir holds what is built of modules.
	CacheDir string
	// GOOS and GOARCH are the target's, "" for this machine's.
	GOOS, GOARCH string
	// Building is told before the go command runs on a module; nil tells nobody.
	Building func()
}

// Component builds the program of a component, static and without a trace of where that was,
// and returns its path. That of a module is built once; that of a folder each time, by the
// go command, which knows what has changed.
func Component(ctx context.Context, r ComponentRequest) (string, error) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		return "", &Error{Toolchain: true, Err: errors.New("the go command is not in PATH: install Go from https://go.dev/dl")}
	}
	if r.GOOS == "" {
		r.GOOS, r.GOARCH = runtime.GOOS, runtime.GOARCH
	}
	key := r.key()
	dir := filepath.Join(r.CacheDir, binaryPart, key[:2], key[2:])
	out := filepath.Join(dir, "component"+exe(r.GOOS))
	if r.Module != nil {
		if _, err := os.Stat(out); err == nil {
			used(dir)
			return out, nil
		}
	}
	if r.Module != nil && r.Building != nil {
		r.Building()
	}
	if m := r.Module; m != nil && m.Dir == "" {
		got, err := download(ctx, m.Path, m.Version)
		if err != nil {
			return "", err
		}
		if got.Sum != m.Sum {
			return "", &SumError{m.Path + "@" + m.Version, got.Sum, m.Sum}
		}
		there := *m
		there.Dir, r.Module = got.Dir, &there
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	tmp, err := os.CreateTemp(dir, ".building-*")
	if err != nil {
		return "", err
	}
	tmp.Close()
	defer os.Remove(tmp.Name())
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid="}
	env := append(os.Environ(), "CGO_ENABLED=0", "GOOS="+r.GOOS, "GOARCH="+r.GOARCH)
	workdir, target := r.Dir, "."
	if r.Module != nil {
		// In its own module, by its own go.mod and go.sum: what its authors build.
		modfile, err := r.modfile(dir)
		if err != nil {
			return "", err
		}
		defer os.RemoveAll(filepath.Dir(modfile))
		env = append(env, "GOWORK=off", "GOFLAGS=")
		args = append(args, "-modfile="+modfile)
		workdir, target = r.Module.Dir, "./"+r.Module.Package
	}
	run := func(more ...string) (string, error) {
		cmd := exec.CommandContext(ctx, goTool, slices.Concat(args, more, []string{"-o", tmp.Name(), target})...)
		cmd.Dir, cmd.Env = workdir, env
		text, err := cmd.CombinedOutput()
		return string(text), err
	}
	var text string
	if r.Module == nil {
		text, err = run()
	} else if text, err = run("-mod=readonly"); err != nil && strings.Contains(text, "missing go.sum entry") {
		text, err = run("-mod=mod") // what its authors left out is asked of the checksum database
	}
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", &Error{Output: text, Toolchain: tooOld(text), Download: unreachable(text), Err: err}
	}
	if !executable(tmp.Name()) {
		return "", &Error{Err: errors.New("it is no program: its package is not main")}
	}
	if err := os.Chmod(tmp.Name(), 0o755); err != nil {
		return "", err
	}
	return out, os.Rename(tmp.Name(), out)
}

// executable tells that what was built is a program: of a package that is not main the go
// command makes an archive.
func executable(file string) bool {
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 8)
	n, err := f.Read(head)
	return err == nil && n > 0 && !bytes.HasPrefix(head[:n], []byte("!<arch>"))
}

// key identifies what is built.
func (r ComponentRequest) key() string {
	h := sha256.New()
	fmt.Fprintf(h, "component\x00%s\x00%s\x00%s\x00%s\x00", r.Dir, r.GOOS, r.GOARCH, runtime.Version())
	if m := r.Module; m != nil {
		fmt.Fprintf(h, "%s\x00%s\x00%s\x00%s\x00", m.Path, m.Version, m.Sum, m.Package)
	}
	for _, name := range instructions {
		fmt.Fprintf(h, "%s\x00", os.Getenv(name))
	}
	return hex.EncodeToString(h.Sum(nil)[:20])
}

// modfile copies go.mod and go.sum of the module: where they are they can't be completed.
func (r ComponentRequest) modfile(dir string) (string, error) {
	own, err := os.MkdirTemp(dir, ".mod-*")
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(r.Module.Dir, "go.mod"))
	if errors.Is(err, os.ErrNotExist) { // of before there were modules
		text, err = []byte("module "+r.Module.Path+"\n"), nil
	}
	if err != nil {
		return "", err
	}
	modfile := filepath.Join(own, "go.mod")
	if err := os.WriteFile(modfile, text, 0o600); err != nil {
		return "", err
	}
	sums, err := os.ReadFile(filepath.Join(r.Module.Dir, "go.sum"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(own, "go.sum"), sums, 0o600); err != nil {
		return "", err
	}
	return modfile, nil
}

// unreachable tells whether the go command could not have a module that it needs.
func unreachable(output string) bool {
	return strings.Contains(output, "module lookup disabled by GOPROXY=off") || strings.Contains(output, "dial tcp") || strings.Contains(output, "reading http")
}
