package lines

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/supervise"
)

// A Sink writes lines to a process. Nothing answers: a record is done when the process has
// been given it, and the end is when it has ended well behind the end of its input.
type Sink struct {
	keeper  *supervise.Keeper
	output  connect.Output
	process *supervise.Process
	begun   bool // the header was written to this process
}

// NewSink returns the sink.
func NewSink(c SinkConfig, out connect.Output) (flow.Sink, error) {
	k, err := keeper(out.Node, c.Container, c.Command, c.Env, c.Endpoint, c.Restart)
	if err != nil {
		return nil, err
	}
	return &Sink{keeper: k, output: out}, nil
}

// Unanswered tells that nothing says what became of a record.
func (s *Sink) Unanswered() {}

// Open starts the process.
func (s *Sink) Open(ctx context.Context) error { return s.begin(ctx) }

func (s *Sink) begin(ctx context.Context) error {
	p, err := s.keeper.Start(ctx)
	if err != nil || p == s.process {
		return err
	}
	s.process, s.begun = p, false
	// What it prints is no record of anybody's, and must not fill a pipe.
	go func() {
		_, _ = io.Copy(os.Stdout, p.Out)
		p.Out.Close()
	}()
	return nil
}

// Write gives the process the records. One that has died is started again by its policy, and
// gets all of them.
func (s *Sink) Write(ctx context.Context, o *flow.Out) error {
	for {
		if err := s.begin(ctx); err != nil {
			return err
		}
		err := s.give(ctx, o)
		if err == nil {
			s.keeper.Progress()
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.process.CloseIn()
		select {
		case <-s.process.Done():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// give writes a packet; a process that does not read is waited for, until the context ends.
func (s *Sink) give(ctx context.Context, o *flow.Out) error {
	data := o.Data
	if !s.begun && len(s.output.Header) > 0 {
		data = append(append([]byte(nil), s.output.Header...), data...)
	}
	p := s.process
	stop := context.AfterFunc(ctx, p.CloseIn)
	defer stop()
	_, err := p.In.Write(data)
	s.begun = s.begun || err == nil
	return err
}

// Sync does nothing: what was written is the process's.
func (s *Sink) Sync(context.Context) error { return nil }

// Close ends the input of the process, and waits for its end.
func (s *Sink) Close(_ context.Context, done bool) error {
	if s.process == nil {
		return nil
	}
	s.process.CloseIn()
	s.process.Wait(supervise.Grace)
	well := s.process.Well()
	s.keeper.Stop(supervise.Grace)
	if done && !well {
		return &supervise.ExitError{State: s.process.State(), Last: s.process.Last(), Why: "behind the end of its input"}
	}
	return nil
}

var errClosed = errors.New("its output ended")
