// Package workload says what is measured: for each workload its input, the result
// that it must give, and who does it how.
package workload

import (
	"context"
	"path/filepath"
	"strconv"

	"github.com/flowc-dev/flowc/bench/internal/compare"
	"github.com/flowc-dev/flowc/bench/internal/data"
	"github.com/flowc-dev/flowc/bench/internal/measure"
	"github.com/flowc-dev/flowc/bench/internal/shop"
)

// A Workload reads one file (or makes its own events) and writes some.
type Workload struct {
	ID, Title string
	// Events tells how many events a run has for the suite's size, which is the
	// number of 1 KB events.
	Events func(size int) int
	// Input makes the file to read; nil: the contenders make their events.
	// Workloads with one InputName share it.
	Input     func(path string, events int) error
	InputName string
	// Expected writes what the outputs must be. events is for workloads without
	// an input.
	Expected func(input string, events int, outputs []string) error
	Outputs  []string // file names
	// Reference is the contender that the others are compared with.
	Reference string
	// Goal is what flowc's row is held against.
	Goal       string
	Contenders []Contender
	// Nanoseconds shows the time an event instead of the events a second.
	Nanoseconds bool
	// OnDisk has the contenders write to a disk in place of memory: for what waits for
	// an fsync.
	OnDisk bool
}

// A Contender is one way to do a workload.
type Contender struct {
	Name string
	// Plan gets it ready. An *shop.Absent leaves it out with the reason.
	Plan func(context.Context, *shop.Shop) (Plan, error)
	Rule compare.Rule
	// Slow contenders get a tenth of the input: their figures are a rate as well,
	// and the suite ends in minutes.
	Slow bool
	// NetOfStart takes off what a run over an empty input uses: for engines that
	// are hosted in another language's runtime, whose start is not their work.
	NetOfStart bool
}

// A Plan runs a contender that is ready.
type Plan struct {
	// Command gives the command for a job.
	Command func(Job) measure.Command
	// Collect, if there is one, makes the result file of what the run left.
	Collect func(Job) error
}

// A Job is one run: files to read and write, and a folder for what else it writes.
type Job struct {
	Input   string
	Outputs []string
	Events  int
	Dir     string
}

// All gives the workloads that run over files or in memory, in their order.
func All() []Workload {
	return []Workload{w1Text(), w1Typed(), w2(), w3(), w4(), w5(), checkpoints(), deadLetters(), tables()}
}

func kilobytes(size int) int { return size }
func entries(size int) int   { return 4 * size }

// program is a contender of this module: PROGRAM WORKLOAD INPUT OUTPUT...
func program(name, pkg, workload string, env ...string) Contender {
	return Contender{Name: name, Plan: func(ctx context.Context, s *shop.Shop) (Plan, error) {
		path, err := s.Go(ctx, "contenders/"+pkg, env...)
		return Plan{Command: func(j Job) measure.Command {
			return measure.Command{Argv: append([]string{path, workload, j.Input}, j.Outputs...)}
		}}, err
	}}
}

// pipeline is a program that flowc builds. The files are given when it runs: settings
// names the keys of the input and of the outputs, in that order.
func pipeline(name, file string, settings []string, overlays ...string) Contender {
	return Contender{Name: name, Plan: func(ctx context.Context, s *shop.Shop) (Plan, error) {
		path, err := s.Pipeline(ctx, file, overlays...)
		return Plan{Command: func(j Job) measure.Command {
			argv := []string{path}
			for i, file := range append([]string{j.Input}, j.Outputs...) {
				argv = append(argv, "--set", settings[i]+"="+file)
			}
			return measure.Command{Argv: argv, Dir: j.Dir, Env: []string{"FLOWC_STATE=" + filepath.Join(j.Dir, "state")}}
		}}, err
	}}
}

// absent is a contender that cannot be had yet.
func absent(name, reason string) Contender {
	return Contender{Name: name, Plan: func(context.Context, *shop.Shop) (Plan, error) {
		return Plan{}, &shop.Absent{Reason: reason}
	}}
}

// tool is a program of the system, by a command line made of its path and the job.
func tool(name, program, debian string, argv func(path, scripts string, j Job) measure.Command) Contender {
	return Contender{Name: name, Plan: func(ctx context.Context, s *shop.Shop) (Plan, error) {
		path, err := s.Tool(ctx, program, debian)
		return Plan{Command: func(j Job) measure.Command {
			return argv(path, filepath.Join(s.Bench, "contenders"), j)
		}}, err
	}}
}

// jq computes in doubles; so does Miller. Twelve digits are what is left of a sum.
var doubles = compare.Rule{JSON: true, Digits: 12}

func jq(argv func(path, scripts string, j Job) measure.Command) Contender {
	c := tool("jq", "jq", "jq", func(path, scripts string, j Job) measure.Command {
		return argv(path, filepath.Join(scripts, "jq"), j)
	})
	c.Rule, c.Slow = doubles, true
	return c
}

func miller(argv func(path, scripts string, j Job) measure.Command) Contender {
	c := tool("Miller", "mlr", "miller", func(path, scripts string, j Job) measure.Command {
		return argv(path, filepath.Join(scripts, "miller"), j)
	})
	c.Rule, c.Slow = doubles, true
	return c
}

// duckdb runs contenders/duckdb/<workload>.sql.
func duckdb(workload string) Contender {
	return Contender{
		Name: "DuckDB", Rule: compare.Rule{JSON: true}, NetOfStart: true,
		Plan: func(ctx context.Context, s *shop.Shop) (Plan, error) {
			dir, err := s.DuckDB(ctx)
			return Plan{Command: func(j Job) measure.Command {
				argv := []string{"node", filepath.Join(dir, "query.mjs"), filepath.Join(dir, workload+".sql"), j.Input}
				return measure.Command{Argv: append(argv, j.Outputs...)}
			}}, err
		},
	}
}

// slow marks a contender as Slow.
func slow(c Contender) Contender { c.Slow = true; return c }

// unordered lets a contender's result be in any order: groups have none.
func unordered(c Contender) Contender { c.Rule.Unordered = true; return c }

const (
	structural = "hand-written scanner, walks the structure"
	earlystop  = "hand-written scanner, stops when it has the fields"
	naive      = "naive Go, a goroutine and channel a stage"
	jsonv2     = "encoding/json/v2, fused, projected"
	sonic      = "bytedance/sonic, fused, projected"
)

const v2env = "GOEXPERIMENT=jsonv2"

// validations adds to a pipeline's row those of the other two policies.
func validations(file string, settings []string) []Contender {
	return []Contender{
		pipeline("flowc (validate: structural)", file, settings),
		pipeline("flowc, validate: full", file, settings, "validate-full"),
		pipeline("flowc, validate: needed", file, settings, "validate-needed"),
	}
}

var itoa = strconv.Itoa

// ledger and payments are the two inputs.
var ledger, payments = data.Ledger, data.Payments
