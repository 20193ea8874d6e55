package flow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// A record that ends the process (os.Exit in a component, a fatal error of the Go
// runtime, memory that runs out) can't be caught, and would do so at every start. So
// a note in the state folder says that the program runs, and how the last one ended
// that did not take it away. After two deaths before which nothing new was saved, the
// program goes with care: it reads a few records, sees them through to a checkpoint,
// and only then reads more; after two more deaths at the same records a single one.
// One that was alone in the program at three deaths is quarantined. A program that
// ends in order, and one that gets somewhere before it dies, pays a file at its start.

const (
	careFile = "running"
	// careStep is how many records go at once at first, careSteps how many such
	// steps must go well before the program goes without care.
	careStep  = 256
	careSteps = 16
	// carefulDeaths is how many deaths in a row, at the same place, it takes to go
	// with more care.
	carefulDeaths = 2
	// lethalDeaths is how many deaths with one record alone in the program it takes.
	lethalDeaths = 3
)

// careWait is how long a program that goes with care waits before it reads anything.
// One that dies meanwhile was killed by somebody, who has perhaps done so before: no
// record is suspected any more.
var careWait = time.Second

// A careNote is the note in the state folder.
type careNote struct {
	// Generation is that of the checkpoint from which the program went on when the
	// note was written.
	Generation uint64 `json:"generation"`
	// Step is how many records go at once, 0 for as many as there are.
	Step int `json:"step,omitempty"`
	// Left is how many such steps are to go well.
	Left int `json:"left,omitempty"`
	// Waiting tells that the program has read nothing yet, and waits to see whether it
	// dies all the same.
	Waiting bool `json:"waiting,omitempty"`
	// Source and Split are where those come from that are in the program, "" for
	// none yet.
	Source string `json:"source,omitempty"`
	Split  string `json:"split,omitempty"`
	// Deaths is how often the process died at what comes next: of Suspect and
	// SuspectSplit, where that is known.
	Deaths       int    `json:"deaths,omitempty"`
	Suspect      string `json:"suspect,omitempty"`
	SuspectSplit string `json:"suspect_split,omitempty"`
}

// A care is how careful the program goes.
type care struct {
	p    *Program
	step atomic.Int64 // the note's, for those who read

	// turn has a place while records may come into the program.
	turn chan struct{}
	wake chan struct{} // a checkpoint is to be made now

	mu   sync.Mutex
	note careNote
	// inside tells that records are in the program.
	inside bool
}

// A KilledError is a record that was alone in the program each time that the process
// died.
type KilledError struct{ Deaths int }

func (e *KilledError) Error() string {
	return fmt.Sprintf("the process died %d times while it handled this record alone", e.Deaths)
}

// Code is what dead letters call it.
func (e *KilledError) Code() string { return "killed" }

// beginCare looks how the last run ended, and notes that this one runs.
func (p *Program) beginCare(ctx context.Context) error {
	if p.store == nil || p.replay != nil {
		return nil
	}
	k := &care{p: p, turn: make(chan struct{}, 1), wake: make(chan struct{}, 1)}
	last, err := k.read(ctx)
	if err != nil {
		return err
	}
	k.note = careNote{Generation: p.store.found}
	if last != nil {
		k.note.learn(last)
	}
	k.note.Generation = p.store.generation
	if k.note.Step > 0 {
		k.note.Waiting = true
		p.log.Warn("the process has died again and again before it could save anything: going with care until it is known why",
			"records at once", k.note.Step, "deaths at the next ones", k.note.Deaths)
	}
	k.step.Store(int64(k.note.Step))
	k.turn <- struct{}{}
	p.care = k
	return k.write(ctx)
}

// learn draws the conclusions from the note of a run that died.
func (n *careNote) learn(last *careNote) {
	if last.Waiting {
		return
	}
	n.Step, n.Left = last.Step, last.Left
	if last.Generation != n.Generation {
		return // it got somewhere, and may again
	}
	n.Deaths, n.Suspect, n.SuspectSplit = last.Deaths, last.Suspect, last.SuspectSplit
	switch {
	case last.Step > 0 && last.Source == "":
		return // nothing was in it
	case last.Source != n.Suspect || last.Split != n.SuspectSplit:
		n.Deaths, n.Suspect, n.SuspectSplit = 0, last.Source, last.Split
	}
	n.Deaths++
	if n.Step == 1 || n.Deaths < carefulDeaths {
		return
	}
	next := careStep
	if n.Step > 0 {
		next = 1
	}
	*n = careNote{Generation: n.Generation, Step: next, Left: stepsOf(next)}
}

// stepsOf is how many steps must go well before the next larger ones: as many single
// records as were suspected together, or what is about a block of larger ones.
func stepsOf(step int) int {
	if step == 1 {
		return careStep
	}
	return careSteps
}

// read reads the note; nil where the last run ended in order. One that can't be made
// sense of is as none: care is a help and no promise.
func (k *care) read(ctx context.Context) (*careNote, error) {
	data, err := k.p.store.readNote(ctx, careFile)
	if err != nil {
		return nil, &StateError{Path: k.p.store.notePlace(careFile), Reason: "the note that the program runs can't be read", Err: err}
	}
	if data == nil {
		return nil, nil
	}
	last := &careNote{}
	if json.Unmarshal(data, last) != nil {
		return nil, nil //nolint:nilerr // see above
	}
	return last, nil
}

func (k *care) write(ctx context.Context) error {
	data, err := json.Marshal(k.note)
	if err == nil {
		err = k.p.store.writeNote(ctx, careFile, append(data, '\n'))
	}
	if err != nil {
		return &StateError{Path: k.p.store.notePlace(careFile), Reason: "the note that the program runs can't be written", Err: err}
	}
	return nil
}

// limit is how many records are to be read at once, 0 for as many as there are.
func (k *care) limit() int {
	if k == nil {
		return 0
	}
	return int(k.step.Load())
}

// steps asks for a checkpoint when records have come in that are waited for.
func (k *care) steps() <-chan struct{} {
	if k == nil {
		return nil
	}
	return k.wake
}

// enter lets a batch into the program: where it goes with care, when all that came
// before is saved. It tells the batch where it is to be quarantined.
func (k *care) enter(in *Input, b *Batch) {
	if k == nil || k.step.Load() == 0 {
		return
	}
	select {
	case <-k.turn:
	case <-k.p.hard.Done():
		return
	}
	k.wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.note.Step == 0 { // the batch that was waited for was the last one
		k.turn <- struct{}{}
		return
	}
	n := &k.note
	n.Waiting = false
	n.Source, n.Split = in.name, b.Split
	if n.Suspect == in.name && n.SuspectSplit == b.Split && n.Step == 1 && n.Deaths >= lethalDeaths {
		b.engine.killed = n.Deaths
	}
	if err := k.write(k.p.hard); err != nil {
		k.p.stop(err)
	}
	k.inside = true
}

// wait waits before the first batch. Whoever has the turn calls it.
func (k *care) wait() {
	if !k.note.Waiting {
		return
	}
	timer := time.NewTimer(careWait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-k.p.reading.Done():
	}
}

// entered asks for the checkpoint behind a batch that has its place in the order.
func (k *care) entered() {
	if k == nil || k.step.Load() == 0 {
		return
	}
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// committed lets the next batch in when the last one is saved.
func (k *care) committed(ctx context.Context, generation uint64) error {
	if k == nil || k.step.Load() == 0 {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.inside {
		return nil
	}
	k.inside = false
	k.note = careNote{Generation: generation, Step: k.note.Step, Left: k.note.Left - 1}
	var err error
	if k.note.Left <= 0 {
		next := careStep
		if k.note.Step == careStep {
			next = 0
			k.p.log.Info("all goes well again")
		}
		k.note.Step, k.note.Left = next, stepsOf(next)
		k.step.Store(int64(next))
		err = k.write(ctx)
	}
	k.turn <- struct{}{}
	return err
}

// end notes that the program ended in order. One that gave up waiting for a record
// did not, and one that stopped because of a lethal record tries it once more next
// time: the program may have been mended.
func (k *care) end(ctx context.Context, err error) error {
	if k == nil || errors.Is(err, ErrDrain) {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	var killed *KilledError
	if errors.As(err, &killed) {
		k.note.Deaths = lethalDeaths - 1
		k.note.Source, k.note.Split, k.note.Waiting = "", "", false
		return k.write(ctx)
	}
	if err := k.p.store.removeNote(ctx, careFile); err != nil {
		return &StateError{Path: k.p.store.notePlace(careFile), Reason: "the note that the program runs can't be removed", Err: err}
	}
	return nil
}

// quarantine is what becomes of a lethal record of a source: what the source's
// policy says, else it goes where the first node behind the source sends what fails.
func (r *region) quarantine(source int) (then Then, by int) {
	if then := r.p.policies[source].Then; then == Dead || then == Drop {
		return then, source
	}
	for n := range r.p.info.Nodes {
		if _, ok := r.deadOf[n]; ok {
			return Dead, n
		}
	}
	return Stop, source
}

// quarantine ends the records of a batch that was alone in the program when the
// process died: it is one, unless its source was handed several at once.
func (l *Lane) quarantine(b *Batch) {
	st := &l.engine
	err := &KilledError{b.engine.killed}
	end := func(r Record) (stop bool) {
		st.run.counts[st.in.node].In++
		l.Record = r
		return l.failed(st.in.node, err, "", nil)
	}
	rows := st.in.options.Rows
	switch {
	case rows != nil:
		for i := range rows.Len(b.Rows) {
			if end(Record{Index: i}) {
				return
			}
		}
	case len(b.Ends) > 0:
		from := 0
		for i, until := range b.Ends {
			if end(Record{Index: i, Start: from, End: int(until)}) {
				return
			}
			from = int(until)
		}
	case len(bytes.TrimSpace(b.Data)) > 0 || b.Count > 0:
		end(Record{End: len(b.Data)})
	}
}
