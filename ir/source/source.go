// Package source says where things stand: files, byte offsets and spans.
//
// Every tree of the compiler points back into the text that a user wrote with
// a [Span], a half-open range of byte offsets. Lines and columns are computed
// only when something is shown.
package source

import (
	"bytes"
	"fmt"
	"sort"
	"unicode/utf8"
)

// A File is one text that the compiler read. It is immutable after [NewFile].
type File struct {
	// Name is how the file is shown and how //line refers to it: relative to
	// the folder of the root pipeline, with slashes.
	Name string
	// Path is where the file was read, "" for standard input and texts made in
	// memory.
	Path string
	// Text is the whole content.
	Text []byte

	lines []int // offset of the first byte of each line
}

// NewFile returns the file with its line table. A byte order mark at its start is
// in no line: editors do not show it, and count columns without it.
func NewFile(name, path string, text []byte) *File {
	f := &File{Name: name, Path: path, Text: text, lines: []int{0}}
	if bytes.HasPrefix(text, []byte("\ufeff")) {
		f.lines[0] = len("\ufeff")
	}
	for i := f.lines[0]; ; {
		n := bytes.IndexByte(text[i:], '\n')
		if n < 0 {
			return f
		}
		i += n + 1
		f.lines = append(f.lines, i)
	}
}

// A Position is an offset as people and editors count: Line and Column start
// at 1, Column counts bytes, Offset starts at 0.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Offset int `json:"offset"`
}

// Position converts a byte offset; offsets outside the text are clamped to it.
func (f *File) Position(offset int) Position {
	offset = max(f.lines[0], min(offset, len(f.Text)))
	line := sort.Search(len(f.lines), func(i int) bool { return f.lines[i] > offset })
	return Position{Line: line, Column: offset - f.lines[line-1] + 1, Offset: offset}
}

// Offset converts a line and a column in bytes, both from 1; a place outside
// the text is clamped to the nearest one inside.
func (f *File) Offset(line, column int) int {
	if line < 1 {
		return 0
	}
	if line > len(f.lines) {
		return len(f.Text)
	}
	end := len(f.Text)
	if line < len(f.lines) {
		end = f.lines[line] - 1
	}
	return max(f.lines[line-1], min(f.lines[line-1]+column-1, end))
}

// RuneOffset converts a line and a column that counts runes, both from 1, as
// some parsers report them.
func (f *File) RuneOffset(line, column int) int {
	o, end := f.Offset(line, 1), f.Offset(line, 1<<30)
	for ; column > 1 && o < end; column-- {
		_, n := utf8.DecodeRune(f.Text[o:end])
		o += n
	}
	return o
}

// Lines is the number of lines, at least 1.
func (f *File) Lines() int { return len(f.lines) }

// Line returns the text of a line, counted from 1, without its line break.
func (f *File) Line(line int) []byte {
	if line < 1 || line > len(f.lines) {
		return nil
	}
	return bytes.TrimSuffix(f.Text[f.Offset(line, 1):f.Offset(line, 1<<30)], []byte("\r"))
}

// A Span is the half-open byte range [Start, End) of a file. The zero Span
// means "nowhere": what the compiler made itself.
type Span struct {
	File       *File
	Start, End int
}

// IsZero tells whether the span points nowhere.
func (s Span) IsZero() bool { return s.File == nil }

// Text returns what the span covers.
func (s Span) Text() string {
	if s.File == nil || s.Start < 0 || s.End > len(s.File.Text) || s.Start > s.End {
		return ""
	}
	return string(s.File.Text[s.Start:s.End])
}

// Pos is the position of the first byte.
func (s Span) Pos() Position {
	if s.File == nil {
		return Position{}
	}
	return s.File.Position(s.Start)
}

// EndPos is the position behind the last byte.
func (s Span) EndPos() Position {
	if s.File == nil {
		return Position{}
	}
	return s.File.Position(s.End)
}

// Line is the line, from 1, of the first byte, 0 for the zero Span.
func (s Span) Line() int { return s.Pos().Line }

// Place is "file:line" of the span's first byte, "" for no place.
func (s Span) Place() string {
	if s.File == nil {
		return ""
	}
	return fmt.Sprintf("%s:%d", s.File.Name, s.Line())
}

// Sub returns the part [from, to) of the span, in bytes from its start.
func (s Span) Sub(from, to int) Span {
	return Span{File: s.File, Start: s.Start + from, End: s.Start + to}
}

// Join returns the smallest span that covers both; spans of different files
// give the first.
func (s Span) Join(t Span) Span {
	if s.File == nil {
		return t
	}
	if t.File != s.File {
		return s
	}
	return Span{File: s.File, Start: min(s.Start, t.Start), End: max(s.End, t.End)}
}

// Compare orders spans by file name, start and end, for sorted output.
func (s Span) Compare(t Span) int {
	switch {
	case s.File == nil && t.File == nil:
		return 0
	case s.File == nil:
		return -1
	case t.File == nil:
		return 1
	case s.File.Name != t.File.Name:
		if s.File.Name < t.File.Name {
			return -1
		}
		return 1
	case s.Start != t.Start:
		return s.Start - t.Start
	}
	return s.End - t.End
}
