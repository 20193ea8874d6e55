package control

import (
	"maps"
	"slices"
	"time"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// A run of a pipeline registers as a component that nobody wires, and so do its stages. Its
// record is kept when it has said farewell, or was not heard for so long that it is lost:
// who looks finds out what has run, and how that ended. It needs no other calls than those
// that every control plane of flowctl.v1 has.

// The metadata of runs and of their stages.
const (
	// KeyKind is KindRun or KindStage.
	KeyKind = "flowc.kind"
	// KeyRun is the name of the run; with KeyHost it is one on all machines.
	KeyRun  = "flowc.run"
	KeyHost = "flowc.host"
	// KeyStarted is when it was started, in the form of RFC 3339: another start is another run.
	KeyStarted = "flowc.started"

	// KindRun is a run, KindStage a node of its program.
	KindRun   = "run"
	KindStage = "stage"
)

// The metrics of a run that say how it is, besides its counts.
const (
	// KeyState is a word for all of it: ready, unready, ended, failed …
	KeyState = "state"
	// KeyEnded is when a run had ended, in the form of RFC 3339; only records have it.
	KeyEnded = "ended"

	// StateLost is the state of a run of which nothing was heard any more.
	StateLost = "lost"
)

// run tells whether an entry is that of a run.
func (r *Record) run() bool { return r.Info.GetMetadata()[KeyKind] == KindRun }

// sameRun tells whether a run registers again, as after a loss of the server.
func sameRun(a, b *proto.ComponentInfo) bool {
	return a.GetMetadata()[KeyStarted] == b.GetMetadata()[KeyStarted]
}

// end keeps the record of a run that is over. The registry is locked.
func (r *Registry) end(e *entry, at time.Time, state string) *round {
	next := *e
	next.Ended = at
	next.Metrics = maps.Clone(e.Metrics)
	if next.Metrics == nil {
		next.Metrics = map[string]string{}
	}
	next.Metrics[KeyEnded] = at.UTC().Format(time.RFC3339Nano)
	if state != "" {
		next.Metrics[KeyState] = state
	}
	if r.places[e.place()] == e.ID {
		delete(r.places, e.place())
	}
	r.entries[e.ID] = &next
	return r.note(e.ID, &next)
}

// forgetLost drops the record of a run that was taken for lost and is heard again. The
// registry is locked.
func (r *Registry) forgetLost(name string, info *proto.ComponentInfo) {
	if info.GetMetadata()[KeyKind] != KindRun {
		return
	}
	for id, e := range r.entries {
		if !e.Ended.IsZero() && e.Name == name && sameRun(e.Info, info) {
			r.drop(id)
			r.note(id, nil)
		}
	}
}

// Runs are the runs that there are and the records of those that have ended, in the order of
// their registration.
func (r *Registry) Runs() []Component {
	r.mu.Lock()
	now := r.options.Now()
	entries := slices.Collect(maps.Values(r.entries))
	r.mu.Unlock() // an entry is replaced and never changed
	slices.SortFunc(entries, func(a, b *entry) int { return a.number - b.number })
	all := []Component{}
	for _, e := range entries {
		if e.run() {
			all = append(all, r.seen(e, now))
		}
	}
	return all
}
