package component

import (
	"context"
	"errors"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// A worker does what a processor or a sink does with some events.
type worker func(ctx context.Context, in []*proto.Event, out *outcome)

// An outcome is what became of some events.
type outcome struct {
	events   []*proto.Event
	of       []uint32
	failures []*proto.Failure
}

func (o *outcome) add(of int, e *proto.Event) {
	o.events = append(o.events, e)
	o.of = append(o.of, uint32(of))
}

func (o *outcome) fail(index int, err error) { o.failures = append(o.failures, failure(index, err)) }

// failAll has a function fail that was given events at some places: each, or those it names.
func (o *outcome) failAll(places []int, err error) {
	var some Failed
	if !errors.As(err, &some) {
		for _, i := range places {
			o.fail(i, err)
		}
		return
	}
	for k, i := range places {
		if err := some[k]; err != nil {
			o.fail(i, err)
		}
	}
}

// Processor is a processor that makes one event of each, or none where it returns [Skip].
func Processor[T, U any](f func(ctx context.Context, in T) (U, error)) Part {
	return each(func(ctx context.Context, i int, e *proto.Event, out *outcome) error {
		in, err := decode[T](e)
		if err != nil {
			return err
		}
		made, err := f(ctx, in)
		if err != nil {
			return err
		}
		message, err := encode(made)
		if err == nil {
			out.add(i, message)
		}
		return err
	})
}

// Flat is a processor that makes any number of events of each.
func Flat[T, U any](f func(ctx context.Context, in T) ([]U, error)) Part {
	return each(func(ctx context.Context, i int, e *proto.Event, out *outcome) error {
		in, err := decode[T](e)
		if err != nil {
			return err
		}
		made, err := f(ctx, in)
		if err != nil {
			return err
		}
		messages := make([]*proto.Event, 0, len(made))
		for _, u := range made {
			m, err := encode(u)
			if err != nil {
				return err
			}
			messages = append(messages, m)
		}
		for _, m := range messages {
			out.add(i, m)
		}
		return nil
	})
}

// each is a processor that handles one event after another.
func each(f func(ctx context.Context, i int, e *proto.Event, out *outcome) error) Part {
	return Part{role: proto.ComponentType_COMPONENT_TYPE_PROCESSOR, work: func(ctx context.Context, in []*proto.Event, out *outcome) {
		for i, e := range in {
			err := guarded(func() error { return f(ctx, i, e, out) })
			if err != nil && !errors.Is(err, Skip) {
				out.fail(i, err)
			}
		}
	}}
}

// Outputs is what a [BatchProcessor] makes of events.
type Outputs[U any] struct {
	events []made[U]
	failed map[int]error
}

type made[U any] struct {
	of    int
	event U
}

// Add adds an event that comes of the one at place of, from 0. Those of one place stay in the
// order in which they were added, and places in their own.
func (o *Outputs[U]) Add(of int, event U) { o.events = append(o.events, made[U]{of, event}) }

// Fail has the event at place of fail: what was added of it does not go on.
func (o *Outputs[U]) Fail(of int, err error) {
	if o.failed == nil {
		o.failed = map[int]error{}
	}
	o.failed[of] = err
}

// BatchProcessor is a processor that is given many events at once. An error that it returns
// is that of all of them, or of those that a [Failed] names.
func BatchProcessor[T, U any](f func(ctx context.Context, in []T, out *Outputs[U]) error) Part {
	return Part{role: proto.ComponentType_COMPONENT_TYPE_PROCESSOR, work: func(ctx context.Context, in []*proto.Event, out *outcome) {
		batch, places := decodeAll[T](in, out)
		if len(batch) == 0 {
			return
		}
		var outputs Outputs[U]
		if err := guarded(func() error { return f(ctx, batch, &outputs) }); err != nil {
			var some Failed
			if !errors.As(err, &some) {
				out.failAll(places, err)
				return
			}
			for k, err := range some {
				outputs.Fail(k, err)
			}
		}
		outputs.take(places, out)
	}}
}

// take puts what was added into the order of the places.
func (o *Outputs[U]) take(places []int, out *outcome) {
	by := make([][]*proto.Event, len(places))
	for _, m := range o.events {
		if m.of < 0 || m.of >= len(places) {
			err := errors.New("the component added an event of place " + strconv.Itoa(m.of) + ", and was given " + strconv.Itoa(len(places)))
			out.failAll(places, err)
			return
		}
		e, err := encode(m.event)
		if err != nil {
			o.Fail(m.of, err)
			continue
		}
		by[m.of] = append(by[m.of], e)
	}
	for k, i := range places {
		if err := o.failed[k]; err != nil {
			out.fail(i, err)
			continue
		}
		for _, e := range by[k] {
			out.add(i, e)
		}
	}
}

// decodeAll decodes events; those that can't be decoded have failed.
func decodeAll[T any](in []*proto.Event, out *outcome) (batch []T, places []int) {
	batch, places = make([]T, 0, len(in)), make([]int, 0, len(in))
	for i, e := range in {
		v, err := decode[T](e)
		if err != nil {
			out.fail(i, err)
			continue
		}
		batch, places = append(batch, v), append(places, i)
	}
	return batch, places
}

// Sink is a sink that is given one event after another: one is safe when f has returned nil.
// Where one fails and may succeed later (see [Transient]), those behind it are not tried
// before it has.
func Sink[T any](f func(ctx context.Context, in T) error) Part {
	return Part{role: proto.ComponentType_COMPONENT_TYPE_CONSUMER, work: func(ctx context.Context, in []*proto.Event, out *outcome) {
		for i, e := range in {
			err := guarded(func() error {
				v, err := decode[T](e)
				if err != nil {
					return err
				}
				return f(ctx, v)
			})
			if err == nil {
				continue
			}
			out.fail(i, err)
			if !transient(err) {
				continue
			}
			for k := i + 1; k < len(in); k++ {
				out.failures = append(out.failures, &proto.Failure{Index: uint32(k), Message: "an event before it failed", Untried: true})
			}
			return
		}
	}}
}

// BatchSink is a sink that is given many events at once: they are safe when f has returned
// nil. An error is that of all of them, or of those that a [Failed] names.
func BatchSink[T any](f func(ctx context.Context, in []T) error) Part {
	return Part{role: proto.ComponentType_COMPONENT_TYPE_CONSUMER, work: func(ctx context.Context, in []*proto.Event, out *outcome) {
		batch, places := decodeAll[T](in, out)
		if len(batch) == 0 {
			return
		}
		if err := guarded(func() error { return f(ctx, batch) }); err != nil {
			out.failAll(places, err)
		}
	}}
}

// complete fills in what the component's function has left out of an event: from the one that
// it comes of (nil for none), and from what the component says of itself.
func (c *server) complete(e, from *proto.Event, nth int) {
	if e.Id == "" {
		switch id := from.GetId(); {
		case id == "":
			e.Id = c.info.GetId() + "-" + strconv.FormatInt(c.made.Add(1), 10)
		case nth == 0:
			e.Id = id
		default:
			e.Id = id + "-" + strconv.Itoa(nth)
		}
	}
	if e.Type == "" {
		if e.Type = from.GetType(); len(c.info.GetOutputEventTypes()) > 0 {
			e.Type = c.info.GetOutputEventTypes()[0]
		}
	}
	if e.SourceComponentId == "" {
		e.SourceComponentId = c.info.GetId()
	}
	if e.ContentType == "" {
		e.ContentType = from.GetContentType()
	}
	if e.Metadata == nil {
		e.Metadata = from.GetMetadata()
	}
	if e.Timestamp == nil {
		if e.Timestamp = from.GetTimestamp(); e.Timestamp == nil {
			e.Timestamp = timestamppb.New(time.Now())
		}
	}
	if e.StellarCursor == nil {
		e.StellarCursor = from.GetStellarCursor()
	}
}

// do has the part work on some events, and completes what it made.
func (c *server) do(ctx context.Context, in []*proto.Event) *outcome {
	c.working.Lock()
	defer c.working.Unlock()
	out := &outcome{}
	c.part.work(ctx, in, out)
	nth := 0
	for k, e := range out.events {
		if k > 0 && out.of[k] == out.of[k-1] {
			nth++
		} else {
			nth = 0
		}
		c.complete(e, in[out.of[k]], nth)
	}
	c.counts.in.Add(int64(len(in)))
	c.counts.out.Add(int64(len(out.events)))
	c.counts.failed.Add(int64(len(out.failures)))
	return out
}
