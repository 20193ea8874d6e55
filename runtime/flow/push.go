package flow

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
	own := packets + st.run.holds
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
	if to.depot.rows != nil {
		o.engine.carried = max(st.weight, len(b.Data))
	}
	to.put(producer, o)
}

// letGo ends the engine's own use of a batch.
func (in *Input) letGo(b *Batch) {
	st := &b.engine
	for _, t := range st.run.released {
		t.done()
	}
	ticket := st.ticket
	if st.packet != nil {
		in.feeder.letGo(st.packet)
	}
	b.release(in)
	if ticket != nil {
		ticket.done()
	}
}
