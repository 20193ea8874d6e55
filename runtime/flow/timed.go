package flow

import "time"

// A Timed sink has something to do at a time of its own, though nothing comes: it
// closes a file that is old enough. Due is when that is, the zero time for never; it is
// asked when all that has come is dealt with. Sync is called then, and what that has
// changed is in the next checkpoint.
type Timed interface{ Due() time.Time }

// dutyAgain is how long a sink is left alone whose Sync has not done what was due.
const dutyAgain = time.Second

// duty calls Sync where it is time for something, and sets the clock for what is
// next.
func (s *sinkRun) duty() {
	timed, ok := s.sink.(Timed)
	if !ok || s.broken != nil || s.keeps() {
		return
	}
	at := s.dueOf(timed)
	if now := time.Now(); !at.IsZero() && !now.Before(at) {
		s.dirty = true
		s.sync()
		s.p.stirred.Store(true)
		if at = s.dueOf(timed); !at.IsZero() && !at.After(now) {
			at = now.Add(dutyAgain)
		}
	}
	switch {
	case at.Equal(s.dueAt):
		return
	case at.IsZero():
		s.dues.Stop()
	case s.dues == nil:
		s.dues = time.NewTimer(time.Until(at))
	default:
		s.dues.Reset(time.Until(at))
	}
	s.dueAt = at
}

// dueOf asks the sink.
func (s *sinkRun) dueOf(timed Timed) (at time.Time) {
	defer func() {
		if v := recover(); v != nil {
			s.breakDown(s.p.crashOf(v, s.node).err)
			at = time.Time{}
		}
	}()
	return timed.Due()
}
