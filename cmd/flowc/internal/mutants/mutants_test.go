package mutants

import (
	"bytes"
	"fmt"
	"go/format"
	"hash/fnv"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// root is the root of the repository.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Each mutant has its place in the code of today, changes something there, and has a
// name of its own.
func TestPlaces(t *testing.T) {
	names := map[string]bool{}
	for _, m := range All() {
		if names[m.Name] {
			t.Errorf("%q: there are two of this name", m.Name)
		}
		names[m.Name] = true
		text, err := m.Apply(root(t))
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := format.Source(text); err != nil {
			t.Errorf("%q is no Go: %v", m.Name, err)
		}
		before, err := os.ReadFile(filepath.Join(root(t), m.File))
		if err != nil || bytes.Equal(before, text) {
			t.Errorf("%q changes nothing (%v)", m.Name, err)
		}
		if len(suitesOf(&m)) == 0 {
			t.Errorf("%q: no suite sees %s", m.Name, m.File)
		}
	}
	if len(names) < 50 {
		t.Errorf("%d mutants are too few to say anything", len(names))
	}
}

// The tests that a mutant names are there: with go test, an expression that nothing
// matches is no failure.
func TestNearTestsExist(t *testing.T) {
	for _, m := range append(All(), Mutant{Name: "none", Near: "runtime/flow TestNone"}, Mutant{Name: "no part", Near: "runtime/flow TestCrashAndResume/no such part"}) {
		if err := m.nearExists(root(t)); (err == nil) == (m.File == "") {
			t.Errorf("%q, near %q: %v", m.Name, m.Near, err)
		}
	}
}

// nearExists looks in the package's test files for the test, and for the name of the
// part of it.
func (m *Mutant) nearExists(root string) error {
	if m.Near == "" {
		return nil
	}
	pkg, run, _ := strings.Cut(m.Near, " ")
	test, part, _ := strings.Cut(run, "/")
	files, err := filepath.Glob(filepath.Join(root, pkg, "*_test.go"))
	if err != nil {
		return err
	}
	found, foundPart := false, part == ""
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		found = found || bytes.Contains(text, []byte("func "+test+"(t *testing.T)"))
		foundPart = foundPart || bytes.Contains(text, []byte(strconv.Quote(part)))
	}
	if !found || !foundPart {
		return fmt.Errorf("no test of %s is called %s: name the one that finds the mutant now", pkg, run)
	}
	return nil
}

// A place that is not there any more is told with what to do about it.
func TestNoPlace(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.go"), []byte("one two two"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		m    Mutant
		want string
	}{
		{Mutant{Name: "m", File: "b.go", Old: "one"}, "give the mutant the new one"},
		{Mutant{Name: "m", File: "a.go", Old: "three"}, "stands 0 times in a.go"},
		{Mutant{Name: "m", File: "a.go", Old: "two"}, "stands 2 times in a.go"},
	} {
		if _, err := c.m.Apply(dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	if text, err := (&Mutant{File: "a.go", Old: "one", New: "1"}).Apply(dir); err != nil || string(text) != "1 two two" {
		t.Errorf("%q, %v", text, err)
	}
}

// Mutants are caught: 19 of 20 at least. Without FLOWC_MUTANTS a few that are caught
// at once stand for all; FLOWC_MUTANTS=. takes all of them, else it is an expression
// that their names match (`make mutants MUTANTS=Kafka`). FLOWC_MUTANTS_BY=points,chaos
// takes these suites alone; FLOWC_MUTANTS_PART=2/3 takes the second third.
func TestMutants(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the runtime again and again")
	}
	only := strings.FieldsFunc(os.Getenv("FLOWC_MUTANTS_BY"), func(r rune) bool { return r == ',' })
	chosen := chosenMutants(t)
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	caught, equivalent, survivors := 0, 0, 0
	for _, m := range chosen {
		if m.Equivalent != "" {
			equivalent++
			fmt.Fprintf(w, "%s\tequivalent\t\n", m.Name)
			continue
		}
		by, err := m.Catch(t.Context(), root(t), t.TempDir(), only)
		switch {
		case err != nil:
			t.Error(err)
			continue
		case by.Suite == "":
			survivors++
			fmt.Fprintf(w, "%s\tNOBODY\t%.0f s\n", m.Name, by.Took.Seconds())
			t.Logf("%q survives: a check is missing, or it is equivalent and should say why (%s)", m.Name, m.File)
		default:
			caught++
			fmt.Fprintf(w, "%s\t%s: %s\t%.0f s\n", m.Name, by.Suite, by.Test, by.Took.Seconds())
			t.Logf("%q: %s: %s, %s", m.Name, by.Suite, by.Test, by.Took.Round(time.Second))
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d mutants, %d caught, %d equivalent, %d not caught\n%s", len(chosen), caught, equivalent, survivors, &table)
	if len(only) == 0 && survivors*20 > caught+survivors {
		t.Errorf("%d of %d mutants are not caught", survivors, caught+survivors)
	}
}

// sample are mutants of the engine that are caught in seconds.
var sample = []string{
	"senders are told yes whatever happened",
	"the generation on disk is not compared",
	"what a sink has gathered is dropped at the end",
}

func chosenMutants(t *testing.T) (chosen []Mutant) {
	t.Helper()
	wanted := os.Getenv("FLOWC_MUTANTS")
	if wanted == "" {
		wanted = "^(" + strings.Join(sample, "|") + ")$"
	}
	match, err := regexp.Compile(wanted)
	if err != nil {
		t.Fatalf("FLOWC_MUTANTS: %v", err)
	}
	part, parts := uint32(1), uint32(1)
	if text := os.Getenv("FLOWC_MUTANTS_PART"); text != "" {
		if _, err := fmt.Sscanf(text, "%d/%d", &part, &parts); err != nil || part < 1 || part > parts {
			t.Fatalf("FLOWC_MUTANTS_PART=%s is no part such as 2/3", text)
		}
	}
	for _, m := range All() {
		hash := fnv.New32a()
		_, _ = hash.Write([]byte(m.Name))
		if match.MatchString(m.Name) && hash.Sum32()%parts == part-1 {
			chosen = append(chosen, m)
		}
	}
	if len(chosen) == 0 {
		t.Fatalf("no mutant is called %q", wanted)
	}
	return chosen
}

// A test that did not come to its end is named, so that it can be tried without the
// mutant.
func TestHungTestIsNamed(t *testing.T) {
	const text = "panic: test timed out after 2m0s\n\trunning tests:\n\t\tTestQueues/keyed (2m0s)\n\ngoroutine 38 [running]:\n"
	if got := verdict(text); got != "TestQueues/keyed hangs" || !fallible(got) {
		t.Errorf("%q", got)
	}
	for text, want := range map[string]string{
		"panic: test timed out after 2m0s\n":                              "timeout",
		"--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/b (0.00s)\n":        "TestA",
		"fatal error: all goroutines are asleep - deadlock!\n":            "panic",
		"# some/package [some/package.test]\nFAIL some/package [no test]": "",
	} {
		if got := verdict(text); got != want {
			t.Errorf("%q is %q, not %q", text, got, want)
		}
	}
}
