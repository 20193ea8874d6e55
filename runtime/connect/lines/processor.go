package lines

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect/foreign"
	"github.com/flowc-dev/flowc/runtime/supervise"
)

// quietAfter is how long a process may leave lines unanswered before that is told, once.
const quietAfter = 10 * time.Second

// A Processor gives lines to a process and reads its answers.
type Processor struct {
	node   string
	keeper *supervise.Keeper
	settle time.Duration
	max    int64

	process *supervise.Process
	answers chan answer
	stop    chan struct{} // closed when nobody reads answers any more
	told    bool
}

// An answer is a line, or the end of them.
type answer struct {
	line []byte
	err  error
}

// NewProcessor returns the processor of a node.
func NewProcessor(c SinkConfig, node string) (*Processor, error) {
	if c.MaxRecord <= 0 {
		return nil, errors.New("max_record must be larger than 0")
	}
	k, err := keeper(node, c.Container, c.Command, c.Env, c.Endpoint, c.Restart)
	if err != nil {
		return nil, err
	}
	return &Processor{node: node, keeper: k, settle: c.Settle, max: c.MaxRecord}, nil
}

// Open starts the process.
func (p *Processor) Open(ctx context.Context) error { return p.Begin(ctx) }

// Begin starts the process where none runs.
func (p *Processor) Begin(ctx context.Context) error {
	process, err := p.keeper.Start(ctx)
	if err != nil || process == p.process {
		return err
	}
	p.process = process
	p.answers, p.stop = make(chan answer, 256), make(chan struct{})
	go read(process.Out, p.max, p.answers, p.stop)
	return nil
}

// read reads lines until the end of the output.
func read(out io.ReadCloser, most int64, answers chan<- answer, stop <-chan struct{}) {
	defer out.Close()
	r := bufio.NewReaderSize(out, 64<<10)
	for {
		line, err := readLine(r, most)
		if err == nil || len(line) > 0 {
			select {
			case answers <- answer{line: line}:
			case <-stop:
				return
			}
		}
		if err != nil {
			select {
			case answers <- answer{err: err}:
			case <-stop:
			}
			return
		}
	}
}

func readLine(r *bufio.Reader, most int64) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case int64(len(line)) > most:
			return nil, fmt.Errorf("a line is longer than max_record (%d bytes)", most)
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			return bytes.TrimSuffix(line, []byte("\r")), err
		case err != nil:
			return nil, err
		}
		return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
	}
}

// Process gives the events to the process and returns what it answers, in order.
func (p *Processor) Process(ctx context.Context, events []foreign.Event) ([]foreign.Event, error) {
	failed := map[int]error{}
	for i := range events {
		if bytes.IndexByte(events[i].Payload, '\n') >= 0 {
			failed[i] = breakError{}
		}
	}
	return foreign.Give(ctx, p, events, failed)
}

// breakError is an event that is more than a line.
type breakError struct{}

func (breakError) Error() string { return "the record holds a line end, and the component takes lines" }
func (breakError) Permanent()    {}
func (breakError) Code() string  { return "line-end" }

// Abandon leaves a process alone that does not answer any more.
func (p *Processor) Abandon() *supervise.Process {
	p.process.CloseIn()
	close(p.stop)
	p.process.Wait(supervise.Grace)
	return p.process
}

// Progress says that the process has answered.
func (p *Processor) Progress() { p.keeper.Progress() }

// Exchange gives the events at some places to the process; it is done with those that it has
// answered.
func (p *Processor) Exchange(ctx context.Context, events []foreign.Event, places []int) (out []foreign.Event, done int, err error) {
	var buf []byte
	for _, i := range places {
		buf = append(append(buf, events[i].Payload...), '\n')
	}
	process := p.process
	written := make(chan error, 1)
	go func() { // it may answer before it has read all
		_, err := process.In.Write(buf)
		written <- err
	}()
	if p.settle > 0 {
		return p.untilQuiet(ctx, events, places, written)
	}
	quiet := time.NewTimer(quietAfter)
	defer quiet.Stop()
	for done < len(places) {
		select {
		case a := <-p.answers:
			if a.err != nil {
				return out, done, ended(a.err)
			}
			out = append(out, answerOf(events, places[done], a.line))
			done++
		case <-quiet.C:
			if !p.told {
				p.told = true
				p.keeper.Log("%d lines have had no answer for %s: a component that does not answer each line with one needs `settle`, and one that holds lines back must be told to write them at once", len(places)-done, quietAfter)
			}
		case <-ctx.Done():
			return out, done, ctx.Err()
		}
	}
	return out, done, <-written
}

// untilQuiet takes what comes until the process is quiet. Where it dies nobody knows how far
// it had come: all are given again.
func (p *Processor) untilQuiet(ctx context.Context, events []foreign.Event, places []int, written <-chan error) (out []foreign.Event, done int, err error) {
	quiet := time.NewTimer(p.settle)
	defer quiet.Stop()
	last := places[len(places)-1]
	for {
		select {
		case err := <-written:
			if err != nil {
				return nil, 0, err
			}
			written = nil
			quiet.Reset(p.settle)
		case a := <-p.answers:
			if a.err != nil {
				return nil, 0, ended(a.err)
			}
			e := answerOf(events, last, a.line)
			if len(places) > 1 { // nobody knows whose it is
				e.Meta = foreign.Meta{}
			}
			out = append(out, e)
			quiet.Reset(p.settle)
		case <-quiet.C:
			if written == nil {
				return out, len(places), nil
			}
			quiet.Reset(p.settle)
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
}

func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return errClosed
	}
	return err
}

// answerOf is the event that answers another one: its envelope goes on.
func answerOf(events []foreign.Event, of int, line []byte) foreign.Event {
	return foreign.Event{Meta: events[of].Meta, Payload: line, Of: of}
}

// Flush ends the input of the process, and returns what it writes behind that.
func (p *Processor) Flush(ctx context.Context) ([]foreign.Event, error) {
	if p.process == nil {
		return nil, nil
	}
	p.process.CloseIn()
	var out []foreign.Event
	for {
		select {
		case a := <-p.answers:
			if a.err == nil {
				out = append(out, foreign.Event{Payload: a.line})
				continue
			}
			p.process.Wait(supervise.Grace)
			if !p.process.Well() {
				return out, &supervise.ExitError{State: p.process.State(), Last: p.process.Last(), Why: "behind the end of its input"}
			}
			return out, nil
		case <-ctx.Done():
			return out, ctx.Err()
		}
	}
}

// Close ends the process.
func (p *Processor) Close() error {
	if p.process == nil {
		return nil
	}
	p.keeper.Stop(supervise.Grace)
	return nil
}
