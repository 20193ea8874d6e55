package kafka

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A fixture is a cluster in this process.
type fixture struct {
	t       testing.TB
	cluster *kfake.Cluster
	login   []kgo.Opt
}

func newFixture(t *testing.T, opts ...kfake.Opt) *fixture {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &fixture{t: t, cluster: c}
}

func (f *fixture) brokers() []string { return f.cluster.ListenAddrs() }

// produce writes texts to a partition.
func (f *fixture) produce(topic string, number int32, texts ...string) {
	f.t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(f.brokers()...), kgo.RecordPartitioner(kgo.ManualPartitioner())}, f.login...)...)
	if err != nil {
		f.t.Fatal(err)
	}
	defer client.Close()
	for _, text := range texts {
		if err := client.ProduceSync(context.Background(), &kgo.Record{Topic: topic, Partition: number, Value: []byte(text)}).FirstErr(); err != nil {
			f.t.Fatal(err)
		}
	}
}

// source makes and opens a source, going on at positions like "t/0": 3.
func (f *fixture) source(c SourceConfig, at map[string]int64) flow.Source {
	f.t.Helper()
	s, err := f.opened(c, at)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

func (f *fixture) opened(c SourceConfig, at map[string]int64) (flow.Source, error) {
	f.t.Helper()
	c.Brokers = f.brokers()
	s, err := NewSource(c, connect.Input{Node: "in", Format: "text"})
	if err != nil {
		return nil, err
	}
	f.t.Cleanup(func() { s.Close(context.Background()) })
	if at != nil {
		positions := map[string]json.RawMessage{}
		for split, offset := range at {
			positions[split] = fmt.Appendf(nil, `{"offset":%d}`, offset)
		}
		if err := s.(flow.Seeker).Seek(context.Background(), positions); err != nil {
			return nil, err
		}
	}
	return s, s.Open(context.Background())
}

// texts are the messages of a batch.
func texts(b *flow.Batch) (out []string) {
	begin := uint32(0)
	for _, end := range b.Ends {
		out = append(out, string(b.Data[begin:end]))
		begin = end
	}
	return out
}

// read reads until there are n messages, and returns them by split, with spaces
// between, and the positions.
func read(t *testing.T, s flow.Source, n int) (got map[string]string, positions map[string]any, last *flow.Batch) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
	got, positions = map[string]string{}, map[string]any{}
	for n > 0 {
		b.Data, b.Ends, b.Position, b.Split, b.OnDone = b.Data[:0], b.Ends[:0], nil, "", nil
		if err := s.Read(ctx, b); err != nil {
			t.Fatalf("after %v: %v", got, err)
		}
		n -= len(b.Ends)
		if b.Position != nil {
			positions[b.Split] = b.Position
		}
		if len(b.Ends) > 0 {
			got[b.Split] = strings.TrimSpace(got[b.Split] + " " + strings.Join(texts(b), " "))
		}
	}
	return got, positions, b
}

// same fails the test unless got is what is wanted, in the form "t/0: a b, t/1: c".
func same(t *testing.T, what string, got map[string]string, want string) {
	t.Helper()
	wanted := map[string]string{}
	for part := range strings.SplitSeq(want, ", ") {
		split, messages, _ := strings.Cut(part, ": ")
		wanted[split] = messages
	}
	if fmt.Sprint(got) != fmt.Sprint(wanted) {
		t.Errorf("%s: got %v, want %v", what, got, wanted)
	}
}
