package kafka

import (
	"context"
	"fmt"
	"slices"
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

// ofCluster tells that a goroutine is the cluster's.
func ofCluster(stack string) bool { return strings.Contains(stack, "/kfake") }

// A durable cluster keeps what it has while it is away.
type durable struct {
	*fixture
	dir  string
	port int
	opts []kfake.Opt
}

func newDurable(t testing.TB, opts ...kfake.Opt) *durable {
	t.Helper()
	d := &durable{fixture: &fixture{t: t}, dir: t.TempDir(), opts: opts}
	d.start()
	d.port = portOf(t, d.fixture.brokers()[0])
	t.Cleanup(func() { d.cluster.Close() })
	return d
}

// brokers is where the cluster is, also while it is away.
func (d *durable) brokers() []string { return []string{fmt.Sprintf("127.0.0.1:%d", d.port)} }

func (d *durable) stop() { d.cluster.Close() }

func (d *durable) start() {
	d.t.Helper()
	opts := append([]kfake.Opt{kfake.NumBrokers(1), kfake.DataDir(d.dir), kfake.SyncWrites()}, d.opts...)
	if d.port > 0 {
		opts = append(opts, kfake.Ports(d.port))
	}
	var err error
	if d.cluster, err = kfake.NewCluster(opts...); err != nil {
		d.t.Fatal(err)
	}
}

// committed are the values in the first partition of a topic that a reader of
// committed messages sees, up to where it does not have to wait.
func (f *fixture) committed(topic string) []string {
	f.t.Helper()
	return f.committedIn(topic, 0)
}

// committedIn is committed of any partition.
func (f *fixture) committedIn(topic string, number int32) (all []string) {
	f.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(f.brokers()...), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {number: kgo.NewOffset().AtStart()}}))
	if err != nil {
		f.t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	ends, err := kadm.NewClient(client).ListCommittedOffsets(ctx, topic)
	if err != nil {
		f.t.Fatal(err)
	}
	end, _ := ends.Lookup(topic, number)
	for at := int64(0); at < end.Offset; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			f.t.Fatalf("behind %d of %d: %v", at, end.Offset, err)
		}
		for _, r := range fetches.Records() {
			if at = r.Offset + 1; !r.Attrs.IsControl() {
				all = append(all, string(r.Value))
			}
		}
	}
	return all
}

// A topic keeps what the interfaces promise, read by the program's own position and
// by a group's.
func TestSourceConforms(t *testing.T) {
	for name, group := range map[string]string{"own": "", "group": "g"} {
		t.Run(name, func(t *testing.T) {
			flowtest.Source(t, func(t testing.TB) *flowtest.SourceWorld {
				d := newDurable(t, kfake.SeedTopics(1, "t"))
				w := &flowtest.SourceWorld{
					Make: func() flow.Source {
						s, err := NewSource(SourceConfig{Brokers: d.brokers(), Topics: []string{"t"}, Group: group}, connect.Input{Node: "in", Format: "text"})
						if err != nil {
							t.Fatal(err)
						}
						return s
					},
					Feed:    func(records ...string) { d.produce("t", 0, records...) },
					Longest: 900_000,
					Stop:    d.stop,
					Start:   d.start,
					NotIts:  ofCluster,
				}
				if group != "" {
					w.Acked = func() string {
						client, err := kgo.NewClient(kgo.SeedBrokers(d.brokers()...))
						if err != nil {
							t.Fatal(err)
						}
						defer client.Close()
						offsets, err := kadm.NewClient(client).FetchOffsets(context.Background(), group)
						if err != nil {
							t.Fatal(err)
						}
						at, _ := offsets.Lookup("t", 0)
						return fmt.Sprint(at.At)
					}
				}
				return w
			})
		})
	}
}

// So does a topic that is written to, in transactions and without.
func TestSinkConforms(t *testing.T) {
	flowtest.Sink(t, func(t testing.TB) *flowtest.SinkWorld {
		d := newDurable(t, kfake.SeedTopics(1, "t"))
		packet := func(records []string, topics ...string) *flow.Out {
			o := &flow.Out{Count: len(records), Keys: [][]string{topics}}
			for i, r := range records {
				o.Data = append(append(o.Data, r...), '\n')
				o.Ends = append(o.Ends, uint32(len(o.Data)))
				if len(topics) <= i {
					o.Keys[0] = append(o.Keys[0], "t")
				}
			}
			return o
		}
		return &flowtest.SinkWorld{
			Make: func() flow.Sink {
				s, err := NewSink(SinkConfig{Brokers: d.brokers(), MaxMessage: 1_000_000}, connect.Output{Node: "out", Format: "text", Keys: []string{"topic"}})
				if err != nil {
					t.Fatal(err)
				}
				return s
			},
			Packet:  func(records ...string) *flow.Out { return packet(records) },
			Visible: func() []string { return d.committed("t") },
			Longest: 900_000,
			Refused: func(good ...string) (*flow.Out, []int) {
				return packet(slices.Concat([]string{"bad"}, good), "no such topic"), []int{0}
			},
			Kill:   func(s flow.Sink) { s.(*Sink).link.close() },
			Stop:   d.stop,
			Start:  d.start,
			NotIts: ofCluster,
		}
	})
}
