package flow

import "sync"

const (
	// smallBatch is the size up to which a batch that is kept for the originals
	// of its records gives its block to another one,
	smallBatch = 4 << 10
	// smallBatches how many such are on their way at most. It is also what a sink
	// can gather of a stream that gives records one by one.
	smallBatches = 512
)

// smallBook has the batches without a block that nobody uses.
type smallBook struct {
	mu   sync.Mutex
	free []*Batch
	made int
}

// get gives one, nil where all are on their way.
func (k *smallBook) get(in *Input) *Batch {
	k.mu.Lock()
	defer k.mu.Unlock()
	if n := len(k.free); n > 0 {
		b := k.free[n-1]
		k.free = k.free[:n-1]
		return b
	}
	if k.made == smallBatches {
		return nil
	}
	k.made++
	return in.newBatch()
}

func (k *smallBook) put(b *Batch) {
	k.mu.Lock()
	k.free = append(k.free, b)
	k.mu.Unlock()
}

// slim gives the block of a small batch that is kept for its originals to
// another batch, which can be read meanwhile. Else a stream that gives its
// records one by one would have all blocks wait for a sink that gathers.
func (in *Input) slim(b *Batch) {
	if !in.keeps || b.OnDone != nil || len(b.Data) == 0 || len(b.Data) > smallBatch || cap(b.Data) != BlockSize {
		return
	}
	other := in.small.get(in)
	if other == nil {
		return
	}
	small := append(other.Data[:0], b.Data...)
	other.Data, b.Data = b.Data[:0], small
	b.engine.small = true
	in.free <- other
}
