package frame

import (
	"reflect"
	"testing"
)

// A framer that goes on at any cut gives exactly the rest.
func TestResumeAtEveryCut(t *testing.T) {
	const input = `[ {"a":[1,2]} , 2 ,"]",null ] {"b":3} [[],{}] 4 5`
	want, err := readAll(t, func() Framer { return &JSONValues{} }, input)
	if err != nil {
		t.Fatal(err)
	}
	states := map[int]bool{}
	for end := range len(input) {
		f := &JSONValues{}
		before := *f
		n, err := f.Cut([]byte(input[:end]), false)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for pos := 0; ; {
			start, stop, next, ok := before.Next([]byte(input[:n]), pos)
			if !ok {
				break
			}
			got, pos = append(got, input[start:stop]), next
		}
		states[f.State()] = true
		rest := func() Framer {
			g := &JSONValues{}
			if err := g.Resume(f.State()); err != nil {
				t.Fatal(err)
			}
			return g
		}
		tail, err := readAll(t, rest, input[n:])
		if got = append(got, tail...); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("cut at %d: %q, %v; want %q", n, got, err, want)
		}
	}
	if len(states) < 3 {
		t.Errorf("only the states %v were met", states)
	}
	if (&JSONValues{}).Resume(7) == nil || (&JSONValues{}).Resume(-1) == nil {
		t.Error("an unknown state was taken")
	}
}
