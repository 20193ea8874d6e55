package component

import (
	"context"

	"github.com/flowc-dev/flowc/runtime/connect/foreign"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/proto"
)

// writeAcked gives the component the records, and returns when it has said what became of
// each. One that dies meanwhile is started again by its policy, and gets those that it has
// not answered.
func (s *Sink) writeAcked(ctx context.Context, o *flow.Out) error {
	failed := map[int]error{}
	metas, err := s.envelopes(o)
	if err != nil {
		return err
	}
	begin := func(i int) uint32 {
		if i == 0 {
			return 0
		}
		return o.Ends[i-1]
	}
	for from := 0; from < len(o.Ends); {
		if err := s.begin(ctx); err != nil {
			return err
		}
		if s.link == nil { // it was started again, and speaks flowctl.v1 alone
			return s.peer.broken(breaks("it spoke it before it was started again"))
		}
		done, err := s.link.give(ctx, giving{
			n:     len(o.Ends) - from,
			event: func(i int, e *proto.Event) { s.maker.fill(e, &metas[from+i], o.Data[begin(from+i):o.Ends[from+i]]) },
			size:  func(i int) int { return int(o.Ends[from+i] - begin(from+i)) },
			answered: func(first, _ int, a *proto.Answer, _ bool) error {
				if len(a.GetEvents()) > 0 {
					return breaks("a sink answers without events")
				}
				for _, f := range a.GetFailures() {
					failed[from+first+int(f.GetIndex())] = errorOf(f)
				}
				return nil
			},
		})
		from += done
		if done > 0 {
			s.peer.progress()
		}
		if err == nil {
			continue
		}
		s.drop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err = s.peer.broken(err); flow.ClassOf(err) == flow.Fatal || s.peer.abandon() == nil {
			if from > 0 {
				return partly(failed, from, len(o.Ends), err)
			}
			return err
		}
		s.peer.keeper.Log("its stream ended: %s", err)
	}
	if len(failed) > 0 {
		return &flow.PartialError{Failed: failed}
	}
	return nil
}

// partly is the error of a write of which the first events are answered.
func partly(failed map[int]error, from, n int, err error) error {
	if flow.ClassOf(err) == flow.Fatal {
		return err
	}
	for i := from; i < n; i++ {
		failed[i] = err
	}
	return &flow.PartialError{Failed: failed}
}

// envelopes are those of the records; where there are none each is made anew.
func (s *Sink) envelopes(o *flow.Out) ([]foreign.Meta, error) {
	metas := make([]foreign.Meta, len(o.Ends))
	if s.envelope < 0 {
		return metas, nil
	}
	for i := range metas {
		var err error
		if metas[i], err = foreign.Unpack(o.Keys[s.envelope][i]); err != nil {
			return nil, err
		}
	}
	return metas, nil
}

// drop lets go of a link that is broken.
func (s *Sink) drop() {
	if s.link != nil {
		s.link.cancel()
		s.link = nil
	}
}

// closeAcked ends the stream of a component that has answered all.
func (s *Sink) closeAcked(done bool) error {
	if s.link == nil {
		return nil
	}
	patience := closing
	if !done {
		patience = closing / 10
	}
	err := s.link.finish(patience)
	s.link = nil
	if done && err != nil {
		return s.peer.broken(err)
	}
	return nil
}
