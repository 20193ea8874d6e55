package flowtest

import (
	"encoding/json"
	"fmt"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// What sources promise that can read a part of what there is: see flow.Ranged.

func hasRange(w *SourceWorld) bool { return w.Range != nil }

// A part is a range of the records that were fed; -1 is an open end.
type part struct{ from, to int }

func (p part) String() string { return fmt.Sprintf("the range from %d to %d", p.from, p.to) }

// of are the records of a part.
func (p part) of(all []string) []string {
	from, to := max(p.from, 0), p.to
	if to < 0 {
		to = len(all)
	}
	return all[from:to]
}

// openRange makes a source of a part and opens it.
func (c *trial) openRange(w *SourceWorld, p part, parallel int, at map[string]json.RawMessage) *reading {
	return c.openMade(w, w.Range(p.from, p.to, parallel), at)
}

// whole reads all of a part and checks it.
func (c *trial) whole(w *SourceWorld, p part, parallel int, at map[string]json.RawMessage, want []string) *reading {
	r := c.openRange(w, p, parallel, at)
	if endless(r.s) {
		c.fatalf("a source of a range is endless")
	}
	c.same(fmt.Sprintf("%s, %d at once", p, parallel), r.rest(len(want)), want)
	return r
}

func rangeReads(c *trial, w *SourceWorld) {
	all := samples(0, 60)
	w.Feed(all...)
	for _, p := range []part{{10, 40}, {0, 60}, {-1, -1}, {-1, 1}, {59, -1}, {30, 31}, {20, 20}, {-1, 0}} {
		r := c.whole(w, p, 1, nil, p.of(all))
		r.close()
		if len(c.problems) > 0 {
			return
		}
	}
	// What comes when it is open is not of it, where the end is open, too.
	p := part{5, -1}
	r := c.openRange(w, p, 1, nil)
	w.Feed(samples(60, 10)...)
	c.same("where more has come since it was opened", r.rest(55), p.of(all))
}

func rangeChunks(c *trial, w *SourceWorld) {
	all := samples(0, 200)
	w.Feed(all...)
	for _, parallel := range []int{2, 3, 7, 12} {
		for _, p := range []part{{-1, -1}, {13, 187}, {100, 103}, {50, 50}} {
			r := c.whole(w, p, parallel, nil, p.of(all))
			if len(c.problems) > 0 {
				return
			}
			// All of them stand in the first checkpoint.
			begun := map[string]json.RawMessage{}
			if len(r.steps) > 0 {
				begun = r.steps[0].start
			}
			for _, st := range r.steps {
				if _, known := begun[st.split]; !known && st.start == nil {
					c.errorf("%s, %d at once: the split %q was not there when it was opened", p, parallel, st.split)
				}
			}
			r.close()
		}
	}
}

func rangeResumes(c *trial, w *SourceWorld) {
	all := samples(0, 300)
	w.Feed(all...)
	p := part{10, 290}
	for _, parallel := range []int{1, 4} {
		r := c.whole(w, p, parallel, nil, p.of(all))
		steps := r.steps
		r.close()
		for _, i := range someOf(len(steps), 8) {
			done := steps[:i+1]
			rest := without(p.of(all), texts(done))
			at := positions(done)
			// With another number of readers as well: the chunks stay what they are.
			r := c.openRange(w, p, 5-parallel, at)
			got := r.rest(len(rest))
			c.same("from "+shownPositions(at)+" on", got, rest)
			if len(c.problems) > 0 {
				return
			}
			r.close()
			if len(got) > 1 {
				done := append(append([]step(nil), done...), got[:len(got)/2+1]...)
				rest := without(p.of(all), texts(done))
				again := c.openRange(w, p, parallel, positions(done))
				c.same("from a position of a run that went on from another", again.rest(len(rest)), rest)
				again.close()
			}
		}
	}
}

func rangeStays(c *trial, w *SourceWorld) {
	all := samples(0, 100)
	w.Feed(all...)
	p, other := part{10, 90}, part{10, 60}
	r := c.whole(w, p, 3, nil, p.of(all))
	begun, through := positions(r.steps[:1]), positions(r.steps)
	r.close()
	s := w.Range(other.from, other.to, 3).(flow.Seeker)
	if err := c.call("Seek", func() error { return s.Seek(c, begun) }); err == nil {
		c.errorf("%s goes on from a checkpoint of %s", other, p)
	}
	c.whole(w, p, 3, through, nil).close()
	// That one is done, and this is another.
	c.whole(w, other, 3, through, other.of(all)).close()
}
