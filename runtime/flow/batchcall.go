package flow

import (
	"context"
	"errors"
)

// CallBatch gives rows to a component that takes many at once, and returns what
// it made of them; stop tells that the batch must end. places are
// those of the rows in the batch; input shows what the node got at a place, for
// dead letters, and is nil where they do not show it.
//
// An error is that of all rows, unless it has a method Failed() map[int]error,
// which names those that failed: the others count as done, and what the
// component returned beside the error is theirs. After a panic the rows are
// given again in halves until the one that causes it stands alone: repeating
// calls repeats what they do outside, which is the price of knowing the row.
func CallBatch[In, Out any](l *Lane, node int, rows []In, places []int, input func(place int) []byte, call func(context.Context, []In) ([]Out, error)) (out []Out, stop bool) {
	if len(rows) == 0 {
		return nil, false
	}
	var err error
	attempt := 0
	fail := func(i int, err error) bool {
		l.Record.Index = places[i]
		l.engine.attempts, l.engine.attemptsAt = attempt, l.Next // each row was in all of them
		if input != nil {
			return l.FailInput(node, err, input(places[i]))
		}
		return l.Fail(node, err)
	}
	for ; ; attempt++ {
		out, err = protect(l, node, rows, call)
		if err == nil || !l.Again(node, attempt, err) {
			break
		}
	}
	var some interface{ Failed() map[int]error }
	var poison *PanicError
	switch {
	case err == nil:
		return out, false
	case errors.As(err, &poison) && len(rows) > 1:
		half := len(rows) / 2
		left, stop := CallBatch(l, node, rows[:half], places[:half], input, call)
		if stop {
			return left, true
		}
		right, stop := CallBatch(l, node, rows[half:], places[half:], input, call)
		return append(left, right...), stop
	case errors.As(err, &some):
		failed := some.Failed()
		for i := range rows {
			if rowErr, ok := failed[i]; ok && fail(i, rowErr) {
				return out, true
			}
		}
		return out, false
	}
	for i := range rows {
		if fail(i, err) {
			return nil, true
		}
	}
	return nil, false
}

// protect makes a panic of a component an error.
func protect[In, Out any](l *Lane, node int, rows []In, call func(context.Context, []In) ([]Out, error)) (out []Out, err error) {
	defer func() {
		if v := recover(); v != nil {
			out, err = nil, l.engine.p.crashOf(v, node).err
		}
	}()
	return call(l.Ctx, rows)
}
