package gocode

import (
	"go/token"
	"strings"
	"unicode"

	"github.com/flowc-dev/flowc/ir"
)

// names gives every node a Go name, once and for all, so that the same node is
// called the same in every file.
type names struct {
	byNode map[string]string // YAML node -> lowerCamel
}

// newNames names all nodes in the order of the program.
func newNames(p *ir.Program) *names {
	n := &names{byNode: map[string]string{}}
	taken := map[string]bool{}
	for _, node := range p.Nodes {
		if _, ok := n.byNode[node.YAML]; ok {
			continue
		}
		base := camel(node.YAML)
		name := base
		for i := 2; taken[strings.ToLower(name)]; i++ {
			name = base + string(rune('0'+i%10))
			if i > 9 {
				name = base + "_" + strings.Repeat("x", i-9)
			}
		}
		taken[strings.ToLower(name)] = true
		n.byNode[node.YAML] = name
	}
	return n
}

// lower is a node's name as an unexported identifier or the prefix of one; it
// may be a keyword, so it never stands alone.
func (n *names) lower(yaml string) string { return n.byNode[yaml] }

// upper is a node's name to be put behind a prefix: filter + Large.
func (n *names) upper(yaml string) string {
	s := n.byNode[yaml]
	return strings.ToUpper(s[:1]) + s[1:]
}

// local is a node's name as a variable of its own.
func (n *names) local(yaml string) string {
	s := n.byNode[yaml]
	if token.IsKeyword(s) || reserved[s] {
		return s + "Out"
	}
	return s
}

// reserved are the names that generated functions use themselves, and those
// that Go declares.
var reserved = map[string]bool{
	"l": true, "b": true, "in": true, "out": true, "line": true, "next": true, "start": true, "err": true, "ok": true, "n": true, "d": true,
	"meta": true, "ctx": true, "attempt": true, "true": true, "false": true, "nil": true, "len": true, "append": true, "string": true,
	"int": true, "bool": true, "error": true, "any": true, "new": true, "make": true, "copy": true, "min": true, "max": true, "cap": true,
	"main": true, "init": true, "close": true, "clear": true, "delete": true, "panic": true, "print": true, "recover": true,
	"flow": true, "frame": true, "jsonscan": true, "codec": true, "csv": true, "file": true, "time": true, "decimal": true, "json": true,
	"program": true, "generate": true, "raw": true, "rows": true, "data": true, "i": true, "r": true, "complete": true,
}

// camel turns a node's name into lowerCamel.
func camel(s string) string {
	var b strings.Builder
	up := false
	for _, r := range s {
		switch {
		case r == '-' || r == '_' || r == '.' || r == ' ':
			up = b.Len() > 0
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			up = b.Len() > 0
		case up:
			b.WriteRune(unicode.ToUpper(r))
			up = false
		case b.Len() == 0:
			if unicode.IsDigit(r) {
				b.WriteByte('n')
			}
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteRune(r)
		}
	}
	if b.Len() == 0 {
		return "node"
	}
	return b.String()
}
