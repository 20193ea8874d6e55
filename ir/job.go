package ir

import (
	"slices"

	"github.com/flowc-dev/flowc/ir/source"
)

// A Job is a whole program that runs to its end before, beside or behind the records. It
// takes and gives none, so it is no node: what concerns records never meets it.
type Job struct {
	Name string
	// Start is what it starts, in the words of components: of Command and Image at least
	// one; Command beside Image replaces its entrypoint. It has no protocol.
	Start *Foreign
	// DependsOn is what must have completed before it starts.
	DependsOn []Dependency
	Span      source.Span // its name
}

// A Dependency is something that must have completed.
type Dependency struct {
	// Name is a job's, or a node's where Node is set: it has completed when the records are
	// done, all of them, since nodes begin and end together.
	Name string
	Node bool
	Span source.Span
}

// Behind tells that the job waits for the records.
func (j *Job) Behind() bool {
	return slices.ContainsFunc(j.DependsOn, func(d Dependency) bool { return d.Node })
}

// Endless tells that the job is started again whenever it has ended, so that it never
// completes.
func (j *Job) Endless() bool {
	return j.Start.Restart == RestartAlways || j.Start.Restart == RestartUnlessStopped
}

// Words are its command, what stands in the place of an image's entrypoint, and what stands
// behind either.
func (j *Job) Words() (entry, args []*Value) {
	if j.Start.Image == nil {
		return nil, slices.Concat(j.Start.Command, j.Start.Args)
	}
	if len(j.Start.Command) == 0 {
		return nil, j.Start.Args
	}
	return j.Start.Command[:1], slices.Concat(j.Start.Command[1:], j.Start.Args)
}
