package control

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// A fakeStore keeps records in memory, and refuses to while fails is set.
type fakeStore struct {
	mu      sync.Mutex
	records map[string]Record
	fails   error
	saves   int
	slow    chan struct{} // a save waits for it
}

func (s *fakeStore) Load() (all []Record, _ error) {
	for _, r := range s.records {
		all = append(all, r)
	}
	return all, nil
}

func (s *fakeStore) Save(kept []Record, forgotten []string) error {
	if s.slow != nil {
		<-s.slow
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saves++
	if s.fails != nil {
		return s.fails
	}
	for _, r := range kept {
		s.records[r.ID] = r
	}
	for _, id := range forgotten {
		delete(s.records, id)
	}
	return nil
}

func (s *fakeStore) set(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails = err
}

// A clock is told the time.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func registry(t *testing.T, o Options) *Registry {
	t.Helper()
	r, err := NewRegistry(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func add(t *testing.T, r *Registry, name, endpoint string) string {
	t.Helper()
	id, err := r.Register(t.Context(), name, "10.0.0.7", &proto.ComponentInfo{Endpoint: endpoint, OutputEventTypes: []string{"x.v1"}})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func discovered(t *testing.T, r *Registry) (endpoints []string) {
	t.Helper()
	found, err := (&service{registry: r}).DiscoverComponents(t.Context(), &proto.DiscoveryRequest{EventTypes: []string{"x.v1"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range found.GetComponents() {
		endpoints = append(endpoints, c.GetEndpoint())
	}
	return endpoints
}

// Who is silent is told to nobody, comes back with the next heartbeat, and is forgotten
// when it stays silent.
func TestSilence(t *testing.T) {
	c := &clock{now: time.Unix(1_800_000_000, 0)}
	r := registry(t, Options{TTL: 30 * time.Second, Forget: time.Hour, Now: c.time})
	a, b := add(t, r, "a", ":1"), add(t, r, "b", ":2")
	c.pass(20 * time.Second)
	beat := func(id string, s proto.HealthStatus) {
		t.Helper()
		if err := r.Heartbeat(t.Context(), id, s, nil); err != nil {
			t.Fatal(err)
		}
	}
	beat(a, proto.HealthStatus_HEALTH_STATUS_UNKNOWN)
	c.pass(20 * time.Second)
	if got := discovered(t, r); fmt.Sprint(got) != "[10.0.0.7:1]" {
		t.Errorf("found are %v", got)
	}
	one, err := r.Component(b)
	if err != nil || !one.Silent || one.Status != proto.HealthStatus_HEALTH_STATUS_UNHEALTHY {
		t.Error(one, err)
	}
	beat(b, proto.HealthStatus_HEALTH_STATUS_HEALTHY)
	if got := discovered(t, r); len(got) != 2 {
		t.Errorf("found are %v", got)
	}
	beat(a, proto.HealthStatus_HEALTH_STATUS_STOPPING)
	if got := discovered(t, r); fmt.Sprint(got) != "[10.0.0.7:2]" {
		t.Errorf("with one that stops found are %v", got)
	}
	c.pass(50 * time.Minute)
	beat(b, proto.HealthStatus_HEALTH_STATUS_HEALTHY)
	c.pass(15 * time.Minute)
	r.Sweep()
	if err := r.Heartbeat(t.Context(), a, 0, nil); !errors.Is(err, ErrUnknown) {
		t.Errorf("who is forgotten gets %v", err)
	}
	if n := r.Counters(); n != (Counters{Registrations: 2, Heartbeats: 4, Forgotten: 1}) {
		t.Errorf("counted %+v", n)
	}
}

// Two runs have components of one name at different places; who is started again at the
// same place is one.
func TestSideBySide(t *testing.T) {
	r := registry(t, Options{})
	first := add(t, r, "ledgers", ":1")
	add(t, r, "ledgers", ":2")
	add(t, r, "ledgers", "127.0.0.1:1")
	add(t, r, "ledgers", ":1")
	if got := discovered(t, r); fmt.Sprint(got) != "[10.0.0.7:2 127.0.0.1:1 10.0.0.7:1]" {
		t.Errorf("there are %v", got)
	}
	if _, err := r.Component(first); !errors.Is(err, ErrUnknown) {
		t.Error("who was there before is there")
	}
}

// What was acknowledged is stored; what can't be stored is not acknowledged, and is
// stored with the next change that is.
func TestStored(t *testing.T) {
	store := &fakeStore{records: map[string]Record{}}
	r := registry(t, Options{Store: store})
	a := add(t, r, "a", ":1")
	b := add(t, r, "b", ":2")
	if err := r.Heartbeat(t.Context(), a, proto.HealthStatus_HEALTH_STATUS_DEGRADED, map[string]string{"n": "1"}); err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space left on device")
	store.set(full)
	if _, err := r.Register(t.Context(), "c", "", &proto.ComponentInfo{}); !errors.Is(err, full) {
		t.Errorf("what can't be stored says %v", err)
	}
	if _, err := (&service{registry: r}).Heartbeat(t.Context(), &proto.HeartbeatRequest{ServiceId: a}); status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "no space left") {
		t.Error(err)
	}
	store.set(nil)
	if err := r.Unregister(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	r.Close()
	if _, err := r.Register(t.Context(), "late", "", &proto.ComponentInfo{}); err == nil {
		t.Error("a registry that has ended takes another one")
	}

	again := registry(t, Options{Store: store})
	defer again.Close()
	var names []string
	for _, c := range again.Components(nil) {
		names = append(names, c.Name)
	}
	if fmt.Sprint(names) != "[a c]" {
		t.Errorf("stored are %v", names)
	}
	if one, err := again.Component(a); err != nil || one.Info.GetEndpoint() != "10.0.0.7:1" || one.Metrics != nil {
		t.Error(one, err)
	}
}

// Changes that come while the store is at work are stored together.
func TestStoredTogether(t *testing.T) {
	store := &fakeStore{records: map[string]Record{}, slow: make(chan struct{})}
	r := registry(t, Options{Store: store})
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() { add(t, r, fmt.Sprint(i), fmt.Sprint(":", i)) })
	}
	for r.Mark() < 100 {
		time.Sleep(time.Millisecond)
	}
	close(store.slow)
	all.Wait()
	if len(store.records) != 100 || store.saves > 3 {
		t.Errorf("%d records in %d saves", len(store.records), store.saves)
	}
	waiting, cancel := context.WithCancel(t.Context())
	cancel()
	store.slow = make(chan struct{})
	if _, err := r.Register(waiting, "x", "", &proto.ComponentInfo{}); !errors.Is(err, context.Canceled) {
		t.Errorf("who no longer waits gets %v", err)
	}
	close(store.slow)
	r.Close()
}

func TestLimits(t *testing.T) {
	r := registry(t, Options{})
	s := &service{registry: r}
	long := strings.Repeat("x", 10_000)
	many := map[string]string{}
	for i := range 1000 {
		many[fmt.Sprint(i)] = ""
	}
	for name, c := range map[string]*proto.ComponentInfo{
		"name": {Name: long}, "description": {Description: long}, "endpoint": {Endpoint: long}, "metadata": {Metadata: many},
		"a key of metadata": {Metadata: map[string]string{long: ""}}, "metadata[k]": {Metadata: map[string]string{"k": long}},
		"input_event_types": {InputEventTypes: []string{long}}, "output_event_types": {OutputEventTypes: make([]string, 1000)},
	} {
		_, err := s.RegisterComponent(t.Context(), &proto.RegisterRequest{Component: c})
		if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), name+" has ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Heartbeat(t.Context(), &proto.HeartbeatRequest{Metrics: many}); status.Code(err) != codes.InvalidArgument {
		t.Error(err)
	}
}
