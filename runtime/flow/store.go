package flow

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A store is the state of a program: its folder with a lock, and its checkpoint,
// which is in the folder, with a sink's records, or elsewhere with all the rest.
type store struct {
	dir  string    // "" for none
	lock *lockFile // nil for none
	// keeper has the checkpoint, kept is the sink that does so; nil where none does.
	keeper keeper
	kept   *sinkRun
	// elsewhere has the state; nil where the folder has it.
	elsewhere *elsewhere
	// generation is that of the checkpoint, as far as we know, or of one that was
	// forgotten; 0 for none. there tells that there is one, found is the generation
	// that it had when it was loaded.
	generation, found uint64
	there             bool
}

// folderKeeper keeps the checkpoint in a file of the state folder.
type folderKeeper struct{ dir string }

const (
	defaultStateDir = ".flowc/state"
	checkpointFile  = "checkpoint"
	lockName        = "lock"
)

// StateDir is the folder with the state of a pipeline; base is
// RunOptions.StateDir.
func StateDir(base, pipeline string) string {
	if base == "" {
		base = defaultStateDir
	}
	return filepath.Join(base, folderName(pipeline))
}

// folderName makes a file name of a pipeline's name.
func folderName(pipeline string) string {
	safe := strings.Map(func(r rune) rune {
		switch {
		case r < ' ', strings.ContainsRune(`/\:*?"<>|`, r):
			return '_'
		}
		return r
	}, pipeline)
	if safe == "" || safe == "." || safe == ".." {
		return "_" + safe
	}
	return safe
}

// openStore makes the folder and takes its lock.
func openStore(ctx context.Context, dir string, wait bool) (*store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, &StateError{Path: dir, Reason: "the state folder can't be made", Err: err}
	}
	lock, err := takeLock(ctx, filepath.Join(dir, lockName), wait)
	if err != nil {
		return nil, err
	}
	return &store{dir: dir, lock: lock, keeper: folderKeeper{dir}}, nil
}

func (k folderKeeper) where() string { return filepath.Join(k.dir, checkpointFile) }

func (k folderKeeper) lasts() bool { return false }

// A Kept is where the state is that the next run goes on from: a folder, or with the
// records of a sink, or cells. All are "" where it begins anew.
type Kept struct{ Folder, Sink, Cells string }

// Kept tells where the state is. Ask when Run has returned.
func (p *Program) Kept() Kept {
	switch {
	case p.store == nil || !p.store.there:
		return Kept{}
	case p.store.kept != nil:
		return Kept{Sink: p.store.kept.name}
	case p.store.elsewhere != nil:
		return Kept{Cells: p.store.keeper.where()}
	}
	return Kept{Folder: p.store.dir}
}

// ReadCheckpoint reads the checkpoint in a state folder; nil where there is
// none.
func ReadCheckpoint(dir string) (*Checkpoint, error) {
	path := filepath.Join(dir, checkpointFile)
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &StateError{Path: path, Reason: "the checkpoint can't be read", Err: err}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, checkpointLimit))
	if err != nil {
		return nil, &StateError{Path: path, Reason: "the checkpoint can't be read", Err: err}
	}
	c, err := decodeCheckpoint(data)
	if err != nil {
		return nil, &StateError{Path: path, Reason: "the checkpoint can't be used (start with --fresh to begin anew without it)", Err: err}
	}
	return c, nil
}

// load reads the checkpoint to go on from, if there is one.
func (s *store) load(ctx context.Context) (*Checkpoint, error) {
	c, err := s.keeper.load(ctx)
	if err != nil {
		return nil, err
	}
	if c != nil {
		s.generation = c.Generation
	}
	s.found = s.generation
	if k, ok := s.keeper.(cellKeeper); ok && k.e.took {
		next, err := k.e.fence(ctx, c)
		if errors.Is(err, ErrFenced) {
			return s.load(ctx) // that was the last word of the one who died
		}
		if err != nil {
			return nil, err
		}
		k.e.took, c, s.generation = false, next, next.Generation
	}
	if c != nil && c.Forgotten {
		c = nil
	}
	s.there = c != nil
	return c, nil
}

// write publishes a checkpoint. It refuses where there is no longer what this
// program knows: another one has written there, and ours would go back.
func (s *store) write(ctx context.Context, c *Checkpoint) error {
	c.Generation = s.generation + 1
	if err := s.keeper.save(ctx, c, s.generation); err != nil {
		return err
	}
	s.generation, s.there = c.Generation, true
	return nil
}

// remove forgets the checkpoint.
func (s *store) remove(ctx context.Context) error {
	left, err := s.keeper.remove(ctx, s.generation)
	if err != nil {
		return err
	}
	s.generation, s.found, s.there = left, left, false
	return nil
}

func (k folderKeeper) load(context.Context) (*Checkpoint, error) { return ReadCheckpoint(k.dir) }

// save writes a file beside, makes it durable, and renames it.
func (k folderKeeper) save(_ context.Context, c *Checkpoint, previous uint64) error {
	current, err := k.onDisk()
	if err != nil {
		return err
	}
	if current != previous {
		return &StateError{Path: k.where(), Reason: "another program has changed the checkpoint, so this one writes none"}
	}
	data, err := c.encode()
	if err != nil {
		return &StateError{Path: k.where(), Reason: "the checkpoint can't be encoded", Err: err}
	}
	if err := ReplaceFile(k.where(), data); err != nil {
		return &StateError{Path: k.where(), Reason: "the checkpoint can't be written", Err: err}
	}
	return nil
}

// onDisk is the generation of the file in the folder; 0 for none.
func (k folderKeeper) onDisk() (uint64, error) {
	f, err := os.Open(k.where())
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, &StateError{Path: k.where(), Reason: "the checkpoint can't be read", Err: err}
	}
	defer f.Close()
	line, err := bufio.NewReaderSize(f, 256).ReadSlice('\n')
	if err != nil && len(line) == 0 {
		return 0, &StateError{Path: k.where(), Reason: "the checkpoint can't be read", Err: err}
	}
	var generation uint64
	if fields := strings.Fields(string(line)); len(fields) == 8 {
		err = json.Unmarshal([]byte(fields[3]), &generation)
	} else {
		err = errors.New("its first line is no checkpoint's")
	}
	if err != nil {
		return 0, &StateError{Path: k.where(), Reason: "the checkpoint was changed by somebody", Err: err}
	}
	return generation, nil
}

func (k folderKeeper) remove(context.Context, uint64) (uint64, error) {
	err := os.Remove(k.where())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, &StateError{Path: k.where(), Reason: "the checkpoint can't be removed", Err: err}
	}
	return 0, syncDir(k.dir)
}

func (s *store) close() {
	if s.elsewhere != nil {
		s.elsewhere.close()
	}
	if s.lock != nil {
		s.lock.release()
	}
}

// ReplaceFile writes a file so that there is the old one or the new one at any
// moment, also after a loss of power.
func ReplaceFile(path string, data []byte) error {
	beside := path + ".tmp"
	f, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(beside, path)
	}
	if err != nil {
		os.Remove(beside)
		return err
	}
	return syncDir(filepath.Dir(path))
}

// writeCheckpoint saves what all sources and sinks said.
func (p *Program) writeCheckpoint(ctx context.Context, marks map[*Input]sourceMark, states map[*sinkRun]json.RawMessage, complete bool) error {
	c := &Checkpoint{
		Pipeline: p.info.Name, Hash: p.info.Hash, Shape: p.shapeOf(), Time: time.Now().UTC(), Complete: complete,
		Sources: map[string]SourceState{}, Sinks: map[string]json.RawMessage{},
	}
	if p.replay != nil {
		return p.replay.write(ctx, c, marks, states)
	}
	for in, m := range marks {
		if _, ok := in.source.(Seeker); !ok {
			continue
		}
		splits, err := m.saved()
		if err != nil {
			return &NodeError{Node: in.name, Line: p.info.Nodes[in.node].Place, Op: "position", Err: err}
		}
		c.Sources[in.name] = SourceState{Splits: splits}
	}
	for s, state := range states {
		if state != nil {
			c.Sinks[s.name] = state
		}
	}
	if err := p.store.write(ctx, c); err != nil {
		return err
	}
	p.lastCheckpoint.Store(&checkpointInfo{c.Generation, time.Now()})
	return p.care.committed(ctx, c.Generation)
}

type checkpointInfo struct {
	generation uint64
	at         time.Time
}
