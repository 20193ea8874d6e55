package stdin

import (
	"context"
	"io"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A pump reads in a goroutine of its own: a read of a terminal or a pipe can't
// be interrupted, and a program that is asked to stop must not wait for the next
// line.
type pump struct {
	blocks chan block
	spare  chan []byte
	done   chan struct{}
	now    block  // being handed out
	left   []byte // of it
}

// A block is one read.
type block struct {
	data []byte
	err  error
}

func newPump(in io.Reader) *pump {
	p := &pump{blocks: make(chan block), spare: make(chan []byte, 2), done: make(chan struct{})}
	p.spare <- make([]byte, flow.BlockSize)
	p.spare <- make([]byte, flow.BlockSize)
	go func() {
		for buf := range p.spare {
			n, err := in.Read(buf)
			select {
			case p.blocks <- block{buf[:n], err}:
			case <-p.done:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return p
}

// read gives what has been read, or waits for it.
func (p *pump) read(ctx context.Context, into []byte) (int, error) {
	for len(p.left) == 0 {
		if p.now.err != nil {
			return 0, p.now.err
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case p.now = <-p.blocks:
			p.left = p.now.data
		}
	}
	n := copy(into, p.left)
	if p.left = p.left[n:]; len(p.left) == 0 && p.now.err == nil {
		p.spare <- p.now.data[:cap(p.now.data)]
	}
	return n, nil
}

func (p *pump) stop() { close(p.done) }
