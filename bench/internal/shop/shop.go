// Package shop gets the contenders ready: it builds the programs of this module,
// installs or finds the ones of others, and has flowc compile the pipelines.
//
// Everything is made once, in a folder that goes when the suite ends. What cannot be
// had is an *Absent with the reason: the suite prints it and goes on without.
package shop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// An Absent says why a contender is left out.
type Absent struct{ Reason string }

func (a *Absent) Error() string { return a.Reason }

// A Shop is where contenders are made.
type Shop struct {
	// Bench is the folder of this module, Dir where things are built.
	Bench, Dir string
	// Log takes a line about each thing that takes time.
	Log func(format string, args ...any)

	mu   sync.Mutex
	made map[string]result
}

type result struct {
	path string
	err  error
}

// New makes a shop for the module in the working directory or above it.
func New(dir string, log func(string, ...any)) (*Shop, error) {
	bench, err := moduleRoot()
	if err != nil {
		return nil, err
	}
	return &Shop{Bench: bench, Dir: dir, Log: log, made: map[string]result{}}, nil
}

func moduleRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	root := filepath.Dir(strings.TrimSpace(string(out)))
	if _, err := os.Stat(filepath.Join(root, "contenders")); err != nil {
		return "", errors.New("run this in the folder bench: the contenders are built from their source")
	}
	return root, nil
}

// once makes a thing the first time that it is asked for; the error is kept as well.
func (s *Shop) once(key string, make func() (string, error)) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.made[key]
	if !ok {
		r.path, r.err = make()
		s.made[key] = r
	}
	return r.path, r.err
}

// Go builds a command of this module, given by its folder, and gives its path.
func (s *Shop) Go(ctx context.Context, pkg string, env ...string) (string, error) {
	return s.once("go "+pkg, func() (string, error) {
		out := filepath.Join(s.Dir, filepath.Base(pkg))
		if err := s.run(ctx, s.Bench, env, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, "./"+pkg); err != nil {
			return "", fmt.Errorf("build %s: %w", pkg, err)
		}
		return out, nil
	})
}

// run runs a command quietly; what it said is the error.
func (s *Shop) run(ctx context.Context, dir string, env []string, argv ...string) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	// What is said ends in tables that others read: without this machine's paths.
	text := strings.ReplaceAll(string(out), filepath.Dir(s.Bench)+string(filepath.Separator), "")
	text = strings.ReplaceAll(text, s.Dir+string(filepath.Separator), "")
	if text = strings.TrimSpace(text); text != "" {
		return errors.New(text)
	}
	return err
}

// firstLine gives the first line of a text that says something: the error of a
// compiler rather than the headings around it.
func firstLine(text string) string {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return strings.TrimRight(line, ":.")
		}
	}
	return "no reason given"
}
