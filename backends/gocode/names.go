package gocode

import (
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/flowc-dev/flowc/ir"
)

// names gives every node a Go name, once and for all, so that the same node is
// called the same in every file.
type names struct {
	byNode map[string]string // YAML node -> lowerCamel
	locals map[string]string // YAML node -> a variable of its own
}

// members are those of the settings struct, whose fields are the nodes that have
// a configuration.
var members = []string{"nodes", "telemetry", "checkpoints", "refs", "tunables"}

// suffixes are what generated variables put behind a node's name: with the node
// parse there is a variable parseText, so the node parse-text can't have that
// name.
var suffixes = []string{"In", "InErr", "Err", "OK", "Text", "TextErr", "TextString", "TextMatch", "Row", "RowErr", "Rows", "Line", "LineErr", "Packet", "Batch", "Range"}

// newNames names all nodes in the order of the program.
func newNames(p *ir.Program) *names {
	n := &names{byNode: map[string]string{}, locals: map[string]string{}}
	given := map[string]bool{}
	for _, name := range members {
		given[name] = true
	}
	taken := func(name string) bool {
		lower := strings.ToLower(name)
		return given[lower] || slices.ContainsFunc(suffixes, func(s string) bool {
			s = strings.ToLower(s)
			rest, ok := strings.CutSuffix(lower, s)
			return ok && given[rest] || given[lower+s]
		})
	}
	for _, node := range p.Nodes {
		if _, ok := n.byNode[node.YAML]; ok {
			continue
		}
		base := camel(node.YAML)
		if token.IsKeyword(base) { // a member of the settings can't be called so
			base += "Node"
		}
		name := free(base, taken)
		given[strings.ToLower(name)] = true
		n.byNode[node.YAML] = name
	}
	packages := map[string]bool{}
	for _, t := range goTypes(p) {
		packages[t.PkgName] = true
	}
	for _, node := range p.Nodes {
		name := n.byNode[node.YAML]
		if token.IsKeyword(name) || types.Universe.Lookup(name) != nil || reserved[name] || declares[name] || packages[name] {
			name = free(name+"Out", func(name string) bool { return given[strings.ToLower(name)] })
		}
		n.locals[node.YAML] = name
	}
	return n
}

// lower is a node's name as an unexported identifier or the prefix of one.
func (n *names) lower(yaml string) string { return n.byNode[yaml] }

// upper is a node's name to be put behind a prefix: filter + Large.
func (n *names) upper(yaml string) string {
	s := n.byNode[yaml]
	return strings.ToUpper(s[:1]) + s[1:]
}

// local is a node's name as a variable of its own.
func (n *names) local(yaml string) string { return n.locals[yaml] }

// isNodes tells whether some node has a variable or a type of that name: a sink
// `set` has setPacket, which must not hide the function of a set node `packet`,
// and the loop of `append` is no function that appends a Loop.
func (n *names) isNodes(name string) bool {
	for yaml, node := range n.byNode {
		rest, ok := strings.CutPrefix(name, node)
		if name == n.locals[yaml] || ok && (slices.Contains(suffixes, rest) || slices.Contains(typeSuffixes, rest)) {
			return true
		}
	}
	return false
}

// typeSuffixes are what generated types put behind a node's name.
var typeSuffixes = []string{"Loop", "Decoder"}

// reserved are the names that generated functions use themselves: variables,
// and packages, which a variable would hide.
var reserved = map[string]bool{
	"address": true, "b": true, "carried": true, "ctx": true, "d": true, "data": true, "dst": true, "end": true, "err": true, "errs": true, "failed": true, "i": true, "in": true,
	"item": true, "joined": true, "l": true, "lane": true, "line": true, "n": true, "next": true, "ok": true, "other": true, "out": true,
	"r": true, "raw": true, "record": true, "rest": true, "row": true, "rows": true, "s": true, "settings": true, "start": true, "stop": true,
	"tag": true, "text": true, "values": true,
	"attempt": true, "complete": true, "header": true, "meta": true, "nodes": true, "random": true,
	"base64": true, "codec": true, "csv": true, "decimal": true, "edge": true, "errors": true, "file": true, "flow": true, "frame": true, "generate": true, "http": true,
	"iter": true, "jobs": true, "json": true, "jsonscan": true, "logfmt": true, "program": true, "regexp": true, "postgres": true, "slices": true, "supervise": true, "sqlite": true, "time": true,
}

// declares are names that the generated package declares in every program. No
// file can import a package of the user's under one of them.
var declares = map[string]bool{
	"hash": true, "init": true, "main": true, "newProgram": true, "newSettings": true, "nodes": true, "policy": true, "settings": true,
	"spec": true, "stages": true,
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

// free is the first of base, base2, base3 and so on that is not taken.
func free(base string, taken func(string) bool) string {
	name := base
	for i := 2; taken(name); i++ {
		name = base + strconv.Itoa(i)
	}
	return name
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// function is the name of a generated function or variable that is needed for
// key, and whether nobody has needed it before: then it is to be written.
func (g *generator) function(key, base string) (name string, isNew bool) {
	if name, ok := g.functions[key]; ok {
		return name, false
	}
	name = free(base, func(name string) bool {
		if g.names.isNodes(name) {
			return true
		}
		for _, other := range g.functions {
			if other == name {
				return true
			}
		}
		return false
	})
	g.functions[key] = name
	return name, true
}
