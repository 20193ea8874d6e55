package edit

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/flowc-dev/flowc/compiler/infer"
	"github.com/flowc-dev/flowc/ir/source"
)

// The cases of testdata have a pipeline and what it becomes, or the reason why it
// stays as it is. FLOWC_UPDATE=1 writes them anew.
func TestAddTypes(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	types, err := infer.Columns([]infer.Column{
		{Name: "id", Type: "int64"},
		{Name: "side", Type: "enum", Values: []string{"buy", "sell it"}, Optional: true},
		{Name: "tags", Type: "[string]", Note: "an array"},
		{Name: "9", Type: "bool"},
	}, infer.Options{Node: "orders"})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			in := a.Files[0]
			got, err := AddTypes(source.NewFile(in.Name, in.Name, in.Data), Types{Source: "orders", Out: types.Source.Out.YAML(), Declarations: types.Declarations})
			want := txtar.File{Name: "want", Data: got}
			if errors.Is(err, ErrRefused) {
				want = txtar.File{Name: "refused", Data: []byte(err.Error() + "\n")}
			} else if err != nil {
				t.Fatal(err)
			}
			if os.Getenv("FLOWC_UPDATE") == "1" {
				a.Files = []txtar.File{in, want}
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if w := a.Files[1]; w.Name != want.Name || string(w.Data) != string(want.Data) {
				t.Errorf("%s:\n%s\nnot %s:\n%s", want.Name, want.Data, w.Name, w.Data)
			}
		})
	}
}
