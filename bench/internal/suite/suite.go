// Package suite runs workloads: it makes the data, gets the contenders ready, runs
// them in interleaved rounds, on one core and on two, and compares every result
// before its figure counts.
package suite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/flowc-dev/flowc/bench/internal/measure"
	"github.com/flowc-dev/flowc/bench/internal/shop"
	"github.com/flowc-dev/flowc/bench/internal/usage"
	"github.com/flowc-dev/flowc/bench/internal/workload"
)

// A Suite has what all workloads share.
type Suite struct {
	Shop     *shop.Shop
	Launcher measure.Launcher
	Dir      string // for data; in memory where the system can
	Disk     string // for what workloads write that ask for a disk
	Rounds   int
	Size     int // number of 1 KB events; the other workloads follow
	// Cores are the sets of cores to run on: one core, and two where there are.
	Cores [][]int
	Log   func(format string, args ...any)
}

// A Row is what became of one contender.
type Row struct {
	Contender workload.Contender
	Events    int // of a run
	// Runs has for each set of cores what each round used.
	Runs [][]usage.Usage
	// Absent says why there are no runs; Wrong, what was wrong with a result, or
	// why a run failed. Either leaves the row without figures.
	Absent, Wrong string
}

// A Result is one workload with its rows in the order of its contenders.
type Result struct {
	Workload workload.Workload
	Rows     []*Row
}

// Wrong tells whether any contender gave a wrong result or failed.
func (r Result) Wrong() bool {
	for _, row := range r.Rows {
		if row.Wrong != "" {
			return true
		}
	}
	return false
}

// material is an input with the results expected of it.
type material struct {
	events   int
	input    string
	expected []string
}

// Run runs one workload.
func (s *Suite) Run(ctx context.Context, w workload.Workload) (Result, error) {
	result := Result{Workload: w}
	plans := map[*Row]workload.Plan{}
	materials := map[int]material{}
	for _, c := range w.Contenders {
		row := &Row{Contender: c, Events: w.Events(s.Size), Runs: make([][]usage.Usage, len(s.Cores))}
		if c.Slow {
			row.Events /= 10
		}
		result.Rows = append(result.Rows, row)
		plan, err := c.Plan(ctx, s.Shop)
		var absent *shop.Absent
		switch {
		case errors.As(err, &absent):
			row.Absent = absent.Reason
			s.Log("%s: left out %s: %s", w.ID, c.Name, absent.Reason)
		case err != nil:
			return result, fmt.Errorf("%s: %s: %w", w.ID, c.Name, err)
		default:
			plans[row] = plan
			materials[row.Events] = material{}
		}
	}
	for events := range materials {
		m, err := s.prepare(w, events)
		if err != nil {
			return result, fmt.Errorf("%s: data: %w", w.ID, err)
		}
		materials[events] = m
	}
	for round := range s.Rounds {
		s.Log("%s: round %d of %d", w.ID, round+1, s.Rounds)
		for _, row := range result.Rows {
			plan, ok := plans[row]
			if !ok || row.Wrong != "" {
				continue
			}
			for i, cores := range s.Cores {
				u, err := s.once(ctx, w, row.Contender, plan, materials[row.Events], cores)
				if ctx.Err() != nil {
					return result, ctx.Err()
				}
				if err != nil {
					row.Wrong = err.Error()
					s.Log("%s: %s is WRONG on %d cores: %v", w.ID, row.Contender.Name, len(cores), err)
					break
				}
				row.Runs[i] = append(row.Runs[i], u)
			}
		}
	}
	return result, nil
}

// prepare makes an input and the results expected of it. Files that were made for an
// earlier workload are used again.
func (s *Suite) prepare(w workload.Workload, events int) (material, error) {
	m := material{events: events}
	if w.Input != nil {
		m.input = filepath.Join(s.Dir, fmt.Sprintf("%s-%d.ndjson", w.InputName, events))
		if _, err := os.Stat(m.input); err != nil {
			s.Log("%s: writing %d events", w.ID, events)
			if err := w.Input(m.input, events); err != nil {
				return m, err
			}
		}
	}
	dir := filepath.Join(s.Dir, fmt.Sprintf("expected-%s-%d", w.ID, events))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return m, err
	}
	for _, name := range w.Outputs {
		m.expected = append(m.expected, filepath.Join(dir, name))
	}
	s.Log("%s: working out the result expected of %d events", w.ID, events)
	if err := w.Expected(m.input, events, m.expected); err != nil {
		return m, err
	}
	return m, s.warm(m)
}

// warm has the system find the memory for the outputs before anybody is measured:
// pages that a virtual machine has never touched cost several times what they cost
// later.
func (s *Suite) warm(m material) error {
	path := filepath.Join(s.Dir, "warm")
	defer os.Remove(path)
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var total int64
	for _, file := range append([]string{m.input}, m.expected...) {
		if info, err := os.Stat(file); err == nil {
			total += info.Size()
		}
	}
	zeros := make([]byte, 1<<18)
	for ; total > 0; total -= int64(len(zeros)) {
		if _, err := f.Write(zeros); err != nil {
			return err
		}
	}
	return nil
}

// once runs a contender and compares what it gave.
func (s *Suite) once(ctx context.Context, w workload.Workload, c workload.Contender, plan workload.Plan, m material, cores []int) (usage.Usage, error) {
	place := s.Dir
	if w.OnDisk {
		place = s.Disk
	}
	dir, err := os.MkdirTemp(place, "run-")
	if err != nil {
		return usage.Usage{}, err
	}
	defer os.RemoveAll(dir)
	job := workload.Job{Input: m.input, Events: m.events, Dir: dir}
	for _, name := range w.Outputs {
		job.Outputs = append(job.Outputs, filepath.Join(dir, name))
	}
	u, err := s.measure(ctx, plan, job, cores)
	if err != nil {
		return u, err
	}
	if plan.Collect != nil {
		if err := plan.Collect(job); err != nil {
			return u, err
		}
	}
	for i, output := range job.Outputs {
		if err := c.Rule.Files(m.expected[i], output); err != nil {
			return u, fmt.Errorf("%s: %w", w.Outputs[i], err)
		}
	}
	if c.NetOfStart {
		idle, err := s.start(ctx, plan, w, dir, cores)
		if err != nil {
			return u, fmt.Errorf("over an empty input: %w", err)
		}
		u.User = max(u.User-idle.User, 0)
		u.Sys = max(u.Sys-idle.Sys, 0)
		u.Wall = max(u.Wall-idle.Wall, time.Millisecond)
	}
	return u, nil
}

// start measures a contender over an empty input.
func (s *Suite) start(ctx context.Context, plan workload.Plan, w workload.Workload, dir string, cores []int) (usage.Usage, error) {
	job := workload.Job{Input: filepath.Join(dir, "empty.ndjson"), Dir: dir}
	if err := os.WriteFile(job.Input, nil, 0o644); err != nil {
		return usage.Usage{}, err
	}
	for _, name := range w.Outputs {
		job.Outputs = append(job.Outputs, filepath.Join(dir, "of-empty-"+name))
	}
	return s.measure(ctx, plan, job, cores)
}

func (s *Suite) measure(ctx context.Context, plan workload.Plan, job workload.Job, cores []int) (usage.Usage, error) {
	command := plan.Command(job)
	command.Cores = cores
	return s.Launcher.Run(ctx, command)
}
