package golang

import (
	"fmt"
	"strings"
)

// A spot is where a value goes in Go: a selector, or an entry of a map and what
// is selected in it, which Go can't assign to.
type spot struct{ entry, rest string }

func (s spot) String() string         { return s.entry + s.rest }
func (s spot) selected(f string) spot { return spot{s.entry, s.rest + "." + f} }
func (s spot) pointed() spot          { return spot{rest: "(*" + s.String() + ")"} }
func (s spot) element(i int) spot     { return spot{rest: fmt.Sprintf("%s[%d]", s, i)} }
func (s spot) under(key string) spot  { return spot{entry: fmt.Sprintf("%s[%q]", s, key)} }
func (s spot) addressable() bool      { return s.entry == "" }

// address is a pointer to an addressable spot.
func (s spot) address() string {
	if p, ok := strings.CutPrefix(s.rest, "(*"); ok && strings.Count(p, ")") == 1 && strings.HasSuffix(p, ")") {
		return strings.TrimSuffix(p, ")")
	}
	return "&" + s.rest
}

// assigned quotes an assignment to it.
func (s spot) assigned(v string) string {
	if s.entry == "" || s.rest == "" {
		return s.String() + " = " + v
	}
	return fmt.Sprintf("e := %s; e%s = %s; %s = e", s.entry, s.rest, v, s.entry)
}
