package flow

import "sync"

// keyedLanes runs a keyed region: one goroutine reads batches and gives each of
// them to all lanes; a lane handles the rows that bear its number. A lane works
// through its batches in order, so the order of each key is kept; who is last
// with a batch hands it on.
type keyedLanes struct {
	in   *Input
	todo []chan *Batch
	wait sync.WaitGroup
}

func (in *Input) workKeyed() {
	r := in.region
	k := &keyedLanes{in: in}
	for range r.lanes {
		k.todo = append(k.todo, make(chan *Batch, cap(in.free)))
	}
	for i, l := range r.lanes {
		k.wait.Go(func() { k.lane(l, k.todo[i]) })
	}
	in.readKeyed(k)
}

// lane handles its part of each batch.
func (k *keyedLanes) lane(l *Lane, todo <-chan *Batch) {
	for b := range todo {
		l.handle(k.in, b, &b.engine.runs[l.Index])
		if b.engine.left.Add(-1) == 0 {
			k.in.finish(b)
		}
	}
}

// readKeyed is the reader of a keyed region's only input.
func (in *Input) readKeyed(k *keyedLanes) {
	stop := func() {
		for _, todo := range k.todo {
			close(todo)
		}
		k.wait.Wait()
	}
	for {
		b := in.obtain()
		if b == nil {
			stop()
			return
		}
		got, mark := in.read(b)
		switch got {
		case gotBatch:
			st := &b.engine
			st.seq = in.order.reserve()
			if st.runs == nil {
				st.runs = make([]laneRun, len(k.todo))
			}
			in.assignLanes(b, len(k.todo))
			st.split = true
			st.left.Store(int32(len(k.todo)))
			for _, todo := range k.todo {
				todo <- b
			}
		case gotBarrier:
			in.free <- b
			in.passBarrier(mark)
		case gotEnd:
			in.free <- b
			// The lanes must be idle before they are flushed.
			stop()
			in.order.finish(in.order.reserveEnd(), slot{end: true})
			return
		case gotNothing:
			in.free <- b
			stop()
			return
		}
	}
}

// assignLanes gives each row the lane of its key.
func (in *Input) assignLanes(b *Batch, lanes int) {
	o := b.engine.packet
	b.Lanes = b.Lanes[:0]
	if len(o.Hashes) == o.Count {
		for _, h := range o.Hashes {
			b.Lanes = append(b.Lanes, laneOf(h, lanes))
		}
		return
	}
	for _, key := range o.Keys[0] {
		b.Lanes = append(b.Lanes, laneOf(Hash(key), lanes))
	}
}

func laneOf(hash uint32, lanes int) uint8 {
	return uint8(uint64(hash) * uint64(lanes) >> 32)
}

// gather makes one run of what the lanes of a keyed region made of a batch. Its
// packets are joined in the order of the rows, unless that was given up.
func (in *Input) gather(b *Batch) {
	st := &b.engine
	r := in.region
	st.run.begin(r)
	for i := range st.runs {
		run := &st.runs[i]
		if run.counts == nil {
			continue
		}
		for _, n := range r.nodes {
			st.run.counts[n].add(&run.counts[n])
		}
		st.run.blank += run.blank
		st.run.covers = append(st.run.covers, run.covers...)
		st.run.released = append(st.run.released, run.released...)
		st.run.holds += run.holds
	}
	in.gatherFails(b)
	if r.o.Unordered {
		return
	}
	for t := range r.o.To {
		in.join(b, t)
	}
}

// gatherFails puts the lanes' failures in the order of the rows; nothing counts
// that lies behind the first one with a verdict.
func (in *Input) gatherFails(b *Batch) {
	st := &b.engine
	next := make([]int, len(st.runs))
	for {
		first := -1
		for i := range st.runs {
			fails := st.runs[i].fails
			if next[i] < len(fails) && (first < 0 ||
				fails[next[i]].record.Index < st.runs[first].fails[next[first]].record.Index) {
				first = i
			}
		}
		if first < 0 {
			return
		}
		run := &st.runs[first]
		st.run.fails = append(st.run.fails, run.fails[next[first]])
		next[first]++
		if run.verdict != goOn && next[first] == len(run.fails) {
			st.run.verdict = run.verdict
			return
		}
	}
}

// join merges the lanes' packets for one target by the rows that their records
// came from.
func (in *Input) join(b *Batch, t int) {
	st := &b.engine
	d := &in.region.o.To[t].depot
	into := st.run.outs[t]
	at := make([]int, len(st.runs))
	bases := make([]int, len(st.runs))
	size := 0
	for i := range st.runs {
		if o := st.runs[i].outs[t]; o != nil && o.Count > 0 {
			size += len(o.Data)
		}
	}
	d.room(into, size)
	for i := range st.runs {
		if o := st.runs[i].outs[t]; o != nil && o.Count > 0 {
			bases[i] = d.base(into, o)
		}
	}
	for {
		first := -1
		for i := range st.runs {
			o := st.runs[i].outs[t]
			if o != nil && at[i] < o.Count && (first < 0 || rowAt(o, at[i]) < rowAt(st.runs[first].outs[t], at[first])) {
				first = i
			}
		}
		if first < 0 {
			return
		}
		o := st.runs[first].outs[t]
		from := at[first]
		to := from + 1
		for to < o.Count && rowAt(o, to) == rowAt(o, from) {
			to++
		}
		d.append(into, o, from, to, bases[first])
		at[first] = to
	}
}

func rowAt(o *Out, index int) uint32 {
	if index < len(o.engine.order) {
		return o.engine.order[index]
	}
	return 0
}
