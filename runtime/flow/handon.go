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
		place.advance(in, b)
		in.reject(b)
		return
	}
	if again, ok := in.source.(*letterSource); ok {
		again.look(b)
	}
	letters := in.writeLetters(b)
	in.count(b)
	if !st.pushed {
		in.push(b)
	}
	if letters {
		//flowc:point before dead letters are sent
		in.pushLetters(b)
	}
	//flowc:point before a position moves
	place.advance(in, b)
	in.letGo(b)
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
		in.watch(b, n)
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
