package workload

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/flowc-dev/flowc/bench/internal/measure"
	"github.com/flowc-dev/flowc/bench/internal/shop"
)

func w5() Workload {
	const fused = "hand-written, one loop over values"
	form := func(name, form string) Contender {
		return Contender{Name: name, Plan: func(ctx context.Context, s *shop.Shop) (Plan, error) {
			path, err := s.Go(ctx, "contenders/stages")
			return Plan{Command: func(j Job) measure.Command {
				return measure.Command{Argv: []string{path, form, itoa(j.Events), j.Outputs[0]}}
			}}, err
		}}
	}
	return Workload{
		ID: "W5", Title: "a generator, ten trivial stages, discard",
		Events: func(size int) int { return 100 * size }, Expected: arrived,
		Outputs: []string{"arrived.json"}, Reference: fused, Nanoseconds: true,
		Goal: "flowc ≤ 6 ns an event",
		Contenders: []Contender{
			form(fused, "fused"),
			form("hand-written, batches of 256", "batched"),
			slow(form("interface chain over heap events", "interfaces")),
			slow(form("goroutine a stage, channels of 128", "channels")),
			w5flowc(),
		},
	}
}

// arrived works out how many events pass the three filters, stage by stage as the
// pipeline's text has them.
func arrived(_ string, events int, outputs []string) error {
	count := 0
	for i := range int64(events) {
		n, sum := i, i+1
		sum += n * 3
		if n%1000 == 7 {
			continue
		}
		even := sum&1 == 0
		sum ^= n << 1
		if sum == 12 {
			continue
		}
		n += 5
		if !even && n%100 == 3 {
			continue
		}
		count++
	}
	return os.WriteFile(outputs[0], fmt.Appendf(nil, `{"arrived":%d}`+"\n", count), 0o644)
}

// w5flowc counts what arrives by the program's own report: the pipeline writes nothing.
func w5flowc() Contender {
	return Contender{Name: "flowc", Plan: func(ctx context.Context, s *shop.Shop) (Plan, error) {
		path, err := s.Pipeline(ctx, "w5")
		report := func(j Job) string { return filepath.Join(j.Dir, "report.json") }
		return Plan{
			Command: func(j Job) measure.Command {
				return measure.Command{
					Argv: []string{path, "--set", "numbers.config.count=" + itoa(j.Events), "--report", report(j)},
					Dir:  j.Dir, Env: []string{"FLOWC_STATE=" + filepath.Join(j.Dir, "state")},
				}
			},
			Collect: func(j Job) error {
				text, err := os.ReadFile(report(j))
				if err != nil {
					return err
				}
				var r struct {
					Nodes map[string]struct{ In int64 }
				}
				if err := json.Unmarshal(text, &r); err != nil {
					return fmt.Errorf("report: %w", err)
				}
				return os.WriteFile(j.Outputs[0], fmt.Appendf(nil, `{"arrived":%d}`+"\n", r.Nodes["nothing"].In), 0o644)
			},
		}, err
	}}
}
