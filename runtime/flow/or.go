package flow

// Or is the built-in `or` of inline Go on an optional value: what p points to,
// or def where it is nil.
func Or[T any](p *T, def T) T {
	if p == nil {
		return def
	}
	return *p
}

// OrList is `or` on an optional list, which is nil where it is missing.
func OrList[S ~[]E, E any](list, def S) S {
	if list == nil {
		return def
	}
	return list
}

// OrMap is `or` on an optional map, which is nil where it is missing.
func OrMap[M ~map[string]V, V any](m, def M) M {
	if m == nil {
		return def
	}
	return m
}
