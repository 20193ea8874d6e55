package flowtest_test

import (
	"math/rand/v2"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// series are samples of a heap that a collector saws, and that grows by so much in all.
func series(seed uint64, growth float64) (samples []float64) {
	rnd := rand.New(rand.NewPCG(seed, 5))
	saw, warm := 0.0, 30.0
	for i := range 1800 {
		if saw += rnd.Float64(); saw > 10 {
			saw = 0
		}
		if warm > 0 {
			warm -= 0.1
		}
		samples = append(samples, 100-warm+saw+rnd.NormFloat64()*3+growth*float64(i)/1800)
	}
	return samples
}

// What is flat is called so, and what grows is found, whatever the noise and the
// warming up.
func TestTrend(t *testing.T) {
	wrong := 0
	for seed := range uint64(200) {
		flat, err := flowtest.TrendOf(series(seed, 0))
		must(t, err)
		if !flat.Flat(0) {
			wrong++
		}
		for _, growth := range []float64{8, 50} {
			leak, err := flowtest.TrendOf(series(seed, growth))
			must(t, err)
			if leak.Flat(1) {
				t.Errorf("seed %d: a growth of %g is not found: %s", seed, growth, leak)
			}
			if !leak.Flat(growth * 2) {
				t.Errorf("seed %d: a growth of %g is not tolerated: %s", seed, growth, leak)
			}
		}
	}
	if wrong > 1 {
		t.Errorf("%d of 200 flat measures are called growing", wrong)
	}
	if shrinks, err := flowtest.TrendOf(series(1, -50)); err != nil || !shrinks.Flat(0) {
		t.Errorf("what shrinks is called growing: %s, %v", shrinks, err)
	}
	constant, err := flowtest.TrendOf(make([]float64, 100))
	if err != nil || !constant.Flat(0) {
		t.Errorf("%s, %v", constant, err)
	}
	if _, err := flowtest.TrendOf(make([]float64, 99)); err == nil {
		t.Error("99 samples are enough")
	}
}
