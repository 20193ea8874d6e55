package flowtest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A fakeSource reads a fakeServer's log, seven records at a time.
type fakeSource struct {
	server  *fakeServer
	breaks  string
	endless bool

	pos    int
	reads  int
	opened bool
	lost   bool // the next record
	buffer []byte
	kept   []byte // the next record, in the memory of the last batch
}

func (s *fakeSource) Endless() bool { return s.endless }

func (s *fakeSource) Seek(_ context.Context, at map[string]json.RawMessage) error {
	err := json.Unmarshal(at["log"], &s.pos)
	switch {
	case s.breaks == "takes any position":
		return nil
	case s.breaks == "resumes one too late" && s.pos > 60:
		s.pos++
	}
	return err
}

func (s *fakeSource) Open(context.Context) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.server.away {
		return awayError(s.breaks == "does not say that the server is late")
	}
	s.opened = true
	s.pos = max(s.pos, s.server.pruned)
	if s.breaks == "leaves a goroutine" {
		go func() { <-s.server.dead }()
	}
	return nil
}

func (s *fakeSource) Read(ctx context.Context, b *flow.Batch) error {
	for {
		if err := ctx.Err(); err != nil && s.breaks != "does not look at its context" {
			s.server.mu.Lock()
			defer s.server.mu.Unlock()
			s.lost = s.breaks == "loses what a Read had that was cut off"
			return err
		}
		select {
		case <-s.server.dead:
			return io.ErrClosedPipe
		default:
		}
		if ok, err := s.fill(b); ok || err != nil {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

func (s *fakeSource) fill(b *flow.Batch) (ok bool, err error) {
	f := s.server
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.away:
		s.lost = s.breaks == "loses what it had when the server went"
		return false, awayError(s.breaks == "does not say that the server went")
	case s.pos >= len(f.log) && s.endless:
		return false, nil
	case s.pos >= len(f.log) && s.breaks == "wraps the end":
		return false, fmt.Errorf("the log: %w", io.EOF)
	case s.pos >= len(f.log):
		return false, io.EOF
	}
	if s.reads++; s.breaks == "gives empty batches" && s.reads%3 == 0 {
		return true, nil
	}
	if s.lost {
		s.lost = false
		s.pos++
	}
	if s.breaks == "uses a buffer of its own" {
		b.Data = s.buffer[:0]
	}
	b.Split, b.Base = "log", int64(s.pos)
	for i := 0; i < 7 && s.pos < len(f.log); i++ {
		record := []byte(f.log[s.pos])
		if len(record) > 100_000 && s.breaks == "cuts long records" {
			record = record[:100_000]
		}
		if i == 0 && s.kept != nil {
			record = s.kept
		}
		b.Data = append(append(b.Data, record...), '\n')
		s.pos++
	}
	s.kept = nil
	if s.breaks == "keeps the next record in the batch" && s.pos < len(f.log) && cap(b.Data)-len(b.Data) >= len(f.log[s.pos]) {
		s.kept = append(b.Data[len(b.Data):], f.log[s.pos]...)
	}
	s.buffer = b.Data
	b.Position = s.pos
	if s.breaks == "moves a position" {
		b.Position = &s.pos
	}
	b.OnDone = func(error) {
		if s.breaks == "blocks in OnDone" {
			<-f.dead
		}
	}
	return true, nil
}

func (s *fakeSource) Ack(_ context.Context, at map[string]any) error {
	text, err := json.Marshal(at["log"])
	if err != nil || at["log"] == nil {
		return err
	}
	var pos int
	if err := json.Unmarshal(text, &pos); err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.breaks != "acks backwards" {
		pos = max(pos, s.server.acked)
	}
	s.server.acked = pos
	if s.breaks == "lets go of too much" {
		s.server.pruned = pos + 1
	}
	return nil
}

func (s *fakeSource) Place(b *flow.Batch, r flow.Record) any {
	if s.breaks == "has one place for several records" {
		return b.Base
	}
	return b.Base + int64(r.Index)
}

func (s *fakeSource) Healthy(context.Context) error {
	if s.breaks == "is never healthy" {
		return errPlain
	}
	return nil
}

func (s *fakeSource) Close(context.Context) error {
	if !s.opened && s.breaks == "breaks when it is closed behind a failure" {
		panic("there is nothing to close")
	}
	return nil
}

var sourceFakes = []fake{
	{"cuts long records", "reads", false, ""},
	{"wraps the end", "ends", false, ""},
	{"gives empty batches", "batches", false, ""},
	{"does not look at its context", "context", true, "endless"},
	{"loses what a Read had that was cut off", "context", true, "endless"},
	{"uses a buffer of its own", "batch-stays", false, ""},
	{"keeps the next record in the batch", "memory", false, ""},
	{"moves a position", "position-stays", false, ""},
	{"resumes one too late", "resumes", false, ""},
	{"takes any position", "foreign-position", false, ""},
	{"acks backwards", "acks", false, "endless"},
	{"lets go of too much", "acks", false, ""},
	{"blocks in OnDone", "answers", true, ""},
	{"has one place for several records", "places", false, ""},
	{"is never healthy", "healthy", false, ""},
	{"does not say that the server is late", "late", false, ""},
	{"does not say that the server went", "away", false, ""},
	{"loses what it had when the server went", "away", true, ""},
	{"reads its end", "range", false, ""},
	{"leaves a gap between chunks", "range-chunks", false, ""},
	{"tells the first of its chunks alone", "range-chunks", false, ""},
	{"begins its chunks anew", "range-resumes", false, ""},
	{"takes one range for another", "range-stays", false, ""},
	{"breaks when it is closed behind a failure", "closes", false, ""},
	{"leaves a goroutine", "goroutines", true, ""},
}

// A source that keeps all promises passes, and one that breaks one is found by the
// check of that promise alone.
func TestSourceChecks(t *testing.T) {
	checked(t, sourceChecks, sourceFakes)
	right := []fake{{}, {variant: "endless"}}
	for _, k := range slices.Concat(right, sourceFakes) {
		t.Run(k.breaks+k.variant, func(t *testing.T) {
			skipped := expectFailures(t, k, sourceChecks, func(t testing.TB) *SourceWorld {
				f := newFakeServer(t)
				return &SourceWorld{
					Make: func() flow.Source {
						return &fakeSource{server: f, breaks: k.breaks, endless: k.variant == "endless"}
					},
					Feed: func(records ...string) {
						f.mu.Lock()
						defer f.mu.Unlock()
						f.log = append(f.log, records...)
					},
					Range: func(from, to, parallel int) flow.Source { return newFakeRange(f, k.breaks, from, to, parallel) },
					Acked: func() string {
						f.mu.Lock()
						defer f.mu.Unlock()
						return strconv.Itoa(f.acked)
					},
					Stop:  func() { f.goAway(true) },
					Start: func() { f.goAway(false) },
				}
			})
			if k.variant == "" && len(skipped) > 0 || k.variant == "endless" && !slices.Equal(skipped, []string{"ends"}) {
				t.Errorf("skipped: %q", skipped)
			}
		})
	}
}
