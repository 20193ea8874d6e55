package parse

import (
	"github.com/flowc-dev/flowc/ir/source"
)

// A Kind is what a value is. Plain YAML scalars are resolved by the core
// schema of YAML 1.2: `yes`, `on` and `1_000` are strings.
type Kind int

// The kinds of values.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	Sequence
	Mapping
)

// String names the kind in messages: "a number", "a list".
func (k Kind) String() string {
	return [...]string{"null", "a bool", "an integer", "a number", "a string", "a list", "a mapping"}[k]
}

// A Style is how a value is written.
type Style int

// Plain to Folded are scalars of YAML, Flow and Block its collections; every
// value of a JSON or CUE file has the style JSON or CUE.
const (
	Plain Style = iota
	SingleQuoted
	DoubleQuoted
	Literal
	Folded
	Flow
	Block
	JSON
	CUE
)

// A Node is one value of the text.
type Node struct {
	Kind  Kind
	Style Style
	// Span is the value as it is written: quotes included; a block scalar from
	// its header to the end of its last line, a missing value as the empty
	// span where it would stand.
	Span source.Span
	// Text is the decoded text of a scalar. Of numbers and bools it is the
	// literal as written, of null it is "" or the word.
	Text string
	// Items are the values of a sequence, in order.
	Items []*Node
	// Members are the entries of a mapping, in order.
	Members []*Member

	// InFlow tells that the value stands inside a flow collection ({…} or […])
	// of YAML, where `,` `]` and `}` end a plain scalar.
	InFlow bool
	// Comment is what YAML cut off behind a scalar on the same line, from its
	// `#` to the end of the line: zero where there is none.
	Comment source.Span
	// Anchor is the name of the node's `&anchor`, with its place, and Aliased
	// tells whether any `*alias` names it.
	Anchor     string
	AnchorSpan source.Span
	Aliased    bool
	// Alias is the place of the `*alias` through which the value came, zero
	// for a value that stands where it is used.
	Alias source.Span

	runs []run // how Text maps to the file; nil where offsets mean nothing
}

// A Member is an entry of a mapping.
type Member struct {
	// Key is always a String node: keys such as `on`, `yes` or `1` are the
	// text as written.
	Key   *Node
	Value *Node
}

// Rename reads an entry under another key than the one that is written, which
// was reported and probably meant to be this one: what is said about the rest of
// the text is then said as if it were mended. The place stays.
func (m *Member) Rename(key string) {
	renamed := *m.Key
	renamed.Text, renamed.runs = key, nil
	m.Key = &renamed
}

// WithText is a scalar with another text than the one that is written, which can't be
// followed into the file any more.
func (n *Node) WithText(text string) *Node {
	out := *n
	out.Text, out.runs = text, nil
	return &out
}

// Member returns the entry of a mapping with this key, nil where there is none
// or n is no mapping.
func (n *Node) Member(key string) *Member {
	if n == nil {
		return nil
	}
	for _, m := range n.Members {
		if m.Key.Text == key {
			return m
		}
	}
	return nil
}

// Get returns the value of a key, nil where there is none or n is no mapping.
func (n *Node) Get(key string) *Node {
	if m := n.Member(key); m != nil {
		return m.Value
	}
	return nil
}

// Broken tells that the value stands for something that could not be read (an
// alias of nothing, text that YAML takes apart), which has been reported: what a missing value would mean
// there is not the user's mistake.
func (n *Node) Broken() bool { return n.Kind == Null && n.Text == "" && n.Span.End > n.Span.Start }

// Place is where the value is used: the alias where it came through one, else
// its span.
func (n *Node) Place() source.Span {
	if !n.Alias.IsZero() {
		return n.Alias
	}
	return n.Span
}
