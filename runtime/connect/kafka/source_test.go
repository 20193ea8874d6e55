package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

func TestSource(t *testing.T) {
	f := newFixture(t, kfake.SeedTopics(2, "t"))
	f.produce("t", 0, "a", "b")
	f.produce("t", 1, "x")
	s := f.source(SourceConfig{Topics: []string{"t"}}, nil)
	got, positions, _ := read(t, s, 3)
	same(t, "from the start", got, "t/0: a b, t/1: x")
	if text, err := json.Marshal(positions); err != nil || string(text) != `{"t/0":{"offset":2},"t/1":{"offset":1}}` {
		t.Errorf("positions %s %v", text, err)
	}
	f.produce("t", 0, "c")
	got, _, b := read(t, s, 1)
	same(t, "what comes", got, "t/0: c")
	if at, err := json.Marshal(s.(*Source).Place(b, flow.Record{})); err != nil || string(at) != `{"topic":"t","partition":0,"offset":2}` {
		t.Errorf("%s %v", at, err)
	}
	if s.(*Source).Place(b, flow.Record{Index: 7}) != nil {
		t.Error("a record that there is not has a place")
	}
	got, _, _ = read(t, f.source(SourceConfig{Topics: []string{"t"}}, map[string]int64{"t/0": 1, "t/1": 1}), 2)
	same(t, "from a checkpoint", got, "t/0: b c")
}

func TestMeta(t *testing.T) {
	f := newFixture(t, kfake.SeedTopics(1, "t"))
	client, err := kgo.NewClient(kgo.SeedBrokers(f.brokers()...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, r := range []*kgo.Record{
		{Topic: "t", Value: []byte("a"), Key: []byte("k"), Timestamp: at, Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("1")}, {Key: "h", Value: []byte("2")}}},
		{Topic: "t"},
	} {
		if err := client.ProduceSync(context.Background(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	_, _, b := read(t, f.source(SourceConfig{Topics: []string{"t"}}, map[string]int64{}), 2)
	var m Meta
	m.At(b, flow.Record{})
	if m.Topic != "t" || m.Partition != 0 || m.Offset != 0 || m.Key != "k" || !m.Timestamp.Equal(at) || len(m.Headers) != 1 || m.Headers["h"] != "2" {
		t.Errorf("%+v", m)
	}
	m.At(b, flow.Record{Index: 1}) // a tombstone without a key
	if m.Offset != 1 || m.Key != "" || m.Headers != nil {
		t.Errorf("%+v", m)
	}
	m.At(b, flow.Record{Index: 2})
	if m.Topic != "" {
		t.Errorf("there is no such record: %+v", m)
	}
}

// A first run begins where `start` says, and the first checkpoint knows it of each
// partition, also of those in which nothing came before a crash.
func TestStart(t *testing.T) {
	f := newFixture(t, kfake.SeedTopics(2, "t"))
	f.produce("t", 0, "a", "b")
	time.Sleep(1100 * time.Millisecond) // a time has no more than seconds
	middle := time.Now().UTC().Truncate(time.Second).Format(time.RFC3339)
	f.produce("t", 0, "c")
	latest := f.source(SourceConfig{Topics: []string{"t"}, Start: "latest"}, nil)
	pinned := map[string]int64{}
	for range 2 {
		b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
		if err := latest.Read(context.Background(), b); err != nil || len(b.Ends) > 0 || b.OnDone == nil {
			t.Fatalf("the start is not pinned: %+v %v", b, err)
		}
		pinned[b.Split] = b.Position.(*position).Offset
	}
	if pinned["t/0"] != 3 || pinned["t/1"] != 0 || len(pinned) != 2 {
		t.Errorf("%v", pinned)
	}
	f.produce("t", 0, "d")
	f.produce("t", 1, "x")
	got, _, _ := read(t, latest, 2)
	same(t, "latest", got, "t/0: d, t/1: x")
	got, _, _ = read(t, f.source(SourceConfig{Topics: []string{"t"}, Start: "latest"}, pinned), 2)
	same(t, "latest, from its first checkpoint", got, "t/0: d, t/1: x")
	got, _, _ = read(t, f.source(SourceConfig{Topics: []string{"t"}, Start: middle}, nil), 3)
	same(t, "from a time", got, "t/0: c d, t/1: x")
	finder, err := NewSource(SourceConfig{Brokers: f.brokers(), Topics: []string{"t"}}, connect.Input{})
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339, middle)
	if err != nil {
		t.Fatal(err)
	}
	found, err := finder.(flow.TimeFinder).PositionsAt(context.Background(), at)
	if err != nil || len(found) != 2 || found["t/0"].(*position).Offset != 2 || found["t/1"].(*position).Offset != 0 {
		t.Errorf("%v %v", found, err)
	}
}

// Topics by a regular expression; one that comes later is read from its beginning.
func TestPatterns(t *testing.T) {
	f := newFixture(t, kfake.SeedTopics(1, "orders-eu", "orders-us", "other", "plain"))
	f.produce("orders-eu", 0, "a")
	f.produce("orders-us", 0, "b")
	f.produce("other", 0, "c")
	f.produce("plain", 0, "d")
	s := f.source(SourceConfig{Topics: []string{"^orders-", "plain"}, Start: "latest"}, map[string]int64{"orders-eu/0": 0, "orders-us/0": 0, "plain/0": 0}).(*Source)
	got, _, _ := read(t, s, 3)
	same(t, "patterns", got, "orders-eu/0: a, orders-us/0: b, plain/0: d")
	if err := f.cluster.CreateTopic("orders-jp", 1, nil); err != nil {
		t.Fatal(err)
	}
	f.produce("orders-jp", 0, "e")
	time.Sleep(time.Second) // the client answers from its memory for half of one
	s.looked = time.Now().Add(-refresh)
	got, positions, _ := read(t, s, 1)
	same(t, "a topic that came later", got, "orders-jp/0: e")
	if positions["orders-jp/0"].(*position).Offset != 1 {
		t.Errorf("%+v", positions)
	}
}

// A checkpoint that the topic does not fit any more.
func TestTopicChanged(t *testing.T) {
	f := newFixture(t, kfake.SeedTopics(1, "t"))
	f.produce("t", 0, "a", "b", "c", "d")
	if err := f.cluster.DeleteRecords("t", 0, 2); err != nil {
		t.Fatal(err)
	}
	got, _, _ := read(t, f.source(SourceConfig{Topics: []string{"t"}}, map[string]int64{"t/0": 1}), 2)
	same(t, "behind what was dropped", got, "t/0: c d")
	if _, err := f.opened(SourceConfig{Topics: []string{"t"}}, map[string]int64{"t/0": 9}); err == nil || !strings.Contains(err.Error(), "made anew") {
		t.Errorf("got %v", err)
	}
	for split, text := range map[string]string{"t": `{"offset":1}`, "t/x": `{"offset":1}`, "t/0": `[]`} {
		s, err := NewSource(SourceConfig{Brokers: f.brokers(), Topics: []string{"t"}}, connect.Input{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.(*Source).Seek(context.Background(), map[string]json.RawMessage{split: json.RawMessage(text)}); err == nil {
			t.Errorf("%s: %s is taken", split, text)
		}
	}
}

// A cluster that goes away is told once; then reading waits, says that it goes on,
// and goes on where it was.
func TestClusterGoesAway(t *testing.T) {
	dir := t.TempDir()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "t"), kfake.DataDir(dir), kfake.SyncWrites())
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, cluster: c}
	address := f.brokers()[0]
	f.produce("t", 0, "a")
	s := f.source(SourceConfig{Topics: []string{"t"}}, map[string]int64{"t/0": 0})
	read(t, s, 1)
	c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
	err = s.Read(ctx, b)
	var gone *messages.GoneError
	if !errors.As(err, &gone) || !strings.Contains(err.Error(), address) || !strings.Contains(err.Error(), "refused") {
		t.Fatalf("got %v", err)
	}
	again := make(chan error, 1)
	go func() { again <- s.Read(ctx, b) }()
	select {
	case err := <-again:
		t.Fatalf("it does not wait: %v", err)
	case <-time.After(500 * time.Millisecond):
	}
	f.cluster, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(portOf(t, address)), kfake.DataDir(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer f.cluster.Close()
	if err := <-again; err != nil || len(b.Ends) > 0 {
		t.Fatalf("%v, %q", err, b.Data)
	}
	f.produce("t", 0, "b")
	got, _, _ := read(t, s, 1)
	same(t, "behind what was read", got, "t/0: b")
}

func TestSourceErrors(t *testing.T) {
	f := newFixture(t, kfake.SeedTopics(1, "t"))
	for name, c := range map[string]struct {
		config SourceConfig
		says   string
	}{
		"no topics":          {SourceConfig{}, "topics is empty"},
		"an empty topic":     {SourceConfig{Topics: []string{""}}, "is empty"},
		"no expression":      {SourceConfig{Topics: []string{"^("}}, "regular expression"},
		"no such topic":      {SourceConfig{Topics: []string{"u"}}, "there is no topic u"},
		"none for the group": {SourceConfig{Topics: []string{"u"}, Group: "g"}, "there is no topic u"},
		"no time":            {SourceConfig{Topics: []string{"t"}, Start: "soon"}, `start "soon"`},
		"no group":           {SourceConfig{Topics: []string{"t"}, Instance: "i"}, "give group as well"},
		"no mechanism":       {SourceConfig{Topics: []string{"t"}, SASL: SASL{User: "u"}}, "sasl.mechanism is empty"},
		"another mechanism":  {SourceConfig{Topics: []string{"t"}, SASL: SASL{Mechanism: "gssapi"}}, "none of plain"},
		"no such file":       {SourceConfig{Topics: []string{"t"}, TLS: TLS{CA: "none.pem"}}, "tls.ca"},
	} {
		var gone *messages.GoneError
		if _, err := f.opened(c.config, nil); err == nil || !strings.Contains(err.Error(), c.says) || errors.As(err, &gone) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, brokers := range [][]string{nil, {""}, {"http://host:9092"}, {"user:secret@host:9092"}} {
		if _, err := NewSource(SourceConfig{Brokers: brokers, Topics: []string{"t"}}, connect.Input{}); err == nil {
			t.Errorf("%q are taken", brokers)
		}
	}
}
