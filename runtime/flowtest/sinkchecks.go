package flowtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// sinkChecks are what sinks promise: see flow.Sink and the interfaces beside it.
var sinkChecks = []check[*SinkWorld]{
	{"writes", "records are written as they are, in order", nil, sinkWrites},
	{"memory", "a packet's memory is not used when Write has returned", nil, sinkKeepsNothing},
	{"packet-stays", "a packet is not changed: it may be written again", nil, sinkLeavesPacket},
	{"durable", "what Sync has made durable is there after a crash", isVisibleAtOnce, sinkDurable},
	{"unfinished", "what is not done is not published", isPublished, sinkUnfinished},
	{"refused", "a record that is not taken fails alone, by its index", canRefuse, sinkRefuses},
	{"restores", "Restore brings back exactly what State told", isStateful, sinkRestores},
	{"commits", "records and checkpoint become visible by Commit, at once", isTransactional, sinkCommits},
	{"rolls-back", "what was not committed is not there", isTransactional, sinkRollsBack},
	{"fences", "where another generation is, nothing is committed", isTransactional, sinkFences},
	{"forgets", "Forget removes the checkpoint, and no record", isTransactional, sinkForgets},
	{"idle", "Idle changes nothing of what is written", isIdler, sinkIdles},
	{"healthy", "a sink that writes is healthy, and says so from any goroutine", isSinkWaker, sinkHealthy},
	{"late", "a server that is away when the sink opens is waited for", hasSinkServer, sinkLate},
	{"away", "a server that goes away is told, and nothing is lost by that", hasSinkServer, sinkAway},
	{"closes", "Close lets go of everything, also behind an Open that failed", nil, sinkCloses},
	{"goroutines", "no goroutine is left when it is closed", nil, sinkLeaks},
}

func isPublished(w *SinkWorld) bool { return w.Published }

func isVisibleAtOnce(w *SinkWorld) bool { return !w.Published }

func canRefuse(w *SinkWorld) bool { return w.Refused != nil }

func isStateful(w *SinkWorld) bool { _, ok := w.Make().(flow.Stateful); return ok }

func isTransactional(w *SinkWorld) bool { _, ok := w.Make().(flow.Transactional); return ok }

func isIdler(w *SinkWorld) bool { _, ok := w.Make().(flow.Idler); return ok }

func isSinkWaker(w *SinkWorld) bool { _, ok := w.Make().(flow.Waker); return ok }

func hasSinkServer(w *SinkWorld) bool { return w.Stop != nil && w.Start != nil }

func sinkWrites(c *trial, w *SinkWorld) {
	long := longRecord
	if w.Longest > 0 {
		long = min(long, w.Longest)
	}
	want := slices.Concat(samples(0, 150), []string{longSample(long)}, samples(150, 50))
	wr := c.openSink(w, nil)
	for from := 0; from < len(want); {
		to := min(len(want), from+1+from%17)
		wr.write(want[from:to]...)
		if from%3 == 0 {
			wr.sync()
		}
		from = to
	}
	wr.finish()
	c.sees("writing", w, want)
}

func sinkKeepsNothing(c *trial, w *SinkWorld) {
	want := samples(0, 60)
	wr := c.openSink(w, nil)
	for i := range 6 {
		o := w.packet(want[i*10 : i*10+10]...)
		c.must("Write", wr.tryWrite(o))
		w.scribble(o)
	}
	wr.finish()
	c.sees("writing, where a packet's memory is overwritten", w, want)
}

// scribble overwrites a packet's memory, as its next use would.
func (w *SinkWorld) scribble(o *flow.Out) {
	if w.Rows != nil {
		other := w.packet(samples(1000, o.Count)...)
		w.Rows.Truncate(o.Rows, 0)
		w.Rows.Append(o.Rows, other.Rows, 0, other.Count)
	}
	data := o.Data[:cap(o.Data)]
	for i := range data {
		data[i] = 0xA5
	}
	ends := o.Ends[:cap(o.Ends)]
	for i := range ends {
		ends[i] = 0
	}
	for _, keys := range o.Keys {
		clear(keys)
	}
}

func sinkLeavesPacket(c *trial, w *SinkWorld) {
	wr := c.openSink(w, nil)
	for i := range 3 {
		o := w.packet(samples(i*10, 10)...)
		before := w.clone(o)
		c.must("Write", wr.tryWrite(o))
		same := bytes.Equal(o.Data, before.Data) && slices.Equal(o.Ends, before.Ends) && o.Count == before.Count &&
			slices.EqualFunc(o.Keys, before.Keys, func(a, b []string) bool { return slices.Equal(a, b) }) && fmt.Sprint(o.Rows) == fmt.Sprint(before.Rows)
		if !same {
			c.errorf("Write has changed the packet")
		}
	}
	wr.finish()
}

func sinkDurable(c *trial, w *SinkWorld) {
	want := samples(0, 40)
	wr := c.openSink(w, nil)
	wr.write(want[:10]...)
	wr.write(want[10:20]...)
	wr.sync()
	wr.write(want[20:]...)
	wr.kill()
	got := w.Visible()
	if len(got) < 20 || len(got) > 40 {
		c.errorf("20 records were synced and 20 more written, and %d are there", len(got))
		return
	}
	c.compare("behind a crash", w, got, want[:len(got)])
}

func sinkUnfinished(c *trial, w *SinkWorld) {
	wr := c.openSink(w, nil)
	wr.write(samples(0, 10)...)
	wr.sync()
	wr.close(false)
	c.sees("closed, and not done", w, nil)
}

func sinkRefuses(c *trial, w *SinkWorld) {
	good := samples(0, 10)
	wr := c.openSink(w, nil)
	o, bad := w.Refused(good...)
	err := wr.tryWrite(o)
	var partial *flow.PartialError
	if !errors.As(err, &partial) {
		c.fatalf("Write returns no *flow.PartialError: %v", err)
	}
	// What stands behind a record that failed may be left for later: the engine
	// writes it again.
	failed := slices.Sorted(maps.Keys(partial.Failed))
	told := slices.DeleteFunc(slices.Clone(failed), func(i int) bool { return errors.Is(partial.Failed[i], flow.ErrNotTried) })
	if !slices.Equal(told, bad) {
		c.fatalf("the records %v fail and not %v", told, bad)
	}
	for _, i := range told {
		if class := flow.ClassOf(partial.Failed[i]); class == flow.Fatal || isAway(partial.Failed[i]) {
			c.errorf("the error of record %d would not be that record's alone (class %v): %v", i, class, partial.Failed[i])
		}
	}
	if len(failed) > len(told) {
		for _, i := range told {
			delete(partial.Failed, i)
		}
		left, _, err := w.leftOf(o, partial)
		c.must("Write", err)
		c.must("Write, of what was not tried", wr.tryWrite(left))
	}
	more := samples(10, 5)
	wr.write(more...)
	wr.finish()
	c.sees("around records that were refused", w, slices.Concat(good, more))
}

func sinkIdles(c *trial, w *SinkWorld) {
	want := samples(0, 40)
	wr := c.openSink(w, nil)
	idler := wr.s.(flow.Idler)
	idle := func() { c.must("Idle", c.call("Idle", func() error { idler.Idle(); return nil })) }
	idle()
	wr.write(want[:20]...)
	idle()
	idle()
	wr.write(want[20:]...)
	idle()
	wr.sync()
	idle()
	wr.finish()
	c.sees("writing, with pauses", w, want)
}

func sinkHealthy(c *trial, w *SinkWorld) {
	wr := c.openSink(w, nil)
	waker := wr.s.(flow.Waker)
	asked := c.start(func() error {
		for range 100 {
			_ = waker.Healthy(c) // that it may be asked at any time counts here
		}
		return nil
	})
	wr.write(samples(0, 10)...)
	wr.sync()
	c.must("Healthy", c.call("Healthy", func() error { return <-asked }))
	if err := c.call("Healthy", func() error { return waker.Healthy(c) }); err != nil {
		c.errorf("it has just written, and says: %v", err)
	}
	wr.close(true)
}

func sinkLate(c *trial, w *SinkWorld) {
	want := samples(0, 10)
	back := c.goAway(w.Stop, w.Start)
	wr := &writing{c: c, w: w, s: w.Make()}
	c.finally(func() { wr.close(false) })
	open := func() error { return c.call("Open", func() error { return wr.s.Open(c) }) }
	if err := open(); err == nil { // one that connects when it writes
		wr.throughAway(back, want)
	} else {
		c.mustBeAway("Open", err)
		back()
		c.eventually("Open succeeds when the server is there", func() bool {
			err := open()
			if err != nil {
				c.mustBeAway("Open", err)
			}
			return err == nil
		})
		wr.write(want...)
	}
	wr.finish()
	c.sees("writing, where the server came late", w, want)
}

// throughAway writes packets while the server is away, and has it come back when the
// sink has told so.
func (wr *writing) throughAway(back func(), packets ...[]string) {
	c := wr.c
	told := make(chan struct{}, 1)
	result := c.start(func() error {
		for _, records := range packets {
			err := wr.deliver(wr.w.packet(records...), func() {
				select {
				case told <- struct{}{}:
				default:
				}
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	early := c.call("Write or Sync, while the server is away,", func() error {
		select {
		case <-told:
			return nil
		case err := <-result:
			if err == nil {
				return errors.New("it succeeds")
			}
			return err
		}
	})
	if early != nil {
		c.fatalf("writing while the server is away gives no error with Unavailable() bool: %v", early)
	}
	back()
	c.must("writing, when the server is back", c.call("writing, when the server is back,", func() error { return <-result }))
}

func sinkAway(c *trial, w *SinkWorld) {
	want := samples(0, 60)
	wr := c.openSink(w, nil)
	wr.write(want[:10]...)
	wr.sync()
	wr.write(want[10:20]...) // and nobody has made it durable
	back := c.goAway(w.Stop, w.Start)
	wr.throughAway(back, want[20:40], want[40:])
	wr.finish()
	// What was on its way when the server went may be there twice.
	got := w.Visible()
	var first []string
	for _, record := range got {
		if !slices.Contains(first, record) {
			first = append(first, record)
		}
	}
	c.compare("writing, where the server was away", w, first, want)
}

func sinkCloses(c *trial, w *SinkWorld) {
	gone, cancel := context.WithCancel(c)
	cancel()
	open := func(ctx context.Context) {
		s := w.Make()
		_ = c.call("Open", func() error { return s.Open(ctx) })
		_ = c.call("Close", func() error { return s.Close(context.Background(), false) })
	}
	open(gone)
	open(c)
	if hasSinkServer(w) {
		back := c.goAway(w.Stop, w.Start)
		open(c)
		back()
	}
	if w.Refused == nil {
		return
	}
	wr := c.openSink(w, nil)
	o, _ := w.Refused("good")
	_ = wr.tryWrite(o)
	wr.close(false)
}

func sinkLeaks(c *trial, w *SinkWorld) {
	before := goroutines()
	for i := range 3 {
		wr := c.openSink(w, nil)
		wr.write(samples(i*5, 5)...)
		wr.finish()
	}
	c.noNewOnes(before, w.NotIts)
}
