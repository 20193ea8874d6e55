package flow

// An Idler is a sink that keeps a part of what it was given in a buffer of its
// own. Idle is called when nothing more waits to be written: what is in the
// buffer may go out, so that whoever reads the other end sees it. An error is
// told by the next Write or Sync.
type Idler interface{ Idle() }

// idle tells the sink that nothing waits, where it has written something since
// its last Sync.
func (s *sinkRun) idle() {
	idler, ok := s.sink.(Idler)
	if !ok || !s.dirty || s.broken != nil || !s.target.queue.empty() {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			s.breakDown(s.p.crashOf(v, s.node).err)
		}
	}()
	idler.Idle()
}
