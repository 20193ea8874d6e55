package passes

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir"
)

// The cases are testdata/passes/<pass>/<case>.txtar: a comment that says what
// is shown, the program before ("-- in --") and after ("-- out --").
// FLOWC_UPDATE=1 writes what came out.
const root = "../../testdata/passes"

type testCase struct {
	path              string
	comment, in, want string
}

func readCase(t *testing.T, path string) testCase {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	comment, rest, ok := strings.Cut(string(text), "-- in --\n")
	if !ok || strings.TrimSpace(comment) == "" {
		t.Fatalf("%s: no comment, or no program before", path)
	}
	in, want, _ := strings.Cut(rest, "-- out --\n")
	return testCase{path, comment, in, want}
}

// cases are those of one pass, and fails where a folder belongs to none.
func cases(t *testing.T, pass string) []testCase {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, pass, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases for %s: %v", pass, err)
	}
	var all []testCase
	for _, path := range paths {
		all = append(all, readCase(t, path))
	}
	return all
}

func mustRead(t *testing.T, c testCase) *ir.Program {
	t.Helper()
	p, err := ir.Read(c.in)
	if err != nil {
		t.Fatalf("%s: in: %v", c.path, err)
	}
	if err := ir.Verify(p); err != nil {
		t.Fatalf("%s: in: %v", c.path, err)
	}
	return p
}

func TestCases(t *testing.T) {
	for _, pass := range Passes() {
		for _, c := range cases(t, pass.Name) {
			t.Run(pass.Name+"/"+strings.TrimSuffix(filepath.Base(c.path), ".txtar"), func(t *testing.T) {
				p := mustRead(t, c)
				for _, before := range needed(pass.Name) {
					before.Run(p)
				}
				pass.Run(p)
				if err := ir.Verify(p); err != nil {
					t.Errorf("out: %v", err)
				}
				got := ir.Print(p)
				if os.Getenv("FLOWC_UPDATE") != "" {
					if err := os.WriteFile(c.path, []byte(c.comment+"-- in --\n"+c.in+"-- out --\n"+got), 0o644); err != nil {
						t.Fatal(err)
					}
				} else if got != c.want {
					t.Errorf("the program after %s is another (FLOWC_UPDATE=1 stores it):\n%s", pass.Name, diff(c.want, got))
				}
				pass.Run(p)
				if again := ir.Print(p); again != got {
					t.Errorf("a second run changes the program:\n%s", diff(got, again))
				}
			})
		}
	}
}

// needed are the required passes before one: a case holds the program before
// them, so that it stays short.
func needed(name string) []Pass {
	return slices.DeleteFunc(slices.Clone(table[:position(name)]), func(p Pass) bool { return !p.Required })
}

// diff shows the lines of two texts that differ.
func diff(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	var out bytes.Buffer
	for i := 0; i < max(len(a), len(b)); i++ {
		line := func(list []string) string {
			if i < len(list) {
				return list[i]
			}
			return ""
		}
		if line(a) != line(b) {
			fmt.Fprintf(&out, "%4d - %s\n     + %s\n", i+1, line(a), line(b))
		}
	}
	return out.String()
}

// A case that no pass claims is one that nobody runs.
func TestNoOrphanCases(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range entries {
		if !folder.IsDir() || position(folder.Name()) < 0 {
			t.Errorf("%s/%s belongs to no pass", root, folder.Name())
			continue
		}
		files, err := os.ReadDir(filepath.Join(root, folder.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if filepath.Ext(f.Name()) != ".txtar" {
				t.Errorf("%s/%s/%s is no case", root, folder.Name(), f.Name())
			}
		}
	}
}

// allCases are the programs before of all passes.
func allCases(t *testing.T) []testCase {
	var all []testCase
	for _, pass := range Passes() {
		all = append(all, cases(t, pass.Name)...)
	}
	return all
}

// All passes, one after the other, over every program of every case: verified
// after each, and a second run changes nothing.
func TestRunVerifies(t *testing.T) {
	for _, c := range allCases(t) {
		p := mustRead(t, c)
		var names []string
		if err := Run(p, Options{Verify: true, After: func(name string, _ *ir.Program) { names = append(names, name) }}); err != nil {
			t.Errorf("%s: %v", c.path, err)
		}
		if len(names) != len(table) {
			t.Errorf("%s: only %v ran", c.path, names)
		}
		got := ir.Print(p)
		if err := Run(p, Options{Verify: true}); err != nil {
			t.Errorf("%s: again: %v", c.path, err)
		}
		if again := ir.Print(p); again != got {
			t.Errorf("%s: a second run of all passes changes the program:\n%s", c.path, diff(got, again))
		}
	}
}

// Optional passes can be left out.
func TestSkip(t *testing.T) {
	for _, c := range allCases(t) {
		var names []string
		p := mustRead(t, c)
		err := Run(p, Options{Verify: true, Skip: []string{"prune", "route", "fuse"}, After: func(name string, _ *ir.Program) { names = append(names, name) }})
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
		}
		if want := []string{"push", "fuse", "lanes", "alias", "buffers", "place"}; !slices.Equal(names, want) {
			t.Fatalf("%v ran, want %v", names, want)
		}
	}
}

// The order of nodes and edges in a program means nothing.
func TestPermutation(t *testing.T) {
	for _, c := range allCases(t) {
		p := mustRead(t, c)
		if err := Run(p, Options{}); err != nil {
			t.Fatal(err)
		}
		want := canonical(p)
		for seed := range uint64(5) {
			r := rand.New(rand.NewPCG(seed, 7))
			q := mustRead(t, c)
			r.Shuffle(len(q.Nodes), func(i, j int) { q.Nodes[i], q.Nodes[j] = q.Nodes[j], q.Nodes[i] })
			r.Shuffle(len(q.Edges), func(i, j int) { q.Edges[i], q.Edges[j] = q.Edges[j], q.Edges[i] })
			if err := Run(q, Options{Verify: true}); err != nil {
				t.Fatal(err)
			}
			if got := canonical(q); got != want {
				t.Errorf("%s: another program where nodes stand in another order:\n%s", c.path, diff(want, got))
				break
			}
		}
	}
}

// canonical prints a program with everything sorted that has no order.
func canonical(p *ir.Program) string {
	slices.SortFunc(p.Nodes, func(a, b *ir.Node) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(p.Edges, func(a, b *ir.Edge) int { return cmp.Compare(a.String(), b.String()) })
	slices.SortFunc(p.Regions, func(a, b *ir.Region) int { return cmp.Compare(a.Name, b.Name) })
	for _, r := range p.Regions {
		slices.Sort(r.Nodes)
	}
	for _, process := range p.Processes {
		slices.Sort(process.Nodes)
	}
	slices.SortFunc(p.Memory.Parts, func(a, b ir.BoundPart) int {
		return cmp.Or(cmp.Compare(a.What, b.What), cmp.Compare(a.Bytes, b.Bytes))
	})
	return ir.Print(p)
}

func TestPanicNamesItsPass(t *testing.T) {
	// An edge to nowhere is a program that does not verify; without that check
	// a pass meets it.
	p := &ir.Program{Name: "x", Nodes: []*ir.Node{{ID: "a", YAML: "a", Op: &ir.Source{Connector: "stdin"}}}, Edges: []*ir.Edge{{From: "a", To: "b", Kind: ir.Data}}}
	err := Run(p, Options{Skip: []string{"prune", "route"}})
	if err == nil || !strings.HasPrefix(err.Error(), "pass fuse: panic: ") || !strings.Contains(err.Error(), "fuse.go") {
		t.Errorf("got %v", err)
	}
	if err := Run(p, Options{Verify: true}); err == nil || !strings.HasPrefix(err.Error(), "before the first pass: ") {
		t.Errorf("got %v", err)
	}
}

func TestVerifyNamesThePass(t *testing.T) {
	old := table
	defer func() { table = old }()
	table = []Pass{{"spoil", true, func(p *ir.Program) { p.Nodes[0].OnError = nil }}}
	p := mustRead(t, cases(t, "fuse")[0])
	if err := Run(p, Options{Verify: true}); err == nil || !strings.HasPrefix(err.Error(), "after pass spoil: node ") {
		t.Errorf("got %v", err)
	}
}
