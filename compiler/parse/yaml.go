package parse

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// readYAML reads one document of YAML that begins at from.
func readYAML(f *source.File, from int, l *diag.List) *Node {
	if !checkSigns(f, from, l) || !checkConflict(f, l) {
		return nil
	}
	n := readDocument(f, from, l)
	if n == nil {
		moreGo(f, l)
	}
	return n
}

func readDocument(f *source.File, from int, l *diag.List) *Node {
	tokens := tokenize(f.Text[from:])
	if len(tokens) > 2*MaxValues {
		tooMuch(source.Span{File: f}, l, "the file has more than %d words and signs", 2*MaxValues)
		return nil
	}
	p, wrong := place(f, from, tokens)
	if !checkTokens(p, tokens, l) {
		return nil
	}
	if wrong != nil {
		reportMisplaced(f, wrong, l)
		return nil
	}
	if tk := tokens.InvalidToken(); tk != nil {
		reportInvalid(p, tokens, tk, l)
		return nil
	}
	doc, err := parseTokens(tokens)
	if err != nil {
		reportSyntax(p, tokens, err, l)
		return nil
	}
	t := &tree{placement: p, list: l, anchors: map[string]*anchored{}}
	return t.document(doc)
}

// checkConflict refuses a file with the marks of a merge that was not finished:
// what YAML says of them leads nowhere.
func checkConflict(f *source.File, l *diag.List) bool {
	m := conflict.FindIndex(f.Text)
	if m == nil {
		return true
	}
	l.Errorf(diag.YAMLSyntax, source.Span{File: f, Start: m[0], End: m[1]}, "a merge conflict is left in the file").
		Helpf("keep one of the two versions, and remove the lines with `<<<<<<<`, `=======` and `>>>>>>>`")
	return false
}

var conflict = regexp.MustCompile(`(?m)^<{7} .*$`)

// A syntaxError is what goccy's parser says.
type syntaxError struct {
	message string
	token   *token.Token // nil where it gives none
}

func (e *syntaxError) Error() string { return e.message }

// parseTokens runs goccy's parser. A panic of it must not be one of ours: the
// text is to blame as far as the user is concerned.
func parseTokens(tokens token.Tokens) (body ast.Node, err *syntaxError) {
	defer func() {
		if r := recover(); r != nil {
			err = &syntaxError{message: fmt.Sprintf("the YAML parser gave up (%v)", r)}
		}
	}()
	file, e := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if e != nil {
		var y yaml.Error
		if errors.As(e, &y) {
			return nil, &syntaxError{y.GetMessage(), y.GetToken()}
		}
		return nil, &syntaxError{message: e.Error()}
	}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if body != nil {
			return nil, &syntaxError{"value is not allowed in this context", doc.Body.GetToken()}
		}
		body = doc.Body
	}
	if body == nil {
		return nil, &syntaxError{message: "no value was found"}
	}
	return body, nil
}
