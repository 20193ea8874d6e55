package parse

import (
	"regexp"
	"strings"

	"github.com/flowc-dev/flowc/ir/source"
)

// quoteYAML is a text as a single-quoted scalar of YAML.
func quoteYAML(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// quoteHelp says to quote a value, and how if that is short.
func quoteHelp(text string) string {
	if len(text) > 60 || strings.Contains(text, "\n") {
		return "quote the value"
	}
	return "quote the value: `" + quoteYAML(text) + "`"
}

// keyLine is a line `key: value`, perhaps behind dashes: what stands before the
// key, the key, what stands between, and the value.
var keyLine = regexp.MustCompile(`^((?:[ \t]|-[ \t])*)(['"]?[\pL_][\pL\pN_.-]*['"]?)(\??:[ \t]+)(\S.*?)[ \t]*$`)

// goValue finds the value around an offset, as it was meant, if its key holds
// Go: the rest of the line behind the key, or what Go takes up of a flow mapping
// in that line (then inFlow).
func goValue(f *source.File, offset int) (value source.Span, inFlow, ok bool) {
	line := f.Position(offset).Line
	text, start := f.Line(line), f.Offset(line, 1)
	if len(text) > 10_000 {
		return source.Span{}, false, false // nobody wrote this
	}
	m := keyLine.FindSubmatchIndex(text)
	if m == nil {
		return source.Span{}, false, false
	}
	key := strings.Trim(string(text[m[4]:m[5]]), `'"`)
	value = beforeComment(source.Span{File: f, Start: start + m[8], End: start + m[9]})
	if text[m[8]] == '{' {
		if entry, found := flowEntry(f, value.Start, key, offset); found {
			return entry, true, true
		}
	}
	if !goKeys[key] && !goParents[parentKey(f, line, m[4])] {
		return source.Span{}, false, false
	}
	// A comma that no bracket of Go holds ends it: the line stands in a flow
	// mapping of several lines.
	if whole := goExtent(f, value.Start); whole.End < value.End && f.Text[whole.End] == ',' {
		return whole, true, whole.Start < whole.End
	}
	return value, false, value.Start < value.End
}

// beforeComment cuts a value off at a ` #` that does not stand in a string of Go.
func beforeComment(value source.Span) source.Span {
	text := value.Text()
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '\'' || c == '`':
			i = endOfQuotes(text, i)
		case c == '#' && i > 0 && (text[i-1] == ' ' || text[i-1] == '\t'):
			return value.Sub(0, len(strings.TrimRight(text[:i], " \t")))
		}
	}
	return value
}

// flowEntry finds, in the flow mapping that begins at start, the value of Go
// around an offset, as far as Go would read it.
func flowEntry(f *source.File, start int, parent string, offset int) (source.Span, bool) {
	i, end := start+1, lineEnd(f.Text, start)
	for i < end {
		m := flowKey.FindSubmatchIndex(f.Text[i:end])
		if m == nil {
			break
		}
		key := strings.Trim(string(f.Text[i+m[2]:i+m[3]]), `'"`)
		at := i + m[1]
		if at == end {
			break
		}
		whole := goExtent(f, at)
		if offset < whole.End || whole.End == end {
			if f.Text[at] == '{' {
				if entry, ok := flowEntry(f, at, key, offset); ok {
					return entry, true
				}
			}
			return whole, whole.Start < whole.End && (goKeys[key] || goParents[parent])
		}
		i = whole.End + 1
	}
	return source.Span{}, false
}

var flowKey = regexp.MustCompile(`^[ \t]*(['"]?[\pL_][\pL\pN_.-]*['"]?)\??:[ \t]+`)

// goExtent is how far Go reaches from an offset on its line: to a comma or a
// closing bracket that no bracket and no quote of Go holds.
func goExtent(f *source.File, start int) source.Span {
	end := lineEnd(f.Text, start)
	line, depth := f.Text[:end], 0
	i := start
scan:
	for ; i < end; i++ {
		switch c := line[i]; {
		case c == '"' || c == '\'' || c == '`':
			i = endOfQuotes(line, i)
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			if depth--; depth < 0 {
				break scan
			}
		case c == ',' && depth == 0:
			break scan
		}
	}
	i = min(i, end)
	for i > start && (f.Text[i-1] == ' ' || f.Text[i-1] == '\t') {
		i--
	}
	return source.Span{File: f, Start: start, End: i}
}

// endOfQuotes is the index of the quote that ends the literal of Go which begins
// at i, the length of the text where it has no end.
func endOfQuotes[T string | []byte](text T, i int) int {
	quote := text[i]
	for i++; i < len(text) && text[i] != quote; i++ {
		if text[i] == '\\' && quote != '`' {
			i++
		}
	}
	return min(i, len(text))
}

// parentKey is the key of the mapping that holds the key in a line: the nearest
// line above that is indented less.
func parentKey(f *source.File, line, column int) string {
	for line--; line > 0; line-- {
		text := f.Line(line)
		trimmed := strings.TrimLeft(string(text), " -\t")
		if trimmed == "" || trimmed[0] == '#' || len(text)-len(trimmed) >= column {
			continue
		}
		key, _, _ := strings.Cut(trimmed, ":")
		return strings.Trim(key, `'" `)
	}
	return ""
}

// lineFrom is the rest of the line at an offset.
func lineFrom(f *source.File, offset int) string {
	return strings.TrimRight(string(f.Text[offset:lineEnd(f.Text, offset)]), " \t")
}
