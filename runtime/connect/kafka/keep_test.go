package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// generations are the two ways in which brokers do transactions: those of Kafka 4
// give a producer a new epoch with each.
var generations = map[string][]kfake.Opt{"now": nil, "before 4.0": {kfake.MaxVersions(kversion.V3_5_0())}}

// keeper makes and opens a sink that keeps the checkpoint of the pipeline p.
func (f *fixture) keeper(c SinkConfig) *Sink {
	f.t.Helper()
	c.Topic, c.Brokers = "t", f.brokers()
	if c.MaxMessage == 0 {
		c.MaxMessage = 1_000_000
	}
	made, err := NewSink(c, connect.Output{Node: "out", Format: "bytes"})
	if err != nil {
		f.t.Fatal(err)
	}
	s := made.(*Sink)
	s.Keep("p")
	s.Pace(time.Millisecond)
	if c.Transaction.Timeout > 0 {
		s.keeping.timeout = c.Transaction.Timeout // shorter than a program's
	}
	f.must(s.Open(f.t.Context()))
	f.t.Cleanup(func() { _ = s.Close(context.Background(), false) })
	return s
}

// claimed is a keeper that has shut out all others; where its transaction is gone it
// is opened again, as the engine does.
func (f *fixture) claimed() *Sink {
	f.t.Helper()
	for {
		s := f.keeper(SinkConfig{})
		err := s.Claim(f.t.Context())
		var back *flow.RolledBackError
		if errors.As(err, &back) {
			f.t.Log(err)
			f.must(s.Close(f.t.Context(), false))
			continue
		}
		f.must(err)
		return s
	}
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) loads(s *Sink, generation uint64, checkpoint string) {
	f.t.Helper()
	g, c, err := s.Load(f.t.Context())
	f.must(err)
	if g != generation || string(c) != checkpoint {
		f.t.Errorf("checkpoint %d %q, not %d %q", g, c, generation, checkpoint)
	}
}

// sees compares what a reader of committed messages sees.
func (f *fixture) sees(want ...string) {
	f.t.Helper()
	if got := f.committed("t"); !slices.Equal(got, want) {
		f.t.Errorf("%q can be read, and not %q", got, want)
	}
}

// A copy that begins to write shuts the other one out, which says so and does the
// new one no harm; one that only looks does not.
func TestSecondCopy(t *testing.T) {
	for name, opts := range generations {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, append(opts, kfake.SeedTopics(1, "t"))...)
			first := f.keeper(SinkConfig{})
			f.must(first.Claim(t.Context()))
			f.loads(first, 0, "")
			f.must(first.Write(t.Context(), out("a")))
			f.must(first.Commit(t.Context(), 1, 0, []byte("one")))

			f.loads(f.keeper(SinkConfig{}), 1, "one")
			f.must(first.Write(t.Context(), out("b")))
			f.must(first.Commit(t.Context(), 2, 1, []byte("two")))

			f.must(first.Write(t.Context(), out("lost")))
			second := f.keeper(SinkConfig{})
			f.must(second.Claim(t.Context()))
			f.loads(second, 2, "two")
			f.must(second.Write(t.Context(), out("c")))
			err := first.Commit(t.Context(), 3, 2, []byte("late"))
			var state *flow.StateError
			if !errors.As(err, &state) || flow.ClassOf(err) != flow.Fatal || !strings.Contains(err.Error(), "flowc-p: another copy of the program") {
				t.Errorf("the first copy commits: %v", err)
			}
			if again := first.Write(t.Context(), out("d")); !errors.Is(again, err) {
				t.Errorf("and writes: %v", again)
			}
			f.must(first.Close(t.Context(), false))
			f.must(second.Commit(t.Context(), 3, 2, []byte("three")))
			f.must(second.Write(t.Context(), out("e")))
			f.must(second.Commit(t.Context(), 4, 3, []byte("four")))
			f.sees("a", "b", "c", "e")
		})
	}
}

// A copy that looked before another one committed goes back to what that did.
func TestLookedTooEarly(t *testing.T) {
	f := newFixture(t, kfake.SeedTopics(1, "t"))
	early, other := f.keeper(SinkConfig{}), f.keeper(SinkConfig{})
	f.loads(early, 0, "")
	f.must(other.Commit(t.Context(), 1, 0, []byte("one")))
	var back *flow.RolledBackError
	if err := early.Write(t.Context(), out("a")); !errors.As(err, &back) {
		t.Errorf("it writes: %v", err)
	}
	f.sees()
	f.loads(f.keeper(SinkConfig{}), 1, "one")
}

// A deafListener lets go of its connections instead of answering, when told to.
type deafListener struct {
	net.Listener
	deaf *atomic.Bool
}

func (l deafListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return deafConn{c, l.deaf}, err
}

type deafConn struct {
	net.Conn
	deaf *atomic.Bool
}

func (c deafConn) Write(b []byte) (int, error) {
	if c.deaf.Load() {
		_ = c.Close()
		return 0, net.ErrClosed
	}
	return c.Conn.Write(b)
}

// Where the answer to a commit is lost the sink says that it does not know, and who
// comes next finds out.
func TestCommitUnanswered(t *testing.T) {
	for name, opts := range generations {
		for what, c := range map[string]struct {
			done       bool
			generation uint64
			checkpoint string
			sees       []string
		}{
			"done":     {true, 2, "two", []string{"a", "b"}},
			"not done": {false, 1, "one", []string{"a"}},
		} {
			t.Run(name+", "+what, func(t *testing.T) {
				var deaf atomic.Bool
				f := newFixture(t, append(opts, kfake.SeedTopics(1, "t"), kfake.ListenFn(func(network, address string) (net.Listener, error) {
					l, err := net.Listen(network, address)
					return deafListener{l, &deaf}, err
				}))...)
				s := f.keeper(SinkConfig{})
				f.must(s.Write(t.Context(), out("a")))
				f.must(s.Commit(t.Context(), 1, 0, []byte("one")))
				f.must(s.Write(t.Context(), out("b")))
				fault := kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.CoordinatorNotAvailable, Count: -1, TopLevel: true, Observe: c.done}
				fault.When = func(kmsg.Request) bool { deaf.Store(c.done); return true }
				injected := f.cluster.Fault(fault)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				var back *flow.RolledBackError
				if err := s.Commit(ctx, 2, 1, []byte("two")); !errors.As(err, &back) || flow.ClassOf(err) != flow.Fatal {
					t.Fatalf("got %v", err)
				}
				injected.Remove()
				deaf.Store(false)
				f.must(s.Close(t.Context(), false))
				f.loads(f.claimed(), c.generation, c.checkpoint)
				f.sees(c.sees...)
			})
		}
	}
}

// A transaction that takes too long is rolled back by the brokers: the sink says
// that, and not that there is another copy.
func TestTransactionTooLong(t *testing.T) {
	for name, opts := range generations {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, append(opts, kfake.SeedTopics(1, "t"))...)
			s := f.keeper(SinkConfig{Transaction: Transaction{Timeout: 200 * time.Millisecond}})
			f.must(s.Write(t.Context(), out("a")))
			f.must(s.Commit(t.Context(), 1, 0, []byte("one")))
			f.must(s.Write(t.Context(), out("b")))
			time.Sleep(400 * time.Millisecond)
			var back *flow.RolledBackError
			err := s.Write(t.Context(), out("c"))
			if err == nil {
				err = s.Commit(t.Context(), 2, 1, []byte("two"))
			}
			if !errors.As(err, &back) || !strings.Contains(err.Error(), "transaction.timeout") {
				t.Fatalf("got %v", err)
			}
			f.must(s.Close(t.Context(), false))
			s = f.keeper(SinkConfig{})
			f.must(s.Claim(t.Context()))
			f.loads(s, 1, "one")
			f.must(s.Write(t.Context(), out("b")))
			f.must(s.Commit(t.Context(), 2, 1, []byte("two")))
			f.sees("a", "b")
		})
	}
}

// Records that are refused fail alone, unless the client had to begin anew: then all
// of the transaction goes with them, and that is said.
func TestRefusedInTransaction(t *testing.T) {
	f := newFixture(t, kfake.SeedTopics(1, "t"))
	s := f.keeper(SinkConfig{MaxMessage: 2000})
	var partial *flow.PartialError
	if err := s.Write(t.Context(), out("a", strings.Repeat("x", 5000), "b")); !errors.As(err, &partial) || len(partial.Failed) != 1 || partial.Failed[1] == nil {
		t.Fatalf("got %v", err)
	}
	f.must(s.Commit(t.Context(), 1, 0, []byte("one")))
	f.sees("a", "b")
	f.must(s.Write(t.Context(), out("c")))
	refuse := kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "t", Err: kerr.InvalidRecord}
	f.cluster.Fault(refuse)
	if err := s.Write(t.Context(), out("d")); !errors.As(err, &partial) || flow.ClassOf(partial.Failed[0]) != flow.Permanent {
		t.Fatalf("got %v", err)
	}
	f.must(s.Write(t.Context(), out("e")))
	f.must(s.Commit(t.Context(), 2, 1, []byte("two")))
	f.sees("a", "b", "c", "e")
	f.must(s.Write(t.Context(), out("f")))
	f.cluster.Fault(refuse)
	s.keeping.producer.epoch-- // as if it had been another one's
	if err := s.Write(t.Context(), out("g")); flow.ClassOf(err) != flow.Fatal || !strings.Contains(err.Error(), "INVALID_RECORD") {
		t.Errorf("got %v", err)
	}
	f.must(s.Close(t.Context(), false))
	s = f.keeper(SinkConfig{MaxMessage: 2000})
	if err := s.Commit(t.Context(), 3, 2, make([]byte, 5000)); flow.ClassOf(err) != flow.Fatal || !strings.Contains(err.Error(), "max_message") {
		t.Errorf("a checkpoint that is too large: %v", err)
	}
	f.loads(f.keeper(SinkConfig{}), 2, "two")
	f.sees("a", "b", "c", "e")
}

// The topic of checkpoints is shared: another program's open transaction hides
// nothing, and a checkpoint is found however much others have written since.
func TestSharedTopic(t *testing.T) {
	f := newFixture(t, kfake.SeedTopics(1, "t"))
	f.must(f.cluster.CreateTopic(defaultCheckpoints, 3, map[string]string{"cleanup.policy": "compact"}))
	s := f.keeper(SinkConfig{})
	f.must(s.Commit(t.Context(), 1, 0, []byte("one")))
	other, err := kgo.NewClient(kgo.SeedBrokers(f.brokers()...), kgo.TransactionalID("other"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	f.must(err)
	defer other.Close()
	f.must(other.BeginTransaction())
	for i := range 2000 {
		other.Produce(t.Context(), &kgo.Record{Topic: defaultCheckpoints, Key: fmt.Append(nil, "p", i), Value: []byte("another's")}, nil)
	}
	f.must(other.Flush(t.Context()))
	f.loads(f.keeper(SinkConfig{}), 1, "one")
	f.must(s.Commit(t.Context(), 2, 1, []byte("two")))
	f.must(s.Close(t.Context(), false))
	s = f.keeper(SinkConfig{})
	f.must(s.Claim(t.Context()))
	f.loads(s, 2, "two")
	f.must(other.EndTransaction(t.Context(), kgo.TryCommit))
	f.loads(f.keeper(SinkConfig{}), 2, "two")
	for number := int32(1); number < 3; number++ {
		if n := f.cluster.PartitionInfo(defaultCheckpoints, number).HighWatermark; n > 0 {
			t.Errorf("%d messages in the partition %d", n, number)
		}
	}
	f.must(s.Forget(t.Context()))
	f.loads(f.keeper(SinkConfig{}), 0, "")
}

// What the cluster does not allow is said at the start, with what to do.
func TestKeepErrors(t *testing.T) {
	f := newFixture(t, kfake.SeedTopics(1, "t", "dropping"))
	for says, c := range map[string]struct {
		config Transaction
		fault  kfake.Fault
	}{
		"has cleanup.policy=delete":               {config: Transaction{Checkpoints: "dropping"}},
		"transaction.max.timeout.ms":              {config: Transaction{Timeout: time.Hour}},
		"name another in transaction.id":          {fault: kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, Err: kerr.TransactionalIDAuthorizationFailed}},
		"name another in transaction.checkpoints": {fault: kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics}, Err: kerr.TopicAuthorizationFailed}},
	} {
		if c.fault.Keys != nil {
			c.config.Checkpoints = "made" + fmt.Sprint(len(says))
			defer f.cluster.Fault(c.fault).Remove()
		}
		if err := f.keeper(SinkConfig{Transaction: c.config}).Claim(t.Context()); err == nil || flow.ClassOf(err) != flow.Fatal || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	f.must(f.keeper(SinkConfig{}).Claim(t.Context()))
}

// Coordinators that are busy are waited for.
func TestClaimWaits(t *testing.T) {
	f := newFixture(t, kfake.SeedTopics(1, "t"))
	f.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, Err: kerr.ConcurrentTransactions, Count: 3})
	f.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, Err: kerr.CoordinatorLoadInProgress, Count: 2})
	s := f.keeper(SinkConfig{})
	f.must(s.Write(t.Context(), out("a")))
	f.must(s.Commit(t.Context(), 1, 0, []byte("one")))
	f.sees("a")
}

// A cluster has its transactions, its checkpoints and its records on different
// brokers, and loses one of them.
func TestKeepInCluster(t *testing.T) {
	f := newFixture(t, kfake.NumBrokers(3), kfake.SeedTopics(6, "t"))
	s := f.keeper(SinkConfig{Key: "k"})
	f.must(s.Claim(t.Context()))
	want := 0
	for generation := uint64(1); generation <= 6; generation++ {
		for range 20 {
			f.must(s.Write(t.Context(), out(fmt.Sprint(want))))
			want++
		}
		f.must(s.Commit(t.Context(), generation, generation-1, fmt.Append(nil, generation)))
		if generation == 3 {
			f.must(f.cluster.RemoveNode(2))
			if err := s.Healthy(t.Context()); err != nil {
				t.Errorf("two of three brokers are there, and it is not healthy: %v", err)
			}
		}
	}
	f.must(s.Close(t.Context(), true))
	f.loads(f.claimed(), 6, "6")
	got := 0
	for number := range int32(6) {
		for _, text := range f.committedIn("t", number) {
			if text != fmt.Sprint(got) { // of one key
				t.Fatalf("%s comes behind %d", text, got-1)
			}
			got++
		}
	}
	if got != want {
		t.Errorf("%d records of %d", got, want)
	}
}
