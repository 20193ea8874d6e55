package machinetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// inside goes on from the namespaces that it was started in: it has the machine's file system
// be all that there is, finds out that nothing of the host can be harmed from there, and
// becomes systemd when the host agrees.
func inside(text string) error {
	runtime.LockOSThread() // the namespace of control groups is a thread's
	var p plan
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return err
	}
	if os.Getpid() != 1 {
		return errors.New("it is not process 1 of a namespace of its own")
	}
	if err := syscall.Unshare(syscall.CLONE_NEWCGROUP); err != nil {
		return fmt.Errorf("a namespace for control groups: %w", err)
	}
	if err := syscall.Sethostname([]byte("machine")); err != nil {
		return err
	}
	if err := p.enter(); err != nil {
		return err
	}
	if err := p.guard(); err != nil {
		return fmt.Errorf("NOT BOOTED, this machine's files are in danger: %w", err)
	}
	fmt.Fprintln(os.Stdout, "guarded")
	answer := make([]byte, len("boot\n"))
	if n, err := os.Stdin.Read(answer); err != nil || string(answer[:n]) != "boot\n" {
		return fmt.Errorf("the host does not want it booted: %q %w", answer[:n], err)
	}
	if err := p.cleanUp(); err != nil {
		return err
	}
	null, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	for fd := range 3 {
		if err := syscall.Dup3(int(null.Fd()), fd, 0); err != nil {
			return err
		}
	}
	return syscall.Exec(systemd, []string{systemd, "--show-status=0", "--log-target=journal"}, []string{"container=flowc-machine", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"})
}

// enter leaves all that the host has mounted behind.
func (p *plan) enter() error {
	root := filepath.Join(p.Dir, "root")
	// What came from another namespace can't be a root; what is mounted again here can.
	if err := syscall.Mount(root, root, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
		return fmt.Errorf("mounting the root again: %w", err)
	}
	const plain = syscall.MS_NOSUID | syscall.MS_NODEV | syscall.MS_NOEXEC
	for _, m := range []struct {
		kind, at, options string
		flags             uintptr
	}{
		{"proc", "proc", "", plain},
		{"sysfs", "sys", "", plain | syscall.MS_RDONLY},
		{"cgroup2", "sys/fs/cgroup", "", plain},
		{"devpts", "dev/pts", "newinstance,ptmxmode=0666,mode=0620", syscall.MS_NOSUID | syscall.MS_NOEXEC},
	} {
		if err := syscall.Mount(m.kind, filepath.Join(root, m.at), m.kind, m.flags, m.options); err != nil {
			return fmt.Errorf("mounting %s: %w", m.at, err)
		}
		if m.kind == "proc" || m.kind == "devpts" { // the others may be the host's, mounted once more
			if err := p.made(filepath.Join(root, m.at)); err != nil {
				return err
			}
		}
	}
	if err := os.Chdir(root); err != nil {
		return err
	}
	// The old root is put over the new one, and taken away from there.
	if err := syscall.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("making it the root: %w", err)
	}
	if err := syscall.Unmount(".", syscall.MNT_DETACH); err != nil {
		return fmt.Errorf("leaving the host's files behind: %w", err)
	}
	// As on any machine, what is mounted in one namespace is in those that came from it: by
	// that units get their credentials. The host's mounts are of another family.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_SHARED, ""); err != nil {
		return fmt.Errorf("sharing mounts: %w", err)
	}
	return os.Chdir("/")
}
