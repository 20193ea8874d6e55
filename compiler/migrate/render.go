package migrate

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/compiler/flowctl"
	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/source"
)

// A printer writes a tree as YAML.
type printer struct {
	f    *source.File
	tree *flowctl.Tree
	*comments
	out bytes.Buffer
}

// render writes a tree of the short spelling, with the comments of the file that
// it was made of.
func render(f *source.File, root *parse.Node, tree *flowctl.Tree) []byte {
	p := &printer{f: f, tree: tree, comments: readComments(f, root)}
	if parse.FormatOf(f.Name) != parse.FormatYAML {
		p.comments = &comments{byLine: map[int]*comment{}, blank: map[int]bool{}}
	}
	if len(root.Members) > 0 {
		for _, text := range p.above(root.Members[0].Key.Span.Line(), 1) {
			p.line(0, text)
		}
		if p.out.Len() > 0 {
			p.out.WriteString("\n")
		}
	}
	sorted := *tree.Root
	sorted.Members = ordered(tree.Root.Members, blockOrder)
	tree.Lost[&sorted] = tree.Lost[tree.Root]
	p.mapping(&sorted, 0, true)
	if left := p.left(); len(left) > 0 {
		p.out.WriteString("\n# Comments of the original on what is not here:\n")
		for _, text := range left {
			p.line(0, text)
		}
	}
	return p.out.Bytes()
}

// The orders in which a reader expects keys; others follow as they come.
var (
	blockOrder = []string{"apiVersion", "kind", "metadata", "pipeline", "name", "flowc", "namespace", "registry", "labels", "annotations", "include", "imports", "types", "defaults", "delivery", "telemetry", "edges", "sources", "processors", "sinks", "jobs", "services", "targets"}
	nodeOrder  = []string{"from", "type", "use", "image", "command", "args", "protocol", "takes", "gives"}
)

func ordered(members []*parse.Member, order []string) []*parse.Member {
	rank := func(m *parse.Member) int {
		if i := slices.Index(order, m.Key.Text); i >= 0 {
			return i
		}
		return len(order)
	}
	out := slices.Clone(members)
	slices.SortStableFunc(out, func(a, b *parse.Member) int { return rank(a) - rank(b) })
	return out
}

func (p *printer) line(indent int, text string) {
	if text != "" {
		p.out.WriteString(strings.Repeat(" ", indent))
		p.out.WriteString(text)
	}
	p.out.WriteByte('\n')
}

// inFile tells whether a span is one of this file's.
func (p *printer) inFile(s source.Span) bool { return s.File == p.f && s.End > s.Start }

// place is where an entry stands in the file, for its comments; false for one that
// does not.
func (p *printer) place(m *parse.Member) (source.Span, bool) {
	if from := p.tree.From[m]; from != nil {
		return from.Span, p.inFile(from.Span)
	}
	return m.Key.Span, p.inFile(m.Key.Span) && !p.tree.Made[m.Key]
}

// mapping writes the entries of a mapping as a block.
func (p *printer) mapping(n *parse.Node, indent int, top bool) {
	for i, m := range n.Members {
		if m.Value.Broken() || slices.Contains(p.tree.Lost[n], m) {
			continue
		}
		if top && i > 0 && (isBlock(m.Value) || len(n.Members[i-1].Value.Members) > 0) {
			p.out.WriteString("\n")
		}
		p.entry(m, indent, top)
	}
	for i, m := range p.tree.Lost[n] {
		if top && i == 0 {
			p.out.WriteString("\n")
		}
		p.lost(m, indent)
	}
}

func isBlock(n *parse.Node) bool {
	return n.Kind == parse.Mapping && n.Style != parse.Flow && len(n.Members) > 0
}

// entry writes one entry with its comments.
func (p *printer) entry(m *parse.Member, indent int, top bool) {
	at, placed := p.place(m)
	if placed {
		for _, text := range p.above(at.Line(), at.Pos().Column) {
			p.line(indent, text)
		}
	}
	key := keyText(m.Key.Text)
	v := m.Value
	if top && v.Kind == parse.Mapping && len(v.Members) > 0 && slices.Contains([]string{"sources", "processors", "sinks", "jobs"}, m.Key.Text) {
		p.line(indent, key+":"+p.trailing(m, placed, at, false))
		for i, node := range v.Members {
			p.node(node, indent+2, i == 0)
		}
		return
	}
	switch {
	case v.Kind == parse.Sequence && len(v.Items) == 0:
		p.line(indent, key+": []"+p.trailing(m, placed, at, true))
	case v.Kind == parse.Mapping && unwritten(v):
		p.line(indent, key+": {}"+p.trailing(m, placed, at, true))
		p.mapping(v, indent+2, false)
	case p.fits(v, indent+len(key)+2):
		p.line(indent, key+": "+p.inline(v, false)+p.trailing(m, placed, at, true))
	case v.Kind == parse.Mapping:
		p.line(indent, key+":"+p.trailing(m, placed, at, false))
		p.mapping(v, indent+2, false)
		p.tail(v, indent+2)
	case v.Kind == parse.Sequence:
		p.line(indent, key+":"+p.trailing(m, placed, at, false))
		p.sequence(v, indent+2)
		p.tail(v, indent+2)
	default:
		p.text(key+": ", v, indent, p.trailing(m, placed, at, false))
	}
}

// node writes one node: its body with keys in the order of a reader.
func (p *printer) node(m *parse.Member, indent int, first bool) {
	at, placed := p.place(m)
	if placed {
		if !first && p.gapAbove(at.Line()) {
			p.out.WriteString("\n")
		}
		for _, text := range p.above(at.Line(), max(at.Pos().Column, 1)) {
			p.line(indent, text)
		}
	}
	body := *m.Value
	body.Members = ordered(m.Value.Members, nodeOrder)
	if lost := p.tree.Lost[m.Value]; lost != nil {
		p.tree.Lost[&body] = lost
	}
	trailing := ""
	if p.inFile(m.Key.Span) {
		trailing = spaced(p.behind(m.Key.Span.Line()))
	}
	if unwritten(&body) {
		p.line(indent, keyText(m.Key.Text)+": {}"+trailing)
		p.mapping(&body, indent+2, false)
		return
	}
	p.line(indent, keyText(m.Key.Text)+":"+trailing)
	p.mapping(&body, indent+2, false)
	p.tail(m.Value, indent+2)
}

// unwritten tells whether a mapping has no entry that is written.
func unwritten(n *parse.Node) bool {
	return !slices.ContainsFunc(n.Members, func(m *parse.Member) bool { return !m.Value.Broken() })
}

func spaced(comment string) string {
	if comment == "" {
		return ""
	}
	return "  " + comment
}

// trailing is the comment behind an entry: behind its value where that is on one
// line, else behind its key.
func (p *printer) trailing(m *parse.Member, placed bool, at source.Span, whole bool) string {
	if !placed {
		return ""
	}
	line := at.Line()
	if whole && p.inFile(m.Value.Span) && p.tree.From[m] == nil {
		line = m.Value.Span.File.Position(max(m.Value.Span.Start, m.Value.Span.End-1)).Line
	}
	return spaced(p.behind(line))
}

// tail writes the comments behind the last entry of a block that belong to it.
func (p *printer) tail(n *parse.Node, indent int) {
	if !p.inFile(n.Span) || n.Style == parse.Flow || n.Span.Pos().Column == 1 {
		return // what begins a line ends with anything that does
	}
	end := n.Span.File.Position(n.Span.End - 1)
	for _, text := range p.below(end.Line, n.Span.Pos().Column) {
		p.line(indent, text)
	}
}

// sequence writes the items of a list, one a line or block each.
func (p *printer) sequence(n *parse.Node, indent int) {
	for _, item := range n.Items {
		placed := p.inFile(item.Span)
		if placed {
			for _, text := range p.above(item.Span.Line(), item.Span.Pos().Column) {
				p.line(indent, text)
			}
		}
		switch {
		case item.Kind == parse.Mapping && unwritten(item):
			p.line(indent, "- {}")
			p.mapping(item, indent+2, false)
		case p.fits(item, indent+2):
			text := "- " + p.inline(item, false)
			if placed {
				text += spaced(p.behind(item.Span.File.Position(item.Span.End - 1).Line))
			}
			p.line(indent, text)
		case item.Kind == parse.Mapping || item.Kind == parse.Sequence:
			at := p.out.Len()
			if item.Kind == parse.Mapping {
				p.mapping(item, indent+2, false)
			} else {
				p.sequence(item, indent+2)
			}
			p.dash(at, indent)
		default:
			p.text("- ", item, indent, "")
		}
	}
}

// dash puts the dash of an item before what was written from an offset on: before
// its first line that is no comment.
func (p *printer) dash(at, indent int) {
	written := string(p.out.Bytes()[at:])
	p.out.Truncate(at)
	done := false
	for line := range strings.SplitAfterSeq(written, "\n") {
		if !done && line != "" && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			line = strings.Repeat(" ", indent) + "- " + line[indent+2:]
			done = true
		}
		p.out.WriteString(line)
	}
}

// lost writes an entry that could not be carried as a comment.
func (p *printer) lost(m *parse.Member, indent int) {
	if !p.inFile(m.Key.Span) {
		return
	}
	for _, text := range p.above(m.Key.Span.Line(), m.Key.Span.Pos().Column) {
		p.line(indent, text)
	}
	end := max(m.Key.Span.End, m.Value.Span.End)
	if m.Value.Span.File != p.f {
		end = m.Key.Span.End
	}
	column := m.Key.Span.Pos().Column - 1
	text := strings.TrimRight(string(p.f.Text[m.Key.Span.Start:end]), " \n\r\t")
	last := p.f.Position(max(m.Key.Span.Start, end-1)).Line
	text += spaced(p.behind(last))
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, "\r")
		if i == 0 {
			line = "not carried: " + line
		} else if len(line) > column {
			line = line[min(column, len(line)-len(strings.TrimLeft(line, " "))):]
		}
		p.line(indent, strings.TrimRight("# "+line, " "))
	}
	for n := m.Key.Span.Line(); n <= last; n++ {
		if k := p.byLine[n]; k != nil && (k.alone || n < last) {
			k.used = true // it stands in the text
		}
	}
}

// fits tells whether a value is written on one line.
func (p *printer) fits(n *parse.Node, used int) bool {
	switch n.Kind {
	case parse.Mapping:
		if n.Style == parse.Block || len(p.tree.Lost[n]) > 0 || n.Style == parse.JSON && len(n.Members) > 3 {
			return false
		}
		for _, m := range n.Members {
			if !p.fits(m.Value, 0) || strings.Contains(m.Value.Text, "\n") {
				return false
			}
		}
	case parse.Sequence:
		if n.Style == parse.Block && (len(n.Items) > 4 || p.commented(n)) {
			return false
		}
		for _, item := range n.Items {
			if item.Kind == parse.Mapping && n.Style == parse.Block || !p.fits(item, 0) || strings.Contains(item.Text, "\n") {
				return false
			}
		}
	default:
		return !strings.Contains(n.Text, "\n")
	}
	return used+len(p.inline(n, false)) <= 140
}

// commented tells whether a comment stands inside a list.
func (p *printer) commented(n *parse.Node) bool {
	if !p.inFile(n.Span) {
		return false
	}
	last := p.f.Position(n.Span.End - 1).Line
	for line := n.Span.Line(); line <= last; line++ {
		if k := p.byLine[line]; k != nil && !k.used {
			return true
		}
	}
	return false
}

// inline is a value on one line.
func (p *printer) inline(n *parse.Node, flow bool) string {
	switch n.Kind {
	case parse.Mapping:
		var parts []string
		for _, m := range n.Members {
			parts = append(parts, keyText(m.Key.Text)+": "+p.inline(m.Value, true))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case parse.Sequence:
		var parts []string
		for _, item := range n.Items {
			parts = append(parts, p.inline(item, true))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case parse.Null:
		return "null"
	}
	if !p.tree.Made[n] && p.inFile(n.Span) && n.Style <= parse.DoubleQuoted && n.Alias.IsZero() {
		text := n.Span.Text()
		if !strings.Contains(text, "\n") && (!flow || n.Style != parse.Plain || !strings.ContainsAny(text, ",[]{}")) {
			return text
		}
	}
	if n.Kind != parse.String {
		return n.Text
	}
	return quote(n.Text, flow)
}

// text writes a text of several lines as a block.
func (p *printer) text(before string, n *parse.Node, indent int, trailing string) {
	if n.Kind != parse.String || !blockable(n.Text) {
		p.line(indent, before+p.inline(n, false)+trailing)
		return
	}
	header := "|"
	body := strings.TrimSuffix(n.Text, "\n")
	switch {
	case body == n.Text:
		header = "|-"
	case strings.HasSuffix(body, "\n"):
		header = "|+"
	}
	if strings.HasPrefix(body, " ") || strings.HasPrefix(body, "\n") {
		header = "|2" + header[1:]
	}
	p.line(indent, before+header+trailing)
	for line := range strings.SplitSeq(body, "\n") {
		p.line(indent+2, line)
	}
}

// blockable tells whether a text can stand in a literal block.
func blockable(s string) bool {
	if !strings.Contains(s, "\n") {
		return false
	}
	for _, r := range s {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r == 0x85 || r == 0xfeff || r == 0x2028 || r == 0x2029 {
			return false
		}
	}
	return true
}

func keyText(s string) string { return quote(s, true) }

// quote is a text as a scalar of YAML: plain where that reads as the same text.
func quote(s string, flow bool) string {
	if plain(s, flow) {
		return s
	}
	for _, r := range s {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0xfeff || r == 0x2028 || r == 0x2029 {
			return strconv.Quote(s)
		}
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// plain tells whether a text reads as itself without quotes.
func plain(s string, flow bool) bool {
	if s == "" || strings.TrimSpace(s) != s || strings.Contains(s, ": ") || strings.Contains(s, " #") || strings.HasSuffix(s, ":") {
		return false
	}
	if strings.ContainsRune("-?:,[]{}#&*!|>'\"%@`~=<", rune(s[0])) || flow && strings.ContainsAny(s, ",[]{}") {
		return false
	}
	for _, r := range s {
		if r < ' ' || r > '~' {
			return false
		}
	}
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n", ".inf", ".nan":
		return false
	}
	return !strings.ContainsRune("0123456789+.", rune(s[0])) || strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../")
}
