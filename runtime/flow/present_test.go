package flow

import (
	"slices"
	"testing"
)

func TestPresent(t *testing.T) {
	a, b := new(int), new(int)
	for _, test := range []struct{ list, want []*int }{
		{nil, nil},
		{[]*int{a, b}, []*int{a, b}},
		{[]*int{nil}, []*int{}},
		{[]*int{a, nil, b, nil}, []*int{a, b}},
	} {
		before := slices.Clone(test.list)
		if got := Present(test.list); !slices.Equal(got, test.want) {
			t.Errorf("%v gives %v, want %v", test.list, got, test.want)
		}
		if !slices.Equal(test.list, before) {
			t.Errorf("the component's own list is %v, and was %v", test.list, before)
		}
	}
}
