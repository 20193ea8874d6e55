// Package schema holds the definition of the language as data: schema.cue, one
// definition for each block and each kind of node.
//
// The caller picks the definition; a value is never matched against several, so
// that one mistake has one message. CUE is the law. What it says is also taken
// out of it once as a [shape]: values that surely fit are not given to CUE
// (which costs 60 µs a node), and for values that CUE refuses the shape says
// why in our own words. A test holds the two together.
package schema

import (
	_ "embed"
	"sync"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

//go:embed schema.cue
var text []byte

// A language is schema.cue, read.
type language struct {
	ctx    *cue.Context
	root   cue.Value
	shapes reader
	defs   map[string]definition
}

// A definition is one of schema.cue's.
type definition struct {
	value cue.Value
	shape *shape
}

var load = sync.OnceValue(func() *language {
	l := &language{ctx: cuecontext.New(), shapes: reader{named: map[string]*shape{}}, defs: map[string]definition{}}
	l.root = l.ctx.CompileBytes(text, cue.Filename("schema.cue"))
	if err := l.root.Err(); err != nil {
		panic("schema.cue: " + err.Error()) // a test compiles it
	}
	return l
})

// asking is held while CUE works: its contexts are not safe for concurrent use.
var asking sync.Mutex

// definition returns a definition and its shape.
func (lang *language) definition(name string) (cue.Value, *shape) {
	if d, ok := lang.defs[name]; ok {
		return d.value, d.shape
	}
	v := lang.root.LookupPath(cue.ParsePath("#" + name))
	s := lang.shapes.named["#"+name]
	if s == nil {
		s = lang.shapes.value(v)
		s.name = "#" + name
		lang.shapes.named["#"+name] = s
	}
	lang.defs[name] = definition{v, s}
	return v, s
}

// Check holds a value against a definition ("Filter", "Delivery") and reports
// what does not fit. who is how the value is called in messages: "a filter
// stage", "`delivery`"; at is where a missing key is shown. A key that is near to
// one of the definition is reported and then renamed in the tree, so that whoever
// reads it finds what was meant. It tells whether nothing was wrong.
func Check(definition, who string, n *parse.Node, at source.Span, l *diag.List) bool {
	asking.Lock()
	defer asking.Unlock()
	lang := load()
	v, s := lang.definition(definition)
	if s.fits(n) {
		return true
	}
	return lang.ask(v, s, who, n, at, l)
}

// Keys are the keys that a definition knows, in its order.
func Keys(definition string) []string {
	asking.Lock()
	defer asking.Unlock()
	_, s := load().definition(definition)
	keys := make([]string, len(s.fields))
	for i, f := range s.fields {
		keys[i] = f.name
	}
	return keys
}

// ask gives a value to CUE and reports what it says.
func (lang *language) ask(v cue.Value, s *shape, who string, n *parse.Node, at source.Span, l *diag.List) bool {
	err := v.Unify(lang.ctx.Encode(parse.Value(n))).Validate(cue.Concrete(true))
	if err == nil {
		return true
	}
	e := &explainer{l: l}
	e.value(s, n, who, at)
	if e.found == 0 {
		e.rest(err, n, at)
	}
	return false
}
