package stats

import "testing"

func TestOf(t *testing.T) {
	for _, test := range []struct {
		figures []float64
		want    Range
	}{
		{nil, Range{}},
		{[]float64{3}, Range{3, 3, 3}},
		{[]float64{9, 1, 5}, Range{1, 5, 9}},
		{[]float64{4, 1, 2, 10}, Range{1, 3, 10}},
	} {
		if got := Of(test.figures); got != test.want {
			t.Errorf("%v: got %v, want %v", test.figures, got, test.want)
		}
	}
	figures := []float64{3, 1, 2}
	Of(figures)
	if figures[0] != 3 {
		t.Error("the figures were reordered")
	}
}

// The second round was twice as slow for both: the ratio must not notice.
func TestPairedIsBlindToDrift(t *testing.T) {
	if got, want := Paired([]float64{80, 40, 81}, []float64{100, 50, 90}), (Range{0.8, 0.8, 0.9}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := Paired([]float64{1, 2}, []float64{4}); got != (Range{0.25, 0.25, 0.25}) {
		t.Errorf("a round that only one has counts: %v", got)
	}
}

func TestRangeAsText(t *testing.T) {
	for want, r := range map[string]Range{
		"":                    {},
		"0.92 (0.90–0.95)":    {0.9, 0.92, 0.95},
		"0.031 (0.029–12.50)": {0.029, 0.031, 12.5},
	} {
		if got := r.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestQuantile(t *testing.T) {
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = i + 1
	}
	for q, want := range map[float64]int{0: 1, 0.5: 50, 0.99: 99, 0.999: 100, 1: 100} {
		if got := Quantile(hundred, q); got != want {
			t.Errorf("quantile %v: got %d, want %d", q, got, want)
		}
	}
	if got := Quantile([]int{}, 0.5); got != 0 {
		t.Errorf("of nothing: %d", got)
	}
}
