package flow

// handOn is called by the sequencer for what was read, in the order of reading.
func (in *Input) handOn(s slot) {
	switch {
	case s.batch != nil:
		in.handOnBatch(s.batch)
	case s.barrier != nil:
		in.handOnBarrier(s.barrier)
	default:
		in.handOnEnd()
	}
}

// handOnBatch counts a batch, deals with its failures, sends its packets, and
// moves the position behind it. It is the moment at which a batch has happened.
func (in *Input) handOnBatch(b *Batch) {
	st := &b.engine
	run := &st.run
	place := in.places.of(in, b)
	if in.cut && !st.pushed {
		in.discard(b, nil)
		return
	}
	switch run.verdict {
	case stopped:
		in.cut = true
		last := &run.fails[len(run.fails)-1]
		err := in.describe(b, last)
		if !last.general {
			in.p.noteRecordError(last.node, err)
		}
		if in.source == nil || in.region.o.Unordered {
			// Others have gone on with records behind this one, so that no
			// position of the sources is right any more.
			in.p.taint()
		}
		in.p.stop(err)
		if in.replays() {
			in.discard(b, last)
			return
		}
		in.failTickets(b, err)
	case rejected:
		in.reject(b)
		place.advance(in, b)
		return
	}
	letters := in.writeLetters(b)
	in.count(b)
	if !st.pushed {
		in.push(b)
	}
	if letters {
		in.pushLetters(b)
	}
	place.advance(in, b)
	in.letGo(b)
}

// replays tells whether the batch that stopped the program will be read again
// by the next run; if not, what came before the record that failed goes on.
func (in *Input) replays() bool {
	if in.source != nil {
		_, seeks := in.source.(Seeker)
		return seeks
	}
	return in.p.seeks
}

// push sends the packets of a batch on.
func (in *Input) push(b *Batch) {
	st := &b.engine
	st.pushed = true
	packets := in.letterPackets(b)
	apart := st.split && in.region.o.Unordered // each lane's packets by themselves
	if apart {
		for i := range st.runs {
			packets += st.runs[i].full()
		}
	} else {
		packets += st.run.full()
	}
	in.expect(b, packets)
	if !apart {
		in.pushRun(b, &st.run)
		return
	}
	for i := range st.runs {
		in.pushRun(b, &st.runs[i])
	}
}

func (r *laneRun) full() (packets int32) {
	for _, o := range r.outs {
		if o != nil && o.Count > 0 {
			packets++
		}
	}
	return packets
}

func (in *Input) pushRun(b *Batch, run *laneRun) {
	for i, o := range run.outs {
		if o != nil && o.Count > 0 {
			run.outs[i] = nil
			in.send(b, in.region.o.To[i], in.producers[i], o)
		}
	}
}

// expect tells the batch's tickets how many packets they are waiting for. It
// comes before the first of them is sent.
func (in *Input) expect(b *Batch, packets int32) {
	st := &b.engine
	own := packets
	if st.run.holds {
		own++ // the loop's hold, which a later batch lets go
	}
	if st.ticket != nil {
		st.ticket.pending.Add(own)
	}
	for _, p := range st.parts {
		p.ticket.pending.Add(own)
	}
	for _, t := range st.run.covers {
		t.pending.Add(packets)
	}
}

// send gives a packet to a queue, with the tickets of the batches that its
// records came from.
func (in *Input) send(b *Batch, to *Target, producer int, o *Out) {
	st := &b.engine
	parts := o.engine.parts[:0]
	if st.ticket != nil {
		parts = append(parts, part{st.ticket, 0, o.Count})
	}
	for _, p := range st.parts {
		parts = append(parts, part{p.ticket, 0, o.Count})
	}
	for _, t := range st.run.covers {
		parts = append(parts, part{t, 0, o.Count})
	}
	if to.depot.origins {
		for _, p := range parts {
			if p.ticket.batch != nil {
				p.ticket.batch.engine.uses.Add(1)
			}
		}
	}
	o.engine.parts = parts
	to.put(producer, o)
}

// letGo ends the engine's own use of a batch.
func (in *Input) letGo(b *Batch) {
	st := &b.engine
	if st.run.releases {
		for _, t := range st.run.covers {
			t.done(1)
		}
	}
	ticket := st.ticket
	if st.packet != nil {
		in.feeder.letGo(st.packet)
	}
	b.release(in)
	if ticket != nil {
		ticket.done(1)
	}
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

// count adds what the batch did to the input's sums.
func (in *Input) count(b *Batch) {
	run := &b.engine.run
	in.stats.Lock()
	for _, n := range in.region.nodes {
		in.stats.counts[n].add(&run.counts[n])
	}
	if in.source != nil {
		in.stats.bytes += int64(len(b.Data))
	}
	in.stats.Unlock()
	for _, n := range in.p.limited {
		c := &run.counts[n]
		in.p.watch(n, c.In, c.Dead+c.Dropped)
	}
}

// handOnBarrier passes a barrier to everything behind the region.
func (in *Input) handOnBarrier(mark *barrier) {
	if in.source != nil {
		mark.note(in, in.places.snapshot())
	}
	for i, t := range in.region.o.To {
		t.queue.pass(in.producers[i], mark)
	}
	for i, t := range in.region.deads {
		t.queue.pass(in.deadProducers[i], mark)
	}
	in.order.passed()
}

// handOnEnd is the end of the input: where it was the region's last one, the
// loops give out what they held back first.
func (in *Input) handOnEnd() {
	r := in.region
	if r.ended() {
		if in.cut && r.holder {
			// What is held mixes records from before and behind the one that
			// stopped the program.
			in.p.taint()
		}
		for _, l := range r.lanes {
			if in.cut || in.p.hard.Err() != nil {
				break
			}
			b := in.obtain()
			if b == nil {
				break
			}
			in.blank(b, MarkEnd)
			l.flush(in, b, &b.engine.run)
			in.handOnBatch(b)
		}
	}
	if in.source != nil {
		in.p.sourceEnded(in, in.places.snapshot())
	}
	for i, t := range r.o.To {
		t.queue.finish(in.producers[i])
	}
	for i, t := range r.deads {
		t.queue.finish(in.deadProducers[i])
	}
}
