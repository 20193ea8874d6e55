package parse_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// The files testdata/*.errors hold wrong texts and what is said about them:
//
//	==== name
//	text
//	---- said
//	rendering
//
// In a text ␀ ␍ ␉ ␛ stand for the characters they name, ￾ for a byte that is no
// UTF-8, and a final ¬ for the end without a line feed. FLOWC_UPDATE=1 writes
// the renderings.
func TestErrors(t *testing.T) {
	for _, file := range []struct {
		name   string
		format parse.Format
	}{{"yaml", parse.FormatYAML}, {"go", parse.FormatYAML}, {"json", parse.FormatJSON}, {"cue", parse.FormatCUE}} {
		path := "testdata/" + file.name + ".errors"
		var updated strings.Builder
		for _, c := range wrongTexts(t, path) {
			updated.WriteString("==== " + c.name + "\n" + c.written + "---- said\n")
			t.Run(file.name+"/"+c.name, func(t *testing.T) {
				var l diag.List
				n := parse.File(source.NewFile("p."+file.name, "", []byte(c.text)), file.format, &l)
				if !l.HasErrors() {
					t.Fatalf("no error, got %v", n)
				}
				l.Sort()
				var b bytes.Buffer
				if err := diag.Text(&b, l, diag.TextOptions{All: true}); err != nil {
					t.Fatal(err)
				}
				got := strings.NewReplacer("\t", "␉").Replace(b.String())
				updated.WriteString(got)
				if os.Getenv("FLOWC_UPDATE") == "" && got != c.want {
					t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
				}
			})
		}
		if os.Getenv("FLOWC_UPDATE") != "" && !t.Failed() {
			if err := os.WriteFile(path, []byte(updated.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

type wrongText struct{ name, written, text, want string }

func wrongTexts(t testing.TB, path string) (all []wrongText) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split("\n"+string(b), "\n==== ")[1:] {
		name, rest, _ := strings.Cut(part, "\n")
		written, want, found := strings.Cut(rest, "---- said\n")
		if !found && !strings.HasSuffix(written, "\n") {
			written += "\n"
		}
		text := strings.NewReplacer("␀", "\x00", "␍", "\r", "␉", "\t", "␛", "\x1b", "￾", "\xff", "¬\n", "").Replace(written)
		if want != "" && !strings.HasSuffix(want, "\n") {
			want += "\n"
		}
		all = append(all, wrongText{name, written, text, want})
	}
	if len(all) == 0 {
		t.Fatalf("%s holds no texts", path)
	}
	return all
}

// badYAML is the texts of the error tests, as seeds.
func badYAML(t testing.TB) (texts []string) {
	for _, name := range []string{"yaml", "go"} {
		for _, c := range wrongTexts(t, "testdata/"+name+".errors") {
			texts = append(texts, c.text)
		}
	}
	return texts
}
