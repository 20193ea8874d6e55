package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A State is the checkpoint of a program that does not run: what the commands on
// it work with.
type State struct {
	p     *Program
	store *store
}

// OpenState opens the checkpoint of a program that was made for this and is not
// run. locked takes the lock, which running copies hold, and is needed to change
// anything; a sink that keeps the checkpoint is opened.
func (p *Program) OpenState(ctx context.Context, o RunOptions, locked bool) (*State, error) {
	if o.Logger != nil {
		p.log = o.Logger
	}
	if !p.state.CompareAndSwap(stateNew, stateOpening) {
		return nil, errRanBefore
	}
	p.health.nodes, p.health.logger = p.patients(), p.log
	p.reading, p.stopReading = context.WithCancel(ctx)
	p.hard, p.stopHard = context.WithCancel(ctx)
	dir := StateDir(o.StateDir, p.info.Name)
	s := &State{p: p, store: &store{dir: dir, keeper: folderKeeper{dir}}}
	o.impatient = true
	if err := s.open(ctx, o, locked); err != nil {
		return nil, errors.Join(err, s.Close(ctx))
	}
	return s, nil
}

func (s *State) open(ctx context.Context, o RunOptions, locked bool) error {
	p := s.p
	if err := p.wire(); err != nil {
		return err
	}
	if !p.seeks {
		return &StateError{Path: p.info.Name, Reason: "no source of this pipeline can go back, so there is no checkpoint"}
	}
	p.store = s.store
	switch {
	case locked:
		p.store = nil
		err := p.takeState(ctx, o)
		if p.store != nil {
			s.store = p.store
		}
		if err != nil {
			return err
		}
	case p.cells != nil:
		e := p.newElsewhere()
		e.impatient = true
		*s.store = store{keeper: cellKeeper{e}, elsewhere: e}
		if err := e.open(ctx); err != nil {
			return err
		}
	}
	return p.openKeeper(ctx)
}

// Close closes what was opened.
func (s *State) Close(ctx context.Context) error {
	defer s.p.stopHard()
	defer s.p.stopReading()
	err := s.p.closeAll(ctx, false)
	s.store.close()
	return err
}

// Where is the place of the checkpoint: a path, or "sink NAME", or that of cells.
func (s *State) Where() string { return s.store.keeper.where() }

// Load reads the checkpoint; nil where there is none.
func (s *State) Load(ctx context.Context) (*Checkpoint, error) { return s.store.load(ctx) }

// Save writes a checkpoint in the place of the one that Load gave. It must be of
// this pipeline: of the sources and sinks that it has. Its generation is new.
func (s *State) Save(ctx context.Context, c *Checkpoint) error {
	if c.Pipeline != s.p.info.Name {
		return &StateError{Path: s.Where(), Reason: fmt.Sprintf("the checkpoint is of the pipeline `%s`, and this is `%s`", c.Pipeline, s.p.info.Name)}
	}
	if err := s.p.adopt(c, s.Where()); err != nil {
		return err
	}
	c.Time, c.Forgotten = time.Now().UTC(), false
	return s.store.write(ctx, c)
}

// A Repeating sink is one that gets records again after a rewind, and how it takes
// them.
type Repeating struct {
	Name string
	// Idempotent tells that a record that comes twice counts once there; Unknown that
	// the sink is left out, so that nobody knows.
	Idempotent, Unknown bool
}

// Sinks are the sinks that a rewind of all sources repeats records for.
func (s *State) Sinks() []Repeating {
	var list []Repeating
	for _, k := range s.p.sinks {
		idempotent, ok := k.sink.(interface{ Idempotent() bool })
		list = append(list, Repeating{k.name, ok && idempotent.Idempotent(), s.p.info.LeftOut[k.name]})
	}
	return list
}

// Sources are the names of the sources that can go back.
func (s *State) Sources() []string {
	var names []string
	for _, in := range s.p.sources {
		if _, ok := in.source.(Seeker); ok {
			names = append(names, in.name)
		}
	}
	return names
}

// A TimeFinder is a source that knows where a moment is in its splits. PositionsAt
// is called instead of Open, and gives the position of the first record from that
// moment on, by split.
type TimeFinder interface {
	PositionsAt(ctx context.Context, at time.Time) (map[string]any, error)
}

// ErrNoTimes is the error of Rewind to a time for a source that is no TimeFinder.
var ErrNoTimes = errors.New("it can't tell where a time is in its input")

// Unknown is the number of records or lines before a position that nobody counted.
const Unknown = -1

// A RewindTo is where a source goes back to: the start of a source where all is zero, else the position
// of one split, else a time.
type RewindTo struct {
	Split    string
	Position json.RawMessage
	Time     time.Time
}

// inChunks tells whether a source is read in chunks; of one that is left out its
// position tells.
func (s *State) inChunks(in *Input, position json.RawMessage) bool {
	if !s.p.info.LeftOut[in.name] {
		return chunked(in.source) != nil
	}
	_, ok := ChunkOf(position)
	return ok
}

// Rewind moves a source in a checkpoint, which it changes; it saves nothing.
func (s *State) Rewind(ctx context.Context, c *Checkpoint, source string, to RewindTo) error {
	i := slices.IndexFunc(s.p.sources, func(in *Input) bool { return in.name == source })
	if i < 0 {
		return fmt.Errorf("there is no source `%s`", source)
	}
	in := s.p.sources[i]
	if _, ok := in.source.(Seeker); !ok {
		return fmt.Errorf("the source `%s` can't go back", source)
	}
	c.Complete = false
	splits := map[string]SplitState{}
	switch {
	case !to.Time.IsZero():
		finder, ok := in.source.(TimeFinder)
		if !ok {
			return fmt.Errorf("source `%s`: %w", source, ErrNoTimes)
		}
		positions, err := finder.PositionsAt(ctx, to.Time)
		if err != nil {
			return fmt.Errorf("source `%s`: %w", source, err)
		}
		for split, position := range positions {
			encoded, err := json.Marshal(position)
			if err != nil {
				return fmt.Errorf("source `%s`: %w", source, err)
			}
			splits[split] = SplitState{Position: encoded, Records: Unknown, Lines: Unknown}
		}
	case to.Position != nil:
		for split, at := range c.Sources[source].Splits {
			splits[split] = at
		}
		if _, known := splits[to.Split]; !known {
			return fmt.Errorf("source `%s` has no split %q in the checkpoint", source, to.Split)
		}
		splits[to.Split] = SplitState{Position: to.Position, Records: Unknown, Lines: Unknown}
	case to.Split != "":
		for split, at := range c.Sources[source].Splits {
			if split != to.Split {
				splits[split] = at
			}
		}
		if at, known := c.Sources[source].Splits[to.Split]; known && s.inChunks(in, at.Position) {
			// A chunk that is not in the checkpoint would not be read at all.
			begin, err := chunkBegin(at.Position)
			if err != nil {
				return fmt.Errorf("source `%s`: %w", source, err)
			}
			splits[to.Split] = SplitState{Position: begin}
			break
		}
		if len(splits) == len(c.Sources[source].Splits) {
			return fmt.Errorf("source `%s` has no split %q in the checkpoint", source, to.Split)
		}
	}
	c.Sources[source] = SourceState{Splits: splits}
	return nil
}
