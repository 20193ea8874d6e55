package manifest

import (
	"fmt"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// LagPath is the page of a host that has what waits for all hosts, as JSON: {"lag": N}.
const LagPath = "/lag"

// Waiting is how many messages may wait for each host or copy, where nothing else is said.
const Waiting = 1000

// An Elastic says how many hosts of a process there are.
type Elastic struct {
	// Min and Max are how many there are at the least and at the most; By is what says how
	// many.
	Min, Max int
	By       ir.ScaleBy
	// Copies is how many parts one host runs at the most, CopyMemory the limit of each and
	// OwnMemory that of the host itself, in bytes.
	Copies                int
	CopyMemory, OwnMemory int64
}

// Units is how many units a target makes of the part that does not choose their number
// itself: one for each copy that has a number, and as many hosts as there are at the
// least.
func (part Part) Units() int {
	if part.elastic != nil {
		return max(part.elastic.Min, 1)
	}
	return part.Replicas
}

// hosts makes of the App of one copy that of a host: what the copies need, and the host.
func (part Part) hosts(a *App, given Given) {
	if part.elastic == nil {
		return
	}
	e := &Elastic{Min: max(part.elastic.Min, 1), Max: part.copies, By: part.elastic.By, Copies: part.most, OwnMemory: ir.HostMemory}
	e.CopyMemory = a.Memory
	if given.Memory > 0 { // it is that of the host with all that it starts
		e.CopyMemory = max((given.Memory-ir.HostMemory)/int64(e.Copies), smallestMemory)
		a.GoMemory = e.CopyMemory / 10 * 9 / mebibyte * mebibyte
	}
	a.Memory = max(given.Memory, int64(e.Copies)*e.CopyMemory+e.OwnMemory)
	a.Elastic, a.Replicas = e, 1
	a.Copies = Copies{Many: true, Why: fmt.Sprintf("`scale` of `%s` says so, and hosts share its %d parts, each at most %d", part.Process, e.Max, e.Copies)}
}

// NotScaled refuses options that say how the number of copies changes, of a program of
// which nobody says that it does.
func (a *App) NotScaled(l *diag.List, at source.Span) {
	l.Errorf(diag.TargetOption, at, "the number of copies of `%s` does not change, so that nothing can be said of how", a.Process).
		Helpf("take `scale` away, or write `scale: {min: …, max: …}` on the node")
}

// MemorySum is how the memory of a host adds up, "" for a program that is none.
func (a *App) MemorySum() string {
	e := a.Elastic
	if e == nil {
		return ""
	}
	return fmt.Sprintf("%d × %d MiB for as many parts as a host runs at the most, and %d MiB", e.Copies, e.CopyMemory>>20, e.OwnMemory>>20)
}

// Programs is how many processes of the program one unit has at the most: those that a
// host starts. A limit of threads is that of each of them.
func (a *App) Programs() int {
	if a.Elastic == nil {
		return 1
	}
	return a.Elastic.Copies
}
