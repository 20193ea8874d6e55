//go:build unix

package program

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// fileCells are cells in a folder of the machine: what hosts that are processes of their
// own have in common.
type fileCells struct{ dir, name string }

type fileCell struct {
	Version uint64
	Value   []byte
}

func (c *fileCells) Open(_ context.Context, pipeline string) error {
	c.name = pipeline
	return os.MkdirAll(c.dir, 0o755)
}
func (c *fileCells) Close(context.Context) error { return nil }
func (c *fileCells) Where() string               { return c.dir }

func (c *fileCells) Get(_ context.Context, cell string) (value []byte, version uint64, err error) {
	f, _, err := c.open(cell)
	return f.Value, f.Version, err
}

func (c *fileCells) open(cell string) (f fileCell, path string, err error) {
	path = filepath.Join(c.dir, c.name+"."+cell)
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return f, path, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &f)
	}
	return f, path, err
}

func (c *fileCells) Put(_ context.Context, cell string, value []byte, previous uint64) (uint64, error) {
	lock, err := os.Create(filepath.Join(c.dir, "lock"))
	if err != nil {
		return 0, err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return 0, err
	}
	f, path, err := c.open(cell)
	switch {
	case err != nil:
		return 0, err
	case f.Version != previous:
		return 0, flow.ErrFenced
	}
	f = fileCell{f.Version + 1, value}
	data, err := json.Marshal(f)
	if err == nil {
		err = os.WriteFile(path+".new", data, 0o644)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	return f.Version, err
}

// A waiting source has more to come, and is asked what waits.
type waiting struct{ counter }

func (s *waiting) Backlog(context.Context) (int64, error) { return 7, nil }

// Joined says that others are before it: what is through stays so.
func (s *waiting) Joined() {}

// hostSpec is a process whose copies do what the environment says: bad ones die.
func hostSpec() Spec {
	c := &testConfig{count: 10, endless: os.Getenv("TEST_ENDS") == "", path: os.DevNull}
	part := new(string)
	s := Spec{
		Name: "shop-work", Hash: "h", Version: "devel", Telemetry: &Telemetry{HTTP: os.Getenv("TEST_HTTP")},
		Settings: []Setting{{Key: "in.config.partition", Set: String(part)}},
	}
	s.New = func() (*flow.Program, error) {
		if *part == os.Getenv("TEST_BAD") && *part != "" {
			fmt.Fprintln(os.Stderr, "this part is bad")
			os.Exit(9)
		}
		p := flow.New(flow.Info{Name: "shop-work", Hash: "h", File: "pipeline.yaml", Nodes: []flow.Node{
			{Name: "numbers", Kind: flow.KindSource}, {Name: "even", Kind: flow.KindProcessor}, {Name: "store", Kind: flow.KindSink},
		}})
		in := p.Source(0, &waiting{counter{c: c}}, flow.SourceOptions{Lines: true})
		out := p.Sink(2, &fileSink{c: c}, flow.SinkOptions{})
		p.Region("all", flow.RegionOptions{From: []*flow.Input{in}, To: []*flow.Target{out}, Nodes: []int{0, 1}},
			func(l *flow.Lane) (flow.Loop, error) { return &evenLoop{Lane: l, c: c}, nil })
		p.KeepIn(&fileCells{dir: os.Getenv("TEST_CELLS")}, "pipeline.yaml:1")
		return p, nil
	}
	return s
}

// The test binary is a host, or what one has started, where it has cells.
var _ = func() bool {
	if os.Getenv("TEST_CELLS") != "" {
		if os.Getenv("TEST_BAD") != "" {
			mostDeaths = 3
		}
		if os.Getenv("TEST_SILENCE") != "" {
			childSilence = 2 * time.Second
		}
		os.Exit(RunOf("shop", []Process{{Name: "work", Replicas: 4, Elastic: Hosts(2), Inputs: []string{"in"}, Spec: hostSpec}}, os.Args[1:]))
	}
	return true
}()

// A hostProcess is a host in a process of its own.
type hostProcess struct {
	t    *testing.T
	cmd  *exec.Cmd
	http string
	mu   sync.Mutex
	log  bytes.Buffer
}

func (h *hostProcess) Write(data []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.Write(data)
}

func (h *hostProcess) said() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.String()
}

func startHost(t *testing.T, cells string, args []string, env ...string) *hostProcess {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &hostProcess{t: t, http: l.Addr().String()}
	_ = l.Close()
	h.cmd = exec.Command(os.Args[0], append([]string{"--process", "work"}, args...)...)
	h.cmd.Env = append(append(os.Environ(), "TEST_CELLS="+cells, "TEST_HTTP="+h.http, "FLOWC_STATE="+t.TempDir()), env...)
	h.cmd.Stderr = h
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.cmd.Process.Kill(); _ = h.cmd.Wait() })
	return h
}

func (h *hostProcess) page(path string) (int, string) {
	status, body, err := get(context.Background(), h.http, path)
	if err != nil {
		return 0, err.Error()
	}
	return status, body
}

func (h *hostProcess) eventually(what string, is func() bool) {
	h.t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.t.Fatalf("not in a minute: %s\n%s", what, h.said())
		}
	}
}

// A host has the pages of its processes, and they end with it in order.
func TestHost(t *testing.T) {
	h := startHost(t, t.TempDir(), nil)
	h.eventually("it is ready", func() bool { status, _ := h.page("/readyz"); return status == 200 })
	_, page := h.page("/metrics")
	for _, want := range []string{
		"flowc_host_parts 2\n", "flowc_hosts 1\n", "flowc_host_parts_idle 2\n", `flowc_edge_backlog_messages{pipeline="shop-work",edge="numbers"} 7`,
		`flowc_info{copy="0",pipeline="shop-work.0"`, `flowc_ready{copy="1"} 1`, `flowc_copy_restarts_total{copy="0"} 0`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
	if n := strings.Count(page, "# TYPE flowc_ready gauge"); n != 1 {
		t.Errorf("a family has %d heads", n)
	}
	if status, lag := h.page("/lag"); status != 200 || strings.TrimSpace(lag) != `{"lag":7}` {
		t.Errorf("%d %s", status, lag)
	}
	if status, _ := h.page("/livez"); status != 200 {
		t.Error("it does not live")
	}
	if err := h.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = h.cmd.Wait()
	if code := h.cmd.ProcessState.ExitCode(); code != 0 || strings.Count(h.said(), "(drained)") != 2 {
		t.Errorf("exit code %d:\n%s", code, h.said())
	}
}

// Hosts whose input ends, end: each part is through once, and another host has nothing
// to do. With --fresh all of it is read again.
func TestHostsEnd(t *testing.T) {
	cells := t.TempDir()
	for _, args := range [][]string{nil, {"--fresh"}, {"--fresh"}} {
		a, b := startHost(t, cells, args, "TEST_ENDS=1"), startHost(t, cells, args, "TEST_ENDS=1")
		both := ""
		for _, h := range []*hostProcess{a, b} {
			_ = h.cmd.Wait()
			if code := h.cmd.ProcessState.ExitCode(); code != 0 {
				t.Fatalf("exit code %d:\n%s", code, h.said())
			}
			both += h.said()
		}
		for part := range 4 {
			if !strings.Contains(both, fmt.Sprintf("shop-work.%d: 10 in", part)) {
				t.Errorf("%v: part %d was not read:\n%s", args, part, both)
			}
		}
	}
}

// A process that hangs is killed, and another one takes its place.
func TestHostKillsWhatHangs(t *testing.T) {
	h := startHost(t, t.TempDir(), nil, "TEST_SILENCE=1")
	h.eventually("it is ready", func() bool { status, _ := h.page("/readyz"); return status == 200 })
	var children []byte
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", h.cmd.Process.Pid))
	for _, task := range tasks {
		more, _ := os.ReadFile(task)
		children = append(children, more...)
	}
	pids := strings.Fields(string(children))
	if len(pids) == 0 {
		t.Skip("the system does not show the processes of a process")
	}
	pid, err := strconv.Atoi(pids[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	h.eventually("another takes its place", func() bool {
		_, page := h.page("/metrics")
		return strings.Contains(page, "flowc_copy_restarts_total{copy=\"0\"} 1") || strings.Contains(page, "flowc_copy_restarts_total{copy=\"1\"} 1")
	})
	h.eventually("it is ready again", func() bool { status, _ := h.page("/readyz"); return status == 200 })
	if !strings.Contains(h.said(), "a copy answers nothing any more and is killed") {
		t.Errorf("nothing is said of it:\n%s", h.said())
	}
}

// A process that can't be kept alive ends its host, with its code and what it said.
func TestHostGivesUp(t *testing.T) {
	h := startHost(t, t.TempDir(), nil, "TEST_BAD=1")
	_ = h.cmd.Wait()
	if code := h.cmd.ProcessState.ExitCode(); code != 9 || !strings.Contains(h.said(), "shop-work: error: copy 1 ended with code 9") || !strings.Contains(h.said(), "this part is bad") {
		t.Errorf("exit code %d:\n%s", code, h.said())
	}
}

// What is about one part asks for its number.
func TestHostCommands(t *testing.T) {
	parts := []Process{{Name: "work", Replicas: 4, Elastic: Hosts(1), Inputs: []string{"in"}, Spec: hostSpec}}
	for _, c := range []struct{ args, err string }{
		{"--process work checkpoint show", "checkpoint is about one copy of work: say which, --replica 0 to --replica 3"},
		{"--process work dlq list", "dlq is about one copy of work"},
		{"--process work --report -", "--report is of one copy of work"},
		{"--process work --replica 4", "the copies of work are 0 to 3"},
		{"--process work --nonsense", "nonsense"},
	} {
		var stdout, stderr bytes.Buffer
		p := process{env: processEnvironment(), stdout: &stdout, stderr: &stderr, exit: func(int) {}}
		if code := p.mainOf("shop", parts, strings.Fields(c.args)); code != exitUsage || !strings.Contains(stderr.String(), c.err) {
			t.Errorf("%s: exit code %d: %s", c.args, code, &stderr)
		}
	}
	var stdout bytes.Buffer
	p := process{env: processEnvironment(), stdout: &stdout, stderr: io.Discard}
	if code := p.mainOf("shop", parts, []string{"--help"}); code != 0 || !strings.Contains(stdout.String(), "work, a host of the copies 0 to 3, or one of them") {
		t.Errorf("%d: %s", code, &stdout)
	}
}

// A page is that of several, each sample with its copy, each family once.
func TestMerged(t *testing.T) {
	m := newMerged()
	m.add([]byte("# HELP a What a is.\n# TYPE a gauge\na 1\n# HELP b B.\n# TYPE b counter\nb{x=\"y z\"} 2\n"), 0)
	m.add(nil, 1)
	m.add([]byte("# HELP a What a is.\n# TYPE a gauge\na 3\n# HELP c C.\n# TYPE c gauge\nc 4\n"), 2)
	want := "# HELP a What a is.\n# TYPE a gauge\na{copy=\"0\"} 1\na{copy=\"2\"} 3\n" +
		"# HELP b B.\n# TYPE b counter\nb{copy=\"0\",x=\"y z\"} 2\n# HELP c C.\n# TYPE c gauge\nc{copy=\"2\"} 4\n"
	if got := string(m.bytes()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Lines come whole, whatever they came in, and the last ones are kept.
func TestLineWriter(t *testing.T) {
	var out bytes.Buffer
	w := &lineWriter{w: &out}
	for _, part := range []string{"a", "b\nc", "\n", "d"} {
		_, _ = w.Write([]byte(part))
	}
	w.flush()
	for i := range keptLines {
		fmt.Fprintf(w, "%d\n", i)
	}
	if got := w.lines(); len(got) != keptLines || got[0] != "0" || !strings.HasPrefix(out.String(), "ab\nc\nd\n0\n") {
		t.Errorf("%q, %q", got, out.String())
	}
}
