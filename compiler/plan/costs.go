package plan

import (
	"fmt"
	"slices"
	"strings"
)

// A Table has what the parts of programs cost on one machine. The one of flowc is made
// by `make costs` (see bench/README.md), [Default].
type Table struct {
	Taking
	// Hops is where those of hops to components were taken.
	Hops  Taking `json:"hops"`
	Costs []Cost `json:"costs"`
}

// A Taking is where and when costs were measured.
type Taking struct {
	// Machine is the processor, its cores, system and Go; When a day, Load how busy it
	// was before, Rounds how often each program ran.
	Machine string `json:"machine"`
	When    string `json:"when"`
	Load    string `json:"load"`
	Rounds  int    `json:"rounds"`
}

// A Cost is processor time, in nanoseconds: for each record, and beyond that for each
// byte and each field of it.
type Cost struct {
	// Part says of what: "decode/ndjson", "stage/filter", "sink/file".
	Part   string  `json:"part"`
	Record float64 `json:"record"`
	Byte   float64 `json:"byte"`
	Field  float64 `json:"field"`
	// Spread is by how much single measurements were off, as a share: 0.1 is ± 10 %.
	Spread float64 `json:"spread"`
}

// Of is the time for a record of so many bytes and fields.
func (c Cost) Of(bytes, fields float64) float64 {
	return max(0, c.Record+c.Byte*bytes+c.Field*fields)
}

// Lookup finds the cost of a part.
func (t *Table) Lookup(part string) (Cost, bool) {
	if i := slices.IndexFunc(t.Costs, func(c Cost) bool { return c.Part == part }); i >= 0 {
		return t.Costs[i], true
	}
	return Cost{}, false
}

// Check says what of a table can't be.
func (t *Table) Check() error {
	seen := map[string]bool{}
	for _, c := range t.Costs {
		kind, name, ok := strings.Cut(c.Part, "/")
		switch {
		case !ok || kind == "" || name == "":
			return fmt.Errorf("the part %q is no KIND/NAME", c.Part)
		case seen[c.Part]:
			return fmt.Errorf("%s has two costs", c.Part)
		case c.Record < 0 || c.Byte < 0 || c.Field < 0:
			return fmt.Errorf("%s costs less than nothing", c.Part)
		case c.Spread < 0 || c.Spread > 1:
			return fmt.Errorf("%s has the spread %g, and it is a share from 0 to 1", c.Part, c.Spread)
		}
		seen[c.Part] = true
	}
	return nil
}
