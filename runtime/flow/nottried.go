package flow

import "errors"

// ErrNotTried stands in PartialError.Failed for records that a sink did not try
// to write because one before them failed and may succeed later: to write them
// first would change the order. They are written next, behind that one or, if it
// failed for good, in its stead.
var ErrNotTried = errors.New("not tried: a record before it has to be written first")

// MayBeRetried tells whether an error is one that a policy may cover. A sink that
// writes one record after another stops at it, so that order is kept.
func MayBeRetried(err error) bool {
	switch ClassOf(err) {
	case Permanent, Poison, Fatal:
		return false
	}
	return true
}
