//go:build unix

package sandbox

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Supported tells whether this system can have sandboxes.
const Supported = true

// ErrHeld is a lock that another process has.
var ErrHeld = errors.New("another process serves this sandbox")

// hold takes the lock of a folder for as long as this process lives, and writes its number
// into it.
func (f Folder) hold() (release func(), err error) {
	file, err := os.OpenFile(f.Path("lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	// Those who look hold it for a moment.
	for range 100 {
		if err = lock(file); !errors.Is(err, ErrHeld) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	err = file.Truncate(0)
	if err == nil {
		_, err = file.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return func() { file.Close() }, nil
}

func lock(file *os.File) error {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrHeld
	}
	return err
}

// Alone holds a folder, which it makes, against other commands while do runs.
func (f Folder) Alone(do func() error) error {
	if err := os.MkdirAll(string(f), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(f.Path("command"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := lock(file); errors.Is(err, ErrHeld) {
		return fmt.Errorf("another `flowc sandbox` is just starting or stopping the sandbox in %s: wait for it", f)
	} else if err != nil {
		return err
	}
	return do()
}

// Held tells whether a process serves the folder.
func (f Folder) Held() (bool, error) {
	file, err := os.OpenFile(f.Path("lock"), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	// A shared lock: two who look at once are not in each other's way.
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}

// Signal sends a signal to the process that serves the folder, and to no other: the process
// is held first, and then it is looked whether the lock is still that process's. It tells
// whether there was one.
func (f Folder) Signal(s os.Signal) (bool, error) {
	file, err := os.Open(f.Path("lock"))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		return false, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return false, nil // nobody has written into it, so nobody serves
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return false, nil // it is gone
	}
	defer func() { _ = process.Release() }()
	if held, err := f.Held(); !held {
		return false, err
	}
	now, err := os.ReadFile(f.Path("lock"))
	if err != nil || string(now) != string(text) {
		return false, err // another one, just now
	}
	if err := process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return false, fmt.Errorf("process %d can't be told to end: %w", pid, err)
	}
	return true, nil
}

// Gone waits until no process serves the folder, for as long as grace. It tells whether
// none does.
func (f Folder) Gone(grace time.Duration) (bool, error) {
	for end := time.Now().Add(grace); ; time.Sleep(20 * time.Millisecond) {
		held, err := f.Held()
		if err != nil || !held {
			return err == nil, err
		}
		if time.Now().After(end) {
			return false, nil
		}
	}
}

// Detached starts a process that outlives this one and hears nothing of its terminal.
func Detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
