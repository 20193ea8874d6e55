package shares

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A server has the cells of all hosts of a simulation.
type server struct {
	value   []byte
	version uint64
}

// cells are the server as one host reaches it.
type cells struct {
	s *server
	// away has calls fail; lost has Puts be done and their answers lost.
	away, lost func() bool
}

var errAway = errors.New("the store is away")

func (c *cells) Open(context.Context, string) error { return nil }
func (c *cells) Close(context.Context) error        { return nil }
func (c *cells) Where() string                      { return "the test" }

func (c *cells) Get(_ context.Context, cell string) ([]byte, uint64, error) {
	if cell != Cell || c.away != nil && c.away() {
		return nil, 0, errAway
	}
	return bytes.Clone(c.s.value), c.s.version, nil
}

func (c *cells) Put(_ context.Context, _ string, value []byte, previous uint64) (uint64, error) {
	if c.away != nil && c.away() {
		return 0, errAway
	}
	if previous != c.s.version {
		return 0, flow.ErrFenced
	}
	c.s.value, c.s.version = bytes.Clone(value), c.s.version+1
	if c.lost != nil && c.lost() {
		return 0, errAway
	}
	return c.s.version, nil
}

// A simulated host has processes that take a while to stop.
type simulated struct {
	m *Member
	// runs are its processes: how many steps each still takes to stop, -1 for one that is
	// not to stop.
	runs   map[int]int
	done   map[int]bool
	forgot map[int]bool
	frozen bool
	left   bool
}

func (h *simulated) has() map[int]State {
	all := map[int]State{}
	for i := range h.runs {
		all[i] = State{Runs: true, Done: h.done[i]}
	}
	for i := range h.done {
		all[i] = State{Runs: all[i].Runs, Done: true}
	}
	for i := range h.forgot {
		s := all[i]
		s.Forgotten = true
		all[i] = s
	}
	return all
}

// A world is all hosts and what their processes do to the checkpoints.
type world struct {
	t     *testing.T
	r     *rand.Rand
	s     *server
	parts int
	most  int
	hosts []*simulated
	// owner is whose process has taken the checkpoint of each part over last: no other
	// one's write counts.
	owner []*simulated
	// begun counts how often each part has begun without its checkpoint.
	begun []int
}

func newWorld(t *testing.T, seed uint64, parts, most int) *world {
	return &world{t: t, r: rand.New(rand.NewPCG(seed, 1)), s: &server{}, parts: parts, most: most, owner: make([]*simulated, parts), begun: make([]int, parts)}
}

func (w *world) join(anew bool, flaky bool) *simulated {
	c := &cells{s: w.s}
	if flaky {
		c.away = func() bool { return w.r.IntN(20) == 0 }
		c.lost = func() bool { return w.r.IntN(20) == 0 }
	}
	m := NewMember(Options{Who: fmt.Sprint("host ", len(w.hosts)), Cells: c, Parts: w.parts, Most: w.most, Anew: anew})
	m.name = fmt.Sprintf("%016x", w.r.Uint64())
	h := &simulated{m: m, runs: map[int]int{}, done: map[int]bool{}, forgot: map[int]bool{}}
	w.hosts = append(w.hosts, h)
	return h
}

func (w *world) kill(h *simulated) {
	for i, other := range w.hosts {
		if other == h {
			w.hosts = append(w.hosts[:i:i], w.hosts[i+1:]...)
			return
		}
	}
}

// step has a host look once, and its processes go on.
func (w *world) step(h *simulated) error {
	if h.frozen {
		return nil
	}
	for i, left := range h.runs {
		switch {
		case left == 0:
			delete(h.runs, i)
		case left > 0:
			h.runs[i]--
		case w.owner[i] != h: // it writes, is told that others have the checkpoint, and dies
			delete(h.runs, i)
		}
	}
	view, err := h.m.Look(context.Background(), h.has())
	if err != nil && !errors.Is(err, errAway) {
		return err
	}
	if view == nil {
		return nil
	}
	for i := range h.runs {
		if _, mine := view.Mine[i]; !mine && h.runs[i] < 0 {
			h.runs[i] = w.r.IntN(4)
		}
	}
	for i, anew := range view.Mine {
		switch _, runs := h.runs[i]; {
		case runs || h.done[i]:
		case anew:
			h.forgot[i] = true
			w.begun[i]++
		default:
			delete(h.forgot, i)
			h.runs[i] = -1
			w.owner[i] = h // it takes the claim, and with it the checkpoint
		}
	}
	if view.Complete {
		h.left = true
	}
	return nil
}

// settle has everybody who can look often enough for all to be divided.
func (w *world) settle() {
	for range 6 * silentLooks {
		for _, at := range w.r.Perm(len(w.hosts)) {
			if err := w.step(w.hosts[at]); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// check looks whether each part is held by one live host, and fairly.
func (w *world) check(seed uint64) {
	w.t.Helper()
	held := map[int]int{}
	live := 0
	for _, h := range w.hosts {
		if h.frozen || h.m.leaving {
			if len(h.runs) > 0 && h.m.leaving {
				w.t.Errorf("seed %d: a host that leaves has %d parts", seed, len(h.runs))
			}
			continue
		}
		live++
		for i, left := range h.runs {
			if left < 0 {
				held[i]++
				if w.owner[i] != h {
					w.t.Errorf("seed %d: part %d is worked on by a host that has not its checkpoint", seed, i)
				}
			}
		}
	}
	if live == 0 {
		return
	}
	want := min(w.parts, live*w.most)
	if len(held) != want {
		w.t.Errorf("seed %d: %d parts are worked on by %d hosts, want %d", seed, len(held), live, want)
	}
	for i, n := range held {
		if n != 1 {
			w.t.Errorf("seed %d: part %d is worked on by %d hosts", seed, i, n)
		}
	}
	for _, h := range w.hosts {
		if n := len(h.runs); !h.frozen && !h.m.leaving && (n > w.most || n > (w.parts+live-1)/live || n < min(w.parts/live, w.most)) {
			w.t.Errorf("seed %d: a host of %d has %d of %d parts, and takes %d", seed, live, n, w.parts, w.most)
		}
	}
}

// Hosts join, leave, die, freeze and come back, with a store that fails: once that is
// over each part is soon held by exactly one that lives, and fairly.
func TestDivision(t *testing.T) {
	seeds := uint64(400)
	if testing.Short() {
		seeds = 100
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 2))
		parts := 1 + r.IntN(24)
		w := newWorld(t, seed, parts, 1+r.IntN(parts))
		flaky := seed%2 == 1
		for range 1 + r.IntN(4) {
			w.join(false, flaky)
		}
		for range 30 + r.IntN(60) {
			switch at := r.IntN(12); {
			case at == 0 && len(w.hosts) < 12:
				w.join(false, flaky)
			case at == 1 && len(w.hosts) > 1:
				w.kill(w.hosts[r.IntN(len(w.hosts))])
			case at == 2 && len(w.hosts) > 0:
				h := w.hosts[r.IntN(len(w.hosts))]
				h.frozen = !h.frozen
			case at == 4 && len(w.hosts) > 2:
				w.hosts[r.IntN(len(w.hosts))].m.Leaving()
			case at == 3 && len(w.hosts) > 1: // in order
				h := w.hosts[r.IntN(len(w.hosts))]
				if !h.frozen && len(h.runs) > 0 {
					h.runs = map[int]int{}
					_ = h.m.Leave(context.Background(), h.has()) // a store that is away: it is as dead
					w.kill(h)
				}
			default:
				for _, i := range w.r.Perm(len(w.hosts)) {
					if err := w.step(w.hosts[i]); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		for _, h := range w.hosts { // who was frozen comes back to find that others have its parts
			h.frozen = false
			if c := h.m.cells.(*cells); flaky {
				c.away, c.lost = nil, nil
			}
		}
		w.settle()
		w.check(seed)
	}
}

// A host that is frozen loses its parts, and when it goes on it stops what it has.
func TestFrozen(t *testing.T) {
	w := newWorld(t, 1, 6, 6)
	a, b := w.join(false, false), w.join(false, false)
	w.settle()
	w.check(1)
	a.frozen = true
	w.settle()
	if len(b.runs) != 6 {
		t.Errorf("the other has %d parts of 6", len(b.runs))
	}
	a.frozen = false
	before := len(a.runs)
	view, err := a.m.Look(context.Background(), a.has())
	if err != nil || !view.Lost || before != 3 || len(view.Mine) != 0 {
		t.Errorf("it had %d parts, and goes on with %+v, %v", before, view, err)
	}
	w.settle()
	w.check(1)
}

// Hosts that begin anew forget each checkpoint once, whoever comes to hold the part.
func TestAnew(t *testing.T) {
	w := newWorld(t, 3, 8, 8)
	w.join(true, false)
	w.join(true, false)
	w.settle()
	w.join(true, false) // was started with the others
	w.kill(w.hosts[0])
	w.settle()
	w.check(3)
	for i, n := range w.begun {
		if n != 1 {
			t.Errorf("part %d has begun %d times", i, n)
		}
	}
}

// A host that is to begin anew does not do so under those that go on, and one with
// another number of parts works beside nobody.
func TestOthers(t *testing.T) {
	for _, c := range []struct {
		name  string
		parts int
		anew  bool
	}{{"anew", 4, true}, {"another number", 5, false}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, 5, 4, 4)
			a := w.join(false, false)
			w.settle()
			w.parts = c.parts
			b := w.join(c.anew, false)
			var others *OthersError
			err := w.step(b)
			for range 3 {
				if err == nil {
					_ = w.step(a)
					err = w.step(b)
				}
			}
			if !errors.As(err, &others) || others.Who != "host 0" {
				t.Fatalf("it joined a host that lives: %v", err)
			}
			w.kill(a)
			w.owner, w.begun = make([]*simulated, c.parts), make([]int, c.parts)
			w.kill(b)
			b = w.join(c.anew, false)
			if err := w.step(b); err != nil || !b.m.Waits() {
				t.Errorf("it does not wait to see whether the other lives: %v", err)
			}
			w.most = c.parts
			b.m.most = c.parts
			w.settle() // ten looks later it is dead
			w.check(5)
		})
	}
}

// What is done nobody takes; when all is, everybody knows. A host that is alone after
// the others died asks again.
func TestDone(t *testing.T) {
	w := newWorld(t, 7, 4, 4)
	a, b := w.join(false, false), w.join(false, false)
	w.settle()
	for i := range a.runs {
		a.done[i] = true
		delete(a.runs, i)
	}
	w.settle()
	if len(a.runs) != 1 || len(b.runs) != 1 {
		t.Errorf("two parts are left, and the hosts have %d and %d", len(a.runs), len(b.runs))
	}
	for _, h := range w.hosts {
		for i := range h.runs {
			h.done[i] = true
			delete(h.runs, i)
		}
	}
	w.settle()
	if !a.left || !b.left {
		t.Error("all is done, and not all hosts know")
	}
	w.kill(a)
	w.settle()
	if len(b.runs) == 0 {
		t.Error("nobody asks whether what a dead host said is so")
	}
}

// A table of a newer program is not used.
func TestNewer(t *testing.T) {
	w := newWorld(t, 9, 2, 2)
	w.s.value, w.s.version = []byte(`{"version":2}`), 1
	if err := w.step(w.join(false, false)); err == nil {
		t.Error("a table of a newer version is taken")
	}
}
