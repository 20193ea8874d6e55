package lower

import (
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// appendKey is the edit that adds an entry at the end of a mapping.
func appendKey(n *parse.Node, text string) (diag.Edit, bool) {
	if n == nil || n.Kind != parse.Mapping || len(n.Members) == 0 || !n.Alias.IsZero() {
		return diag.Edit{}, false
	}
	file := n.Span.File
	if n.Style == parse.Flow {
		return insertKey(n.Span, source.Span{}, text)
	}
	if n.Style != parse.Block {
		return diag.Edit{}, false
	}
	last := n.Members[len(n.Members)-1]
	first := n.Members[0]
	if last.Key.Span.File != file || first.Key.Span.File != file {
		return diag.Edit{}, false
	}
	// Behind the last entry's last line, its comment included.
	end := file.Offset(last.Value.Span.EndPos().Line, 1<<30)
	if end > 0 && last.Value.Span.End > 0 && file.Text[last.Value.Span.End-1] == '\n' {
		end = last.Value.Span.End - 1
	}
	at := source.Span{File: file, Start: end, End: end}
	return diag.Edit{Span: at, New: "\n" + strings.Repeat(" ", first.Key.Span.Pos().Column-1) + text}, true
}

// insertKey is the edit that adds a key to the mapping of a node.
func insertKey(body, name source.Span, text string) (diag.Edit, bool) {
	file := body.File
	if file == nil || body.End <= body.Start || body.End > len(file.Text) {
		return diag.Edit{}, false
	}
	if file.Text[body.Start] == '{' && file.Text[body.End-1] == '}' {
		at := body.End - 1
		for at > body.Start && file.Text[at-1] == ' ' {
			at--
		}
		if file.Text[at-1] != '{' {
			text = ", " + text
		}
		return diag.Edit{Span: source.Span{File: file, Start: at, End: at}, New: text}, true
	}
	first := body.Pos()
	if name.File != file || first.Line == name.Line() {
		return diag.Edit{}, false
	}
	at := source.Span{File: file, Start: body.Start, End: body.Start}
	return diag.Edit{Span: at, New: text + "\n" + strings.Repeat(" ", first.Column-1)}, true
}
