// Package build is the one place that runs the go command on generated
// programs, and the cache of what it built.
//
// The cache is keyed by the bytes of the emitted files, so a program is built
// once however often it is compiled. Nothing is written into the user's module:
// generated packages that belong inside it are laid over it (-overlay), and
// neither `go mod tidy` nor `go get` is ever run.
package build

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/backends"
)

// A Request is one program to build.
type Request struct {
	// Name is the binary's name.
	Name string
	// Files are what the Go backend emitted.
	Files []backends.File
	// Layout is what it emitted them for.
	Layout backends.Layout
	// ModuleDir is the root of the user's module and ModulePath its path, for a
	// package inside it; Flags are those with which the compiler read it (-mod,
	// -tags), so that the build sees the same code.
	ModuleDir, ModulePath string
	Flags                 []string
	// Compiled identifies the user's Go in its compiled form for this machine.
	Compiled string
	// Modules are what the program needs beyond the standard library and the
	// user's own module.
	Modules []backends.Module
	// CacheDir holds sources and binaries, by content.
	CacheDir string
	// Release asks for the reproducible, stripped form that is shipped; without,
	// the build is as fast as it gets.
	Release bool
	// Zones has the program carry the time zones, for a place that has none.
	Zones bool
	// Profile has the program write a CPU profile to the file that FLOWC_PROFILE names.
	Profile bool
	// GOOS and GOARCH are the target's, "" for this machine's.
	GOOS, GOARCH string
	// Downloading is told, before it begins, which modules are not in the module
	// cache and have to be downloaded; nil tells nobody.
	Downloading func([]backends.Module)
	// Log gets what the go command prints while it works; nil discards it.
	Log io.Writer

	inWorkspace bool
}

// An Error is a build that failed.
type Error struct {
	// Output is what the go command printed.
	Output string
	// Toolchain tells that the go command itself is missing or too old.
	Toolchain bool
	// Download tells that modules are missing and could not be had.
	Download bool
	Err      error
}

func (e *Error) Error() string {
	if e.Output == "" {
		return e.Err.Error()
	}
	return strings.TrimSpace(e.Output)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Binary builds the program, or finds it in the cache, and returns the path of
// its binary and whether the go command had to run.
func Binary(ctx context.Context, r Request) (path string, built bool, err error) {
	if r.Zones {
		r.Files = append(slices.Clip(r.Files), zones(r.Layout.Package))
	}
	if r.Profile {
		r.Files = append(slices.Clip(r.Files), profile(r.Layout))
	}
	key := r.key()
	dir := filepath.Join(r.CacheDir, binaryPart, key[:2], key[2:])
	path = filepath.Join(dir, r.Name+exe(r.GOOS))
	if _, err := os.Stat(path); err == nil {
		used(dir)
		if r.certain() {
			return path, false, nil
		}
	}
	trim(r.CacheDir, time.Now())
	goTool, err := exec.LookPath("go")
	if err != nil {
		return "", false, &Error{Toolchain: true, Err: errors.New("the go command is not in PATH: install Go from https://go.dev/dl")}
	}
	src := filepath.Join(r.CacheDir, sourcePart, key[:2], key[2:])
	used(src) // before another process takes it for old
	if err := r.writeSource(src); err != nil {
		return "", false, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", false, err
	}
	// Built beside its place and renamed: two builds of one program may run at
	// once, and a stopped one leaves nothing half made.
	tmp, err := os.CreateTemp(dir, ".building-*")
	if err != nil {
		return "", false, err
	}
	tmp.Close()
	defer os.Remove(tmp.Name())
	env := r.environment()
	if r.ModuleDir != "" && len(r.Modules) > 0 && !slices.Contains(r.Flags, "-mod=vendor") {
		gowork, err := goEnv(ctx, goTool, r.ModuleDir, "GOWORK")
		if err != nil {
			return "", false, err
		}
		if r.inWorkspace = gowork != "" && gowork != "off"; r.inWorkspace {
			if gowork, err = r.workspace(ctx, goTool, gowork, src); err != nil {
				return "", false, err
			}
			env = append(env, "GOWORK="+gowork)
		}
	}
	args, workdir, err := r.arguments(src, tmp.Name())
	if err != nil {
		return "", false, err
	}
	if err := r.download(ctx, goTool, src, args, workdir, env); err != nil {
		return "", false, err
	}
	cmd := exec.CommandContext(ctx, goTool, args...)
	cmd.Dir = workdir
	cmd.Env = env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if r.Log != nil {
		cmd.Stderr = io.MultiWriter(&out, r.Log)
	}
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", false, ctx.Err()
		}
		return "", false, &Error{Output: out.String(), Toolchain: tooOld(out.String()), Err: err}
	}
	return path, true, os.Rename(tmp.Name(), path)
}

// tooOld tells whether the go command refused because it is older than the
// generated go.mod asks for.
func tooOld(output string) bool {
	return strings.Contains(output, "go.mod requires go >=")
}

func exe(goos string) string {
	if goos == "windows" || goos == "" && runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// key identifies what is built: the emitted bytes, where they go, and how.
func (r Request) key() string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00%s\x00%v\x00%s\x00%s\x00%s\x00", r.Name, r.Layout.Path, r.ModuleDir, r.Release, r.GOOS, r.GOARCH, runtime.Version())
	fmt.Fprintf(h, "%q\x00%+v\x00", r.Flags, r.Modules)
	for _, name := range instructions {
		fmt.Fprintf(h, "%s\x00", os.Getenv(name))
	}
	for _, f := range r.Files {
		fmt.Fprintf(h, "%s\x00%d\x00", f.Path, len(f.Data))
		h.Write(f.Data)
	}
	if r.ModuleDir != "" { // the user's own code is built in
		// go.mod may set GODEBUG, or another go line.
		mod, err := os.ReadFile(filepath.Join(r.ModuleDir, "go.mod"))
		fmt.Fprintf(h, "%s\x00%s\x00%v\x00", r.Compiled, mod, err)
	}
	return hex.EncodeToString(h.Sum(nil)[:20])
}

// instructions are the variables that say which processors of an architecture a
// program is for, and which experiments of Go's are in it.
var instructions = []string{"GO386", "GOAMD64", "GOARM", "GOARM64", "GOEXPERIMENT", "GOPPC64", "GORISCV64"}

// certain tells whether the key says all that the binary depends on. Of the
// user's own Go it does so for this machine alone: for another one the go
// command, which has a cache of its own, has to look.
func (r Request) certain() bool {
	here := (r.GOOS == "" || r.GOOS == runtime.GOOS) && (r.GOARCH == "" || r.GOARCH == runtime.GOARCH)
	return r.ModuleDir == "" || here && r.Compiled != ""
}

// writeSource puts the emitted files into the cache.
func (r Request) writeSource(dir string) error {
	for _, f := range r.Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, f.Data) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// arguments are those of `go build`, and the folder to run it in.
func (r Request) arguments(src, out string) (args []string, dir string, err error) {
	args = []string{"build", "-o", out}
	if r.Release {
		args = append(args, "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=")
	} else {
		args = append(args, "-buildvcs=false", "-ldflags=-w")
	}
	if r.ModuleDir == "" {
		if !r.Release {
			// Each program has a folder of its own in the cache. Without its path in
			// the action IDs, what did not change (the runtime) is compiled once for
			// all of them: an edit compiles one package instead of ten.
			args = append(args, "-trimpath")
		}
		return append(args, "-mod=mod", "."), src, nil
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	inside := filepath.Join(r.ModuleDir, filepath.FromSlash(r.relative()))
	for _, f := range r.Files {
		overlay.Replace[filepath.Join(inside, filepath.FromSlash(f.Path))] = filepath.Join(src, filepath.FromSlash(f.Path))
	}
	data, err := json.Marshal(overlay)
	if err != nil {
		return nil, "", err
	}
	file := src + ".overlay.json"
	if err := os.WriteFile(file, data, 0o644); err != nil {
		return nil, "", err
	}
	args = append(args, r.Flags...)
	if !r.inWorkspace {
		more, err := r.modfile(src)
		if err != nil {
			return nil, "", err
		}
		args = append(args, more...)
	}
	return append(args, "-overlay", file, r.Layout.Path), r.ModuleDir, nil
}

// relative is where the package lies inside the user's module, with slashes.
func (r Request) relative() string {
	return strings.TrimPrefix(strings.TrimPrefix(r.Layout.Path, r.ModulePath), "/")
}

// environment is the caller's, with what a build must not depend on set.
func (r Request) environment() []string {
	env := os.Environ()
	set := func(k, v string) { env = append(env, k+"="+v) }
	set("CGO_ENABLED", "0")
	if r.ModuleDir == "" {
		set("GOWORK", "off")
		set("GOFLAGS", "")
	}
	if r.GOOS != "" {
		set("GOOS", r.GOOS)
	}
	if r.GOARCH != "" {
		set("GOARCH", r.GOARCH)
	}
	return env
}
