package flow

import "errors"

// write writes all records of a packet, or has them end as the policy says.
func (s *sinkRun) write(o *Out) {
	if s.broken != nil {
		o.failAll(s.broken)
		return
	}
	if err := s.admit(o); err != nil {
		s.failAll(o, nil, o, err, 0)
		return
	}
	err := s.writeOnce(o)
	if err != nil {
		s.rewrite(o, err)
		return
	}
	s.noteWritten()
	s.recovered(cantWrite)
	s.counts.out.Add(int64(o.Count))
	s.counts.bytes.Add(int64(len(o.Data)))
}

func (s *sinkRun) writeOnce(o *Out) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = s.p.crashOf(v, s.node).err
		}
	}()
	if s.muted {
		return nil
	}
	s.dirty = true
	return s.sink.Write(s.p.hard, o)
}

// rewrite deals with a write that failed.
func (s *sinkRun) rewrite(o *Out, err error) {
	now := o
	var index []int // of now's records in o; nil while now is o
	retries, pauses := 0, 0
	for ; ; err = s.writeOnce(now) {
		var partial *PartialError
		switch {
		case err == nil:
			s.noteWritten()
			s.recovered(cantWrite)
			s.counts.out.Add(int64(now.Count))
			s.counts.bytes.Add(int64(len(now.Data)))
			return
		case errors.As(err, &partial):
			if !s.target.depot.divisible() {
				s.failAll(o, index, now, errIndivisible, retries+1)
				return
			}
			if failed := partial.indexes(); len(failed) > 0 && failed[0] > 0 {
				retries, pauses = 0, 0 // the record that held up the others is written
			}
			var again []int
			again, err = s.sort(o, index, now, partial, retries)
			if len(again) == 0 {
				return
			}
			index = again
			now = s.pick(o, index)
			if err == nil { // what is left has not been tried
				continue
			}
		case !unavailable(err) && (!s.policy.covers(ClassOf(err)) || retries >= s.retries()):
			s.noteGivenUp(err)
			s.failAll(o, index, now, err, retries+1)
			return
		}
		if unavailable(err) {
			s.ails |= cantWrite
			s.p.health.gone(s.node, err)
		} else {
			if retries++; retries >= ailingAfter && isAilment(err) {
				s.ail(cantWrite, err)
			}
			s.counts.retried.Add(int64(tried(now, partial)))
		}
		pauses++
		if !s.policy.pause(s.p.hard, pauses, err) {
			s.failAll(o, index, now, err, retries+1)
			return
		}
	}
}

// retries is how often a write is tried again: a probe is not.
func (s *sinkRun) retries() int {
	if s.breaker.open() {
		return 0
	}
	return s.policy.Retry
}

var errIndivisible = errors.New("the sink reports single records, but its packets don't tell where they end (SinkOptions.Ends)")

// tried is how many of the records that are written again have been tried.
func tried(now *Out, partial *PartialError) int {
	n := now.Count
	if partial != nil {
		for _, err := range partial.Failed {
			if err == ErrNotTried { //nolint:errorlint // it stands there as it is
				n--
			}
		}
	}
	return n
}

// sort deals with a write in which only some records failed: it gives those
// that are to be tried again, and an error of one of them; nil where none of
// them has been tried.
func (s *sinkRun) sort(o *Out, index []int, now *Out, partial *PartialError, retries int) (again []int, why error) {
	failed, bytes := 0, len(now.Data)
	var ails error // of a record that is given up
	for _, i := range partial.indexes() {
		if i < 0 || i >= now.Count {
			continue
		}
		failed++
		bytes -= len(s.target.depot.bytes(now, i))
		err := partial.Failed[i]
		at := i
		if index != nil {
			at = index[i]
		}
		if err == ErrNotTried { //nolint:errorlint // it stands there as it is
			if s.broken == nil {
				again = append(again, at)
			}
			continue
		}
		gone := unavailable(err)
		if gone || s.policy.covers(ClassOf(err)) && retries < s.retries() {
			again = append(again, at)
			if why == nil || gone {
				why = err
			}
			continue
		}
		s.failRecord(o, at, err, retries+1)
		if isAilment(err) {
			ails = err
		}
	}
	switch {
	case ails != nil && s.broken == nil:
		s.ail(cantWrite, ails)
	case failed < now.Count:
		s.recovered(cantWrite)
	}
	switch {
	case failed < now.Count:
		s.noteWritten()
	case ails != nil && len(again) == 0:
		s.noteGivenUp(ails)
	}
	s.counts.out.Add(int64(now.Count - failed))
	s.counts.bytes.Add(int64(bytes))
	return again, why
}

// pick makes a packet of some records of another.
func (s *sinkRun) pick(o *Out, index []int) *Out {
	d := &s.target.depot
	picked := d.get()
	base := d.base(picked, o)
	for _, i := range index {
		d.append(picked, o, i, i+1, base)
	}
	if s.scratch != nil {
		d.put(s.scratch)
	}
	s.scratch = picked
	return picked
}
