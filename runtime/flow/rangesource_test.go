package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// numbersRange are the lines of numbers, cut as it is told.
type numbersRange struct {
	from, to int64
	cuts     atomic.Int32
	opens    atomic.Int32
	closes   atomic.Int32
	// fail, if set, is asked before each batch of a chunk.
	fail func(chunk string, next int64) error
	// failOpen, if set, is asked before a chunk opens.
	failOpen func(chunk string) error
}

func (r *numbersRange) Cut(_ context.Context, n int) ([]Chunk, error) {
	r.cuts.Add(1)
	var chunks []Chunk
	for _, part := range CutNumbers(r.from, r.to, n) {
		chunks = append(chunks, part.Chunk(fmt.Sprintf("%d..%d", part.From, part.To)))
	}
	return chunks, nil
}

func (r *numbersRange) Chunk(c Chunk) (Source, error) {
	s := &numbersChunk{of: r, name: c.Name}
	err := json.Unmarshal(c.Bounds, &s.bounds)
	s.next = s.bounds.From
	return s, err
}

// A numbersChunk gives five lines at a time.
type numbersChunk struct {
	of     *numbersRange
	name   string
	bounds Numbers
	next   int64
	begun  int64
}

func (s *numbersChunk) Seek(_ context.Context, at map[string]json.RawMessage) error {
	return json.Unmarshal(at[""], &s.next)
}

func (s *numbersChunk) Open(context.Context) error {
	if s.of.failOpen != nil {
		if err := s.of.failOpen(s.name); err != nil {
			return err
		}
	}
	s.of.opens.Add(1)
	s.begun = s.next
	return nil
}

func (s *numbersChunk) Read(ctx context.Context, b *Batch) error {
	if s.of.fail != nil {
		if err := s.of.fail(s.name, s.next); err != nil {
			return err
		}
	}
	if s.next == s.bounds.To {
		return io.EOF
	}
	for range 5 {
		if s.next < s.bounds.To {
			b.Data = fmt.Appendf(b.Data, "{\"n\":%d}\n", s.next)
			s.next++
		}
	}
	b.Position = s.next
	return nil
}

func (s *numbersChunk) Done() int64 { return s.next - s.begun }

func (s *numbersChunk) Close(context.Context) error { s.of.closes.Add(1); return nil }

// rangedProgram is a program over a range.
func rangedProgram(r *numbersRange, readers int, sink Sink, asked string) *one {
	return newOne(InChunks(r, ChunkOptions{Readers: readers, Range: asked}), sink, oneOptions{nodes: func(nodes []Node) {
		nodes[nodeIn].Policy = Policy{Retry: 2, Backoff: 1, MaxBackoff: 1}
	}})
}

// sortedLines are lines by their numbers.
func sortedLines(lines []string) []string {
	lines = slices.Clone(lines)
	slices.SortFunc(lines, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return lines
}

// All chunks are read, each once and in its order, whatever the readers are.
func TestRangeIsRead(t *testing.T) {
	noLeaks(t)
	for _, readers := range []int{0, 1, 3, 8, 200} {
		r := &numbersRange{from: 7, to: 107}
		sink := &memorySink{}
		if _, err := run(t, rangedProgram(r, readers, sink, "7..107").p, RunOptions{}); err != nil {
			t.Fatal(err)
		}
		equalLines(t, sortedLines(sink.lines()), numbers(7, 107))
		if r.opens.Load() != r.closes.Load() || r.cuts.Load() != 1 {
			t.Errorf("%d readers: %d chunks opened, %d closed, cut %d times", readers, r.opens.Load(), r.closes.Load(), r.cuts.Load())
		}
	}
	// Nothing is in it.
	r := &numbersRange{from: 7, to: 7}
	sink := &memorySink{}
	if _, err := run(t, rangedProgram(r, 4, sink, "7..7").p, RunOptions{}); err != nil || sink.text() != "" {
		t.Errorf("%q %v", sink.text(), err)
	}
}

// A run that stops at any place is gone on with in all chunks, also in those that
// nothing was read of, and the range is not cut again.
func TestRangeGoesOn(t *testing.T) {
	noLeaks(t)
	for stop := range 12 {
		dir := t.TempDir()
		sink := &statefulSink{}
		var reads atomic.Int32
		r := &numbersRange{from: 0, to: 60}
		r.fail = func(string, int64) error {
			if int(reads.Add(1)) > stop {
				return errBad
			}
			return nil
		}
		if _, err := run(t, rangedProgram(r, 4, sink, "0..60").p, RunOptions{StateDir: dir}); !errors.Is(err, errBad) {
			t.Fatal(err)
		}
		// The end moves on, and is not looked at again.
		again := &numbersRange{from: 0, to: 1000}
		if _, err := run(t, rangedProgram(again, 1+stop%5, sink, "0..60").p, RunOptions{StateDir: dir}); err != nil {
			t.Fatal(err)
		}
		equalLines(t, sortedLines(sink.lines()), numbers(0, 60))
		if again.cuts.Load() > 0 {
			t.Errorf("stopped at %d: the range is cut again", stop)
		}
	}
}

// A program that looks for a record which kills it gets few records at once, and in
// the same order in each start; then the other readers come in.
func TestRangeWithCare(t *testing.T) {
	noLeaks(t)
	r := &numbersRange{from: 0, to: 90}
	s := InChunks(r, ChunkOptions{Readers: 3, Range: "0..90"})
	if err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	got := map[string]int{}
	for i := range 18 {
		b := &Batch{Data: make([]byte, 0, BlockSize)}
		if i < 4 {
			b.Limit = 256
		}
		if err := s.Read(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if got[b.Split] += strings.Count(string(b.Data), "\n"); i < 4 && b.Split != "0..30" {
			t.Errorf("with care comes %s", b.Split)
		}
	}
	if r.opens.Load() != 3 || got["0..30"]+got["30..60"]+got["60..90"] < 75 {
		t.Errorf("%v of %d chunks", got, r.opens.Load())
	}
}

// A checkpoint of a range that is not through is of no use for another one.
func TestRangeIsAnother(t *testing.T) {
	noLeaks(t)
	dir := t.TempDir()
	r := &numbersRange{from: 0, to: 60, fail: func(chunk string, next int64) error {
		if chunk == "30..60" && next > 30 {
			return errBad
		}
		return nil
	}}
	if _, err := run(t, rangedProgram(r, 2, &memorySink{}, "0..60").p, RunOptions{StateDir: dir}); !errors.Is(err, errBad) {
		t.Fatal(err)
	}
	_, err := run(t, rangedProgram(&numbersRange{from: 0, to: 90}, 2, &memorySink{}, "0..90").p, RunOptions{StateDir: dir})
	if err == nil || !strings.Contains(err.Error(), "an earlier run has begun with the range 0..60, and ") || !strings.Contains(err.Error(), "of its 2 chunks are not through; this run asks for 0..90") {
		t.Fatal(err)
	}
	sink := &memorySink{}
	if _, err := run(t, rangedProgram(&numbersRange{from: 0, to: 90}, 2, sink, "0..90").p, RunOptions{StateDir: dir, Fresh: true}); err != nil {
		t.Fatal(err)
	}
	equalLines(t, sortedLines(sink.lines()), numbers(0, 90))
}

// Positions of a range are not taken for those of a source that reads all, and the
// other way round.
func TestRangeComesAndGoes(t *testing.T) {
	noLeaks(t)
	dir := t.TempDir()
	r := &numbersRange{from: 0, to: 60, fail: func(_ string, next int64) error {
		if next > 20 {
			return errBad
		}
		return nil
	}}
	if _, err := run(t, rangedProgram(r, 1, &memorySink{}, "0..60").p, RunOptions{StateDir: dir}); !errors.Is(err, errBad) {
		t.Fatal(err)
	}
	whole := func() *one {
		return newOne(&seekLines{linesSource: newLines(5, numbers(0, 20)...)}, &memorySink{}, oneOptions{})
	}
	var state *StateError
	if _, err := run(t, whole().p, RunOptions{StateDir: dir}); !errors.As(err, &state) || !strings.Contains(err.Error(), "has read the range 0..60, and this one reads all there is") {
		t.Error(err)
	}
	stopped := &seekLines{linesSource: newLines(5, numbers(0, 20)...)}
	stopped.wait = func(_ context.Context, n int) error {
		if n == 2 {
			return errBad
		}
		return nil
	}
	if _, err := run(t, newOne(stopped, &memorySink{}, oneOptions{}).p, RunOptions{StateDir: dir, Fresh: true}); !errors.Is(err, errBad) {
		t.Fatal(err)
	}
	if _, err := run(t, rangedProgram(&numbersRange{from: 0, to: 60}, 1, &memorySink{}, "0..60").p, RunOptions{StateDir: dir}); err == nil || !strings.Contains(err.Error(), "it is of a run without a range, perhaps") {
		t.Error(err)
	}
}

// What a chunk's source says is said of the node, and is tried again as its policy
// has it.
func TestRangeErrors(t *testing.T) {
	noLeaks(t)
	var failed atomic.Int32
	r := &numbersRange{from: 0, to: 40}
	r.fail = func(chunk string, next int64) error {
		if next == 25 && failed.Add(1) < 3 {
			return testError{temporary: true}
		}
		return nil
	}
	var away atomic.Int32
	r.failOpen = func(chunk string) error {
		if chunk == "10..20" && away.Add(1) < 20 {
			return testError{unavailable: true}
		}
		return nil
	}
	sink := &memorySink{}
	if _, err := run(t, rangedProgram(r, 4, sink, "0..40").p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	equalLines(t, sortedLines(sink.lines()), numbers(0, 40))

	r = &numbersRange{from: 0, to: 40, fail: func(string, int64) error { panic("in a chunk") }}
	_, err := run(t, rangedProgram(r, 2, &memorySink{}, "0..40").p, RunOptions{})
	var p *PanicError
	if !errors.As(err, &p) || p.Value != "in a chunk" {
		t.Error(err)
	}
	if r.opens.Load() != r.closes.Load() {
		t.Errorf("%d chunks opened, %d closed", r.opens.Load(), r.closes.Load())
	}
}

// A position that is none of a chunk is an error, and so are chunks that are not
// all there.
func TestRangeForeignPositions(t *testing.T) {
	s := InChunks(&numbersRange{from: 0, to: 60}, ChunkOptions{Readers: 3, Range: "0..60"})
	if err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	good := map[string]json.RawMessage{}
	for split, at := range s.(Starter).Start() {
		good[split], _ = json.Marshal(at)
	}
	again := func(change func(at map[string]json.RawMessage)) error {
		at := map[string]json.RawMessage{}
		for split, p := range good {
			at[split] = p
		}
		change(at)
		return InChunks(&numbersRange{}, ChunkOptions{Range: "0..60"}).(Seeker).Seek(t.Context(), at)
	}
	if err := again(func(map[string]json.RawMessage) {}); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(map[string]json.RawMessage){
		"the position of 0..20 in the checkpoint": func(at map[string]json.RawMessage) { at["0..20"] = json.RawMessage(`{"next": 5}`) },
		"the checkpoint has 2 chunks":             func(at map[string]json.RawMessage) { delete(at, "20..40") },
		"for the same chunk":                      func(at map[string]json.RawMessage) { at["20..40"] = at["0..20"] },
		"in the checkpoint: ":                     func(at map[string]json.RawMessage) { at["0..20"] = json.RawMessage(`"x"`) },
	} {
		if err := again(change); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--fresh") {
			t.Errorf("%v, and not %s", err, want)
		}
	}
}

// A rewind of one chunk has it begin anew: the others stay where they are.
func TestRangeRewind(t *testing.T) {
	noLeaks(t)
	dir := t.TempDir()
	through := make(chan struct{})
	var others atomic.Int32
	r := &numbersRange{from: 0, to: 60}
	r.fail = func(chunk string, next int64) error {
		switch {
		case chunk != "40..60" && next%20 == 0 && next > 0 && chunk != "20..40" || chunk == "20..40" && next == 40:
			if others.Add(1) == 2 {
				close(through)
			}
		case chunk == "40..60" && next > 40:
			<-through
			return errBad
		}
		return nil
	}
	if _, err := run(t, rangedProgram(r, 3, &memorySink{}, "0..60").p, RunOptions{StateDir: dir}); !errors.Is(err, errBad) {
		t.Fatal(err)
	}
	s, err := rangedProgram(&numbersRange{}, 3, &memorySink{}, "0..60").p.OpenState(t.Context(), RunOptions{StateDir: dir}, true)
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if p, ok := RangeOf(c.Sources["in"]); !ok || p.Chunks != 3 || p.Size != 60 || p.Range != "0..60" || p.Ended == 3 {
		t.Errorf("%+v", p)
	}
	if err := s.Rewind(t.Context(), c, "in", RewindTo{Split: "none"}); err == nil {
		t.Error("there is no such chunk")
	}
	if err := s.Rewind(t.Context(), c, "in", RewindTo{Split: "0..20"}); err != nil {
		t.Fatal(err)
	}
	if at, ok := ChunkOf(c.Sources["in"].Splits["0..20"].Position); !ok || at.Done != 0 || at.Ended {
		t.Errorf("%+v", at)
	}
	if err := s.Save(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	sink := &memorySink{}
	if _, err := run(t, rangedProgram(&numbersRange{}, 1, sink, "0..60").p, RunOptions{StateDir: dir}); err != nil {
		t.Fatal(err)
	}
	if lines := sink.lines(); len(lines) < 20 || !slices.Equal(lines[:20], numbers(0, 20)) {
		t.Errorf("it goes on with %v", lines)
	}
}

// Progress goes from nothing to all, and is all only when all chunks are through.
func TestProgress(t *testing.T) {
	p := Progress{}
	for _, c := range []ChunkState{{Size: 100, Done: 100}, {Size: 300, Done: 100}, {Size: 0}} {
		p.add(&c)
	}
	if p.Share() != 0.5 || p.Done != 200 {
		t.Errorf("%+v %v", p, p.Share())
	}
	if _, ok := (&Progress{Chunks: 1, Size: 10}).Left(5); ok {
		t.Error("nothing is known before anything is done")
	}
	p.Before = 100
	if left, ok := p.Left(10); !ok || left != 20 {
		t.Errorf("%v left", left)
	}
	for _, c := range []struct {
		p    Progress
		want float64
	}{
		{Progress{}, 1}, // nothing to do
		{Progress{Chunks: 4, Ended: 1, Size: Unknown}, 0.25},
		{Progress{Chunks: 2, Ended: 1, Size: 10, Done: 10}, 0.999}, // rows have come since they were counted
		{Progress{Chunks: 2, Ended: 2, Size: 10, Done: 3}, 1},
	} {
		if got := c.p.Share(); got != c.want {
			t.Errorf("%+v: %v", c.p, got)
		}
	}
}

// Parts cover numbers without gap or overlap.
func TestCutNumbers(t *testing.T) {
	for _, c := range []struct {
		from, to int64
		n, parts int
	}{{0, 10, 3, 3}, {5, 6, 4, 1}, {5, 5, 4, 0}, {9, 5, 4, 0}, {0, math.MaxInt64, 7, 7}, {math.MaxInt64 - 3, math.MaxInt64, 2, 2}, {0, 100, 1, 1}} {
		parts := CutNumbers(c.from, c.to, c.n)
		if len(parts) != c.parts {
			t.Errorf("%+v: %v", c, parts)
		}
		at, least, most := c.from, int64(math.MaxInt64), int64(0)
		for _, p := range parts {
			if p.From != at || p.To <= p.From {
				t.Errorf("%+v: %v", c, parts)
			}
			at, least, most = p.To, min(least, p.To-p.From), max(most, p.To-p.From)
		}
		if len(parts) > 0 && (at != c.to || most-least > 1) {
			t.Errorf("%+v: %v", c, parts)
		}
	}
}
