//go:build unix

package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/local"
	"github.com/flowc-dev/flowc/backends/local/alive"
)

// playVariable makes a process of this test the program of a group; its value says how it
// behaves.
const playVariable = "FLOWC_PLAY"

func TestMain(m *testing.M) {
	if how := os.Getenv(playVariable); how != "" {
		os.Exit(play(how))
	}
	if len(os.Args) == 3 && os.Args[1] == "supervise" {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		if err := Serve(ctx, os.Args[2], os.LookupEnv); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(6)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// play is the program: it is ready at once, and ends when it is told to. One that is
// "slow:FILE" ends when the file is there besides.
func play(how string) int {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	if slices.Contains(os.Args[1:], "check") {
		fmt.Printf("%s and %s\n", os.Getenv("KEY"), os.Getenv("CREDENTIALS_DIRECTORY"))
		if how == "wrong" {
			return 2
		}
		return 0
	}
	conn, err := net.Dial("unixgram", os.Getenv("NOTIFY_SOCKET"))
	if err != nil {
		return 98
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("READY=1")); err != nil {
		return 98
	}
	fmt.Println("at work")
	if how == "ends" {
		return 0
	}
	<-terminated
	if file, slow := strings.CutPrefix(how, "slow:"); slow {
		for !is(file) {
			time.Sleep(5 * time.Millisecond)
		}
	}
	return 0
}

// newEngine is an engine whose programs are this test.
func newEngine(t *testing.T) *Engine {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	e, err := Open(Engine{Base: filepath.Join(t.TempDir(), "applied"), Command: []string{exe, "supervise"}, Lookup: func(name string) (string, bool) {
		if name == "PATH" || name == "TMPDIR" || name == "GORACE" {
			return os.LookupEnv(name)
		}
		return "", false
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Install(t.Context(), "orders", "orders:v1", exe); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.folder("orders").clear(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return e
}

// orders is a release whose programs behave so.
func orders(t *testing.T, how ...string) *deploy.Release {
	t.Helper()
	g := &local.Group{Pipeline: "orders", Hash: "cafe", Program: "orders:v1"}
	for i, one := range how {
		g.Processes = append(g.Processes, local.Process{Name: fmt.Sprintf("orders@%d", i), Grace: "1m0s", Environment: map[string]string{playVariable: one, "GORACE": "atexit_sleep_ms=0"}})
	}
	r, err := Release(g, "/src/orders")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// until waits until a run is as it should be.
func until(t *testing.T, e *Engine, what string, ok func(*deploy.Run) bool) *deploy.Run {
	t.Helper()
	var run *deploy.Run
	for range 3000 {
		var err error
		if run, err = e.Run(t.Context(), "orders"); err != nil {
			t.Fatal(err)
		}
		if run != nil && ok(run) {
			return run
		}
		time.Sleep(5 * time.Millisecond)
	}
	log, _ := os.ReadFile(e.folder("orders").path("log"))
	t.Fatalf("%s never came: %+v\n%s", what, run, log)
	return nil
}

func ready(r *deploy.Run) bool { return r.State() == deploy.Ready }

func put(t *testing.T, e *Engine, r *deploy.Release) {
	t.Helper()
	if err := e.Put(t.Context(), r, ""); err != nil {
		t.Fatal(err)
	}
}

func stateOf(t *testing.T, e *Engine) *state {
	t.Helper()
	s, err := e.folder("orders").state()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A supervisor that is killed leaves a program that takes its time to end: whoever looks
// is told so, and the next one begins when that has ended, also if it is killed meanwhile.
func TestOrphans(t *testing.T) {
	e := newEngine(t)
	file := filepath.Join(t.TempDir(), "go")
	put(t, e, orders(t, "slow:"+file))
	until(t, e, "ready", ready)
	s := stateOf(t, e)
	orphan, first := s.Processes[0].Is, s.Supervisor
	if err := first.Signal(os.Kill); err != nil {
		t.Fatal(err)
	}
	// Where the system does not tell children of the end, the next supervisor does.
	gone := fmt.Sprintf("its supervisor, process %d, is gone without having stopped it; process %d still runs", first.PID, orphan.PID)
	until(t, e, "the end of the supervisor", func(r *deploy.Run) bool {
		return r.State() == deploy.Failed && strings.Contains(r.Instances[0].Says, gone)
	})
	v, err := e.Preview(t.Context(), orders(t, "slow:"+file))
	if err != nil || v.Have[0].Kind != kindSupervisor || v.Have[0].Idle != gone {
		t.Errorf("%v: %+v", err, v)
	}
	waits := func(r *deploy.Run) bool {
		return r.State() == deploy.Starting && strings.Contains(r.Instances[0].Says, fmt.Sprintf("it waits for process %d", orphan.PID))
	}
	put(t, e, orders(t, "slow:"+file))
	until(t, e, "waiting", waits)
	second := stateOf(t, e)
	if err := second.Supervisor.Signal(os.Kill); err != nil {
		t.Fatal(err)
	}
	if !second.Supervisor.Gone(t.Context(), time.Minute) {
		t.Fatal("it does not die")
	}
	put(t, e, orders(t, "slow:"+file))
	until(t, e, "waiting", waits)
	if third := stateOf(t, e); third.Processes[0].Is.PID != 0 || !orphan.Alive() {
		t.Errorf("%+v was started beside %d", third, orphan.PID)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	until(t, e, "ready", ready)
	if orphan.Alive() || stateOf(t, e).Processes[0].Is.PID == orphan.PID {
		t.Error("there are two")
	}
}

// A process that has the number of one that is gone is nobody's to end.
func TestNumbersComeAgain(t *testing.T) {
	e := newEngine(t)
	other := exec.Command("sleep", "1000")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = other.Process.Kill()
		_ = other.Wait()
	}()
	is := alive.Identify(other.Process.Pid)
	if !is.Alive() {
		t.Fatalf("%+v is not alive", is)
	}
	before := alive.Process{PID: is.PID, Born: is.Born + "0"}
	if before.Alive() || before.Signal(syscall.SIGKILL) != nil || before.End(t.Context(), time.Minute) != nil || !is.Alive() {
		t.Error("it was taken for another process of its number")
	}
	f := e.folder("orders")
	if err := f.write("state.json", &state{Supervisor: before, Processes: []processState{{Is: before}}}); err != nil {
		t.Fatal(err)
	}
	put(t, e, orders(t, "ends"))
	until(t, e, "its end", func(r *deploy.Run) bool { return r.State() == deploy.Ended })
	if !is.Alive() {
		t.Error("a stranger was killed")
	}
}

// A lock of somebody who is just ending is waited for.
func TestLockSoon(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	var files [2]*os.File
	for i := range files {
		var err error
		if files[i], err = os.Create(path); err != nil {
			t.Fatal(err)
		}
		defer files[i].Close()
	}
	if err := lock(files[0]); err != nil {
		t.Fatal(err)
	}
	got := make(chan error)
	go func() { got <- lockSoon(t.Context(), files[1]) }()
	time.Sleep(2 * alive.LookEvery)
	_ = files[0].Close()
	if err := <-got; err != nil {
		t.Error(err)
	}
}

// Processes are stopped in the order of the data, whatever one of them does for itself,
// and a release that has changed since a plan was made is not touched.
func TestPut(t *testing.T) {
	e := newEngine(t)
	put(t, e, orders(t, "stays", "ends", "stays"))
	run := until(t, e, "the end of one", func(r *deploy.Run) bool {
		return len(r.Instances) == 3 && r.Instances[0].State == deploy.Ready && r.Instances[1].State == deploy.Ended && r.Instances[2].State == deploy.Ready
	})
	if run.Wanted != 3 || run.Image != "orders:v1" || run.Hash != "cafe" {
		t.Errorf("%+v", run)
	}
	v, err := e.Preview(t.Context(), orders(t, "stays", "stays"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, e, orders(t, "stays"))
	if err := e.Put(t.Context(), orders(t, "stays", "stays"), v.Seen); !errors.Is(err, deploy.ErrChanged) {
		t.Errorf("%v", err)
	}
	until(t, e, "ready", ready)
	held := e.folder("orders")
	dir, err := os.Open(string(held))
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if err := lock(dir); err != nil {
		t.Fatal(err)
	}
	if err := e.Put(t.Context(), orders(t, "stays"), ""); !errors.Is(err, deploy.ErrChanged) || !strings.Contains(err.Error(), "another command") {
		t.Errorf("%v", err)
	}
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Serve(impatient, string(held), os.LookupEnv); !errors.Is(err, errLocked) {
		t.Errorf("a second supervisor: %v", err)
	}
}

// A supervisor that does not begin is an error with what it says.
func TestPutWithoutASupervisor(t *testing.T) {
	e := newEngine(t)
	e.Command = []string{"/bin/sh", "-c", "echo it hurts >&2; exit 3"}
	if err := e.Put(t.Context(), orders(t, "stays"), ""); !errors.Is(err, errEnded) || !strings.Contains(err.Error(), "it hurts") {
		t.Errorf("%v", err)
	}
	run, err := e.Run(t.Context(), "orders")
	if err != nil || run.State() != deploy.Missing {
		t.Errorf("%v: %+v", err, run)
	}
}

// A try gives the program its secrets and their files, and changes nothing.
func TestTry(t *testing.T) {
	e := newEngine(t)
	token, file := filepath.Join(t.TempDir(), "token"), filepath.Join(t.TempDir(), "secrets.env")
	r := orders(t, "wrong")
	var g local.Group
	if err := json.Unmarshal(r.Manifest, &g); err != nil {
		t.Fatal(err)
	}
	p := &g.Processes[0]
	p.Secrets, p.SecretsFile, p.Credentials = []string{"KEY"}, file, map[string]string{"token": token}
	r, err := Release(&g, "")
	if err != nil {
		t.Fatal(err)
	}
	var refused *deploy.Refused
	if err := e.Try(t.Context(), r); !errors.As(err, &refused) || !strings.Contains(err.Error(), "KEY is missing a value") {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(file, []byte(" ; remark\n#KEY=no\nKEY = 'it is=\"so\"'\nnothing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := e.Try(t.Context(), r); !errors.As(err, &refused) || !strings.Contains(err.Error(), `it is="so" and `) || !strings.HasSuffix(err.Error(), "/credentials") {
		t.Errorf("%v", err)
	}
	r.Secrets = map[string]string{"KEY": "as it ran"}
	if err := e.Try(t.Context(), r); !errors.As(err, &refused) || !strings.Contains(err.Error(), "as it ran and ") {
		t.Errorf("%v", err)
	}
	if entries, err := os.ReadDir(string(e.folder("orders"))); err != nil || len(entries) != 1 {
		t.Errorf("%v: %v", entries, err)
	}
}

func TestAccounts(t *testing.T) {
	if _, err := accountOf("nobody-of-that-name", ""); err == nil || !strings.Contains(err.Error(), "targets.local.user") {
		t.Errorf("%v", err)
	}
	if _, err := accountOf("", "nobody-of-that-name"); err == nil || !strings.Contains(err.Error(), "targets.local.group") {
		t.Errorf("%v", err)
	}
	if a, err := accountOf("", ""); a != nil || err != nil {
		t.Errorf("%v %v", a, err)
	}
	a, err := accountOf("nobody", "")
	if os.Getuid() != 0 {
		if err == nil {
			t.Errorf("%+v", a)
		}
		t.Skip("only root can have programs run as somebody else")
	}
	if err != nil || a.uid == 0 || a.name != "nobody" {
		t.Fatalf("%+v: %v", a, err)
	}
	for _, v := range base(func(string) (string, bool) { return "of root", true }, a) {
		if name, value, _ := strings.Cut(v, "="); name == "TMPDIR" || value == "of root" && slices.Contains([]string{"HOME", "USER", "LOGNAME"}, name) {
			t.Errorf("nobody has %s", v)
		}
	}
}
