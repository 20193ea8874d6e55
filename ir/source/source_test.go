package source_test

import (
	"testing"

	"github.com/flowc-dev/flowc/ir/source"
)

func TestPosition(t *testing.T) {
	f := source.NewFile("p", "", []byte("ab\n\né日x\r\nend"))
	for _, c := range []struct{ offset, line, column int }{
		{-1, 1, 1}, {0, 1, 1}, {2, 1, 3}, {3, 2, 1}, {4, 3, 1}, {6, 3, 3}, {9, 3, 6}, {12, 4, 1}, {15, 4, 4}, {99, 4, 4},
	} {
		p := f.Position(c.offset)
		if p.Line != c.line || p.Column != c.column {
			t.Errorf("offset %d: got %d:%d, want %d:%d", c.offset, p.Line, p.Column, c.line, c.column)
		}
		if 0 <= c.offset && c.offset <= 15 && f.Offset(p.Line, p.Column) != c.offset {
			t.Errorf("offset %d comes back as %d", c.offset, f.Offset(p.Line, p.Column))
		}
	}
	for _, c := range []struct{ line, column, want int }{
		{0, 5, 0}, {1, 0, 0}, {1, 9, 2}, {2, 1, 3}, {2, 7, 3}, {9, 1, 15},
	} {
		if got := f.Offset(c.line, c.column); got != c.want {
			t.Errorf("%d:%d: got %d, want %d", c.line, c.column, got, c.want)
		}
	}
	for _, c := range []struct{ line, column, want int }{
		{3, 1, 4}, {3, 2, 6}, {3, 3, 9}, {3, 4, 10}, {3, 99, 11}, {1, 2, 1},
	} {
		if got := f.RuneOffset(c.line, c.column); got != c.want {
			t.Errorf("%d, rune %d: got %d, want %d", c.line, c.column, got, c.want)
		}
	}
}

func TestLines(t *testing.T) {
	f := source.NewFile("p", "", []byte("ab\n\nx\r\n"))
	if f.Lines() != 4 {
		t.Errorf("%d lines: behind the last break is one more", f.Lines())
	}
	for i, want := range []string{"", "ab", "", "x", "", ""} {
		if got := string(f.Line(i)); got != want {
			t.Errorf("line %d: got %q, want %q", i, got, want)
		}
	}
	if empty := source.NewFile("p", "", nil); empty.Lines() != 1 || len(empty.Line(1)) != 0 {
		t.Error("an empty file has one line")
	}
}

// A byte order mark is in no line.
func TestByteOrderMark(t *testing.T) {
	f := source.NewFile("p", "", []byte("\ufeffab\nc"))
	for _, c := range []struct{ offset, line, column int }{{0, 1, 1}, {3, 1, 1}, {4, 1, 2}, {6, 2, 1}} {
		if p := f.Position(c.offset); p.Line != c.line || p.Column != c.column {
			t.Errorf("offset %d: got %d:%d, want %d:%d", c.offset, p.Line, p.Column, c.line, c.column)
		}
	}
	if got := string(f.Line(1)); got != "ab" {
		t.Errorf("the first line is %q", got)
	}
	if got := f.Offset(1, 2); got != 4 {
		t.Errorf("1:2: got %d, want 4", got)
	}
}

func TestSpan(t *testing.T) {
	f := source.NewFile("a", "", []byte("hello world"))
	g := source.NewFile("b", "", []byte("other"))
	s := source.Span{File: f, Start: 6, End: 11}
	if s.Text() != "world" || s.Sub(1, 3).Text() != "or" || s.Line() != 1 || s.EndPos().Column != 12 {
		t.Errorf("got %q, %q", s.Text(), s.Sub(1, 3).Text())
	}
	var zero source.Span
	if !zero.IsZero() || zero.Text() != "" || zero.Line() != 0 || zero.Pos() != (source.Position{}) || zero.EndPos() != (source.Position{}) {
		t.Error("the zero span is nowhere")
	}
	if got := s.Join(source.Span{File: f, Start: 0, End: 5}); got.Text() != "hello world" {
		t.Errorf("joined: %q", got.Text())
	}
	if s.Join(zero) != s || zero.Join(s) != s || s.Join(source.Span{File: g, End: 5}) != s {
		t.Error("spans of other files do not join")
	}
	for _, bad := range []source.Span{{File: f, Start: -1, End: 2}, {File: f, Start: 3, End: 99}, {File: f, Start: 5, End: 3}} {
		if bad.Text() != "" {
			t.Errorf("%v has the text %q", bad, bad.Text())
		}
	}
	order := []source.Span{zero, {File: f, Start: 1, End: 2}, {File: f, Start: 1, End: 3}, {File: f, Start: 2, End: 2}, {File: g, Start: 0, End: 1}}
	for i, a := range order {
		for j, b := range order {
			if got := a.Compare(b); got < 0 != (i < j) || got > 0 != (i > j) {
				t.Errorf("%v and %v compare as %d", a, b, got)
			}
		}
	}
}
