package table

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/flowc-dev/flowc/runtime/codec/row"
)

// A Step is what a change does to a table.
type Step uint8

// The steps: a row is put in the place of the one with its key, some of its columns
// are changed, it is taken away, or all are.
const (
	Put Step = iota
	Patch
	Remove
	Empty
)

// StepOf is what a change does, or why it can't be applied (a *RowError). A Patch
// is an update whose row lacks values that it did not change.
func StepOf(c *row.Change) (Step, error) {
	switch c.Op {
	case "read", "insert", "update":
		switch {
		case c.After == nil:
			return 0, refused("the %s does not say what the row is: it has no `after`", c.Op)
		case !c.HasUnchanged():
			return Put, nil
		case c.Op != "update":
			return 0, refused("the %s lacks values (`unchanged`), and there is no row that has them", c.Op)
		}
		return Patch, nil
	case "delete":
		if c.Before == nil {
			return 0, refused("the delete does not say which row it took: it has no `before`")
		}
		return Remove, nil
	case "truncate":
		return Empty, nil
	}
	return 0, &RowError{Name: "value", Err: fmt.Errorf("`op` is %q: there are read, insert, update, delete and truncate", c.Op)}
}

func refused(format string, args ...any) error {
	return &RowError{Name: "value", Err: fmt.Errorf(format, args...)}
}

// ErrKeyUnchanged is a change whose key is not known.
var ErrKeyUnchanged = &RowError{Name: "value", Err: errors.New("the key is among the values that are not known (`unchanged`)")}

// Moved tells whether an update gives its row another key: keys are the columns of
// the key, by their places in the row.
func Moved(c *row.Change, keys []int) bool {
	if c.Op != "update" || c.Before == nil {
		return false
	}
	before, after, next := c.Before, c.After, 0
	for _, k := range keys {
		for ; next < k; next++ {
			_, before = row.Next(before)
			_, after = row.Next(after)
		}
		_, restBefore := row.Next(before)
		_, restAfter := row.Next(after)
		if !bytes.Equal(before[:len(before)-len(restBefore)], after[:len(after)-len(restAfter)]) {
			return true
		}
		before, after, next = restBefore, restAfter, next+1
	}
	return false
}
