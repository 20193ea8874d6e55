package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// buildProgram builds a pipeline as `flowc build` does, and returns the binary.
func buildProgram(t *testing.T, file string) string {
	t.Helper()
	return buildProgramIn(t, file, t.TempDir())
}

// buildProgramIn is buildProgram, with the binary in a folder below another one.
func buildProgramIn(t *testing.T, file, parent string) string {
	t.Helper()
	dir, err := os.MkdirTemp(parent, "program-") //nolint:usetesting // it outlives the test that builds it
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := run([]string{"build", file, "-o", dir}, nil, &out, &errs); code != 0 {
		t.Fatalf("exit code %d: %s", code, &errs)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v: %v", entries, err)
	}
	return filepath.Join(dir, entries[0].Name())
}

// A started program is one that runs beside the test: it is killed, ended and
// asked how it is.
type started struct {
	t    *testing.T
	cmd  *exec.Cmd
	http string
	done chan struct{}

	mu   sync.Mutex
	text bytes.Buffer
}

// Write takes what the program says.
func (s *started) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

// said is what the program has said.
func (s *started) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// start runs a binary in a folder, with more variables in its environment.
func start(t *testing.T, binary, dir string, env ...string) *started {
	t.Helper()
	return startWith(t, binary, dir, nil, env...)
}

// startWith is start with more flags.
func startWith(t *testing.T, binary, dir string, flags []string, env ...string) *started {
	t.Helper()
	s := &started{t: t, http: freeAddress(t), done: make(chan struct{})}
	s.cmd = exec.Command(binary, append([]string{"--log-format", "text", "--set", "telemetry.http=" + s.http}, flags...)...)
	s.cmd.Dir, s.cmd.Stderr, s.cmd.Stdout = dir, s, io.Discard
	s.cmd.Env = append(os.Environ(), env...)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.done)
	}()
	t.Cleanup(s.kill)
	return s
}

// freeAddress is an address of this machine that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// kill ends the program with a signal that it can't see.
func (s *started) kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
}

// end asks the program to stop and tells its exit code.
func (s *started) end() int {
	s.t.Helper()
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(time.Minute):
		s.t.Fatalf("it does not stop:\n%s", s.said())
	}
	return s.cmd.ProcessState.ExitCode()
}

// alive fails the test where the program has ended by itself.
func (s *started) alive() {
	s.t.Helper()
	select {
	case <-s.done:
		s.t.Fatalf("it ended by itself, with exit code %d:\n%s", s.cmd.ProcessState.ExitCode(), s.said())
	default:
	}
}

// ready is the status of /readyz; 0 where nobody answers yet.
func (s *started) ready() int {
	resp, err := http.Get("http://" + s.http + "/readyz")
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// eventually waits for what will be so, and fails the test where it is not so for
// a time in which it must.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 6000 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("it did not come to pass that %s", what)
}

// lines reads the lines of a file; none where there is no file.
func linesOf(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.FieldsFunc(string(data), func(r rune) bool { return r == '\n' })
}

// inOrder fails the test unless keys are 0, 1, 2 … n-1 by the places where each
// came first; repeats are allowed where again is.
func inOrder(t *testing.T, what string, keys []int, n int, again bool) {
	t.Helper()
	next := 0
	for i, k := range keys {
		switch {
		case k == next:
			next++
		case k > next:
			t.Fatalf("%s: %d came before %d (at %d of %d)", what, k, next, i, len(keys))
		case !again:
			t.Fatalf("%s: %d is there twice", what, k)
		}
	}
	if next != n {
		t.Fatalf("%s: %d of %d are there", what, next, n)
	}
	if len(keys) > n {
		t.Logf("%s: %d came again", what, len(keys)-n)
	}
}
