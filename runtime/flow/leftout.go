package flow

import (
	"context"
	"encoding/json"
	"errors"
)

// A LeftOut names sources and sinks that a program is made without, because what
// they need from outside is not there. Commands that don't use them (on dead letters,
// on the checkpoint) work with such a program; it can't run.
type LeftOut map[string]bool

// errLeftOut can't be seen by anybody: who makes a program with nodes left out asks
// for those that it uses.
var errLeftOut = errors.New("its settings are not known")

// missing is what stands for a source that is left out.
func missing(o SourceOptions) Source {
	if o.Replayable {
		return missingSeeker{}
	}
	return missingSource{}
}

// missingSource stands for a source that can't go back, missingSeeker for one that can.
type (
	missingSource struct{}
	missingSeeker struct{ missingSource }
)

func (missingSource) Open(context.Context) error { return errLeftOut }

func (missingSource) Read(context.Context, *Batch) error { return errLeftOut }

func (missingSource) Close(context.Context) error { return nil }

func (missingSeeker) Seek(context.Context, map[string]json.RawMessage) error { return errLeftOut }

// missingSink stands for a sink that is left out.
type missingSink struct{}

func (missingSink) Open(context.Context) error { return errLeftOut }

func (missingSink) Write(context.Context, *Out) error { return errLeftOut }

func (missingSink) Sync(context.Context) error { return errLeftOut }

func (missingSink) Close(context.Context, bool) error { return nil }

// KeeperSink is the name of the sink that is to keep the checkpoint, "" for none.
func (p *Program) KeeperSink() string {
	for _, s := range p.sinks {
		if s.options.KeepsCheckpoint {
			return s.name
		}
	}
	return ""
}
