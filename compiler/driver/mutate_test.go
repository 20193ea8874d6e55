package driver

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir/diag"
)

// Whatever is done to a pipeline, the compiler answers: with a program or with
// errors, each of which stands in the text, never with a bug of its own.
func TestMutations(t *testing.T) {
	var texts []string
	for _, pattern := range []string{"/*.yaml", "/valid/*.yaml"} {
		files, _ := filepath.Glob(corpus + pattern)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(withoutRemarks(string(text))))
		}
	}
	rounds := 1500
	if testing.Short() {
		rounds = 200
	}
	r := rand.New(rand.NewPCG(7, 11))
	programs := 0
	for i := range rounds {
		text := texts[r.IntN(len(texts))]
		for range 1 + r.IntN(3) {
			text = mutate(r, text, texts)
		}
		res, err := Compile(context.Background(), Options{File: "m.yaml", Text: []byte(text), Connectors: testConnectors, CacheDir: cacheDir, Verify: true})
		if err != nil {
			stack := ""
			if b, ok := err.(*BugError); ok {
				stack = b.Stack
			}
			t.Fatalf("round %d: %v\n%s\n%s", i, err, stack, text)
		}
		if res.Program != nil {
			programs++
		} else if !res.Diagnostics.HasErrors() {
			t.Fatalf("round %d: neither a program nor an error\n%s", i, text)
		}
		for _, d := range res.Diagnostics {
			checkPlaces(t, d, text)
		}
	}
	if programs == 0 || programs == rounds {
		t.Errorf("%d of %d mutations compile", programs, rounds)
	}
}

// checkPlaces checks that what a diagnostic points to is there.
func checkPlaces(t *testing.T, d *diag.Diagnostic, text string) {
	t.Helper()
	spans := []struct {
		what       string
		start, end int
	}{{"the diagnostic", d.Span.Start, d.Span.End}}
	for _, l := range d.Labels {
		spans = append(spans, struct {
			what       string
			start, end int
		}{"the label " + l.Text, l.Span.Start, l.Span.End})
	}
	for _, f := range d.Fixes {
		for _, e := range f.Edits {
			spans = append(spans, struct {
				what       string
				start, end int
			}{"the fix " + f.Title, e.Span.Start, e.Span.End})
		}
	}
	if d.Span.File == nil {
		t.Fatalf("%v has no place\n%s", d, text)
	}
	for _, s := range spans {
		if s.start < 0 || s.end < s.start || s.end > len(text) {
			t.Fatalf("%v: %s stands at [%d, %d) of %d bytes\n%s", d, s.what, s.start, s.end, len(text), text)
		}
	}
	if d.Message == "" || strings.Contains(d.Message, "%!") || strings.Contains(d.Message, "<nil>") {
		t.Fatalf("%q is no message\n%s", d.Message, text)
	}
}

// mutate changes a text a little, as a person might, or a disk.
func mutate(r *rand.Rand, text string, others []string) string {
	if strings.TrimSpace(text) == "" {
		return others[0]
	}
	lines := strings.Split(text, "\n")
	i := r.IntN(len(lines))
	switch r.IntN(9) {
	case 0: // a line goes
		lines = append(lines[:i], lines[i+1:]...)
	case 1: // a line stands twice
		lines = append(lines[:i], append([]string{lines[i]}, lines[i:]...)...)
	case 2: // a line comes from elsewhere
		other := strings.Split(others[r.IntN(len(others))], "\n")
		lines[i] = other[r.IntN(len(other))]
	case 3: // two words change places
		words := strings.Fields(text)
		a, b := words[r.IntN(len(words))], words[r.IntN(len(words))]
		return strings.Replace(text, a, b, 1+r.IntN(2))
	case 4: // a character goes
		at := r.IntN(len(text))
		return text[:at] + text[at+1:]
	case 5: // one comes
		at := r.IntN(len(text))
		return text[:at] + string("{}[]:,'\"# -|&*!?%@`\t~ä0aZ"[r.IntN(25)]) + text[at:]
	case 6: // it breaks off
		return text[:r.IntN(len(text))]
	case 7: // the indent changes
		if strings.HasPrefix(lines[i], "  ") {
			lines[i] = lines[i][2:]
		} else {
			lines[i] = "  " + lines[i]
		}
	case 8: // a value is another
		if key, _, ok := strings.Cut(lines[i], ": "); ok {
			values := []string{"", "null", "[]", "{}", "12", "-1", "true", "\"\"", "[a, b]", "{a: b}", "x.y", "1e400", "${env:X}", "${in.ID}", "!tag x", "&a b", "*a"}
			lines[i] = key + ": " + values[r.IntN(len(values))]
		}
	}
	return strings.Join(lines, "\n")
}
