package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/catalog"
)

// The committed files are what the source says.
func TestUpToDate(t *testing.T) {
	files, err := generate("../..", "../../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 3 {
		t.Errorf("%d files", len(files))
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil || string(got) != string(want) {
			t.Errorf("%s is not what the source says: run `go generate ./runtime/catalog` (%v)", name, err)
		}
	}
}

// What a connector's source says in each place is in the tables.
func TestExtract(t *testing.T) {
	dir := t.TempDir()
	source := `// Package x reads
// things: 127.0.0.1:0.
//
// More.
//
//	use: x
package x

// SourceConfig is the config.
type SourceConfig struct {
	// A is a: 0, "b".
	A, hidden string ` + "`json:\"a\" flowc:\"required,secret\" default:\"x|y\" values:\"p,q\"`" + `
	// N is nested.
	N Nested ` + "`json:\"n\" flowc:\"fixed\"`" + `
	// M is a map.
	M map[string]int64 ` + "`json:\"m\"`" + `
}

// Nested is inside.
type Nested struct {
	// D is how long.
	D time.Duration ` + "`json:\"d\"`" + `
	// L is a list.
	L []string ` + "`json:\"l\" flowc:\"per-record\"`" + `
	// S is a size.
	S int64 ` + "`json:\"s\" flowc:\"positive\" type:\"size\" default:\"1KiB\"`" + `
	// H is where.
	H string ` + "`json:\"h\" form:\"address\"`" + `
}

// SourceMemory is what it holds.
const SourceMemory = 3 << 10

// A Source reads.
type Source struct{}

func NewSource(SourceConfig) {}
func (*Source) Seek() {}
func (s Source) Endless() bool { return s.x }
`
	if err := os.WriteFile(filepath.Join(dir, "x.go"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := parsePackage(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.side("Source")
	if err != nil {
		t.Fatal(err)
	}
	text, err := write([]catalog.Connector{{Name: "x", Doc: firstParagraph(p.doc), Source: s}}, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"Package x reads things: 127.0.0.1:0."`,
		`{Name: "a", Go: "A", Type: "string", Doc: "A is a: 0, \"b\".", Default: "x|y", Values: []string{"p", "q"}, Required: true, Secret: true},`,
		`{Name: "n.d", Go: "N.D", Type: "duration", Doc: "D is how long.", Fixed: true},`,
		`{Name: "n.l", Go: "N.L", Type: "[string]", Doc: "L is a list.", PerRecord: true, Fixed: true},`,
		`{Name: "n.s", Go: "N.S", Type: "size", Doc: "S is a size.", Default: "1KiB", Fixed: true, Positive: true},`,
		`{Name: "n.h", Go: "N.H", Type: "string", Doc: "H is where.", Fixed: true, Form: "address"},`,
		`{Name: "m", Go: "M", Type: "map of int64", Doc: "M is a map."},`,
		`Facts{Acks: true, Replayable: true, Ordered: true, Depends: true, Memory: 3072},`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "hidden") {
		t.Error("a field that is not exported is a key")
	}
	doc := string(document([]catalog.Connector{{Name: "x", Source: s, Doc: firstParagraph(p.doc), Manual: p.doc}}, map[string]string{"x": "4.2"}))
	for _, want := range []string{"Reads things: 127.0.0.1:0.\n\nMore.\n\n```yaml\nuse: x\n```\n", "| `a`, *required*, *secret* | string | `x\\|y` | A is a: 0, \"b\". |", "It holds up to 3 KiB itself.", "| 4.2 MB |"} {
		if !strings.Contains(doc, want) {
			t.Errorf("%q is not in\n%s", want, doc)
		}
	}
	if _, err := p.side("Sink"); err == nil {
		t.Error("there is no sink")
	}
	for old, new := range map[string]string{"// A is a: 0, \"b\".\n": "", `json:"m"`: "", "map[string]int64": "chan int", "3 << 10": "-1", `form:"address"`: `form:"host"`} {
		broken := strings.Replace(source, old, new, 1)
		if err := os.WriteFile(filepath.Join(dir, "x.go"), []byte(broken), 0o644); err != nil {
			t.Fatal(err)
		}
		p, err := parsePackage(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.side("Source"); err == nil {
			t.Errorf("without %q nothing is wrong", old)
		}
	}
	if _, err := parsePackage(t.TempDir()); err == nil {
		t.Error("an empty folder is a connector")
	}
}

// Types say in their comments where they stand for the source or the sink.
func TestVariants(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "x.go"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const head = `// Package x reads.
package x

// SourceConfig is the config.
type SourceConfig struct {
	// A is a.
	A string ` + "`json:\"a\"`" + `
}

func NewSource() {}

// Source is one.
type Source struct{}

func (Source) Seek() {}
func (Source) Messages() {}

`
	write(head + "// Other is another.\n//\n//flowc:source without a\ntype Other struct{}\n")
	p, err := parsePackage(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.side("Source")
	if err != nil {
		t.Fatal(err)
	}
	if !s.Messages || !s.Facts.Replayable || len(s.Variants) != 1 || s.Variants[0] != (catalog.Variant{Key: "a", Facts: catalog.Facts{Ordered: true}}) {
		t.Errorf("%+v", s)
	}
	write(head + "//flowc:source unless a\ntype Other struct{}\n")
	if _, err := parsePackage(dir); err == nil {
		t.Error("a comment that says nothing is taken")
	}
	write(head + "//flowc:source with b\ntype Other struct{}\n")
	if p, err = parsePackage(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := p.side("Source"); err == nil {
		t.Error("a key that there is not is taken")
	}
}
