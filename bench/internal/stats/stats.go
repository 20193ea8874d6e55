// Package stats sums up rounds: a median with its extremes, and ratios of two
// things that were measured in the same round.
//
// A machine drifts, so the ratio of two medians mixes a fast minute of one thing
// with a slow minute of the other. Ratios are taken round by round instead, and
// their median is shown with the least and the greatest.
package stats

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// A Range is the least, the middle and the greatest of some figures.
type Range struct{ Min, Median, Max float64 }

// Of gives the range of figures; the median of an even number is between the two
// in the middle. No figures give zeros.
func Of(figures []float64) Range {
	if len(figures) == 0 {
		return Range{}
	}
	s := slices.Sorted(slices.Values(figures))
	n := len(s)
	return Range{Min: s[0], Median: (s[(n-1)/2] + s[n/2]) / 2, Max: s[n-1]}
}

// Paired gives the range of a[i]/b[i] over the rounds that both have.
func Paired(a, b []float64) Range {
	n := min(len(a), len(b))
	ratios := make([]float64, n)
	for i := range n {
		ratios[i] = a[i] / b[i]
	}
	return Of(ratios)
}

// String gives the median and, in brackets, the extremes: "0.92 (0.90–0.95)".
func (r Range) String() string {
	if r == (Range{}) {
		return ""
	}
	return fmt.Sprintf("%s (%s–%s)", ratio(r.Median), ratio(r.Min), ratio(r.Max))
}

func ratio(v float64) string {
	if v < 0.1 {
		return fmt.Sprintf("%.3f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// Quantile gives the least figure that at least a part q of all do not exceed: the
// nearest-rank quantile. The figures must be sorted.
func Quantile[T cmp.Ordered](sorted []T, q float64) T {
	var zero T
	if len(sorted) == 0 {
		return zero
	}
	rank := int(math.Ceil(q*float64(len(sorted)))) - 1
	return sorted[min(max(rank, 0), len(sorted)-1)]
}
