package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/plan"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// The table has a cost of each connector, and of all that pipelines are made of.
func TestDefaultIsWhole(t *testing.T) {
	if err := plan.Default.Check(); err != nil {
		t.Error(err)
	}
	parts := []string{
		plan.EnginePart, "decode/ndjson", "decode/ndjson-full", "decode/ndjson-needed", "decode/json", "decode/csv", "decode/text", "decode/logfmt",
		"encode/ndjson", "encode/json", "encode/csv", "encode/raw", "encode/table",
		"stage/filter", "stage/map", "stage/set", "stage/check", "stage/route", "stage/flatmap",
		"broker/nats",
	}
	for _, c := range slices.Concat(catalog.Connectors, catalog.Carriers) {
		if c.Source != nil {
			parts = append(parts, "source/"+c.Name)
		}
		if c.Sink != nil {
			parts = append(parts, "sink/"+c.Name)
		}
	}
	for _, role := range []string{"source", "processor", "sink"} {
		for _, way := range []string{"flowc.v1", "flowc.v1-grpc", "flowctl.v1", "lines"} {
			parts = append(parts, role+"/"+way)
			if way != "lines" {
				parts = append(parts, "component/"+role+"-"+way)
			}
		}
	}
	parts = append(parts, "processor/flowctl.v1-in-turn", "component/processor-flowctl.v1-in-turn", "wait/flowctl.v1-in-turn")
	for _, part := range parts {
		if _, ok := plan.Default.Lookup(part); !ok {
			t.Errorf("the table has no cost of %s: `make costs` measures it, where bench/internal/costs knows how", part)
		}
	}
}

func TestTablesThatCantBe(t *testing.T) {
	for want, costs := range map[string][]plan.Cost{
		"no KIND/NAME":       {{Part: "filter", Record: 1}},
		"two costs":          {{Part: "stage/filter", Record: 1}, {Part: "stage/filter", Record: 2}},
		"less than nothing":  {{Part: "stage/filter", Record: -1}},
		"a share from 0 to ": {{Part: "stage/filter", Record: 1, Spread: 7}},
	} {
		if err := (&plan.Table{Costs: costs}).Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
