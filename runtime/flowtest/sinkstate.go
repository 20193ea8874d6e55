package flowtest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/flowc-dev/flowc/runtime/flow"
)

func sinkRestores(c *trial, w *SinkWorld) {
	all := samples(0, 60)
	a, b, d := all[:20], all[20:40], all[40:]
	wr := c.openSink(w, nil)
	begin := wr.state() // before anything was written
	wr.write(b...)
	wr.sync()
	wr.kill()

	wr = c.openSink(w, begin)
	wr.write(a...)
	wr.sync()
	behindA := wr.state()
	wr.write(b...)
	wr.sync()
	wr.kill()

	// Twice, as a program may die again before it has written anything.
	wr = c.openSink(w, behindA)
	wr.write(b[:5]...)
	wr.kill()
	wr = c.openSink(w, behindA)
	again := wr.state()
	wr.write(d...)
	wr.sync()
	wr.kill()
	wr = c.openSink(w, again)
	wr.write(d...)
	wr.finish()
	c.sees("restored to where it was behind the first 20", w, slices.Concat(a, d))
}

// loads compares the checkpoint that is there with what should be.
func (c *trial) loads(keeper flow.Transactional, generation uint64, checkpoint string) {
	var g uint64
	var text []byte
	c.must("Load", c.call("Load", func() (err error) {
		g, text, err = keeper.Load(c)
		return err
	}))
	if g != generation || string(text) != checkpoint {
		c.errorf("Load gives the checkpoint %d, %q, and not %d, %q", g, text, generation, checkpoint)
	}
}

func (c *trial) commit(keeper flow.Transactional, generation, previous uint64, checkpoint string) error {
	return c.call("Commit", func() error { return keeper.Commit(c, generation, previous, []byte(checkpoint)) })
}

func sinkCommits(c *trial, w *SinkWorld) {
	want := samples(0, 30)
	wr, keeper := c.openKeeping(w)
	c.loads(keeper, 0, "")
	wr.write(want[:5]...)
	wr.write(want[5:10]...)
	c.sees("written, and not committed", w, nil)
	c.must("Commit", c.commit(keeper, 1, 0, "one"))
	c.sees("committed", w, want[:10])
	c.loads(keeper, 1, "one")
	c.must("Commit, of no records", c.commit(keeper, 2, 1, "two"))
	c.loads(keeper, 2, "two")
	wr.write(want[10:20]...)
	c.must("Commit", c.commit(keeper, 3, 2, "three"))
	wr.kill()
	c.sees("committed, and killed", w, want[:20])

	wr, keeper = c.openKeeping(w)
	c.loads(keeper, 3, "three")
	wr.write(want[20:]...)
	wr.sync() // a sender waited
	c.sees("synced", w, want)
	c.loads(keeper, 3, "three")
	c.must("Commit", c.commit(keeper, 4, 3, "four"))
	wr.close(true)
	c.sees("at the end", w, want)
}

func sinkRollsBack(c *trial, w *SinkWorld) {
	want := samples(0, 40)
	for i, end := range []func(wr *writing){
		(*writing).kill,
		func(wr *writing) { wr.close(false) },
		func(wr *writing) { wr.close(true) }, // the engine commits before
	} {
		wr, keeper := c.openKeeping(w)
		wr.write(want[i*10 : i*10+10]...)
		c.must("Commit", c.commit(keeper, uint64(i)+1, uint64(i), shownCount(i)))
		wr.write(want[30:]...)
		end(wr)
		c.sees("ended without a Commit", w, want[:i*10+10])
	}
	_, keeper := c.openKeeping(w)
	c.loads(keeper, 3, shownCount(2))
}

func shownCount(i int) string {
	text, _ := json.Marshal(map[string]int{"checkpoint": i}) // a map of numbers has JSON
	return string(text)
}

func sinkFences(c *trial, w *SinkWorld) {
	want := samples(0, 40)
	wr, keeper := c.openKeeping(w)
	wr.write(want[:10]...)
	c.must("Commit", c.commit(keeper, 1, 0, "one"))
	c.must("Commit", c.commit(keeper, 7, 1, "another copy's"))
	for i, previous := range []uint64{0, 1, 6, 8} {
		if wr.closed { // one that is fenced writes nothing more
			wr, keeper = c.openKeeping(w)
		}
		wr.write(want[10+i*5 : 15+i*5]...)
		if err := c.commit(keeper, previous+1, previous, "late"); !errors.Is(err, flow.ErrFenced) {
			c.errorf("Commit behind generation %d, where 7 is, returns %v and not flow.ErrFenced", previous, err)
		}
		wr.close(false)
		c.sees("fenced", w, want[:10])
	}
	_, keeper = c.openKeeping(w)
	c.loads(keeper, 7, "another copy's")
}

func sinkForgets(c *trial, w *SinkWorld) {
	want := samples(0, 20)
	wr, keeper := c.openKeeping(w)
	wr.write(want[:10]...)
	c.must("Commit", c.commit(keeper, 1, 0, "one"))
	c.must("Forget", c.call("Forget", func() error { return keeper.Forget(context.Background()) }))
	c.loads(keeper, 0, "")
	c.sees("forgotten", w, want[:10])
	c.must("Forget, again", c.call("Forget", func() error { return keeper.Forget(context.Background()) }))
	if err := c.commit(keeper, 2, 1, "late"); !errors.Is(err, flow.ErrFenced) {
		c.errorf("Commit behind a checkpoint that is gone returns %v and not flow.ErrFenced", err)
	}
	wr.close(false)
	wr, keeper = c.openKeeping(w)
	wr.write(want[10:]...)
	c.must("Commit", c.commit(keeper, 1, 0, "anew"))
	c.loads(keeper, 1, "anew")
	wr.close(true)
	c.sees("anew", w, want)
}
