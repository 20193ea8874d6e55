package kafka

import (
	"fmt"
	"net"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// TestKeeps writes to a topic that was made, and to one that a record names; another broker
// over the same folder has both.
func TestKeeps(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	h := &sandbox.Host{Service: sandbox.Service{Name: "kafka", Kind: sandbox.Kafka, Port: port, Topics: []string{"made"}}, Dir: t.TempDir(), Log: t.Logf}
	topics := []string{"made", "named"}
	for round := range 2 {
		s, err := Start(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		c, err := kgo.NewClient(kgo.SeedBrokers(h.Address()), kgo.ConsumeTopics(topics...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		if err != nil {
			t.Fatal(err)
		}
		for _, topic := range topics {
			if err := c.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: fmt.Append(nil, round)}).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		got := map[string][]string{}
		for len(got["made"])+len(got["named"]) < 2*(round+1) {
			fetched := c.PollFetches(t.Context())
			if err := fetched.Err(); err != nil {
				t.Fatal(err)
			}
			fetched.EachRecord(func(r *kgo.Record) { got[r.Topic] = append(got[r.Topic], string(r.Value)) })
		}
		for _, topic := range topics {
			if want := []string{"0", "1"}[:round+1]; !slices.Equal(got[topic], want) {
				t.Errorf("round %d: %s has %q, want %q", round, topic, got[topic], want)
			}
		}
		c.Close()
		s.Stop()
	}
}

// TestTaken says that somebody else has the port.
func TestTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	h := &sandbox.Host{Service: sandbox.Service{Port: l.Addr().(*net.TCPAddr).Port}, Dir: t.TempDir(), Log: t.Logf}
	if s, err := Start(t.Context(), h); err == nil {
		s.Stop()
		t.Error("two have one port")
	}
}
