package kafka

import (
	"context"
	"fmt"
	"strings"
	"testing"

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
