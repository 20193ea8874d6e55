package flowtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A fakeSink writes to a fakeServer's log: by Sync, or by Commit where it keeps the
// checkpoint.
type fakeSink struct {
	server *fakeServer
	breaks string

	keeps  bool
	opened bool
	buffer []fakePacket
}

// A fakePacket is what a Write brought.
type fakePacket [][]byte

func (s *fakeSink) Keep(string) { s.keeps = true }

func (s *fakeSink) Open(context.Context) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.server.away {
		return awayError(s.breaks == "does not say that the server is late")
	}
	s.opened = true
	if s.breaks == "leaves a goroutine" {
		go func() { <-s.server.dead }()
	}
	return nil
}

func (s *fakeSink) Write(_ context.Context, o *flow.Out) error {
	f := s.server
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away {
		switch s.breaks {
		case "loses what was not durable when the server went":
			s.buffer = nil
		case "waits without a word":
			f.mu.Unlock()
			<-f.dead
			f.mu.Lock()
		}
		return awayError(s.breaks == "does not say that the server went")
	}
	if s.breaks == "shows what is not committed" && s.keeps {
		s.flush() // what came before
	}
	var p fakePacket
	failed := map[int]error{}
	from := uint32(0)
	for i, end := range o.Ends {
		record := o.Data[from : end-1]
		from = end
		if string(record) == "bad" {
			if s.breaks == "blames the wrong record" {
				i++
			}
			failed[i] = errPlain
			continue
		}
		if len(record) > 100_000 && s.breaks == "cuts long records" {
			record = record[:100_000]
		}
		if s.breaks != "keeps the packet's memory" {
			record = bytes.Clone(record)
		}
		p = append(p, record)
	}
	if s.breaks == "changes the packet" {
		o.Data[0] ^= 1
	}
	s.buffer = append(s.buffer, p)
	switch {
	case len(failed) > 0 && s.breaks == "fails all for one":
		return errPlain
	case len(failed) > 0:
		return &flow.PartialError{Failed: failed}
	}
	return nil
}

// flush puts what is in the buffer where it is seen.
func (s *fakeSink) flush() {
	for _, p := range s.buffer {
		for _, record := range p {
			s.server.log = append(s.server.log, string(record))
		}
	}
	s.buffer = nil
}

func (s *fakeSink) Sync(context.Context) error {
	f := s.server
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away {
		return awayError(false)
	}
	if s.breaks == "syncs the first packet alone" && len(s.buffer) > 1 {
		rest := s.buffer[1:]
		s.buffer = s.buffer[:1]
		s.flush()
		s.buffer = rest
		return nil
	}
	s.flush()
	if s.breaks == "forgets the checkpoint in Sync" {
		f.generation, f.checkpoint = 0, ""
	}
	return nil
}

func (s *fakeSink) Idle() {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if !s.keeps && !s.server.away {
		kept := s.buffer
		s.flush()
		if s.breaks == "writes again what it wrote in Idle" {
			s.buffer = kept
		}
	}
}

func (s *fakeSink) Healthy(context.Context) error {
	if s.breaks == "is never healthy" {
		return errPlain
	}
	return nil
}

func (s *fakeSink) State() (any, error) {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	return len(s.server.log), nil
}

func (s *fakeSink) Restore(_ context.Context, state json.RawMessage) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	n := 0
	if err := json.Unmarshal(state, &n); err != nil || n > len(s.server.log) {
		return errors.Join(err, errPlain)
	}
	if s.breaks != "does not cut what comes behind a state" {
		s.server.log = s.server.log[:n]
	}
	return nil
}

func (s *fakeSink) Load(context.Context) (uint64, []byte, error) {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	return s.server.generation, []byte(s.server.checkpoint), nil
}

func (s *fakeSink) Commit(_ context.Context, generation, previous uint64, checkpoint []byte) error {
	f := s.server
	f.mu.Lock()
	defer f.mu.Unlock()
	fenced := f.generation != previous
	switch {
	case s.breaks == "has no fence" && f.generation > 0, s.breaks == "has no fence where there is no checkpoint" && f.generation == 0:
		fenced = false
	case s.breaks == "keeps the records of a Commit that was fenced":
		s.flush()
	}
	if fenced {
		return flow.ErrFenced
	}
	s.flush()
	f.generation, f.checkpoint = generation, string(checkpoint)
	return nil
}

func (s *fakeSink) Forget(context.Context) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.generation, s.server.checkpoint = 0, ""
	if s.breaks == "forgets the records" {
		s.server.log = nil
	}
	return nil
}

func (s *fakeSink) Close(_ context.Context, done bool) error {
	if !s.opened && s.breaks == "breaks when it is closed behind a failure" {
		panic("there is nothing to close")
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if !s.keeps || done && s.breaks == "commits at the end" {
		s.flush()
	}
	s.server.published = s.server.published || done || s.breaks == "publishes what is not done"
	return nil
}

var sinkFakes = []fake{
	{"cuts long records", "writes", false, ""},
	{"keeps the packet's memory", "memory", false, ""},
	{"changes the packet", "packet-stays", false, ""},
	{"syncs the first packet alone", "durable", false, ""},
	{"publishes what is not done", "unfinished", false, "published"},
	{"blames the wrong record", "refused", false, ""},
	{"fails all for one", "refused", false, ""},
	{"does not cut what comes behind a state", "restores", false, ""},
	{"shows what is not committed", "commits", false, ""},
	{"forgets the checkpoint in Sync", "commits", false, ""},
	{"commits at the end", "rolls-back", false, ""},
	{"has no fence", "fences", false, ""},
	{"keeps the records of a Commit that was fenced", "fences", false, ""},
	{"forgets the records", "forgets", false, ""},
	{"has no fence where there is no checkpoint", "forgets", false, ""},
	{"writes again what it wrote in Idle", "idle", false, ""},
	{"is never healthy", "healthy", false, ""},
	{"does not say that the server is late", "late", false, ""},
	{"does not say that the server went", "away", false, ""},
	{"loses what was not durable when the server went", "away", false, ""},
	{"waits without a word", "away", true, ""},
	{"breaks when it is closed behind a failure", "closes", false, ""},
	{"leaves a goroutine", "goroutines", true, ""},
}

// A sink that publishes at the end alone is no transactional one.
type publishingSink struct {
	flow.Sink
	flow.Stateful
	flow.Idler
	flow.Waker
}

// The same of sinks.
func TestSinkChecks(t *testing.T) {
	checked(t, sinkChecks, sinkFakes)
	right := []fake{{}, {variant: "published"}}
	for _, k := range slices.Concat(right, sinkFakes) {
		t.Run(k.breaks+k.variant, func(t *testing.T) {
			published := k.variant == "published"
			skipped := expectFailures(t, k, sinkChecks, func(t testing.TB) *SinkWorld {
				f := newFakeServer(t)
				w := &SinkWorld{
					Make: func() flow.Sink {
						s := &fakeSink{server: f, breaks: k.breaks}
						if published {
							return publishingSink{s, s, s, s}
						}
						return s
					},
					Visible: func() []string {
						f.mu.Lock()
						defer f.mu.Unlock()
						if published && !f.published {
							return nil
						}
						return slices.Clone(f.log)
					},
					Published: published,
					Kill:      func(flow.Sink) {},
					Stop:      func() { f.goAway(true) },
					Start:     func() { f.goAway(false) },
				}
				w.Refused = func(good ...string) (*flow.Out, []int) {
					return w.packet(slices.Concat([]string{"bad", "bad"}, good, []string{"bad"})...), []int{0, 1, len(good) + 2}
				}
				return w
			})
			want := []string{"unfinished"}
			if published {
				want = []string{"durable", "commits", "rolls-back", "fences", "forgets"}
			}
			if !slices.Equal(skipped, want) {
				t.Errorf("skipped: %q", skipped)
			}
		})
	}
}
