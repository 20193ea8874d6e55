package flow

import (
	"context"
	"errors"
)

// A Program is the graph of one pipeline: made by New, wired by Source, Sink,
// Queue and Region, and run once.
type Program struct {
	info Info
}

// An Input is where a region gets batches from: a source or a queue.
type Input struct{}

// A Target is where a region sends packets to: a sink or a queue.
type Target struct{}

// New begins a program.
func New(info Info) *Program { return &Program{info: info} }

// Source adds the source of a node.
func (p *Program) Source(node int, s Source, o SourceOptions) *Input { return &Input{} }

// Sink adds the sink of a node.
func (p *Program) Sink(node int, s Sink, o SinkOptions) *Target { return &Target{} }

// Queue adds an edge between two regions: its packets become batches.
func (p *Program) Queue(name string, o QueueOptions) (*Target, *Input) { return &Target{}, &Input{} }

// Region adds a region. newLoop is called once for each lane, when the program
// starts.
func (p *Program) Region(name string, o RegionOptions, newLoop func(*Lane) (Loop, error)) {}

// Run is the whole life of the program: it restores, opens, runs, drains when
// ctx ends, writes the last checkpoint and closes. The report is there whatever
// happens.
func (p *Program) Run(ctx context.Context, o RunOptions) (*Report, error) {
	return &Report{Pipeline: p.info.Name}, errors.ErrUnsupported
}
