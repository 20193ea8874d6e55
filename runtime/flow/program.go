package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
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
	store   *store
	seeks   bool // a source can go back
	acks    bool // a source wants to be told how far everything is safe
	control control

	// reading ends when no source is to be read any more, hard when all must
	// stop at once.
	reading, hard         context.Context
	stopReading, stopHard context.CancelFunc
	// tainted tells that the sources' positions and what is in the sinks no
	// longer belong together: no checkpoint is written any more.
	tainted atomic.Bool
	// hungry counts the inputs that wait for batches which sinks may hold.
	hungry atomic.Int32

	state          atomic.Int32
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
	in := &Input{p: p, name: p.nodeName(node), node: node, source: s, options: o}
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
	t.depot.shape = shape{ends: o.Ends, origins: o.Origins, keys: o.Keys, rows: o.Rows}
	t.sink = &sinkRun{p: p, node: node, name: t.name, sink: s, options: o, target: t}
	p.sinks = append(p.sinks, t.sink)
	return t
}

// Queue adds an edge between two regions: its packets become batches.
func (p *Program) Queue(name string, o QueueOptions) (*Target, *Input) {
	t := &Target{p: p, name: name, queue: newQueue(o.Depth, o.Bytes)}
	t.depot.shape = shape{ends: o.Ends, origins: o.Origins, keys: o.Keys, rows: o.Rows}
	t.input = &Input{p: p, name: name, node: -1, feeder: t}
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

// wire connects producers and queues, and looks for mistakes.
func (p *Program) wire() error {
	if p.wrong != nil {
		return p.wrong
	}
	byNode := map[int]*Target{}
	for _, s := range p.sinks {
		byNode[s.node] = s.target
	}
	for _, r := range p.regions {
		p.wireRegion(r, byNode)
	}
	for _, s := range p.sinks {
		s.policy = &p.policies[s.node]
		if s.policy.Then != Dead {
			continue
		}
		dead := p.deadTarget(s.node, byNode)
		if dead == nil {
			continue
		}
		if s.options.DeadLetter {
			p.mistake("sink %s is for dead letters and can't have a dead-letter sink", s.name)
			continue
		}
		s.dead, s.deadProducer = dead, dead.queue.join()
	}
	for _, in := range p.sources {
		if in.region == nil {
			p.mistake("source %s feeds no region", in.name)
			continue
		}
		in.keeps = in.region.keepsOriginals()
	}
	for _, t := range p.queues {
		if t.input.region == nil {
			p.mistake("queue %s feeds no region", t.name)
		}
		if len(t.queue.producers) == 0 {
			p.mistake("queue %s is fed by no region", t.name)
		}
	}
	for _, s := range p.sinks {
		// A dead-letter sink that no policy names has nothing to wait for.
		if len(s.target.queue.producers) == 0 {
			s.target.queue.align()
		}
	}
	return p.wrong
}

func (p *Program) wireRegion(r *region, byNode map[int]*Target) {
	r.findNodes()
	r.deadOf = map[int]int{}
	for _, n := range r.nodes {
		if p.policies[n].Then != Dead || p.info.Nodes[n].Kind == KindSink && !r.feeds(n) {
			continue
		}
		dead := p.deadTarget(n, byNode)
		if dead == nil {
			continue
		}
		at := slices.Index(r.deads, dead)
		if at < 0 {
			at = len(r.deads)
			r.deads = append(r.deads, dead)
		}
		r.deadOf[n] = at
	}
	if len(r.deads) > 64 {
		p.mistake("region %s has more than 64 dead-letter sinks", r.name)
	}
	if r.o.Keyed {
		p.wireKeyed(r)
	}
	for _, in := range r.o.From {
		if in.source == nil && len(r.o.Nodes) == 0 {
			p.mistake("region %s is fed by a queue and must say which nodes it has", r.name)
		}
		for _, t := range r.o.To {
			in.producers = append(in.producers, t.queue.join())
		}
		for _, t := range r.deads {
			in.deadProducers = append(in.deadProducers, t.queue.join())
		}
	}
	if len(r.o.From) == 0 {
		p.mistake("region %s has no input", r.name)
	}
}

func (p *Program) wireKeyed(r *region) {
	if len(r.o.From) != 1 || r.o.From[0].source != nil {
		p.mistake("region %s is keyed: its input must be one queue", r.name)
		return
	}
	if r.o.Lanes > 256 {
		p.mistake("region %s: more than 256 keyed lanes", r.name)
	}
	if r.o.Unordered {
		return
	}
	for _, t := range r.o.To {
		if !t.depot.divisible() {
			p.mistake("region %s is keyed and keeps order: target %s needs Ends or Rows", r.name, t.name)
		}
		t.depot.order = true
	}
}

func (p *Program) deadTarget(node int, byNode map[int]*Target) *Target {
	t := byNode[p.policies[node].Dead]
	if t == nil || !t.sink.options.DeadLetter {
		p.mistake("the dead letters of %s go to node %d, which is no dead-letter sink", p.nodeName(node), p.policies[node].Dead)
		return nil
	}
	return t
}

// keepsOriginals tells whether a target of the region asks for origins.
func (r *region) keepsOriginals() bool {
	for _, t := range r.o.To {
		if t.depot.origins {
			return true
		}
	}
	return false
}

// stop begins an ordered end because of an error; the first one counts.
func (p *Program) stop(err error) {
	p.mu.Lock()
	first := p.failure == nil
	if first {
		p.failure = err
	}
	p.mu.Unlock()
	if first {
		p.state.CompareAndSwap(stateRunning, stateDraining)
	}
	p.stopReading()
}

// taint ends checkpoints: what the sinks have is no longer what the sources'
// positions say.
func (p *Program) taint() { p.tainted.Store(true) }

// stopError is what stopped the program.
func (p *Program) stopError() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failure
}

// noteRecordError keeps the first failed record of each node, as an example for
// the report.
func (p *Program) noteRecordError(node int, e *RecordError) {
	p.mu.Lock()
	if p.examples[node] == nil {
		p.examples[node] = e
	}
	p.mu.Unlock()
}

func (in *Input) noteFailure(b *Batch, f *failure) {
	in.p.mu.Lock()
	known := in.p.examples[f.node] != nil
	in.p.mu.Unlock()
	if !known {
		in.p.noteRecordError(f.node, in.describe(b, f))
	}
}

// nudgeSinks makes sinks write what they have gathered.
func (p *Program) nudgeSinks() {
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
	return 30 * time.Second
}
