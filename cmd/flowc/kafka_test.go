package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A kafkaCluster is a broker in this process that can go away and come back.
type kafkaCluster struct {
	t       *testing.T
	port    int
	dir     string
	cluster *kfake.Cluster
	host    string      // 127.0.0.1 where it is ""
	more    []kfake.Opt // of each start
}

func newKafkaCluster(t *testing.T, topics ...string) *kafkaCluster {
	t.Helper()
	c := &kafkaCluster{t: t, dir: t.TempDir()}
	if _, err := fmt.Sscanf(freeAddress(t), "127.0.0.1:%d", &c.port); err != nil {
		t.Fatal(err)
	}
	c.start(kfake.SeedTopics(3, topics...))
	t.Cleanup(func() { c.stop() })
	return c
}

func (c *kafkaCluster) address() string {
	return fmt.Sprintf("%s:%d", cmp.Or(c.host, "127.0.0.1"), c.port)
}

func (c *kafkaCluster) start(more ...kfake.Opt) {
	c.t.Helper()
	var err error
	c.cluster, err = kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1), kfake.Ports(c.port), kfake.DataDir(c.dir), kfake.SyncWrites()}, slices.Concat(c.more, more)...)...)
	if err != nil {
		c.t.Fatal(err)
	}
}

// keepAll has the brokers, until they stop, say that they delete what they are told to, and
// keep it: a partition that is empty when kfake stops begins at 0 again when it starts.
func (c *kafkaCluster) keepAll() {
	c.cluster.ControlKey(int16(kmsg.DeleteRecords), func(q kmsg.Request) (kmsg.Response, error, bool) {
		c.cluster.KeepControl()
		answer := q.ResponseKind().(*kmsg.DeleteRecordsResponse)
		for _, topic := range q.(*kmsg.DeleteRecordsRequest).Topics {
			t := kmsg.NewDeleteRecordsResponseTopic()
			t.Topic = topic.Topic
			for _, p := range topic.Partitions {
				done := kmsg.NewDeleteRecordsResponseTopicPartition()
				done.Partition, done.LowWatermark = p.Partition, p.Offset
				t.Partitions = append(t.Partitions, done)
			}
			answer.Topics = append(answer.Topics, t)
		}
		return answer, nil, true
	})
}

func (c *kafkaCluster) stop() {
	if c.cluster != nil {
		c.cluster.Close()
		c.cluster = nil
	}
}

func (c *kafkaCluster) client(more ...kgo.Opt) *kgo.Client {
	c.t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(c.address())}, more...)...)
	if err != nil {
		c.t.Fatal(err)
	}
	return client
}

// produce writes orders [from, to) with keys 0 to 9, which decide the partition.
func (c *kafkaCluster) produce(from, to int) {
	c.t.Helper()
	client := c.client()
	defer client.Close()
	for i := from; i < to; i++ {
		r := &kgo.Record{
			Topic: "orders", Key: fmt.Append(nil, i%10), Headers: []kgo.RecordHeader{{Key: "sender", Value: fmt.Append(nil, "shop")}},
			Value: fmt.Appendf(nil, `{"id":"%d","region":"%s","total":"%d.50"}`, i, []string{"EU", "US"}[i%2], 100+i),
		}
		if err := client.ProduceSync(context.Background(), r).FirstErr(); err != nil {
			c.t.Fatal(err)
		}
	}
}

// count is how many messages topics have.
func (c *kafkaCluster) count(topics ...string) (n int) {
	for _, topic := range topics {
		for _, p := range c.cluster.PartitionInfos(topic) {
			n += int(p.HighWatermark - p.LogStartOffset)
		}
	}
	return n
}

// all reads all messages of topics, each partition in its order.
func (c *kafkaCluster) all(topics ...string) (out []*kgo.Record) {
	c.t.Helper()
	client := c.client(kgo.ConsumeTopics(topics...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for n := c.count(topics...); len(out) < n; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			c.t.Fatal(err)
		}
		out = append(out, fetches.Records()...)
	}
	return out
}

// missing is how many of n orders no message of a topic is of.
func (c *kafkaCluster) missing(topic string, n int) int {
	c.t.Helper()
	got := map[string]bool{}
	for _, r := range c.all(topic) {
		var bill struct{ ID string }
		if err := json.Unmarshal(r.Value, &bill); err != nil {
			c.t.Fatal(err)
		}
		got[bill.ID] = true
	}
	return n - len(got)
}

// A program that reads a topic and writes to others loses nothing and keeps the
// order of each key, whatever dies and comes back: it, or the broker.
func TestKafka(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	c := newKafkaCluster(t, "orders", "bills-EU", "bills-US", "dead")
	bills := func() int { return c.count("bills-EU", "bills-US") }
	c.produce(0, 200)
	binary := buildProgram(t, filepath.Join(casesDir, "kafka", "pipeline.yaml"))
	dir := t.TempDir()
	begin := func() *started { return start(t, binary, dir, "KAFKA_BROKER="+c.address()) }

	// The broker is away when the program starts.
	c.stop()
	p := begin()
	eventually(t, "the program says that the broker is away", func() bool { p.alive(); return strings.Contains(p.said(), "connection lost") })
	if at := p.ready(); at == 200 {
		t.Error("it is ready without a broker")
	}
	c.start()
	eventually(t, "the program writes once the broker is there", func() bool { p.alive(); return bills() == 200 })
	eventually(t, "the program is ready", func() bool { return p.ready() == 200 })
	if said := p.said(); !strings.Contains(said, c.address()) || !strings.Contains(said, "connection refused") {
		t.Errorf("it does not say where and why:\n%s", said)
	}

	// The program dies, again and again, while messages come.
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.produce(200, 2000)
	}()
	for range 5 {
		time.Sleep(300 * time.Millisecond)
		p.kill()
		p = begin()
	}
	<-done
	eventually(t, "all is written", func() bool {
		p.alive()
		return len(linesOf(t, filepath.Join(dir, "all.ndjson"))) == 2000 && bills() >= 2000
	})
	eventually(t, "the program is ready", func() bool { return p.ready() == 200 })

	// The broker goes away while nothing comes, and comes back.
	before := strings.Count(p.said(), "connection lost")
	c.stop()
	eventually(t, "the program is not ready", func() bool { return p.ready() == 503 })
	eventually(t, "the program says why", func() bool { return strings.Count(p.said(), "connection lost") > before })
	time.Sleep(500 * time.Millisecond)
	if n := strings.Count(p.said(), "connection lost") - before; n != 1 { // the sinks have nothing to say it of
		t.Errorf("it says %d times that the broker is away:\n%s", n, p.said())
	}
	c.start()
	eventually(t, "the program is ready again", func() bool { return p.ready() == 200 })
	c.produce(2000, 2100)
	// … and while records are on their way.
	c.stop()
	time.Sleep(200 * time.Millisecond)
	c.start()
	c.produce(2100, 2200)
	client := c.client()
	defer client.Close()
	if err := client.ProduceSync(context.Background(), &kgo.Record{Topic: "orders", Key: []byte("1"), Value: []byte(`{"id":"x"`)}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the bad message is a dead letter", func() bool { p.alive(); return c.count("dead") == 1 })
	eventually(t, "all is written", func() bool { return len(linesOf(t, filepath.Join(dir, "all.ndjson"))) == 2200 })
	if code := p.end(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, p.said())
	}

	// What each key has, in its order; after a kill some came again.
	byKey := map[int][]int{}
	for _, r := range c.all("bills-EU", "bills-US") {
		var v struct {
			ID     int `json:"id,string"`
			Region string
			Sender string
		}
		if err := json.Unmarshal(r.Value, &v); err != nil {
			t.Fatalf("%s: %v", r.Value, err)
		}
		if r.Topic != "bills-"+v.Region || v.Sender != fmt.Sprintf("shop/%d", v.ID%10) || string(r.Key) != fmt.Sprint(v.ID) || len(r.Headers) != 1 || string(r.Headers[0].Value) != "flowc" {
			t.Fatalf("%s %s: %s", r.Topic, r.Key, r.Value)
		}
		byKey[v.ID] = append(byKey[v.ID], v.ID)
	}
	if len(byKey) != 2200 {
		t.Errorf("%d bills of 2200", len(byKey))
	}
	ordered := map[int][]int{}
	for _, line := range linesOf(t, filepath.Join(dir, "all.ndjson")) {
		var v struct {
			ID int `json:"id,string"`
		}
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		ordered[v.ID%10] = append(ordered[v.ID%10], v.ID/10)
	}
	for key, ids := range ordered {
		inOrder(t, fmt.Sprintf("key %d of all.ndjson", key), ids, 220, false)
	}
	var letter struct {
		Node, Code string
		Position   struct {
			Topic  string
			Offset *int
		}
	}
	if err := json.Unmarshal(c.all("dead")[0].Value, &letter); err != nil {
		t.Fatal(err)
	}
	if letter.Node != "orders" || letter.Position.Topic != "orders" || letter.Position.Offset == nil {
		t.Errorf("%+v", letter)
	}
}

// Two copies of a program share a topic as members of a group; one of them dies.
// Nothing is lost, and what comes again is no more than what was not committed.
func TestKafkaGroup(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	c := newKafkaCluster(t, "orders")
	file := filepath.Join(t.TempDir(), "pipeline.yaml")
	writeFile(t, file, `pipeline: group
types: {Order: {id: string}}
sources:
  orders: {use: kafka, config: {brokers: "${env:KAFKA_BROKER}", topics: [orders], group: g, instance: "${env:NAME}"}, out: Order}
sinks:
  all: {from: orders, use: file, config: {path: all.ndjson}}
`)
	binary := buildProgram(t, file)
	dirs := map[string]string{"a": t.TempDir(), "b": t.TempDir()}
	begin := func(name string) *started {
		return start(t, binary, dirs[name], "KAFKA_BROKER="+c.address(), "NAME="+name)
	}
	seen := func() map[int]bool {
		all := map[int]bool{}
		for _, dir := range dirs {
			for _, line := range linesOf(t, filepath.Join(dir, "all.ndjson")) {
				var v struct {
					ID int `json:"id,string"`
				}
				if err := json.Unmarshal([]byte(line), &v); err == nil { // the last may be half written
					all[v.ID] = true
				}
			}
		}
		return all
	}
	c.produce(0, 300)
	a := begin("a")
	eventually(t, "the first copy has read all", func() bool { a.alive(); return len(seen()) == 300 })
	b := begin("b")
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.produce(300, 1500)
	}()
	eventually(t, "the second copy gets its share", func() bool { b.alive(); return len(linesOf(t, filepath.Join(dirs["b"], "all.ndjson"))) > 0 })
	a.kill()
	a = begin("a")
	<-done
	eventually(t, "all is written", func() bool { a.alive(); b.alive(); return len(seen()) == 1500 })
	for _, p := range []*started{a, b} {
		// The other one may have written all before this one was there.
		eventually(t, "the copy is ready", func() bool { p.alive(); return p.ready() == 200 })
		if code := p.end(); code != 0 {
			t.Errorf("exit code %d:\n%s", code, p.said())
		}
	}
}

// Members of a group come and go all the time while messages come: told to end, or
// killed. Nothing is lost, and of each key the messages are seen in their order, by
// whoever has its partition.
func TestKafkaRebalances(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	t.Parallel()
	c := newKafkaCluster(t, "in", "in-too", "out-a", "out-b")
	binary := buildPipeline(t, "members", `
types: {T: {id: int64, key: string, side: string}}
delivery: {checkpoint: {every: 100ms}}
defaults: {kafka: {brokers: "${env:KAFKA_BROKER}"}}
sources: {in: {use: kafka, config: {topics: ["^in"], group: g}, out: T}}
sinks: {out: {from: in, use: kafka, config: {topic: "out-${in.Side}", key: "${in.Key}"}}}
`)
	dirs := []string{t.TempDir(), t.TempDir(), t.TempDir()}
	begin := func(i int) *started { return start(t, binary, dirs[i], "KAFKA_BROKER="+c.address()) }
	enough, produced := make(chan struct{}), make(chan int, 1)
	go func() { produced <- c.produceOnce(0, math.MaxInt, 40*time.Millisecond, enough) }()
	members := []*started{begin(0), begin(1), begin(2)}
	for i := range 12 {
		before := c.count("out-a", "out-b")
		eventually(t, "messages come through", func() bool { return c.count("out-a", "out-b") > before })
		m := i % 3
		members[m].alive()
		if i == 5 { // it is missed when its session is over
			members[m].kill()
		} else if code := members[m].end(); code != 0 {
			t.Fatalf("exit code %d:\n%s", code, members[m].said())
		}
		members[m] = begin(m)
	}
	close(enough)
	count := <-produced
	byKey := func() map[int][]int {
		all := map[int][]int{}
		for _, r := range c.committed("out-a", "out-b") {
			var v struct{ ID int }
			if err := json.Unmarshal(r.Value, &v); err != nil {
				t.Fatalf("%s: %v", r.Value, err)
			}
			all[v.ID%10] = append(all[v.ID%10], v.ID/10)
		}
		return all
	}
	eventually(t, "all is written", func() bool {
		distinct := 0
		for _, ids := range byKey() {
			slices.Sort(ids)
			distinct += len(slices.Compact(ids))
		}
		return distinct == count
	})
	for _, m := range members {
		if code := m.end(); code != 0 {
			t.Errorf("exit code %d:\n%s", code, m.said())
		}
	}
	for key, ids := range byKey() {
		inOrder(t, fmt.Sprintf("key %d", key), ids, count/10, true)
	}
}
