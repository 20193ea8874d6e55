package schema

import (
	"math/big"
	"strings"

	"cuelang.org/go/cue"

	"github.com/flowc-dev/flowc/compiler/parse"
)

// kinds are the kinds of CUE that a value may have. (An integer is a number; a
// float that is whole is none of the integers, in CUE as here.)
var kinds = [...]cue.Kind{
	parse.Null: cue.NullKind, parse.Bool: cue.BoolKind, parse.Int: cue.IntKind, parse.Float: cue.FloatKind,
	parse.String: cue.StringKind, parse.Sequence: cue.ListKind, parse.Mapping: cue.StructKind,
}

// fits tells whether a value is surely what the shape takes. Where it says no,
// CUE may still say yes.
func (s *shape) fits(n *parse.Node) bool {
	if len(s.any) > 0 {
		for _, a := range s.any {
			if a.fits(n) {
				return true
			}
		}
		return false
	}
	if !s.whole || s.kind&kinds[n.Kind] == 0 || !s.scalar(n) {
		return false
	}
	switch n.Kind {
	case parse.Sequence:
		for _, item := range n.Items {
			if s.items != nil && !s.items.fits(item) {
				return false
			}
		}
	case parse.Mapping:
		return s.mapping(n)
	}
	return true
}

// scalar checks bounds and literals.
func (s *shape) scalar(n *parse.Node) bool {
	switch want := s.equals.(type) {
	case string:
		if n.Kind != parse.String || n.Text != want {
			return false
		}
	case int64:
		if v, ok := parse.Value(n).(int64); !ok || v != want {
			return false
		}
	}
	for _, re := range s.matches {
		if n.Kind == parse.String && !re.MatchString(n.Text) {
			return false
		}
	}
	if n.Kind != parse.Int && n.Kind != parse.Float {
		return true
	}
	return s.bounded(n)
}

// bounded tells whether a number is within the bounds.
func (s *shape) bounded(n *parse.Node) bool {
	var x float64
	switch v := parse.Value(n).(type) {
	case int64:
		x = float64(v)
	case *big.Int:
		x, _ = new(big.Float).SetInt(v).Float64()
	case float64:
		x = v
	default:
		return false
	}
	return s.min <= x && x <= s.max
}

func (s *shape) mapping(n *parse.Node) bool {
	for _, f := range s.fields {
		if f.required && n.Get(f.name) == nil {
			return false
		}
	}
	for _, m := range n.Members {
		if f := s.byName[m.Key.Text]; f != nil {
			if !f.shape.fits(m.Value) {
				return false
			}
			continue
		}
		switch {
		case s.open:
		case s.rest != nil:
			if !s.rest.fits(m.Value) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// takes are the kinds of values that a shape takes.
func (s *shape) takes() cue.Kind {
	if len(s.any) == 0 {
		return s.kind
	}
	k := cue.BottomKind
	for _, a := range s.any {
		k |= a.takes()
	}
	return k
}

// must completes "this must be …".
func (s *shape) must() string {
	if s.is != "" {
		return s.is
	}
	var words []string
	for _, k := range []struct {
		kind cue.Kind
		name string
	}{
		{cue.BoolKind, "true or false"},
		{cue.FloatKind, "a number"},
		{cue.IntKind, "a whole number"},
		{cue.StringKind, "a string"},
		{cue.ListKind, "a list"},
		{cue.StructKind, "a mapping"},
	} {
		if s.takes()&k.kind != 0 {
			words = append(words, k.name)
			if k.kind == cue.FloatKind {
				break
			}
		}
	}
	if len(words) == 0 {
		return "something else"
	}
	return strings.Join(words, " or ")
}
