package migrate

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/dialect"
	"github.com/flowc-dev/flowc/compiler/flowctl"
	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// Whatever stands where something else is expected is reported and never a panic, and
// what is written reads as the tree that it was written from.
func TestMutated(t *testing.T) {
	files, err := filepath.Glob("testdata/*/in.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	r := rand.New(rand.NewPCG(6, 1))
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for range 150 {
			changed := mutate(r, string(text))
			var l diag.List
			root := parse.File(source.NewFile("in.yaml", "", []byte(changed)), parse.FormatYAML, &l)
			if root == nil || root.Kind != parse.Mapping || flowctl.Recognise(root).Name == "" {
				continue
			}
			l = nil
			_, tree := flowctl.Migrate(root, flowctl.Options{Native: dialect.NodeKeys(), Name: "x"}, &l)
			if tree == nil {
				if len(l) == 0 && flowctl.Recognise(root).Name != flowctl.Unknown {
					t.Errorf("%s: nothing came of it, and nothing was said:\n%s", name, changed)
				}
				continue
			}
			var again diag.List
			r := File(source.NewFile("in.yaml", "", []byte(changed)), Options{Name: "x"}, &again)
			again = nil
			read := parse.File(source.NewFile("out.yaml", "", r.Text), parse.FormatYAML, &again)
			if read == nil || again.HasErrors() {
				t.Fatalf("%s: what was written does not read: %v\n%s\nfrom\n%s", name, again, r.Text, changed)
			}
			if diff := differs(tree.Root, read, "the file"); diff != "" {
				t.Fatalf("%s: what was written reads otherwise: %s\n%s\nfrom\n%s", name, diff, r.Text, changed)
			}
		}
	}
}

// mutate changes a few values of a text: another kind of value, none, a line less or
// twice.
func mutate(r *rand.Rand, text string) string {
	values := []string{"", " null", " 3", " -1", " true", " []", " {}", " [a, {b: c}]", " {a: [1]}", " a.b", " 'x: y'", " ${X} $Y", " |\n      two\n      lines", " 1.50", " '#'"}
	lines := strings.Split(text, "\n")
	for range 1 + r.IntN(3) {
		i := r.IntN(len(lines))
		switch key, _, ok := strings.Cut(lines[i], ":"); {
		case ok && r.IntN(4) > 0:
			lines[i] = key + ":" + values[r.IntN(len(values))]
		case r.IntN(2) == 0:
			lines = append(lines[:i:i], lines[i+1:]...)
		default:
			lines = append(lines[:i+1:i+1], lines[i:]...)
		}
		if len(lines) == 0 {
			return ""
		}
	}
	return strings.Join(lines, "\n")
}
