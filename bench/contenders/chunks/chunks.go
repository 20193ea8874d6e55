// Package chunks runs a function over a file of lines on every core that the
// process has, and writes what it gives in the order of the input.
//
// The file is cut in chunks of equal, page-aligned size. A worker takes the next
// chunk, reads it with pread (one byte off the page alignment nearly triples the
// kernel's time), and works on the lines that belong to it: from the first line
// end in the chunk to the first one after it. Only the offsets in the outputs
// are handed from chunk to chunk in order; the writes themselves are pwrites
// side by side. With one core there is one worker and nobody waits.
//
// All fused contenders in Go read and write through this package, so that their
// rows differ by how they decode and encode, and by nothing else.
package chunks

import (
	"bytes"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
)

const (
	// size of a chunk: two of them and their output stay in a core's L2 cache.
	size = 256 << 10
	// beyond is read with a chunk, in the hope that its last line ends there.
	beyond = 4 << 10
)

// A Process works on whole lines (the last line of the file may lack its line
// end) and appends what it has to say to outs, one buffer for each output.
// A process whose output is always its input may set outs[i] to lines: no copy.
type Process func(lines []byte, outs [][]byte) error

// Run reads input in chunks and writes outputs. newProcess is called once for
// each worker, before any of them starts, so a process may keep state of its own.
func Run(input string, outputs []string, newProcess func() Process) error {
	in, err := os.Open(input)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	r := &run{in: in, length: info.Size(), offsets: make([]int64, len(outputs))}
	r.turn.L = &r.mu
	for _, path := range outputs {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		defer f.Close()
		r.outs = append(r.outs, f)
	}
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		process := newProcess()
		workers.Go(func() { r.work(process) })
	}
	workers.Wait()
	return r.err
}

type run struct {
	in     *os.File
	length int64
	outs   []*os.File
	taken  atomic.Int64 // chunks that have a worker

	mu      sync.Mutex
	turn    sync.Cond
	next    int64 // the chunk whose output is placed next
	offsets []int64
	err     error // of the first chunk that failed: ends the run
}

func (r *run) work(process Process) {
	var block []byte
	outs := make([][]byte, len(r.outs))
	at := make([]int64, len(r.outs))
	for {
		k := r.taken.Add(1) - 1
		if k*size >= r.length {
			return
		}
		for i := range outs {
			outs[i] = outs[i][:0]
		}
		lines, err := r.read(k, &block)
		if err == nil && len(lines) > 0 {
			err = process(lines, outs)
		}
		if !r.place(k, outs, at, err) {
			return
		}
		for i, out := range outs {
			if len(out) == 0 {
				continue
			}
			if _, err := r.outs[i].WriteAt(out, at[i]); err != nil {
				r.fail(err)
				return
			}
		}
	}
}

// read gives the lines of chunk k, in *block, which it lets grow.
func (r *run) read(k int64, block *[]byte) ([]byte, error) {
	offset := k * size
	have := 0
	for ahead := int64(beyond); ; ahead *= 4 {
		want := int(min(size+ahead, r.length-offset))
		if cap(*block) < want {
			*block = append(make([]byte, 0, want), (*block)[:have]...)
		}
		b := (*block)[:want]
		if _, err := r.in.ReadAt(b[have:], offset+int64(have)); err != nil {
			return nil, err // io.EOF as well: the file shrank while it was read
		}
		have = want
		begin := 0
		if k > 0 {
			i := bytes.IndexByte(b, '\n')
			if i < 0 || i >= size {
				// No line starts here: one longer than a chunk belongs
				// to the chunk in which it starts.
				return nil, nil
			}
			begin = i + 1
		}
		if want > size {
			if i := bytes.IndexByte(b[size:], '\n'); i >= 0 {
				return b[begin : size+i+1], nil
			}
		}
		if offset+int64(want) == r.length {
			return b[begin:], nil
		}
	}
}

// place waits for the turn of chunk k and takes its room in each output. False
// when the run has failed.
func (r *run) place(k int64, outs [][]byte, at []int64, err error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.next != k && r.err == nil {
		r.turn.Wait()
	}
	if r.err == nil {
		r.err = err
	}
	for i, out := range outs {
		at[i] = r.offsets[i]
		r.offsets[i] += int64(len(out))
	}
	r.next++
	r.turn.Broadcast()
	return r.err == nil
}

func (r *run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
	r.turn.Broadcast()
}
