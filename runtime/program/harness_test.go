package program

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// The program under test: a source that counts, a filter of even numbers that
// fails on some, a sink that writes to a file.
type testConfig struct {
	count    int
	endless  bool
	every    time.Duration
	fail     int
	password string
	tags     []string
	limit    int64
	path     string
	stuck    bool
	fatal    string
}

type counter struct {
	c    *testConfig
	next int
}

func (s *counter) Endless() bool { return s.c.endless }

func (s *counter) Open(context.Context) error { return nil }

func (s *counter) Close(context.Context) error { return nil }

func (s *counter) Seek(_ context.Context, positions map[string]json.RawMessage) error {
	return json.Unmarshal(positions["numbers"], &s.next)
}

func (s *counter) Read(ctx context.Context, b *flow.Batch) error {
	if s.next >= s.c.count {
		if !s.c.endless {
			return io.EOF
		}
		<-ctx.Done()
		return ctx.Err()
	}
	if s.c.every > 0 {
		select {
		case <-time.After(s.c.every):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	b.Split = "numbers"
	for range min(100, s.c.count-s.next) {
		b.Data = append(strconv.AppendInt(b.Data, int64(s.next), 10), '\n')
		s.next++
	}
	b.Position = s.next
	return nil
}

type fileSink struct {
	c *testConfig
	f *os.File
}

func (s *fileSink) Open(context.Context) (err error) {
	s.f, err = os.Create(s.c.path)
	return err
}

func (s *fileSink) Write(_ context.Context, o *flow.Out) error {
	if s.c.stuck {
		fmt.Println("stuck")
		select {}
	}
	_, err := s.f.Write(o.Data)
	return err
}

func (s *fileSink) Sync(context.Context) error { return nil }

func (s *fileSink) Close(context.Context, bool) error {
	if s.f == nil {
		return nil
	}
	return s.f.Close()
}

type evenLoop struct {
	*flow.Lane
	c                 *testConfig
	records, filtered int64
}

var errUnlucky = errors.New("an unlucky number")

func (l *evenLoop) Run(b *flow.Batch) {
	out := l.Outs[0]
	for l.Next < len(b.Data) {
		start := l.Next
		end := start + bytes.IndexByte(b.Data[start:], '\n')
		l.Record.Start, l.Record.End, l.Next = start, end, end+1
		l.records++
		n, _ := strconv.Atoi(string(b.Data[start:end]))
		if l.c.fail > 0 && n%l.c.fail == l.c.fail-1 {
			if l.Fail(1, errUnlucky) {
				return
			}
			continue
		}
		if n%2 == 1 {
			l.filtered++
			continue
		}
		out.Data = append(out.Data, b.Data[start:end+1]...)
		out.Count++
	}
}

func (l *evenLoop) Flush() {}

func (l *evenLoop) Settle() {
	l.Pass(1, l.Pass(0, l.records, 0), l.filtered)
	l.records, l.filtered = 0, 0
}

func testSpec() Spec {
	c := &testConfig{count: 1000, limit: 64 << 10, path: filepath.Join(os.Getenv("PROGRAM_TEST_DIR"), "out.txt")}
	telemetry := &Telemetry{}
	policy := flow.Policy{}
	then := "stop"
	drain := 10 * time.Second
	return Spec{
		Name: "numbers", Hash: "abc123", Version: "v0.0.1", File: "numbers.yaml", Telemetry: telemetry,
		Refs: []Ref{
			{Key: "store.config.password", Place: "numbers.yaml:12", Set: String(&c.password), Parts: []Part{Literal("user:"), EnvOr("TEST_PASSWORD", "none"), Literal("@host")}},
			{Key: "store.config.limit", Place: "numbers.yaml:13", Set: Bytes(&c.limit), Parts: []Part{EnvOr("TEST_LIMIT", "64KiB")}},
			{Key: "ledger.config.path", Place: "numbers.yaml:5", Set: String(&c.path), Parts: []Part{Env("PROGRAM_TEST_DIR"), Literal("/out.txt")}},
		},
		Settings: []Setting{
			{Key: "ledger.config.count", Place: "numbers.yaml:4", Set: Int(&c.count), Doc: "how far to count"},
			{Key: "ledger.config.endless", Set: Bool(&c.endless)},
			{Key: "ledger.config.every", Set: Duration(&c.every)},
			{Key: "ledger.config.path", Set: String(&c.path)},
			{Key: "work.fail", Set: Int(&c.fail)},
			{Key: "work.then", Set: String(&then)},
			{Key: "store.config.password", Place: "numbers.yaml:12", Set: String(&c.password), Secret: true},
			{Key: "store.config.tags", Set: Strings(&c.tags)},
			{Key: "store.config.limit", Set: Bytes(&c.limit)},
			{Key: "store.config.stuck", Set: Bool(&c.stuck)},
			{Key: "store.config.fatal", Set: String(&c.fatal)},
			{Key: "telemetry.http", Set: String(&telemetry.HTTP)},
			{Key: "telemetry.progress", Set: String(&telemetry.Progress)},
			{Key: "delivery.drain", Set: Duration(&drain)},
		},
		New: func() (*flow.Program, error) {
			if c.fatal != "" {
				return nil, errors.New("numbers.yaml:14: " + c.fatal)
			}
			if os.Getenv("PROGRAM_TEST_PRINT") != "" {
				fmt.Printf("%+v\n", *c)
			}
			policy.Then, policy.Dead = map[string]flow.Then{"stop": flow.Stop, "drop": flow.Drop, "dead": flow.Dead}[then], 3
			p := flow.New(flow.Info{Name: "numbers", Hash: "abc123", File: "numbers.yaml", Drain: drain, Nodes: []flow.Node{
				{Name: "ledger", Kind: flow.KindSource, Place: "numbers.yaml:3"},
				{Name: "even", Kind: flow.KindProcessor, Place: "numbers.yaml:8", Policy: policy},
				{Name: "store", Kind: flow.KindSink, Place: "numbers.yaml:11"},
				{Name: "dead", Kind: flow.KindSink, Place: "numbers.yaml:15"},
			}})
			in := p.Source(0, &counter{c: c}, flow.SourceOptions{Lines: true})
			out := p.Sink(2, &fileSink{c: c}, flow.SinkOptions{})
			if then == "dead" {
				dead := *c
				dead.path += ".dead"
				p.Sink(3, &fileSink{c: &dead}, flow.SinkOptions{DeadLetter: true})
			}
			p.Region("all", flow.RegionOptions{From: []*flow.Input{in}, To: []*flow.Target{out}, Nodes: []int{0, 1}},
				func(l *flow.Lane) (flow.Loop, error) { return &evenLoop{Lane: l, c: c}, nil })
			return p, nil
		},
	}
}

// The test binary is the program where this variable is set.
const asProgram = "PROGRAM_TEST_DIR"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		Main(testSpec())
	}
	os.Exit(m.Run())
}

type result struct {
	code           int
	stdout, stderr string
	dir            string
}

// command prepares a run of the program in a folder of its own.
func command(t *testing.T, dir string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Dir = dir
	cmd.Env = append([]string{asProgram + "=" + dir, "GORACE=atexit_sleep_ms=0", "GOCOVERDIR=" + t.TempDir()}, env...)
	return cmd
}

func start(t *testing.T, env []string, args ...string) result {
	t.Helper()
	return startIn(t, t.TempDir(), env, args...)
}

func startIn(t *testing.T, dir string, env []string, args ...string) result {
	t.Helper()
	cmd := command(t, dir, env, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String(), dir}
}

func (r result) check(t *testing.T, code int, says ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d\n%s%s", r.code, code, r.stdout, r.stderr)
	}
	for _, text := range says {
		if !strings.Contains(r.stdout+r.stderr, text) {
			t.Errorf("%q is not in\n%s%s", text, r.stdout, r.stderr)
		}
	}
}
