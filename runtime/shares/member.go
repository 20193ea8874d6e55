package shares

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// silentLooks is how many looks in a row must find the counter of a host as it was, for
// it to be dead. No clocks are compared.
const silentLooks = 10

// longestLook is how long reading the cell may take for the look to count: a store that
// does not answer keeps the others from writing too.
const longestLook = time.Second

// tries is how often a look is repeated at once because another host was faster.
const tries = 8

// A Member is a host as it sees itself and the others.
type Member struct {
	name, who string
	cells     flow.Cells
	parts     int
	// most is how many parts it takes at the most: what its memory is enough for.
	most int
	// anew asks for a begin without the checkpoints.
	anew bool

	joined, leaving bool
	beat            uint64
	seen            map[string]*sighting
	// waiting tells that nobody else may be there when it joins, and somebody is.
	waiting bool
	now     func() time.Time
}

// A sighting is the counter of another host, and how many looks have found it so.
type sighting struct {
	beat  uint64
	looks int
	moved bool // it was seen to change
}

// Options say which host of what a Member is.
type Options struct {
	// Who says to people which process it is.
	Who string
	// Cells have the cell; they are open.
	Cells flow.Cells
	// Parts is how many there are, Most how many of them the host takes at the most.
	Parts, Most int
	// Anew has all parts begin without their checkpoints.
	Anew bool
}

// NewMember returns a host that is in the cell from its first look on.
func NewMember(o Options) *Member {
	return &Member{
		name: fmt.Sprintf("%016x", rand.Uint64()), who: o.Who, cells: o.Cells, parts: o.Parts, most: o.Most, anew: o.Anew,
		seen: map[string]*sighting{}, now: time.Now,
	}
}

// A State is how far a host is with a part that it has had.
type State struct {
	// Runs tells that a process works on it, or may.
	Runs bool
	// Done tells that all of it is handled, Forgotten that its checkpoint is forgotten.
	Done, Forgotten bool
}

// A View is what a host is to do, as the cell says it.
type View struct {
	// Mine are the parts to work on, and whether each is to begin anew. A part that is
	// worked on and is not among them is to be stopped.
	Mine map[int]bool
	// Hosts is how many there are, Open how many parts are not done, and Idle how many of
	// these nobody holds.
	Hosts, Open, Idle int
	// Complete tells that all parts are done.
	Complete bool
	// Lost tells that the others took the host for dead.
	Lost bool
}

// OthersError is the error of a host that can't join those that are there.
type OthersError struct{ Why, Who string }

// Error says who is there.
func (e *OthersError) Error() string { return e.Why + ": " + e.Who + " is there" }

// Look reads the cell and writes into it that the host is there, and what it takes and
// frees. has are the parts that it knows of. A View is given only for what was written.
func (m *Member) Look(ctx context.Context, has map[int]State) (*View, error) {
	for try := range tries {
		began := m.now()
		data, version, err := m.cells.Get(ctx, Cell)
		if err != nil {
			return nil, err
		}
		t, err := decode(data)
		if err != nil {
			return nil, fmt.Errorf("%s: the list of hosts can't be used: %w", m.cells.Where(), err)
		}
		next, view, err := m.plan(t.copy(), has, try == 0 && m.now().Sub(began) <= longestLook)
		if err != nil || next == nil {
			return view, err
		}
		switch _, err = m.cells.Put(ctx, Cell, next.encode(), version); {
		case err == nil:
			m.joined = true
			return view, nil
		case !errors.Is(err, flow.ErrFenced):
			return nil, err // whether it was written the next look sees
		}
		if err := pause(ctx); err != nil {
			return nil, err
		}
	}
	return nil, nil // the others were faster each time
}

// pause has hosts that met in the cell come apart.
func pause(ctx context.Context) error {
	select {
	case <-time.After(rand.N(20 * time.Millisecond)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// plan makes of a table the one to write in its place; nil for none. counts tells that
// the look is one of those that find out who is dead.
func (m *Member) plan(t *Table, has map[int]State, counts bool) (*Table, *View, error) {
	dropped := m.bury(t, counts)
	view := &View{Mine: map[int]bool{}}
	if _, in := t.Hosts[m.name]; m.joined && !in {
		view.Lost, m.joined = true, false
	}
	if !m.joined {
		if wait, err := m.join(t); wait || err != nil {
			return nil, nil, err
		}
	}
	m.beat++
	t.Hosts[m.name] = Host{Beat: m.beat, Who: m.who, Leaving: m.leaving}
	if dropped && len(t.Hosts) == 1 { // who said that parts are done is not there to ask
		doubt(t, has)
	}
	for i := range t.Parts {
		p := &t.Parts[i]
		if _, there := t.Hosts[p.Host]; p.Host != "" && !there {
			p.Host = ""
		}
		if p.Host == m.name {
			p.Done = p.Done || has[i].Done
			p.Anew = p.Anew && !has[i].Forgotten
		}
	}
	m.divide(t, has)
	m.view(t, view)
	return t, view, nil
}

// bury takes those out who have not moved for long, and tells whether there were any.
func (m *Member) bury(t *Table, counts bool) (some bool) {
	for name := range m.seen {
		if _, there := t.Hosts[name]; !there {
			delete(m.seen, name)
		}
	}
	for _, name := range t.names() {
		if name == m.name {
			continue
		}
		s, beat := m.seen[name], t.Hosts[name].Beat
		switch {
		case s == nil:
			m.seen[name] = &sighting{beat: beat}
		case s.beat != beat:
			*s = sighting{beat: beat, moved: true}
		case counts:
			s.looks++
		}
		if s != nil && s.looks >= silentLooks {
			t.drop(name)
			delete(m.seen, name)
			some = true
		}
	}
	return some
}

// join enters the host, or waits for others to be gone that it can't work beside.
func (m *Member) join(t *Table) (wait bool, err error) {
	why := ""
	switch {
	case len(t.Hosts) == 0:
	case len(t.Parts) != m.parts:
		why = fmt.Sprintf("this program has %d parts, and other hosts work on %d: stop them first", m.parts, len(t.Parts))
	case m.anew && !t.Anew:
		why = "--fresh begins anew, and other hosts go on from their checkpoints: stop them first"
	}
	if why != "" {
		for name, s := range m.seen {
			if s.moved {
				return true, &OthersError{why, t.Hosts[name].Who}
			}
		}
		m.waiting = true
		return true, nil
	}
	if len(t.Hosts) > 0 {
		return false, nil
	}
	// The first one makes the division. What was done in an earlier one is asked anew: it
	// costs a process that ends at once.
	if len(t.Parts) != m.parts {
		t.Parts = make([]Part, m.parts)
	}
	doubt(t, nil)
	t.Anew = m.anew
	for i := range t.Parts {
		t.Parts[i].Anew = t.Parts[i].Anew || m.anew
	}
	m.anew = false // the second time it is alone it goes on
	return false, nil
}

// doubt forgets which parts are done, but for those that the host knows of itself.
func doubt(t *Table, has map[int]State) {
	for i := range t.Parts {
		t.Parts[i].Done = has[i].Done
	}
}

// divide takes free parts up to the quota, and frees what is above it and stopped.
func (m *Member) divide(t *Table, has map[int]State) {
	quota := min(t.quota(m.name), m.most)
	var mine []int
	for i, p := range t.Parts {
		switch {
		case p.Host != m.name:
		case p.Done:
			t.Parts[i].Host = ""
		default:
			mine = append(mine, i)
		}
	}
	if len(mine) > quota {
		for _, i := range mine[quota:] { // the last ones
			if !has[i].Runs {
				t.Parts[i].Host = ""
			}
		}
		return
	}
	for i := range t.Parts {
		if len(mine) >= quota {
			return
		}
		if p := &t.Parts[i]; p.Host == "" && !p.Done {
			p.Host = m.name
			mine = append(mine, i)
		}
	}
}

// view is what the host is to do when the table stands.
func (m *Member) view(t *Table, view *View) {
	var mine []int
	for i, p := range t.Parts {
		if p.Host == m.name {
			mine = append(mine, i)
		}
		if p.Host == "" && !p.Done {
			view.Idle++
		}
	}
	for _, i := range mine[:min(len(mine), t.quota(m.name), m.most)] {
		view.Mine[i] = t.Parts[i].Anew
	}
	view.Hosts, view.Open, view.Complete = len(t.Hosts), t.open(), t.complete()
}

// Waits tells that the host has not joined because it can't work beside those that are
// there, or were.
func (m *Member) Waits() bool { return !m.joined && m.waiting }

// Leaving has the host take nothing more from its next look on, and free what it has:
// the others take it one by one.
func (m *Member) Leaving() { m.leaving = true }

// Leave takes the host out, and frees all that it holds. Its processes have ended.
func (m *Member) Leave(ctx context.Context, has map[int]State) error {
	for range 4 * tries {
		data, version, err := m.cells.Get(ctx, Cell)
		if err != nil {
			return err
		}
		t, err := decode(data)
		if err != nil {
			return err
		}
		if _, in := t.Hosts[m.name]; !in {
			return nil
		}
		t = t.copy()
		for i := range t.Parts {
			if p := &t.Parts[i]; p.Host == m.name {
				p.Done = p.Done || has[i].Done
				p.Anew = p.Anew && !has[i].Forgotten
			}
		}
		t.drop(m.name)
		if _, err = m.cells.Put(ctx, Cell, t.encode(), version); !errors.Is(err, flow.ErrFenced) {
			return err
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
	return nil // the others see that it is gone
}
