package supervisor

import (
	"errors"
	"os"
	"syscall"
)

// supported tells whether this system can have supervisors: processes here can't be told
// to end in order from outside.
const supported = false

func lock(*os.File) error { return errors.ErrUnsupported }

func detached(*account) *syscall.SysProcAttr { return nil }

func attributes(*account) *syscall.SysProcAttr { return nil }

// An account is another user than the one who applies.
type account struct{ name, home string }

func accountOf(string, string) (*account, error) { return nil, errors.ErrUnsupported }

func (a *account) own(string) error { return nil }
