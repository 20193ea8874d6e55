package plan

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/runtime/catalog"
)

// ParseRate reads records a second: 1e6, 250000, 250k, 1M. It is more than 0.
func ParseRate(text string) (float64, error) {
	number, unit := text, 1.0
	for suffix, times := range map[string]float64{"k": 1e3, "M": 1e6, "G": 1e9} {
		if cut, ok := strings.CutSuffix(text, suffix); ok {
			number, unit = cut, times
		}
	}
	rate, err := strconv.ParseFloat(number, 64)
	switch rate *= unit; {
	case err != nil || math.IsNaN(rate) || math.IsInf(rate, 0):
		return 0, fmt.Errorf("%q is no number of records a second, such as 1e6, 250000, 250k or 1M", text)
	case rate <= 0:
		return 0, fmt.Errorf("%s is no rate: it is more than 0 records a second", text)
	case rate > 1e12:
		return 0, fmt.Errorf("%s records a second are more than there are", text)
	}
	return rate, nil
}

// ParseSize reads the bytes of a record: 116, 1KB, 1.5e3, 2KiB. It is more than 0.
func ParseSize(text string) (float64, error) {
	size, err := strconv.ParseFloat(text, 64)
	if err != nil {
		whole, ok := catalog.ParseSize(text)
		if !ok {
			return 0, fmt.Errorf("%q is no size of a record, such as 116, 1KB or 2KiB", text)
		}
		size = float64(whole)
	}
	if !(size > 0) || size > 1<<40 {
		return 0, fmt.Errorf("%s is no size of a record: it is more than 0 bytes, and less than 1 TiB", text)
	}
	return size, nil
}

// ParseCosts reads what components take for a record, `NODE=TIME` each, in nanoseconds.
func ParseCosts(check func(name string) error, given []string) (map[string]float64, error) {
	costs := map[string]float64{}
	for _, text := range given {
		name, value, named := strings.Cut(text, "=")
		if !named {
			return nil, fmt.Errorf("%q does not say of which node: `NODE=%s`", text, text)
		}
		if err := check(name); err != nil {
			return nil, err
		}
		if _, twice := costs[name]; twice {
			return nil, fmt.Errorf("`%s` has two", name)
		}
		d, err := time.ParseDuration(value)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%q is no time, such as 800ns, 20us or 1.5ms", value)
		case d <= 0:
			return nil, fmt.Errorf("%s is no cost: it is more than 0 for a record", value)
		}
		costs[name] = float64(d)
	}
	return costs, nil
}

// PerSource reads values of sources, `SOURCE=VALUE` or, where the pipeline has one
// source, `VALUE`: by the names of sources, as text.
func PerSource(sources []string, check func(name string) error, given []string) (map[string]string, error) {
	out := map[string]string{}
	for _, text := range given {
		name, value, named := strings.Cut(text, "=")
		switch {
		case !named && len(sources) == 1:
			name, value = sources[0], text
		case !named:
			return nil, fmt.Errorf("the pipeline has the sources %s: say of which it is, `%s=%s`", quoted(sources), sources[0], text)
		}
		if err := check(name); err != nil {
			return nil, err
		}
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("`%s` has two", name)
		}
		out[name] = value
	}
	return out, nil
}
