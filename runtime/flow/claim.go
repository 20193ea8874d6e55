package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A claim says which copy of a program works with its cells. Who has it renews it
// again and again; one that is not renewed for a while is of a copy that died, by the
// clock of the one who looks. The claim keeps a second copy from starting. That a copy
// which was wrongly thought dead can't write is not its matter: the checkpoint's
// version sees to that.
type claim struct {
	Version int `json:"version"`
	// Run is the name of the run, "" where nobody has the claim.
	Run string `json:"run"`
	// Who says to people which process that is.
	Who string `json:"who,omitempty"`
	// Beat grows while the process lives.
	Beat uint64 `json:"beat,omitempty"`
}

const (
	holderCell   = "holder"
	claimVersion = 1
	// claimFile has the names of the last runs of a folder: one that finds a claim of
	// such a run, and has the folder's lock, knows that it is of a dead process.
	claimFile = "claim"
)

// How a claim is kept. Variables, so that tests need not wait.
var (
	// beatEvery is how often it is renewed, and looked at.
	beatEvery = time.Second
	// silentLooks is how many looks in a row must find it as it was.
	silentLooks = 10
)

// releaseTime is how long the end of a program waits for the store to take that
// nobody has the claim.
const releaseTime = 2 * time.Second

// WhoAmI describes this process to people: its number, its host, and since when it runs.
func WhoAmI() string {
	host, _ := os.Hostname()
	return fmt.Sprintf("process %d on %s, started %s", os.Getpid(), host, time.Now().Format(time.RFC3339))
}

// openElsewhere takes the claim on a program's cells. What it returns is to be closed
// also where there is an error.
func (p *Program) openElsewhere(ctx context.Context, o RunOptions) (*store, error) {
	e := p.newElsewhere()
	s := &store{keeper: cellKeeper{e}, elsewhere: e}
	folder, err := openStore(ctx, StateDir(o.StateDir, p.info.Name), o.Wait)
	switch {
	case err == nil:
		s.dir, s.lock = folder.dir, folder.lock
	case noFolder(err): // it only makes a restart faster
		p.log.Debug("there is no state folder, and none is needed", "error", err)
	default:
		return s, err
	}
	e.away = o.Begin
	e.impatient = o.impatient
	if err := e.open(ctx); err != nil {
		return s, err
	}
	return s, e.take(ctx, s.dir, o.Wait)
}

// noFolder tells whether a folder can't be written to, as in a container whose file
// system is read-only.
func noFolder(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// take takes the claim from nobody, or from a copy that died.
func (e *elsewhere) take(ctx context.Context, dir string, wait bool) error {
	var known []string
	if dir != "" {
		text, _ := os.ReadFile(filepath.Join(dir, claimFile))
		known = strings.Fields(string(text))
	}
	e.mine = claim{Version: claimVersion, Run: fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64()), Who: WhoAmI()}
	silent, last := 0, uint64(0)
	for told := false; ; {
		began := time.Now()
		held, err := e.holder(ctx)
		if err != nil {
			return err
		}
		version, _ := e.version(holderCell)
		switch {
		case held.Run == "" || slices.Contains(known, held.Run):
			silent = silentLooks
		case version != last && last != 0 && !wait:
			return &LockedError{Path: e.cells.Where(), Holder: held.Who}
		case version != last || time.Since(began) > beatEvery: // the other could not renew it either
			silent, last = 0, version
		default:
			silent++
		}
		if silent >= silentLooks {
			if dir != "" {
				// Before it is put, so that a death in between does no harm. Without the file
				// the next start only takes longer.
				mine := e.mine.Run + "\n"
				if slices.Contains(known, held.Run) {
					mine += held.Run + "\n"
				}
				_ = ReplaceFile(filepath.Join(dir, claimFile), []byte(mine))
			}
			switch err := e.put(ctx, holderCell, e.mine.encode()); {
			case err == nil:
				e.took = held.Run != ""
				e.keep()
				return nil
			case !errors.Is(err, ErrFenced):
				return e.failed("the claim on the checkpoint can't be written", err)
			}
			silent, last = 0, 0 // somebody was faster
			continue
		}
		if !told {
			told = true
			e.p.log.Warn("another copy of the program has the checkpoint, or had it when it died: looking whether it lives", "path", e.cells.Where(), "holder", held.Who)
		}
		if !sleep(ctx, beatEvery) {
			if wait {
				return &LockedError{Path: e.cells.Where(), Holder: held.Who}
			}
			return ctx.Err()
		}
	}
}

// keep renews the claim from now on.
func (e *elsewhere) keep() {
	ctx, stop := context.WithCancel(context.Background())
	e.stopBeat, e.beaten = stop, make(chan struct{})
	go e.beat(ctx)
}

func (e *elsewhere) beat(ctx context.Context) {
	defer close(e.beaten)
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		e.mine.Beat++
		err := e.put(ctx, holderCell, e.mine.encode())
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, ErrFenced) {
			err = e.fenced(ctx)
		}
		if err != nil {
			e.p.taint()
			e.p.stop(e.failed("the claim on the checkpoint can't be renewed", err))
			return
		}
	}
}

// holder reads who has the claim.
func (e *elsewhere) holder(ctx context.Context) (claim, error) {
	data, err := e.get(ctx, holderCell)
	if err != nil {
		return claim{}, e.failed("the claim on the checkpoint can't be read", err)
	}
	held, err := decodeClaim(data)
	return held, e.failed("the claim on the checkpoint can't be used", err)
}

func (c claim) encode() []byte {
	data, err := json.Marshal(c)
	if err != nil {
		panic(err) // it has texts and numbers
	}
	return data
}

// decodeClaim reads a claim; none is as one that nobody has.
func decodeClaim(data []byte) (claim, error) {
	var c claim
	if len(data) == 0 {
		return c, nil
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return c, fmt.Errorf("it is none: %w", err)
	}
	if c.Version > claimVersion {
		return c, fmt.Errorf("it has version %d, and this program reads up to %d: a newer one wrote it, so build this one with a newer flowc", c.Version, claimVersion)
	}
	return c, nil
}

// fenced is the error of a copy that may not write any more.
func (e *elsewhere) fenced(ctx context.Context) error {
	var held claim
	err := e.insist(ctx, holderCell, func(ctx context.Context) error {
		data, _, err := e.cells.Get(ctx, holderCell)
		if err == nil {
			held, err = decodeClaim(data)
		}
		e.lost = err != nil || held.Run != e.mine.Run // close does not let go of what others have
		return err
	})
	reason := "another program has changed the checkpoint, so this one writes none"
	if err == nil && held.Run != "" && held.Run != e.mine.Run {
		reason = "the checkpoint was taken over by " + held.Who + ", so this copy writes nothing more"
	}
	return &StateError{Path: e.cells.Where(), Reason: reason, Err: ErrFenced}
}

// close lets go of the claim, unless a checkpoint may still be on its way: then the
// next one must be careful.
func (e *elsewhere) close() {
	ctx, cancel := context.WithTimeout(context.Background(), releaseTime)
	defer cancel()
	if e.stopBeat != nil {
		e.stopBeat()
		select {
		case <-e.beaten:
		case <-ctx.Done():
		}
	}
	if !e.mu.TryLock() { // a call hangs, and what it does is not known
		return
	}
	release := e.mine.Run != "" && !e.lost
	e.mu.Unlock()
	if release && e.settle(ctx, CheckpointCell) == nil { // the claim was renewed a last time, or not: nobody knows
		if held, err := e.holder(ctx); err == nil && held.Run == e.mine.Run {
			_ = e.put(ctx, holderCell, claim{Version: claimVersion}.encode())
		}
	}
	_ = e.once(ctx, e.cells.Close)
}
