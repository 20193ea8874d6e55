package flow

import (
	"slices"
	"time"
)

// next is what comes next of the queue of a region: where that is a packet, with
// those behind it, as QueueOptions.Batch says.
func (in *Input) next() (first item, ok bool) {
	first, ok = in.feeder.queue.pop()
	if o := first.out; ok && o != nil && in.batch != (Gather{}) {
		if first.since.IsZero() {
			first.since = time.Now()
		}
		in.addTo(o, first.since)
		in.leaveRest(o)
	}
	return first, ok
}

// addTo adds packets to o until it is large enough, or old enough, or somebody
// waits for its records; what is there already is taken in any case.
func (in *Input) addTo(o *Out, since time.Time) {
	limit := in.batch
	var timer *time.Timer
	for !in.feeder.depot.isFull(o, limit) {
		var wait <-chan time.Time
		if limit.Linger > 0 && in.p.hungry.Load() == 0 && !o.awaited() {
			if timer == nil {
				timer = time.NewTimer(limit.Linger - time.Since(since))
				defer timer.Stop()
			}
			wait = timer.C
		}
		more, came := in.feeder.queue.follow(wait)
		if more == nil {
			if came { // somebody may have become hungry
				continue
			}
			return
		}
		in.feeder.merge(o, more)
	}
}

// merge adds all records of a packet to another one, with their tickets.
func (t *Target) merge(o, more *Out) {
	d := &t.depot
	st, from := &o.engine, o.Count
	base := len(st.parts)
	d.room(o, len(more.Data))
	d.append(o, more, 0, more.Count, d.base(o, more))
	for _, p := range more.engine.parts {
		st.parts = append(st.parts, part{p.ticket, p.from + from, p.until + from})
	}
	st.renumber(from, base)
	d.put(more)
}

// leaveRest puts what is more than a multiple of the number that a call gets
// back into the queue, to begin the next batch. Where nobody waits for more there
// is no next one to wait for.
func (in *Input) leaveRest(o *Out) {
	limit, d := in.batch, &in.feeder.depot
	if limit.Linger <= 0 || limit.Count <= 0 || o.Count <= limit.Count || o.Count%limit.Count == 0 || o.awaited() || in.p.hungry.Load() > 0 {
		return
	}
	whole := o.Count - o.Count%limit.Count
	rest := d.get()
	d.append(rest, o, whole, o.Count, d.base(rest, o))
	for _, p := range o.engine.parts {
		if p.until <= whole {
			continue
		}
		if d.origins && p.ticket.batch != nil {
			p.ticket.batch.engine.uses.Add(1)
		}
		p.ticket.pending.Add(1)
		rest.engine.parts = append(rest.engine.parts, part{p.ticket, max(p.from-whole, 0), p.until - whole})
	}
	in.feeder.queue.putBack(item{out: rest, bytes: d.footprint(rest), since: time.Now()})
	data := len(o.Data)
	if d.ends {
		data = int(o.Ends[whole-1])
	}
	d.cut(o, data, whole)
}

// follow is the next packet, where that is what comes next. It waits until after
// fires; nil does not wait. came tells, where there is none, that it is worth
// asking again: somebody nudged.
func (q *queue) follow(after <-chan time.Time) (o *Out, came bool) {
	for {
		q.mu.Lock()
		switch {
		case q.closed:
			q.mu.Unlock()
			return nil, false
		case q.head < len(q.items):
			if q.items[q.head].out == nil {
				q.mu.Unlock()
				return nil, false
			}
			first := q.shift()
			q.mu.Unlock()
			return first.out, true
		case q.nudged:
			q.nudged = false
			q.mu.Unlock()
			return nil, true
		case after == nil:
			q.mu.Unlock()
			return nil, false
		}
		q.waiting = true
		q.mu.Unlock()
		select {
		case <-q.wake:
		case <-after:
			q.unwait()
			return nil, false
		}
	}
}

// putBack makes an item the first one. The consumer alone calls it.
func (q *queue) putBack(first item) {
	q.mu.Lock()
	q.items = slices.Insert(q.items, q.head, first)
	q.held++
	q.bytes += first.bytes
	q.mu.Unlock()
}
