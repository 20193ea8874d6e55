//go:build unix

package postgres

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/flowc-dev/flowc/runtime/sandbox"
	"github.com/flowc-dev/flowc/runtime/supervise"
)

// owner is who the server runs as, which is never root; nil for this process's own user.
func owner() (*supervise.User, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			continue
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			continue
		}
		return &supervise.User{UID: uint32(uid), GID: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody here: start the sandbox as another user")
}

// actAs has a command run as another user.
func actAs(cmd *exec.Cmd, as *supervise.User) {
	if as != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: as.UID, Gid: as.GID}}
	}
}

// place is the folder of the cluster, made for who the server runs as. A link in dir leads
// to one that is elsewhere.
func place(dir string, as *supervise.User) (string, error) {
	data := filepath.Join(dir, "cluster")
	if as != nil && !open(dir, as) {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return "", err
		}
		sum := sha256.Sum256([]byte(abs))
		if err := os.MkdirAll(sandbox.Aside, 0o755); err != nil {
			return "", err
		}
		data = filepath.Join(sandbox.Aside, hex.EncodeToString(sum[:8]))
		link := filepath.Join(dir, "elsewhere")
		if at, err := os.Readlink(link); err != nil || at != data {
			// What lies there belongs to a folder of this name that is gone.
			if err := os.RemoveAll(data); err != nil {
				return "", err
			}
			_ = os.Remove(link)
			if err := os.Symlink(data, link); err != nil {
				return "", err
			}
		}
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return "", err
	}
	if as != nil {
		if err := os.Chown(data, int(as.UID), int(as.GID)); err != nil {
			return "", fmt.Errorf("the folder of the cluster can't be given to who the server runs as: %w", err)
		}
	}
	return filepath.Abs(data)
}

// open tells whether a user can reach a folder.
func open(dir string, as *supervise.User) bool {
	dir, err := filepath.Abs(dir)
	for ; err == nil; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return false
		}
		mode := info.Mode().Perm() & 0o001
		if s, ok := info.Sys().(*syscall.Stat_t); ok {
			switch {
			case s.Uid == as.UID:
				mode = info.Mode().Perm() & 0o100
			case s.Gid == as.GID:
				mode = info.Mode().Perm() & 0o010
			}
		}
		if mode == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
	return false
}
