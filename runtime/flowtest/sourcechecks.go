package flowtest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// sourceChecks are what sources promise: see flow.Source and the interfaces beside
// it.
var sourceChecks = []check[*SourceWorld]{
	{"reads", "records come as they are, all of them, each split in order", nil, sourceReads},
	{"ends", "the end of a stream is io.EOF itself, without records", isBounded, sourceEnds},
	{"batches", "Read waits until there is a record", nil, sourceBatches},
	{"context", "Read ends with its context, and nothing is lost by that", nil, sourceContext},
	{"batch-stays", "a batch that was read is not touched any more", nil, sourceLeavesBatch},
	{"memory", "a source keeps nothing of a batch's memory, which is used again", nil, sourceKeepsNothing},
	{"position-stays", "a position stays what it was when Read returned it", canSeek, sourcePositionStays},
	{"resumes", "from each position on come the records behind it", canSeek, sourceResumes},
	{"foreign-position", "a position that is none of its own is an error", canSeek, sourceForeignPosition},
	{"acks", "Ack moves forward, and lets go of nothing behind its positions", isAcker, sourceAcks},
	{"answers", "OnDone takes answers in any order, from any goroutine, and does not block", nil, sourceAnswers},
	{"places", "each record has a place of its own, told from any goroutine", isPlacer, sourcePlaces},
	{"healthy", "a source that reads is healthy, and says so from any goroutine", isSourceWaker, sourceHealthy},
	{"late", "a server that is away when the source opens is waited for", hasSourceServer, sourceLate},
	{"away", "a server that goes away is told, and nothing is lost by that", hasSourceServer, sourceAway},
	{"range", "a range gives the records in it, and no others", hasRange, rangeReads},
	{"range-chunks", "the chunks of a range hold each of its records once, however many are read at once", hasRange, rangeChunks},
	{"range-resumes", "a range goes on from each position, in all of its chunks", hasRange, rangeResumes},
	{"range-stays", "a range that is not through is not mixed with another, and what is through stays so", hasRange, rangeStays},
	{"closes", "Close lets go of everything, also behind an Open that failed", nil, sourceCloses},
	{"goroutines", "no goroutine is left when it is closed", nil, sourceLeaks},
}

func isBounded(w *SourceWorld) bool { return !endless(w.Make()) }

func canSeek(w *SourceWorld) bool { _, ok := w.Make().(flow.Seeker); return ok }

func isAcker(w *SourceWorld) bool { _, ok := w.Make().(flow.Acker); return ok }

func isPlacer(w *SourceWorld) bool { _, ok := w.Make().(flow.Placer); return ok }

func isSourceWaker(w *SourceWorld) bool { _, ok := w.Make().(flow.Waker); return ok }

func hasSourceServer(w *SourceWorld) bool { return w.Stop != nil && w.Start != nil }

func sourceReads(c *trial, w *SourceWorld) {
	long := longRecord
	if w.Longest > 0 {
		long = min(long, w.Longest)
	}
	want := slices.Concat(samples(0, 300), []string{longSample(long)}, samples(300, 100))
	w.Feed(want...)
	r := c.openSource(w, nil)
	c.same("reading", r.rest(len(want)), want)
}

func sourceEnds(c *trial, w *SourceWorld) {
	want := samples(0, 3)
	w.Feed(want...)
	r := c.openSource(w, nil)
	r.rest(len(want))
	if r.ended != io.EOF { //nolint:errorlint // the engine takes one that is wrapped for a failure
		c.errorf("Read returns %v at the end", r.ended)
	}
	// A source that has nothing at all ends as well.
	b := w.batch()
	if err := c.call("Read", func() error { return r.s.Read(c, b) }); err == nil || len(w.records(b)) > 0 {
		c.errorf("behind the end come %d records (error: %v)", len(w.records(b)), err)
	}
}

func sourceBatches(c *trial, w *SourceWorld) {
	r, _ := c.portions(w, 5, 20)
	if r.empty > 0 {
		c.errorf("%d of %d batches have no records, and no OnDone that would give them a meaning", r.empty, len(r.steps))
	}
}

// portions feeds records in portions and reads what comes: all at the end, or after
// each portion where the source does not end.
func (c *trial) portions(w *SourceWorld, portions, each int) (r *reading, want []string) {
	for i := range portions {
		more := samples(i*each, each)
		want = append(want, more...)
		w.Feed(more...)
		if r == nil && endless(w.Make()) {
			r = c.openSource(w, nil)
		}
		if r != nil {
			r.read(each)
		}
	}
	if r == nil {
		r = c.openSource(w, nil)
		r.rest(len(want))
	}
	c.same("reading", r.steps, want)
	return r, want
}

func sourceContext(c *trial, w *SourceWorld) {
	want := samples(0, 40)
	w.Feed(want...)
	r := c.openSource(w, nil)
	cut := func(after time.Duration) {
		ctx, cancel := context.WithCancel(c)
		result := c.start(func() error {
			for { // a batch may say no more than how far the source is
				b := w.batch()
				if err := r.s.Read(ctx, b); err != nil || b.OnDone == nil || len(w.records(b)) > 0 {
					return err
				}
			}
		})
		time.Sleep(after)
		cancel()
		err := c.call("Read with a context that has ended", func() error { return <-result })
		if !errors.Is(err, context.Canceled) {
			c.errorf("Read returns %v and not its context's error", err)
		}
	}
	if endless(r.s) {
		r.read(len(want))
		cut(0)
		cut(50 * time.Millisecond) // it waits by then, most likely
		more := samples(len(want), 10)
		w.Feed(more...)
		want = append(want, more...)
	} else {
		// It may see its context or not: what is in a batch counts, and what comes with
		// an error does not.
		ctx, cancel := context.WithCancel(c)
		cancel()
		if _, _, err := r.next(ctx); err != nil && !errors.Is(err, context.Canceled) {
			c.errorf("Read returns %v and not its context's error", err)
		}
	}
	r.rest(len(want))
	c.same("reading, behind a Read that was cut off", r.steps, want)
}

func sourceLeavesBatch(c *trial, w *SourceWorld) {
	r, _ := c.portions(w, 5, 20)
	r.close()
	for i, st := range r.steps {
		if now := w.records(st.batch); !slices.Equal(now, st.records) || st.batch.Split != st.split {
			c.errorf("the %d. of %d batches has changed since it was read", i+1, len(r.steps))
			return
		}
	}
}

func sourceKeepsNothing(c *trial, w *SourceWorld) {
	want := samples(0, 400)
	w.Feed(want...)
	r := c.openSource(w, nil)
	for got := 0; got < len(want); {
		st, more, err := r.next(c)
		c.must("Read", err)
		if !more {
			break
		}
		got += len(st.records)
		data := st.batch.Data[:cap(st.batch.Data)]
		for i := range data {
			data[i] = 0xA5
		}
		ends := st.batch.Ends[:cap(st.batch.Ends)]
		for i := range ends {
			ends[i] = 0xA5A5A5A5
		}
	}
	c.same("reading, where each batch's memory is overwritten", r.steps, want)
}

func sourcePositionStays(c *trial, w *SourceWorld) {
	r, _ := c.portions(w, 5, 20)
	for i, st := range r.steps {
		if st.position == nil {
			continue
		}
		now, err := json.Marshal(st.batch.Position)
		c.must("a position as JSON", err)
		if string(now) != string(st.position) {
			c.errorf("the position of the %d. of %d batches was %s and is %s now", i+1, len(r.steps), st.position, now)
			return
		}
	}
}

// someOf are at most n of the numbers below count, spread over them, the first and
// the last always.
func someOf(count, n int) []int {
	var out []int
	for i := range min(count, n) {
		out = append(out, i*(count-1)/max(1, min(count, n)-1))
	}
	return out
}

func sourceResumes(c *trial, w *SourceWorld) {
	r, want := c.portions(w, 8, 60)
	steps := r.steps
	r.close()
	for _, i := range someOf(len(steps), 8) {
		done := steps[:i+1]
		rest := without(want, texts(done))
		at := positions(done)
		if len(at) == 0 {
			c.fatalf("a source that can go back gives no position with its first %d batches", i+1)
		}
		r := c.openSource(w, at)
		got := r.rest(len(rest))
		c.same("from "+shownPositions(at)+" on", got, rest)
		if len(c.problems) > 0 {
			return
		}
		r.close()
		// A position of a run that was resumed is as good as any.
		if i == 0 && len(got) > 1 {
			done := slices.Concat(done, got[:1])
			rest := without(want, texts(done))
			again := c.openSource(w, positions(done))
			c.same("from a position of a run that went on from another", again.rest(len(rest)), rest)
			again.close()
		}
	}
	if w.Fixed {
		return
	}
	// Where all was read, only what is new comes.
	more := samples(len(want), 2)
	w.Feed(more...)
	last := c.openSource(w, positions(steps))
	c.same("behind the last position", last.rest(len(more)), more)
}

func shownPositions(at map[string]json.RawMessage) string {
	text, err := json.Marshal(at)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// without are the texts of all that are not in some.
func without(all, some []string) []string {
	known := make(map[string]bool, len(some))
	for _, s := range some {
		known[s] = true
	}
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return known[s] })
}

func sourceForeignPosition(c *trial, w *SourceWorld) {
	r, _ := c.portions(w, 1, 3)
	at := positions(r.steps)
	r.close()
	for split := range at {
		at[split] = json.RawMessage(`"none of yours"`)
	}
	s := w.Make()
	err := c.call("Seek", func() error { return s.(flow.Seeker).Seek(c, at) })
	if err == nil {
		c.finally(func() { _ = s.Close(context.Background()) })
		err = c.call("Open", func() error { return s.Open(c) })
	}
	if err == nil {
		c.errorf("it goes on from the position %s as if that were one", `"none of yours"`)
	}
}

func sourceAcks(c *trial, w *SourceWorld) {
	r, want := c.portions(w, 6, 10)
	acker := r.s.(flow.Acker)
	ack := func(steps []step) {
		at := map[string]any{}
		for _, st := range steps {
			if st.batch.Position != nil {
				at[st.split] = st.batch.Position
			}
		}
		c.must("Ack", c.call("Ack", func() error { return acker.Ack(c, at) }))
	}
	half := r.steps[:(len(r.steps)+1)/2]
	ack(half)
	acked := ""
	if w.Acked != nil {
		acked = w.Acked()
	}
	ack(r.steps[:1])
	ack(half[:0])
	if w.Acked != nil && w.Acked() != acked {
		c.errorf("an Ack of earlier positions moves from %s back to %s", acked, w.Acked())
	}
	r.close()
	rest := without(want, texts(half))
	if len(rest) == 0 {
		return
	}
	if _, ok := w.Make().(flow.Seeker); ok {
		r = c.openSource(w, positions(half))
		c.same("behind what was acknowledged", r.rest(len(rest)), rest)
		return
	}
	r = c.openSource(w, nil)
	got := map[string]bool{}
	c.eventually("what was not acknowledged comes again", func() bool {
		st, _, err := r.next(c)
		c.must("Read", err)
		for _, record := range st.records {
			got[record] = true
		}
		return !slices.ContainsFunc(rest, func(record string) bool { return !got[record] })
	})
}

func sourceAnswers(c *trial, w *SourceWorld) {
	r, _ := c.portions(w, 4, 5)
	err := c.call("OnDone", func() error {
		for i := len(r.steps) - 1; i >= 0; i-- {
			if done := r.steps[i].batch.OnDone; done != nil && i%2 == 0 {
				done(nil)
			} else if done != nil {
				done(flow.ErrStopped)
			}
		}
		return nil
	})
	c.must("OnDone", err)
}

func sourcePlaces(c *trial, w *SourceWorld) {
	r, _ := c.portions(w, 4, 10)
	placer := r.s.(flow.Placer)
	seen := map[string]bool{}
	for _, st := range r.steps {
		all := placesOf(st)
		other := c.start(func() error {
			for _, at := range all {
				placer.Place(st.batch, at)
			}
			return nil
		})
		for _, at := range all {
			place := placer.Place(st.batch, at)
			text, err := json.Marshal(place)
			if err != nil {
				c.fatalf("a place has no JSON: %v", err)
			}
			if seen[st.split+string(text)] {
				c.errorf("two records have the place %s", text)
			}
			seen[st.split+string(text)] = true
		}
		c.must("Place", c.call("Place", func() error { return <-other }))
	}
}

// placesOf are the places of a batch's records in it.
func placesOf(st step) []flow.Record {
	var out []flow.Record
	from := 0
	for i := range st.records {
		at := flow.Record{Index: i}
		switch b := st.batch; {
		case i < len(b.Ends):
			at.Start, at.End = from, int(b.Ends[i])
			from = at.End
		case from < len(b.Data):
			line := slices.Index(b.Data[from:], '\n')
			if line < 0 {
				line = len(b.Data) - from
			}
			at.Start, at.End = from, from+line
			from = at.End + 1
		}
		out = append(out, at)
	}
	return out
}

func sourceHealthy(c *trial, w *SourceWorld) {
	want := samples(0, 20)
	w.Feed(want...)
	r := c.openSource(w, nil)
	waker := r.s.(flow.Waker)
	asked := c.start(func() error {
		for range 100 {
			_ = waker.Healthy(c) // that it may be asked at any time counts here
		}
		return nil
	})
	r.read(len(want))
	c.must("Healthy", c.call("Healthy", func() error { return <-asked }))
	if err := c.call("Healthy", func() error { return waker.Healthy(c) }); err != nil {
		c.errorf("it has just read, and says: %v", err)
	}
}

func sourceLate(c *trial, w *SourceWorld) {
	want := samples(0, 20)
	w.Feed(want...)
	back := c.goAway(w.Stop, w.Start)
	r := &reading{c: c, w: w, s: w.Make()}
	c.finally(r.close)
	opened := c.call("Open", func() error { return r.s.Open(c) })
	if opened == nil { // one that connects when it reads
		_, _, err := r.next(c)
		c.mustBeAway("Read", err)
	} else {
		c.mustBeAway("Open", opened)
	}
	back()
	c.eventually("Open succeeds when the server is there", func() bool {
		if opened == nil {
			return true
		}
		err := c.call("Open", func() error { return r.s.Open(c) })
		if err != nil {
			c.mustBeAway("Open", err)
		}
		return err == nil
	})
	r.started()
	c.same("reading, where the server came late", r.rest(len(want)), want)
}

func sourceAway(c *trial, w *SourceWorld) {
	want := samples(0, 600) // more than a source reads at once
	w.Feed(want...)
	r := c.openSource(w, nil)
	r.read(10)
	back := c.goAway(w.Stop, w.Start)
	for {
		_, more, err := r.next(c)
		if err != nil {
			c.mustBeAway("Read", err)
			break
		}
		if !more {
			return // it had read all of it before
		}
	}
	back()
	if !w.Fixed {
		more := samples(600, 30)
		w.Feed(more...)
		want = append(want, more...)
	}
	c.eventually("the records come when the server is back", func() bool {
		if len(texts(r.steps)) >= len(want) {
			return true
		}
		if _, _, err := r.next(c); err != nil {
			c.mustBeAway("Read", err)
		}
		return len(without(want, texts(r.steps))) == 0
	})
	if _, ok := r.s.(flow.Seeker); ok {
		c.same("reading, where the server was away", r.steps, want)
	} else if lost := without(want, texts(r.steps)); len(lost) > 0 {
		c.errorf("%d records are lost, the first is %s", len(lost), shown([]byte(lost[0])))
	}
}

func sourceCloses(c *trial, w *SourceWorld) {
	w.Feed(samples(0, 3)...)
	gone, cancel := context.WithCancel(c)
	cancel()
	open := func(ctx context.Context) {
		s := w.Make()
		_ = c.call("Open", func() error { return s.Open(ctx) })
		_ = c.call("Close", func() error { return s.Close(context.Background()) })
	}
	open(gone)
	open(c)
	if hasSourceServer(w) {
		back := c.goAway(w.Stop, w.Start)
		open(c)
		back()
	}
}

func sourceLeaks(c *trial, w *SourceWorld) {
	w.Feed(samples(0, 20)...)
	before := goroutines()
	for range 3 {
		r := c.openSource(w, nil)
		r.read(20)
		r.close()
	}
	c.noNewOnes(before, w.NotIts)
}
