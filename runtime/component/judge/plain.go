package judge

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// settle is how long a processor is quiet when it is taken to be done.
const settle = 300 * time.Millisecond

// within calls f with a context that ends after the patience.
func (j *judge) within(ctx context.Context, f func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, j.Patience)
	defer cancel()
	return f(ctx)
}

// some reads a source's events: n, or those that come within the patience.
func (j *judge) some(ctx context.Context, n int) (got []*proto.Event, err error) {
	err = j.within(ctx, func(ctx context.Context) error {
		s, err := proto.NewSourceServiceClient(j.conn).StreamEvents(ctx, &proto.StreamRequest{})
		for err == nil && len(got) < n {
			var e *proto.Event
			if e, err = s.Recv(); err == nil {
				got = append(got, e)
			}
		}
		return err
	})
	if errors.Is(err, io.EOF) || len(got) > 0 && status.Code(err) == codes.DeadlineExceeded {
		err = nil
	}
	return got, err
}

func plainGives(ctx context.Context, j *judge) outcome {
	got, err := j.some(ctx, 20)
	if err != nil {
		return fail("no event came: %s", reason(err))
	}
	types := map[string]bool{}
	for _, t := range j.info.GetOutputEventTypes() {
		types[t] = true
	}
	for i, e := range got {
		switch {
		case e.GetId() == "":
			return fail("event %d has no id", i+1)
		case len(types) > 0 && !types[e.GetType()]:
			return fail("event %d has the type %q, and GetInfo lists %s", i+1, e.GetType(), list(j.info.GetOutputEventTypes()))
		}
	}
	return pass("%d came", len(got))
}

func plainSlow(ctx context.Context, j *judge) outcome {
	quick, err := j.some(ctx, 200)
	if err != nil {
		return fail("%s", reason(err))
	}
	var slow []*proto.Event
	err = j.within(ctx, func(ctx context.Context) error {
		s, err := proto.NewSourceServiceClient(j.conn).StreamEvents(ctx, &proto.StreamRequest{})
		for err == nil && len(slow) < len(quick) {
			if len(slow)%50 == 0 {
				time.Sleep(100 * time.Millisecond)
			}
			var e *proto.Event
			if e, err = s.Recv(); err == nil {
				slow = append(slow, e)
			}
		}
		return err
	})
	if len(slow) < len(quick) {
		return fail("%d events came to a slow reader where %d came to a quick one (%s)", len(slow), len(quick), reason(err))
	}
	return pass("%d events", len(slow))
}

func plainAgain(ctx context.Context, j *judge) outcome {
	if got, err := j.some(ctx, 1); err != nil || len(got) == 0 {
		return fail("after a stream that was broken off the next one gives nothing: %s", reason(err))
	}
	return pass("it gives events again")
}

// processed gives a plain processor events and gathers what it answers; all at once, or one at
// a time. ended tells that the stream ended by itself.
func (j *judge) processed(ctx context.Context, events []*proto.Event, atOnce, half bool) (got []*proto.Event, err error) {
	ctx, cancel := context.WithTimeout(ctx, j.Patience)
	defer cancel()
	s, err := proto.NewProcessorServiceClient(j.conn).Process(ctx)
	if err != nil {
		return nil, err
	}
	type said struct {
		e   *proto.Event
		err error
	}
	heard := make(chan said, len(events)*4)
	go func() {
		for {
			e, err := s.Recv()
			select {
			case heard <- said{e, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	gather := func(quiet time.Duration) error {
		for {
			select {
			case m := <-heard:
				if m.err != nil {
					return m.err
				}
				got = append(got, m.e)
				if !atOnce && !half {
					return nil
				}
			case <-time.After(quiet):
				return nil
			}
		}
	}
	for _, e := range events {
		if err := s.Send(e); err != nil && !errors.Is(err, io.EOF) {
			return got, err
		}
		if !atOnce {
			if err := gather(settle); err != nil {
				return got, err
			}
		}
	}
	if half {
		if err := s.CloseSend(); err != nil {
			return got, err
		}
		err = gather(j.Patience)
		if errors.Is(err, io.EOF) {
			return got, nil
		}
		if err == nil {
			err = errors.New("it did not end its stream")
		}
		return got, err
	}
	return got, gather(settle)
}

func plainOrder(ctx context.Context, j *judge) outcome {
	const n = 200
	inTurn := j.info.GetMetadata()["max_concurrent"] == "1"
	if !inTurn {
		return skip("it does not say max_concurrent=1, so it is given one event at a time")
	}
	got, err := j.processed(ctx, j.events(0, n), true, false)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return fail("%s", reason(err))
	case len(got) == 0:
		return skip("it answered none of the events: say which ones it knows (--events FILE)")
	}
	last := -1
	for _, e := range got {
		i := place(e, n)
		if i < 0 {
			return skip("its answers do not tell which event they come of")
		}
		if i < last {
			return fail("it says max_concurrent=1, and answered event %d behind event %d", i, last)
		}
		last = i
	}
	return pass("%d answers to %d events", len(got), n)
}

// place is the event that an answer comes of, as far as its id or its metadata tell; -1.
func place(e *proto.Event, n int) int {
	for _, text := range []string{e.GetMetadata()["judge"], strings.TrimPrefix(e.GetId(), "judge-")} {
		v := 0
		digits := 0
		for ; digits < len(text) && text[digits] >= '0' && text[digits] <= '9'; digits++ {
			v = v*10 + int(text[digits]-'0')
		}
		if digits > 0 && v < n {
			return v
		}
	}
	return -1
}

func plainEnd(ctx context.Context, j *judge) outcome {
	whole, err := j.processed(ctx, j.events(0, 20), false, false)
	if err != nil && !errors.Is(err, io.EOF) {
		return fail("%s", reason(err))
	}
	if len(whole) == 0 {
		return skip("it answered none of the events: say which ones it knows (--events FILE)")
	}
	cut, err := j.processed(ctx, j.events(0, 20), true, true)
	switch {
	case err != nil:
		return fail("%s", reason(err))
	case len(cut) < len(whole):
		return fail("of %d answers %d came where the input ended at once: flowc waits until a component is quiet, other clients lose them", len(whole), len(cut))
	}
	return pass("%d answers, whether its input ends at once or not", len(cut))
}

func plainCounts(ctx context.Context, j *judge) outcome {
	const n = 100
	r, err := j.consumed(ctx, j.events(0, n))
	switch {
	case err != nil:
		return fail("%s", reason(err))
	case r.GetEventsConsumed() != n:
		return fail("it was given %d events, and says that it received %d", n, r.GetEventsConsumed())
	case r.GetEventsFailed() > 0 && len(j.Payloads) > 0:
		return fail("it says that %d of %d events failed: %s", r.GetEventsFailed(), n, strings.Join(r.GetErrors(), "; "))
	case r.GetEventsFailed() > 0:
		return pass("it received %d, and could not deal with %d: it knows others (--events FILE)", n, r.GetEventsFailed())
	}
	return pass("it received %d", n)
}

func (j *judge) consumed(ctx context.Context, events []*proto.Event) (r *proto.ConsumeResponse, err error) {
	err = j.within(ctx, func(ctx context.Context) error {
		s, err := proto.NewConsumerServiceClient(j.conn).Consume(ctx)
		if err != nil {
			return err
		}
		for _, e := range events {
			if s.Send(e) != nil {
				break // the answer says why
			}
		}
		r, err = s.CloseAndRecv()
		return err
	})
	return r, err
}

// plainly gives events over flowctl.v1, whatever becomes of them.
func (j *judge) plainly(ctx context.Context, events []*proto.Event) (answers int, err error) {
	if j.role == proto.ComponentType_COMPONENT_TYPE_CONSUMER {
		r, err := j.consumed(ctx, events)
		return int(r.GetEventsConsumed()), err
	}
	got, err := j.processed(ctx, events, false, false)
	return len(got), err
}

// pause is what a component is given to see that a stream has begun, or is gone.
const pause = 100 * time.Millisecond

// broken are events that nobody can make sense of.
func (j *judge) broken() []*proto.Event {
	return []*proto.Event{
		{Id: "judge-0", Type: j.event(0).GetType(), Payload: []byte("\xff\x00{ no ] thing"), ContentType: "application/json"},
		{Id: "judge-1", Type: "judge.no.such.type.v1", Payload: []byte(`{"n":1}`), ContentType: "application/x-unknown"},
		{},
	}
}

func plainGarbage(ctx context.Context, j *judge) outcome {
	before, err := j.plainly(ctx, j.events(0, 2))
	if err != nil {
		return fail("%s", reason(err))
	}
	if _, err := j.plainly(ctx, append(j.broken(), j.event(3))); err != nil {
		return fail("at events that are garbage, of an unknown type, and empty, its stream ended: %s", reason(err))
	}
	after, err := j.plainly(ctx, j.events(0, 2))
	if err != nil || after != before {
		return fail("behind them it gives %d answers where it gave %d (%s)", after, before, reason(err))
	}
	return pass("it goes on behind garbage, an unknown type and an empty event")
}

// largeBytes is more than gRPC's servers take where nobody says otherwise.
const largeBytes = 5 << 20

func (j *judge) large() *proto.Event {
	e := j.event(0)
	e.Payload = []byte(`{"n":0,"large":"` + strings.Repeat("x", largeBytes) + `"}`)
	return e
}

func plainLarge(ctx context.Context, j *judge) outcome {
	if _, err := j.plainly(ctx, []*proto.Event{j.large()}); err != nil {
		return fail("an event of %d MB ends its stream: %s", largeBytes>>20, reason(err))
	}
	return pass("of %d MB", largeBytes>>20)
}

func plainBroken(ctx context.Context, j *judge) outcome {
	for range 3 {
		short, cancel := context.WithCancel(ctx)
		var s grpc.ClientStream
		var err error
		if j.role == proto.ComponentType_COMPONENT_TYPE_CONSUMER {
			s, err = proto.NewConsumerServiceClient(j.conn).Consume(short)
		} else {
			s, err = proto.NewProcessorServiceClient(j.conn).Process(short)
		}
		if err == nil {
			err = s.SendMsg(j.event(0))
		}
		time.Sleep(pause) // so that it is seen, before it is broken off
		cancel()
		if err != nil {
			return fail("%s", reason(err))
		}
	}
	time.Sleep(pause)
	if _, err := j.plainly(ctx, j.events(0, 2)); err != nil {
		return fail("behind streams that were broken off it fails: %s", reason(err))
	}
	return pass("three, and the next one is served")
}
