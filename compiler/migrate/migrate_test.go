package migrate

import (
	"fmt"
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

// Each folder of testdata is a file in one spelling, what becomes of it in the short
// one and in flowctl/v1, and the report. FLOWC_UPDATE=1 writes both anew: read what it wrote.
func TestForms(t *testing.T) {
	folders, err := filepath.Glob("testdata/*")
	if err != nil || len(folders) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(folder, "in.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			out, report := migrated(t, "in.yaml", text)
			same(t, filepath.Join(folder, "out.yaml"), out)
			same(t, filepath.Join(folder, "report.txt"), report)
			var l diag.List
			r := File(source.NewFile("in.yaml", "", text), Options{Name: "unnamed", V1: true}, &l)
			if r.Compose {
				r.Text = nil
			}
			same(t, filepath.Join(folder, "v1.yaml"), string(r.Text))
		})
	}
}

func same(t *testing.T, name, got string) {
	t.Helper()
	if os.Getenv("FLOWC_UPDATE") == "1" {
		if got == "" {
			os.Remove(name)
			return
		}
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s is\n%s\nand not\n%s", name, got, want)
	}
}

// migrated rewrites a text, and holds what came of it against what must hold of
// any: it reads as the tree that it was written from, has every comment of the
// file, and all its keys are keys of the language.
func migrated(t *testing.T, name string, text []byte) (out, report string) {
	t.Helper()
	var l diag.List
	f := source.NewFile(name, "", text)
	r := File(f, Options{Name: "unnamed"}, &l)
	l.Sort()
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", r.Spelling.Name)
	for _, d := range l {
		if !d.Span.IsZero() {
			fmt.Fprintf(&b, "%d:%d: ", d.Span.Pos().Line, d.Span.Pos().Column)
		}
		fmt.Fprintf(&b, "%s [%s]: %s\n", d.Severity, d.Code, d.Message)
		for _, n := range d.Notes {
			fmt.Fprintf(&b, "    %s\n", n.Text)
		}
		for _, h := range d.Help {
			fmt.Fprintf(&b, "    %s\n", h)
		}
		if r.Text != nil && d.Severity == diag.Error {
			t.Errorf("an error beside a text: %v", d)
		}
	}
	if r.Text == nil {
		if !r.Native && !l.HasErrors() {
			t.Error("no text, and no error that says why")
		}
		return "", b.String()
	}
	var again diag.List
	read := parse.File(source.NewFile("out.yaml", "", r.Text), parse.FormatYAML, &again)
	if read == nil || again.HasErrors() {
		t.Fatalf("what was written does not read: %v\n%s", again, r.Text)
	}
	var said diag.List
	root := parse.File(source.NewFile(name, "", text), parse.FormatOf(name), &said)
	_, tree := flowctl.Migrate(root, flowctl.Options{Native: dialect.NodeKeys(), Name: "unnamed"}, &said)
	if diff := differs(tree.Root, read, "the file"); diff != "" {
		t.Errorf("what was written reads otherwise: %s\n%s", diff, r.Text)
	}
	if !r.Compose {
		inV1(t, name, text, tree)
	}
	for _, c := range readComments(f, root).byLine {
		if parse.FormatOf(name) == parse.FormatYAML && !strings.Contains(string(r.Text), c.text) {
			t.Errorf("the comment %q of line %d is lost", c.text, c.line)
		}
	}
	if !r.Compose {
		var keys diag.List
		dialect.Read(dialect.Input{Root: read, Name: "unnamed", IsConnector: func(string) bool { return false }}, &keys)
		for _, d := range keys {
			if d.Code == diag.UnknownKey || d.Code == diag.ForeignDialect || d.Code == diag.NoDialect {
				t.Errorf("what was written is refused: %v\n%s", d, r.Text)
			}
		}
	}
	return string(r.Text), b.String()
}

// inV1 writes a text in flowctl/v1, which must become the same tree of the short
// spelling.
func inV1(t *testing.T, name string, text []byte, tree *flowctl.Tree) {
	t.Helper()
	var l diag.List
	r := File(source.NewFile(name, "", text), Options{Name: "unnamed", V1: true}, &l)
	l = nil
	again := File(source.NewFile("v1.yaml", "", r.Text), Options{Name: "unnamed"}, &l)
	if again.Spelling.Name != flowctl.V1 || again.Text == nil {
		t.Errorf("what was written is %q, and no flowctl/v1: %v\n%s", again.Spelling.Name, l, r.Text)
		return
	}
	switch r.Spelling.Name {
	case flowctl.CDP, flowctl.Simplified, flowctl.Quickstart:
		return // nothing says yet what runs, on which it depends what a config may hold
	}
	l = nil
	read := parse.File(source.NewFile("out.yaml", "", again.Text), parse.FormatYAML, &l)
	if diff := differs(tree.Root, read, "the file"); diff != "" {
		t.Errorf("by way of flowctl/v1 it reads otherwise: %s\n%s", diff, r.Text)
	}
}

// differs tells where two trees have other values, "" where nowhere. Entries that
// could not be read are not written.
func differs(want, got *parse.Node, at string) string {
	if want.Kind != got.Kind {
		return fmt.Sprintf("%s is %s and not %s", at, got.Kind, want.Kind)
	}
	if want.Kind == parse.Mapping {
		n := 0
		for _, m := range want.Members {
			if m.Value.Broken() {
				continue
			}
			v := got.Get(m.Key.Text)
			n++
			if v == nil {
				return at + "." + m.Key.Text + " is not there"
			}
			if d := differs(m.Value, v, at+"."+m.Key.Text); d != "" {
				return d
			}
		}
		if n != len(got.Members) {
			return fmt.Sprintf("%s has %d entries and not %d", at, len(got.Members), n)
		}
		return ""
	}
	if len(want.Items) != len(got.Items) {
		return fmt.Sprintf("%s has %d items and not %d", at, len(got.Items), len(want.Items))
	}
	for i := range want.Items {
		if d := differs(want.Items[i], got.Items[i], fmt.Sprintf("%s[%d]", at, i)); d != "" {
			return d
		}
	}
	if want.Kind != parse.Sequence && want.Text != got.Text && want.Kind != parse.Null {
		return fmt.Sprintf("%s is %q and not %q", at, got.Text, want.Text)
	}
	return ""
}

// JSON is read as YAML is, and written as YAML.
func TestJSON(t *testing.T) {
	out, report := migrated(t, "a.json", []byte(`{"apiVersion": "flowctl/v1", "kind": "Pipeline", "metadata": {"name": "j"},
		"spec": {"sources": [{"id": "a", "command": ["./a"], "env": {"N": 1, "S": "x: y"}}], "sinks": [{"id": "b.c", "inputs": ["a"], "command": ["./b", "two words"]}]}}`))
	want := `pipeline: j

sources:
  a:
    command: [./a]
    env: {'N': '1', S: 'x: y'}

sinks:
  b-c:
    from: a
    command: [./b, two words]
`
	if out != want || report != "flowctl/v1\n" {
		t.Errorf("it becomes\n%s\n%s", out, report)
	}
}

// FLOWC_CORPUS names a folder with files of others, which are held against the
// same.
func TestCorpus(t *testing.T) {
	folder := os.Getenv("FLOWC_CORPUS")
	if folder == "" {
		t.Skip("FLOWC_CORPUS names no folder")
	}
	found := 0
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" && filepath.Ext(path) != ".json" {
			return err
		}
		found++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			_, report := migrated(t, filepath.Base(path), text)
			if strings.HasPrefix(report, "\n") {
				t.Errorf("the spelling is not known:\n%s", report)
			}
		})
		return nil
	})
	if err != nil || found == 0 {
		t.Fatal("no files", err)
	}
}

func TestName(t *testing.T) {
	for id, want := range map[string]string{
		"a": "a", "a.b": "a-b", "a b..c": "a-b-c", "9x": "n9x", "": "node", "ä": "node", "x_y-z": "x_y-z", strings.Repeat("a", 80): strings.Repeat("a", 63),
	} {
		if got := flowctl.Name(id); got != want {
			t.Errorf("Name(%q) is %q, not %q", id, got, want)
		}
	}
	for name, want := range map[string]string{"PaymentPipeline": "payment-pipeline", "a_b C": "a-b-c", "": "pipeline", "HTTPIn": "httpin", "x": "x"} {
		if got := flowctl.Label(name); got != want {
			t.Errorf("Label(%q) is %q, not %q", name, got, want)
		}
	}
}

// A text that is written as a scalar reads as itself.
func TestQuote(t *testing.T) {
	for _, s := range []string{
		"", "plain", "a: b", "a #b", "#a", "true", "No", "1", "1.5", "-", "- a", "a'b", `a"b`, "{a}", "[a", "a,b", "*a", "&a", "!a", "|", ">", "%a", "@a", "`a`", "~", "null",
		" a", "a ", "a\tb", "a\x01b", "ä", "a:", ":a", "?a", "./x", "../x", ".5", "+1", "0x1", "=", "<<", "a\u0085b", "a\\b",
	} {
		for _, flow := range []bool{false, true} {
			text := "k: " + quote(s, false)
			if flow {
				text = "k: {v: " + quote(s, true) + "}"
			}
			var l diag.List
			n := parse.File(source.NewFile("a.yaml", "", []byte(text)), parse.FormatYAML, &l)
			if n == nil {
				t.Errorf("%q is written as %s: %v", s, text, l)
				continue
			}
			v := n.Get("k")
			if flow {
				v = v.Get("v")
			}
			if v == nil || v.Kind != parse.String || v.Text != s {
				t.Errorf("%q is written as %s and read as %+v", s, text, v)
			}
		}
	}
}
