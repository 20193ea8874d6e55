package flow

import "sync"

// LongBytes is how much all batches of an input, or all packets that wait to be
// filled for one target, may hold beyond a BlockSize each before the input
// waits, or a packet's memory is given up. Records that are a little longer than
// a block go through at full speed; of those that are much longer one is on its
// way at a time, and the memory bound counts one.
const LongBytes = 4 << 20

// excess is what a buffer holds beyond a block.
func excess(buffer []byte) int { return max(0, cap(buffer)-BlockSize) }

// A longBook adds up what the batches of an input hold beyond their blocks.
type longBook struct {
	mu    sync.Mutex
	bytes int
	room  chan struct{} // somebody waits for less
}

// note counts a batch that was read.
func (k *longBook) note(b *Batch) {
	if now := max(excess(b.Data), b.engine.weight-BlockSize); now != b.engine.excess {
		k.mu.Lock()
		k.bytes += now - b.engine.excess
		k.mu.Unlock()
		b.engine.excess = now
	}
}

// release counts a batch that nobody uses any more. Its memory stays where that
// leaves enough for others.
func (k *longBook) release(b *Batch) {
	now := excess(b.Data) // a loop may have exchanged it with that of a packet
	if now == 0 && b.engine.excess == 0 {
		return
	}
	k.mu.Lock()
	k.bytes -= b.engine.excess
	if now > 0 && k.bytes+now > LongBytes/2 {
		b.engine.spares.put(b.Data)
		b.Data, now = nil, 0
	}
	k.bytes += now
	if k.room != nil && k.bytes <= LongBytes {
		close(k.room)
		k.room = nil
	}
	k.mu.Unlock()
	b.engine.excess = now
}

// full is nil where another batch may be read, else it is closed once one may.
func (k *longBook) full() <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.bytes <= LongBytes {
		return nil
	}
	if k.room == nil {
		k.room = make(chan struct{})
	}
	return k.room
}
