package lines

import (
	"context"
	"errors"
	"io"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/blocks"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/supervise"
)

// A Source reads what a process writes. A process that ended with the status 0 has given all
// there is; one that failed is started again by its policy, and begins anew.
type Source struct {
	node   string
	keeper *supervise.Keeper
	input  connect.Input
	max    int64

	process *supervise.Process
	blocks  *blocks.Reader
	chunks  chan chunk
	spare   chan []byte
	stop    chan struct{}
	now     chunk
	left    []byte
	ctx     context.Context // of the call at work
}

// A chunk is one read.
type chunk struct {
	data []byte
	err  error
}

// NewSource returns the source.
func NewSource(c SourceConfig, in connect.Input) (flow.Source, error) {
	if c.MaxRecord <= 0 {
		return nil, errors.New("max_record must be larger than 0")
	}
	k, err := keeper(in.Node, c.Container, c.Command, c.Env, c.Endpoint, c.Restart)
	if err != nil {
		return nil, err
	}
	return &Source{node: in.Node, keeper: k, input: in, max: c.MaxRecord}, nil
}

// Endless tells that nobody knows whether it will end.
func (s *Source) Endless() bool { return true }

// Open starts the process.
func (s *Source) Open(ctx context.Context) error { return s.begin(ctx) }

// begin starts the process, for the first time or again.
func (s *Source) begin(ctx context.Context) error {
	p, err := s.keeper.Start(ctx)
	if err != nil {
		return err
	}
	p.CloseIn()
	s.process = p
	s.blocks = blocks.New(s.node, s.input, s.max)
	s.chunks, s.spare, s.stop = make(chan chunk), make(chan []byte, 2), make(chan struct{})
	s.now, s.left = chunk{}, nil
	for range 2 {
		s.spare <- make([]byte, flow.BlockSize)
	}
	go pump(p.Out, s.spare, s.chunks, s.stop)
	return nil
}

// pump reads in a goroutine of its own: a program that is asked to stop must not wait for
// the next line.
func pump(in io.ReadCloser, spare chan []byte, chunks chan<- chunk, stop <-chan struct{}) {
	defer in.Close()
	for {
		var buf []byte
		select {
		case buf = <-spare:
		case <-stop:
			return
		}
		n, err := in.Read(buf)
		select {
		case chunks <- chunk{buf[:n], err}:
		case <-stop:
			return
		}
		if err != nil {
			return
		}
	}
}

// Read fills b with the whole lines that are there.
func (s *Source) Read(ctx context.Context, b *flow.Batch) error {
	for {
		s.ctx = ctx
		ok, err := s.blocks.Fill(b, s.more)
		if ok || err != nil {
			if ok {
				s.keeper.Progress()
			}
			return err
		}
		select {
		case <-s.process.Done():
		case <-ctx.Done():
			return ctx.Err()
		}
		if s.process.Well() {
			return io.EOF
		}
		if err := s.begin(ctx); err != nil {
			return err
		}
	}
}

func (s *Source) more(into []byte) (int, error) {
	for len(s.left) == 0 {
		if s.now.err != nil {
			return 0, s.now.err
		}
		select {
		case <-s.ctx.Done():
			return 0, s.ctx.Err()
		case s.now = <-s.chunks:
			s.left = s.now.data
		}
	}
	n := copy(into, s.left)
	if s.left = s.left[n:]; len(s.left) == 0 && s.now.err == nil {
		s.spare <- s.now.data[:cap(s.now.data)]
	}
	return n, nil
}

// Close ends the process.
func (s *Source) Close(context.Context) error {
	if s.process == nil {
		return nil
	}
	close(s.stop)
	s.keeper.Stop(supervise.Grace)
	return nil
}

// Again gives a record of a letter the place that it had.
func (s *Source) Again(b *flow.Batch, l *flow.Letter) error {
	return blocks.Again(b, s.input.Format, s.input.Header, l)
}
