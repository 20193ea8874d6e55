package main

import "testing"

// All forms are the same pipeline: the figures compare how stages are joined.
func TestFormsAgree(t *testing.T) {
	for _, count := range []int64{0, 1, 255, 256, 10_007} {
		kept = 0
		want := fused(count)
		sum := kept
		if count == 10_007 && (want < count*9/10 || want == count) {
			t.Errorf("%d of %d arrive: the filters drop nothing or too much", want, count)
		}
		for name, form := range forms {
			kept = 0
			if got := form(count); got != want || kept != sum {
				t.Errorf("%s of %d: %d arrive with %d, want %d with %d", name, count, got, kept, want, sum)
			}
		}
	}
}
