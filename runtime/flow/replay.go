package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// A Replay sends dead letters through a program once more, from their sources on.
//
// The sources are not opened: the letters stand in their place, and where the
// sources are stays as the checkpoint says. The checkpoints that a replay writes
// have the sinks' new states and name the letters, so that both are there after a
// crash or neither; then the letters are noted in the index of the state folder.
type Replay struct {
	// Letters are the IDs of those to send.
	Letters map[string]bool
	// Sinks are the names of the sinks that get what comes of them, nil for all:
	// where a record failed on one branch, the other branches have had it.
	Sinks []string

	// Done counts the letters that got through, or became new dead letters.
	Done int
	// Refused has the others that were sent, by ID, and why.
	Refused map[string]error

	p       *Program
	sources map[string]*letterSource // by the names that letters may call them
	store   *store
	already map[string]time.Time
	saved   *Checkpoint // to go on from; nil for none
	alone   bool        // no run goes on from the checkpoints of the replay
	noted   map[*letterSource]int
	failed  error
}

// An Appending sink can be told to add to what it has written in earlier runs where
// it would begin anew. Append is called before Open and Restore.
type Appending interface{ Append() error }

var (
	errNoRows   = errors.New("the rows of its source can't be made of letters")
	errNoRecord = errors.New("the program finds no record in it")
)

// Replay makes a program that is not run yet one that replays letters.
func (p *Program) Replay(r *Replay) error {
	r.p, r.sources, r.noted, r.Refused = p, map[string]*letterSource{}, map[*letterSource]int{}, map[string]error{}
	p.replay, p.acks = r, false
	clear(p.shares)
	p.limited = nil // that many of them fail is no surprise
	for _, in := range p.sources {
		s := &letterSource{p: p, in: in, original: in.source, letters: make(chan *Letter, 16)}
		in.source = s
		in.places.bySplit = map[string]*place{}
		r.sources[in.name] = s
		if was := p.info.Nodes[in.node].Was; was != "" {
			r.sources[was] = s
		}
	}
	for _, s := range p.sinks {
		s.muted = !s.options.DeadLetter && r.Sinks != nil && !slices.Contains(r.Sinks, s.name)
	}
	for id := range r.Letters {
		if id == "" {
			return fmt.Errorf("a letter without an ID")
		}
	}
	return nil
}

// SinksOf are the names of the sinks that records of a node can come to, but for
// those of dead letters. known is false where there is no such node.
func (p *Program) SinksOf(node string) (names []string, known bool) {
	at := slices.IndexFunc(p.info.Nodes, func(n Node) bool { return n.Name == node })
	if at < 0 {
		at = slices.IndexFunc(p.info.Nodes, func(n Node) bool { return n.Was == node && node != "" })
	}
	reach, some := p.info.Reach[at]
	for _, s := range p.sinks {
		if !s.options.DeadLetter && (at < 0 || !some || slices.Contains(reach, s.node)) {
			names = append(names, s.name)
		}
	}
	return names, at >= 0
}

// HasSource tells whether letters of a source can be replayed.
func (p *Program) HasSource(name string) bool {
	return slices.ContainsFunc(p.sources, func(in *Input) bool {
		return in.name == name || name != "" && p.info.Nodes[in.node].Was == name
	})
}

// begin is called when the state folder is ours.
func (r *Replay) begin(s *store) error {
	r.store = s
	if !r.p.seeks {
		s.keeper = noKeeper{s.keeper.where()}
	}
	return nil
}

// absorbReplay deals with a checkpoint that a replay wrote: its letters go into the
// index before anything replaces it. What it gives is where to go on, nil for the
// start.
func (p *Program) absorbReplay(ctx context.Context, saved *Checkpoint) (*Checkpoint, error) {
	var already map[string]time.Time
	if saved != nil && saved.Replayed != nil || p.replay != nil {
		var err error
		if already, err = p.store.readReplayed(ctx); err != nil {
			return nil, err
		}
	}
	if saved != nil && saved.Replayed != nil {
		ids := slices.DeleteFunc(slices.Clone(saved.Replayed.Letters), func(id string) bool { _, ok := already[id]; return ok })
		if err := p.store.noteReplayed(ctx, ids, saved.Time); err != nil {
			return nil, err
		}
		for _, id := range ids {
			if already == nil {
				already = map[string]time.Time{}
			}
			already[id] = saved.Time
		}
	}
	if r := p.replay; r != nil {
		r.already, r.saved = already, saved
		r.alone = saved == nil || saved.Replayed != nil && saved.Replayed.Alone
		return saved, nil
	}
	if saved != nil && saved.Replayed != nil && saved.Replayed.Alone {
		return nil, p.store.remove(ctx)
	}
	return saved, nil
}

// prepareReplay has a sink add to what it has where the replay would have it begin
// anew.
func (p *Program) prepareReplay(s *sinkRun) error {
	appending, ok := s.sink.(Appending)
	if p.replay == nil || !p.replay.alone || !ok || s.options.DeadLetter {
		return nil
	}
	if err := p.guard(s.node, appending.Append); err != nil {
		return p.nodeError(s.node, "open", err)
	}
	return nil
}

// feed reads the letters and hands them to those that stand for their sources.
func (r *Replay) feed(ctx context.Context) {
	sent := map[string]bool{}
	err := r.p.Letters(ctx, func(*BadLetterError) {}, func(l *Letter) error {
		s := r.sources[l.Source]
		if _, done := r.already[l.ID]; done || !r.Letters[l.ID] || sent[l.ID] || s == nil {
			return nil
		}
		sent[l.ID] = true
		select {
		case s.letters <- l:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	if err != nil && ctx.Err() == nil {
		r.p.mu.Lock()
		r.failed = err
		r.p.mu.Unlock()
	}
	for _, in := range r.p.sources {
		if s, ok := in.source.(*letterSource); ok {
			close(s.letters)
		}
	}
}

// failure is why not all letters were read.
func (r *Replay) failure() error {
	r.p.mu.Lock()
	defer r.p.mu.Unlock()
	return r.failed
}

// write saves that letters were replayed: c has what is the same in every
// checkpoint of the program.
func (r *Replay) write(ctx context.Context, c *Checkpoint, marks map[*Input]sourceMark, states map[*sinkRun]json.RawMessage) error {
	c.Complete = false
	if r.saved != nil {
		c.Complete = r.saved.Complete
		maps.Copy(c.Sources, r.saved.Sources)
		maps.Copy(c.Sinks, r.saved.Sinks)
		c.Nodes = r.saved.Nodes
	}
	for s, state := range states {
		if state != nil {
			c.Sinks[s.name] = state
		}
	}
	c.Replayed = &Replayed{Alone: r.alone}
	reached := map[*letterSource]int{}
	for in, m := range marks {
		s, ok := in.source.(*letterSource)
		if !ok {
			continue
		}
		for _, at := range m.splits {
			if l, ok := at.position.(letterPlace); ok {
				reached[s] = max(reached[s], l.number+1)
			}
		}
		if reached[s] > r.noted[s] {
			c.Replayed.Letters = append(c.Replayed.Letters, s.between(r.noted[s], reached[s])...)
		}
	}
	slices.Sort(c.Replayed.Letters)
	if err := r.store.write(ctx, c); err != nil {
		return err
	}
	if err := r.store.noteReplayed(ctx, c.Replayed.Letters, c.Time); err != nil {
		return err
	}
	r.Done += len(c.Replayed.Letters)
	for s, n := range reached {
		r.noted[s] = max(r.noted[s], n)
		s.mu.Lock()
		for i, err := range s.refused {
			r.Refused[s.read[i]] = err
		}
		s.mu.Unlock()
	}
	return nil
}

// noKeeper keeps no checkpoint: that of a replay where no source can go back, so
// that no run looks for one.
type noKeeper struct{ place string }

func (k noKeeper) load(context.Context) (*Checkpoint, error)       { return nil, nil }
func (k noKeeper) save(context.Context, *Checkpoint, uint64) error { return nil }
func (k noKeeper) remove(context.Context, uint64) (uint64, error)  { return 0, nil }
func (k noKeeper) where() string                                   { return k.place }
func (k noKeeper) lasts() bool                                     { return false }
