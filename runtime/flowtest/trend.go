package flowtest

import (
	"fmt"
	"math"
	"slices"
)

// A Trend is how a measure of a long run moves: a heap, goroutines, descriptors, which
// go up and down all the time and should not grow on the whole.
type Trend struct {
	// Samples is how many there were, Mean what the least of them are on average.
	Samples int
	Mean    float64
	// Growth is how much larger the measure is at the end of the run than at its
	// begin, by the straight line through it; Error the standard error of that.
	Growth, Error float64
}

// trendBlocks is how many pieces a run is cut into. A garbage collector makes samples
// that lie side by side alike, which would make any line look certain: what is found
// in pieces that are longer than that is nearly independent.
const trendBlocks = 20

// trendFloor is which part of a piece's samples lies below what stands for it. A heap
// before a collection, and what a program holds while there is much to do, follow the
// load; what leaks is held when there is least to do as well.
const trendFloor = 0.1

// TrendOf finds the trend of samples that were taken at even distances, of which the
// first fifth is left out: a program that warms up grows. There must be 100 or more.
func TrendOf(samples []float64) (Trend, error) {
	if len(samples) < 5*trendBlocks {
		return Trend{}, fmt.Errorf("%d samples say nothing of a trend, %d would", len(samples), 5*trendBlocks)
	}
	samples = samples[len(samples)/5:]
	t := Trend{Samples: len(samples)}
	var floors [trendBlocks]float64
	for i := range floors {
		block := slices.Clone(samples[i*len(samples)/trendBlocks : (i+1)*len(samples)/trendBlocks])
		slices.Sort(block)
		floors[i] = block[int(trendFloor*float64(len(block)))]
		t.Mean += floors[i] / trendBlocks
	}
	const middle = float64(trendBlocks-1) / 2
	var xx, xy float64
	for i, y := range floors {
		x := float64(i) - middle
		xx += x * x
		xy += x * (y - t.Mean)
	}
	slope := xy / xx
	var rest float64
	for i, y := range floors {
		d := y - t.Mean - slope*(float64(i)-middle)
		rest += d * d
	}
	t.Growth = slope * trendBlocks
	t.Error = math.Sqrt(rest/(trendBlocks-2)/xx) * trendBlocks
	return t, nil
}

// Flat tells that the measure does not grow: that it grew by no more than a tolerance,
// or that the growth could as well be chance. One in 10,000 measures that are flat is
// called growing.
func (t Trend) Flat(tolerance float64) bool {
	const certain = 4.3 // of Student's t with 18 degrees of freedom, two in 10,000 beyond
	return t.Growth <= tolerance || t.Growth <= certain*t.Error
}

// String says the mean and the growth.
func (t Trend) String() string {
	return fmt.Sprintf("%.4g at least, %+.3g ± %.2g from begin to end (%d samples)", t.Mean, t.Growth, t.Error, t.Samples)
}
