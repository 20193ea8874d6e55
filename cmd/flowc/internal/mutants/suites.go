package mutants

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A suite is tests that a mutant runs into.
type suite struct {
	name string
	// pkg are the tests' package, from the root, and run what -run gets.
	pkg, run string
	// covers are the folders whose mutants it may see.
	covers []string
	// minutes is how long it may take; 0 for two.
	minutes int
}

const connectors = "runtime/connect/"

// suites are all of them, the cheap ones first: a mutant goes through them until one
// fails. What is nearest to the mutant comes before that in suitesOf.
var suites = []suite{
	{name: "engine", pkg: "runtime/flow", covers: []string{"runtime/flow"}},
	{name: "messages", pkg: connectors + "messages", covers: []string{connectors + "messages"}},
	{name: "edge", pkg: connectors + "edge", covers: []string{connectors + "edge"}},
	{name: "fresh", pkg: "runtime/fresh", covers: []string{"runtime/fresh"}},
	{name: "table", pkg: connectors + "table", covers: []string{connectors + "table"}},
	{name: "file", pkg: connectors + "file", covers: []string{"runtime/flow", connectors + "file"}},
	{name: "program", pkg: "runtime/program", covers: []string{"runtime/flow", "runtime/fresh", "runtime/program"}},
	{name: "http", pkg: connectors + "http", covers: []string{"runtime/flow", connectors + "http"}},
	{name: "sqlite", pkg: connectors + "sqlite", covers: []string{"runtime/flow", connectors + "sqlite", connectors + "table"}},
	{name: "nats", minutes: 4, pkg: connectors + "nats", covers: []string{connectors + "nats", connectors + "edge", connectors + "messages"}},
	{name: "kafka", minutes: 4, pkg: connectors + "kafka", covers: []string{connectors + "kafka", connectors + "edge", connectors + "messages"}},
	{name: "postgres", minutes: 4, pkg: connectors + "postgres", covers: []string{connectors + "postgres", connectors + "table"}},
	{name: "points", minutes: 10, pkg: "cmd/flowc", run: "^(TestCheckpointsLast|TestPublishedFilesLast|TestPoints)$", covers: []string{"runtime/flow", connectors + "file", connectors + "sqlite"}},
	{name: "chaos", minutes: 10, pkg: "cmd/flowc", run: "^TestChaos$", covers: []string{"runtime"}},
	{name: "commands", minutes: 10, pkg: "cmd/flowc", run: "^(TestScripts|TestDLQ.*|TestKafka.*|TestNATS.*|TestPostgres.*)$", covers: []string{"runtime"}},
}

// suitesOf are the suites that a mutant goes through: the tests that it names, those of
// its own package, then the others, as they stand.
func suitesOf(m *Mutant) []suite {
	folder := path.Dir(m.File)
	var near, far []suite
	if pkg, run, ok := strings.Cut(m.Near, " "); ok {
		near = append(near, suite{name: "near", pkg: pkg, run: "^" + strings.ReplaceAll(run, "/", "$/^") + "$", minutes: 5})
	}
	for _, s := range suites {
		switch {
		case s.pkg == folder:
			near = append(near, s)
		case slices.ContainsFunc(s.covers, func(c string) bool { return folder == c || strings.HasPrefix(folder, c+"/") }):
			far = append(far, s)
		}
	}
	return append(near, far...)
}

// A Caught is who found a mutant out.
type Caught struct {
	// Suite is the suite, "" where nobody did; Test the test of it, with "hangs" behind
	// it where it did not come to its end.
	Suite, Test string
	Took        time.Duration
}

var (
	failed = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)
	hung   = regexp.MustCompile(`running tests:\s+(Test\S+)`)
)

// errBroken is a mutant that is no program.
var errBroken = errors.New("it does not compile: a mutant must be a program")

// Catch runs a mutant through its suites. only are the names of those to take, all
// where there are none; dir is for files of its own.
func (m *Mutant) Catch(ctx context.Context, root, dir string, only []string) (Caught, error) {
	begun := time.Now() //nolint:forbidigo // how long tests took
	overlay, err := m.overlay(root, dir)
	if err != nil {
		return Caught{}, err
	}
	for _, s := range suitesOf(m) {
		if len(only) > 0 && !slices.Contains(only, s.name) {
			continue
		}
		test, err := s.fails(ctx, root, overlay)
		if err != nil {
			return Caught{}, fmt.Errorf("%q, %s: %w", m.Name, s.name, err)
		}
		if test != "" && fallible(test) {
			// A test that fails by itself, or hangs, has caught nobody.
			alone := s
			alone.run = "^" + strings.FieldsFunc(test, func(r rune) bool { return r == '/' || r == ' ' })[0] + "$"
			if broken, err := alone.fails(ctx, root, ""); err != nil || broken != "" {
				return Caught{}, fmt.Errorf("%q, %s: %s fails without any mutant: mend it first (%w)", m.Name, s.name, test, errors.Join(err, errBaseline))
			}
		}
		if test != "" {
			return Caught{s.name, test, time.Since(begun)}, nil //nolint:forbidigo // how long tests took
		}
	}
	return Caught{Took: time.Since(begun)}, nil //nolint:forbidigo // how long tests took
}

var errBaseline = errors.New("it says nothing of mutants")

// fallible tells whether a name is that of a test.
func fallible(test string) bool { return strings.HasPrefix(test, "Test") }

// fails runs the tests of a suite and gives the first that failed.
func (s *suite) fails(ctx context.Context, root, overlay string) (test string, err error) {
	args := []string{"test", "-vet=off", "-count=1", "-failfast", fmt.Sprintf("-timeout=%dm", max(s.minutes, 2))}
	if overlay != "" {
		args = append(args, "-overlay="+overlay)
	}
	if s.run != "" {
		args = append(args, "-run="+s.run)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./"+s.pkg)...)
	cmd.Dir = root
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	text := out.String()
	switch {
	case err == nil:
		return "", nil
	case strings.Contains(text, "[build failed]") || strings.Contains(text, "[setup failed]"):
		return "", fmt.Errorf("%w\n%s", errBroken, text)
	case ctx.Err() != nil:
		return "", ctx.Err()
	}
	if test = verdict(text); test == "" {
		return "", fmt.Errorf("%w\n%s", err, text)
	}
	return test, nil
}

// verdict is who failed, by what go test has said; "" where it did not say that.
func verdict(text string) string {
	found, at := failed.FindStringSubmatch(text), hung.FindStringSubmatch(text)
	switch {
	case strings.Contains(text, "panic: test timed out") && at != nil:
		return at[1] + " hangs"
	case strings.Contains(text, "panic: test timed out"):
		return "timeout"
	case found != nil:
		return found[1]
	case strings.Contains(text, "panic: ") || strings.Contains(text, "fatal error: "):
		return "panic"
	}
	return ""
}
