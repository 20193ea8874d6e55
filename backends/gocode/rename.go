package gocode

import (
	"go/parser"
	"go/token"
	"slices"
)

// renamePackage gives a package another name in Go of the user's: wherever its
// name stands and no variable hides it. The text has been checked before; its
// lines stay where they are.
func renamePackage(text string, body bool, from, to string) string {
	head, tail := "package p\nvar _ = ", "\n"
	if body {
		head, tail = "package p\nfunc _() {\n", "\n}\n"
	}
	file, err := parser.ParseFile(token.NewFileSet(), "", head+text+tail, 0)
	if err != nil {
		return text // the Go compiler says what is wrong with it
	}
	var at []int
	for _, id := range file.Unresolved {
		if id.Name == from {
			at = append(at, int(id.Pos())-1-len(head))
		}
	}
	slices.Sort(at)
	for _, i := range slices.Backward(at) {
		text = text[:i] + to + text[i+len(from):]
	}
	return text
}
