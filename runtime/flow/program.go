package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// A Program is the graph of one pipeline: made by New, wired by Source, Sink,
// Queue and Region, and run once.
type Program struct {
	info     Info
	policies []Policy
	shares   []*share // by node; nil without a limit
	limited  []int    // the nodes that have one

	sources []*Input
	queues  []*Target
	sinks   []*sinkRun
	regions []*region
	wrong   error // the first mistake of whoever wired the program

	log     *slog.Logger
	health  health
	spares  spares
	store   *store
	cells   Cells // nil where the state is in the folder, or with a sink
	seeks   bool  // a source can go back
	acks    bool  // a source wants to be told how far everything is safe
	control control
	replay  *Replay // nil in a run
	care    *care   // nil where nothing is to be gone on with after a death
	// wanted tells that a sender waits for a checkpoint.
	wanted chan struct{}

	cellsPlace string

	// reading ends when no source is to be read any more, hard when all must
	// stop at once.
	reading, hard         context.Context
	stopReading, stopHard context.CancelFunc
	// tainted tells that the sources' positions and what is in the sinks no
	// longer belong together: no checkpoint is written any more.
	tainted atomic.Bool
	// stirred tells that a sink has changed its state since the last checkpoint,
	// though nothing came.
	stirred atomic.Bool
	// hungry counts the inputs that wait for batches which sinks may hold.
	hungry atomic.Int32

	state          atomic.Int32
	onward         atomic.Bool // what runs beside the records goes on behind them
	started        time.Time
	lastCheckpoint atomic.Pointer[checkpointInfo]

	mu       sync.Mutex
	failure  error // what stopped the program
	examples map[int]*RecordError
	opened   []closing
}

// The states of a program.
const (
	stateNew int32 = iota
	stateOpening
	stateRunning
	stateDraining
	stateDone
)

// New begins a program.
func New(info Info) *Program {
	p := &Program{info: info, log: slog.New(slog.DiscardHandler), examples: map[int]*RecordError{}}
	for i := range info.Nodes {
		policy := info.Nodes[i].Policy.withDefaults()
		p.policies = append(p.policies, policy)
		p.shares = append(p.shares, nil)
		if policy.MaxDead > 0 {
			p.shares[i] = &share{node: &p.info.Nodes[i], limit: policy.MaxDead}
			p.limited = append(p.limited, i)
		}
	}
	p.control.endedSources = map[*Input]sourceMark{}
	p.control.endedSinks = map[*sinkRun]json.RawMessage{}
	return p
}

// mistake notes what is wrong with the wiring; Run reports it.
func (p *Program) mistake(format string, args ...any) {
	if p.wrong == nil {
		p.wrong = &WiringError{fmt.Sprintf(format, args...)}
	}
}

func (p *Program) nodeName(node int) string {
	if node < 0 || node >= len(p.info.Nodes) {
		p.mistake("there is no node %d", node)
		return fmt.Sprint("node ", node)
	}
	return p.info.Nodes[node].Name
}

// Source adds the source of a node.
func (p *Program) Source(node int, s Source, o SourceOptions) *Input {
	name := p.nodeName(node)
	if p.info.LeftOut[name] {
		s = missing(o)
	}
	in := &Input{p: p, name: name, node: node, source: s, options: o}
	p.sources = append(p.sources, in)
	if _, ok := s.(Seeker); ok {
		p.seeks = true
		in.places.bySplit = map[string]*place{}
	}
	if _, ok := s.(Acker); ok {
		p.acks = true
		in.places.bySplit = map[string]*place{}
	}
	return in
}

// Sink adds the sink of a node.
func (p *Program) Sink(node int, s Sink, o SinkOptions) *Target {
	t := &Target{p: p, name: p.nodeName(node), queue: newQueue(o.Depth, o.Bytes)}
	if p.info.LeftOut[t.name] {
		s = missingSink{}
	}
	t.depot.spares = &p.spares
	t.depot.shape = shape{ends: o.Ends, origins: o.Origins, keys: o.Keys, rows: o.Rows}
	if o.Batch == (Gather{}) && o.Gathers > 0 {
		o.Batch = Gather{Bytes: o.Gathers, whole: true}
	}
	t.sink = &sinkRun{p: p, node: node, name: t.name, sink: s, options: o, target: t}
	p.sinks = append(p.sinks, t.sink)
	return t
}

// Queue adds an edge between two regions: its packets become batches.
func (p *Program) Queue(name string, o QueueOptions) (*Target, *Input) {
	t := &Target{p: p, name: name, queue: newQueue(o.Depth, o.Bytes)}
	t.depot.spares = &p.spares
	t.depot.shape = shape{ends: o.Ends, origins: o.Origins, keys: o.Keys, rows: o.Rows}
	t.input = &Input{p: p, name: name, node: -1, feeder: t, batch: o.Batch}
	if o.Batch != (Gather{}) && !t.depot.divisible() {
		p.mistake("queue %s gathers, and its packets don't tell where records end (Ends or Rows)", name)
	}
	p.queues = append(p.queues, t)
	return t, t.input
}

// Region adds a region. newLoop is called once for each lane, when the program
// starts.
func (p *Program) Region(name string, o RegionOptions, newLoop func(*Lane) (Loop, error)) {
	r := &region{p: p, name: name, o: o, newLoop: newLoop}
	p.regions = append(p.regions, r)
	for i, in := range o.From {
		if in.region != nil {
			p.mistake("region %s: input %s belongs to region %s", name, in.name, in.region.name)
		}
		in.region, in.from = r, i
	}
	for _, n := range o.Nodes {
		p.nodeName(n)
	}
}

// nudgeSinks makes sinks write, and queues hand on, what they have gathered.
func (p *Program) nudgeSinks() {
	for _, t := range p.queues {
		if t.input.batch.Linger > 0 {
			t.queue.nudge()
		}
	}
	for _, s := range p.sinks {
		if s.options.Batch != (Gather{}) {
			s.target.queue.nudge()
		}
	}
}

// checkpointing tells whether this program makes checkpoints.
func (p *Program) checkpointing() bool { return p.store != nil }

func (p *Program) checkpointEvery() time.Duration {
	if p.info.CheckpointEvery > 0 {
		return p.info.CheckpointEvery
	}
	return time.Second
}

func (p *Program) drainTime() time.Duration {
	if p.info.Drain > 0 {
		return p.info.Drain
	}
	return DefaultDrain
}
