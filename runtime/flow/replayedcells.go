package flow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"
)

// replayedCells is the index of replayed letters in cells: replayed, replayed-1 and so
// on. It only grows, in the last one, until that is large.
type replayedCells struct {
	last int
	text []byte // of the last
}

// replayedCellSize is how large one of them gets.
const replayedCellSize = 64 << 10

func replayedCell(n int) string {
	if n == 0 {
		return replayedFile
	}
	return fmt.Sprintf("%s-%d", replayedFile, n)
}

// readReplayed tells which letters were replayed, and when.
func (s *store) readReplayed(ctx context.Context) (map[string]time.Time, error) {
	if s.elsewhere == nil {
		return ReadReplayed(s.dir)
	}
	return s.elsewhere.readReplayed(ctx)
}

func (e *elsewhere) readReplayed(ctx context.Context) (map[string]time.Time, error) {
	replayed := map[string]time.Time{}
	e.replayed = &replayedCells{}
	for n := 0; ; n++ {
		text, err := e.get(ctx, replayedCell(n))
		if err == nil {
			err = parseReplayed(bytes.NewReader(text), replayed)
		}
		if err != nil {
			return nil, e.failed("the index of replayed letters can't be read", err)
		}
		if version, _ := e.version(replayedCell(n)); version == 0 {
			return replayed, nil
		}
		e.replayed.last, e.replayed.text = n, text
	}
}

// noteReplayed adds letters to the index, for good.
func (s *store) noteReplayed(ctx context.Context, ids []string, at time.Time) error {
	e := s.elsewhere
	if e == nil {
		return noteReplayed(s.dir, ids, at)
	}
	if len(ids) == 0 {
		return nil
	}
	if e.replayed == nil {
		if _, err := e.readReplayed(ctx); err != nil {
			return err
		}
	}
	if len(e.replayed.text) > replayedCellSize {
		e.replayed.last++
		e.replayed.text = nil
	}
	text := append(bytes.Clone(e.replayed.text), replayedLines(ids, at)...)
	if err := e.put(ctx, replayedCell(e.replayed.last), text); err != nil {
		return e.failed("replayed letters can't be noted", err)
	}
	e.replayed.text = text
	return nil
}

// ReplayedLetters tells which letters were replayed, and when, of a program that does
// not run; stateDir is RunOptions.StateDir.
func (p *Program) ReplayedLetters(ctx context.Context, stateDir string) (map[string]time.Time, error) {
	if p.cells == nil {
		return ReadReplayed(StateDir(stateDir, p.info.Name))
	}
	p.health.nodes, p.health.logger = p.patients(), p.log
	e := p.newElsewhere()
	e.impatient = true
	err := e.open(ctx)
	var replayed map[string]time.Time
	if err == nil {
		replayed, err = e.readReplayed(ctx)
	}
	return replayed, errors.Join(err, p.cells.Close(ctx))
}
