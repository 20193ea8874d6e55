package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// committed reads what a reader of committed messages sees of topics, each
// partition in its order, up to where it would have to wait.
func (c *kafkaCluster) committed(topics ...string) (out []*kgo.Record) {
	c.t.Helper()
	client := c.client(kgo.ConsumeTopics(topics...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords())
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ends, err := kadm.NewClient(client).ListCommittedOffsets(ctx, topics...)
	if err != nil {
		c.t.Fatal(err)
	}
	left := map[string]int64{}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			left[fmt.Sprint(o.Topic, o.Partition)] = o.Offset
		}
	})
	for len(left) > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			c.t.Fatalf("%v are not read: %v", left, err)
		}
		for _, r := range fetches.Records() {
			if p := fmt.Sprint(r.Topic, r.Partition); r.Offset+1 >= left[p] {
				delete(left, p)
			}
			if !r.Attrs.IsControl() {
				out = append(out, r)
			}
		}
	}
	return out
}

// A flakyListener loses one of so many answers, and the connection with it.
type flakyListener struct {
	net.Listener
	oneOf *atomic.Int64 // 0 for none
}

func (l flakyListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return flakyConn{c, l.oneOf}, err
}

type flakyConn struct {
	net.Conn
	oneOf *atomic.Int64
}

func (c flakyConn) Write(b []byte) (int, error) {
	if n := c.oneOf.Load(); n > 0 && rand.Int64N(n) == 0 {
		_ = c.Close()
		return 0, net.ErrClosed
	}
	return c.Conn.Write(b)
}

// onceTopics is a pipeline from a topic to two, by a field of the records.
const onceTopics = `
types: {T: {id: int64, key: string, side: string}}
delivery: {guarantee: effectively-once, checkpoint: {every: 100ms}}
defaults: {kafka: {brokers: "${env:KAFKA_BROKER}"}}
sources: {in: {use: kafka, config: {topics: [in]}, out: T}}
sinks: {out: {from: in, use: kafka, config: {topic: "out-${in.Side}", key: "${in.Key}"}}}
`

// produceOnce writes records [from, to) of onceTopics, 50 and then a pause, until it
// is told to stop, and returns how far it has come. The key decides the side, so that
// the order of a key is that of a partition.
func (c *kafkaCluster) produceOnce(from, to int, pause time.Duration, stop <-chan struct{}) int {
	c.t.Helper()
	client := c.client()
	defer client.Close()
	for ; from < to; from += 50 {
		select {
		case <-stop:
			return from
		case <-time.After(pause):
		}
		var records []*kgo.Record
		for id := from; id < min(to, from+50); id++ {
			key := id % 10
			records = append(records, &kgo.Record{Topic: "in", Key: fmt.Append(nil, key), Value: fmt.Appendf(nil, `{"id":%d,"key":"%d","side":"%s"}`, id, key, []string{"a", "b"}[key%2])})
		}
		if err := client.ProduceSync(context.Background(), records...).FirstErr(); err != nil {
			c.t.Error(err)
			return from
		}
	}
	return to
}

// judgeOnce fails the test unless a reader of committed messages sees the records
// [0, n), each once, and those of a key in their order.
func (c *kafkaCluster) judgeOnce(n int) {
	c.t.Helper()
	byKey := map[int][]int{}
	for _, r := range c.committed("out-a", "out-b") {
		var v struct {
			ID        int
			Key, Side string
		}
		if err := json.Unmarshal(r.Value, &v); err != nil || r.Topic != "out-"+v.Side || string(r.Key) != v.Key {
			c.t.Fatalf("%s %s: %s: %v", r.Topic, r.Key, r.Value, err)
		}
		byKey[v.ID%10] = append(byKey[v.ID%10], v.ID/10)
	}
	if len(byKey) != 10 {
		c.t.Errorf("%d keys", len(byKey))
	}
	for key, ids := range byKey {
		inOrder(c.t, fmt.Sprintf("key %d", key), ids, n/10, false)
	}
}

func (c *kafkaCluster) committedCount() int { return len(c.committed("out-a", "out-b")) }

// A program that is to write each record once does so, whatever happens to it and to
// the brokers: it is killed forty times under load, two copies run at once, brokers
// restart, lose connections and answers, and are slow.
func TestKafkaOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	t.Parallel()
	var flaky atomic.Int64
	c := newKafkaCluster(t, "in", "out-a", "out-b")
	c.stop()
	c.more = append(c.more, kfake.ListenFn(func(network, address string) (net.Listener, error) {
		l, err := net.Listen(network, address)
		return flakyListener{l, &flaky}, err
	}))
	c.start()
	binary := buildPipeline(t, "once", onceTopics)
	dir := t.TempDir()
	begin := func(dir string) *started { return start(t, binary, dir, "KAFKA_BROKER="+c.address()) }

	enough, produced := make(chan struct{}), make(chan int, 1)
	go func() { produced <- c.produceOnce(0, math.MaxInt, 40*time.Millisecond, enough) }()
	rnd := rand.New(rand.NewPCG(3, 4))
	p := begin(dir)
	for kills := range 40 {
		switch kills % 8 {
		case 2: // the brokers lose answers, and connections
			flaky.Store(40)
		case 4:
			flaky.Store(0)
			c.stop()
			time.Sleep(time.Duration(rnd.IntN(200)) * time.Millisecond)
			c.start()
		case 6: // they are slow
			slow := c.cluster
			slow.ControlKey(int16(kmsg.EndTxn), func(kmsg.Request) (kmsg.Response, error, bool) {
				slow.KeepControl()
				slow.SleepControl(func() { time.Sleep(150 * time.Millisecond) })
				return nil, nil, false
			})
		case 7: // there is a second copy: the first one ends
			second := begin(t.TempDir())
			select {
			case <-p.done:
			case <-second.done:
				p, second = second, p
			case <-time.After(time.Minute):
				t.Fatalf("two copies write:\n%s\n\n%s", p.said(), second.said())
			}
			if code := p.cmd.ProcessState.ExitCode(); code != 6 || !strings.Contains(p.said(), "another copy of the program") {
				t.Fatalf("exit code %d:\n%s", code, p.said())
			}
			p = second
		}
		time.Sleep(time.Duration(50+rnd.IntN(500)) * time.Millisecond)
		p.alive()
		p.kill()
		p = begin(dir)
	}
	flaky.Store(0)
	close(enough)
	count := <-produced
	eventually(t, "all is written", func() bool { p.alive(); return c.committedCount() >= count })
	if code := p.end(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, p.said())
	}
	c.judgeOnce(count)
}

// The checkpoint in the cluster is shown, exported, moved and taken back as any other
// one, and looking at it does a running program no harm.
func TestKafkaCheckpoint(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	c := newKafkaCluster(t, "in", "out-a", "out-b")
	binary := buildPipeline(t, "once", onceTopics)
	dir := t.TempDir()
	c.produceOnce(0, 100, 0, nil)
	env := []string{"KAFKA_BROKER=" + c.address()}
	command := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(binary, append([]string{"checkpoint"}, args...)...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("checkpoint %v: %v: %s", args, err, out)
		}
		return string(out)
	}
	runs := func(what string, want int, flags ...string) {
		t.Helper()
		p := startWith(t, binary, dir, flags, env...)
		eventually(t, what, func() bool { p.alive(); return c.committedCount() == want && p.ready() == 200 })
		if shown := command("show"); !strings.Contains(shown, "sink out") || !strings.Contains(shown, "in/0") {
			t.Errorf("%s: it shows\n%s", what, shown)
		}
		if code := p.end(); code != 0 {
			t.Fatalf("%s: exit code %d:\n%s", what, code, p.said())
		}
		if n := c.committedCount(); n != want {
			t.Errorf("%s: %d records, not %d", what, n, want)
		}
	}
	positions := func() string {
		t.Helper()
		all := command("export", "-")
		var saved struct{ Sources json.RawMessage }
		if err := json.Unmarshal([]byte(all), &saved); err != nil {
			t.Fatalf("%v: %s", err, all)
		}
		return string(saved.Sources)
	}
	runs("all is written", 100)
	c.produceOnce(100, 200, 0, nil)
	runs("it goes on", 200)
	saved := filepath.Join(dir, "saved.json")
	command("export", saved)
	before := positions()
	runs("nothing is new", 200)
	command("rewind", "--to", "start", "--dry-run")
	runs("a dry run changes nothing", 200)
	command("rewind", "--to", "start", "--yes")
	runs("all comes again", 400)
	command("rewind", "--to", "start", "--yes")
	command("import", saved, "--yes")
	runs("it was there already", 400)
	if after := positions(); after != before {
		t.Errorf("%s\nis not\n%s", after, before)
	}
	runs("it begins anew", 600, "--fresh")
}
