package program

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// rewindCheckpoint moves sources in the checkpoint: all of them, or one.
func (p *process) rewindCheckpoint(ctx context.Context, s *flow.State, saved *flow.Checkpoint, o *options) error {
	if saved == nil {
		return &environmentError{errors.New("there is no checkpoint: the next run begins at the start")}
	}
	to, err := o.rewindTo()
	if err != nil {
		return err
	}
	if o.split != "" && o.source == "" || to.Position != nil && (o.split == "" || o.source == "") {
		return &usageError{"rewind: a position and --split are of one --source; `checkpoint show` lists both"}
	}
	next, err := clone(saved)
	if err != nil {
		return err
	}
	names := s.Sources()
	if o.source != "" {
		names = []string{o.source}
	}
	if !to.Time.IsZero() { // they are asked where it is
		if err := p.needs(names...); err != nil {
			return err
		}
	}
	for _, name := range names {
		if err := s.Rewind(ctx, next, name, to); err != nil {
			if errors.Is(err, flow.ErrNoTimes) {
				err = fmt.Errorf("%w: rewind it to a position, or to the start", err)
			}
			return &usageError{"rewind: " + err.Error()}
		}
	}
	return p.change(ctx, s, saved, next, o)
}

// rewindTo reads --to: start, a time, or a position.
func (o *options) rewindTo() (flow.RewindTo, error) {
	to := flow.RewindTo{Split: o.split}
	switch {
	case o.to == "start":
		return to, nil
	case o.to == "":
		return to, &usageError{"rewind: say where with --to: start, a time such as 2026-01-31T12:00:00Z, or a position as `checkpoint show` prints it"}
	}
	if at, err := time.Parse(time.RFC3339, o.to); err == nil {
		to.Time = at
		return to, nil
	}
	if json.Valid([]byte(o.to)) {
		to.Position = json.RawMessage(o.to)
		return to, nil
	}
	return to, &usageError{fmt.Sprintf("rewind: --to %q is neither start, nor a time such as 2026-01-31T12:00:00Z, nor a position as JSON", o.to)}
}

// clone copies a checkpoint, with its generation.
func clone(c *flow.Checkpoint) (*flow.Checkpoint, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	copied := &flow.Checkpoint{Generation: c.Generation}
	if err := json.Unmarshal(data, copied); err != nil {
		return nil, err
	}
	if copied.Sources == nil {
		copied.Sources = map[string]flow.SourceState{}
	}
	return copied, nil
}
