package fromflowctl

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// pipelineOf is a pipeline with a source of a count, a processor and a sink.
func pipelineOf(name, source string) string {
	return fmt.Sprintf(`apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: %s}
spec:
  driver: process
  sources:
    - {id: ledgers, type: source, command: [./standin, source, %s], env: {FLOWCTL_ENDPOINT: "127.0.0.1:8080"}}
  processors:
    - {id: transfers, type: processor, command: [./standin, processor], inputs: [ledgers], env: {FLOWCTL_ENDPOINT: "127.0.0.1:8080"}}
  sinks:
    - {id: store, type: sink, command: [./standin, consumer, -out, %s.got], inputs: [transfers], env: {FLOWCTL_ENDPOINT: "127.0.0.1:8080"}}
`, name, source, name)
}

// A started command, whose end is waited for.
type started struct {
	cmd  *exec.Cmd
	mu   sync.Mutex
	errs bytes.Buffer
	done chan struct{}
}

func (w *world) start(args ...string) *started {
	w.t.Helper()
	s := &started{cmd: w.command(args...), done: make(chan struct{})}
	s.cmd.Stdout, s.cmd.Stderr = s, s
	if err := s.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	go func() {
		_ = s.cmd.Wait() // its exit code is asked for
		close(s.done)
	}()
	w.t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		<-s.done
	})
	return s
}

// said is what it has said until now.
func (s *started) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.errs.String()
}

// Write takes what it says.
func (s *started) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.errs.Write(text)
}

// until waits until something is so, while a command runs.
func (w *world) until(s *started, what string, so func() bool) {
	w.t.Helper()
	for !so() {
		select {
		case <-s.done:
			w.t.Fatalf("it ended before %s:\n%s", what, s.said())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Two pipelines, whose components name one and the same server of flowctl's, run at once
// beside each other, and neither sees the other's components.
func twoRunsAtOnce(t *testing.T) {
	w := newWorld(t)
	w.write("a.yaml", pipelineOf("a", `-count, "40", -endless`))
	w.write("b.yaml", pipelineOf("b", `-count, "20"`))
	a := w.start("run", "a.yaml")
	w.until(a, "its events came", func() bool { return strings.Count(w.read("a.got"), "\n") == 40 })
	w.wants(w.ok("run", "b.yaml").stderr, "b: 20 in · 20 out · 0 failed")
	w.got("b.got", events(0, 20, "transfers"))
	select {
	case <-a.done:
		t.Fatalf("the first run ended meanwhile:\n%s", a.said())
	default:
	}
	if err := a.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	<-a.done
	w.got("a.got", events(0, 40, "transfers"))
}

// A run that was killed leaves nothing that the next one could take for its components: that
// one has its own, goes on where the first was, and in the end everything has arrived.
func rerunAfterAKill(t *testing.T) {
	w := newWorld(t)
	w.write("pipeline.yaml", pipelineOf("again", `-count, "12", -endless`))
	first := w.start("run", "pipeline.yaml")
	w.until(first, "its events came", func() bool { return strings.Count(w.read("again.got"), "\n") == 12 })
	_ = first.cmd.Process.Kill()
	<-first.done
	w.write("pipeline.yaml", pipelineOf("again", `-count, "24"`))
	w.ok("run", "pipeline.yaml")
	seen := map[string]bool{}
	for _, line := range w.lines("again.got") {
		id, _, _ := strings.Cut(line, "|")
		seen[id] = true
	}
	if len(seen) != 24 || !seen["e0-done"] || !seen["e23-done"] {
		t.Errorf("of 24 events %d arrived: %q", len(seen), w.lines("again.got"))
	}
}

// A run behind one that has ended reads all of it again, as often as it is wanted.
func rerunAfterTheEnd(t *testing.T) {
	w := newWorld(t)
	w.write("pipeline.yaml", pipelineOf("ended", `-count, "15"`))
	for range 3 {
		w.wants(w.ok("run", "pipeline.yaml").stderr, "ended: 15 in · 15 out · 0 failed")
	}
	w.got("ended.got", events(0, 15, "transfers"), events(0, 15, "transfers"), events(0, 15, "transfers"))
}

// The counts of a program that runs are those of its events, at each node.
func countsAreReal(t *testing.T) {
	w := newWorld(t)
	w.write("pipeline.yaml", pipelineOf("counted", `-count, "40", -endless`))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	run := w.start("run", "pipeline.yaml", "--set", "telemetry.http="+address)
	var page string
	want := []string{`flowc_records_total\{[^}]*node="ledgers"[^}]*\} 40\n`, `flowc_records_total\{[^}]*node="transfers"[^}]*\} 40\n`, `flowc_records_total\{[^}]*node="store"[^}]*\} 40\n`}
	w.until(run, "all was counted", func() bool {
		answer, err := http.Get("http://" + address + "/metrics")
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			return false
		}
		page = string(text)
		for _, pattern := range want {
			if !regexp.MustCompile(pattern).MatchString(page) {
				return false
			}
		}
		return true
	})
}
