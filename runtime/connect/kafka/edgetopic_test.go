package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// refuses fails the test unless an error is fatal and says something.
func refuses(t *testing.T, what string, err error, says string) {
	t.Helper()
	if err == nil || !isFatal(err) || !strings.Contains(err.Error(), says) {
		t.Errorf("%s: got %v, want one that is fatal and says %s", what, err, says)
	}
}

// configOf are the configs of the topic of the edge.
func (f *fixture) configOf() map[string]string {
	f.t.Helper()
	all, err := f.admin().DescribeTopicConfigs(context.Background(), "E")
	if err != nil {
		f.t.Fatal(err)
	}
	topic, err := all.On("E", nil)
	if err != nil || topic.Err != nil {
		f.t.Fatal(err, topic.Err)
	}
	configs := map[string]string{}
	for _, c := range topic.Configs {
		configs[c.Key] = c.MaybeValue()
	}
	return configs
}

// A topic drops nothing that was not read, however old and however much.
func TestEdgeTopic(t *testing.T) {
	f := newFixture(t, kfake.NumBrokers(3))
	f.open(f.edgeSink(func(c *EdgeSinkConfig) { c.ReplicationFactor, c.MaxMessage = 3, 2_000_000 }))
	got := f.configOf()
	for name, want := range map[string]string{
		"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1", "segment.bytes": "67108864", "max.message.bytes": "2000000", "compression.type": "producer", "min.insync.replicas": "2",
	} {
		if got[name] != want {
			t.Errorf("%s is %s, not %s", name, got[name], want)
		}
	}
	topics, err := f.admin().ListTopics(context.Background(), "E")
	if err != nil {
		t.Fatal(err)
	}
	if e := topics["E"]; len(e.Partitions) != 2 || len(e.Partitions[0].Replicas) != 3 {
		t.Errorf("it has %d partitions and %d replicas", len(e.Partitions), len(e.Partitions[0].Replicas))
	}
}

// All processes of a pipeline begin at once, and one of them makes the topic.
func TestEdgeTopicMadeAtOnce(t *testing.T) {
	f := newFixture(t)
	var all sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		all.Go(func() {
			if i%2 == 0 {
				s := newEdgeSink(t, f.brokers(), nil)
				errs[i] = errors.Join(s.Open(context.Background()), s.Close(context.Background(), false))
				return
			}
			s := newEdgeSource(t, f.brokers(), i/2%2, nil)
			errs[i] = errors.Join(s.Open(context.Background()), s.Close(context.Background()))
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

// More brokers than there are can't keep a topic.
func TestEdgeReplication(t *testing.T) {
	f := newFixture(t)
	three := func(c *EdgeSourceConfig) { c.ReplicationFactor = 3 }
	refuses(t, "one broker", f.edgeSource(0, three).Open(context.Background()), "can't have 3 replicas, there are not so many brokers: set `replication_factor` of")
	f.open(f.edgeSource(0, nil))
	refuses(t, "there already", f.edgeSource(0, three).Open(context.Background()), "has 1 replicas, and `replication_factor` of `edges: {kafka: …}` says 3")
	f.cluster.ControlKey(int16(kmsg.CreateTopics), func(q kmsg.Request) (kmsg.Response, error, bool) {
		answer := q.ResponseKind().(*kmsg.CreateTopicsResponse)
		topic := kmsg.NewCreateTopicsResponseTopic()
		topic.Topic, topic.ErrorCode = "X", kerr.InvalidReplicationFactor.Code
		answer.Topics = append(answer.Topics, topic)
		return answer, nil, true
	})
	refuses(t, "the brokers' own", f.edgeSource(0, func(c *EdgeSourceConfig) { c.Topic = "X" }).Open(context.Background()), "default.replication.factor")
}

// A topic for another number of partitions is refused while it holds records. When it
// is empty it may have more, or fewer, of which those that stay are not used.
func TestEdgePartitions(t *testing.T) {
	f := newFixture(t)
	sink := f.edgeSink(func(c *EdgeSinkConfig) { c.Ends = false })
	f.open(sink)
	f.write(sink, "a:1", "b:2", "c:3")
	if f.left(0)+f.left(1) == 0 {
		t.Fatal("the topic is empty")
	}
	for _, n := range []int{1, 3} {
		for name, end := range map[string]interface{ Open(context.Context) error }{
			"sink":   f.edgeSink(func(c *EdgeSinkConfig) { c.Partitions = n }),
			"source": f.edgeSource(0, func(c *EdgeSourceConfig) { c.Partitions = n }),
		} {
			refuses(t, name, end.Open(context.Background()), fmt.Sprintf("messages for 2 partitions, and %d are asked for", n))
		}
	}
	f.empty()
	for _, n := range []int{3, 1, 4} {
		sink := f.edgeSink(func(c *EdgeSinkConfig) { c.Partitions = n })
		f.open(sink)
		for _, key := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			f.write(sink, key+":1")
		}
		f.end(sink)
		records := 0
		for p := range n {
			source := f.edgeSource(p, func(c *EdgeSourceConfig) { c.Partitions = n })
			f.open(source)
			got, _ := readAll(t, source)
			if records += len(got); len(got) == 0 {
				t.Errorf("of %d partitions, %d is empty", n, p)
			}
		}
		if records != 8 {
			t.Errorf("%d records of 8 in %d partitions", records, n)
		}
		f.empty()
	}
	// Four are there still. What two processes write that do not agree stops the reader.
	source := f.edgeSource(0, func(c *EdgeSourceConfig) { c.Partitions = 1 })
	f.open(source)
	two := f.edgeSink(nil)
	f.open(two)
	for _, key := range []string{"a", "b", "c", "d"} {
		f.write(two, key+":1")
	}
	for {
		b := &flow.Batch{}
		err := source.Read(context.Background(), b)
		if err == nil && len(b.Ends) == 0 {
			continue
		}
		refuses(t, "read", err, "for 2 partitions, and this program knows 1")
		break
	}
}

// A topic that somebody else made is used, or refused with what to do.
func TestEdgeForeignTopic(t *testing.T) {
	for _, c := range []struct{ key, value, says string }{
		{"cleanup.policy", "compact", "has cleanup.policy=compact: set it to delete"},
		{"compression.type", "zstd", "has compression.type=zstd: set it to producer"},
		{"max.message.bytes", "1000", "has max.message.bytes=1000: set it to 1000000, or `max_message`"},
		{"retention.ms", "1000", ""}, // it is warned of
	} {
		f := newFixture(t)
		if _, err := f.admin().CreateTopic(context.Background(), 2, 1, map[string]*string{c.key: &c.value}, "E"); err != nil {
			t.Fatal(err)
		}
		sink := f.edgeSink(nil)
		err := sink.Open(context.Background())
		if c.says == "" {
			if err != nil {
				t.Error(err)
			}
			sink.topic.close()
			continue
		}
		refuses(t, c.key, err, c.says)
	}
	f := newFixture(t, kfake.SeedTopics(2, "E"))
	f.produce("E", 1, "somebody's")
	refuses(t, "messages", f.edgeSink(nil).Open(context.Background()), "holds messages that are none of a pipeline's: delete it, or rename the pipeline")
}

// A login that may not do what an edge needs is told what to allow it.
func TestEdgeRights(t *testing.T) {
	allow := func(operations ...kmsg.ACLOperation) (all []kfake.ACL) {
		for _, o := range operations {
			all = append(all, kfake.ACL{Resource: kmsg.ACLResourceTypeTopic, Name: "E", Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: o, Allow: true})
		}
		return all
	}
	f := newFixture(t, kfake.EnableSASL(), kfake.EnableACLs(), kfake.Superuser("PLAIN", "root", "root"),
		kfake.User("PLAIN", "nobody", "x"),
		kfake.User("PLAIN", "describer", "x", allow(kmsg.ACLOperationDescribe)...),
		kfake.User("PLAIN", "writer", "x", allow(kmsg.ACLOperationWrite)...),
		kfake.User("PLAIN", "reader", "x", allow(kmsg.ACLOperationRead)...),
		kfake.User("PLAIN", "deleter", "x", allow(kmsg.ACLOperationRead, kmsg.ACLOperationDelete)...))
	f.login = []kgo.Opt{kgo.SASL(plain.Auth{User: "root", Pass: "root"}.AsMechanism())}
	sink := func(user string) *EdgeSink {
		return f.edgeSink(func(c *EdgeSinkConfig) { c.SASL = SASL{Mechanism: "plain", User: user, Password: "x"} })
	}
	source := func(user string) *EdgeSource {
		return f.edgeSource(0, func(c *EdgeSourceConfig) { c.SASL = SASL{Mechanism: "plain", User: user, Password: "x"} })
	}
	refuses(t, "no rights", sink("nobody").Open(context.Background()), "may not be seen by the login: allow it to Describe")
	refuses(t, "no topic", sink("describer").Open(context.Background()), "can't be made by this login: allow it to Create it, or make it, of 2 partitions")
	if _, err := f.admin().CreateTopic(context.Background(), 2, 1, nil, "E"); err != nil {
		t.Fatal(err)
	}
	refuses(t, "not to be deleted", source("reader").Open(context.Background()), "allow it to Delete the topic")
	// Each needs no more than what it does.
	w := sink("writer")
	f.open(w)
	f.write(w, "a:1")
	f.write(w, "b:2")
	f.end(w)
	again := f.edgeSink(func(c *EdgeSinkConfig) {
		c.Ends, c.SASL = false, SASL{Mechanism: "plain", User: "writer", Password: "x"}
	})
	f.open(again) // though it may not read what is there
	r := source("deleter")
	f.open(r)
	if _, positions := readAll(t, r); len(positions) > 0 {
		if err := r.Ack(context.Background(), map[string]any{"E/0": positions[len(positions)-1]}); err != nil {
			t.Error(err)
		}
	}
	if n := f.left(0); n != 0 {
		t.Errorf("%d messages are left", n)
	}
	if err := sink("describer").Open(context.Background()); flow.ClassOf(err) != flow.Permanent || !strings.Contains(err.Error(), "allow it to Write") {
		t.Errorf("got %v", err)
	}
	f.empty()
	refuses(t, "more partitions", f.edgeSink(func(c *EdgeSinkConfig) {
		c.Partitions, c.SASL = 3, SASL{Mechanism: "plain", User: "writer", Password: "x"}
	}).Open(context.Background()), "has 2 partitions and needs 3, which this login can't add: allow it to Alter it")
}

// A topic that goes while it is written to is told, with what to do.
func TestEdgeTopicGone(t *testing.T) {
	f := newFixture(t)
	sink := f.edgeSink(nil)
	f.open(sink)
	f.write(sink, "a:1")
	if _, err := f.admin().DeleteTopics(context.Background(), "E"); err != nil {
		t.Fatal(err)
	}
	err := sink.Write(context.Background(), edgePacket("a:2"))
	var partial *flow.PartialError
	if !errors.As(err, &partial) || !strings.Contains(partial.Failed[0].Error(), "is not there any more: start the processes again") {
		t.Errorf("got %v", err)
	}
}
