package analyze

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/passes"
	"github.com/flowc-dev/flowc/ir"
)

// The cases hold a program before the passes, and its explanation in words and
// as JSON. FLOWC_UPDATE=1 writes what came out.
func TestExplain(t *testing.T) {
	paths, err := filepath.Glob("testdata/explain/*.txtar")
	if err != nil || len(paths) < 4 {
		t.Fatalf("%d cases, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			comment, rest, _ := strings.Cut(string(text), "-- in --\n")
			in, _, _ := strings.Cut(rest, "-- text --\n")
			p, err := ir.Read(in)
			if err != nil {
				t.Fatal(err)
			}
			if err := passes.Run(p, passes.Options{Verify: true}); err != nil {
				t.Fatal(err)
			}
			before := ir.Print(p, ir.WithSpans)
			e := Explain(p, overridden(p))
			var words bytes.Buffer
			if err := e.Text(&words); err != nil {
				t.Fatal(err)
			}
			if ir.Print(p, ir.WithSpans) != before {
				t.Error("explaining changed the program")
			}
			for line := range strings.SplitSeq(words.String(), "\n") {
				if len([]rune(line)) > width && strings.Contains(strings.TrimSpace(line), " ") && !strings.Contains(line, "`") {
					t.Errorf("a line is longer than %d: %s", width, line)
				}
			}
			encoded, err := json.MarshalIndent(e, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got := comment + "-- in --\n" + in + "-- text --\n" + words.String() + "-- json --\n" + string(encoded) + "\n"
			if os.Getenv("FLOWC_UPDATE") != "" {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(text) {
				t.Errorf("another explanation (FLOWC_UPDATE=1 stores it):\n%s", words.String())
			}
		})
	}
}

// Consumers of the JSON never meet null where they expect a list.
func TestJSONHasNoNull(t *testing.T) {
	p, err := ir.Read("program empty\n")
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(Explain(p, nil))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"pipeline":"empty","paths":[],"checkpoint":{"store":"","where":"There is none: no source can go back to it."},"loops":[],"nodes":[],"edges":[],"memory":{"bytes":0,"parts":[]},"overrides":[]}`
	if string(encoded) != want {
		t.Errorf("got  %s\nwant %s", encoded, want)
	}
}

func TestWrap(t *testing.T) {
	got := wrap("a `b c d` e", 5)
	if want := []string{"a", "`b c d`", "e"}; strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q", got)
	}
}

// overridden are the overrides that the values of a program remember.
func overridden(p *ir.Program) []ir.Override {
	var out []ir.Override
	for _, n := range p.Nodes {
		for _, s := range n.Settings() {
			if len(s.Value.Overrides) > 0 {
				out = append(out, ir.Override{Path: n.YAML + "." + s.Key, At: s.Value.Span, Replaced: s.Value.Overrides})
			}
		}
	}
	if len(out) > 0 { // what is taken away leaves no value in a program
		out = append(out, ir.Override{Path: "sinks.gone", At: out[0].At, Replaced: out[0].Replaced[:1], Removed: true})
	}
	return out
}

// Queues of several sizes are told apart.
func TestSizesOfQueues(t *testing.T) {
	e := &Explanation{Edges: []Edge{
		{From: "a", To: "x", Depth: 8, Bytes: 1 << 20},
		{From: "a", To: "fused", Fused: true},
		{From: "b", To: "y", Depth: 64, Bytes: 1 << 20},
		{From: "c", To: "y", Depth: 64, Bytes: 1 << 20},
		{From: "c", To: "z", Depth: 64, Bytes: 1 << 20},
	}}
	const want = "What waits for `x` is 8 packets or 1 MiB, what waits for `y` and `z` is 64 packets or 1 MiB, whichever is less: "
	if got := strings.Join(sizes(e), " "); !strings.HasPrefix(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
