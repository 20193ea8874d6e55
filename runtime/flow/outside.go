package flow

import (
	"context"
	"errors"
)

// A Backlogged source can tell how much waits for all copies of its process together. It
// is asked instead of opened.
type Backlogged interface {
	// Backlog counts the messages that are there and that no checkpoint has passed. It
	// connects where it must; Close ends that.
	Backlog(ctx context.Context) (messages int64, err error)
	// Close lets go of the connection.
	Close(ctx context.Context) error
}

// CellKeeping is a source whose server can keep cells as well.
type CellKeeping interface {
	// Cells are such cells.
	Cells() (Cells, error)
}

// ErrNoCells is the error of a program that has no place outside of its folder for what
// the hosts of a process have in common.
var ErrNoCells = errors.New("nothing keeps what the hosts of a process have in common: name a store for its checkpoints")

// Outside are the cells of a program that does not run, for what the hosts of an elastic
// process have in common: those of its checkpoint, or where a sink keeps that, of a
// source. They are not open.
func (p *Program) Outside() (Cells, error) {
	if p.cells != nil {
		return p.cells, nil
	}
	for _, in := range p.sources {
		if keeping, ok := in.source.(CellKeeping); ok {
			return keeping.Cells()
		}
	}
	return nil, ErrNoCells
}

// Backlogs are the sources that can tell what waits, by their names.
func (p *Program) Backlogs() map[string]Backlogged {
	all := map[string]Backlogged{}
	for _, in := range p.sources {
		if b, ok := in.source.(Backlogged); ok {
			all[in.name] = b
		}
	}
	return all
}

// Forget has the next run begin anew. The state is open and locked.
func (s *State) Forget(ctx context.Context) error {
	if k, ok := s.store.keeper.(*sinkKeeper); ok {
		if err := k.claim(ctx); err != nil {
			return err
		}
	}
	return errors.Join(s.store.remove(ctx), s.store.removeNote(ctx, careFile))
}
