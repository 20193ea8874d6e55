package parse

import (
	"sort"

	"github.com/flowc-dev/flowc/ir/source"
)

// A run maps a stretch of decoded text to the stretch of the file it came
// from. Where both have one length they agree byte for byte; otherwise the
// stretch is one thing (an escape, a folded line break) and does not divide.
type run struct {
	text, textEnd int
	file, fileEnd int
}

func (r run) verbatim() bool { return r.textEnd-r.text == r.fileEnd-r.file }

// Origin converts a byte offset in Text to the byte offset in the file. It is
// exact in every style; an offset inside an escape gives the escape's start,
// and len(Text) the end of the content.
func (n *Node) Origin(offset int) int {
	offset = max(0, min(offset, len(n.Text)))
	if len(n.runs) == 0 {
		return n.Span.Start
	}
	i := sort.Search(len(n.runs), func(i int) bool { return n.runs[i].textEnd > offset })
	if i == len(n.runs) {
		return n.clamp(n.runs[i-1].fileEnd)
	}
	r := n.runs[i]
	if r.verbatim() {
		return n.clamp(r.file + offset - r.text)
	}
	return n.clamp(r.file)
}

// SubSpan converts a range of Text to the range of the file that holds it.
// Where the text cannot be followed (a computed CUE value) it is the whole
// span.
func (n *Node) SubSpan(from, to int) source.Span {
	from = max(0, min(from, len(n.Text)))
	to = max(from, min(to, len(n.Text)))
	if len(n.runs) == 0 {
		return n.Span
	}
	s := source.Span{File: n.Span.File, Start: n.Origin(from)}
	if from == to {
		s.End = s.Start
		return s
	}
	i := sort.Search(len(n.runs), func(i int) bool { return n.runs[i].textEnd >= to })
	r := n.runs[i]
	if r.verbatim() {
		s.End = n.clamp(r.file + to - r.text)
	} else {
		s.End = n.clamp(r.fileEnd)
	}
	return s
}

// Exact tells whether Origin and SubSpan follow the text; they do not for a
// value that was computed.
func (n *Node) Exact() bool { return len(n.runs) > 0 || n.Text == "" }

func (n *Node) clamp(offset int) int { return max(n.Span.Start, min(offset, n.Span.End)) }

// A textBuilder decodes a scalar and keeps where each byte came from.
type textBuilder struct {
	text []byte
	runs []run
}

// copy appends src[from:to] as it is.
func (b *textBuilder) copy(src []byte, from, to int) {
	if from == to {
		return
	}
	if n := len(b.runs); n > 0 && b.runs[n-1].verbatim() && b.runs[n-1].fileEnd == from {
		b.runs[n-1].fileEnd, b.runs[n-1].textEnd = to, len(b.text)+to-from
	} else {
		b.runs = append(b.runs, run{len(b.text), len(b.text) + to - from, from, to})
	}
	b.text = append(b.text, src[from:to]...)
}

// put appends what the file spells otherwise in [from, to).
func (b *textBuilder) put(s string, from, to int) {
	if s == "" {
		return
	}
	b.runs = append(b.runs, run{len(b.text), len(b.text) + len(s), from, to})
	b.text = append(b.text, s...)
}
