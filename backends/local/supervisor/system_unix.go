//go:build unix

package supervisor

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// supported tells whether this system can have supervisors.
const supported = true

// lock takes a lock on a file or a folder that the system gives back with the end of this
// process; errLocked where another one has it.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errLocked
	}
	return err
}

// detached starts a process that outlives this one and hears nothing of its terminal, as
// another user where one is named.
func detached(as *account) *syscall.SysProcAttr {
	a := attributes(as)
	a.Setsid = true
	return a
}

// attributes start a process as another user, where one is named.
func attributes(as *account) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{}
	if as != nil {
		a.Credential = &syscall.Credential{Uid: as.uid, Gid: as.gid, Groups: as.groups}
	}
	return a
}

// An account is another user than the one who applies.
type account struct {
	name, home string
	uid, gid   uint32
	groups     []uint32
}

// accountOf is who a group runs as, nil for whoever applies it.
func accountOf(userName, groupName string) (*account, error) {
	if userName == "" && groupName == "" {
		return nil, nil
	}
	me, err := user.Current()
	if err != nil {
		return nil, err
	}
	u := me
	if userName != "" {
		if u, err = user.Lookup(userName); err != nil {
			return nil, fmt.Errorf("there is no user %q on this machine, whom `targets.local.user` names", userName)
		}
	}
	gid := u.Gid
	if groupName != "" {
		g, err := user.LookupGroup(groupName)
		if err != nil {
			return nil, fmt.Errorf("there is no group %q on this machine, which `targets.local.group` names", groupName)
		}
		gid = g.Gid
	}
	if u.Uid == me.Uid && gid == me.Gid {
		return nil, nil
	}
	if me.Uid != "0" {
		return nil, fmt.Errorf("`targets.local` has it run as %s:%s, and only root can start a process as somebody else", u.Username, gid)
	}
	a := &account{name: u.Username, home: u.HomeDir}
	ids, _ := u.GroupIds() // then it has its own alone
	for i, text := range append([]string{u.Uid, gid}, ids...) {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("the user %s has no number: %w", u.Username, err)
		}
		switch i {
		case 0:
			a.uid = uint32(n)
		case 1:
			a.gid = uint32(n)
		default:
			a.groups = append(a.groups, uint32(n))
		}
	}
	return a, nil
}

// own gives a file or folder to who the group runs as.
func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	return os.Chown(path, int(a.uid), int(a.gid))
}
