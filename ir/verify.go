package ir

import (
	"errors"
	"fmt"
	"slices"
)

// Verify checks what every pass and every backend relies on, and names the
// culprit of each violation. A program that does not verify is a bug of ours,
// never a mistake of the user: those are found before.
//
// What holds only from some pass on is checked from there on: regions once
// there are any, processes likewise.
func Verify(p *Program) error {
	v := &verifier{p: p, nodes: map[string]*Node{}, lets: map[string]bool{}}
	if !isDNSLabel(p.Name) {
		v.errorf("the program's name %q is no DNS label", p.Name)
	}
	v.types()
	v.letValues()
	for _, n := range p.Nodes {
		if n.ID == "" {
			v.errorf("a node has no id")
		}
		if v.nodes[n.ID] != nil {
			v.errorf("two nodes have the id `%s`", n.ID)
		}
		v.nodes[n.ID] = n
	}
	for _, n := range p.Nodes {
		v.node(n)
	}
	v.edges()
	for _, n := range p.Nodes {
		v.wiring(n)
	}
	v.acyclic()
	v.jobs()
	v.regions()
	v.processes()
	v.memory()
	v.checkpoint()
	return errors.Join(v.errs...)
}

// checkpoint checks that one sink keeps it, where Delivery.Store says that a sink
// does.
func (v *verifier) checkpoint() {
	var keepers []string
	for _, n := range v.p.Nodes {
		if op, ok := n.Op.(*Sink); ok && op.Checkpoint {
			keepers = append(keepers, n.ID)
			if !op.Facts.Keeper || op.DeadLetter {
				v.errorf("node %s: it keeps the checkpoint, and can't", n.ID)
			}
		}
	}
	if want := v.p.Delivery.Store == "sink"; len(keepers) > 1 || want != (len(keepers) == 1) {
		v.errorf("the checkpoint's store is `%s`, and %d sinks keep it", v.p.Delivery.Store, len(keepers))
	}
	d := &v.p.Delivery
	if (d.Store == "" || d.Store == "file" || d.Store == "sink") && len(d.StoreConfig) > 0 {
		v.errorf("the checkpoint's store is `%s`, which has no config", d.Store)
	}
	v.during("delivery", func() { v.settings(d.StoreConfig) })
}

type verifier struct {
	p     *Program
	nodes map[string]*Node
	lets  map[string]bool
	errs  []error
	at    string // what is being checked
}

func (v *verifier) errorf(format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if v.at != "" {
		message = v.at + ": " + message
	}
	v.errs = append(v.errs, errors.New(message))
}

// during names what is being checked, inside what already is.
func (v *verifier) during(what string, check func()) {
	outer := v.at
	if v.at != "" {
		what = v.at + ": " + what
	}
	v.at = what
	check()
	v.at = outer
}

func isDNSLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '-' && (c < 'a' || 'z' < c) && (c < '0' || '9' < c) {
			return false
		}
	}
	return true
}

func oneOf[S ~string](v *verifier, what string, got S, words ...S) {
	if !slices.Contains(words, got) {
		v.errorf("%s is `%s`", what, got)
	}
}
