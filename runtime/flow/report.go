package flow

import "time"

// An Ending says how a run ended.
type Ending string

// The endings: all input was handled; an endless program was drained; a bounded
// one was cut short; an error ended it.
const (
	Complete Ending = "complete"
	Drained  Ending = "drained"
	CutShort Ending = "cut-short"
	Broken   Ending = "failed"
)

// A Report is what a run did.
type Report struct {
	Pipeline string `json:"pipeline"`
	// OK tells that the program ended as it should and its sums add up.
	OK     bool   `json:"ok"`
	Ending Ending `json:"ending"`
	Error  string `json:"error,omitempty"`

	Started time.Time `json:"started"`
	// Seconds is the wall time.
	Seconds float64 `json:"seconds"`

	Nodes   map[string]Count   `json:"nodes"`
	Sources map[string]Traffic `json:"sources"`
	Sinks   map[string]Traffic `json:"sinks"`

	// Examples has the first failed record of each node that had one.
	Examples map[string]*RecordError `json:"-"`

	// totals are counted here, where sinks for dead letters are known.
	totals Totals
	sums   error
}

// Totals are the sums of a report: records read, written (dead letters not
// counted), and what became of the rest, in all nodes.
type Totals struct {
	In, Out, Filtered, Dead, Dropped, Failed, Pending, Retried int64
}

// Totals are the sums over all nodes.
func (r *Report) Totals() Totals { return r.totals }

// Traffic is what went through a source or sink: records and their bytes.
type Traffic struct {
	Records int64 `json:"records"`
	Bytes   int64 `json:"bytes"`
}

func (p *Program) report(ending Ending, err error) *Report {
	r := &Report{
		Pipeline: p.info.Name, Ending: ending,
		Started: p.started, Seconds: time.Since(p.started).Seconds(),
		Nodes: map[string]Count{}, Sources: map[string]Traffic{}, Sinks: map[string]Traffic{},
		Examples: map[string]*RecordError{},
	}
	if p.wrong != nil {
		r.Error = err.Error()
		return r
	}
	p.countLeftovers()
	counts := p.counts()
	early := ending != Complete
	for i := range counts {
		n := &p.info.Nodes[i]
		c := &counts[i]
		if rest := c.In - c.Out - c.Filtered - c.Dead - c.Dropped - c.Failed - c.Pending; early && rest > 0 {
			// What components and queues held when the program stopped.
			c.Pending += rest
		}
		if r.sums == nil && (!c.sums() || !early && c.Pending > 0) {
			r.sums = &SumsError{Node: n.Name, Count: *c}
		}
		r.Nodes[n.Name] = *c
	}
	for _, c := range counts {
		r.totals.Filtered += c.Filtered
		r.totals.Dead += c.Dead
		r.totals.Dropped += c.Dropped
		r.totals.Failed += c.Failed
		r.totals.Pending += c.Pending
		r.totals.Retried += c.Retried
	}
	for _, in := range p.sources {
		r.Sources[in.name] = in.traffic()
		r.totals.In += r.Sources[in.name].Records
	}
	for _, s := range p.sinks {
		written := Traffic{Records: s.counts.out.Load(), Bytes: s.counts.bytes.Load()}
		r.Sinks[s.name] = written
		if !s.options.DeadLetter {
			r.totals.Out += written.Records
		}
	}
	p.mu.Lock()
	for n, e := range p.examples {
		r.Examples[p.info.Nodes[n].Name] = e
	}
	p.mu.Unlock()
	if err == nil {
		err = r.sums
	}
	r.OK = err == nil && (ending == Complete || ending == Drained)
	if err != nil {
		r.Error = err.Error()
	}
	return r
}

// counts are the counters of all nodes, in the order of Info.Nodes. It may be
// called at any time.
func (p *Program) counts() []Count {
	total := make([]Count, len(p.info.Nodes))
	for _, r := range p.regions {
		for _, in := range r.o.From {
			in.stats.Lock()
			for n := range in.stats.counts {
				total[n].add(&in.stats.counts[n])
			}
			in.stats.Unlock()
		}
	}
	for _, s := range p.sinks {
		total[s.node].add(&Count{
			In:  s.target.received.Load(),
			Out: s.counts.out.Load(), Dead: s.counts.dead.Load(), Dropped: s.counts.dropped.Load(),
			Failed: s.counts.failed.Load(), Retried: s.counts.retried.Load(),
		})
	}
	return total
}

func (in *Input) traffic() Traffic {
	in.stats.Lock()
	defer in.stats.Unlock()
	t := Traffic{Bytes: in.stats.bytes}
	if in.stats.counts != nil {
		t.Records = in.stats.counts[in.node].In
	}
	return t
}

// countLeftovers counts as pending what a program that stopped at once left in
// sequencers and queues.
func (p *Program) countLeftovers() {
	for _, r := range p.regions {
		for _, in := range r.o.From {
			if in.stats.counts == nil {
				continue
			}
			for _, b := range in.order.left() {
				records := in.arrived(b)
				in.addCount(in.entry(), Count{In: records, Pending: records})
			}
			if in.feeder == nil {
				continue
			}
			lost := in.feeder.lost.Load()
			in.addCount(in.entry(), Count{In: lost, Pending: lost})
			for _, it := range in.feeder.queue.left() {
				if it.out != nil {
					in.addCount(in.entry(), Count{In: int64(it.out.Count), Pending: int64(it.out.Count)})
				}
			}
		}
	}
}
