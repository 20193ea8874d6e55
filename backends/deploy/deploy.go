// Package deploy brings releases of pipelines to engines: it compares what is wanted
// with what is there, field by field, tries the new release as far as that can be done
// beside the old one, puts it there, waits until it is ready, and brings the old one
// back where it does not become so.
//
// It is the same for every target. An [Engine] is what a target's live package
// implements: it knows the words of Docker, Kubernetes or Nomad, and decides nothing.
// What was applied is kept on the engine itself, so that another machine, or a control
// plane, finds it there: no file of this machine is part of it.
package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// An Engine is where releases run.
type Engine interface {
	// Place names it for people: "Docker at unix:///var/run/docker.sock".
	Place() string
	// Releases are those that were applied there, by pipeline. An engine that can't be
	// reached, or does not let the user in, is an error that says so with a remedy; so
	// it is of all these methods.
	Releases(ctx context.Context) ([]*Release, error)
	// Preview compares a release with what is there, and changes nothing.
	Preview(ctx context.Context, want *Release) (*Preview, error)
	// Try finds out, beside what runs and without disturbing it, whether a release could
	// start: its image is there, its settings are right, what it reads can be read. A
	// [*Refused] says why not.
	Try(ctx context.Context, want *Release) error
	// Put has the engine run a release, and returns as soon as that has begun. seen is
	// the Seen of a preview: where something has changed since, it is [ErrChanged] and
	// nothing is touched. "" takes whatever is there.
	Put(ctx context.Context, want *Release, seen string) error
	// Remove deletes objects of a release, by its ID; those that are gone already are no
	// error, and what others still use stays.
	Remove(ctx context.Context, id string, objects []Object) error
	// Stop ends the processes of a release in order, and comes back when they have ended.
	// All that it takes to start the release again as it was is kept: its [Engine.Run] says
	// that it is stopped, and a preview of the same release that it is idle.
	Stop(ctx context.Context, id string) error
	// Restart ends those that run in order and starts them again as they were, those of
	// several copies one after the other where the engine can; what was stopped, it starts.
	Restart(ctx context.Context, id string) error
	// Run is how the release of an ID does, nil where there is none.
	Run(ctx context.Context, id string) (*Run, error)
	// Logs hands over what the instances of a release say, each in its order.
	Logs(ctx context.Context, id string, o LogOptions, line func(Line)) error
}

// ErrChanged tells that an engine is not any more what a plan was made for.
var ErrChanged = errors.New("something has changed there since the plan was made")

// A Refused is a release that can't start, found before what runs was touched.
type Refused struct{ Why string }

func (e *Refused) Error() string { return e.Why }

// A Release is a version of a pipeline as one engine runs it.
type Release struct {
	// ID is what the engine knows the release by, whatever its version: the pipeline's
	// name, with the project or the namespace before it where that is another.
	ID string `json:"id"`
	// Pipeline is its name, Hash that of its meaning.
	Pipeline string `json:"pipeline"`
	Hash     string `json:"hash"`
	// Image is the reference of the image, which always means the same one.
	Image string `json:"image,omitempty"`
	// Folder is where the pipeline lies, on the machine that applied it.
	Folder string `json:"folder,omitempty"`
	// Manifest is what the engine is given, in the words of the target; nil of one that
	// is there and that flowc did not apply.
	Manifest json.RawMessage `json:"-"`
	// Objects are what belongs to it on the engine; only [Engine.Releases] fills it.
	Objects []Object `json:"objects,omitempty"`
	// Secrets are values, by the name of the variable that they came from, with which
	// the release ran. They are kept to bring it back, and nowhere else.
	Secrets map[string]string `json:"-"`
}

// A Preview is what is there, and what would be.
type Preview struct {
	// Before is the release that runs, nil for none.
	Before *Release
	// Have are the objects of the pipeline that are there, Would those that there
	// would be, with what the engine fills in, in the order in which they are made.
	Have, Would []Object
	// Seen identifies what is there, for [Engine.Put].
	Seen string
}

// An Object is one thing that an engine keeps: a service and its containers, a volume,
// a Deployment, a job.
type Object struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Data tells that it holds what can't be made again: state, or files of sinks.
	Data bool `json:"data,omitempty"`
	// Takes says of an object that is there what else is lost with it: "the disk of its
	// copies, with the state on it". "" for nothing.
	Takes string `json:"-"`
	// Runs tells that it does the work of a pipeline: one that is not wanted any more goes
	// in favour of those that are, whether or not somebody prunes. [Engine.Put] ends it
	// first, where both would do the work twice.
	Runs bool `json:"-"`
	// Spec is a tree as JSON has it: map[string]any, []any, texts, numbers, booleans,
	// nil, and [Hidden] for what nobody may see.
	Spec any `json:"-"`
	// Spare tells that nobody misses it, and that a plan which does not delete it need not
	// name it.
	Spare bool `json:"-"`
	// Idle says of an object that is there why it does not do what it should: "its
	// container has exited with code 1". "" of one that does.
	Idle string `json:"-"`
	// Disturbs says of a wanted object what a change of it does to what runs: "restarts".
	Disturbs string `json:"-"`
}

// ID names an object of an engine.
func (o Object) ID() string { return o.Kind + " " + o.Name }

// A Hidden is a value that is compared and not shown.
type Hidden struct {
	// Shown stands for it: the reference that the manifest has.
	Shown string
	// Value is what is compared.
	Value string
}

// MarshalJSON never has the value.
func (h Hidden) MarshalJSON() ([]byte, error) { return json.Marshal(h.Shown) }

// String never has the value either.
func (h Hidden) String() string { return h.Shown }

// LogOptions say which lines are wanted.
type LogOptions struct {
	// Follow goes on until the context ends.
	Follow bool
	// Tail is how many of the last lines of each instance come first, -1 for all.
	Tail int
	// Since leaves out what is older; the zero time leaves out nothing.
	Since time.Time
}

// A Line is one of a log.
type Line struct {
	Instance string    `json:"instance"`
	Time     time.Time `json:"time"`
	Text     string    `json:"text"`
}
