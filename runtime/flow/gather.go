package flow

import (
	"bytes"
	"slices"
	"time"
)

// add puts a packet into the write that is being gathered, and writes as often
// as that is full. Packets whose records can't be taken apart stay whole.
func (s *sinkRun) add(o *Out) {
	d := &s.target.depot
	whole := s.options.Batch.whole || !d.divisible()
	for from := 0; from < o.Count; {
		if s.gathered == nil {
			s.gathered = d.get()
		}
		if s.gathered.Count == 0 {
			s.startLinger()
		}
		to := o.Count
		if !whole {
			to = s.fits(o, from)
		}
		d.room(s.gathered, len(o.Data))
		d.append(s.gathered, o, from, to, d.base(s.gathered, o))
		s.addParts(o, from, to)
		from = to
		if d.isFull(s.gathered, s.options.Batch) {
			s.flush()
		}
	}
	// The gathered packet has holds of its own now.
	s.target.letGo(o)
	d.put(o)
}

// addWhole gathers small packets that are there at the same time. One that is alone,
// or larger than what is gathered, is written without a copy.
func (s *sinkRun) addWhole(o *Out, last bool) {
	d := &s.target.depot
	size, limit := d.footprint(o), s.options.Batch.Bytes
	if s.gathered != nil && d.footprint(s.gathered)+size > limit {
		s.flush()
	}
	gathering := s.gathered != nil && s.gathered.Count > 0
	if size >= limit || !gathering && last && s.target.queue.empty() {
		s.flush()
		s.writeNow(o)
		return
	}
	s.add(o)
}

// fits tells up to which record o still fits in, one at least.
func (s *sinkRun) fits(o *Out, from int) (to int) {
	limit := s.options.Batch
	to = o.Count
	if limit.Count > 0 {
		to = min(to, from+limit.Count-s.gathered.Count)
	}
	if limit.Bytes > 0 && len(o.Ends) > 0 {
		start := 0
		if from > 0 {
			start = int(o.Ends[from-1])
		}
		room := limit.Bytes - len(s.gathered.Data)
		n, _ := slices.BinarySearchFunc(o.Ends[from:to], room, func(end uint32, room int) int {
			if int(end)-start <= room {
				return -1
			}
			return 1
		})
		if n == 0 && s.gathered.Count > 0 {
			// Not one fits any more: what there is goes out first.
			s.flush()
			s.gathered = s.target.depot.get()
			s.startLinger()
			return s.fits(o, from)
		}
		to = from + max(n, 1)
	}
	return to
}

// isFull tells whether a packet is as large as a gathered one gets.
func (d *depot) isFull(o *Out, limit Gather) bool {
	return limit.Count > 0 && o.Count >= limit.Count || limit.Bytes > 0 && d.footprint(o) >= limit.Bytes
}

// addParts takes over the tickets of the records from:to.
func (s *sinkRun) addParts(o *Out, from, to int) {
	g := &s.gathered.engine
	base := len(g.parts)
	until := s.gathered.Count
	before := until - (to - from)
	for _, p := range o.engine.parts {
		g.parts = append(g.parts, part{p.ticket, before, until})
		p.ticket.pending.Add(1)
		if s.target.depot.origins && p.ticket.batch != nil {
			p.ticket.batch.engine.uses.Add(1)
		}
	}
	g.renumber(before, base)
}

// renumber makes the origins from an index on, which were those of another packet,
// tell parts that begin at base here.
func (st *outState) renumber(from, base int) {
	for i := from; i < len(st.origins); i++ {
		if st.origins[i].part != noPart {
			st.origins[i].part += uint32(base)
		}
	}
}

// due tells whether the gathered write should wait no longer: a sender waits
// for the answer, the time is over, or nothing else is there and no time is set
// or a source waits for its batches.
func (s *sinkRun) due() bool {
	switch {
	case s.gathered == nil || s.gathered.Count == 0:
		return false
	case s.gathered.awaited():
		return true
	case s.options.Batch.Linger > 0 && s.p.hungry.Load() == 0:
		return !time.Now().Before(s.lingerUntil)
	}
	return s.target.queue.empty()
}

// flush writes what has been gathered.
func (s *sinkRun) flush() {
	o := s.gathered
	if o == nil || o.Count == 0 {
		return
	}
	s.gathered = nil
	if s.linger != nil {
		s.linger.Stop()
	}
	s.writeNow(o)
}

func (s *sinkRun) startLinger() {
	d := s.options.Batch.Linger
	if d <= 0 {
		return
	}
	s.lingerUntil = time.Now().Add(d)
	if s.linger == nil {
		s.linger = time.NewTimer(d)
		return
	}
	s.linger.Reset(d)
}

// encoded is a record as the sink got it.
func (s *sinkRun) encoded(o *Out, at int) []byte {
	d := &s.target.depot
	if data := d.bytes(o, at); data != nil {
		if s.options.Input != nil {
			return s.options.Input(data)
		}
		return slices.Clone(bytes.TrimRight(data, "\r\n"))
	}
	if d.rows != nil && d.rows.JSON != nil {
		return d.rows.JSON(nil, o.Rows, at)
	}
	return nil
}

// divideByLines gives a packet without Ends the ends of its lines, if each
// record is one.
func (s *sinkRun) divideByLines(o *Out) bool {
	if bytes.Count(o.Data, []byte{'\n'}) != o.Count || !bytes.HasSuffix(o.Data, []byte{'\n'}) {
		return false
	}
	for i, c := range o.Data {
		if c == '\n' {
			o.Ends = append(o.Ends, uint32(i+1))
		}
	}
	return true
}
