package live

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// asChild makes this test a process of a group: what its words say, one after the other.
const asChild = "FLOWC_LIVE_TEST"

func TestMain(m *testing.M) {
	if script := os.Getenv(asChild); script != "" {
		os.Exit(play(strings.Fields(script)))
	}
	os.Exit(m.Run())
}

// play does what a script says.
func play(script []string) int {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	for _, word := range script {
		what, with, _ := strings.Cut(word, ":")
		switch what {
		case "ready":
			tell("READY=1")
		case "status":
			tell("STATUS=" + with)
		case "say":
			fmt.Fprintln(os.Stderr, with)
		case "print":
			fmt.Print(with, "\n")
		case "first": // the rest happens in the first life alone
			if _, err := os.Stat(with); err == nil {
				fmt.Fprintln(os.Stderr, "again")
				return 0
			}
			if err := os.WriteFile(with, nil, 0o600); err != nil {
				return 99
			}
		case "mark":
			if err := os.WriteFile(with, nil, 0o600); err != nil {
				return 99
			}
		case "for": // another one's mark
			for _, err := os.Stat(with); err != nil; _, err = os.Stat(with) {
				time.Sleep(time.Millisecond)
			}
		case "exit":
			code := 0
			fmt.Sscan(with, &code)
			return code
		case "wait": // for the signal
			<-signals
			fmt.Fprintln(os.Stderr, "drained")
		case "hang":
			select {}
		}
	}
	return 0
}

func tell(text string) {
	conn, err := net.Dial("unixgram", os.Getenv("NOTIFY_SOCKET"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(98)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(text)); err != nil {
		os.Exit(98)
	}
}

// A record is text that several write, and that others wait for.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(b)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// until waits for texts.
func (r *record) until(t *testing.T, texts ...string) {
	t.Helper()
	for range 4000 {
		if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(r.String(), text) }) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("%q did not come:\n%s", texts, r.String())
}

// process is a process that does what a script says.
func process(t *testing.T, name, script string) Process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Process{Name: name, Binary: exe, Dir: t.TempDir(), Grace: time.Minute, Env: append(os.Environ(), asChild+"="+script, "GORACE=atexit_sleep_ms=0")}
}

func group(log *record, out io.Writer, processes ...Process) Group {
	return Group{Processes: processes, Stdout: out, Stderr: log, Backoff: time.Millisecond, Longest: 10 * time.Millisecond}
}

func TestEndsByItself(t *testing.T) {
	var log record
	var out bytes.Buffer
	ended := group(&log, &out, process(t, "a", "status:waiting ready print:1 say:done exit:0"), process(t, "b", "ready print:2")).Run(t.Context(), nil)
	if Code(ended) != 0 || Err(ended) != nil {
		t.Errorf("%v", ended)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	slices.Sort(lines)
	if !slices.Equal(lines, []string{"1", "2"}) {
		t.Errorf("output %q", out.String())
	}
	for _, text := range []string{"a | not ready: waiting\n", "a | ready\n", "a | done\n", "b | ready\n"} {
		if !strings.Contains(log.String(), text) {
			t.Errorf("no %q in\n%s", text, log.String())
		}
	}
}

// A process that was ready and dies is started again.
func TestStartsAgain(t *testing.T) {
	for _, death := range []string{"exit:7", "exit:6"} {
		var log record
		ended := group(&log, io.Discard, process(t, "a", "first:"+filepath.Join(t.TempDir(), "mark")+" ready "+death)).Run(t.Context(), nil)
		if Code(ended) != 0 {
			t.Errorf("%v", ended)
		}
		if !strings.Contains(log.String(), "a | ended with code "+death[5:]+"; it starts again in 1ms\n") || !strings.Contains(log.String(), "a | again\n") {
			t.Errorf("%s", log.String())
		}
	}
}

// One that was never ready, or that no new start mends, ends the group, and the others
// in order.
func TestGivesUp(t *testing.T) {
	for _, script := range []string{"exit:6", "ready exit:2"} {
		var log record
		mark := filepath.Join(t.TempDir(), "mark")
		ended := group(&log, io.Discard, process(t, "a", "ready mark:"+mark+" wait exit:0"), process(t, "b", "for:"+mark+" "+script)).Run(t.Context(), nil)
		if want := int(script[len(script)-1] - '0'); Code(ended) != want || ended[0].Code != 0 {
			t.Errorf("%q: %v\n%s", script, ended, log.String())
		}
	}
}

// The processes that read first are stopped first, and the next when they have ended.
func TestStopsInOrder(t *testing.T) {
	var log record
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan []Ended)
	go func() {
		over <- group(&log, io.Discard, process(t, "a", "ready wait exit:143"), process(t, "b", "ready wait exit:0"), process(t, "c", "ready wait")).Run(ctx, nil)
	}()
	log.until(t, "a | ready", "b | ready", "c | ready")
	cancel()
	ended := <-over
	if ended[0].Code != 143 || ended[1].Code != 0 || Code(ended) != 143 {
		t.Errorf("%v", ended)
	}
	var order []string
	for line := range strings.Lines(log.String()) {
		if name, ok := strings.CutSuffix(line, " | drained\n"); ok {
			order = append(order, name)
		}
	}
	if !slices.Equal(order, []string{"a", "b", "c"}) {
		t.Errorf("%v:\n%s", order, log.String())
	}
}

func TestKills(t *testing.T) {
	t.Run("late", func(t *testing.T) {
		var log record
		ctx, cancel := context.WithCancel(t.Context())
		p := process(t, "a", "ready hang")
		p.Grace = time.Millisecond
		over := make(chan []Ended)
		go func() { over <- group(&log, io.Discard, p).Run(ctx, nil) }()
		log.until(t, "a | ready")
		cancel()
		if ended := <-over; Code(ended) != 137 || !strings.Contains(log.String(), "has not ended within 1ms, and is killed") {
			t.Errorf("%v\n%s", ended, log.String())
		}
	})
	t.Run("at once", func(t *testing.T) {
		var log record
		kill := make(chan struct{})
		over := make(chan []Ended)
		go func() {
			over <- group(&log, io.Discard, process(t, "a", "ready hang"), process(t, "b", "ready hang")).Run(t.Context(), kill)
		}()
		log.until(t, "a | ready", "b | ready")
		close(kill)
		if ended := <-over; ended[0].Code != 137 || ended[1].Code != 137 {
			t.Errorf("%v\n%s", ended, log.String())
		}
	})
	t.Run("silent", func(t *testing.T) {
		var log record
		g := group(&log, io.Discard, process(t, "a", "first:"+filepath.Join(t.TempDir(), "mark")+" ready hang"))
		g.Watchdog = 20 * time.Millisecond
		if ended := g.Run(t.Context(), nil); Code(ended) != 0 || !strings.Contains(log.String(), "has been silent for 20ms, and is killed") {
			t.Errorf("%v\n%s", ended, log.String())
		}
	})
}

func TestNotThere(t *testing.T) {
	var log record
	p := process(t, "a", "")
	p.Binary = filepath.Join(t.TempDir(), "none")
	if ended := group(&log, io.Discard, p).Run(t.Context(), nil); Err(ended) == nil || !strings.Contains(Err(ended).Error(), "a: ") {
		t.Errorf("%v", ended)
	}
}

func TestLines(t *testing.T) {
	var all bytes.Buffer
	l := &lines{to: &all}
	a, b := l.writer("a | ", 8), l.writer("b | ", 8)
	for _, step := range []struct {
		w    *lineWriter
		text string
	}{{a, "on"}, {b, "two\nth"}, {a, "e\n"}, {b, "ree\n"}, {a, "a long line"}, {a, " more\n"}, {b, "rest"}} {
		if n, err := step.w.Write([]byte(step.text)); n != len(step.text) || err != nil {
			t.Fatal(n, err)
		}
	}
	a.flush()
	b.flush()
	if want := "b | two\na | one\nb | three\na | a long line more\nb | rest\n"; all.String() != want {
		t.Errorf("%q", all.String())
	}
}

// A patient group starts again what was never ready, leaves the others alone when one has
// ended for good, and tells how each does.
func TestPatient(t *testing.T) {
	var log record
	var mu sync.Mutex
	seen := map[string][]string{}
	g := group(&record{}, io.Discard,
		process(t, "a", "first:"+filepath.Join(t.TempDir(), "mark")+" say:dies exit:6"),
		process(t, "b", "exit:2"),
		process(t, "c", "status:waiting ready print:out wait exit:143"))
	g.Patient = true
	g.Line = func(name string, text []byte) { fmt.Fprintf(&log, "%s: %s\n", name, text) }
	g.Changed = func(s Status) {
		mu.Lock()
		defer mu.Unlock()
		if (s.PID == 0) != (s.Phase == Pausing || s.Phase == Over) || s.Since.IsZero() {
			t.Errorf("%+v", s)
		}
		fmt.Fprintf(&log, "%s is %s\n", s.Name, s.Phase)
		seen[s.Name] = append(seen[s.Name], fmt.Sprintf("%s %d %d %s", s.Phase, s.Restarts, s.Code, s.Says))
	}
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan []Ended)
	go func() { over <- g.Run(ctx, nil) }()
	log.until(t, "a: dies\n", "a: ended with code 6; it starts again in 1ms\n", "a: again\n", "c: ready\n", "c: out\n", "a is over\n", "b is over\n")
	cancel()
	<-over
	for name, want := range map[string][]string{
		"a": {"starting 0 0 ", "pausing 0 6 ", "starting 1 6 ", "over 1 0 "},
		"b": {"starting 0 0 ", "over 0 2 "},
		"c": {"starting 0 0 ", "starting 0 0 waiting", "ready 0 0 ", "stopping 0 0 ", "over 0 143 "},
	} {
		if !slices.Equal(seen[name], want) {
			t.Errorf("%s: %q", name, seen[name])
		}
	}
}

// What can't be started is tried again by a patient group, until it is told to stop.
func TestPatientWithoutAProgram(t *testing.T) {
	var log record
	p := process(t, "a", "")
	p.Binary = filepath.Join(t.TempDir(), "none")
	g := group(&record{}, io.Discard, p)
	g.Patient, g.Line = true, func(name string, text []byte) { fmt.Fprintf(&log, "%s: %s\n", name, text) }
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan []Ended)
	go func() { over <- g.Run(ctx, nil) }()
	log.until(t, "it is tried again in 2ms", "it is tried again in 4ms")
	cancel()
	if ended := <-over; Err(ended) == nil {
		t.Errorf("%v", ended)
	}
}

func TestLineCaller(t *testing.T) {
	var got []string
	w := &lineCaller{name: "a", longest: 8, line: func(name string, text []byte) { got = append(got, name+":"+string(text)) }}
	for _, text := range []string{"on", "e\ntwo\n\nth", "ree\n", "a long line", " more\n", "rest"} {
		if n, err := w.Write([]byte(text)); n != len(text) || err != nil {
			t.Fatal(n, err)
		}
	}
	w.flush()
	if want := []string{"a:one", "a:two", "a:", "a:three", "a:a long line", "a: more", "a:rest"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
