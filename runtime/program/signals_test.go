package program

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// waitFor starts the program and waits for a line of its output.
func waitFor(t *testing.T, cmd *exec.Cmd, text string) *output {
	t.Helper()
	r, w := io.Pipe()
	all := &output{}
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found := make(chan bool)
	go func() {
		scan := bufio.NewScanner(r)
		for scan.Scan() {
			all.add(scan.Text() + "\n")
			if text != "" && strings.Contains(scan.Text(), text) {
				found <- true
				text = ""
			}
		}
		if text != "" {
			close(found)
		}
	}()
	if !<-found {
		t.Fatalf("%q never came:\n%s", text, all.String())
	}
	return all
}

// output is what a process has written so far.
type output struct {
	mu   sync.Mutex
	text string
}

func (o *output) add(s string) {
	o.mu.Lock()
	o.text += s
	o.mu.Unlock()
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text
}

// waitForFile waits until the sink has written something.
func waitForFile(t *testing.T, path string) {
	t.Helper()
	for range 2000 {
		if info, err := os.Stat(path); err == nil && info.Size() > 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("nothing was written")
}

func TestSignals(t *testing.T) {
	for _, test := range []struct {
		name   string
		args   []string
		signal os.Signal
		code   int
		says   string
	}{
		{"endless, TERM", []string{"--set=ledger.config.endless=true"}, syscall.SIGTERM, 0, "(drained)"},
		{"endless, INT", []string{"--set=ledger.config.endless=true"}, os.Interrupt, 0, "(drained)"},
		{"bounded, TERM", []string{"--set=ledger.config.count=1000000", "--set=ledger.config.every=1ms"}, syscall.SIGTERM, 143, "(cut short)"},
		{"bounded, INT", []string{"--set=ledger.config.count=1000000", "--set=ledger.config.every=1ms"}, os.Interrupt, 130, "(cut short)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			cmd := command(t, dir, nil, test.args...)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			waitForFile(t, filepath.Join(dir, "out.txt"))
			if err := cmd.Process.Signal(test.signal); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != test.code || !strings.Contains(out.String(), test.says) {
				t.Errorf("exit code %d, want %d, with %q:\n%s", code, test.code, test.says, out.String())
			}
		})
	}
}

func TestSecondSignal(t *testing.T) {
	for _, test := range []struct {
		signal os.Signal
		code   int
	}{{syscall.SIGTERM, 143}, {os.Interrupt, 130}} {
		cmd := command(t, t.TempDir(), nil, "--set=store.config.stuck=true")
		waitFor(t, cmd, "stuck")
		for range 2 {
			if err := cmd.Process.Signal(test.signal); err != nil {
				t.Fatal(err)
			}
			time.Sleep(50 * time.Millisecond) // two signals of one kind must not become one
		}
		_ = cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != test.code {
			t.Errorf("exit code %d, want %d", code, test.code)
		}
	}
}

func TestDrainDeadline(t *testing.T) {
	cmd := command(t, t.TempDir(), nil, "--set=store.config.stuck=true", "--set=delivery.drain=100ms")
	out := waitFor(t, cmd, "stuck")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	for range 1000 { // the scanner may be behind the process
		if strings.Contains(out.String(), "drain deadline") {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if code := cmd.ProcessState.ExitCode(); code != 7 || !strings.Contains(out.String(), "drain deadline") {
		t.Errorf("exit code %d\n%s", code, out.String())
	}
}

func TestTwoCopies(t *testing.T) {
	dir := t.TempDir()
	first := command(t, dir, nil, "--set=ledger.config.endless=true")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	waitForFile(t, filepath.Join(dir, "out.txt"))
	startIn(t, dir, nil).check(t, 6, "is held by process "+strconv.Itoa(first.Process.Pid)+" on ", "--wait")
	// Another state folder is another program.
	startIn(t, dir, []string{"FLOWC_STATE=" + filepath.Join(dir, "elsewhere")}).check(t, 0)
	waiting := command(t, dir, nil, "--wait", "--set=ledger.config.count=2000")
	if err := waiting.Start(); err != nil {
		t.Fatal(err)
	}
	_ = first.Process.Signal(syscall.SIGTERM)
	_ = first.Wait()
	if err := waiting.Wait(); err != nil {
		t.Error(err)
	}
}
