package costs

import (
	"math"
	"slices"
	"strings"
)

// A fitted cost is a line through observations: nanoseconds for each record, byte and
// field.
type fitted struct {
	part                string
	record, byte, field float64
	spread              float64
	from                int // observations
}

// fit puts a line through the observations of each part.
func fit(seen []observation) []fitted {
	byPart := map[string][]observation{}
	for _, o := range seen {
		byPart[o.part] = append(byPart[o.part], o)
	}
	var out []fitted
	for part, list := range byPart {
		out = append(out, fitPart(part, list))
	}
	return out
}

// fitPart finds the three numbers, none of them less than 0, with which the squares of
// the relative errors are least. An observation counts by how well it is known. Where a
// part took next to nothing, an error of half a nanosecond is none.
func fitPart(part string, list []observation) fitted {
	const trifle = 5 // ns: below, errors are taken of this
	byBytes := !strings.HasPrefix(part, "stage/")
	byFields := slices.ContainsFunc(list, func(o observation) bool { return o.fields != list[0].fields })
	byBytes = byBytes && slices.ContainsFunc(list, func(o observation) bool { return math.Abs(o.bytes-list[0].bytes) > 1 })
	var x [3]float64
	row := func(o observation) ([3]float64, float64, float64) {
		r := [3]float64{1, 0, 0}
		if byBytes {
			r[1] = o.bytes
		}
		if byFields {
			r[2] = o.fields
		}
		scale := 1 / max(o.nanos, trifle)
		return r, o.nanos, scale * scale * min(max(o.weight, 0.1), 20)
	}
	// Coordinate by coordinate, each to its least: with three of them that converges
	// soon, and none of them becomes negative.
	for range 20000 {
		for k := range x {
			var num, den float64
			for _, o := range list {
				r, y, w := row(o)
				rest := y
				for j := range x {
					if j != k {
						rest -= r[j] * x[j]
					}
				}
				num += w * r[k] * rest
				den += w * r[k] * r[k]
			}
			if den > 0 {
				x[k] = max(0, num/den)
			}
		}
	}
	var squares, weights float64
	for _, o := range list {
		r, y, _ := row(o)
		off := (r[0]*x[0] + r[1]*x[1] + r[2]*x[2] - y) / max(y, trifle)
		squares += off * off
		weights++
	}
	spread := min(1, max(0.05, math.Sqrt(squares/weights)))
	return fitted{part: part, record: x[0], byte: x[1], field: x[2], spread: spread, from: len(list)}
}
