package fromflowctl

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// root is the folder of the module.
const root = "../../../.."

// toolsDir is where flowc and what stands in for components are, with the cache of flowc.
var toolsDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "fromflowctl-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	toolsDir = dir
	os.Unsetenv("CI") // where these tests run does not decide whether references are frozen
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// tools builds both, once.
var tools = sync.OnceValue(func() error {
	for name, pkg := range map[string]string{"flowc": "cmd/flowc", "standin": "runtime/connect/component/testdata/standin"} {
		cmd := exec.Command("go", "build", "-o", filepath.Join(toolsDir, name), "./"+pkg)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", pkg, err, out)
		}
	}
	return nil
})

// A world is the folder of a user, with a stand-in for components in it.
type world struct {
	t   *testing.T
	dir string
	env []string // of its commands, beside that of the test
	// args are those that the file of a corpus needs with each command.
	args []string
}

// newWorld has the stand-in under its own name.
func newWorld(t *testing.T) *world {
	t.Helper()
	if testing.Short() {
		t.Skip("it builds programs")
	}
	if err := tools(); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dir: t.TempDir()}
	w.link("standin")
	return w
}

// write puts a file into the folder.
func (w *world) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// read is the text of a file of the folder, "" where there is none.
func (w *world) read(name string) string {
	text, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	return string(text)
}

// lines are those of a file, sorted: branches of a pipeline come in any order.
func (w *world) lines(name string) []string {
	lines := strings.Split(strings.TrimSuffix(w.read(name), "\n"), "\n")
	slices.Sort(lines)
	return lines
}

// An ended command, and what it said.
type ended struct {
	code           int
	stdout, stderr string
}

func (e ended) String() string {
	return fmt.Sprintf("exit code %d\n%s%s", e.code, e.stdout, e.stderr)
}

// command is a command of flowc's in the folder, not yet started.
func (w *world) command(args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(toolsDir, "flowc"), args...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "FLOWC_CACHE="+filepath.Join(toolsDir, "cache"), "FLOWC_RUNS="+filepath.Join(toolsDir, "runs"), "NO_COLOR=1", "GOFLAGS=-buildvcs=false")
	cmd.Env = append(cmd.Env, w.env...)
	return cmd
}

// flowc runs a command to its end.
func (w *world) flowc(args ...string) ended {
	w.t.Helper()
	cmd := w.command(args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		w.t.Fatal(err)
	}
	return ended{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// ok runs a command that must end well.
func (w *world) ok(args ...string) ended {
	w.t.Helper()
	e := w.flowc(args...)
	if e.code != 0 {
		w.t.Fatalf("flowc %s: %s", strings.Join(args, " "), e)
	}
	return e
}

// wants are texts that something must contain.
func (w *world) wants(text string, parts ...string) {
	w.t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			w.t.Errorf("there is no %q in\n%s", part, text)
		}
	}
}

// events are the lines of a consumer's file for events from one number to before another,
// which the component that gave them is named in.
func events(from, to int, by string) (lines []string) {
	for n := from; n < to; n++ {
		id, typ := fmt.Sprintf("e%d-done", n), "test.done.v1"
		if by == "standin-source" {
			id, typ = fmt.Sprintf("e%d", n), "test.number.v1"
		}
		lines = append(lines, fmt.Sprintf("%s|%s|{\"n\":%d, \"text\":\"n %d\"}|standin|%s|", id, typ, n, n, by))
	}
	return lines
}

// got holds the file of a consumer against lists of events, whatever their order.
func (w *world) got(name string, lists ...[]string) {
	w.t.Helper()
	var have []string
	for _, line := range w.lines(name) {
		if parts := strings.SplitAfterN(line, "|", 6); len(parts) == 6 { // what follows is the same for all
			line = strings.Join(parts[:5], "")
		}
		have = append(have, line)
	}
	want := slices.Concat(lists...)
	slices.Sort(want)
	slices.Sort(have)
	if !slices.Equal(have, want) {
		w.t.Errorf("%s has %d lines, and not %d:\n%s\nand not\n%s", name, len(have), len(want), strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
}

// link adds the stand-in under another name.
func (w *world) link(name string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(toolsDir, "standin"), path); err != nil {
		w.t.Fatal(err)
	}
}

// script adds a program of the shell's.
func (w *world) script(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		w.t.Fatal(err)
	}
}
