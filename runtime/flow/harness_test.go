package flow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The nodes of the pipelines under test.
const (
	nodeIn = iota
	nodeWork
	nodeOut
	nodeOut2
	nodeDead
	nodeMore
	nodeIn2
)

func testNodes() []Node {
	return []Node{
		nodeIn:   {Name: "in", Kind: KindSource, Place: "p.yaml:3"},
		nodeWork: {Name: "work", Kind: KindProcessor, Place: "p.yaml:5"},
		nodeOut:  {Name: "out", Kind: KindSink, Place: "p.yaml:8"},
		nodeOut2: {Name: "out2", Kind: KindSink, Place: "p.yaml:9"},
		nodeDead: {Name: "dead", Kind: KindSink, Place: "p.yaml:10"},
		nodeMore: {Name: "more", Kind: KindProcessor, Place: "p.yaml:6"},
		nodeIn2:  {Name: "in2", Kind: KindSource, Place: "p.yaml:4"},
	}
}

func testInfo(change func(nodes []Node)) Info {
	nodes := testNodes()
	if change != nil {
		change(nodes)
	}
	return Info{Name: "test", Hash: "h1", File: "p.yaml", Nodes: nodes, Drain: 20 * time.Second, CheckpointEvery: 5 * time.Millisecond}
}

// noLeaks fails the test when goroutines are left at its end.
func noLeaks(t *testing.T) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for range 200 {
			if runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
		buf := make([]byte, 1<<16)
		t.Errorf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), buf[:runtime.Stack(buf, true)])
	})
}

// linesSource gives the lines of its splits, perBatch at a time.
type linesSource struct {
	splits   []string // names
	lines    map[string][]string
	perBatch int
	// done, if set, is called with the batch's number and the answer.
	done func(n int, err error)
	// wait, if set, is called before each batch; io.EOF ends.
	wait    func(ctx context.Context, n int) error
	endless bool

	split, at, n int
	bytes        int64
	opened       atomic.Bool
	closed       atomic.Int32
	seeked       map[string]json.RawMessage
}

func newLines(perBatch int, lines ...string) *linesSource {
	return &linesSource{splits: []string{"a.txt"}, lines: map[string][]string{"a.txt": lines}, perBatch: perBatch}
}

func numbers(from, to int) []string {
	var lines []string
	for i := from; i < to; i++ {
		lines = append(lines, fmt.Sprintf(`{"n":%d}`, i))
	}
	return lines
}

func (s *linesSource) Open(context.Context) error  { s.opened.Store(true); return nil }
func (s *linesSource) Close(context.Context) error { s.closed.Add(1); return nil }
func (s *linesSource) Endless() bool               { return s.endless }

func (s *linesSource) Read(ctx context.Context, b *Batch) error {
	if s.wait != nil {
		if err := s.wait(ctx, s.n); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for s.split < len(s.splits) && s.at >= len(s.lines[s.splits[s.split]]) {
		s.split++
		s.at, s.bytes = 0, 0
	}
	if s.split == len(s.splits) {
		if s.endless {
			<-ctx.Done()
			return ctx.Err()
		}
		return io.EOF
	}
	b.Split = s.splits[s.split]
	lines := s.lines[b.Split]
	b.Offset = s.bytes
	for range s.perBatch {
		if s.at == len(lines) {
			break
		}
		b.Data = append(b.Data, lines[s.at]...)
		b.Data = append(b.Data, '\n')
		s.at++
	}
	s.bytes += int64(len(b.Data))
	if s.done != nil {
		n := s.n
		b.OnDone = func(err error) { s.done(n, err) }
	}
	s.n++
	return nil
}

// seekLines is a linesSource that can go back, and notes what was acknowledged.
type seekLines struct {
	*linesSource
	mu    sync.Mutex
	acked []int
}

type linePosition struct {
	Split int `json:"split"`
	Line  int `json:"line"`
}

func (s *seekLines) Read(ctx context.Context, b *Batch) error {
	err := s.linesSource.Read(ctx, b)
	b.Position = linePosition{s.split, s.at}
	return err
}

func (s *seekLines) Seek(_ context.Context, positions map[string]json.RawMessage) error {
	s.seeked = positions
	for split, raw := range positions {
		var p linePosition
		if err := json.Unmarshal(raw, &p); err != nil {
			return err
		}
		if p.Split > s.split || p.Split == s.split && p.Line > s.at {
			s.split, s.at, s.bytes = p.Split, p.Line, 0
			for _, line := range s.lines[split][:p.Line] {
				s.bytes += int64(len(line) + 1)
			}
		}
	}
	return nil
}

func (s *seekLines) Ack(_ context.Context, positions map[string]any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range positions {
		s.acked = append(s.acked, p.(linePosition).Line)
	}
	return nil
}

// memorySink keeps what is written; synced is how much of it was made durable.
type memorySink struct {
	mu     sync.Mutex
	data   []byte
	synced int
	writes int
	syncs  int
	sizes  []int // records of each write
	opened bool
	closed int
	done   bool
	// before, if set, is called before each write and may fail it.
	before func(o *Out) error
	onSync func() error
}

func (s *memorySink) Open(context.Context) error { s.opened = true; return nil }
func (s *memorySink) Write(ctx context.Context, o *Out) error {
	if s.before != nil {
		err := s.before(o)
		var partial *PartialError
		if errors.As(err, &partial) {
			s.mu.Lock()
			defer s.mu.Unlock()
			start := uint32(0)
			for i, end := range o.Ends {
				if partial.Failed[i] == nil {
					s.data = append(s.data, o.Data[start:end]...)
				}
				start = end
			}
			return err
		}
		if err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = append(s.data, o.Data...)
	s.writes++
	s.sizes = append(s.sizes, o.Count)
	return nil
}

func (s *memorySink) Sync(context.Context) error {
	if s.onSync != nil {
		if err := s.onSync(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.synced = len(s.data)
	s.syncs++
	return nil
}

func (s *memorySink) Close(_ context.Context, done bool) error {
	s.closed++
	s.done = done
	return nil
}

func (s *memorySink) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.data)
}

func (s *memorySink) lines() []string {
	return strings.Split(strings.TrimSuffix(s.text(), "\n"), "\n")
}

// statefulSink is a memorySink with a committed length, as a file has.
type statefulSink struct{ memorySink }

func (s *statefulSink) State() (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]int{"length": s.synced}, nil
}

func (s *statefulSink) Restore(_ context.Context, state json.RawMessage) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var st struct{ Length int }
	if err := json.Unmarshal(state, &st); err != nil {
		return err
	}
	if st.Length > len(s.data) {
		return fmt.Errorf("%d bytes are committed and %d are there", st.Length, len(s.data))
	}
	s.data = s.data[:st.Length]
	return nil
}

// lineLoop is a loop over lines, as the compiler writes them. What a line says
// is what happens to it.
type lineLoop struct {
	*Lane
	mark   bool
	wide   bool // to all targets, not only the first
	ends   bool
	times  int // copies of each record
	per    func(line []byte) error
	before func(b *Batch)
	// encode, if set, may refuse a record for the sink.
	encode  func(line []byte) error
	refused bool
	node    int

	records, filtered int64
}

func (l *lineLoop) Run(b *Batch) {
	if l.before != nil {
		l.before(b)
	}
	for l.Next < len(b.Data) {
		start := l.Next
		end := start + bytes.IndexByte(b.Data[start:], '\n')
		line := b.Data[start:end]
		l.Record.Start, l.Record.End, l.Next = start, end, end+1
		if len(line) == 0 {
			l.Blank++
			continue
		}
		if l.mark {
			l.Mark()
		}
		l.records++
		if err := l.stage(line); err != nil {
			for attempt := 0; err != nil && l.Again(l.node, attempt, err); attempt++ {
				err = l.stage(line)
			}
			if err != nil {
				if l.Fail(l.node, err) {
					return
				}
				continue
			}
		}
		if bytes.Contains(line, []byte("drop")) {
			l.filtered++
			continue
		}
		if l.encode != nil {
			if err := l.encode(line); err != nil {
				l.refused = true
				if l.Fail(nodeOut, err) {
					return
				}
				continue
			}
		}
		for i, out := range l.Outs {
			if i > 0 && !l.wide {
				break
			}
			for range max(1, l.times) {
				out.Data = append(out.Data, line...)
				out.Data = append(out.Data, '\n')
				if l.ends {
					out.Ends = append(out.Ends, uint32(len(out.Data)))
				}
				l.Origin(i)
				out.Count++
			}
		}
		if bytes.Contains(line, []byte("late panic")) {
			panic("late")
		}
	}
}

var errBad = errors.New("bad line")

func (l *lineLoop) stage(line []byte) error {
	if bytes.Contains(line, []byte("panic")) && !bytes.Contains(line, []byte("late")) {
		panic(string(line))
	}
	if bytes.Contains(line, []byte("bad")) {
		return errBad
	}
	if l.per != nil {
		return l.per(line)
	}
	return nil
}

func (l *lineLoop) Flush() {}

// Settle derives what each node passed on from what was counted and what failed.
func (l *lineLoop) Settle() {
	in := &l.Counts[nodeIn]
	in.In += l.records
	in.Out += l.records - in.Lost()
	in.Emitted += l.records - in.Lost()
	work := &l.Counts[nodeWork]
	work.In += in.Out
	work.Filtered += l.filtered
	work.Out += work.In - work.Filtered - work.Lost()
	work.Emitted += work.Out
	if l.refused {
		l.Refused(nodeOut)
		l.refused = false
	}
	l.records, l.filtered = 0, 0
}

// plain makes lineLoops for node work.
func plain(change func(*lineLoop)) func(*Lane) (Loop, error) {
	return func(l *Lane) (Loop, error) {
		loop := &lineLoop{Lane: l, node: nodeWork}
		if change != nil {
			change(loop)
		}
		return loop, nil
	}
}

// run runs a program and checks what holds for every run.
func run(t *testing.T, p *Program, o RunOptions) (*Report, error) {
	t.Helper()
	return runCtx(context.Background(), t, p, o)
}

func runCtx(ctx context.Context, t *testing.T, p *Program, o RunOptions) (*Report, error) {
	t.Helper()
	if o.StateDir == "" {
		o.StateDir = t.TempDir()
	}
	r, err := p.Run(ctx, o)
	checkSums(t, r)
	if r.Ending == Complete {
		checkReturned(t, p)
	}
	if r.OK != (err == nil && (r.Ending == Complete || r.Ending == Drained)) {
		t.Errorf("ok is %v with error %v and ending %s", r.OK, err, r.Ending)
	}
	return r, err
}

func checkSums(t *testing.T, r *Report) {
	t.Helper()
	for name, c := range r.Nodes {
		if !c.sums() {
			t.Errorf("%s does not add up: %+v", name, c)
		}
		if r.Ending == Complete && c.Pending != 0 {
			t.Errorf("%s has pending records at the end: %+v", name, c)
		}
	}
}

// checkReturned looks for batches and tickets that nobody gave back.
func checkReturned(t *testing.T, p *Program) {
	t.Helper()
	for _, r := range p.regions {
		for _, in := range r.o.From {
			if len(in.free) != cap(in.free) {
				t.Errorf("%s: %d of %d batches are back", in.name, len(in.free), cap(in.free))
			}
			if n := len(in.book.live) - in.book.head; n != 0 {
				t.Errorf("%s: %d tickets are open", in.name, n)
			}
		}
	}
}

func joined(lines []string) string { return strings.Join(lines, "\n") + "\n" }

func equalLines(t *testing.T, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("line %d is %q, want %q (%d lines, want %d)", i, got[i], want[i], len(got), len(want))
		}
	}
	t.Fatalf("%d lines, want %d", len(got), len(want))
}
