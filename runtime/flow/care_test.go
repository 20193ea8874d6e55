package flow

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What the note of a run that died teaches the next one.
func TestCareLearns(t *testing.T) {
	one := func(more careNote) careNote {
		more.Generation, more.Step, more.Left = 7, 1, 5
		return more
	}
	some := func(more careNote) careNote {
		more.Generation, more.Step, more.Left = 7, careStep, 9
		return more
	}
	for name, c := range map[string]struct{ last, want careNote }{
		"it had saved something":              {careNote{Generation: 6, Deaths: 1}, careNote{Generation: 7}},
		"nothing was saved":                   {careNote{Generation: 7}, careNote{Generation: 7, Deaths: 1}},
		"nothing was saved again":             {careNote{Generation: 7, Deaths: 1}, careNote{Generation: 7, Step: careStep, Left: careSteps}},
		"in some records":                     {some(careNote{Source: "in"}), some(careNote{Deaths: 1, Suspect: "in"})},
		"in these records again":              {some(careNote{Source: "in", Deaths: 1, Suspect: "in"}), careNote{Generation: 7, Step: 1, Left: careStep}},
		"in some records of another source":   {some(careNote{Source: "in2", Deaths: 1, Suspect: "in"}), some(careNote{Deaths: 1, Suspect: "in2"})},
		"some records on":                     {careNote{Generation: 6, Step: careStep, Left: 9, Source: "in", Deaths: 1}, some(careNote{})},
		"with care, before anything was read": {some(careNote{Deaths: 1, Suspect: "in", Waiting: true}), careNote{Generation: 7}},
		"in one record":                       {one(careNote{Source: "in", Split: "a"}), one(careNote{Deaths: 1, Suspect: "in", SuspectSplit: "a"})},
		"in that record again":                {one(careNote{Source: "in", Split: "a", Deaths: 1, Suspect: "in", SuspectSplit: "a"}), one(careNote{Deaths: 2, Suspect: "in", SuspectSplit: "a"})},
		"in another record":                   {one(careNote{Source: "in", Split: "b", Deaths: 2, Suspect: "in", SuspectSplit: "a"}), one(careNote{Deaths: 1, Suspect: "in", SuspectSplit: "b"})},
		"behind the record, which was saved":  {careNote{Generation: 6, Step: 1, Left: 5, Source: "in", Deaths: 2, Suspect: "in"}, one(careNote{})},
	} {
		got := careNote{Generation: 7}
		if got.learn(&c.last); got != c.want {
			t.Errorf("%s: %+v, not %+v", name, got, c.want)
		}
	}
}

// With care the program reads little at once, sees it through, and reads more when
// all goes well; a run that ends in order leaves no note.
func TestCareGrows(t *testing.T) {
	careWait = 0
	t.Cleanup(func() { careWait = time.Second })
	dir := t.TempDir()
	state := StateDir(dir, "test")
	if err := os.MkdirAll(state, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(state, careFile)
	data, err := json.Marshal(careNote{Step: 1, Left: 20, Source: "in", Split: "a.txt"})
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	source, sink := &seekLines{linesSource: newLines(1, numbers(0, 100)...)}, &memorySink{}
	var limits []int
	source.wait = func(context.Context, int) error { return nil }
	k := newOne(&limitSource{source, &limits}, sink, oneOptions{region: RegionOptions{Lanes: 1}})
	if _, err := k.p.Run(t.Context(), RunOptions{StateDir: dir}); err != nil {
		t.Fatal(err)
	}
	ones, some, all := 0, 0, 0
	for _, n := range limits {
		switch n {
		case 1:
			ones++
		case careStep:
			some++
		case 0:
			all++
		}
	}
	// A batch is read before the one before it is saved.
	if ones < 20 || ones > 22 || some < careSteps || some > careSteps+2 || all == 0 {
		t.Errorf("%d one by one, %d in small steps, %d without care", ones, some, all)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the note is still there: %v", err)
	}
}

// A lethal record that has nowhere to go stops the program, with its name. The next
// start tries it once more.
func TestLethalRecordStops(t *testing.T) {
	careWait = 0
	t.Cleanup(func() { careWait = time.Second })
	dir := t.TempDir()
	state := StateDir(dir, "test")
	if err := os.MkdirAll(state, 0o755); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(careNote{Step: 1, Left: 20, Source: "in", Split: "a.txt", Deaths: lethalDeaths - 1, Suspect: "in", SuspectSplit: "a.txt"})
	if err == nil {
		err = os.WriteFile(filepath.Join(state, careFile), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	run := func() (*Report, *memorySink, error) {
		sink := &memorySink{}
		k := newOne(&seekLines{linesSource: newLines(1, numbers(0, 5)...)}, sink, oneOptions{region: RegionOptions{Lanes: 1}})
		r, err := k.p.Run(t.Context(), RunOptions{StateDir: dir})
		return r, sink, err
	}
	r, sink, err := run()
	var killed *KilledError
	var record *RecordError
	if !errors.As(err, &killed) || !errors.As(err, &record) || record.Code != "killed" || record.Attempts != lethalDeaths || record.Place() != "a.txt:1" || len(sink.data) > 0 {
		t.Errorf("%+v, %v, %q", r, err, sink.lines())
	}
	if r, sink, err := run(); err != nil || len(sink.lines()) != 5 {
		t.Errorf("%+v, %v, %q", r, err, sink.lines())
	}
}

// A limitSource notes how many records it was asked for.
type limitSource struct {
	*seekLines
	limits *[]int
}

func (s *limitSource) Read(ctx context.Context, b *Batch) error {
	*s.limits = append(*s.limits, b.Limit)
	return s.seekLines.Read(ctx, b)
}
