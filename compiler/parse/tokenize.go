package parse

import (
	"bytes"
	"regexp"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// tokenize runs goccy's scanner over the text in a form that it reads
// correctly. What the changes hide does not matter: what stands in a scalar is
// read from the text itself afterwards, and no line moves.
//
//   - Lines end in a line feed alone, and more than a hundred empty lines in a
//     row are a hundred: the scanner copies what it has for each.
//   - A tab behind the first character of a line is a space: the scanner drops
//     tabs of plain scalars and does not count them as columns.
//   - A tab that indents the content of a block scalar beyond its first line's
//     spaces (Go is written so) is a letter: the scanner would take the first
//     letter behind the tab for the indentation of the block.
func tokenize(text []byte) token.Tokens {
	clean := make([]byte, 0, len(text))
	block, inBlock := 0, false // the column that content is deeper than
	empty := 0                 // empty lines in a row
	for len(text) > 0 {
		end, next := lineEnd(text, 0), nextLine(text, 0)
		line := text[:end]
		indent := len(line) - len(bytes.TrimLeft(line, " "))
		lead := len(line) - len(bytes.TrimLeft(line, " \t"))
		if empty++; lead < len(line) {
			empty = 0
		}
		if empty > 100 {
			text = text[next:]
			continue
		}
		if inBlock && lead < len(line) && indent <= block {
			inBlock = false
		}
		start := len(clean)
		clean = append(clean, line...)
		for i := range line {
			if line[i] != '\t' {
				continue
			}
			switch {
			case i >= lead:
				clean[start+i] = ' '
			case inBlock && indent > 0 && lead < len(line):
				clean[start+i] = 'x'
			}
		}
		if !inBlock {
			block, inBlock = headerColumn(line)
		}
		if next > end {
			clean = append(clean, '\n')
		}
		text = text[next:]
	}
	return lexer.Tokenize(string(clean))
}

// headerColumn tells whether a line ends in the header of a block scalar, and
// the column, from 0, that its content is indented deeper than (-1 at the top).
func headerColumn(line []byte) (column int, ok bool) {
	if !bytes.ContainsAny(line, "|>") {
		return 0, false // most lines: the expression is costly
	}
	m := blockHeader.FindSubmatchIndex(line)
	switch {
	case m == nil:
		return 0, false
	case m[4] >= 0:
		return m[4], true
	case m[3] > 0:
		return bytes.LastIndexByte(line[:m[3]], '-'), true
	}
	return -1, true
}

// blockHeader is a line that ends in the header of a block scalar: dashes,
// perhaps a key, perhaps an anchor or a tag, and the header.
var blockHeader = regexp.MustCompile(`^((?: |-[ \t]+)*)((?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#"'\[\]{},][^#\[\]{}:]*)[ \t]*:[ \t]+)?(?:[&!][^\s]*[ \t]+)*[|>][-+0-9]*[ \t]*(?:[ \t]#.*)?$`)
