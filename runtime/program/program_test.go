package program

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
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

func (s *counter) Endless() bool               { return s.c.endless }
func (s *counter) Open(context.Context) error  { return nil }
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
	cmd.Env = append([]string{asProgram + "=" + dir, "GORACE=atexit_sleep_ms=0"}, env...)
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

func TestRun(t *testing.T) {
	for _, args := range [][]string{nil, {"run"}} {
		r := start(t, nil, args...)
		r.check(t, 0, "numbers: 1,000 in · 500 out · 500 filtered · 0 failed in 0.")
		data, err := os.ReadFile(filepath.Join(r.dir, "out.txt"))
		if err != nil || !strings.HasPrefix(string(data), "0\n2\n4\n") || strings.Count(string(data), "\n") != 500 {
			t.Errorf("%q %v", data, err)
		}
		if r.stdout != "" {
			t.Errorf("stdout is the pipeline's: %q", r.stdout)
		}
	}
}

func TestReport(t *testing.T) {
	r := start(t, nil, "--report", "-", "--set", "work.fail=10", "--set", "work.then=drop")
	r.check(t, 0, "100 dropped")
	var report flow.Report
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil {
		t.Fatal(err)
	}
	want := flow.Count{In: 1000, Out: 500, Filtered: 400, Dropped: 100, Emitted: 500}
	if !report.OK || report.Ending != flow.Complete || report.Nodes["even"] != want || report.Sources["ledger"].Records != 1000 || report.Sinks["store"].Records != 500 {
		t.Errorf("%+v", report)
	}
	r = start(t, nil, "--report", "report.json")
	r.check(t, 0)
	data, err := os.ReadFile(filepath.Join(r.dir, "report.json"))
	if err != nil || json.Unmarshal(data, &report) != nil || !report.OK {
		t.Error(err)
	}
	start(t, nil, "--report", "no/such/folder/r.json").check(t, 6, "--report no/such/folder/r.json: no such file or directory")
}

func TestPrecedence(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.conf"), []byte("# more\n\nledger.config.count = 20\nstore.config.tags = a, b\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	environment := []string{"PROGRAM_TEST_PRINT=1", "TEST_PASSWORD=hunter2", "FLOWC_SET=ledger.config.count=10\nledger.config.every=1ms\nstore.config.tags=x"}
	startIn(t, dir, environment).check(t, 0, "count:10 ", "every:1000000 ", "tags:[x]", "password:user:hunter2@host", "limit:65536")
	startIn(t, dir, environment, "--set-file", "a.conf").check(t, 0, "count:20 ", "every:1000000 ", "tags:[a b]")
	startIn(t, dir, environment, "--set-file=a.conf", "--set", "ledger.config.count=30", "--set=store.config.limit=2KB").check(t, 0, "count:30 ", "every:1000000 ", "tags:[a b]", "limit:2000")
}

func TestBadSettings(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.conf"), []byte("# one\nledger.config.count: 3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		env  []string
		args []string
		code int
		says []string
	}{
		{nil, []string{"--set", "ledger.confg.count=3"}, 2, []string{"--set ledger.confg.count: there is no setting `ledger.confg.count` (did you mean `ledger.config.count`?)"}},
		{nil, []string{"--set", "x=3"}, 2, []string{"there is no setting `x` (--help lists them)"}},
		{nil, []string{"--set", "ledger.config.count=many"}, 2, []string{`--set ledger.config.count: expected a whole number, not "many" (numbers.yaml:4)`}},
		{nil, []string{"--set", "ledger.config.count=99999999999999999999"}, 2, []string{"within its range"}},
		{nil, []string{"--set", "ledger.config.every=5"}, 2, []string{"expected a duration like 500ms or 1m30s"}},
		{nil, []string{"--set", "store.config.limit=5 apples", "--set", "ledger.config.endless=maybe"}, 2, []string{"expected a size like 64KiB or 10MB", "expected true or false"}},
		{nil, []string{"--set", "nothing"}, 2, []string{"expected key=value"}},
		{[]string{"FLOWC_SET=a b\nc"}, nil, 2, []string{"FLOWC_SET line 1: expected key=value"}},
		{[]string{"FLOWC_SET=#\nledger.config.count=x"}, nil, 2, []string{`FLOWC_SET line 2: ledger.config.count: expected a whole number, not "x"`}},
		{nil, []string{"--set-file", "a.conf"}, 2, []string{"a.conf:2: expected key=value"}},
		{nil, []string{"--set-file", "b.conf"}, 2, []string{"--set-file b.conf: no such file or directory"}},
		{nil, []string{"--frsh"}, 2, []string{"unknown flag --frsh (did you mean --fresh?)"}},
		{nil, []string{"--report"}, 2, []string{"flag needs an argument: --report"}},
		{nil, []string{"rn"}, 2, []string{"unknown command rn (did you mean run?)"}},
		{nil, []string{"run", "x"}, 2, []string{`unexpected argument "x"`}},
		{nil, []string{"--log-format", "xml"}, 2, []string{"--log-format: expected text, json"}},
		{nil, []string{"--log-level", "loud"}, 2, []string{"--log-level: expected debug, info, warn, error"}},
		{nil, []string{"checkpoint"}, 2, []string{"expected `checkpoint show`"}},
		{nil, []string{"--set", "store.config.fatal=it can't be"}, 6, []string{"numbers: error: numbers.yaml:14: it can't be"}},
		{[]string{"TEST_LIMIT=lots"}, nil, 6, []string{"numbers.yaml:13: error: store.config.limit: expected a size like 64KiB or 10MB, in the value of ${env:TEST_LIMIT}"}},
		{[]string{"TEST_LIMIT=lots"}, []string{"--set", "store.config.limit=1KB"}, 0, nil},
		{nil, []string{"--set", "ledger.config.path=/no/such/folder/x"}, 6, []string{"numbers.yaml:11: error: `store`: open:", "no such file or directory"}},
	} {
		r := startIn(t, dir, test.env, test.args...)
		r.check(t, test.code, test.says...)
	}
}

func TestMissingReferences(t *testing.T) {
	a, b := "", ""
	s := &Spec{Refs: []Ref{
		{Key: "x.dsn", Place: "p.yaml:3", Set: String(&a), Parts: []Part{Literal("postgres://"), Env("DB_USER"), Literal(":"), Env("DB_PASSWORD")}},
		{Key: "y.key", Place: "p.yaml:9", Set: String(&b), Parts: []Part{File("/run/secrets/key")}},
	}}
	env := environment{
		lookup:   func(name string) (string, bool) { return "me", name == "DB_USER" },
		readFile: func(path string) ([]byte, error) { return os.ReadFile(filepath.Join(t.TempDir(), "none")) },
	}
	err := resolve(s, env, nil)
	var e *environmentError
	want := "p.yaml:3: x.dsn: the environment variable DB_PASSWORD is not set\np.yaml:9: y.key: the file /run/secrets/key: no such file or directory"
	if !errors.As(err, &e) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if exitCode(nil, err, nil) != 6 {
		t.Error("exit code")
	}
	env.lookup = func(name string) (string, bool) { return "it", true }
	env.readFile = func(string) ([]byte, error) { return []byte("secret \r\n"), nil }
	if err := resolve(s, env, nil); err != nil || a != "postgres://it:it" || b != "secret " {
		t.Errorf("%v %q %q", err, a, b)
	}
}

// A secret is printed nowhere: not in errors, not in --help.
func TestSecrets(t *testing.T) {
	for _, r := range []result{
		start(t, []string{"TEST_PASSWORD=hunter2"}, "--help"),
		start(t, []string{"TEST_PASSWORD=hunter2", "TEST_LIMIT=hunter2"}),
		start(t, []string{"FLOWC_SET=hunter2"}),
		start(t, []string{"TEST_PASSWORD=hunter2"}, "--log-level", "debug", "--set", "store.config.password=hunter2"),
	} {
		if strings.Contains(r.stdout+r.stderr, "hunter2") {
			t.Errorf("a secret is printed:\n%s%s", r.stdout, r.stderr)
		}
	}
	pin := 0
	s := &Spec{Settings: []Setting{{Key: "a.pin", Set: Int(&pin), Secret: true}}}
	if err := resolve(s, environment{}, []assignment{{"a.pin", "hunter2", "--set a.pin"}}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
}

func TestHelpAndVersion(t *testing.T) {
	start(t, nil, "--version").check(t, 0, "numbers abc123 (flowc v0.0.1)\n")
	for _, args := range [][]string{{"--help"}, {"-h"}, {"run", "--help"}, {"health", "--help"}, {"checkpoint", "--help"}, {"checkpoint", "show", "--help"}} {
		start(t, nil, args...).check(t, 0, "--set-file FILE", "ledger.config.count    int       1000", "how far to count (numbers.yaml:4)", "store.config.password  string    …${env:TEST_PASSWORD}…")
	}
}

func TestRecordErrors(t *testing.T) {
	r := start(t, nil, "--set", "work.fail=300")
	r.check(t, 7, "numbers.yaml:8: error: `even` failed on 1 of 201 records (the pipeline stopped) [error]\n   = an unlucky number\n   = record: numbers:300 299\n",
		"numbers: ", " in · 100 out", "1 failed")
	if strings.Count(r.stderr, "unlucky") != 1 {
		t.Errorf("the error is told twice:\n%s", r.stderr)
	}
	start(t, nil, "--set", "work.fail=300", "--set", "work.then=dead").check(t, 0, "`even` failed on 3 of 1,000 records (kept in `dead`)", "3 dead-lettered · 0 failed")
	r = start(t, nil, "--set", "work.fail=300", "--set", "work.then=dead", "--log-format=json", "--log-level", "debug")
	r.check(t, 0)
	for _, line := range strings.Split(strings.TrimSpace(r.stderr), "\n") {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Errorf("%v in %q", err, line)
		}
	}
	r.check(t, 0, `"msg":"records failed"`, `"msg":"ended"`, `"msg":"node"`)
}

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

func TestCheckpointShow(t *testing.T) {
	dir := t.TempDir()
	startIn(t, dir, nil, "checkpoint", "show").check(t, 0, "numbers: no checkpoint in .flowc/state/numbers")
	startIn(t, dir, nil, "--set=work.fail=250").check(t, 7)
	startIn(t, dir, nil, "checkpoint", "show").check(t, 0, "by pipeline abc123", "source ledger numbers: 200 after 200 records")
	r := startIn(t, dir, nil, "checkpoint", "show", "--format", "json")
	r.check(t, 0)
	var m struct {
		Path       string
		Generation int
		Sources    map[string]flow.SourceState
	}
	if err := json.Unmarshal([]byte(r.stdout), &m); err != nil || m.Generation == 0 || m.Sources["ledger"].Splits["numbers"].Records != 200 {
		t.Errorf("%v %s", err, r.stdout)
	}
	// It goes on from there.
	r = startIn(t, dir, nil)
	r.check(t, 0, "800 in · 400 out", "going on from the checkpoint")
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestTelemetry(t *testing.T) {
	address := freeAddress(t)
	dir := t.TempDir()
	set := "--set=telemetry.http=" + address
	startIn(t, dir, nil, "health").check(t, 2, "telemetry.http is not set")
	startIn(t, dir, nil, "health", set).check(t, 1, "refused")
	cmd := command(t, dir, nil, set, "--set=ledger.config.endless=true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	defer func() { _ = cmd.Process.Signal(syscall.SIGTERM) }()
	waitForFile(t, filepath.Join(dir, "out.txt"))
	startIn(t, dir, nil, "health", set).check(t, 0, "numbers: ready")
	startIn(t, dir, nil, "health", "--address", address).check(t, 0, "numbers: ready")
	get := func(path string) (int, string) {
		status, body, err := get(t.Context(), address, path)
		if err != nil {
			t.Fatal(err)
		}
		return status, body
	}
	if status, body := get("/livez"); status != 200 || body != "ok\n" {
		t.Error(status, body)
	}
	if status, _ := get("/other"); status != 404 {
		t.Error(status)
	}
	status, body := get("/metrics?x=1")
	for _, want := range []string{
		`flowc_info{pipeline="numbers",hash="abc123",version="v0.0.1"} 1`, "flowc_ready 1\n",
		`flowc_records_total{node="even",outcome="filtered"} 500`, `flowc_records_total{node="store",outcome="in"} 500`,
		`flowc_source_bytes_total{node="ledger"} 3890`, `flowc_queue_packets{queue="store"} 0`, "# TYPE flowc_records_total counter",
	} {
		if status != 200 || !strings.Contains(body, want) {
			t.Errorf("%d, %q is not in\n%s", status, want, body)
		}
	}
	// What is no request of ours does no harm.
	for text, want := range map[string]string{
		"POST /metrics HTTP/1.1\r\n\r\n": "405", "\r\n\r\n": "400", "GET /livez\r\n\r\n": "400", "HEAD /livez HTTP/1.1\r\n\r\n": "200",
		"GET / HTTP/1.1\r\n" + strings.Repeat("x: y\r\n", 5000): "400",
	} {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, text)
		answer, _ := bufio.NewReader(c).ReadString('\n')
		_ = c.Close()
		if !strings.HasPrefix(answer, "HTTP/1.1 "+want) && len(text) < 8000 {
			t.Errorf("%.40q gives %q", text, answer)
		}
	}
	// The address is taken now.
	startIn(t, t.TempDir(), nil, set).check(t, 6, "telemetry.http: listen tcp "+address)
}

func TestProgress(t *testing.T) {
	r := start(t, nil, "--set=telemetry.progress=on", "--set=ledger.config.count=3000", "--set=ledger.config.every=25ms")
	r.check(t, 0, "\rnumbers: ", " records · ", "/s", "\r\x1b[K")
	start(t, nil, "--set=ledger.config.count=3000", "--set=ledger.config.every=10ms").check(t, 0)
	line := (&teller{name: "x"}).progressLine(&flow.Snapshot{Running: 10 * time.Second, Sources: []flow.Flow{{Traffic: flow.Traffic{Records: 12345, Bytes: 250_000_000}, Total: 1_000_000_000}}})
	if want := "x: 250 MB of 1.0 GB (25%) · 12,345 records · 1,234/s · 30.00s left"; line != want {
		t.Errorf("got  %s\nwant %s", line, want)
	}
}

func TestEmbed(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(asProgram, dir)
	t.Setenv("FLOWC_SET", "ledger.config.count=10")
	r, err := Embed(t.Context(), testSpec(), flow.RunOptions{StateDir: dir})
	if err != nil || r.Sources["ledger"].Records != 10 {
		t.Fatal(r, err)
	}
	t.Setenv("FLOWC_SET", "x=1")
	if _, err := Embed(t.Context(), testSpec(), flow.RunOptions{StateDir: dir}); err == nil {
		t.Fatal("an unknown setting must be an error")
	}
}
