// Package c has a component that writes to what it gets.
package c

import "slices"

// T is what it takes and gives.
type T struct {
	Tags []string `json:"tags"`
}

// Sort sorts the tags in place.
func Sort(in T) T { slices.Sort(in.Tags); return in }
