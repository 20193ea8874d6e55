package flow

import "sync"

// shareWindow is how many of the last records max_dead looks at.
const shareWindow = 1000

// A share watches how many of a node's records fail.
type share struct {
	node  *Node
	limit float64

	mu         sync.Mutex
	in, bad    int64
	recent     []shareStep // the last batches with shareWindow records or more
	first      int
	recentIn   int64
	recentBad  int64
	overLimits bool
}

type shareStep struct{ in, bad int64 }

// watch stops the program when too many of a node's records fail. What it reads
// from then on is not checkpointed: the next run handles it anew, and after the
// last record it would find nothing left, and call that well.
func (p *Program) watch(node int, in, bad int64) {
	if err := p.shares[node].add(in, bad); err != nil {
		p.taint()
		p.stop(err)
	}
}

// add notes a batch. It returns an error, once, when more than the limit of the
// last shareWindow records failed (counted in whole batches).
func (s *share) add(in, bad int64) error {
	if in == 0 && bad == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.in += in
	s.bad += bad
	if s.first > len(s.recent)/2 && s.first > 16 {
		s.recent = s.recent[:copy(s.recent, s.recent[s.first:])]
		s.first = 0
	}
	s.recent = append(s.recent, shareStep{in, bad})
	s.recentIn += in
	s.recentBad += bad
	for s.first < len(s.recent)-1 && s.recentIn-s.recent[s.first].in >= shareWindow {
		s.recentIn -= s.recent[s.first].in
		s.recentBad -= s.recent[s.first].bad
		s.first++
	}
	if s.recentIn < shareWindow || s.overLimits || float64(s.recentBad) <= s.limit*float64(s.recentIn) {
		return nil
	}
	s.overLimits = true
	return s.error(s.recentBad, s.recentIn)
}

// end judges all records.
func (s *share) end() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.overLimits || float64(s.bad) <= s.limit*float64(s.in) {
		return nil
	}
	return s.error(s.bad, s.in)
}

func (s *share) error(bad, in int64) error {
	return &TooManyError{Node: s.node.Name, Line: s.node.Place, Failed: bad, Of: in, Limit: s.limit}
}
