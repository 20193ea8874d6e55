package plan

import (
	"fmt"
	"math"
	"strconv"
)

// ways are words for the ways to components.
var ways = map[string]string{
	"flowc.v1":           "flowc.v1 at its socket",
	"flowc.v1-grpc":      "flowc.v1 by gRPC",
	"flowctl.v1":         "flowctl.v1",
	"flowctl.v1-in-turn": "flowctl.v1, one event at a time",
	"lines":              "lines",
}

// components is a line for each component: what it works by itself, beside the work above.
func (t *text) components(p *Plan) {
	if len(p.Components) == 0 {
		return
	}
	t.section("Components, in processes of their own")
	name, way := 0, 0
	for _, c := range p.Components {
		name, way = max(name, len([]rune(c.Node))), max(way, len(c.Role)+len(" by ")+len(ways[c.Way]))
	}
	for _, c := range p.Components {
		nanos, cores := "       ?", "not known"
		if c.HopNanos > 0 {
			cores += fmt.Sprintf("; one of Go that does nothing takes %s ns", count(round(c.HopNanos)))
		}
		if c.From == "given" {
			nanos, cores = fmt.Sprintf("%8.1f ns", c.Nanos), inCores(c.MilliCores)+"  given"
		}
		most := ""
		if c.Most > 0 {
			most = fmt.Sprintf("; takes %s/s at most", count(round(c.Most)))
		}
		t.line("  %-*s  %-*s  %13s/s × %-21s = %7s%s", name, c.Node, way, c.Role+" by "+ways[c.Way], count(c.Rate), nanos, cores, most)
	}
}

// round leaves three digits that say something.
func round(n float64) float64 {
	if n <= 0 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(n))-2)
	return math.Round(n/unit) * unit
}

// inMillis is a time in milliseconds.
func inMillis(nanos float64) string {
	return strconv.FormatFloat(nanos/1e6, 'g', 3, 64) + " ms"
}
