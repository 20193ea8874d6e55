package http

// keepAtMost is how much of its buffers a request keeps for the next one, and
// keepOf the part of what may wait that all of them keep together.
const (
	keepAtMost = 512 << 10
	keepOf     = 4
)

// obtain gets a request for a handler.
func (s *Source) obtain() *request {
	select {
	case r := <-s.free:
		return r
	default:
		return newRequest(s)
	}
}

// giveBack keeps a request for others. What its buffers hold stays reserved.
func (s *Source) giveBack(r *request) {
	r.reset()
	if r.reserved > keepAtMost || r.reserved > 0 && s.bytes.Load() > s.room/keepOf {
		r.letGo()
	}
	select {
	case s.free <- r:
	default:
		r.letGo()
	}
}

// reserve takes n bytes of what may wait. Those that requests have kept for the
// next ones are given up for it.
func (s *Source) reserve(n int64) bool {
	for s.bytes.Add(n) > s.room {
		s.bytes.Add(-n)
		if !s.forget() {
			return false
		}
	}
	return true
}

// forget gives up the buffers of the requests that nobody uses; false means that
// there were none.
func (s *Source) forget() (some bool) {
	for range len(s.free) {
		select {
		case r := <-s.free:
			some = some || r.reserved > 0
			r.letGo()
			select {
			case s.free <- r:
			default:
			}
		default:
			return some
		}
	}
	return some
}
