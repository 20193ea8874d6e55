package flowtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// The connector of docs/testing.md: a journal is a server, a list of entries that
// only grows.

type journal struct {
	mu      sync.Mutex
	entries []string
	down    bool
}

func (j *journal) append(entries ...string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, entries...)
}

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.entries)
}

func (j *journal) setDown(down bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.down = down
}

// A downError is a journal that does not answer.
type downError struct{}

func (downError) Error() string     { return "the journal does not answer" }
func (downError) Unavailable() bool { return true }

func (j *journal) check() error {
	if j.down {
		return downError{}
	}
	return nil
}

// A journalSource reads a journal from its start, or from a position on.
type journalSource struct {
	journal *journal
	next    int
}

func (s *journalSource) Open(context.Context) error {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return s.journal.check()
}

func (s *journalSource) Seek(_ context.Context, positions map[string]json.RawMessage) error {
	return json.Unmarshal(positions["journal"], &s.next)
}

func (s *journalSource) Read(_ context.Context, b *flow.Batch) error {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	if err := s.journal.check(); err != nil {
		return err
	}
	rest := s.journal.entries[s.next:]
	if len(rest) == 0 {
		return io.EOF
	}
	for _, entry := range rest[:min(len(rest), 100)] {
		b.Data = append(append(b.Data, entry...), '\n')
		s.next++
	}
	b.Split, b.Position = "journal", s.next
	return nil
}

func (s *journalSource) Close(context.Context) error { return nil }

// A journalSink writes to a journal, which keeps what it has taken.
type journalSink struct{ journal *journal }

var errTooLong = errors.New("the journal takes entries of up to a megabyte")

func (s *journalSink) Open(context.Context) error {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return s.journal.check()
}

func (s *journalSink) Write(_ context.Context, o *flow.Out) error {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	if err := s.journal.check(); err != nil {
		return err
	}
	failed := map[int]error{}
	i := 0
	for line := range strings.Lines(string(o.Data)) {
		if len(line) > 1<<20 {
			failed[i] = errTooLong
		} else {
			s.journal.entries = append(s.journal.entries, strings.TrimSuffix(line, "\n"))
		}
		i++
	}
	if len(failed) > 0 {
		return &flow.PartialError{Failed: failed}
	}
	return nil
}

func (s *journalSink) Sync(context.Context) error        { return nil }
func (s *journalSink) Close(context.Context, bool) error { return nil }

func TestJournalSource(t *testing.T) {
	flowtest.Source(t, func(t testing.TB) *flowtest.SourceWorld {
		j := &journal{} // for a real server: one in this process, or a new topic or table of it
		return &flowtest.SourceWorld{
			Make:  func() flow.Source { return &journalSource{journal: j} },
			Feed:  j.append,
			Stop:  func() { j.setDown(true) },
			Start: func() { j.setDown(false) },
		}
	})
}

func TestJournalSink(t *testing.T) {
	flowtest.Sink(t, func(t testing.TB) *flowtest.SinkWorld {
		j := &journal{}
		return &flowtest.SinkWorld{
			Make:    func() flow.Sink { return &journalSink{j} },
			Visible: j.all,
			Kill:    func(flow.Sink) {}, // it holds nothing that the end of its process would let go of
			Refused: func(good ...string) (*flow.Out, []int) {
				lines := slices.Concat([]string{strings.Repeat("x", 2<<20)}, good)
				return &flow.Out{Data: []byte(strings.Join(lines, "\n") + "\n"), Count: len(lines)}, []int{0}
			},
			Stop:  func() { j.setDown(true) },
			Start: func() { j.setDown(false) },
		}
	})
}
