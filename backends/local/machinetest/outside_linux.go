package machinetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// The programs that make a machine; a test's binary is each of them, by its name.
const (
	outsideName = "flowc-machine-outside"
	insideName  = "flowc-machine-inside"
)

// Stages are the programs that make a machine, by name, for the TestMain of whoever boots
// one: a test's binary started by one of the names must be that program.
func Stages() map[string]func() {
	return map[string]func(){
		outsideName: func() { ended(outside(os.Args[1], os.NewFile(3, "life"))) },
		insideName:  func() { ended(inside(os.Args[1])) },
	}
}

func ended(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:forbidigo // it is a program
	}
	os.Exit(0) //nolint:forbidigo // it is a program
}

// outside makes the machine's file system in a mount namespace that it was started in, and
// boots the machine, again for each time that it asks for a reboot. It ends, and the machine
// with it, when nobody holds the other end of life any more.
func outside(text string, life *os.File) error {
	var p plan
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return err
	}
	// What is mounted from here on is nobody else's.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	if err := p.makeRoot(); err != nil {
		return err
	}
	told, err := json.Marshal(p)
	if err != nil {
		return err
	}
	// The machine's root may not go where the test's binary is.
	self, program := "/proc/self/exe", filepath.Join(p.Dir, "program")
	if err := os.WriteFile(program, nil, 0o755); err != nil {
		return err
	}
	if err := syscall.Mount(self, program, "", syscall.MS_BIND, ""); err != nil {
		return fmt.Errorf("mounting the test's binary: %w", err)
	}
	group, err := p.makeGroup()
	if err != nil {
		return err
	}
	defer removeGroup(group)
	dead := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, life) // it ends with whoever holds the other end
		close(dead)
	}()
	for {
		again, err := p.boot(group, string(told), dead)
		if err != nil || !again {
			return err
		}
	}
}

// boot runs the machine once, and tells whether it asked for a reboot.
func (p *plan) boot(group, text string, dead <-chan struct{}) (again bool, err error) {
	g, err := os.Open(group)
	if err != nil {
		return false, err
	}
	defer g.Close()
	cmd := exec.Command(filepath.Join(p.Dir, "program"), text)
	cmd.Args[0] = insideName
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = []string{}
	cmd.SysProcAttr = newSpaces(p.First)
	// Its own control group is the first one that it sees.
	cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(g.Fd())
	if err := cmd.Start(); err != nil {
		return false, fmt.Errorf("a process in namespaces of its own: %w", err)
	}
	fmt.Fprintf(os.Stdout, "pid %d\n", cmd.Process.Pid)
	gone := make(chan struct{})
	go func() {
		err = cmd.Wait()
		close(gone)
	}()
	select {
	case <-dead:
		_ = cmd.Process.Kill() // all of its processes end with process 1
		<-gone
		return false, nil
	case <-gone:
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		// The kernel says how process 1 has asked for its end: SIGHUP is a reboot.
		if s := exit.Sys().(syscall.WaitStatus); s.Signaled() && s.Signal() == syscall.SIGHUP {
			fmt.Fprintln(os.Stdout, "rebooting")
			return true, nil
		}
	}
	return false, err
}

// makeGroup makes the control group that the machine is in, in the hierarchy of version 2.
func (p *plan) makeGroup() (string, error) {
	at := filepath.Join(p.Dir, "groups")
	if err := os.Mkdir(at, 0o755); err != nil {
		return "", err
	}
	if err := syscall.Mount("cgroup2", at, "cgroup2", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, ""); err != nil {
		return "", fmt.Errorf("mounting control groups: %w", err)
	}
	group := filepath.Join(at, p.Group)
	if err := os.Mkdir(group, 0o755); err != nil {
		return "", err
	}
	// What a manager has to own to divide its group further.
	for _, name := range []string{"", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"} {
		if err := os.Chown(filepath.Join(group, name), p.First, p.First); err != nil {
			return "", err
		}
	}
	return group, nil
}

// removeGroup takes the machine's groups away, which are empty when its process 1 is gone.
func removeGroup(group string) {
	for range 100 {
		var all []string
		_ = filepath.WalkDir(group, func(path string, d os.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				all = append(all, path)
			}
			return nil
		})
		for i := len(all) - 1; i >= 0; i-- {
			_ = syscall.Rmdir(all[i]) // those that are in use are tried again
		}
		if _, err := os.Stat(group); err != nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Bits of the call that changes attributes of mounts.
const (
	mountSetattr = 442 // the same number on all architectures
	atRecursive  = 0x8000
	attrReadOnly = 0x1
)

// read mounts a file or folder of the host's at a path of the machine's, and all that is
// mounted below it, to be read.
func (p *plan) read(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	at := p.path(to)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	if info.IsDir() {
		err = os.MkdirAll(at, 0o755)
	} else if _, serr := os.Lstat(at); serr != nil {
		err = os.WriteFile(at, nil, 0o644)
	}
	if err != nil {
		return err
	}
	if err := syscall.Mount(from, at, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
		return fmt.Errorf("mounting %s: %w", from, err)
	}
	return readOnly(at)
}

// path is where a path of the machine's is for its maker.
func (p *plan) path(at string) string { return filepath.Join(p.Dir, "root", at) }

// own makes a folder with all above it that is not there yet, each the machine's own.
func (p *plan) own(at string, mode os.FileMode) error {
	path := p.Dir + "/root"
	for _, name := range strings.Split(strings.Trim(at, "/"), "/") {
		path = filepath.Join(path, name)
		if err := os.Mkdir(path, 0o755); errors.Is(err, os.ErrExist) {
			continue
		} else if err != nil {
			return err
		}
		if err := os.Chown(path, p.First, p.First); err != nil {
			return err
		}
	}
	return os.Chmod(path, mode)
}
