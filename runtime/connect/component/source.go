package component

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/foreign"
	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/proto"
)

// A Source reads the events of a component. After a crash it is asked to go on behind the
// last event that is safe; whether it does is its own affair.
type Source struct {
	peer  *peer
	gives []string

	from   *position // where to go on, nil from the begin
	read   position  // the last event that was read
	params map[string]string

	events chan *proto.Event
	failed chan error
	cancel context.CancelFunc
	pushed *proto.Event // read, and found no room

	mu      sync.Mutex // Ack comes from any goroutine
	service proto.SourceServiceClient
	mute    bool   // it keeps no state
	link    *link  // in the place of events, where the component speaks flowc.v1
	told    string // up to where all is safe

	batch *proto.Batch // of link, being read
	next  int          // its event
	skip  int          // events that were read before
}

// A position is the last event that was read.
type position struct {
	ID     string `json:"id,omitempty"`
	Ledger uint64 `json:"ledger,omitempty"`
	Index  int    `json:"index,omitempty"`
	Count  int64  `json:"count"`
	// At is a position of flowc.v1, and Skip how many events behind it were read.
	At   string `json:"at,omitempty"`
	Skip int    `json:"skip,omitempty"`
}

// ahead is how many events are read ahead: the stream waits when they are there.
const ahead = 16

// NewSource returns the source.
func NewSource(c SourceConfig, in connect.Input) (flow.Source, error) {
	p, err := newPeer(setup{
		node: in.Node, in: foreign.In(c.Container), command: c.Command, env: c.Env, endpoint: c.Endpoint, restart: c.Restart, port: c.Port, healthPort: c.HealthPort, healthCheck: c.HealthCheck,
		wait: c.Wait, role: proto.ComponentType_COMPONENT_TYPE_SOURCE, gives: c.Gives, must: c.Acked,
	})
	if err != nil {
		return nil, err
	}
	s := &Source{peer: p, gives: c.Gives, params: map[string]string{}}
	for _, e := range c.Env {
		// An empty one is none: where to begin is left to the component.
		if name, value, _ := strings.Cut(e, "="); value != "" && (name == "START_LEDGER" || name == "END_LEDGER") {
			s.params[name] = value
		}
	}
	return s, nil
}

// Messages says that each record is an event.
func (s *Source) Messages() {}

// Endless tells that nobody knows whether it will end.
func (s *Source) Endless() bool { return true }

// Fleeting tells that nobody can promise that the component goes on where it is asked to.
func (s *Source) Fleeting() {}

// Seek says where to go on.
func (s *Source) Seek(_ context.Context, positions map[string]json.RawMessage) error {
	for _, text := range positions {
		s.from = &position{}
		if err := json.Unmarshal(text, s.from); err != nil {
			return fmt.Errorf("the position of an earlier run: %w", err)
		}
		s.read = *s.from
	}
	return nil
}

// Open starts the component; its stream is begun with the first Read.
func (s *Source) Open(ctx context.Context) error {
	_, err := s.peer.connect(ctx)
	return err
}

// begin begins the stream, behind the last event that was read where there is one.
func (s *Source) begin(ctx context.Context) error {
	if _, err := s.peer.connect(ctx); err != nil {
		return err
	}
	if s.peer.acked {
		if err := s.beginAcked(ctx); err != nil {
			return s.peer.broken(err)
		}
		return nil
	}
	client := proto.NewSourceServiceClient(s.peer.conn)
	s.mu.Lock()
	s.service = client
	s.mu.Unlock()
	request := &proto.StreamRequest{Params: s.params}
	if s.from != nil {
		request.Resume = true
		request.Params = s.paramsNow()
		if state, err := client.GetState(ctx, &proto.StateRequest{Key: s.peer.node}); err == nil {
			request.ResumeToken = state.GetResumeToken()
		}
	}
	streaming, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stream, err := client.StreamEvents(streaming, request)
	if err != nil {
		cancel()
		return s.peer.broken(err)
	}
	events, failed := make(chan *proto.Event, ahead), make(chan error, 1)
	s.events, s.failed, s.cancel = events, failed, cancel
	go func() {
		defer close(events)
		for {
			e, err := stream.Recv()
			if err != nil {
				failed <- err
				return
			}
			select {
			case events <- e:
			case <-streaming.Done():
				failed <- streaming.Err()
				return
			}
		}
	}()
	return nil
}

// paramsNow are the params of a stream that goes on where this source is.
func (s *Source) paramsNow() map[string]string {
	params := maps.Clone(s.params)
	if s.from != nil && s.from.At == "" && s.from.Ledger > 0 { // of this ledger there may be more
		params["START_LEDGER"] = strconv.FormatUint(s.from.Ledger, 10)
	}
	return params
}

// Read takes the events that are there.
func (s *Source) Read(ctx context.Context, b *flow.Batch) error {
	for {
		if s.events == nil && s.link == nil {
			if err := s.begin(ctx); err != nil {
				return err
			}
		}
		if s.link != nil {
			err := s.readAcked(ctx, b)
			if err != nil || len(b.Ends) > 0 {
				return err
			}
			continue
		}
		notes := messages.Notes[foreign.Meta](b)
		e := s.pushed
		s.pushed = nil
		for e == nil {
			select {
			case got, ok := <-s.events:
				if !ok {
					err := <-s.failed
					s.cancel()
					s.events = nil
					again, err := s.over(ctx, err)
					if err != nil || !again {
						return err
					}
					break
				}
				if !s.known(got) {
					e = got
				}
			case <-ctx.Done():
				return ctx.Err()
			}
			if s.events == nil {
				break
			}
		}
		if e == nil {
			continue
		}
		for e != nil {
			if !messages.Room(b, len(e.GetPayload())) {
				s.pushed = e
				break
			}
			if err := s.declared(e); err != nil && len(b.Ends) > 0 {
				s.pushed = e
				break
			} else if err != nil {
				return err
			}
			messages.Add(b, e.GetPayload())
			*notes = append(*notes, metaOf(e))
			s.read = position{ID: e.GetId(), Ledger: e.GetStellarCursor().GetLedgerSequence(), Index: int(e.GetStellarCursor().GetIndexInLedger()), Count: s.read.Count + 1}
			e = nil
			select {
			case got, ok := <-s.events:
				if ok && !s.known(got) {
					e = got
				}
			default:
			}
		}
		s.peer.progress()
		b.Split, b.Position, b.Count = s.peer.node, s.read, len(b.Ends)
		return nil
	}
}

// known tells whether an event of a ledger that is read again was there before.
func (s *Source) known(e *proto.Event) bool {
	c := e.GetStellarCursor()
	if s.from == nil || s.from.Ledger == 0 || s.from.At != "" || c == nil {
		return false
	}
	if c.GetLedgerSequence() > s.from.Ledger {
		return false
	}
	return c.GetLedgerSequence() < s.from.Ledger || int(c.GetIndexInLedger()) <= s.from.Index
}

// declared refuses an event of a type that the node does not list.
func (s *Source) declared(e *proto.Event) error {
	if len(s.gives) == 0 || slices.Contains(s.gives, e.GetType()) {
		return nil
	}
	s.read = position{ID: e.GetId(), Count: s.read.Count + 1}
	return &flow.RecordError{Split: s.peer.node, Err: fmt.Errorf("an event of the type %q, and `gives` lists %s", e.GetType(), strings.Join(s.gives, ", ")), Record: e.GetPayload(), Number: s.read.Count - 1, TextLine: -1, Offset: -1}
}

// over is the end of a stream: of the source, or of the component, which is then begun again.
func (s *Source) over(ctx context.Context, err error) (again bool, _ error) {
	if errors.Is(err, io.EOF) {
		return false, io.EOF
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if s.read.Count > 0 {
		from := s.read
		s.from = &from
	}
	err = s.peer.broken(err)
	if flow.ClassOf(err) == flow.Fatal || s.peer.abandon() == nil {
		return false, err
	}
	s.peer.keeper.Log("its stream ended: %s", err)
	s.peer.cause = err
	return true, nil
}

// Ack has the component keep how far everything is safe, where it does so.
func (s *Source) Ack(ctx context.Context, positions map[string]any) error {
	s.mu.Lock()
	client, mute, acked := s.service, s.mute, s.link != nil
	s.mu.Unlock()
	if !acked && (client == nil || mute) {
		return nil
	}
	for _, p := range positions {
		at, ok := p.(position)
		if !ok {
			continue
		}
		if acked {
			if err := s.ackAcked(at); err != nil {
				return nil //nolint:nilerr // the checkpoint has it: the component is told by the next one
			}
			continue
		}
		state := map[string]string{"last_event_id": at.ID, "events": strconv.FormatInt(at.Count, 10)}
		if at.Ledger > 0 {
			state["ledger_sequence"] = strconv.FormatUint(at.Ledger, 10)
			state["index_in_ledger"] = strconv.Itoa(at.Index)
		}
		if _, err := client.SaveState(ctx, &proto.SaveStateRequest{State: state, Key: s.peer.node}); status.Code(err) == codes.Unimplemented {
			s.mu.Lock()
			s.mute = true
			s.mu.Unlock()
		}
	}
	return nil // what it keeps is a help: the checkpoint has the position
}

// Close ends the stream, and the component.
func (s *Source) Close(context.Context) error {
	if s.cancel != nil {
		s.cancel()
	}
	s.mu.Lock()
	l := s.link
	s.link = nil
	s.mu.Unlock()
	if l != nil {
		_ = l.finish(closing / 10) // what it was told last is a help: the checkpoint has it
	}
	s.peer.close()
	return nil
}
