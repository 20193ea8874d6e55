// Package parse reads the text of a pipeline, YAML, JSON or CUE, into one tree
// in which every value knows its bytes.
//
// The tree says what was written and where; what it means is for later phases.
// Every byte of a scalar's decoded text can be followed back to the file
// ([Node.Origin]), through quotes, escapes, block and folded scalars, so that
// an error inside Go inside YAML has its exact place. YAML takes some Go apart
// in silence: [GoInYAML] tells what it did.
//
// The phases of this package for YAML: checks of the raw text (text.go),
// goccy's tokens laid over the text again (span.go) with our own decoding of
// scalars (scalar.go, block.go), checks of the tokens (tokens.go), goccy's
// parser, and its syntax tree turned into ours (tree.go, strict.go).
package parse

import (
	"strings"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// A Format is a language that a tree can be read from.
type Format int

// The formats of files.
const (
	FormatYAML Format = iota
	FormatJSON
	FormatCUE
)

// String returns "YAML", "JSON" or "CUE".
func (f Format) String() string { return [...]string{"YAML", "JSON", "CUE"}[f] }

// FormatOf tells the format by the extension of a file name: .json and .cue
// are JSON and CUE, everything else (standard input too) is YAML.
func FormatOf(name string) Format {
	switch lower := strings.ToLower(name); {
	case strings.HasSuffix(lower, ".json"):
		return FormatJSON
	case strings.HasSuffix(lower, ".cue"):
		return FormatCUE
	}
	return FormatYAML
}

// File reads a text. Where the result is nil, the list has got an error that
// says why; a tree may come with errors as well (a key that stands twice), and
// is whole then but for what they tell.
func File(f *source.File, format Format, l *diag.List) *Node {
	from, ok := checkText(f, format, l)
	if !ok {
		return nil
	}
	switch format {
	case FormatJSON:
		return readJSON(f, from, l)
	case FormatCUE:
		return readCUE(f, from, l)
	}
	return readYAML(f, from, l)
}
