package parse

import (
	"bytes"
	"regexp"
)

// blockSigns is what may stand in the line of a header, from its sign on.
var blockSigns = regexp.MustCompile(`^[|>]([-+]?[1-9]?|[1-9][-+])[ \t]*([ \t]#.*)?$`)

// A textLine is one line of a block scalar: src[from:to], its break
// src[to:next].
type textLine struct{ from, to, next int }

// blockScalar decodes the literal (|) or folded (>) scalar whose header begins
// at start; parent is the indentation, in columns from 0, of the collection
// that holds it, -1 at the top. It also returns the offset of the first line
// behind it.
func blockScalar(src []byte, start, parent int) (*scalar, int, *scalarError) {
	s := &scalar{start: start, style: Literal}
	if src[start] == '>' {
		s.style = Folded
	}
	chomp, indent := byte(0), 0
	i := start + 1
	for ; i < len(src) && (src[i] == '+' || src[i] == '-' || '1' <= src[i] && src[i] <= '9'); i++ {
		if src[i] == '+' || src[i] == '-' {
			chomp = src[i]
		} else {
			indent = max(0, parent) + int(src[i]-'0')
		}
	}
	s.end = i
	if !blockSigns.Match(src[start:lineEnd(src, start)]) {
		return nil, 0, &scalarError{
			start, lineEnd(src, start), "a `" + string(src[start]) + "` block has text behind its sign",
			"begin the text on the next line; a value that begins with `" + string(src[start]) + "` needs quotes", false,
		}
	}
	line := nextLine(src, i)
	if indent == 0 {
		indent = contentIndent(src, line, parent)
	}

	// What has been read but is not yet text: the break behind the last line,
	// and the empty lines behind it.
	var last *textLine
	var empty []textLine
	wasBlank := false
	for line < len(src) {
		l := textLine{from: line, to: lineEnd(src, line), next: nextLine(src, line)}
		n := 0
		for n < indent && l.from+n < l.to && src[l.from+n] == ' ' {
			n++
		}
		if n < indent && l.from+n < l.to || indent == 0 && isMarker(src[l.from:l.to]) {
			break // less indented: no part of the scalar
		}
		l.from += n
		line = l.next
		if l.from == l.to {
			empty = append(empty, l)
			continue
		}
		blank := src[l.from] == ' ' || src[l.from] == '\t'
		if last != nil {
			if s.style == Folded && !wasBlank && !blank {
				if len(empty) == 0 {
					s.put(" ", last.to, l.from)
				}
			} else {
				s.put("\n", last.to, last.next)
			}
		}
		for _, e := range empty {
			s.put("\n", e.to, e.next)
		}
		empty, wasBlank = nil, blank
		s.copy(src, l.from, l.to)
		s.end = l.to
		last = &l
	}
	if chomp != '-' && last != nil && last.next > last.to {
		s.put("\n", last.to, last.next)
	}
	if chomp == '+' {
		for _, e := range empty {
			if e.next > e.to {
				s.put("\n", e.to, e.next)
				s.end = e.to
			}
		}
	}
	return s, line, nil
}

// contentIndent is the indentation of the first line that is not blank; where
// that is not deeper than the parent, the scalar is empty. Where all lines are
// blank it is that of the longest.
func contentIndent(src []byte, line, parent int) int {
	longest := parent + 1
	for line < len(src) {
		end, n := lineEnd(src, line), 0
		for line+n < end && src[line+n] == ' ' {
			n++
		}
		if line+n < end {
			return max(n, parent+1)
		}
		longest = max(longest, n)
		line = nextLine(src, line)
	}
	return longest
}

// lineEnd is the offset of the line break, \r\n or \n, that ends the line.
func lineEnd(src []byte, i int) int {
	n := bytes.IndexByte(src[i:], '\n')
	if n < 0 {
		return len(src)
	}
	if n > 0 && src[i+n-1] == '\r' {
		n--
	}
	return i + n
}

// nextLine is the offset behind the line break that follows i.
func nextLine(src []byte, i int) int {
	n := bytes.IndexByte(src[i:], '\n')
	if n < 0 {
		return len(src)
	}
	return i + n + 1
}

// isMarker tells whether a line begins or ends a document.
func isMarker(line []byte) bool {
	if len(line) < 3 || len(line) > 3 && line[3] != ' ' && line[3] != '\t' {
		return false
	}
	return string(line[:3]) == "---" || string(line[:3]) == "..."
}
