package component

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// A flow is a pipeline of a test: one line for each reference to Go, so that
// every reference has a place of its own.
type flow struct {
	t    *testing.T
	file *source.File
	*Loader
	diags diag.List
}

// open makes the flow of some references, in a folder of testdata, and loads
// their packages.
func open(t *testing.T, dir string, refs ...string) *flow {
	t.Helper()
	return openWith(t, Options{}, filepath.Join("testdata", filepath.FromSlash(dir)), refs...)
}

func openWith(t *testing.T, o Options, dir string, refs ...string) *flow {
	t.Helper()
	if o.Env == nil {
		// Nothing of the machine's settings may change what these tests see.
		o.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=", "GOPROXY=off", "GOTOOLCHAIN=local")
	}
	text := ""
	for _, ref := range refs {
		text += "use: " + ref + "\n"
	}
	f := &flow{t: t, file: source.NewFile("pipeline.yaml", "", []byte(text)), Loader: NewLoader(dir, o)}
	for _, ref := range refs {
		path, _, _ := SplitUse(ref)
		f.Want(path, f.at(ref))
	}
	f.Load(context.Background(), &f.diags)
	return f
}

// at is the place of a reference.
func (f *flow) at(ref string) source.Span {
	i := strings.Index(string(f.file.Text), "use: "+ref+"\n")
	if i < 0 {
		f.t.Fatalf("no reference %q", ref)
	}
	return source.Span{File: f.file, Start: i + 5, End: i + 5 + len(ref)}
}

func (f *flow) component(ref string, role Role) *ir.GoRef {
	return f.Component(ref, f.at(ref), role, &f.diags)
}

// show writes diagnostics with every place, note, help and fix.
func show(l diag.List) string {
	l.Sort()
	var b strings.Builder
	place := func(s source.Span) string {
		if s.IsZero() {
			return "-"
		}
		p, e := s.Pos(), s.EndPos()
		return fmt.Sprintf("%s:%d:%d-%d `%s`", s.File.Name, p.Line, p.Column, e.Column, s.Text())
	}
	for _, d := range l {
		fmt.Fprintf(&b, "%s\n  %s: %s [%s]\n", place(d.Span), d.Severity, d.Message, d.Code)
		if d.Label != "" {
			fmt.Fprintf(&b, "  caret: %s\n", d.Label)
		}
		for _, n := range d.Notes {
			if n.Span.IsZero() {
				fmt.Fprintf(&b, "  note: %s\n", n.Text)
			} else {
				fmt.Fprintf(&b, "  note at %s: %s\n", place(n.Span), n.Text)
			}
		}
		for _, h := range d.Help {
			fmt.Fprintf(&b, "  help: %s\n", h)
		}
		for _, x := range d.Fixes {
			for _, e := range x.Edits {
				fmt.Fprintf(&b, "  fix: %s: %s -> %q\n", x.Title, place(e.Span), e.New)
			}
		}
	}
	return b.String()
}

// golden compares with testdata/golden/NAME.txt, which FLOWC_UPDATE=1 writes.
func golden(t *testing.T, name, got string) {
	t.Helper()
	// The module cache is another folder on each machine.
	got = strings.ReplaceAll(got, "\r\n", "\n")
	path := filepath.Join("testdata", "golden", name+".txt")
	if os.Getenv("FLOWC_UPDATE") != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (FLOWC_UPDATE=1 writes it)\n%s", err, got)
	}
	if string(want) == got {
		return
	}
	w, g := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		if i >= len(w) || i >= len(g) || w[i] != g[i] {
			t.Fatalf("%s differs in line %d\n--- want\n%s\n--- got\n%s", path, i+1,
				strings.Join(w[i:min(len(w), i+5)], "\n"), strings.Join(g[min(i, len(g)):min(len(g), i+5)], "\n"))
		}
	}
}

// describe writes a GoRef, leaving out what is not set.
func describe(r *ir.GoRef) string {
	if r == nil {
		return "nil\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", r.Shape, r.Make)
	flags := map[string]bool{
		"context": r.Context, "errs": r.Errs, "in-ptr": r.InPtr, "out-ptr": r.OutPtr, "pointer": r.Pointer,
		"config-ptr": r.ConfigPtr, "seek": r.Seek, "ack": r.Ack, "range": r.Range, "cut": r.Cut, "committed": r.Committed, "keep": r.Keep, "idempotent": r.Idempotent,
	}
	for _, name := range slices.Sorted(keys(flags)) {
		if flags[name] {
			b.WriteString(" " + name)
		}
	}
	fmt.Fprintf(&b, "\n  call %s (%s) %s", r.Package, r.PkgName, r.Symbol)
	if r.TypeName != "" {
		b.WriteString(" type " + r.TypeName)
	}
	if r.Method != "" {
		b.WriteString(" method " + r.Method)
	}
	p := r.Declared.Pos()
	fmt.Fprintf(&b, " at %s:%d:%d %s\n", r.Declared.File.Name, p.Line, p.Column, r.Declared.Text())
	for _, part := range []struct {
		name string
		t    *ir.Type
	}{{"in", r.In}, {"out", r.Out}, {"config", r.Config}, {"position", r.Position}} {
		if part.t != nil {
			fmt.Fprintf(&b, "  %s %s\n", part.name, describeType(part.t))
		}
	}
	for _, port := range r.Ports {
		fmt.Fprintf(&b, "  port %s %s at %d:%d\n", port.Name, describeType(port.Type), port.Span.Pos().Line, port.Span.Pos().Column)
	}
	for _, m := range []struct {
		name string
		m    ir.Method
	}{{"Open", r.Open}, {"Flush", r.Flush}, {"Healthy", r.Healthy}, {"Close", r.Close}} {
		if m.m.Has {
			fmt.Fprintf(&b, "  %s context=%v errs=%v bool=%v out=%v\n", m.name, m.m.Context, m.m.Errs, m.m.Bool, m.m.Out)
		}
	}
	return b.String()
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// describeType writes a type whole, each struct once.
func describeType(t *ir.Type) string { return typeTree(t, map[*ir.Type]bool{}) }

func typeTree(t *ir.Type, seen map[*ir.Type]bool) string {
	if t == nil {
		return "none"
	}
	s := string(t.Kind)
	if g := t.Go; g != nil {
		name := g.Name
		if g.Package != "" {
			name = g.Package + "." + name
		}
		if g.Pointer {
			name = "*" + name
		}
		s += "(" + name
		if g.Custom {
			s += " custom"
		}
		if g.Text {
			s += " text"
		}
		s += ")"
	}
	if seen[t] && len(t.Fields) > 0 {
		return s + "…"
	}
	seen[t] = true
	if t.Elem != nil {
		s += " of " + typeTree(t.Elem, seen)
	}
	if len(t.Fields) > 0 {
		s += "{"
		for i, f := range t.Fields {
			if i > 0 {
				s += ", "
			}
			s += f.Name
			if f.Optional {
				s += "?"
			}
			if f.Required {
				s += "!"
			}
			s += " " + strings.Join(append(slices.Clone(f.Embedded), f.Go), ".") + " " + typeTree(f.Type, seen)
			if f.OmitEmpty {
				s += " omitempty"
			}
			if f.Doc != "" {
				s += fmt.Sprintf(" %q", f.Doc)
			}
		}
		s += "}"
	}
	return s
}
