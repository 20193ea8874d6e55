package component

import (
	"context"

	"github.com/flowc-dev/flowc/runtime/connect/foreign"
	"github.com/flowc-dev/flowc/runtime/proto"
)

// exchange gives a component that answers for each event those at some places. One that has
// failed is the error of that event, and done.
func (p *Processor) exchange(ctx context.Context, events []foreign.Event, places []int) (out []foreign.Event, done int, err error) {
	failed := map[int]error{}
	var part []foreign.Event // of the batch that is being answered
	done, err = p.link.give(ctx, giving{
		n: len(places),
		event: func(i int, e *proto.Event) {
			from := &events[places[i]]
			p.maker.fill(e, &from.Meta, from.Payload)
		},
		size: func(i int) int { return len(events[places[i]].Payload) },
		answered: func(first, _ int, a *proto.Answer, last bool) error {
			for k, e := range a.GetEvents() {
				of := k
				if len(a.GetOf()) > 0 {
					of = int(a.GetOf()[k])
				}
				part = append(part, foreign.Event{Meta: metaOf(e), Payload: e.GetPayload(), Of: places[first+of]})
			}
			for _, f := range a.GetFailures() {
				failed[places[first+int(f.GetIndex())]] = errorOf(f)
			}
			if last { // what came of a batch that is answered in part comes again
				out = append(out, part...)
				part = part[:0]
			}
			return nil
		},
	})
	for i, err := range failed {
		p.failed[i] = err
	}
	if len(failed) > 0 { // what came of an event before it failed does not go on
		kept := out[:0]
		for _, e := range out {
			if failed[e.Of] == nil {
				kept = append(kept, e)
			}
		}
		out = kept
	}
	if err != nil {
		p.hangUp()
		return out, done, p.peer.broken(err)
	}
	return out, done, nil
}
