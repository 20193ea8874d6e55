package deploy

import (
	"fmt"
	"strings"
	"time"
)

// A Run is a release at work: the one model of it that commands print and a control
// plane serves.
type Run struct {
	// ID is that of the release.
	ID       string `json:"id"`
	Pipeline string `json:"pipeline"`
	Hash     string `json:"hash"`
	Image    string `json:"image,omitempty"`
	// Place is the engine, as [Engine.Place] names it.
	Place string `json:"place"`
	// File is that of the pipeline, on the machine that runs it; "" where nobody knows.
	File string `json:"file,omitempty"`
	// Wanted is how many instances there should be.
	Wanted int `json:"wanted"`
	// Instances are those that there are, by name.
	Instances []Instance `json:"instances"`
	// Ports are where records and pages are reached from outside, by the name of the
	// port or its number; several instances have several places.
	Ports map[string][]string `json:"ports,omitempty"`
}

// An Instance is one process of a release: a container, a pod, an allocation.
type Instance struct {
	Name  string `json:"name"`
	State State  `json:"state"`
	// Old ones belong to a release before this one, and go away.
	Old bool `json:"old,omitempty"`
	// Restarts counts how often it was started again.
	Restarts int `json:"restarts"`
	// ExitCode is how it ended last, 0 where it did not.
	ExitCode int `json:"exit_code"`
	// Since is when it was started, or ended.
	Since time.Time `json:"since"`
	// Says is what the engine has to say of it: why it is not ready, or can't start.
	Says string `json:"says,omitempty"`
	// PID is its process on this machine, 0 where it has none.
	PID int `json:"pid,omitempty"`
	// Figures are what it says of itself, nil where nobody can ask it.
	Figures *Figures `json:"figures,omitempty"`
	// Totals are what became of its records, of one that has ended and has noted it.
	Totals *Totals `json:"totals,omitempty"`
}

// A State is that of an instance, or of a run.
type State string

// The states. A program that was well may become unready, and does not for that have
// failed: what it connects to may be away.
const (
	Starting State = "starting" // it has not been ready yet
	Ready    State = "ready"    // its inputs and outputs are connected
	Unready  State = "unready"  // it runs, and they are not
	Dying    State = "dying"    // it ended, and is started again and again
	Ended    State = "ended"    // by itself, with all done
	Stopped  State = "stopped"  // by somebody
	Failed   State = "failed"   // for good
	Missing  State = "missing"  // there should be one, and is not
)

// State is what all of the instances are together: the worst of them.
func (r *Run) State() State {
	worst, n := State(""), 0
	for _, i := range r.Instances {
		if i.Old {
			continue
		}
		n++
		if rank[i.State] > rank[worst] {
			worst = i.State
		}
	}
	if n < r.Wanted && rank[worst] < rank[Missing] {
		return Missing
	}
	return worst
}

var rank = map[State]int{"": 0, Ended: 1, Ready: 2, Stopped: 3, Starting: 4, Missing: 5, Unready: 6, Dying: 7, Failed: 8}

// Well tells whether nothing more is to be waited for: every instance is ready, or has
// done all that there was.
func (r *Run) Well() bool {
	s := r.State()
	return s == Ready || s == Ended
}

// tooOften is how often a new instance may die before it is given up.
const tooOften = 3

// usageCode is the exit code of a program that no new start mends.
const usageCode = 2

// hopeless says why a release will not become ready, "" where it may; before is how
// often its instances had been started again before anybody looked.
func (r *Run) hopeless(before int) string {
	for _, i := range r.Instances {
		switch {
		case i.Old:
		case i.State == Failed && i.Says != "":
			return fmt.Sprintf("%s: %s", i.Name, i.Says)
		case i.State == Failed:
			return fmt.Sprintf("%s ended with exit code %d", i.Name, i.ExitCode)
		case i.State == Dying && i.ExitCode == usageCode:
			return fmt.Sprintf("%s ends with exit code %d: an argument or a setting is wrong", i.Name, i.ExitCode)
		case before == 0 && i.Restarts >= tooOften, before > 0 && i.State != Ready && r.restarts()-before >= tooOften:
			if i.ExitCode == 0 { // it has just been started again
				return fmt.Sprintf("%s ended %d times", i.Name, i.Restarts)
			}
			return fmt.Sprintf("%s ended %d times, last with exit code %d", i.Name, i.Restarts, i.ExitCode)
		}
	}
	return ""
}

// summary is a run in some words, for progress.
func (r *Run) summary() string {
	ready, n := 0, 0
	for _, i := range r.Instances {
		if i.Old {
			continue
		}
		n++
		if i.State == Ready || i.State == Ended {
			ready++
		}
	}
	says := string(r.State())
	for _, i := range r.Instances {
		if !i.Old && i.Says != "" && i.State != Ready {
			first, _, _ := strings.Cut(i.Says, "\n")
			says += ": " + first
			break
		}
	}
	if all := max(r.Wanted, n); all > 1 {
		return fmt.Sprintf("%d of %d are ready: %s", ready, all, says)
	}
	return says
}
