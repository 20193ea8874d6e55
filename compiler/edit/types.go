// Package edit changes the text of a pipeline where it stands: bytes are put in and
// replaced, and all others stay, with their comments and their spacing.
package edit

import (
	"errors"
	"fmt"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// Types are types for the records of a source.
type Types struct {
	// Source is the source, Out the value of its `out`.
	Source, Out string
	// Declarations give the names of the types and their YAML, a text each: lines
	// whose keys stand at a column, or entries of a mapping in braces.
	Declarations func(indent int, braces bool) (names, texts []string)
}

// ErrRefused is in the chain of errors about texts that are not edited; they say
// why.
var ErrRefused = errors.New("the file was not changed")

func refused(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrRefused, fmt.Sprintf(format, args...))
}

// AddTypes declares types in a pipeline and gives its source the `out`. It returns
// the text that the file is to have.
func AddTypes(f *source.File, t Types) ([]byte, error) {
	if format := parse.FormatOf(f.Name); format != parse.FormatYAML {
		return nil, refused("it is %s, and only YAML is written", format)
	}
	root, err := read(f)
	if err != nil {
		return nil, err
	}
	top := blocksOf(root)
	types, err := declare(f, top, &t)
	if err != nil {
		return nil, err
	}
	out, err := setOut(f, top, &t)
	if err != nil {
		return nil, err
	}
	text, err := diag.Apply(f, []diag.Edit{types, out})
	if err != nil {
		return nil, err
	}
	return text, verify(f, text, &t)
}

// read parses a file without mistakes of YAML.
func read(f *source.File) (*parse.Node, error) {
	var l diag.List
	root := parse.File(f, parse.FormatYAML, &l)
	if root == nil || l.HasErrors() {
		return nil, refused("it can't be read as YAML")
	}
	if root.Kind != parse.Mapping || root.Style != parse.Block {
		return nil, refused("it is no mapping of lines")
	}
	return root, nil
}

// blocksOf is the mapping that holds the blocks: the text itself, or its `spec` in the
// spelling of flowctl.
func blocksOf(root *parse.Node) *parse.Node {
	if spec := root.Get("spec"); spec != nil && root.Get("sources") == nil && spec.Kind == parse.Mapping && spec.Style == parse.Block {
		return spec
	}
	return root
}

// sourceOf is the body of a source, nil where it does not stand here.
func sourceOf(top *parse.Node, name string) *parse.Node {
	sources := top.Get("sources")
	if sources == nil {
		return nil
	}
	for _, item := range sources.Items {
		if id := item.Get("id"); id != nil && id.Text == name {
			return item
		}
	}
	return sources.Get(name)
}

// declare adds the types to the block `types`, or makes one before the sources.
func declare(f *source.File, root *parse.Node, t *Types) (diag.Edit, error) {
	block := root.Member("types")
	if block == nil {
		sources := root.Member("sources")
		if sources == nil {
			return diag.Edit{}, refused("its sources do not stand in it")
		}
		indent := sources.Key.Span.Pos().Column - 1
		_, texts := t.Declarations(indent+2, false)
		at := f.Offset(beforeComments(f, sources.Key.Span.Pos().Line), 1)
		return insert(f, at, strings.Repeat(" ", indent)+"types:\n"+strings.Join(texts, "\n")+"\n\n"), nil
	}
	types := block.Value
	names, _ := t.Declarations(0, true)
	for _, name := range names {
		if types.Member(name) != nil {
			return diag.Edit{}, refused("it has a type `%s` already: remove it there, or choose another name with --name", name)
		}
	}
	switch {
	case !types.Alias.IsZero() || types.Anchor != "":
		return diag.Edit{}, refused("its `types` are shared by an anchor")
	case types.Kind == parse.Null && types.Text == "":
		_, texts := t.Declarations(block.Key.Span.Pos().Column+1, false)
		return insert(f, lineEnd(f, block.Key.Span.End), "\n"+strings.Join(texts, "\n")), nil
	case types.Kind != parse.Mapping:
		return diag.Edit{}, refused("its `types` are %s", types.Kind)
	case types.Style == parse.Flow:
		_, texts := t.Declarations(0, true)
		return insertFlow(f, types, strings.Join(texts, ", ")), nil
	}
	_, texts := t.Declarations(types.Members[0].Key.Span.Pos().Column-1, false)
	return insert(f, lineEnd(f, types.Span.End), "\n"+strings.Join(texts, "\n")), nil
}

// setOut gives the source its `out`.
func setOut(f *source.File, root *parse.Node, t *Types) (diag.Edit, error) {
	body := sourceOf(root, t.Source)
	if body == nil || body.Kind != parse.Mapping || len(body.Members) == 0 && body.Style != parse.Flow {
		return diag.Edit{}, refused("the source `%s` does not stand in it", t.Source)
	}
	if !body.Alias.IsZero() || body.Span.File != f || body.Anchor != "" {
		return diag.Edit{}, refused("`%s` is shared by an anchor", t.Source)
	}
	if out := body.Member("out"); out != nil {
		if !out.Value.Alias.IsZero() || out.Value.Style == parse.Block {
			return diag.Edit{}, refused("`%s` has an `out` of several lines: write `out: %s` there yourself", t.Source, t.Out)
		}
		return diag.Edit{Span: out.Value.Span, New: t.Out}, nil
	}
	if body.Style == parse.Flow {
		return insertFlow(f, body, "out: "+t.Out), nil
	}
	indent := strings.Repeat(" ", body.Members[0].Key.Span.Pos().Column-1)
	return insert(f, lineEnd(f, body.Span.End), "\n"+indent+"out: "+t.Out), nil
}

func insert(f *source.File, at int, text string) diag.Edit {
	if at == len(f.Text) && strings.HasPrefix(text, "\n") && (at == 0 || f.Text[at-1] == '\n') {
		text = text[1:] + "\n" // the file ends with its last line
	}
	return diag.Edit{Span: source.Span{File: f, Start: at, End: at}, New: text}
}

// insertFlow adds an entry behind the last one of a mapping in braces.
func insertFlow(f *source.File, n *parse.Node, text string) diag.Edit {
	if len(n.Members) == 0 {
		return insert(f, n.Span.Start+1, text)
	}
	at := n.Members[len(n.Members)-1].Value.Span.End
	rest := string(f.Text[at:n.Span.End])
	if spaces := len(rest) - len(strings.TrimLeft(rest, " \t\r\n")); rest[spaces] == ',' {
		return insert(f, at+spaces+1, " "+text)
	}
	return insert(f, at, ", "+text)
}

// lineEnd is the end of the line in which a value ends.
func lineEnd(f *source.File, at int) int {
	if at > 0 && f.Text[at-1] == '\n' {
		at-- // of a block scalar
	}
	for at < len(f.Text) && f.Text[at] != '\n' && f.Text[at] != '\r' {
		at++
	}
	return at
}

// beforeComments is the first of the lines of comments that stand right above a
// line, or that line. Comments at the top of the file are about all of it.
func beforeComments(f *source.File, line int) int {
	first := line
	for first > 1 && strings.HasPrefix(strings.TrimSpace(string(f.Line(first-1))), "#") {
		first--
	}
	if first == 1 {
		return line
	}
	return first
}

// verify reads the new text again: it must say what was meant.
func verify(f *source.File, text []byte, t *Types) error {
	root, err := read(source.NewFile(f.Name, f.Path, text))
	if err != nil {
		return refused("what would stand in it can't be read; write the types there yourself")
	}
	names, _ := t.Declarations(0, true)
	top := blocksOf(root)
	for _, name := range names {
		if top.Get("types").Get(name) == nil {
			return refused("the type `%s` would not be where it belongs; write it there yourself", name)
		}
	}
	out := sourceOf(top, t.Source).Get("out")
	if out == nil || string(out.Span.File.Text[out.Span.Start:out.Span.End]) != t.Out {
		return refused("`out: %s` would not be where it belongs; write it there yourself", t.Out)
	}
	return nil
}
