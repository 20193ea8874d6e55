package ir

import (
	"slices"
)

// Same tells whether two types are one: the same pointer, or made alike down
// to names, Go types and wire names.
func (t *Type) Same(u *Type) bool { return same(t, u, map[[2]*Type]bool{}) }

func same(t, u *Type, assumed map[[2]*Type]bool) bool {
	if t == u {
		return true
	}
	if t == nil || u == nil || t.Kind != u.Kind || t.Name != u.Name || t.Change != u.Change || len(t.Fields) != len(u.Fields) || !slices.Equal(t.Values, u.Values) {
		return false
	}
	if (t.Go == nil) != (u.Go == nil) || t.Go != nil && *t.Go != *u.Go {
		return false
	}
	// Types that hold themselves: two are the same if nothing says otherwise.
	if assumed[[2]*Type{t, u}] {
		return true
	}
	assumed[[2]*Type{t, u}] = true
	for i, f := range t.Fields {
		g := u.Fields[i]
		if f.Name != g.Name || f.Go != g.Go || f.Optional != g.Optional || !same(f.Type, g.Type, assumed) {
			return false
		}
	}
	return same(t.Elem, u.Elem, assumed)
}
