package flow

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"
)

// Cells keep what a program must not lose somewhere else than in its folder: in a
// table, or in a bucket of a broker. Each is a name with a value that is replaced as a
// whole, by compare-and-set on its version. The engine calls them one at a time. An
// error with a method Unavailable() bool, and a transient one, is waited for.
type Cells interface {
	// Open connects, and makes what the cells are in where it is not there. It may be
	// called again after Close.
	Open(ctx context.Context, pipeline string) error
	// Get reads a cell and its version; nil and 0 for one that was never written. It
	// sees every Put that was answered.
	Get(ctx context.Context, cell string) (value []byte, version uint64, err error)
	// Put replaces a value for good where the version is still previous (0: it was
	// never written), and returns the new version, which is larger. Where it is
	// another it changes nothing and returns ErrFenced.
	Put(ctx context.Context, cell string, value []byte, previous uint64) (version uint64, err error)
	// Where is their place as messages name it, without secrets.
	Where() string
	// Close lets go of the connection.
	Close(ctx context.Context) error
}

// CheckpointCell is the cell of the checkpoint. It is an export for stores that are
// shared with a Transactional sink, which keeps its checkpoint in the same place.
const CheckpointCell = "checkpoint"

// KeepIn has the program keep its checkpoint, and what else it must not lose, in
// cells; place is "file:line" of the pipeline. Without it a folder does, or a sink.
func (p *Program) KeepIn(cells Cells, place string) {
	if p.cells != nil {
		p.mistake("the checkpoint is to be kept in two places")
	}
	p.cells, p.cellsPlace = cells, place
}

// elsewhere is the state of a program in cells.
type elsewhere struct {
	p     *Program
	cells Cells
	// impatient does not wait for a server that is away: for commands.
	impatient bool
	// away is called when the server is found away for the first time.
	away func() error

	mu       sync.Mutex // held in each call
	versions map[string]uint64
	// unsure are the values of Puts that were given up, and whose answers nobody has
	// seen, by cell.
	unsure map[string][]byte
	// ill tells that the store is away, illBy which cell found it out.
	ill   bool
	illBy string

	mine claim
	took bool // from a copy that did not let go of it
	lost bool // another copy has taken it
	// stopBeat ends the goroutine that renews the claim, which closes beaten.
	stopBeat context.CancelFunc
	beaten   chan struct{}

	replayed *replayedCells
}

// callTimeout is how long a call may take before the connection is given up.
const callTimeout = 15 * time.Second

// cellPolicy is how a server that is away is waited for: for less than a claim
// lasts without being renewed.
var cellPolicy = Policy{Backoff: defaultBackoff, MaxBackoff: 3 * time.Second}

func (p *Program) newElsewhere() *elsewhere {
	return &elsewhere{p: p, cells: p.cells, versions: map[string]uint64{}, unsure: map[string][]byte{}}
}

func (e *elsewhere) open(ctx context.Context) error {
	err := e.insist(ctx, "", func(ctx context.Context) error { return e.cells.Open(ctx, e.p.info.Name) })
	return e.failed("the checkpoint can't be got at", err)
}

// failed says what could not be done, and where.
func (e *elsewhere) failed(what string, err error) error {
	var state *StateError
	if err == nil || errors.As(err, &state) {
		return err
	}
	return &StateError{Path: e.cells.Where(), Reason: what, Err: err}
}

// insist calls the store because of a cell, and waits for one that is away.
func (e *elsewhere) insist(ctx context.Context, cell string, call func(context.Context) error) error {
	for attempt := 1; ; attempt++ {
		err := e.once(ctx, call)
		if err == nil {
			e.well(cell)
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if e.impatient || ClassOf(err) != Transient {
			return err
		}
		e.gone(cell, err)
		if e.away != nil {
			away := e.away
			e.away = nil
			if err := away(); err != nil {
				return err
			}
		}
		if !cellPolicy.pause(ctx, attempt, err) {
			return &awayError{err, ctx.Err()}
		}
	}
}

// gone notes that the store is away. That it is back is told by the cell by which it
// was found out: a store may take one and not another.
func (e *elsewhere) gone(cell string, err error) {
	e.mu.Lock()
	if !e.ill {
		e.ill, e.illBy = true, cell
	}
	e.mu.Unlock()
	e.p.health.gone(e.p.cellsNode(), err)
}

func (e *elsewhere) well(cell string) {
	e.mu.Lock()
	over := e.ill && e.illBy == cell
	e.ill = e.ill && !over
	e.mu.Unlock()
	if over {
		e.p.health.well(e.p.cellsNode())
	}
}

// once makes one call. A server that does not answer is as one that is away.
func (e *elsewhere) once(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.p.guardCtx(ctx, -1, call)
}

// An awayError is a server that was waited for until there was no time left.
type awayError struct{ err, over error }

func (e *awayError) Error() string   { return e.err.Error() }
func (e *awayError) Unwrap() []error { return []error{e.err, e.over} }

// get reads a cell; nil for one that was never written.
func (e *elsewhere) get(ctx context.Context, cell string) (value []byte, err error) {
	err = e.insist(ctx, cell, func(ctx context.Context) error {
		v, version, err := e.cells.Get(ctx, cell)
		if err == nil {
			value, e.versions[cell] = v, version
			delete(e.unsure, cell)
		}
		return err
	})
	return value, err
}

// settle makes sure that a Put which was given up has landed: what is still on its way
// then comes too late.
func (e *elsewhere) settle(ctx context.Context, cell string) error {
	e.mu.Lock()
	value, unsure := e.unsure[cell]
	e.mu.Unlock()
	if !unsure {
		return nil
	}
	return e.putAgain(ctx, cell, value, true)
}

// version is what get or put has seen last of a cell, if anything. Where that is not
// certain, nothing was seen.
func (e *elsewhere) version(cell string) (version uint64, seen bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	version, seen = e.versions[cell]
	_, unsure := e.unsure[cell]
	return version, seen && !unsure
}

// put replaces a cell that get or put has seen last. A Put whose answer was lost, or
// that comes too late after it, is read back: values are not the same twice.
func (e *elsewhere) put(ctx context.Context, cell string, value []byte) error {
	return e.putAgain(ctx, cell, value, false)
}

// putAgain is put of what was perhaps tried before.
func (e *elsewhere) putAgain(ctx context.Context, cell string, value []byte, tried bool) error {
	landed := func(ctx context.Context) (bool, error) {
		have, version, err := e.cells.Get(ctx, cell)
		if err != nil || version == e.versions[cell] {
			return false, err
		}
		if !bytes.Equal(have, value) {
			return false, ErrFenced
		}
		e.versions[cell] = version
		return true, nil
	}
	err := e.insist(ctx, cell, func(ctx context.Context) error {
		if tried {
			if is, err := landed(ctx); is || err != nil {
				return err
			}
		}
		version, err := e.cells.Put(ctx, cell, value, e.versions[cell])
		switch {
		case err == nil:
			e.versions[cell] = version
		case errors.Is(err, ErrFenced) && tried:
			if is, again := landed(ctx); is || again != nil {
				return again
			}
		default:
			tried = true
		}
		return err
	})
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.unsure, cell)
	if tried && err != nil && !errors.Is(err, ErrFenced) {
		e.unsure[cell] = value
	}
	return err
}

// cellsNode stands for the store in health, which goes by nodes.
func (p *Program) cellsNode() int { return len(p.info.Nodes) }

// patients are what health knows of: the nodes, and the store of the checkpoint.
func (p *Program) patients() []Node {
	if p.cells == nil {
		return p.info.Nodes
	}
	return append(p.info.Nodes[:len(p.info.Nodes):len(p.info.Nodes)], Node{Name: "delivery.checkpoint", Place: p.cellsPlace})
}

// cellKeeper keeps the checkpoint in a cell.
type cellKeeper struct{ e *elsewhere }

func (k cellKeeper) where() string { return k.e.cells.Where() }

func (k cellKeeper) lasts() bool { return false }

func (k cellKeeper) load(ctx context.Context) (*Checkpoint, error) {
	data, err := k.e.get(ctx, CheckpointCell)
	if err != nil {
		return nil, k.e.failed("the checkpoint can't be read", err)
	}
	if len(data) == 0 {
		return nil, nil
	}
	c, err := decodeCheckpoint(data)
	if err != nil {
		return nil, &StateError{Path: k.where(), Reason: "the checkpoint can't be used (start with --fresh to begin anew without it)", Err: err}
	}
	return c, nil
}

// save does not look at previous: the version of the cell says more.
func (k cellKeeper) save(ctx context.Context, c *Checkpoint, _ uint64) error {
	err := k.e.putCheckpoint(ctx, c)
	if errors.Is(err, ErrFenced) {
		return k.e.fenced(ctx)
	}
	return k.e.failed("the checkpoint can't be written", err)
}

func (e *elsewhere) putCheckpoint(ctx context.Context, c *Checkpoint) error {
	c.Run = e.mine.Run
	data, err := c.encode()
	if err != nil {
		return err
	}
	return e.put(ctx, CheckpointCell, data)
}

// remove leaves a checkpoint that says that there is none. A cell that is gone would
// begin with the numbers that a frozen copy still knows.
func (k cellKeeper) remove(ctx context.Context, generation uint64) (uint64, error) {
	if _, seen := k.e.version(CheckpointCell); !seen {
		data, err := k.e.get(ctx, CheckpointCell)
		if err != nil {
			return 0, k.e.failed("the checkpoint can't be removed", err)
		}
		if generation, _, err = splitHeader(data); err != nil { // it is damaged, or of a newer version
			generation, _ = k.e.version(CheckpointCell)
		}
	}
	if version, _ := k.e.version(CheckpointCell); version == 0 {
		return 0, nil
	}
	c := k.e.p.forgotten(generation + 1)
	return c.Generation, k.save(ctx, c, 0)
}

// forgotten is the checkpoint that says that there is none.
func (p *Program) forgotten(generation uint64) *Checkpoint {
	return &Checkpoint{Pipeline: p.info.Name, Hash: p.info.Hash, Time: time.Now().UTC(), Generation: generation, Forgotten: true}
}

// fence makes sure that what a copy that died has still under way comes too late: the
// checkpoint that was found is written once more. ErrFenced tells that it came in time.
func (e *elsewhere) fence(ctx context.Context, found *Checkpoint) (*Checkpoint, error) {
	next := e.p.forgotten(1)
	if found != nil {
		copied := *found
		copied.Generation++
		next = &copied
	}
	err := e.putCheckpoint(ctx, next)
	if errors.Is(err, ErrFenced) {
		return nil, err
	}
	return next, e.failed("the checkpoint can't be written", err)
}
