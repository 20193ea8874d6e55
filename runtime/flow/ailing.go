package flow

import (
	"errors"
	"syscall"
	"time"
)

// An ailment is what a sink failed at, and has not done since.
type ailment uint8

const (
	cantWrite ailment = 1 << iota
	cantSync
)

// ailingAfter is how many tries of a write must fail, one behind the other,
// before the sink ails; one that is given up is enough.
const ailingAfter = 3

// probeEvery is how often a sink that ails is tried while nothing comes for it.
// A program that is not ready may get no work, and then nothing else would show
// that the sink is well again.
var probeEvery = 5 * time.Second

// isAilment tells whether an error is about the sink, and not about what it was
// to write: one that may go away, or one of the system.
func isAilment(err error) bool {
	switch ClassOf(err) {
	case Transient:
		return true
	case Unclassed:
		var errno syscall.Errno
		return errors.As(err, &errno)
	}
	return false
}

// ail notes that the sink does not do its work: the program is not ready.
func (s *sinkRun) ail(what ailment, err error) {
	s.ails |= what
	s.p.health.failing(s.node, err)
	s.probeAt = time.Now().Add(probeEvery)
	if s.probing == nil {
		s.probing = time.NewTimer(probeEvery)
		return
	}
	s.probing.Reset(probeEvery)
}

// recovered notes that the sink has done something. A write that went into a
// buffer does not tell that the next Sync will do.
func (s *sinkRun) recovered(from ailment) {
	if s.ails == 0 {
		return
	}
	s.ails &^= from
	if s.ails == 0 {
		s.p.health.well(s.node)
	}
}

// probe tries a sink that ails, when it is time. Where Sync does its work the
// sink counts as well: what it could not write it may have thrown away, and then
// the next record shows how it is.
func (s *sinkRun) probe() {
	if s.ails == 0 || s.broken != nil || time.Now().Before(s.probeAt) {
		return
	}
	err := s.p.guardCtx(s.p.hard, s.node, s.sink.Sync)
	switch {
	case err == nil:
		s.recovered(cantWrite | cantSync)
	case ClassOf(err) == Fatal:
		s.breakDown(s.errorOf("sync", err))
	default:
		s.ail(cantSync, err)
	}
}
