package flow

import "testing"

func TestOr(t *testing.T) {
	one := 1
	if got := Or(&one, 2); got != 1 {
		t.Errorf("Or(&1, 2) = %d", got)
	}
	if got := Or(nil, 2); got != 2 {
		t.Errorf("Or(nil, 2) = %d", got)
	}
	// Empty is there, nil is missing.
	if got := OrList([]string{}, []string{"x"}); len(got) != 0 {
		t.Errorf("OrList of an empty list = %q", got)
	}
	if got := OrList(nil, []string{"x"}); len(got) != 1 {
		t.Errorf("OrList of nil = %q", got)
	}
	if got := OrMap(nil, map[string]int{"a": 1}); got["a"] != 1 {
		t.Errorf("OrMap of nil = %v", got)
	}
	if got := OrMap(map[string]int{}, map[string]int{"a": 1}); len(got) != 0 {
		t.Errorf("OrMap of an empty map = %v", got)
	}
}
