package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// ranged makes a source of a range.
func (f *fixture) ranged(asked connect.Range, c SourceConfig) (flow.Source, error) {
	c.Brokers = f.brokers()
	if c.Topics == nil {
		c.Topics = []string{"t"}
	}
	return NewSource(c, connect.Input{Node: "in", Format: "text", Range: &asked})
}

// all reads a source to its end.
func all(t *testing.T, s flow.Source) (got map[string]string, positions map[string]json.RawMessage) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	defer s.Close(context.Background())
	if err := s.Open(ctx); err != nil {
		t.Fatal(err)
	}
	got, positions = map[string]string{}, map[string]json.RawMessage{}
	for {
		b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
		switch err := s.Read(ctx, b); {
		case errors.Is(err, io.EOF):
			return got, positions
		case err != nil:
			t.Fatalf("after %v: %v", got, err)
		}
		if len(b.Ends) > 0 {
			got[b.Split] = strings.TrimSpace(got[b.Split] + " " + strings.Join(texts(b), " "))
		}
		if b.Position != nil {
			positions[b.Split], _ = json.Marshal(b.Position)
		}
	}
}

// A range of offsets keeps what the interfaces promise.
func TestRangeConforms(t *testing.T) {
	flowtest.Source(t, func(tb testing.TB) *flowtest.SourceWorld {
		t, ok := tb.(*testing.T)
		if !ok {
			tb.Fatal("no test")
		}
		f := newFixture(t, kfake.SeedTopics(1, "t"))
		w := &flowtest.SourceWorld{
			Fixed: true,
			Range: func(from, to, parallel int) flow.Source {
				asked := connect.Range{Parallel: parallel}
				if from >= 0 {
					asked.From = strconv.Itoa(from)
				}
				if to >= 0 {
					asked.To = strconv.Itoa(to)
				}
				s, err := f.ranged(asked, SourceConfig{})
				if err != nil {
					t.Fatal(err)
				}
				return s
			},
			Feed:   func(records ...string) { f.produce("t", 0, records...) },
			NotIts: func(stack string) bool { return strings.Contains(stack, "kfake") },
		}
		w.Make = func() flow.Source { return w.Range(-1, -1, 3) }
		return w
	})
}

// A range is one of offsets in each partition, or of times, and ends with what
// there is.
func TestRange(t *testing.T) {
	f := newFixture(t, kfake.SeedTopics(3, "t"))
	f.produce("t", 0, "a", "b", "c")
	f.produce("t", 1, "x")
	time.Sleep(1100 * time.Millisecond) // a time has no more than seconds
	middle := time.Now().UTC().Truncate(time.Second).Format(time.RFC3339)
	time.Sleep(1100 * time.Millisecond)
	f.produce("t", 0, "d", "e")
	f.produce("t", 2, "z")
	for asked, want := range map[connect.Range]string{
		{}:                                     "t/0: a b c d e, t/1: x, t/2: z",
		{From: "1", To: "3"}:                   "t/0: b c",
		{From: "earliest", To: "1"}:            "t/0: a, t/1: x, t/2: z",
		{From: "3", To: "latest"}:              "t/0: d e",
		{From: "2", To: "100"}:                 "t/0: c d e",
		{To: middle}:                           "t/0: a b c, t/1: x",
		{From: middle, To: "now"}:              "t/0: d e, t/2: z",
		{From: "1", To: middle}:                "t/0: b c",
		{From: middle, Parallel: 2}:            "t/0: d e, t/2: z",
		{Parallel: 6}:                          "t/0 0..3: a b c, t/0 3..5: d e, t/1: x, t/2: z",
		{From: "1999-01-01", To: "2000-01-01"}: "",
	} {
		s, err := f.ranged(asked, SourceConfig{})
		if err != nil {
			t.Fatal(err)
		}
		if want == "" {
			if got, _ := all(t, s); len(got) > 0 {
				t.Errorf("%s: %v", asked, got)
			}
			continue
		}
		got, _ := all(t, s)
		same(t, asked.String(), got, want)
	}
}

// What is aborted is not read, and the marks of transactions at the end of a range
// are not waited for.
func TestRangeEndsWithTransactions(t *testing.T) {
	f := newFixture(t, kfake.SeedTopics(1, "t"))
	client, err := kgo.NewClient(kgo.SeedBrokers(f.brokers()...), kgo.TransactionalID("x"), kgo.DefaultProduceTopic("t"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for i, end := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort} {
		if err := client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := client.ProduceSync(t.Context(), kgo.StringRecord(fmt.Sprint("record", i))).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := listed(t.Context(), client, "t"); err != nil {
			t.Fatal(err)
		}
		if err := client.EndTransaction(t.Context(), end); err != nil {
			t.Fatal(err)
		}
	}
	s, err := f.ranged(connect.Range{}, SourceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	got, _ := all(t, s)
	same(t, "behind an aborted transaction", got, "t/0: record0")
}

// A range of which the topic has dropped a part, or all, gives the rest.
func TestRangeIsDropped(t *testing.T) {
	f := newFixture(t, kfake.SeedTopics(1, "t"))
	f.produce("t", 0, "a", "b", "c", "d")
	drop := func(to int64) {
		client, err := kgo.NewClient(kgo.SeedBrokers(f.brokers()...))
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		var o kadm.Offsets
		o.Add(kadm.Offset{Topic: "t", Partition: 0, At: to})
		if _, err := kadm.NewClient(client).DeleteRecords(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	drop(2)
	s, err := f.ranged(connect.Range{From: "0", To: "4"}, SourceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	got, _ := all(t, s)
	same(t, "a part", got, "t/0: c d")

	// One that was begun before.
	if s, err = f.ranged(connect.Range{From: "2"}, SourceConfig{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	begun := map[string]json.RawMessage{}
	for split, p := range s.(flow.Starter).Start() {
		begun[split], _ = json.Marshal(p)
	}
	s.Close(t.Context())
	drop(3)
	if s, err = f.ranged(connect.Range{From: "2"}, SourceConfig{}); err != nil {
		t.Fatal(err)
	}
	if err := s.(flow.Seeker).Seek(t.Context(), begun); err != nil {
		t.Fatal(err)
	}
	got, _ = all(t, s)
	same(t, "a part of what was begun", got, "t/0: d")
}

// A range that can't be read is refused.
func TestRangeErrors(t *testing.T) {
	f := newFixture(t, kfake.SeedTopics(1, "t"))
	for want, c := range map[string]struct {
		asked  connect.Range
		config SourceConfig
	}{
		`range.from: "soon" is none of an offset, a time`: {connect.Range{From: "soon"}, SourceConfig{}},
		`range.to: "-4" is none of an offset`:             {connect.Range{To: "-4"}, SourceConfig{}},
		"range: it ends at 1, which is before it begins":  {connect.Range{From: "2", To: "1"}, SourceConfig{}},
		"range: it ends at 2025-01-01":                    {connect.Range{From: "2026-01-01", To: "2025-01-01"}, SourceConfig{}},
		"with group the broker has them":                  {connect.Range{}, SourceConfig{Group: "g"}},
		"topics is empty":                                 {connect.Range{}, SourceConfig{Topics: []string{}}},
	} {
		if _, err := f.ranged(c.asked, c.config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, and not %s", c, err, want)
		}
	}
	s, err := f.ranged(connect.Range{}, SourceConfig{Topics: []string{"none"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "there is no topic none") {
		t.Error(err)
	}
}
