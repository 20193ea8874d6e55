package flowtest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// Store checks that a store of checkpoints keeps what [flow.Cells] promise. open
// returns one that is open for a pipeline; all are of the same place, which nobody
// else writes to.
func Store(t *testing.T, open func(t testing.TB, pipeline string) flow.Cells) {
	for name, check := range map[string]func(t *testing.T, open func(t testing.TB, pipeline string) flow.Cells){
		"a cell is replaced by who saw it last": storeReplaces,
		"cells are apart":                       storeApart,
		"one of many wins":                      storeRace,
		"values are any bytes":                  storeBytes,
		"it opens again":                        storeReopens,
	} {
		t.Run(name, func(t *testing.T) { check(t, open) })
	}
}

// storeCells are the names that the engine uses, and one that it may come to use.
var storeCells = []string{flow.CheckpointCell, "holder", "running", "replayed-12"}

func storeReplaces(t *testing.T, open func(t testing.TB, pipeline string) flow.Cells) {
	mine, theirs := open(t, "replaces"), open(t, "replaces")
	for _, cell := range storeCells {
		wantCell(t, mine, cell, "", 0)
		if _, err := mine.Put(t.Context(), cell, []byte("x"), 7); !errors.Is(err, flow.ErrFenced) {
			t.Errorf("%s: behind a version that never was: %v", cell, err)
		}
		first := putCell(t, mine, cell, "one", 0)
		wantCell(t, theirs, cell, "one", first)
		for _, previous := range []uint64{0, first + 1, first + 100} {
			if _, err := theirs.Put(t.Context(), cell, []byte("x"), previous); !errors.Is(err, flow.ErrFenced) {
				t.Errorf("%s: behind %d, where it is %d: %v", cell, previous, first, err)
			}
		}
		second := putCell(t, theirs, cell, "two", first)
		if second <= first {
			t.Errorf("%s: version %d after %d", cell, second, first)
		}
		if _, err := mine.Put(t.Context(), cell, []byte("late"), first); !errors.Is(err, flow.ErrFenced) {
			t.Errorf("%s: a late one: %v", cell, err)
		}
		wantCell(t, mine, cell, "two", second)
	}
}

func storeApart(t *testing.T, open func(t testing.TB, pipeline string) flow.Cells) {
	a, b := open(t, "apart"), open(t, "apart-2")
	for i, cell := range storeCells {
		wantCell(t, a, cell, "", 0)
		version := putCell(t, a, cell, fmt.Sprint("a", i), 0)
		wantCell(t, b, cell, "", 0)
		putCell(t, b, cell, fmt.Sprint("b", i), 0)
		wantCell(t, a, cell, fmt.Sprint("a", i), version)
	}
}

func storeRace(t *testing.T, open func(t testing.TB, pipeline string) flow.Cells) {
	const copies, rounds = 4, 10
	var all []flow.Cells
	for range copies {
		all = append(all, open(t, "race"))
	}
	version := uint64(0)
	for round := range rounds {
		var wg sync.WaitGroup
		won := make(chan uint64, copies)
		for i, c := range all {
			wg.Go(func() {
				v, err := c.Put(t.Context(), flow.CheckpointCell, fmt.Appendf(nil, "%d of %d", round, i), version)
				switch {
				case err == nil:
					won <- v
				case !errors.Is(err, flow.ErrFenced):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(won) != 1 {
			t.Fatalf("round %d: %d have replaced version %d", round, len(won), version)
		}
		version = <-won
	}
}

func storeBytes(t *testing.T, open func(t testing.TB, pipeline string) flow.Cells) {
	c := open(t, "bytes")
	for _, cell := range storeCells {
		version := uint64(0)
		for _, value := range [][]byte{[]byte("\x00\xff'\"\\\n"), bytes.Repeat([]byte{0, 1, 2, 255}, 100<<10), {}, nil} {
			version = putCell(t, c, cell, string(value), version)
			wantCell(t, c, cell, string(value), version)
		}
	}
}

func storeReopens(t *testing.T, open func(t testing.TB, pipeline string) flow.Cells) {
	c := open(t, "reopens")
	version := putCell(t, c, flow.CheckpointCell, "one", 0)
	for range 2 {
		if err := c.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := c.Open(t.Context(), "reopens"); err != nil {
			t.Fatal(err)
		}
	}
	wantCell(t, c, flow.CheckpointCell, "one", version)
	putCell(t, c, flow.CheckpointCell, "two", version)
}

func putCell(t *testing.T, c flow.Cells, cell, value string, previous uint64) uint64 {
	t.Helper()
	version, err := c.Put(t.Context(), cell, []byte(value), previous)
	if err != nil {
		t.Fatalf("%s: %v", cell, err)
	}
	return version
}

func wantCell(t *testing.T, c flow.Cells, cell, value string, version uint64) {
	t.Helper()
	got, v, err := c.Get(t.Context(), cell)
	if err != nil {
		t.Fatalf("%s: %v", cell, err)
	}
	if string(got) != value || v != version {
		t.Errorf("%s: version %d of %d bytes, not version %d of %d", cell, v, len(got), version, len(value))
	}
}
