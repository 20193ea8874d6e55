package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/backends/golang"
	"github.com/flowc-dev/flowc/cmd/flowc/internal/oracle"
)

// The random pipelines: package oracle makes them and knows what they do, here
// they are compiled, many in one build, and run.
//
// FLOWC_RANDOM is how many, FLOWC_SEED the seed of the first: a failure names its
// own, so FLOWC_RANDOM=1 FLOWC_SEED=n runs it alone.

const (
	// randomCases is how many pipelines an ordinary test run makes.
	randomCases = 48
	// batchCases is how many of them become one program.
	batchCases = 48
	// shownFailures is how many failures are made small and shown in full.
	shownFailures = 10
)

// number is an environment variable, or what it is without.
func number(t *testing.T, name string, without uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return without
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func TestRandomPipelines(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs programs")
	}
	t.Parallel()
	count, seed := number(t, "FLOWC_RANDOM", randomCases), number(t, "FLOWC_SEED", 1)
	f := newFarm(t)
	ran, stopped, kills, records, failed := 0, 0, 0, 0, 0
	for first := seed; first < seed+count; first += batchCases {
		var cases []*oracle.Case
		for s := first; s < min(first+batchCases, seed+count); s++ {
			cases = append(cases, oracle.New(s))
		}
		b := f.build(cases)
		for i, c := range cases {
			ran++
			records += c.Records()
			if c.Stops() {
				stopped++
			}
			differences := b.try(i)
			if len(differences) == 0 && c.Resumes() {
				var n int
				n, differences = b.tryKilled(i)
				kills += n
			}
			if len(differences) == 0 {
				continue
			}
			failed++
			if failed > shownFailures {
				t.Errorf("seed %d: %.300s", c.Seed, strings.Join(differences, " "))
				continue
			}
			t.Run(fmt.Sprintf("seed-%d", c.Seed), func(t *testing.T) {
				f.fail(t, c, differences)
			})
		}
		b.remove()
	}
	t.Logf("%d pipelines of seeds %d to %d over %d records: %d failed; a bad record ends %d of them; killed %d times", ran, seed, seed+count-1, records, failed, stopped, kills)
}

// fail reports a case after making it small.
func (f *farm) fail(t *testing.T, c *oracle.Case, differences []string) {
	t.Helper()
	if os.Getenv("FLOWC_SHRINK") != "0" {
		c, differences = f.shrink(c, differences)
	}
	var s strings.Builder
	name, text := c.Pipeline()
	fmt.Fprintf(&s, "FLOWC_RANDOM=1 FLOWC_SEED=%d go test ./cmd/flowc -run TestRandomPipelines\n\n--- %s\n%s\n", c.Seed, name, text)
	for _, file := range slices.Concat(c.Code(), c.Files()) {
		text := file.Text()
		if len(text) > 4000 {
			text = append(text[:4000], "…"...)
		}
		fmt.Fprintf(&s, "--- %s\n%s\n", file.Path, text)
	}
	s.WriteString("--- differences\n")
	for _, d := range differences {
		s.WriteString(d + "\n")
	}
	t.Error(s.String())
	if dir := os.Getenv("FLOWC_KEEP"); dir != "" {
		dir = filepath.Join(dir, fmt.Sprint(c.Seed))
		if err := writeCase(c, dir); err != nil {
			t.Error(err)
		}
	}
}

// writeCase writes a case as files, to be looked at by hand.
func writeCase(c *oracle.Case, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := errors.Join(writeFiles(c.Files(), dir), writeFiles(c.Code(), dir)); err != nil {
		return err
	}
	if len(c.Code()) > 0 { // components are found in a module
		if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module "+farmModule+"\n\ngo "+golang.GoVersion+"\n"), 0o644); err != nil {
			return err
		}
	}
	name, text := c.Pipeline()
	return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644)
}

func writeFiles(files []*oracle.File, dir string) error {
	for _, file := range files {
		path := filepath.Join(dir, filepath.FromSlash(file.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, file.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// shrink makes a case that fails smaller as long as it does: first its data,
// which needs no build, then its nodes.
func (f *farm) shrink(c *oracle.Case, differences []string) (*oracle.Case, []string) {
	deadline := time.Now().Add(2 * time.Minute)
	for again := true; again && time.Now().Before(deadline); {
		again = false
		b := f.build([]*oracle.Case{c})
		c = c.LessData(func(less *oracle.Case) bool {
			if time.Now().After(deadline) {
				return false
			}
			d := b.tryWith(0, less)
			if !sameKind(d, differences) {
				return false
			}
			differences = d
			return true
		})
		b.remove()
		for smaller := range c.FewerNodes() {
			if time.Now().After(deadline) {
				break
			}
			b := f.build([]*oracle.Case{smaller})
			d := b.try(0)
			b.remove()
			if sameKind(d, differences) {
				c, differences, again = smaller, d, true
				break
			}
		}
	}
	return c, differences
}

// sameKind tells whether two failures are of one kind, by the word that the first
// difference of each begins with.
func sameKind(a, b []string) bool { return len(a) > 0 && kind(a) == kind(b) }

func kind(differences []string) string {
	for _, d := range differences {
		if strings.HasPrefix(d, "on ") {
			continue
		}
		word, _, _ := strings.Cut(d, " ")
		word, _, _ = strings.Cut(word, ".")
		return strings.TrimRight(word, "0123456789") // out3.json: is another out
	}
	return ""
}

// background is a context that ends a program which hangs.
func background() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), time.Minute)
}
