package jsonscan

import (
	"math"
	"strings"
	"unsafe"
)

// A shape is what an Object knows about its records: a graph whose nodes are
// the members of the projected objects and whose edges are the texts that were
// seen between the value of one member and the value of the next. A node stands
// for a member by its path, whatever came before it, so data of several kinds
// in turn, optional members and keys in random order need few nodes.
//
// Limits keep hostile or very irregular data from growing it: what is not
// remembered is parsed anew each time, at the speed of an ordinary parser.
type shape struct {
	start *node // before the record
	end   *node // behind the closing brace of the record
	nodes int
	edges int

	scans  int // records since the shape was last emptied
	misses int // texts that could not be remembered since then
}

const (
	maxNodes     = 1024
	maxEdges     = 4096
	maxNodeEdges = 32
	maxText      = 256 // bytes of a text that is remembered
	maxKey       = 128 // bytes of a key that gets a node

	// With this many misses, and one for every fourth record, the shape is
	// emptied: the data has changed, or rare texts came first and took the room.
	manyMisses = 1 << 14
)

// noPhase is the phase of members that Until never waits for.
const noPhase = math.MaxInt

// A node is a member of a projected object.
type node struct {
	first edge   // what followed first, beside the node for the cache's sake
	more  []edge // what followed else

	level   *level // the object that holds the member
	members *level // the object that the value may be, if its members are wanted
	capture int    // where its span goes, or -1
	phase   int    // of the field, or noPhase
	seen    uint64 // the last record that had it, counted by fullState
	isEnd   bool

	length
	trail *trail // through containers that are the value
}

// A level is a projected object: the record or one inside it.
type level struct {
	parent *level
	field  *node // the member of parent whose value this is
	depth  int   // open brackets inside this object, itself included
	keys   map[string]*node
	other  *node // stands for members that got no node of their own
}

// An edge is a text that leads from the end of one value to the begin of the
// next: commas, braces, keys, colons and white space.
type edge struct {
	// The first 16 bytes, zero where the text is shorter, and their masks.
	w0, m0, w1, m1 uint64

	len  int
	to   *node  // nil in an edge that stands for none
	rest string // the text beyond its first 16 bytes
	acts []act  // wanted objects that open or close inside the text
}

// noEdge matches nothing: 1 is never equal to a word masked by 0.
var noEdge = edge{w0: 1}

// An act is the opening or closing of a wanted object.
type act struct {
	field *node // its member
	at    int   // of the brace; in an edge relative to the text
	open  bool
}

func (o *Object) reset() {
	o.shape = shape{}
	root := o.newLevel(nil, nil, o.fields)
	o.start = o.newNode(root, -1)
	o.end = o.newNode(nil, -1)
	o.end.isEnd = true
}

func (o *Object) newLevel(parent *level, field *node, fields []Field) *level {
	lv := &level{parent: parent, field: field, depth: 1, keys: make(map[string]*node)}
	if parent != nil {
		lv.depth = parent.depth + 1
	}
	lv.other = o.newNode(lv, -1)
	for _, f := range fields {
		n := o.newNode(lv, f.Index)
		n.phase = f.Phase
		if len(f.Fields) > 0 {
			n.phase = noPhase
			n.members = o.newLevel(lv, n, f.Fields)
		}
		lv.keys[f.Name] = n
	}
	return lv
}

func (o *Object) newNode(lv *level, capture int) *node {
	o.nodes++
	return &node{first: noEdge, level: lv, capture: capture, phase: noPhase}
}

// member returns the node of a key, which it makes if there is room. A nil key
// has none.
func (o *Object) member(lv *level, key []byte) *node {
	if key == nil {
		return lv.other
	}
	if n := lv.keys[string(key)]; n != nil {
		return n
	}
	if o.nodes >= maxNodes || len(key) > maxKey {
		o.misses++
		return lv.other
	}
	n := o.newNode(lv, -1)
	lv.keys[string(key)] = n
	return n
}

// learn remembers that text, in which acts happen, led from one node to another.
func (o *Object) learn(from, to *node, text []byte, acts []act) {
	for k := range from.edges() {
		if from.edge(k).text() == string(text) {
			return // what follows it was not as expected
		}
	}
	if o.edges >= maxEdges || from.edges() >= maxNodeEdges || len(text) > maxText {
		o.misses++
		return
	}
	o.edges++
	from.insert(to, text, acts)
}

// insert adds an edge for a text that the node does not have.
func (n *node) insert(to *node, text []byte, acts []act) {
	known := n.edges()
	e := edge{len: len(text), to: to, acts: append([]act(nil), acts...)}
	e.w0, e.m0 = word(text, 0)
	e.w1, e.m1 = word(text, 8)
	if len(text) > 16 {
		e.rest = string(text[16:])
	}
	if known == 0 {
		n.first = e
		return
	}
	// A text goes before those that it begins with, or they would hide it:
	// `,"a":{"b":` is known to be no `,"a":` only once the value is looked at.
	at := 0
	for at < known && !strings.HasPrefix(string(text), n.edge(at).text()) {
		at++
	}
	all := make([]edge, 0, known+1)
	for k := range known {
		if k == at {
			all = append(all, e)
		}
		all = append(all, *n.edge(k))
	}
	if at == known {
		all = append(all, e)
	}
	n.first, n.more = all[0], all[1:]
}

// edges is how many edges there are.
func (n *node) edges() int {
	if n.first.to == nil {
		return 0
	}
	return 1 + len(n.more)
}

func (n *node) edge(k int) *edge {
	if k == 0 {
		return &n.first
	}
	return &n.more[k-1]
}

func (e *edge) text() string {
	var b [16]byte
	for k := range 8 {
		b[k] = byte(e.w0 >> (8 * k))
		b[8+k] = byte(e.w1 >> (8 * k))
	}
	return string(b[:min(e.len, 16)]) + e.rest
}

// word is the eight bytes of text from i on and the mask of those it has.
func word(text []byte, i int) (w, mask uint64) {
	for k := range 8 {
		if i+k < len(text) {
			w |= uint64(text[i+k]) << (8 * k)
			mask |= 0xff << (8 * k)
		}
	}
	return w, mask
}

// find looks for the edge whose text stands at line[i:].
func (n *node) find(line []byte, i int) *edge {
	// Words beyond the end are padded with zeros, which no text has, so that what
	// matches lies inside the record.
	size := len(line)
	p := unsafe.Pointer(unsafe.SliceData(line))
	var w0, w1 uint64
	switch {
	case i+16 <= size:
		w0, w1 = load64(p, i), load64(p, i+8)
	case size < 8:
		w0 = loadPadded(p, size, i)
	case i+8 <= size:
		w0, w1 = load64(p, i), loadLast(p, size, i+8)
	default:
		w0 = loadLast(p, size, i)
	}
	if e := &n.first; w0&e.m0 == e.w0 && w1&e.m1 == e.w1 && (e.len <= 16 || e.restAt(line, i)) {
		return e
	}
	for k := range n.more {
		e := &n.more[k]
		if w0&e.m0 == e.w0 && w1&e.m1 == e.w1 && (e.len <= 16 || e.restAt(line, i)) {
			return e
		}
	}
	return nil
}

// restAt reports whether the text beyond its first 16 bytes stands there too.
func (e *edge) restAt(line []byte, i int) bool {
	i += 16
	return i+len(e.rest) <= len(line) && string(line[i:i+len(e.rest)]) == e.rest
}

// apply opens and closes the spans of wanted objects; base is added to the
// places of the acts.
func apply(acts []act, base int, spans []Span) error {
	for _, a := range acts {
		if a.field.capture < 0 {
			continue
		}
		s := &spans[a.field.capture]
		at := uint32(base + a.at)
		if !a.open {
			s.End = at + 1
		} else if *s != (Span{}) {
			return errDuplicate(int(at))
		} else {
			s.Start = at
		}
	}
	return nil
}

func errDuplicate(at int) error { return fail(at, "a second value for a field that is read") }
