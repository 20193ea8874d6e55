package component

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/runtime/connect/foreign"
	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/proto"
)

// granted is how many events a component may give that were not read yet.
const granted = 4096

// beginAcked begins the stream behind what was read.
func (s *Source) beginAcked(ctx context.Context) error {
	open := &proto.Open{Params: s.paramsNow(), EventTypes: s.gives}
	s.skip = 0
	if s.from != nil {
		open.Position, s.skip = s.from.At, s.from.Skip
	}
	l, err := s.peer.openLink(ctx, open)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.link, s.batch, s.next = l, nil, 0
	s.mu.Unlock()
	return s.grant(granted)
}

// say tells the component something; what is wrong with the stream is heard.
func (s *Source) say(m *proto.FromPipeline) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link == nil {
		return nil
	}
	if err := s.link.stream.Send(m); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func (s *Source) grant(n int) error {
	return s.say(&proto.FromPipeline{Message: &proto.FromPipeline_Grant{Grant: &proto.Grant{Events: uint32(n)}}})
}

// readAcked takes the events of the batch that is there, or waits for one.
func (s *Source) readAcked(ctx context.Context, b *flow.Batch) error {
	notes := messages.Notes[foreign.Meta](b)
	for {
		if s.batch == nil {
			again, err := s.hear(ctx)
			if err != nil || again {
				return err // again: Read begins anew
			}
		}
		for s.next < len(s.batch.GetEvents()) {
			e := s.batch.GetEvents()[s.next]
			if s.skip > 0 || s.known(e) {
				s.skip = max(s.skip-1, 0)
				s.pass(e)
				continue
			}
			if !messages.Room(b, len(e.GetPayload())) {
				break
			}
			if err := s.refused(e); err != nil {
				if len(b.Ends) > 0 {
					break
				}
				s.pass(e)
				return err
			}
			messages.Add(b, e.GetPayload())
			*notes = append(*notes, metaOf(e))
			s.pass(e)
		}
		if s.next == len(s.batch.GetEvents()) {
			n := len(s.batch.GetEvents())
			if at := s.batch.GetPosition(); at != "" {
				s.read.At, s.read.Skip = at, 0
			}
			s.batch, s.next = nil, 0
			if err := s.grant(n); err != nil {
				return err
			}
		}
		if len(b.Ends) > 0 {
			s.peer.progress()
			b.Split, b.Position, b.Count = s.peer.node, s.read, len(b.Ends)
			return nil
		}
	}
}

// pass goes on behind an event of the batch. Where the batch ends with a position, what comes
// behind the one before it is the same again, so that events of it can be counted.
func (s *Source) pass(e *proto.Event) {
	s.next++
	s.read.ID, s.read.Count = e.GetId(), s.read.Count+1
	s.read.Ledger, s.read.Index = e.GetStellarCursor().GetLedgerSequence(), int(e.GetStellarCursor().GetIndexInLedger())
	if s.batch.GetPosition() != "" {
		s.read.Skip++
	}
}

// refused is the error of an event that the component could not make sense of, or of a type
// that the node does not list.
func (s *Source) refused(e *proto.Event) error {
	err := error(nil)
	for _, f := range s.batch.GetFailures() {
		if int(f.GetIndex()) == s.next {
			err = errorOf(f)
		}
	}
	if err == nil && len(s.gives) > 0 && !slices.Contains(s.gives, e.GetType()) {
		err = fmt.Errorf("an event of the type %q, and `gives` lists %s", e.GetType(), strings.Join(s.gives, ", "))
	}
	if err == nil {
		return nil
	}
	return &flow.RecordError{Split: s.peer.node, Err: err, Record: e.GetPayload(), Number: s.read.Count, TextLine: -1, Offset: -1}
}

// hear waits for the next batch; again tells that the stream has broken, and is to be begun
// anew.
func (s *Source) hear(ctx context.Context) (again bool, err error) {
	select {
	case m := <-s.link.heard:
		if errors.Is(m.err, io.EOF) {
			return s.ended(ctx, errors.New("it ended its stream without having said `end`"))
		}
		if m.err != nil {
			return s.ended(ctx, m.err)
		}
		if m.message.GetEnd() != nil {
			return false, io.EOF
		}
		b := m.message.GetBatch()
		if b == nil {
			return s.ended(ctx, breaks("a source sends batches behind `ready`"))
		}
		s.batch, s.next = b, 0
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// ended is the end of a stream of flowc.v1.
func (s *Source) ended(ctx context.Context, err error) (again bool, _ error) {
	s.mu.Lock()
	s.link.cancel()
	s.link = nil
	s.mu.Unlock()
	return s.over(ctx, err)
}

// ackAcked tells the component how far all is safe.
func (s *Source) ackAcked(at position) error {
	s.mu.Lock()
	old := at.At == "" || at.At == s.told
	s.told = at.At
	s.mu.Unlock()
	if old {
		return nil
	}
	return s.say(&proto.FromPipeline{Message: &proto.FromPipeline_Safe{Safe: &proto.Safe{Position: at.At}}})
}
