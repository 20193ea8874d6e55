//go:build !unix

package sandbox

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// Supported tells whether this system can have sandboxes: processes here can't be told to
// end in order from outside.
const Supported = false

func (f Folder) hold() (func(), error) { return nil, errors.ErrUnsupported }

// Alone holds a folder against other commands while do runs.
func (f Folder) Alone(func() error) error { return errors.ErrUnsupported }

// Held tells whether a process serves the folder.
func (f Folder) Held() (bool, error) { return false, nil }

// Signal sends a signal to the process that serves the folder.
func (f Folder) Signal(os.Signal) (bool, error) { return false, errors.ErrUnsupported }

// Gone waits until no process serves the folder.
func (f Folder) Gone(time.Duration) (bool, error) { return true, nil }

// Detached starts a process that outlives this one.
func Detached() *syscall.SysProcAttr { return nil }
