//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A said is what a command prints while others read it.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// TestSupervise runs a pipeline below a supervisor, kills the program in the middle, and
// finds every record in the end.
func TestSupervise(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := "supervised-" + strconv.Itoa(os.Getpid())
	pipeline := filepath.Join(dir, "pipeline.yaml")
	write(t, dir, "pipeline.yaml", "pipeline: "+name+`
types: {N: {n: int}}
sources: {ns: {use: file, config: {path: in.ndjson, follow: true}, out: N}}
sinks: {out: {from: ns, use: file, config: {path: out.ndjson}}}
`)
	next := 0
	more := func(n int) {
		f, err := os.OpenFile(filepath.Join(dir, "in.ndjson"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for range n {
			fmt.Fprintf(f, "{\"n\":%d}\n", next)
			next++
		}
	}
	missing := func() (n int) {
		text, _ := os.ReadFile(filepath.Join(dir, "out.ndjson"))
		got := map[string]bool{}
		for line := range strings.Lines(string(text)) {
			got[line] = true
		}
		for i := range next {
			if !got[fmt.Sprintf("{\"n\":%d}\n", i)] {
				n++
			}
		}
		return n
	}
	var log said
	until := func(what string, f func() bool) {
		t.Helper()
		for range 6000 {
			if f() {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatalf("%s never came; %d of %d are missing\n%s", what, missing(), next, log.String())
	}

	more(1000)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	over := make(chan error)
	a := &app{ctx: ctx, stdout: &log, stderr: &log, getenv: os.Getenv, format: "text"}
	go func() { over <- a.supervise(&pipelineArg{File: pipeline}, nil, "") }()
	until("ready", func() bool { return strings.Contains(log.String(), name+" | ready\n") })
	more(1000)
	pid := 0
	until("its process", func() bool { pid = processOf(name); return pid != 0 })
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	until("a new start", func() bool { return strings.Contains(log.String(), "ended with code 137; it starts again in 1s") })
	more(1000)
	until("all records", func() bool { return missing() == 0 })
	cancel()
	err := <-over
	var e *exitError
	if errors.As(err, &e) && e.code != 0 || err != nil && e == nil {
		t.Errorf("%v\n%s", err, log.String())
	}
	if processOf(name) != 0 {
		t.Error("a process is left")
	}
}

// processOf is the id of the process whose program has a name, 0 for none.
func processOf(name string) int {
	links, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, link := range links {
		if exe, err := os.Readlink(link); err == nil && strings.Contains(exe, name) {
			pid, _ := strconv.Atoi(strings.Split(link, "/")[2])
			return pid
		}
	}
	return 0
}

func TestSuperviseRefuses(t *testing.T) {
	dir := t.TempDir()
	stdin := filepath.Join(dir, "stdin.yaml")
	write(t, dir, "stdin.yaml", "types: {N: {n: int}}\nsources: {ns: {use: stdin, out: N}}\nsinks: {out: {from: ns, use: stdout}}\n")
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"run", "--target", "local", stdin}, exitInvalid, "`ns` reads standard input, and what is started again by a supervisor has none"},
		{[]string{"run", "-t", "nomad", stdin}, exitUsage, "run --target knows local"},
	} {
		var out, errs bytes.Buffer
		if code := run(test.args, nil, &out, &errs); code != test.code || !strings.Contains(errs.String(), test.says) {
			t.Errorf("%q: exit code %d\n%s", test.args, code, errs.String())
		}
	}
}
