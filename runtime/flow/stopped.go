package flow

// replays tells whether the batch that stopped the program will be read again
// by the next run; if not, what came before the record that failed goes on.
func (in *Input) replays() bool {
	if in.source != nil {
		_, seeks := in.source.(Seeker)
		return seeks
	}
	return in.p.seeks
}

// discard is what becomes of a batch that goes no further because the program
// stops: f is the failure that stopped it, nil where that was in an earlier
// batch. Its records are pending; the next run gets them again where the source
// can go back.
func (in *Input) discard(b *Batch, f *failure) {
	run := &b.engine.run
	records := in.arrived(b)
	entry := in.entry()
	in.stats.Lock()
	for _, n := range in.region.nodes {
		in.stats.counts[n].Retried += run.counts[n].Retried
	}
	c := &in.stats.counts[entry]
	if f != nil && !f.general {
		records = max(records, 1)
		in.countFailed(entry, f.node)
		records--
	}
	c.In += records
	c.Pending += records
	in.stats.Unlock()
	in.failTickets(b, ErrStopped)
	in.expect(b, 0)
	in.letGo(b)
}

// reject answers the sender with the last failure; nothing of the batch goes on.
func (in *Input) reject(b *Batch) {
	run := &b.engine.run
	last := &run.fails[len(run.fails)-1]
	records := max(in.arrived(b), 1)
	entry := in.entry()
	in.stats.Lock()
	in.countFailed(entry, last.node)
	c := &in.stats.counts[entry]
	c.In += records - 1
	c.Failed += records - 1
	in.stats.bytes += int64(len(b.Data))
	in.stats.Unlock()
	err := in.describe(b, last)
	in.p.noteRecordError(last.node, err)
	in.failTickets(b, err)
	in.expect(b, 0)
	in.letGo(b)
}

// countFailed counts the one record that failed in node.
func (in *Input) countFailed(entry, node int) {
	counts := in.stats.counts
	counts[entry].In++
	if node != entry {
		counts[entry].Out++
		counts[entry].Emitted++
		counts[node].In++
	}
	counts[node].Failed++
}

func (in *Input) failTickets(b *Batch, err error) {
	if t := b.engine.ticket; t != nil {
		t.fail(err)
	}
	for _, p := range b.engine.parts {
		p.ticket.fail(err)
	}
}

// arrived is how many records of the batch its loop has seen.
func (in *Input) arrived(b *Batch) int64 {
	if in.source == nil {
		return int64(b.Count)
	}
	return b.engine.run.counts[in.node].In
}

// entry is the node that the input's records reach first.
func (in *Input) entry() int {
	if in.source != nil {
		return in.node
	}
	return in.region.node()
}
