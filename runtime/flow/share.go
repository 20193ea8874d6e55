package flow

import "sync"

// shareWindow is how many of the last records max_dead looks at.
const shareWindow = 1000

// sharePiece is into pieces of how many records a batch is cut at least, to look
// at the last ones.
const sharePiece = shareWindow / 10

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

// watch is Program.watch for what a batch did at a node, in pieces: of a large
// batch the last shareWindow records are a small part. Which records came to the
// node and did not fail is not known one by one, so they count as spread over the
// batch.
func (in *Input) watch(b *Batch, node int) {
	run := &b.engine.run
	c := &run.counts[node]
	bad := c.Dead + c.Dropped
	pieces := c.In / sharePiece
	if pieces < 2 || bad == 0 {
		in.p.watch(node, c.In, bad)
		return
	}
	bads := make([]int64, pieces)
	for i := range run.fails {
		if f := &run.fails[i]; f.node == node && (f.then == Dead || f.then == Drop) {
			bads[int(b.share(f.record)*float64(pieces))]++
		}
	}
	for i, bad := range bads {
		i := int64(i)
		in.p.watch(node, c.In*(i+1)/pieces-c.In*i/pieces, bad)
	}
}

// share is how much of a batch lies before a record, from 0 to less than 1.
func (b *Batch) share(r Record) float64 {
	at, of := r.Index, b.Count
	if r.End > 0 {
		at, of = r.Start, len(b.Data)
	}
	if at <= 0 || at >= of {
		return 0
	}
	return float64(at) / float64(of)
}

// add notes a batch. It returns an error, once, when more than the limit of the
// last shareWindow records failed (counted in whole pieces).
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
