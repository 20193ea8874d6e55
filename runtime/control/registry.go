package control

import (
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// A Registry knows components by the service ids that it gave them.
type Registry struct {
	mu      sync.Mutex
	entries map[string]*entry
	next    int
	changed chan struct{} // closed at each registration
	now     func() time.Time
}

// An entry is one registration.
type entry struct {
	id         string // of the service
	name       string // of the component
	number     int
	info       *proto.ComponentInfo
	status     proto.HealthStatus
	metrics    map[string]string
	registered time.Time
	heard      time.Time
}

// NewRegistry returns a registry that knows nobody.
func NewRegistry() *Registry {
	return &Registry{entries: map[string]*entry{}, changed: make(chan struct{}), now: time.Now}
}

// Register adds a component and returns the id of its service. Who registers again under
// the same name takes the place of who was there.
func (r *Registry) Register(name string, info *proto.ComponentInfo) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if name == "" {
		name = info.GetId()
	}
	maps.DeleteFunc(r.entries, func(_ string, e *entry) bool { return name != "" && e.name == name })
	r.next++
	e := &entry{id: serviceID(name, r.next), name: name, number: r.next, info: info, registered: r.now(), heard: r.now()}
	r.entries[e.id] = e
	close(r.changed)
	r.changed = make(chan struct{})
	return e.id
}

func serviceID(name string, n int) string {
	if name == "" {
		name = "component"
	}
	return name + "-" + strconv.Itoa(n)
}

// Unregister forgets a component; false where nobody has the id.
func (r *Registry) Unregister(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.entries[id]
	delete(r.entries, id)
	return ok
}

// Heartbeat notes that a component is there; false where nobody has the id.
func (r *Registry) Heartbeat(id string, status proto.HealthStatus, metrics map[string]string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.entries[id]
	if ok {
		e.status, e.metrics, e.heard = status, metrics, r.now()
	}
	return ok
}

// Heard tells whether a component, by its name, has said something within a time.
func (r *Registry) Heard(name string, within time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.entries {
		if (e.name == name || e.info.GetId() == name) && r.now().Sub(e.heard) <= within {
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
// under a name of its own. changed is closed when another registers.
func (r *Registry) find(name string, since int) (found *entry, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.entries {
		switch {
		case e.number <= since:
		case e.name == name || e.info.GetId() == name:
			return e, r.changed
		case found == nil || e.number < found.number:
			found = e
		}
	}
	return found, r.changed
}

// list are the entries that a condition holds for, in the order of their registration.
func (r *Registry) list(keep func(*entry) bool) []*entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []*entry
	for _, e := range r.entries {
		if keep(e) {
			copied := *e
			out = append(out, &copied)
		}
	}
	slices.SortFunc(out, func(a, b *entry) int { return a.number - b.number })
	return out
}
