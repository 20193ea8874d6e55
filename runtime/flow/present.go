package flow

import "slices"

// Present is a list of records without its nil pointers, by which a component
// says that there is none. The list itself is left as it is: it may be the
// component's.
func Present[T any](list []*T) []*T {
	first := slices.Index(list, nil)
	if first < 0 {
		return list
	}
	out := slices.Clone(list[:first])
	for _, r := range list[first+1:] {
		if r != nil {
			out = append(out, r)
		}
	}
	return out
}
