package program

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// showCheckpoint prints how far earlier runs have got.
func (p *process) showCheckpoint(o *options) int {
	base, _ := p.env.lookup(stateVariable)
	dir := flow.StateDir(base, p.spec.Name)
	c, err := flow.ReadCheckpoint(dir)
	if err != nil {
		return p.fail(err)
	}
	if o.format == "json" {
		type shown struct {
			Path       string `json:"path"`
			Generation uint64 `json:"generation"`
			*flow.Checkpoint
		}
		var value any
		if c != nil {
			value = shown{filepath.Join(dir, "checkpoint"), c.Generation, c}
		}
		data, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			return p.fail(err)
		}
		fmt.Fprintln(p.stdout, string(data))
		return exitOK
	}
	if c == nil {
		fmt.Fprintf(p.stdout, "%s: no checkpoint in %s\n", p.spec.Name, dir)
		return exitOK
	}
	fmt.Fprintf(p.stdout, "%s: generation %d of %s, by pipeline %s, in %s\n", p.spec.Name, c.Generation, c.Time.Format(time.RFC3339), c.Hash, dir)
	for _, name := range sorted(c.Sources) {
		splits := c.Sources[name].Splits
		if len(splits) == 0 {
			fmt.Fprintf(p.stdout, "  source %s: at the start\n", name)
		}
		for _, split := range sorted(splits) {
			s := splits[split]
			fmt.Fprintf(p.stdout, "  source %s %s: %s after %s records\n", name, split, compact(s.Position), count(s.Records))
		}
	}
	for _, name := range sorted(c.Sinks) {
		fmt.Fprintf(p.stdout, "  sink %s: %s\n", name, compact(c.Sinks[name]))
	}
	return exitOK
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func compact(raw json.RawMessage) string {
	data, err := json.Marshal(raw)
	if err != nil {
		return string(raw)
	}
	return string(data)
}
