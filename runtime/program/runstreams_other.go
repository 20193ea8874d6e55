//go:build !unix

package program

import "errors"

// becomeStreams is an error: there are no runs in the background on this system.
func (l *runLog) becomeStreams() error { return errors.ErrUnsupported }
