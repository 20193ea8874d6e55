package flowtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A SourceWorld is what a source reads from. Each check gets a new one.
type SourceWorld struct {
	// Make makes a source that reads this world from its start, as the compiler
	// would; it does not open it. It is called several times.
	Make func() flow.Source
	// Feed adds records behind those that are there: texts without line ends.
	Feed func(records ...string)
	// Records takes a batch apart into the texts that were fed. Without, they are
	// those that Ends frames, or the lines of Data.
	Records func(b *flow.Batch) []string
	// Rows are the operations on Batch.Rows of a source that fills it.
	Rows *flow.Rows
	// Range makes a source of a part of this world: of the records from one to before
	// another of those that were fed, by their numbers from 0 (-1 leaves an end open),
	// cut for so many readers. nil where the source can't read a part.
	Range func(from, to, parallel int) flow.Source
	// Fixed tells that what Make makes reads what is there when it is opened, and
	// nothing that is fed later, as a range does.
	Fixed bool
	// Longest is the longest record in bytes that it takes; 0 for no limit.
	Longest int
	// Acked tells, where the server keeps it, how far a source that is an Acker
	// has acknowledged.
	Acked func() string
	// Stop has the server go away, Start come back, with all it had; nil where
	// there is no server.
	Stop, Start func()
	// NotIts tells, by its stack, that a goroutine is not the connector's but that
	// of a server in this process; nil where there is none.
	NotIts func(stack string) bool
}

// Source checks that a source keeps what flow.Source and the interfaces beside it
// that it implements promise: makeWorld makes an empty world for each check.
func Source(t *testing.T, makeWorld func(t testing.TB) *SourceWorld) {
	suite(t, sourceChecks, makeWorld)
}

// A step is a batch as it was read.
type step struct {
	split    string
	records  []string
	position json.RawMessage // nil for none
	batch    *flow.Batch
	// start are the positions that the source gave when it was open: see
	// flow.Starter.
	start map[string]json.RawMessage
}

// A reading reads a source.
type reading struct {
	c     *trial
	w     *SourceWorld
	s     flow.Source
	steps []step
	// empty counts batches without records that nothing explains.
	empty int
	back  bool // the last error said that the server is away
	ended error
	// closed tells that close was called.
	closed bool
}

// open makes a source and opens it, from a position on where there is one.
func (c *trial) openSource(w *SourceWorld, from map[string]json.RawMessage) *reading {
	return c.openMade(w, w.Make(), from)
}

// openMade opens a source.
func (c *trial) openMade(w *SourceWorld, s flow.Source, from map[string]json.RawMessage) *reading {
	r := &reading{c: c, w: w, s: s}
	if from != nil {
		c.must("Seek", c.call("Seek", func() error { return r.s.(flow.Seeker).Seek(c, from) }))
	}
	c.finally(r.close)
	c.must("Open", c.call("Open", func() error { return r.s.Open(c) }))
	r.started()
	return r
}

// started notes where the source begins, where it says so.
func (r *reading) started() {
	starter, ok := r.s.(flow.Starter)
	if !ok {
		return
	}
	st := step{batch: r.w.batch(), start: map[string]json.RawMessage{}}
	for split, position := range starter.Start() {
		text, err := json.Marshal(position)
		if err != nil {
			r.c.fatalf("a position that has no JSON: %v", err)
		}
		st.start[split] = text
	}
	if len(st.start) > 0 {
		r.steps = append(r.steps, st)
	}
}

// close closes the source, once.
func (r *reading) close() {
	if r.closed || r.c.hangs {
		return
	}
	r.closed = true
	r.c.must("Close", r.c.call("Close", func() error { return r.s.Close(context.Background()) }))
}

// batch is one that is ready to be read into.
func (w *SourceWorld) batch() *flow.Batch {
	b := &flow.Batch{Base: -1, Offset: -1, Count: -1, Data: make([]byte, 0, flow.BlockSize)}
	if w.Rows != nil {
		b.Rows = w.Rows.New()
	}
	return b
}

// records takes a batch apart.
func (w *SourceWorld) records(b *flow.Batch) []string {
	if w.Records != nil {
		return w.Records(b)
	}
	var out []string
	if b.Ends != nil {
		from := uint32(0)
		for _, end := range b.Ends {
			out = append(out, string(b.Data[from:end]))
			from = end
		}
		return out
	}
	for line := range bytes.Lines(b.Data) {
		out = append(out, string(bytes.TrimRight(line, "\r\n")))
	}
	return out
}

// next reads one batch with records; false at the end.
func (r *reading) next(ctx context.Context) (step, bool, error) {
	for range 10_000 {
		b := r.w.batch()
		err := r.c.call("Read, where there is more to come,", func() error { return r.s.Read(ctx, b) })
		switch {
		case errors.Is(err, io.EOF):
			r.ended = err
			return step{batch: b}, false, nil
		case err != nil:
			r.back = isAway(err)
			return step{}, false, err
		}
		st := step{split: b.Split, records: r.w.records(b), batch: b}
		if b.Position != nil {
			if st.position, err = json.Marshal(b.Position); err != nil {
				r.c.fatalf("a position that has no JSON: %v", err)
			}
		}
		r.steps = append(r.steps, st)
		if len(st.records) == 0 {
			if b.OnDone == nil && !r.back {
				r.empty++
			}
			r.back = false
			continue
		}
		r.back = false
		return st, true, nil
	}
	r.c.fatalf("Read gives batches without records for ever")
	return step{}, false, nil
}

// read reads until n records have come, or all where the source ends.
func (r *reading) read(n int) {
	for got := 0; got < n; {
		st, more, err := r.next(r.c)
		if err != nil {
			r.c.fatalf("Read, after %d records: %v", got, err)
		}
		if !more {
			return
		}
		got += len(st.records)
	}
}

// rest reads all that is left of n records of which some have been read, and the
// end where the source has one. It returns those it read.
func (r *reading) rest(n int) []step {
	from := len(r.steps)
	for _, st := range r.steps {
		n -= len(st.records)
	}
	r.read(n)
	if !endless(r.s) && r.ended == nil {
		for { // records that should not be there show, too
			if _, more, err := r.next(r.c); err != nil {
				r.c.fatalf("Read, at the end: %v", err)
			} else if !more {
				break
			}
		}
	}
	return r.steps[from:]
}

func endless(s flow.Source) bool {
	e, ok := s.(flow.Endless)
	return ok && e.Endless()
}

// texts are the records of steps.
func texts(steps []step) []string {
	var out []string
	for _, st := range steps {
		out = append(out, st.records...)
	}
	return out
}

// positions are where a source was after some steps, by split.
func positions(steps []step) map[string]json.RawMessage {
	at := map[string]json.RawMessage{}
	for _, st := range steps {
		maps.Copy(at, st.start)
		if st.position != nil {
			at[st.split] = st.position
		}
	}
	return at
}

// same compares what was read with what was fed: all of it, once, and each split in
// order.
func (c *trial) same(what string, got []step, want []string) {
	at := make(map[string]int, len(want))
	for i, w := range want {
		at[w] = i
	}
	seen := make([]bool, len(want))
	last := map[string]int{}
	for _, st := range got {
		for _, record := range st.records {
			i, known := at[record]
			before, begun := last[st.split]
			switch {
			case !known:
				c.errorf("%s: it gives %s, which is none of those that should come", what, shown([]byte(record)))
				return
			case seen[i]:
				c.errorf("%s: it gives %s twice", what, shown([]byte(record)))
				return
			case begun && i < before:
				c.errorf("%s: it gives %s behind %s", what, shown([]byte(record)), shown([]byte(want[before])))
				return
			}
			seen[i], last[st.split] = true, i
		}
	}
	if i := slices.Index(seen, false); i >= 0 {
		n := 0
		for _, s := range seen {
			if !s {
				n++
			}
		}
		c.errorf("%s: %d of %d records did not come, the first is %s", what, n, len(want), shown([]byte(want[i])))
	}
}
