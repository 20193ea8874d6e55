package flow

import "time"

// failAll ends all records of now, which are those of o at index.
func (s *sinkRun) failAll(o *Out, index []int, now *Out, err error, attempts int) {
	then := s.thenFor(err)
	if then == Stop {
		s.breakDown(s.errorOf("write", err))
		s.counts.failed.Add(int64(now.Count))
		o.failAll(s.broken)
		return
	}
	if then == Dead && !s.target.depot.divisible() && !s.divideByLines(o) {
		s.breakDown(s.errorOf("write", err))
		s.counts.failed.Add(int64(now.Count))
		return
	}
	if isAilment(err) {
		s.ail(cantWrite, err)
	}
	for i := range now.Count {
		at := i
		if index != nil {
			at = index[i]
		}
		s.failRecord(o, at, err, attempts)
	}
}

// thenFor is what becomes of records that failed with err.
func (s *sinkRun) thenFor(err error) Then {
	if s.broken != nil || s.p.hard.Err() != nil || ClassOf(err) == Fatal {
		return Stop
	}
	return s.policy.Then
}

// failRecord ends one record.
func (s *sinkRun) failRecord(o *Out, at int, err error, attempts int) {
	then := s.thenFor(err)
	if then == Reject && !o.answerable(at) {
		then = Stop
	}
	e := s.describe(o, at, err, attempts, then)
	s.p.noteRecordError(s.node, e)
	switch then {
	case Drop:
		s.lost++
		s.counts.dropped.Add(1)
	case Dead:
		s.lost++
		s.counts.dead.Add(1)
		if s.letters == nil {
			s.letters = s.dead.depot.get()
		}
		s.p.appendLetter(s.dead, s.letters, e, time.Now())
	case Reject:
		s.counts.failed.Add(1)
		o.failRecord(at, e)
	case Stop:
		s.counts.failed.Add(1)
		o.failAll(e)
		s.breakDown(e)
	}
}

// describe makes the error of a record that failed in this sink.
func (s *sinkRun) describe(o *Out, at int, err error, attempts int, then Then) *RecordError {
	class := ClassOf(err)
	e := &RecordError{
		Class: class, Code: codeOf(err, class), Attempts: attempts,
		Number: -1, TextLine: -1, Offset: -1, Then: then, Err: err,
	}
	s.p.nameNode(e, s.node, "")
	where := origin{part: noPart}
	if at < len(o.engine.origins) {
		where = o.engine.origins[at]
	}
	s.p.trace(e, o.ticketOf(at), where)
	got := s.encoded(o, at)
	if len(e.Record) == 0 {
		e.Record = got
	} else if then == Dead {
		e.Input = got
	}
	return e
}

// sendLetters sends the dead letters of a packet's records, which count in the
// same tickets.
func (s *sinkRun) sendLetters(o *Out) {
	letters := s.letters
	if letters == nil || letters.Count == 0 {
		return
	}
	s.letters = nil
	//flowc:point before dead letters of a sink are sent
	for _, p := range o.engine.parts {
		p.ticket.pending.Add(1)
		letters.engine.parts = append(letters.engine.parts, part{p.ticket, 0, letters.Count})
	}
	s.dead.put(s.deadProducer, letters)
}
