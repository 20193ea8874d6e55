// Package shares divides the parts of a process among hosts that come and go.
//
// A part is a partition of what the process reads, with a checkpoint and a claim of its
// own; who works on it is a host. Who holds which part stands in one cell (see
// [flow.Cells]) that every host replaces by compare-and-set. The cell is courtesy: it
// keeps hosts from getting in each other's way. That two of them never commit for one
// part is a matter of the part's checkpoint, which knows its writer.
package shares

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Cell is the name of the cell.
const Cell = "hosts"

const tableVersion = 1

// A Table is what stands in the cell.
type Table struct {
	Version int `json:"version"`
	// Hosts are those that are there, by their names, each of which is of one run.
	Hosts map[string]Host `json:"hosts,omitempty"`
	// Anew tells that the hosts were started to begin anew.
	Anew  bool   `json:"anew,omitempty"`
	Parts []Part `json:"parts,omitempty"`
}

// A Host is a process that works on parts.
type Host struct {
	// Beat grows while it lives.
	Beat uint64 `json:"beat"`
	// Who says to people which one that is.
	Who string `json:"who,omitempty"`
	// Leaving tells that it ends: it takes nothing more, and frees what it has as soon as
	// it can.
	Leaving bool `json:"leaving,omitempty"`
}

// A Part is one of those that are divided.
type Part struct {
	// Host is who works on it, "" for nobody.
	Host string `json:"host,omitempty"`
	// Done tells that all of it is handled.
	Done bool `json:"done,omitempty"`
	// Anew tells that its checkpoint is to be forgotten before it is worked on.
	Anew bool `json:"anew,omitempty"`
}

// decode reads a table; none is as one that nobody is in.
func decode(data []byte) (*Table, error) {
	t := &Table{Version: tableVersion}
	if len(data) == 0 {
		return t, nil
	}
	if err := json.Unmarshal(data, t); err != nil {
		return nil, fmt.Errorf("it is none: %w", err)
	}
	if t.Version > tableVersion {
		return nil, fmt.Errorf("it has version %d, and this program reads up to %d: a newer one wrote it, so build this one with a newer flowc", t.Version, tableVersion)
	}
	return t, nil
}

func (t *Table) encode() []byte {
	data, err := json.Marshal(t)
	if err != nil {
		panic(err) // it has texts and numbers
	}
	return data
}

// copy is a table that can be changed without the first.
func (t *Table) copy() *Table {
	c := *t
	c.Hosts, c.Parts = maps.Clone(t.Hosts), slices.Clone(t.Parts)
	if c.Hosts == nil {
		c.Hosts = map[string]Host{}
	}
	return &c
}

// names are the hosts in order.
func (t *Table) names() []string { return slices.Sorted(maps.Keys(t.Hosts)) }

// staying are the hosts that do not leave, in order.
func (t *Table) staying() []string {
	return slices.DeleteFunc(t.names(), func(name string) bool { return t.Hosts[name].Leaving })
}

// open is how many parts are not done.
func (t *Table) open() (n int) {
	for _, p := range t.Parts {
		if !p.Done {
			n++
		}
	}
	return n
}

// complete tells whether all parts are done.
func (t *Table) complete() bool { return len(t.Parts) > 0 && t.open() == 0 }

// quota is how many parts that are not done a host may have: as many as the others, and
// the first ones in order those that are left.
func (t *Table) quota(host string) int {
	names := t.staying()
	at, ok := slices.BinarySearch(names, host)
	if !ok {
		return 0
	}
	n := t.open() / len(names)
	if at < t.open()%len(names) {
		n++
	}
	return n
}

// drop takes a host out, and frees what it held.
func (t *Table) drop(host string) {
	delete(t.Hosts, host)
	for i := range t.Parts {
		if t.Parts[i].Host == host {
			t.Parts[i].Host = ""
		}
	}
}
