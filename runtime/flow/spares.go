package flow

import (
	"sync"
	"time"
)

const (
	// spareBytes is from how many bytes on the memory of a buffer is a spare once
	// nobody uses it. Shorter buffers stay where they are.
	spareBytes = BlockSize + LongBytes/4
	// spareTime is how long a spare waits for the next record that is as long.
	spareTime = time.Second
)

// spares is the memory of the program's longest buffers that nobody uses at
// present. Long records rarely come alone: were the memory of each given up, the
// next ones would be read before the collector had found it, and the program would
// hold several times of what it uses.
type spares struct {
	mu    sync.Mutex
	free  []spare
	sweep *time.Timer // nil until there is a spare
}

type spare struct {
	data  []byte
	since time.Time
}

// get gives empty memory for n bytes or more.
func (k *spares) get(n int) []byte {
	k.mu.Lock()
	best := -1
	for i := range k.free {
		if c := cap(k.free[i].data); c >= n && (best < 0 || c < cap(k.free[best].data)) {
			best = i
		}
	}
	if best >= 0 {
		data := k.free[best].data
		k.remove(best)
		k.mu.Unlock()
		return data[:0]
	}
	k.giveUp(n)
	k.mu.Unlock()
	return make([]byte, 0, n+n/8) // what becomes of a record is about as long, and is to fit into its place
}

// giveUp makes room for a buffer that is longer than all spares, so that all
// together do not become more with every one that is.
func (k *spares) giveUp(n int) {
	for n > 0 && len(k.free) > 0 {
		longest := 0
		for i := range k.free {
			if cap(k.free[i].data) > cap(k.free[longest].data) {
				longest = i
			}
		}
		n -= cap(k.free[longest].data)
		k.remove(longest)
	}
}

func (k *spares) remove(i int) {
	last := len(k.free) - 1
	k.free[i] = k.free[last]
	k.free[last] = spare{}
	k.free = k.free[:last]
}

// put takes memory that nobody uses any more, where it is worth it.
func (k *spares) put(data []byte) {
	if cap(data) < spareBytes {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.free = append(k.free, spare{data, time.Now()})
	switch {
	case k.sweep == nil:
		k.sweep = time.AfterFunc(spareTime, k.tidy)
	case len(k.free) == 1:
		k.sweep.Reset(spareTime)
	}
}

// tidy leaves the spares to the collector that have waited long enough.
func (k *spares) tidy() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := len(k.free) - 1; i >= 0; i-- {
		if time.Since(k.free[i].since) >= spareTime {
			k.remove(i)
		}
	}
	if len(k.free) > 0 {
		k.sweep.Reset(spareTime)
	}
}

// room returns data where it has room for n bytes more, else its bytes in memory
// that has.
func (k *spares) room(data []byte, n int) []byte {
	if cap(data)-len(data) >= n {
		return data
	}
	var more []byte
	if size := len(data) + n; size < spareBytes {
		more = make([]byte, 0, size)
	} else {
		more = k.get(size)
	}
	more = append(more, data...)
	k.put(data)
	return more
}
