package flow

import "sync"

// A sequencer hands on what lanes finished in the order in which it was read.
// There is no goroutine for it: who finishes the batch whose turn it is hands
// that on, and all that became ready behind it meanwhile.
type sequencer struct {
	mu    sync.Mutex
	idle  sync.Cond // head has caught up with next
	next  uint64    // the number that the next batch, barrier or end gets
	head  uint64    // the number whose turn it is
	slots []slot    // a power of two of them

	batches uint64 // of those, how many were batches

	emitting bool
	frozen   bool
	emit     func(slot)

	// barrierAt is the number of the barrier that is on its way, behind which
	// nothing may overtake.
	barrierAt uint64
	barred    bool
	// closed tells that the end has its number: nothing comes behind it.
	closed bool
}

// A slot holds a finished batch, or a barrier, or the end of the input.
type slot struct {
	ready   bool
	batch   *Batch
	barrier *barrier
	end     bool
}

// start sizes the ring for a number of batches in flight (besides them, there
// is one barrier and the end at most).
func (s *sequencer) start(inFlight int, emit func(slot)) {
	size := 4
	for size < inFlight+2 {
		size *= 2
	}
	s.slots = make([]slot, size)
	s.idle.L = &s.mu
	s.emit = emit
}

// reserve gives the number of what was just read. Those who read call it before
// anybody else reads.
func (s *sequencer) reserve() uint64 {
	s.mu.Lock()
	for s.frozen {
		s.idle.Wait()
	}
	n := s.next
	s.next++
	s.batches++
	s.mu.Unlock()
	return n
}

// finish hands on what has number n, if it is its turn, and all that waited
// behind it.
func (s *sequencer) finish(n uint64, done slot) {
	done.ready = true
	mask := uint64(len(s.slots) - 1)
	s.mu.Lock()
	s.slots[n&mask] = done
	if s.emitting {
		s.mu.Unlock()
		return
	}
	s.emitting = true
	for {
		at := &s.slots[s.head&mask]
		if !at.ready {
			break
		}
		it := *at
		*at = slot{}
		s.mu.Unlock()
		s.emit(it)
		s.mu.Lock()
		s.head++
	}
	s.emitting = false
	if s.head == s.next {
		s.idle.Broadcast()
	}
	s.mu.Unlock()
}

// reserveEnd is reserve for the end of the input.
func (s *sequencer) reserveEnd() uint64 {
	s.mu.Lock()
	for s.frozen {
		s.idle.Wait()
	}
	defer s.mu.Unlock()
	s.closed = true
	s.next++
	return s.next - 1
}

// reserveBarrier is reserve for a barrier; ok is false behind the end.
func (s *sequencer) reserveBarrier() (n uint64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, false
	}
	n = s.next
	s.next++
	s.barrierAt, s.barred = n, true
	return n, true
}

// passed tells that the barrier has been handed on.
func (s *sequencer) passed() {
	s.mu.Lock()
	s.barred = false
	s.mu.Unlock()
}

// mayOvertake tells whether what has number n may be handed on before its turn
// as far as barriers are concerned.
func (s *sequencer) mayOvertake(n uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.barred || n < s.barrierAt
}

// freeze waits until everything that was read has been handed on, and holds
// back what is read next until thaw; ok is false behind the end.
func (s *sequencer) freeze() (ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.frozen = true
	for s.head != s.next {
		s.idle.Wait()
	}
	return true
}

// thaw ends a freeze: it gives the next number to a barrier and lets readers go
// on behind it.
func (s *sequencer) thaw() (n uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen = false
	n = s.next
	s.next++
	s.barrierAt, s.barred = n, true
	s.idle.Broadcast()
	return n
}

// inFlight is how much has been read and not handed on.
func (s *sequencer) inFlight() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int(s.next - s.head)
}

// left takes the batches that were never handed on, after everything stopped.
func (s *sequencer) left() []*Batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	var left []*Batch
	for i := range s.slots {
		if b := s.slots[i].batch; b != nil {
			left = append(left, b)
			s.slots[i] = slot{}
		}
	}
	return left
}

// count is how many batches have been read in all.
func (s *sequencer) count() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.batches
}
