package flow

import "slices"

// wire connects producers and queues, and looks for mistakes.
func (p *Program) wire() error {
	if p.wrong != nil {
		return p.wrong
	}
	p.checkKeeper()
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
