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

// A store is the state folder of a program: its lock and its checkpoint.
type store struct {
	dir  string
	lock *lockFile
	// generation is that of the checkpoint in the folder, as far as we know; 0
	// for none.
	generation uint64
}

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
	return &store{dir: dir, lock: lock}, nil
}

func (s *store) path() string { return filepath.Join(s.dir, checkpointFile) }

// Kept is the folder of the state that the next run goes on from; "" where it
// begins anew. Ask when Run has returned.
func (p *Program) Kept() string {
	if p.store == nil || p.store.generation == 0 {
		return ""
	}
	return p.store.dir
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
func (s *store) load() (*Checkpoint, error) {
	c, err := ReadCheckpoint(s.dir)
	if c != nil {
		s.generation = c.Generation
	}
	return c, err
}

// write publishes a checkpoint: as a file beside, made durable, then renamed. It
// refuses where the folder no longer holds what this program knows: another one
// has written there, and ours would go back.
func (s *store) write(c *Checkpoint) error {
	current, err := s.onDisk()
	if err != nil {
		return err
	}
	if current != s.generation {
		return &StateError{Path: s.path(), Reason: "another program has changed the checkpoint, so this one writes none"}
	}
	c.Generation = s.generation + 1
	data, err := c.encode()
	if err != nil {
		return &StateError{Path: s.path(), Reason: "the checkpoint can't be encoded", Err: err}
	}
	if err := replaceFile(s.path(), data); err != nil {
		return &StateError{Path: s.path(), Reason: "the checkpoint can't be written", Err: err}
	}
	s.generation = c.Generation
	return nil
}

// onDisk is the generation of the file in the folder; 0 for none.
func (s *store) onDisk() (uint64, error) {
	f, err := os.Open(s.path())
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, &StateError{Path: s.path(), Reason: "the checkpoint can't be read", Err: err}
	}
	defer f.Close()
	line, err := bufio.NewReaderSize(f, 256).ReadSlice('\n')
	if err != nil && len(line) == 0 {
		return 0, &StateError{Path: s.path(), Reason: "the checkpoint can't be read", Err: err}
	}
	var generation uint64
	if fields := strings.Fields(string(line)); len(fields) == 8 {
		err = json.Unmarshal([]byte(fields[3]), &generation)
	} else {
		err = errors.New("its first line is no checkpoint's")
	}
	if err != nil {
		return 0, &StateError{Path: s.path(), Reason: "the checkpoint was changed by somebody", Err: err}
	}
	return generation, nil
}

// remove forgets the checkpoint.
func (s *store) remove() error {
	err := os.Remove(s.path())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return &StateError{Path: s.path(), Reason: "the checkpoint can't be removed", Err: err}
	}
	s.generation = 0
	return syncDir(s.dir)
}

func (s *store) close() { s.lock.release() }

// replaceFile writes a file so that there is the old one or the new one at any
// moment, also after a loss of power.
func replaceFile(path string, data []byte) error {
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
func (p *Program) writeCheckpoint(marks map[*Input]sourceMark, states map[*sinkRun]json.RawMessage, complete bool) error {
	c := &Checkpoint{
		Pipeline: p.info.Name, Hash: p.info.Hash, Shape: p.shapeOf(), Time: time.Now().UTC(), Complete: complete,
		Sources: map[string]SourceState{}, Sinks: map[string]json.RawMessage{},
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
	if err := p.store.write(c); err != nil {
		return err
	}
	p.lastCheckpoint.Store(&checkpointInfo{c.Generation, time.Now()})
	return nil
}

type checkpointInfo struct {
	generation uint64
	at         time.Time
}
