package build

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends"
)

// download brings those of the program's modules into the module cache that are
// not there, and says so before it begins. Where all are there, which is so but
// for the first time, it costs a look at each folder.
func (r Request) download(ctx context.Context, goTool, src string, args []string, workdir string, env []string) error {
	if len(r.Modules) == 0 || slices.Contains(r.Flags, "-mod=vendor") {
		return nil
	}
	cache, err := goEnv(ctx, goTool, workdir, "GOMODCACHE")
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(slices.Clone(r.Modules), func(m backends.Module) bool { return cached(cache, m) })
	if len(missing) == 0 {
		return nil
	}
	if r.Downloading != nil {
		r.Downloading(missing)
	}
	// Each by its version: the go command then resolves nothing. In the folder of
	// the sources, or with the -modfile, it compares them with the sums.
	command := []string{"mod", "download"}
	dir := src
	if r.ModuleDir != "" {
		dir = workdir
		for _, a := range args {
			if strings.HasPrefix(a, "-modfile=") {
				command = append(command, a)
			}
		}
	}
	for _, m := range missing {
		command = append(command, m.Path+"@"+m.Version)
	}
	cmd := exec.CommandContext(ctx, goTool, command...)
	cmd.Dir, cmd.Env = dir, env
	if out, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &Error{Download: true, Output: string(out), Err: err}
	}
	return nil
}

// goEnv asks the go command for one of its variables.
func goEnv(ctx context.Context, goTool, dir, name string) (string, error) {
	cmd := exec.CommandContext(ctx, goTool, "env", name)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		if e, ok := errors.AsType[*exec.ExitError](err); ok {
			return "", &Error{Output: string(e.Stderr), Toolchain: tooOld(string(e.Stderr)), Err: err}
		}
		return "", err
	}
	return strings.TrimSpace(string(out)), nil
}

// cached tells whether a module is unpacked in the module cache, or its zip is
// there to be unpacked.
func cached(cache string, m backends.Module) bool {
	path := escaped(m.Path)
	for _, p := range []string{
		filepath.Join(cache, filepath.FromSlash(path)+"@"+escaped(m.Version)),
		filepath.Join(cache, "cache", "download", filepath.FromSlash(path), "@v", escaped(m.Version)+".zip"),
	} {
		if _, err := os.Stat(p); err == nil {
			return true
		}
	}
	return false
}

// escaped is a path or version as the module cache spells it: an exclamation
// mark and the small letter for each capital, since some file systems do not
// tell them apart.
func escaped(path string) string {
	var b strings.Builder
	for _, r := range path {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('!')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
