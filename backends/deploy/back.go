package deploy

import (
	"context"
	"errors"
)

// lastWords is how many lines of a log an error shows.
const lastWords = 10

// log is what the release said last, as far as that can be had.
func (a *applying) log(ctx context.Context) []Line {
	var lines []Line
	if err := a.engine.Logs(ctx, a.plan.ID, LogOptions{Tail: lastWords}, func(l Line) { lines = append(lines, l) }); err != nil {
		return nil
	}
	return lines[max(0, len(lines)-lastWords):]
}

// back brings back what ran before.
func (a *applying) back(ctx context.Context, failed *FailedError) error {
	p := a.plan
	ctx = context.WithoutCancel(ctx) // what has begun is brought to its end
	failed.Before = p.Before
	var made []Object // and nothing else needs it
	for _, o := range p.objects(Create) {
		if !o.Data {
			made = append(made, o)
		}
	}
	switch {
	case p.Before == nil:
		a.say("it failed: taking it away again")
		failed.Back = a.engine.Remove(ctx, p.ID, made)
	case p.Before.Manifest == nil:
		failed.Back = errors.New("flowc did not apply it, and does not know how it was")
	default:
		a.say("it failed: rolling back to %s", p.Before.Hash)
		if failed.Back = a.engine.Put(ctx, p.Before, ""); failed.Back == nil {
			failed.Back = a.again(ctx)
		}
		if err := a.engine.Remove(ctx, p.ID, made); failed.Back == nil {
			failed.Back = err
		}
	}
	return failed
}

// again waits until what ran before runs again.
func (a *applying) again(ctx context.Context) error {
	_, why, err := a.wait(ctx, 0)
	if err == nil && why != "" {
		err = errors.New(why)
	}
	return err
}
