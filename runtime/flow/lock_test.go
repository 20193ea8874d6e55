package flow

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// lockChild holds a lock until its input ends.
func lockChild(dir string) int {
	l, err := takeLock(context.Background(), filepath.Join(dir, lockName), false)
	if err != nil {
		fmt.Println(err)
		return 6
	}
	defer l.release()
	fmt.Println("locked")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// startLockChild starts a process that holds the lock of dir.
func startLockChild(t *testing.T, dir string) (cmd *exec.Cmd, end func()) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(exe)
	cmd.Env = append(os.Environ(), "FLOW_TEST_LOCK="+dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	if line != "locked\n" {
		t.Fatalf("the child says %q", line)
	}
	ended := false
	end = func() {
		if !ended {
			ended = true
			_ = stdin.Close()
			_ = cmd.Wait()
		}
	}
	t.Cleanup(end)
	return cmd, end
}

func TestLock(t *testing.T) {
	state := t.TempDir()
	dir := StateDir(state, "test")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd, end := startLockChild(t, dir)
	start := func(wait bool) error {
		k := newOne(&seekLines{linesSource: newLines(3, "1")}, &memorySink{}, oneOptions{})
		_, err := run(t, k.p, RunOptions{StateDir: state, Wait: wait})
		return err
	}
	err := start(false)
	var e *LockedError
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if holder := fmt.Sprintf("process %d on ", cmd.Process.Pid); !strings.HasPrefix(e.Holder, holder) || !strings.Contains(err.Error(), "--wait") {
		t.Errorf("it says %q", err)
	}
	waited := make(chan error, 1)
	go func() { waited <- start(true) }()
	select {
	case err := <-waited:
		t.Fatal("it did not wait:", err)
	case <-time.After(3 * waitForLock):
	}
	end()
	if err := <-waited; err != nil {
		t.Fatal(err)
	}
}

// A process that is killed leaves no lock behind.
func TestLockOfTheDead(t *testing.T) {
	dir := t.TempDir()
	cmd, _ := startLockChild(t, dir)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	s := openTestStore(t, dir)
	if s == nil {
		t.Fatal("no store")
	}
}

// Waiting ends when the program is told to.
func TestLockWaitIsCut(t *testing.T) {
	noLeaks(t)
	dir := t.TempDir()
	_, _ = startLockChild(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var e *LockedError
	if _, err := openStore(ctx, dir, true); !errors.As(err, &e) {
		t.Fatal(err)
	}
}
