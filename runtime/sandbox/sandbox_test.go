//go:build unix

package sandbox

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
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// asServer makes this test the process that serves the folder it names.
const asServer = "FLOWC_SANDBOX_TEST"

// asProgram makes it a pipeline: what its word says.
const asProgram = "FLOWC_SANDBOX_PROGRAM"

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(asProgram) != "":
		os.Exit(program(os.Getenv(asProgram)))
	case os.Getenv(asServer) != "":
		if err := Run([]string{"-folder", os.Getenv(asServer)}, map[string]Kind{"plain": plain, "bad": bad}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// program is a pipeline that ends as its word says.
func program(word string) int {
	fmt.Println("the pipeline says", word, os.Getenv("HANDED"))
	switch word {
	case "well":
		return 0
	case "setting":
		return 2
	case "dies":
		return 7
	}
	time.Sleep(time.Hour)
	return 0
}

// A server that does nothing but write down that it was stopped.
type nothing struct{ dir string }

func (n nothing) Stop()            { _ = os.WriteFile(filepath.Join(n.dir, "stopped"), nil, 0o600) }
func (nothing) Died() <-chan error { return nil }

func plain(_ context.Context, h *Host) (Server, error) {
	h.Log("listening on\n%s", h.Address())
	return nothing{h.Dir}, nil
}

func bad(context.Context, *Host) (Server, error) { return nil, errors.New("it can't be") }

// folder is one with a plan.
func folder(t *testing.T, kind, word string) Folder {
	t.Helper()
	dir := t.TempDir()
	f := Folder(filepath.Join(dir, "a folder"))
	if err := os.Mkdir(string(f), 0o755); err != nil {
		t.Fatal(err)
	}
	p := &Plan{ID: "test", Folder: dir, Patience: int64(time.Minute), Services: []Service{{Name: "one", Kind: "plain", Port: 1}, {Name: "two", Kind: kind, Port: 2}}, Env: []Variable{{Name: "HANDED", Value: "over"}, {Name: asProgram, Value: word}}}
	if word != "" {
		exe, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		p.Program = &Program{Name: "pipe", Binary: exe, Grace: int64(10 * time.Second)}
	}
	if err := p.Write(f); err != nil {
		t.Fatal(err)
	}
	return f
}

// served is a process that serves a folder.
func served(t *testing.T, f Folder) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), asServer+"="+string(f))
	cmd.SysProcAttr = Detached()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd
}

// until waits for a state.
func until(t *testing.T, f Folder, is func(*State) bool) *State {
	t.Helper()
	var s *State
	for range 3000 {
		var err error
		if s, err = f.State(); err != nil {
			t.Fatal(err)
		}
		if s != nil && is(s) {
			return s
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("it does not come to that: %+v", s)
	return nil
}

func ready(s *State) bool { return s.Phase == Ready }

// logged is what the log has.
func logged(t *testing.T, f Folder) string {
	t.Helper()
	text, err := os.ReadFile(f.Path("log"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for line := range strings.Lines(string(text)) {
		l, err := ParseLine(strings.TrimSuffix(line, "\n"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s | %s\n", l.Name, l.Text)
	}
	return b.String()
}

// TestServes starts, looks, and stops from another process, in order.
func TestServes(t *testing.T) {
	t.Parallel()
	f := folder(t, "plain", "stays")
	if s, err := Look(f); s != nil || err != nil {
		t.Fatalf("before it was started it is %v, %v", s, err)
	}
	cmd := served(t, f)
	s := until(t, f, func(s *State) bool { return s.Phase == Ready && s.Program.Phase == Ready })
	if s.PID != cmd.Process.Pid || s.Services[0].Address != "127.0.0.1:1" {
		t.Errorf("it is %+v", s)
	}
	// Nobody else can serve the folder.
	if err := Serve(t.Context(), f, nil); !errors.Is(err, ErrHeld) {
		t.Errorf("a second one: %v", err)
	}
	for !strings.Contains(logged(t, f), "pipe | the pipeline says stays over") {
		time.Sleep(5 * time.Millisecond)
	}
	if told, err := f.Signal(syscall.SIGTERM); !told || err != nil {
		t.Fatalf("told %t, %v", told, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if gone, err := f.Gone(time.Minute); !gone || err != nil {
		t.Fatalf("gone %t, %v", gone, err)
	}
	s, err := Look(f)
	if err != nil {
		t.Fatal(err)
	}
	if s.Phase != Ended || s.Services[0].Phase != Ended || s.Program.Phase != Ended || s.PID != 0 {
		t.Errorf("behind its end it is %+v", s)
	}
	for _, name := range []string{"one", "two"} {
		if _, err := os.Stat(filepath.Join(f.Data(name), "stopped")); err != nil {
			t.Error(err)
		}
	}
	if !strings.Contains(logged(t, f), "one | listening on\none | 127.0.0.1:1\n") {
		t.Errorf("the log has\n%s", logged(t, f))
	}
}

// TestKilled kills the process: nothing is left behind, that is known, and no signal goes
// to whoever has its number.
func TestKilled(t *testing.T) {
	t.Parallel()
	f := folder(t, "plain", "stays")
	cmd := served(t, f)
	until(t, f, func(s *State) bool { return s.Phase == Ready && s.Program.Phase == Ready })
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	s, err := Look(f)
	if err != nil {
		t.Fatal(err)
	}
	if s.Phase != Killed || s.Program.Phase != Killed || s.PID != 0 {
		t.Errorf("it is %+v", s)
	}
	// The number that was left in the lock is this process's now.
	if err := os.WriteFile(f.Path("lock"), fmt.Append(nil, os.Getpid()), 0o600); err != nil {
		t.Fatal(err)
	}
	if told, err := f.Signal(syscall.SIGKILL); told || err != nil {
		t.Errorf("told %t, %v", told, err)
	}
	again := served(t, f)
	until(t, f, func(s *State) bool { return s.Phase == Ready && s.PID == again.Process.Pid })
}

// TestFails has a service that can't be started: the others are stopped, and it is said.
func TestFails(t *testing.T) {
	t.Parallel()
	f := folder(t, "bad", "stays")
	if err := served(t, f).Wait(); err == nil {
		t.Error("it ended well")
	}
	s, err := Look(f)
	if err != nil {
		t.Fatal(err)
	}
	if s.Phase != Failed || s.Says != "two: it can't be" {
		t.Errorf("it is %+v", s)
	}
	if strings.Contains(logged(t, f), "the pipeline says") {
		t.Error("the pipeline was started")
	}
}

// TestProgram has pipelines that end.
func TestProgram(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]struct {
		phase    Phase
		says     string
		restarts int
	}{
		"well":    {Ended, "all of its input is handled", 0},
		"setting": {Failed, "ended with exit status 2", 0},
		"dies":    {Failed, "ended with exit status 7 again and again", 4},
	} {
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			f := folder(t, "plain", word)
			served(t, f)
			s := until(t, f, func(s *State) bool { return s.Program.Phase == want.phase })
			if s.Program.Says != want.says || s.Program.Restarts != want.restarts || s.Phase != Ready {
				t.Errorf("it is %+v", s.Program)
			}
		})
	}
}

// TestAlone keeps commands from each other.
func TestAlone(t *testing.T) {
	t.Parallel()
	f := Folder(filepath.Join(t.TempDir(), "new"))
	err := f.Alone(func() error {
		return f.Alone(func() error { return nil })
	})
	if err == nil || !strings.Contains(err.Error(), "just starting or stopping") {
		t.Errorf("got %v", err)
	}
}

// TestLooking lets a process serve a folder that others look at all the time.
func TestLooking(t *testing.T) {
	t.Parallel()
	f := folder(t, "plain", "")
	var over atomic.Bool
	done := make(chan error, 1)
	go func() {
		for !over.Load() {
			if _, err := f.Held(); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	served(t, f)
	until(t, f, ready)
	over.Store(true)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestLogRotates begins a new file when the log is large.
func TestLogRotates(t *testing.T) {
	t.Parallel()
	f := Folder(t.TempDir())
	l, err := openLog(f)
	if err != nil {
		t.Fatal(err)
	}
	w := l.of("x")
	long := strings.Repeat("y", 1<<20)
	for range mostLog>>20 + 2 {
		if _, err := io.WriteString(w, "[x] "+long+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"log", "log.1"} {
		file, err := os.Open(f.Path(name))
		if err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(file).ReadString('\n')
		file.Close()
		if l, perr := ParseLine(strings.TrimSuffix(line, "\n")); err != nil || perr != nil || l.Name != "x" || l.Text != long {
			t.Errorf("%s: %v, %v", name, err, perr)
		}
	}
}

// TestBroken says what to do about files that can't be read.
func TestBroken(t *testing.T) {
	t.Parallel()
	f := Folder(t.TempDir())
	if err := os.WriteFile(f.Path("plan.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Plan(); err == nil || !strings.Contains(err.Error(), "start --fresh") {
		t.Errorf("got %v", err)
	}
}
