package migrate

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/source"
)

// A comment is one comment of the file.
type comment struct {
	line, column int
	text         string // with its `#`
	alone        bool   // nothing else stands on its line
	used         bool
}

// Comments are those of a file, by line; a line has one at the most.
type comments struct {
	byLine map[int]*comment
	blank  map[int]bool
	lines  int
}

// readComments finds the comments of a text: each `#` behind white space that
// stands in no value.
func readComments(f *source.File, root *parse.Node) *comments {
	c := &comments{byLine: map[int]*comment{}, blank: map[int]bool{}}
	var spans []source.Span
	var walk func(n *parse.Node)
	walk = func(n *parse.Node) {
		if n.Kind != parse.Mapping && n.Kind != parse.Sequence && n.Span.End > n.Span.Start {
			spans = append(spans, n.Span)
		}
		for _, item := range n.Items {
			walk(item)
		}
		for _, m := range n.Members {
			walk(m.Key)
			walk(m.Value)
		}
	}
	walk(root)
	slices.SortFunc(spans, func(a, b source.Span) int { return a.Start - b.Start })
	next, offset := 0, 0
	for line := range strings.SplitAfterSeq(string(f.Text), "\n") {
		c.lines++
		text := strings.TrimRight(line, "\r\n")
		c.blank[c.lines] = strings.TrimSpace(text) == ""
		for i := 0; i < len(text); i++ {
			for next < len(spans) && spans[next].End <= offset+i {
				next++
			}
			if next < len(spans) && spans[next].Start <= offset+i {
				i = min(len(text), spans[next].End-offset) - 1
				continue
			}
			if text[i] != '#' || i > 0 && text[i-1] != ' ' && text[i-1] != '\t' {
				continue
			}
			c.byLine[c.lines] = &comment{line: c.lines, column: i + 1, text: strings.TrimRight(text[i:], " \t"), alone: strings.TrimSpace(text[:i]) == ""}
			break
		}
		offset += len(line)
	}
	return c
}

// above takes the comments right above a line, as far as they stand no deeper than
// a column; "" is an empty line between them.
func (c *comments) above(line, column int) []string {
	var out []string
	gap := false
	for line--; line > 0; line-- {
		k := c.byLine[line]
		switch {
		case c.blank[line]:
			gap = true
			continue
		case k == nil || !k.alone || k.used || k.column > column:
			slices.Reverse(out)
			return out
		}
		if gap && len(out) > 0 {
			out = append(out, "")
		}
		gap = false
		k.used = true
		out = append(out, k.text)
	}
	slices.Reverse(out)
	return out
}

// gapAbove tells whether an empty line stands above a line and its comments.
func (c *comments) gapAbove(line int) bool {
	for line--; line > 0 && c.byLine[line] != nil && c.byLine[line].alone; line-- {
	}
	return line > 0 && c.blank[line]
}

// below takes the comments right below a line that stand at a column or deeper.
func (c *comments) below(line, column int) []string {
	var out []string
	for line++; line <= c.lines; line++ {
		if c.blank[line] {
			continue
		}
		k := c.byLine[line]
		if k == nil || !k.alone || k.used || k.column < column {
			break
		}
		k.used = true
		out = append(out, k.text)
	}
	return out
}

// behind takes the comment that stands behind something on its line.
func (c *comments) behind(line int) string {
	k := c.byLine[line]
	if k == nil || k.alone || k.used {
		return ""
	}
	k.used = true
	return k.text
}

// left takes those that nothing took.
func (c *comments) left() []string {
	var out []string
	for line := 1; line <= c.lines; line++ {
		if k := c.byLine[line]; k != nil && !k.used {
			k.used = true
			out = append(out, k.text)
		}
	}
	return out
}
