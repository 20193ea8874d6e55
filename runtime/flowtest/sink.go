package flowtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A SinkWorld is what a sink writes to. Each check gets a new one.
type SinkWorld struct {
	// Make makes a sink that writes to this world, as the compiler would; it does
	// not open it. It is called several times.
	Make func() flow.Sink
	// Packet encodes texts without line ends as the sink's records. Without, each
	// has a line end behind it, and Ends.
	Packet func(records ...string) *flow.Out
	// Rows are the operations on Out.Rows of packets that have it.
	Rows *flow.Rows
	// Visible are the texts that whoever reads the other end sees now, in the order
	// in which they were written.
	Visible func() []string
	// Published tells that they are seen when Close was told that all is done, and
	// not before.
	Published bool
	// Unordered tells that nothing keeps their order there.
	Unordered bool
	// Longest is the longest record in bytes that it takes; 0 for no limit.
	Longest int
	// Refused makes a packet of good texts between others that the sink does not
	// take, at the places bad; nil where it takes whatever it gets.
	Refused func(good ...string) (o *flow.Out, bad []int)
	// Kill lets go of what the death of the process would, and of no more: what is in
	// buffers is gone. Without, the sink is closed as the engine closes one that
	// failed.
	Kill func(s flow.Sink)
	// Stop has the server go away, Start come back, with all it had; nil where
	// there is no server.
	Stop, Start func()
	// NotIts tells, by its stack, that a goroutine is not the connector's but that
	// of a server in this process; nil where there is none.
	NotIts func(stack string) bool
}

// Sink checks that a sink keeps what flow.Sink and the interfaces beside it that it
// implements promise: makeWorld makes an empty world for each check.
func Sink(t *testing.T, makeWorld func(t testing.TB) *SinkWorld) {
	suite(t, sinkChecks, makeWorld)
}

// A writing writes to a sink as the engine does.
type writing struct {
	c *trial
	w *SinkWorld
	s flow.Sink
	// closed tells that it was closed, or killed.
	closed bool
}

// openSink opens a new sink, from a state on where there is one.
func (c *trial) openSink(w *SinkWorld, from json.RawMessage) *writing {
	wr := &writing{c: c, w: w, s: w.Make()}
	if from != nil {
		c.must("Restore", c.call("Restore", func() error { return wr.s.(flow.Stateful).Restore(c, from) }))
	}
	return wr.open()
}

// openKeeping opens a sink that keeps the checkpoint.
func (c *trial) openKeeping(w *SinkWorld) (*writing, flow.Transactional) {
	wr := &writing{c: c, w: w, s: w.Make()}
	keeper := wr.s.(flow.Transactional)
	keeper.Keep("flowtest")
	return wr.open(), keeper
}

func (wr *writing) open() *writing {
	wr.c.finally(func() { wr.close(false) })
	wr.c.must("Open", wr.c.call("Open", func() error { return wr.s.Open(wr.c) }))
	return wr
}

// packet encodes records.
func (w *SinkWorld) packet(records ...string) *flow.Out {
	if w.Packet != nil {
		return w.Packet(records...)
	}
	o := &flow.Out{Count: len(records)}
	for _, r := range records {
		o.Data = append(append(o.Data, r...), '\n')
		o.Ends = append(o.Ends, uint32(len(o.Data)))
	}
	return o
}

func (wr *writing) tryWrite(o *flow.Out) error {
	return wr.c.call("Write", func() error { return wr.s.Write(wr.c, o) })
}

func (wr *writing) trySync() error {
	return wr.c.call("Sync", func() error { return wr.s.Sync(wr.c) })
}

// write writes records in a packet of their own.
func (wr *writing) write(records ...string) {
	wr.c.must("Write", wr.tryWrite(wr.w.packet(records...)))
}

func (wr *writing) sync() { wr.c.must("Sync", wr.trySync()) }

// state is what a checkpoint holds of the sink.
func (wr *writing) state() json.RawMessage {
	var state any
	wr.c.must("State", wr.c.call("State", func() (err error) {
		state, err = wr.s.(flow.Stateful).State()
		return err
	}))
	text, err := json.Marshal(state)
	wr.c.must("a state as JSON", err)
	return text
}

// close closes the sink, once.
func (wr *writing) close(done bool) {
	if wr.closed || wr.c.hangs {
		return
	}
	wr.closed = true
	err := wr.c.call("Close", func() error { return wr.s.Close(context.Background(), done) })
	if done {
		wr.c.must("Close", err)
	}
}

// kill ends the sink as the death of the process would.
func (wr *writing) kill() {
	if wr.w.Kill == nil {
		wr.close(false)
		return
	}
	wr.closed = true
	wr.w.Kill(wr.s)
}

// finish makes all durable and ends the stream.
func (wr *writing) finish() {
	wr.sync()
	wr.close(true)
}

// sees compares what is visible with what should be.
func (c *trial) sees(what string, w *SinkWorld, want []string) {
	got := w.Visible()
	c.compare(what, w, got, want)
}

func (c *trial) compare(what string, w *SinkWorld, got, want []string) {
	if w.Unordered {
		got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	}
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			c.errorf("%s: %d records are there and not %d, the first that is missing is %s", what, len(got), len(want), shown([]byte(want[i])))
			return
		case i >= len(want):
			c.errorf("%s: %d records are there and not %d, the first that is too many is %s", what, len(got), len(want), shown([]byte(got[i])))
			return
		case got[i] != want[i]:
			c.errorf("%s: record %d %s", what, i, difference([]byte(got[i]), []byte(want[i])))
			return
		}
	}
}

// deliver writes a packet and makes it durable as the engine does: what is
// unavailable is tried again for ever, and told to away.
func (wr *writing) deliver(o *flow.Out, away func()) error {
	left := o
	for {
		err := wr.s.Write(wr.c, left)
		var partial *flow.PartialError
		switch {
		case err == nil:
		case errors.As(err, &partial):
			var gone bool
			if left, gone, err = wr.w.leftOf(left, partial); err != nil {
				return err
			}
			if gone {
				away()
			}
		case !isAway(err):
			return err
		default:
			away()
		}
		if err == nil && partial == nil {
			break
		}
		if wr.c.Err() != nil {
			return wr.c.Err()
		}
		time.Sleep(20 * time.Millisecond)
	}
	for {
		err := wr.s.Sync(wr.c)
		if err == nil || !isAway(err) || wr.c.Err() != nil {
			return err
		}
		away()
		time.Sleep(20 * time.Millisecond)
	}
}

// leftOf are the records of a packet that are to be written again: those that
// nobody tried, and those whose server was away.
func (w *SinkWorld) leftOf(o *flow.Out, partial *flow.PartialError) (left *flow.Out, gone bool, err error) {
	left = &flow.Out{Keys: make([][]string, len(o.Keys))}
	if w.Rows != nil {
		left.Rows = w.Rows.New()
	}
	from := uint32(0)
	for i := range o.Count {
		var record []byte
		if w.Rows == nil {
			record = o.Data[from:o.Ends[i]]
			from = o.Ends[i]
		}
		why, failed := partial.Failed[i]
		if !failed {
			continue
		}
		if !errors.Is(why, flow.ErrNotTried) {
			if !isAway(why) {
				return nil, false, why
			}
			gone = true
		}
		if w.Rows != nil {
			w.Rows.Append(left.Rows, o.Rows, i, i+1)
		} else {
			left.Data = append(left.Data, record...)
			left.Ends = append(left.Ends, uint32(len(left.Data)))
		}
		for k := range o.Keys {
			left.Keys[k] = append(left.Keys[k], o.Keys[k][i])
		}
		left.Count++
	}
	return left, gone, nil
}

// clone is a packet with memory of its own.
func (w *SinkWorld) clone(o *flow.Out) *flow.Out {
	out := &flow.Out{Data: bytes.Clone(o.Data), Ends: slices.Clone(o.Ends), Count: o.Count}
	for _, keys := range o.Keys {
		out.Keys = append(out.Keys, slices.Clone(keys))
	}
	if w.Rows != nil {
		out.Rows = w.Rows.New()
		w.Rows.Append(out.Rows, o.Rows, 0, o.Count)
	}
	return out
}
