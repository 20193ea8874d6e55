package check

import (
	"slices"
	"strings"
)

// An editor changes a text at offsets of the original and remembers where each
// piece of the result came from. Edits are made from the inside out: what is
// put before or after a range goes around what was put there earlier.
type editor struct {
	text   string
	before map[int]string
	after  map[int]string
	cuts   []cut
}

// A cut replaces a range.
type cut struct {
	from, to int
	with     string
}

func newEditor(text string) *editor {
	return &editor{text: text, before: map[int]string{}, after: map[int]string{}}
}

// around puts text before and after a range.
func (e *editor) around(from, to int, before, after string) {
	if before != "" {
		e.before[from] = before + e.before[from]
	}
	if after != "" {
		e.after[to] += after
	}
}

// replace replaces a range with all earlier edits in it.
func (e *editor) replace(from, to int, with string) {
	for o := range e.before {
		if from <= o && o < to {
			delete(e.before, o)
		}
	}
	for o := range e.after {
		if from < o && o <= to {
			delete(e.after, o)
		}
	}
	e.cuts = slices.DeleteFunc(e.cuts, func(c cut) bool { return from <= c.from && c.to <= to })
	e.cuts = append(e.cuts, cut{from, to, with})
}

// An origin says that the result from offset out on came from offset in of the
// original: byte for byte, or, where it was made here, all of it.
type origin struct {
	out, in int
	made    bool
}

// render is a range of the text with its edits.
func (e *editor) render(from, to int) (string, []origin) {
	cuts := slices.Clone(e.cuts)
	slices.SortFunc(cuts, func(a, b cut) int { return a.from - b.from })
	var b strings.Builder
	var origins []origin
	put := func(in int, text string, made bool) {
		if text != "" {
			origins = append(origins, origin{b.Len(), in, made})
			b.WriteString(text)
		}
	}
	for i := from; i < to; {
		if i > from {
			put(i, e.after[i], true)
		}
		put(i, e.before[i], true)
		for len(cuts) > 0 && cuts[0].from < i {
			cuts = cuts[1:]
		}
		if len(cuts) > 0 && cuts[0].from == i && cuts[0].to <= to {
			put(i, cuts[0].with, true)
			i = max(cuts[0].to, i)
			cuts = cuts[1:]
			if i >= to {
				break
			}
			// What was put after the range stands behind it.
			continue
		}
		// Copy up to the next place where something happens.
		next := i + 1
		for next < to && e.before[next] == "" && e.after[next] == "" && (len(cuts) == 0 || cuts[0].from != next) {
			next++
		}
		put(i, e.text[i:next], false)
		i = next
	}
	if to > from {
		put(to, e.after[to], true)
	}
	return b.String(), origins
}
