package kafka

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// What was acknowledged does not come again, what was not does.
func TestGroup(t *testing.T) {
	f := newFixture(t, kfake.SeedTopics(2, "t"))
	f.produce("t", 0, "a", "b")
	f.produce("t", 1, "x")
	config := SourceConfig{Topics: []string{"^t$"}, Group: "g"}
	s := f.source(config, nil).(*GroupSource)
	got, positions, b := read(t, s, 3)
	same(t, "the first member", got, "t/0: a b, t/1: x")
	if s.Place(b, flow.Record{}) == nil {
		t.Error("no place")
	}
	if err := s.Ack(context.Background(), positions); err != nil {
		t.Fatal(err)
	}
	f.produce("t", 0, "c")
	if got, _, _ = read(t, s, 1); got["t/0"] != "c" {
		t.Error(got)
	}
	s.Close(context.Background())
	f.produce("t", 1, "y")
	next := f.source(config, nil)
	got, late, _ := read(t, next, 2)
	same(t, "the next member", got, "t/0: c, t/1: y")

	// Positions of an assignment that is over are not committed.
	if err := s.Ack(context.Background(), nil); err != nil {
		t.Error(err)
	}
	g := next.(*GroupSource)
	g.revoked(context.Background(), nil, map[string][]int32{"t": {0, 1}})
	g.assigned(context.Background(), nil, map[string][]int32{"t": {0, 1}})
	if err := g.Ack(context.Background(), late); err != nil {
		t.Fatal(err)
	}
	for _, p := range []partition{{"t", 0}, {"t", 1}} {
		if o := g.owned[p]; o.committed != 0 {
			t.Errorf("%s: %+v", p, o)
		}
	}
}

// A group reads topics by a regular expression as well, from where it is told to
// begin; one that comes later is shared too, and read from its beginning.
func TestGroupPatterns(t *testing.T) {
	f := newFixture(t, kfake.SeedTopics(1, "orders-eu", "orders-us", "other"))
	f.produce("orders-eu", 0, "a")
	f.produce("orders-us", 0, "b")
	f.produce("other", 0, "c")
	s := f.source(SourceConfig{Topics: []string{"^orders-"}, Group: "g"}, nil).(*GroupSource)
	got, _, _ := read(t, s, 2)
	same(t, "patterns", got, "orders-eu/0: a, orders-us/0: b")
	if err := f.cluster.CreateTopic("orders-jp", 1, nil); err != nil {
		t.Fatal(err)
	}
	f.produce("orders-jp", 0, "d")
	s.link.client.ForceMetadataRefresh()
	got, _, _ = read(t, s, 1)
	same(t, "a topic that came later", got, "orders-jp/0: d")

	latest := f.source(SourceConfig{Topics: []string{"other"}, Group: "late", Start: "latest"}, nil)
	more := make(chan struct{})
	defer func() { <-more }()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() { // until it has found where the end is
		defer close(more)
		for i := 0; ctx.Err() == nil; i++ {
			f.produce("other", 0, fmt.Sprint(i))
			time.Sleep(20 * time.Millisecond)
		}
	}()
	got, _, _ = read(t, latest, 1)
	if first := strings.Fields(got["other/0"])[0]; first == "c" {
		t.Errorf("from the end on it reads %q", got)
	}
}

// Partitions change hands while messages come: every message is read, and the
// order of a partition is kept by whoever has it. Each member acknowledges what
// it has read, as a program does.
func TestRebalance(t *testing.T) {
	const partitions, each = 4, 400
	f := newFixture(t, kfake.SeedTopics(partitions, "t"))
	type seen struct {
		partition, number, member int
	}
	var mu sync.Mutex
	var all []seen
	member := func(ctx context.Context, id int) *sync.WaitGroup {
		s := f.source(SourceConfig{Topics: []string{"t"}, Group: "g"}, nil)
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
				if err := s.Read(ctx, b); err != nil {
					if ctx.Err() == nil {
						t.Error(err)
					}
					break
				}
				mu.Lock()
				for _, text := range texts(b) {
					v := seen{member: id}
					fmt.Sscanf(text, "%d/%d", &v.partition, &v.number)
					all = append(all, v)
				}
				mu.Unlock()
				if err := s.(flow.Acker).Ack(context.Background(), map[string]any{b.Split: b.Position}); err != nil {
					t.Log(err) // it comes again
				}
			}
			s.Close(context.Background())
		})
		return &wg
	}
	var produced sync.WaitGroup
	for p := range partitions {
		produced.Go(func() {
			for i := 0; i < each; i += 10 {
				var part []string
				for j := range 10 {
					part = append(part, fmt.Sprintf("%d/%d", p, i+j))
				}
				f.produce("t", int32(p), part...)
			}
		})
	}
	ctx1, stop1 := context.WithCancel(context.Background())
	ctx2, stop2 := context.WithCancel(context.Background())
	ctx3, stop3 := context.WithCancel(context.Background())
	defer stop3()
	count := func() (n int) {
		mu.Lock()
		defer mu.Unlock()
		distinct := map[[2]int]bool{}
		for _, v := range all {
			distinct[[2]int{v.partition, v.number}] = true
		}
		return len(distinct)
	}
	until := func(n int) {
		t.Helper()
		for range 3000 {
			if count() >= n {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatalf("%d messages of %d", count(), n)
	}
	one := member(ctx1, 1)
	until(50)
	two := member(ctx2, 2)
	until(400)
	stop1()
	one.Wait()
	three := member(ctx3, 3)
	until(800)
	stop2()
	two.Wait()
	produced.Wait()
	until(partitions * each)
	stop3()
	three.Wait()
	// What a member reads of a partition does not go back, unless the partition has
	// been another's between.
	type at struct{ partition, member int }
	last, by := map[at]int{}, map[int]int{}
	for _, v := range all {
		k := at{v.partition, v.member}
		if before, ok := last[k]; ok && by[v.partition] == v.member && v.number != before+1 && v.number > before {
			t.Fatalf("member %d read %d of partition %d behind %d", v.member, v.number, v.partition, before)
		}
		last[k], by[v.partition] = v.number, v.member
	}
	t.Logf("%d came again", len(all)-partitions*each)
}
