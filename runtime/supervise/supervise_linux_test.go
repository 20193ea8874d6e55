package supervise

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A log takes lines of components from several goroutines.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func shell(script string, more Spec) *Keeper {
	more.Name, more.Command = "node", []string{"sh", "-c", script}
	return New(more)
}

// alive are the processes of a group that run.
func alive(t *testing.T, group int) (pids []string) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest) // state, parent, group
		if len(fields) > 2 && fields[0] != "Z" && fields[2] == strconv.Itoa(group) {
			pids = append(pids, filepath.Base(filepath.Dir(path)))
		}
	}
	return pids
}

// gone waits until nothing of a group runs.
func gone(t *testing.T, group int) {
	t.Helper()
	for range 500 {
		if len(alive(t, group)) == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("of the group %d there are still %v", group, alive(t, group))
}

// Nothing of a component is left when the program that started it is killed, also of what
// the component itself has started.
func TestParentKilled(t *testing.T) {
	if os.Getenv("SUPERVISE_PARENT") != "" {
		p, err := shell("sleep 1000 & sleep 1000 & wait", Spec{}).Start(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("group", p.Pid())
		select {}
	}
	cmd := exec.Command(os.Args[0], "-test.run=TestParentKilled")
	cmd.Env = append(os.Environ(), "SUPERVISE_PARENT=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	group, convErr := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "group ")))
	if err != nil || convErr != nil {
		t.Fatalf("%q %v", line, err)
	}
	for range 500 { // the shell and its two children
		if len(alive(t, group)) == 3 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if n := len(alive(t, group)); n != 3 {
		t.Fatalf("%d processes run", n)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	gone(t, group)
}

// A component that ends leaves nothing that it has started.
func TestChildrenEnd(t *testing.T) {
	p, err := shell("sleep 1000 & exit 0", Spec{Log: io.Discard}).Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	gone(t, p.Pid())
	if !p.Well() || p.State() != "ended with exit status 0" {
		t.Error(p.State())
	}
}

// What asks politely is asked politely, what does not listen is killed.
func TestStop(t *testing.T) {
	var l log
	k := shell(`trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done`, Spec{Log: &l})
	p, err := k.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, &l, "up")
	k.Stop(time.Minute)
	if !p.Well() || !strings.Contains(l.String(), "[node] bye\n") {
		t.Errorf("%s\n%s", p.State(), &l)
	}
	if _, err := k.Start(context.Background()); !errors.Is(err, context.Canceled) {
		t.Errorf("it is started behind its end: %v", err)
	}

	var second log
	k = shell(`trap '' TERM; echo up; while :; do sleep 0.01; done`, Spec{Log: &second})
	if p, err = k.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	waitFor(t, &second, "up")
	k.Stop(time.Millisecond)
	if p.Well() || !strings.Contains(p.State(), "killed") {
		t.Error(p.State())
	}
	gone(t, p.Pid())
}

func waitFor(t *testing.T, l *log, text string) {
	t.Helper()
	for range 1000 {
		if strings.Contains(l.String(), text) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("%q is not in\n%s", text, l)
}

// The policies, at a component that fails and at one that ends well.
func TestRestart(t *testing.T) {
	for _, c := range []struct {
		policy string
		status int
		starts int // with the first; -1 for as many as there may be
		why    string
	}{
		{No, 3, 1, "`restart: no` leaves it so"},
		{"", 3, mostDeaths, "times without having done anything"},
		{OnFailure, 3, mostDeaths, "times without having done anything"},
		{OnFailure, 0, 1, "leaves a component that ended well"},
		{Always, 0, mostDeaths, "times without having done anything"},
		{UnlessStopped, 0, mostDeaths, "times without having done anything"},
	} {
		var l log
		k := shell(fmt.Sprintf("echo one; echo two >&2; exit %d", c.status), Spec{Restart: c.policy, Log: &l})
		starts := 0
		var err error
		for {
			var p *Process
			if p, err = k.Start(context.Background()); err != nil {
				break
			}
			starts++
			<-p.Done()
		}
		var gone *ExitError
		if !errors.As(err, &gone) || !strings.Contains(err.Error(), c.why) || !strings.Contains(err.Error(), "two") || starts != c.starts || !gone.Fatal() {
			t.Errorf("%s, status %d: %d starts, %v", c.policy, c.status, starts, err)
		}
		if !strings.Contains(l.String(), "[node] one\n") {
			t.Errorf("the log: %s", &l)
		}
	}
}

// A component that has done something may die again.
func TestProgress(t *testing.T) {
	k := shell("exit 1", Spec{Log: io.Discard})
	for range mostDeaths + 2 {
		p, err := k.Start(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		<-p.Done()
		k.Progress()
	}
}

// Two goroutines that ask get the same process, and one that runs is not started again.
func TestSame(t *testing.T) {
	k := shell("cat", Spec{Piped: true})
	p, err := k.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if again, err := k.Start(context.Background()); err != nil || again != p || k.Now() != p {
		t.Errorf("%v %v", again, err)
	}
	if _, err := io.WriteString(p.In, "through\n"); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(p.Out).ReadString('\n')
	if err != nil || line != "through\n" {
		t.Errorf("%q %v", line, err)
	}
	p.CloseIn()
	p.Wait(time.Minute)
	if !p.Well() {
		t.Error(p.State())
	}
}

// A program that is not there is named.
func TestNoProgram(t *testing.T) {
	_, err := New(Spec{Name: "node", Command: []string{"no-such-program"}, ByLine: true}).Start(context.Background())
	var start *StartError
	if !errors.As(err, &start) || !strings.Contains(err.Error(), "there is no program `no-such-program`") || !start.Fatal() {
		t.Error(err)
	}
	_, err = New(Spec{Name: "node", Command: []string{t.TempDir()}}).Start(context.Background())
	if !errors.As(err, &start) || !strings.Contains(err.Error(), "can't be started") {
		t.Error(err)
	}
}

// What is waited for before a new start ends with the context.
func TestCancelled(t *testing.T) {
	k := shell("exit 1", Spec{Log: io.Discard})
	p, err := k.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := k.Start(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// The last lines are kept, and none of them is endless.
func TestTail(t *testing.T) {
	var l log
	tail := newTail("x", &l)
	for i := range 20 {
		fmt.Fprintf(tail, "line %d\r\n", i)
	}
	fmt.Fprint(tail, strings.Repeat("é", 1000))
	tail.flush()
	last := strings.Split(tail.last(), "\n")
	if len(last) != keepLines || last[0] != "line 11" || len(last[9]) > keepBytes+10 || !strings.HasSuffix(last[9], "…") {
		t.Errorf("%q", last)
	}
	if !strings.HasPrefix(l.String(), "[x] line 0\n[x] line 1\n") {
		t.Error(l.String())
	}
	tail.Write(bytes.Repeat([]byte("a"), 100<<10)) // without a line end
	if got := l.String(); !strings.HasSuffix(got, "a\n") {
		t.Error("what has no line end is kept for ever")
	}
}
