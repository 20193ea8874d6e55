package component

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/flowc-dev/flowc/runtime/connect/foreign"
	"github.com/flowc-dev/flowc/runtime/proto"
	"github.com/flowc-dev/flowc/runtime/supervise"
)

// gap is how long a processor that has answered is quiet when it has said all: what it makes
// of one event it sends at once.
const gap = time.Millisecond

// A Processor gives events to a component and takes what it makes of them.
type Processor struct {
	peer      *peer
	maker     *maker
	settle    time.Duration
	window    int
	unordered bool
	gives     []string // its event types, none for any

	stream  grpc.BidiStreamingClient[proto.Event, proto.Event]
	cancel  context.CancelFunc
	answers chan answer

	link   *link         // in the place of stream, where the component speaks flowc.v1
	failed map[int]error // events of the call that is being made
}

// An answer is an event, or the end of them.
type answer struct {
	event *proto.Event
	err   error
}

// NewProcessor returns the processor of a node.
func NewProcessor(c SinkConfig, node string) (*Processor, error) {
	p, err := newPeer(setup{
		node: node, in: foreign.In(c.Container), command: c.Command, env: c.Env, endpoint: c.Endpoint, restart: c.Restart, port: c.Port, healthPort: c.HealthPort, healthCheck: c.HealthCheck,
		wait: c.Wait, role: proto.ComponentType_COMPONENT_TYPE_PROCESSOR, takes: c.Takes, gives: c.Gives, must: c.Acked,
	})
	if err != nil {
		return nil, err
	}
	return &Processor{peer: p, maker: makerOf(node, c.Takes, c.Format), settle: c.Settle, window: c.Window, unordered: c.Unordered, gives: c.Gives}, nil
}

// Open starts the component.
func (p *Processor) Open(ctx context.Context) error { return p.Begin(ctx) }

// Begin starts the component where it does not run, and its stream.
func (p *Processor) Begin(ctx context.Context) error {
	fresh, err := p.peer.connect(ctx)
	if err != nil || !fresh && (p.stream != nil || p.link != nil) {
		return err
	}
	p.hangUp()
	if p.peer.acked {
		if p.link, err = p.peer.openLink(ctx, &proto.Open{EventTypes: p.peer.takes}); err != nil {
			return p.peer.broken(err)
		}
		return nil
	}
	streaming, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stream, err := proto.NewProcessorServiceClient(p.peer.conn).Process(streaming)
	if err != nil {
		cancel()
		return p.peer.broken(err)
	}
	answers := make(chan answer, ahead)
	p.stream, p.cancel, p.answers = stream, cancel, answers
	go func() {
		for {
			e, err := stream.Recv()
			select {
			case answers <- answer{e, err}:
			case <-streaming.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return nil
}

func (p *Processor) hangUp() {
	if p.link != nil {
		p.link.cancel()
		p.link = nil
	}
	if p.cancel != nil {
		p.cancel()
		p.stream, p.cancel = nil, nil
	}
}

// Process gives the events to the component and returns what it made of them.
func (p *Processor) Process(ctx context.Context, events []foreign.Event) ([]foreign.Event, error) {
	p.failed = map[int]error{}
	out, err := foreign.Give(ctx, p, events, p.failed)
	return p.declared(out, err)
}

// declared refuses what came of events that were answered with another type than the node
// lists: these have failed.
func (p *Processor) declared(out []foreign.Event, err error) ([]foreign.Event, error) {
	var undone *foreign.Undone
	if len(p.gives) == 0 || err != nil && !errors.As(err, &undone) {
		return out, err
	}
	failed := map[int]error{}
	if undone != nil {
		failed = undone.Errors
	}
	before := len(failed)
	for _, e := range out {
		if !slices.Contains(p.gives, e.Type) && failed[e.Of] == nil {
			failed[e.Of] = fmt.Errorf("it was answered with an event of the type %q, and `gives` lists %s", e.Type, strings.Join(p.gives, ", "))
		}
	}
	if len(failed) == before {
		return out, err
	}
	out = slices.DeleteFunc(out, func(e foreign.Event) bool { return failed[e.Of] != nil })
	return out, &foreign.Undone{Errors: failed}
}

// inTurn tells whether the component is given one event at a time: it may handle several at
// once, and then answers in any order.
func (p *Processor) inTurn() bool {
	return !p.unordered && p.peer.info.GetMetadata()["max_concurrent"] != "1"
}

// Exchange gives the component the events at some places, one after another or as many at once
// as there may be.
func (p *Processor) Exchange(ctx context.Context, events []foreign.Event, places []int) (out []foreign.Event, done int, err error) {
	if p.link != nil {
		return p.exchange(ctx, events, places)
	}
	most := len(places)
	switch {
	case p.inTurn():
		most = 1
	case p.window > 0:
		most = p.window
	}
	for len(places) > done {
		part := places[done:min(done+most, len(places))]
		made, err := p.round(ctx, events, part)
		if err != nil {
			return out, done, err
		}
		out = append(out, made...)
		done += len(part)
	}
	return out, done, nil
}

// round gives the component some events at once, and waits until it is done with them.
func (p *Processor) round(ctx context.Context, events []foreign.Event, places []int) (out []foreign.Event, err error) {
	written, over := make(chan error, 1), make(chan struct{})
	stream := p.stream
	go func() { // it may answer before it has read all, and wait for that to be read
		defer close(over)
		for _, i := range places {
			if err := stream.Send(p.maker.event(&events[i].Meta, events[i].Payload)); err != nil {
				written <- err
				return
			}
		}
		written <- nil
	}()
	defer func() {
		if err != nil { // the events are not to be read any more when this returns
			p.hangUp()
			<-over
		}
	}()
	quiet := time.NewTimer(p.settle)
	defer quiet.Stop()
	sent := false
	wait := func() time.Duration {
		if sent && len(out) >= len(places) {
			return min(gap, p.settle)
		}
		return p.settle
	}
	for {
		select {
		case err := <-written:
			sent, written = true, nil
			if err != nil && !errors.Is(err, io.EOF) { // of an end the answers say more
				return nil, err
			}
			quiet.Reset(wait())
		case a := <-p.answers:
			if a.err != nil {
				return nil, p.peer.broken(a.err)
			}
			out = append(out, foreign.Event{Meta: metaOf(a.event), Payload: a.event.GetPayload()})
			quiet.Reset(wait())
		case <-quiet.C:
			if !sent { // it does not read: that is the stream's affair
				quiet.Reset(p.settle)
				continue
			}
			place(out, events, places)
			return out, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// place finds which event each answer comes of: by its id, by its number where there are as
// many answers as events, else the last one.
func place(out, events []foreign.Event, places []int) {
	byID := map[string]int{}
	for _, i := range places {
		if events[i].ID != "" {
			byID[events[i].ID] = i
		}
	}
	for k := range out {
		i, ok := byID[out[k].ID]
		switch {
		case ok && out[k].ID != "":
			out[k].Of = i
		case len(out) == len(places):
			out[k].Of = places[k]
		default:
			out[k].Of = places[len(places)-1]
		}
	}
}

// Abandon ends a component that does not answer any more; nil where it is none of this
// program's processes.
func (p *Processor) Abandon() *supervise.Process {
	p.hangUp()
	return p.peer.abandon()
}

// Progress says that the component is done with some events.
func (p *Processor) Progress() { p.peer.progress() }

// Flush ends the stream when the component is quiet, and returns what it says behind that.
func (p *Processor) Flush(ctx context.Context) (out []foreign.Event, err error) {
	if p.link != nil { // it has answered all
		l := p.link
		p.link = nil
		if err := l.finish(closing); err != nil {
			return nil, p.peer.broken(err)
		}
		return nil, nil
	}
	if p.stream == nil {
		return nil, nil
	}
	take := func(a answer) { out = append(out, foreign.Event{Meta: metaOf(a.event), Payload: a.event.GetPayload()}) }
	quiet := time.NewTimer(p.settle)
	defer quiet.Stop()
	for done := false; !done; {
		select {
		case a := <-p.answers:
			if a.err != nil {
				return out, p.unsaid(a.err)
			}
			take(a)
			quiet.Reset(p.settle)
		case <-quiet.C:
			done = true
		case <-ctx.Done():
			return out, ctx.Err()
		}
	}
	if err := p.stream.CloseSend(); err != nil {
		return out, nil
	}
	quiet.Reset(supervise.Grace)
	for {
		select {
		case a := <-p.answers:
			if a.err != nil {
				return out, p.unsaid(a.err)
			}
			take(a)
		case <-quiet.C:
			return out, nil
		case <-ctx.Done():
			return out, ctx.Err()
		}
	}
}

// unsaid is the error of a stream that broke off behind the last event, nil where it ended, or
// the component with it, with nothing to do. What it had to say, and could not, is lost.
func (p *Processor) unsaid(err error) error {
	switch {
	case errors.Is(err, io.EOF), status.Code(err) == codes.Canceled, status.Code(err) == codes.Unavailable:
		return nil
	}
	return fmt.Errorf("what it answered last is lost: %w", p.peer.broken(err))
}

// Close ends the stream, and the component.
func (p *Processor) Close() error {
	p.hangUp()
	p.peer.close()
	return nil
}
