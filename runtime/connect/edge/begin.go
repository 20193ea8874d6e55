package edge

import (
	"context"
	"encoding/json"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A Begin is the sink of a carrier.
type Begin interface {
	flow.Sink
	flow.Ender
	flow.Joined
	flow.Waker
	// Messages says that it has to know where each record ends.
	Messages()
}

// Sink is the begin of an edge as the engine gets it: where its writer has something to
// find again after a crash, it takes part in checkpoints.
func Sink(b Begin, p *Packing) flow.Sink {
	if p.writer.keeps() {
		return &Keeping{b, p}
	}
	return b
}

// A Keeping is a Begin that has something to find again after a crash.
type Keeping struct {
	Begin
	packing *Packing
}

// Restore goes on with the run and the numbers of the checkpoint.
func (k *Keeping) Restore(_ context.Context, state json.RawMessage) error {
	return k.packing.Restore(state)
}

// State is the run and the numbers.
func (k *Keeping) State() (any, error) { return k.packing.State(), nil }
