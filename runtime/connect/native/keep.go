package native

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A Ledger is how a component keeps the program's checkpoint with its records: its
// methods, Keep being nil where it has none.
type Ledger struct {
	Keep      func(pipeline string)
	Committed func(context.Context) (string, error)
	Commit    func(ctx context.Context, previous, next string) error
}

// NewKeeping makes a sink of NewSink or NewBatchSink one that is transactional.
//
// The component sees a checkpoint as a text that means nothing to it: Committed is
// the one that it has, "" for none, and Commit makes next of previous, together with
// all that it was given to write since. Where another one than previous is there, it
// commits nothing and returns an error whose method Fenced() is true. Where both are
// the same, the records are committed and the checkpoint stays.
func NewKeeping(s flow.Sink, l Ledger) flow.Sink {
	return &keeping{Sink: s, ledger: l}
}

type keeping struct {
	flow.Sink
	ledger Ledger
	// current is the checkpoint that is there, where that is known.
	current string
	known   bool
}

// Keep tells the component whose checkpoint it keeps.
func (k *keeping) Keep(pipeline string) {
	if k.ledger.Keep != nil {
		k.ledger.Keep(pipeline)
	}
}

// Load reads the checkpoint that was committed last.
func (k *keeping) Load(ctx context.Context) (generation uint64, checkpoint []byte, err error) {
	if err := k.look(ctx); err != nil || k.current == "" {
		return 0, nil, err
	}
	number, text, ok := strings.Cut(k.current, "\n")
	if generation, err = strconv.ParseUint(number, 10, 64); err != nil || !ok || generation == 0 {
		return 0, nil, fmt.Errorf("Committed gives %.40q, which no Commit was given", k.current)
	}
	return generation, []byte(text), nil
}

// look asks which checkpoint is there.
func (k *keeping) look(ctx context.Context) (err error) {
	k.current, err = k.ledger.Committed(ctx)
	k.known = err == nil
	return err
}

// Commit has the component commit what it was given, with the checkpoint.
func (k *keeping) Commit(ctx context.Context, generation, previous uint64, checkpoint []byte) error {
	before := ""
	if !k.known {
		if err := k.look(ctx); err != nil {
			return err
		}
	}
	if previous != 0 {
		if number, _, _ := strings.Cut(k.current, "\n"); number != strconv.FormatUint(previous, 10) {
			// Not the one that this program has left there: somebody else may have.
			return flow.ErrFenced
		}
		before = k.current
	}
	return k.commit(ctx, before, strconv.FormatUint(generation, 10)+"\n"+string(checkpoint))
}

func (k *keeping) commit(ctx context.Context, previous, next string) error {
	err := k.ledger.Commit(ctx, previous, next)
	var fenced interface{ Fenced() bool }
	var back interface{ RolledBack() bool }
	switch {
	case err == nil:
		k.current = next
		return nil
	case errors.As(err, &fenced) && fenced.Fenced():
		return fmt.Errorf("%w: %w", flow.ErrFenced, err)
	case errors.As(err, &back) && back.RolledBack():
		return &flow.RolledBackError{Err: err}
	}
	return err
}

// Forget removes the checkpoint.
func (k *keeping) Forget(ctx context.Context) error {
	if err := k.look(ctx); err != nil || k.current == "" {
		return err
	}
	return k.commit(ctx, k.current, "")
}

// Sync flushes the component, and commits what it was given.
func (k *keeping) Sync(ctx context.Context) error {
	if err := k.Sink.Sync(ctx); err != nil {
		return err
	}
	return k.commit(ctx, k.current, k.current)
}

// Healthy asks the component.
func (k *keeping) Healthy(ctx context.Context) error {
	if w, ok := k.Sink.(flow.Waker); ok {
		return w.Healthy(ctx)
	}
	return nil
}
