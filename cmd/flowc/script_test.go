package main

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/local/machinetest"
	"github.com/rogpeppe/go-internal/testscript"
)

// compilerCache is where all tests that compile keep what the compiler asked the
// go command, so that it is asked once.
var compilerCache string

// A cached run of the tests makes the cache and removes it.
type cached struct{ *testing.M }

func (m cached) Run() int {
	dir, err := os.MkdirTemp("", "flowc-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	compilerCache = dir
	// What tests run is no run of whoever runs them.
	if err := os.Setenv(runsVariable, filepath.Join(dir, "runs")); err != nil {
		panic(err)
	}
	// A command that becomes the program would take the tests with it: they would
	// end with its exit code, and those that were still to run would be passed.
	becomeProgram = func(_ context.Context, binary string, _ []string, _ string) (int, error) {
		panic("a test runs " + binary + " in its own process: start flowc as a command")
	}
	os.Unsetenv("CI") // where these tests run does not decide whether references are frozen
	return m.M.Run()
}

func TestMain(m *testing.M) {
	commands := map[string]func(){
		"flowc": func() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	}
	// Where machines can be booted, a test's binary is what boots them too.
	maps.Copy(commands, machinetest.Stages())
	testscript.Main(cached{m}, commands)
}

// TestScripts runs the command line end to end: testdata/script/*.txtar. They
// share one cache of builds, as a user's commands do.
func TestScripts(t *testing.T) {
	t.Parallel()
	cache := filepath.Join(t.TempDir(), "flowc")
	env := []string{
		"GOCACHE=" + goEnv(t, "GOCACHE"), "GOMODCACHE=" + goEnv(t, "GOMODCACHE"), "GOPATH=" + goEnv(t, "GOPATH"), "GOFLAGS=-buildvcs=false", "GOTOOLCHAIN=local",
		// Nothing that a script builds needs a module from outside.
		"GOPROXY=off",
		"FLOWC_CACHE=" + cache,
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("FLOWC_UPDATE") == "1",
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, env...)
			e.Vars = append(e.Vars, runsVariable+"="+filepath.Join(e.WorkDir, ".runs"), localVariable+"="+filepath.Join(e.WorkDir, ".local"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exitcode": exitCode},
	})
}

// goEnv is a setting of the go command's.
func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// exitCode runs a command and demands its exit code: exitcode 3 flowc check.
func exitCode(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exitcode CODE COMMAND ARG…")
	}
	got := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("%s: exit code %s, not %s", strings.Join(args[1:], " "), got, args[0])
	}
}
