package costs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"
)

// A line is one of a plan, as `flowc plan --format json` has it.
type line struct {
	Node, Part, Of, From    string
	Rate, Size              float64
	Fields                  int
	Nanos, Low, High, Share float64
}

// A planned is a plan, as far as it is read here.
type planned struct {
	Lines []line
	Sinks []struct{ Rate, Size float64 }
	Edges []struct{ BrokerMilli int64 }
	Costs struct {
		Sampled struct{ Nanos float64 }
	}
}

// sampled has flowc measure a probe, the first time that it is asked for.
func (b *bench) sampled(ctx context.Context, p probe) (*planned, error) {
	if known := b.known[p.name]; known != nil {
		return known, nil
	}
	plan, err := b.measured(ctx, p)
	if err == nil {
		b.known[p.name] = plan
	}
	return plan, err
}

func (b *bench) measured(ctx context.Context, p probe) (*planned, error) {
	path, err := b.write(p.name, p.text)
	if err != nil {
		return nil, err
	}
	return b.plan(ctx, path, "--sample", p.sample, "--rounds", strconv.Itoa(b.Rounds))
}

// plan has flowc plan a pipeline at a million records a second.
func (b *bench) plan(ctx context.Context, path string, flags ...string) (*planned, error) {
	cmd := exec.CommandContext(ctx, b.flowc, append([]string{"plan", path, "--rate", "1e6", "--format", "json"}, flags...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	runErr := cmd.Run()
	var answer struct {
		Result      *planned
		Error       *string
		Diagnostics []struct{ Message string }
	}
	if err := json.Unmarshal(stdout.Bytes(), &answer); err != nil {
		return nil, b.fail(path, fmt.Errorf("%w: %s%s", err, stdout.String(), stderr.String()))
	}
	switch {
	case answer.Error != nil:
		return nil, b.fail(path, fmt.Errorf("%s", *answer.Error))
	case runErr != nil:
		return nil, b.fail(path, fmt.Errorf("%w: %+v", runErr, answer.Diagnostics))
	}
	return answer.Result, nil
}

// observed are the costs that a plan measured.
func observed(p *planned) []observation {
	var out []observation
	for _, l := range p.Lines {
		if l.From != "sample" || l.Rate == 0 {
			continue
		}
		weight := 1.0
		if l.High > l.Low && l.Nanos > 0 {
			weight = l.Nanos / (l.High - l.Low)
		}
		out = append(out, observation{part: l.Of, bytes: l.Size, fields: float64(l.Fields), nanos: l.Nanos, weight: weight})
	}
	return out
}

// nanos is what all measured lines take for a record of the source, without those that
// except names.
func (p *planned) nanos(except ...string) float64 {
	total := 0.0
	for _, l := range p.Lines {
		left := false
		for _, part := range except {
			left = left || l.Of == part
		}
		if l.From == "sample" && !left {
			total += l.Nanos * l.Rate / 1e6
		}
	}
	return total
}
