package control

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// ErrUnknown is the error of a service id that nobody has.
var ErrUnknown = errors.New("no component is registered under this service id")

// A Registry knows components by the service ids that it gave them.
type Registry struct {
	mu      sync.Mutex
	entries map[string]*entry
	places  map[place]string // the service ids of components with a name
	next    int
	changed chan struct{} // closed at each registration
	counted Counters
	options Options
	journal *journal // nil where nothing is kept
}

// Options say how a Registry takes what it hears.
type Options struct {
	// TTL is for how long a component is taken for well without a heartbeat; 0 is for ever.
	// One that is silent for longer is not told of to those who look for components, until
	// it is heard again.
	TTL time.Duration
	// Forget is after how long a silent one is forgotten; 0 is never.
	Forget time.Duration
	// KeepRuns is for how long the records of runs are kept that have ended; 0 is for ever.
	KeepRuns time.Duration
	// Store keeps what is known; nil has it end with the process.
	Store Store
	// Now is the time; nil is that of the machine.
	Now func() time.Time
}

// Counters are what a Registry has done since it began.
type Counters struct {
	Registrations, Heartbeats, Forgotten uint64
}

// A place is where a component of a name is: whoever registers there next is the same one,
// started again.
type place struct{ name, endpoint string }

func (e *entry) place() place { return place{e.Name, e.Info.GetEndpoint()} }

// An entry is one registration. Nothing behind its pointers changes.
type entry struct {
	Record
	number int
}

// NewRegistry returns a registry that knows what its store does.
func NewRegistry(o Options) (*Registry, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &Registry{entries: map[string]*entry{}, places: map[place]string{}, changed: make(chan struct{}), options: o}
	if o.Store == nil {
		return r, nil
	}
	records, err := o.Store.Load()
	if err != nil {
		return nil, err
	}
	slices.SortFunc(records, func(a, b Record) int { return cmp.Or(a.Registered.Compare(b.Registered), cmp.Compare(a.ID, b.ID)) })
	for _, record := range records {
		r.put(record)
	}
	r.journal = newJournal(o.Store)
	return r, nil
}

// Close ends it, when all is stored that was acknowledged.
func (r *Registry) Close() {
	if r.journal != nil {
		r.journal.close()
	}
}

// Register adds a component and returns the id of its service. name is what it is to be
// called, without one what it calls itself; host is where it is, for an endpoint such as
// ":50051" that does not say it. Who registers again under the same name, at the same
// endpoint, takes the place of who was there: it was started again.
func (r *Registry) Register(ctx context.Context, name, host string, info *proto.ComponentInfo) (string, error) {
	if name == "" {
		name = info.GetId()
	}
	info = located(info, host)
	r.mu.Lock()
	now := r.options.Now()
	if old, ok := r.places[place{name, info.GetEndpoint()}]; ok {
		if before := r.entries[old]; before.run() && !sameRun(before.Info, info) {
			r.end(before, before.Heard, StateLost)
		} else {
			r.drop(old)
			r.note(old, nil)
		}
	}
	r.forgetLost(name, info)
	e := r.put(Record{ID: serviceID(name), Name: name, Info: info, Registered: now, Heard: now})
	r.counted.Registrations++
	wait := r.note(e.ID, e)
	close(r.changed)
	r.changed = make(chan struct{})
	r.mu.Unlock()
	return e.ID, wait.wait(ctx)
}

// put adds an entry.
func (r *Registry) put(record Record) *entry {
	r.next++
	e := &entry{record, r.next}
	r.entries[e.ID] = e
	if e.Name != "" && e.Ended.IsZero() {
		r.places[e.place()] = e.ID
	}
	return e
}

// drop takes an entry out.
func (r *Registry) drop(id string) {
	e := r.entries[id]
	delete(r.entries, id)
	if r.places[e.place()] == id {
		delete(r.places, e.place())
	}
}

// located is a component whose endpoint names its host.
func located(info *proto.ComponentInfo, host string) *proto.ComponentInfo {
	at, port, err := net.SplitHostPort(info.GetEndpoint())
	if err != nil || host == "" || at != "" && !net.ParseIP(at).IsUnspecified() {
		return info
	}
	return &proto.ComponentInfo{
		Id: info.GetId(), Name: info.GetName(), Description: info.GetDescription(), Version: info.GetVersion(), Type: info.GetType(),
		InputEventTypes: info.GetInputEventTypes(), OutputEventTypes: info.GetOutputEventTypes(), Endpoint: net.JoinHostPort(host, port), Metadata: info.GetMetadata(),
	}
}

// serviceID is one that was never given out before, also by a registry that has forgotten.
func serviceID(name string) string {
	if name == "" {
		name = "component"
	}
	return name + "-" + strings.ToLower(rand.Text()[:10])
}

// Unregister forgets a component.
func (r *Registry) Unregister(ctx context.Context, id string) error {
	r.mu.Lock()
	e, ok := r.entries[id]
	if !ok || !e.Ended.IsZero() {
		r.mu.Unlock()
		return ErrUnknown
	}
	var wait *round
	if e.run() {
		wait = r.end(e, r.options.Now(), "")
	} else {
		r.drop(id)
		wait = r.note(id, nil)
	}
	r.mu.Unlock()
	return wait.wait(ctx)
}

// Heartbeat notes that a component is there, and how it does.
func (r *Registry) Heartbeat(ctx context.Context, id string, status proto.HealthStatus, metrics map[string]string) error {
	r.mu.Lock()
	e, ok := r.entries[id]
	if !ok || !e.Ended.IsZero() {
		r.mu.Unlock()
		return ErrUnknown
	}
	next := *e
	next.Status, next.Metrics, next.Heard = status, metrics, r.options.Now()
	r.entries[id] = &next
	r.counted.Heartbeats++
	wait := r.note(id, &next)
	r.mu.Unlock()
	return wait.wait(ctx)
}

// note has the journal keep an entry, or forget it. The registry is locked, so that the
// journal hears of changes in their order.
func (r *Registry) note(id string, e *entry) *round {
	switch {
	case r.journal == nil:
		return nil
	case e == nil:
		return r.journal.note(id, nil)
	default:
		return r.journal.note(id, &e.Record)
	}
}

// Sweep forgets those who have been silent for too long.
func (r *Registry) Sweep() {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.options.Now()
	late := func(since time.Time, limit time.Duration) bool { return limit > 0 && now.Sub(since) > limit }
	for id, e := range r.entries {
		switch {
		case !e.Ended.IsZero():
			if late(e.Ended, r.options.KeepRuns) {
				r.drop(id)
				r.note(id, nil)
			}
		case !late(e.Heard, r.options.Forget):
		case e.run():
			r.end(e, e.Heard, StateLost)
		default:
			r.drop(id)
			r.counted.Forgotten++
			r.note(id, nil)
		}
	}
}

// Counters says what the registry has done.
func (r *Registry) Counters() Counters {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counted
}

// Heard tells whether a component, by its name, has said something within a time.
func (r *Registry) Heard(name string, within time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.entries {
		if e.Ended.IsZero() && e.called(name) && r.options.Now().Sub(e.Heard) <= within {
			return true
		}
	}
	return false
}

// Mark says how many have registered so far.
func (r *Registry) Mark() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.next
}

// find looks for a component that has registered since a mark: by its name, else the first
// under a name of its own, but for those that are not meant. changed is closed when another
// registers.
func (r *Registry) find(name string, since int, not func(*entry) bool) (found *entry, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.entries {
		switch {
		case e.number <= since || not(e):
		case e.called(name):
			return e, r.changed
		case found == nil || e.number < found.number:
			found = e
		}
	}
	return found, r.changed
}

// Named is what a component said of itself that has registered under a name; nil for none.
func (r *Registry) Named(name string) *proto.ComponentInfo {
	for _, c := range r.Components(func(c *Component) bool { return c.called(name) }) {
		return c.Info
	}
	return nil
}

// A Component is a registration, as others see it.
type Component struct {
	Record
	// Silent tells that no heartbeat has come for longer than the TTL. The status is then
	// that it is not healthy.
	Silent bool
}

// Components are those that a condition holds for, in the order of their registration; nil
// is all.
func (r *Registry) Components(keep func(*Component) bool) []Component {
	r.mu.Lock()
	now := r.options.Now()
	entries := slices.Collect(maps.Values(r.entries))
	r.mu.Unlock() // an entry is replaced and never changed
	slices.SortFunc(entries, func(a, b *entry) int { return a.number - b.number })
	var out []Component
	for _, e := range entries {
		if !e.Ended.IsZero() {
			continue
		}
		if c := r.seen(e, now); keep == nil || keep(&c) {
			out = append(out, c)
		}
	}
	return out
}

// seen is an entry as others see it at a time.
func (r *Registry) seen(e *entry, now time.Time) Component {
	c := Component{Record: e.Record, Silent: e.Ended.IsZero() && r.options.TTL > 0 && now.Sub(e.Heard) > r.options.TTL}
	if c.Silent {
		c.Status = proto.HealthStatus_HEALTH_STATUS_UNHEALTHY
	}
	return c
}

// Component is the one of a service id.
func (r *Registry) Component(id string) (Component, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.entries[id]
	if !ok {
		return Component{}, ErrUnknown
	}
	return r.seen(e, r.options.Now()), nil
}
