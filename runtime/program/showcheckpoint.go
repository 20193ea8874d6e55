package program

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// showCheckpoint prints how far earlier runs have got.
func (p *process) showCheckpoint(where string, c *flow.Checkpoint, format string) error {
	if format == "json" {
		type shown struct {
			Path       string `json:"path"`
			Generation uint64 `json:"generation"`
			*flow.Checkpoint
		}
		var value any
		if c != nil {
			value = shown{p.checkpointPath(where), c.Generation, c}
		}
		data, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, string(data))
		return nil
	}
	if c == nil {
		fmt.Fprintf(p.stdout, "%s: no checkpoint in %s\n", p.spec.Name, where)
		return nil
	}
	fmt.Fprintf(p.stdout, "%s: generation %d of %s, by pipeline %s, in %s\n", p.spec.Name, c.Generation, c.Time.Format(time.RFC3339), c.Hash, where)
	for _, name := range sorted(c.Sources) {
		splits := c.Sources[name].Splits
		if len(splits) == 0 {
			fmt.Fprintf(p.stdout, "  source %s: at the start\n", name)
		}
		if all, ok := flow.RangeOf(c.Sources[name]); ok {
			p.showRange(name, &all, splits)
			continue
		}
		for _, split := range sorted(splits) {
			s := splits[split]
			after := ""
			if s.Records != flow.Unknown {
				after = fmt.Sprintf(" after %s records", count(s.Records))
			}
			fmt.Fprintf(p.stdout, "  source %s %s: %s%s\n", name, split, compact(s.Position), after)
		}
	}
	for _, name := range sorted(c.Sinks) {
		fmt.Fprintf(p.stdout, "  sink %s: %s\n", name, compact(c.Sinks[name]))
	}
	if c.Complete {
		fmt.Fprintln(p.stdout, "  all input was handled")
	}
	return nil
}

// showRange prints how far the chunks of a range have come.
func (p *process) showRange(source string, all *flow.Progress, splits map[string]flow.SplitState) {
	fmt.Fprintf(p.stdout, "  source %s: %d%% of the range %s, %d of %d chunks are through\n", source, percent(all), all.Range, all.Ended, all.Chunks)
	names := slices.SortedFunc(maps.Keys(splits), func(a, b string) int {
		first, _ := flow.ChunkOf(splits[a].Position)
		second, _ := flow.ChunkOf(splits[b].Position)
		return cmp.Compare(first.Chunk, second.Chunk)
	})
	for _, name := range names {
		c, _ := flow.ChunkOf(splits[name].Position)
		var is string
		switch {
		case c.Ended:
			is = "through"
		case c.Done == 0:
			is = "at its begin"
		case c.Size > 0:
			is = fmt.Sprintf("%d%%", min(99, c.Done*100/c.Size))
		default:
			is = "begun"
		}
		if s := splits[name]; s.Records > 0 {
			is += fmt.Sprintf(" after %s records", count(s.Records))
		}
		fmt.Fprintf(p.stdout, "    %s: %s\n", name, is)
	}
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
	if raw == nil {
		return "nothing"
	}
	data, err := json.Marshal(raw)
	if err != nil {
		return string(raw)
	}
	return string(data)
}
