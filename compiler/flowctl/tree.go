// Package flowctl reads the spellings of flowctl and its relatives (cdp, Flow,
// the hosted service, files of a sandbox) and gives each as a tree of the short
// spelling.
//
// The result is a tree of package parse, whose keys and values stand where the
// user wrote them, so that whoever reads the short spelling reads these too: the
// compiler does so with flowctl/v1, and package migrate prints the tree as text.
// What has no place in the short spelling is reported, never left out in
// silence.
package flowctl

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// A Tree is a text of another spelling, in the short one.
type Tree struct {
	// Root is the pipeline.
	Root *parse.Node
	// V1 is the pipeline in flowctl/v1, nil for what is no pipeline.
	V1 *parse.Node
	// Made are the scalars whose text is not that of their place in the file.
	Made map[*parse.Node]bool
	// From is the value of the file that an entry was made of, where the entry is
	// not one of the file itself: what stands around it belongs to the entry.
	From map[*parse.Member]*parse.Node
	// Lost are the entries of the file that could not be carried, by the mapping
	// that they would belong to.
	Lost map[*parse.Node][]*parse.Member
}

// A builder makes a tree.
type builder struct {
	*Tree
	l *diag.List
	// names are the nodes so far, by what they are called here.
	names map[string]source.Span
}

func newBuilder(l *diag.List) *builder {
	return &builder{
		Tree: &Tree{Made: map[*parse.Node]bool{}, From: map[*parse.Member]*parse.Node{}, Lost: map[*parse.Node][]*parse.Member{}},
		l:    l, names: map[string]source.Span{},
	}
}

// text is a string that is not in the file so, shown at a place.
func (b *builder) text(s string, at source.Span) *parse.Node {
	n := &parse.Node{Kind: parse.String, Text: s, Span: at}
	b.Made[n] = true
	return n
}

// number is a whole number that is not in the file so.
func (b *builder) number(s string, at source.Span) *parse.Node {
	n := b.text(s, at)
	n.Kind = parse.Int
	return n
}

// broken stands for a value that could not be read, which was reported: who reads
// the tree says no more about it.
func broken(at source.Span) *parse.Node {
	if at.End <= at.Start {
		at.End = at.Start + 1
	}
	return &parse.Node{Kind: parse.Null, Span: at}
}

func mapping(at source.Span) *parse.Node {
	return &parse.Node{Kind: parse.Mapping, Style: parse.Block, Span: at}
}

func sequence(at source.Span, items ...*parse.Node) *parse.Node {
	return &parse.Node{Kind: parse.Sequence, Style: parse.Flow, Span: at, Items: items}
}

// put adds an entry to a mapping.
func (b *builder) put(to *parse.Node, key string, at source.Span, value *parse.Node) *parse.Member {
	k := b.text(key, at)
	m := &parse.Member{Key: k, Value: value}
	to.Members = append(to.Members, m)
	return m
}

// carry adds an entry of the file to a mapping, under a key of ours.
func (b *builder) carry(to *parse.Node, key string, m *parse.Member, value *parse.Node) {
	made := b.put(to, key, m.Key.Span, value)
	if !b.Made[m.Key] {
		b.From[made] = m.Key
	}
}

// block returns the mapping under a key, made where it is not there.
func (b *builder) block(of *parse.Node, key string, at source.Span) *parse.Node {
	if v := of.Get(key); v != nil {
		return v
	}
	v := mapping(at)
	b.put(of, key, at, v)
	return v
}

// leave reports an entry that can't be carried, and keeps it for the text.
func (b *builder) leave(of *parse.Node, m *parse.Member, format string, args ...any) {
	b.lost(of, m, format, args...).Label = "left out"
}

// lost is leave for who says more about it.
func (b *builder) lost(of *parse.Node, m *parse.Member, format string, args ...any) *diag.Diagnostic {
	b.Lost[of] = append(b.Lost[of], m)
	return b.l.Add(diag.Warningf(diag.NotCarried, m.Key.Span, format, args...))
}

// Name makes the name of a node of any text: letters, digits, `-` and `_`,
// beginning with a letter.
func Name(id string) string {
	var s strings.Builder
	for _, c := range id {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		switch {
		case letter, s.Len() > 0 && ('0' <= c && c <= '9' || c == '-' || c == '_'):
			s.WriteRune(c)
		case s.Len() > 0 && !strings.HasSuffix(s.String(), "-"):
			s.WriteByte('-')
		case s.Len() == 0 && '0' <= c && c <= '9':
			s.WriteString("n" + string(c))
		}
	}
	out := s.String()
	out = strings.TrimRight(out[:min(len(out), 63)], "-")
	if out == "" {
		return "node"
	}
	return out
}

// members are the entries of a mapping, none for anything else.
func members(n *parse.Node) []*parse.Member {
	if n == nil || n.Kind != parse.Mapping {
		return nil
	}
	return n.Members
}

// items are the values of a list, none for anything else.
func items(n *parse.Node) []*parse.Node {
	if n == nil || n.Kind != parse.Sequence {
		return nil
	}
	return n.Items
}

// word is a scalar's text, "" for anything else.
func word(n *parse.Node) string {
	if n == nil || n.Kind == parse.Mapping || n.Kind == parse.Sequence {
		return ""
	}
	return n.Text
}

// scalar tells whether a value is a text, a number or a bool.
func scalar(n *parse.Node) bool {
	return n != nil && n.Kind != parse.Mapping && n.Kind != parse.Sequence && n.Kind != parse.Null
}

// one of some words.
func oneOf(s string, words ...string) bool { return slices.Contains(words, s) }
