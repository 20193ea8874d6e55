//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// A machine is one to which pipelines are applied in a test: a folder of this one, in which
// nothing but the test's own supervisors is.
type machine struct {
	t         *testing.T
	dir, base string
	env       []string
	fed       int // numbers that the pipeline was given
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	if testing.Short() {
		t.Skip("builds programs")
	}
	m := &machine{t: t, dir: t.TempDir(), base: filepath.Join(t.TempDir(), "applied")}
	t.Cleanup(func() {
		entries, _ := os.ReadDir(m.base)
		for _, e := range entries {
			m.run("delete", e.Name(), "--target", "local", "--yes", "--state")
		}
	})
	return m
}

// run runs a command of flowc's, and returns its exit code and what it says.
func (m *machine) run(args ...string) (code int, stdout, stderr string) {
	m.t.Helper()
	cmd := m.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		code = ended.ExitCode()
	} else if err != nil {
		m.t.Fatal(err)
	}
	return code, out.String(), errs.String()
}

func (m *machine) command(args ...string) *exec.Cmd {
	cmd := command(m.dir, compilerCache, "flowc", args...)
	cmd.Env = append(append(cmd.Env, localVariable+"="+m.base, managerVariable+"="+managerSupervisor), m.env...)
	return cmd
}

// flowc runs a command, and fails the test where its exit code is another, or something is
// not said.
func (m *machine) flowc(code int, args []string, says ...string) string {
	m.t.Helper()
	got, out, errs := m.run(args...)
	if got != code {
		_, log, _ := m.run("logs", "grist", "--target", "local")
		m.t.Fatalf("flowc %s: exit code %d, not %d\n%s%s\n%s", strings.Join(args, " "), got, code, out, errs, log)
	}
	m.t.Logf("$ flowc %s\n%s%s", strings.Join(args, " "), out, errs)
	for _, text := range says {
		if !strings.Contains(out+errs, text) {
			m.t.Errorf("flowc %s does not say %q:\n%s%s", strings.Join(args, " "), text, out, errs)
		}
	}
	return out + errs
}

// write is the pipeline: what is odd of numbers, with options of the target and with
// another processor.
func (m *machine) write(options, more string) {
	m.t.Helper()
	from := "odd"
	if more != "" {
		from = "more"
	}
	writeFile(m.t, filepath.Join(m.dir, "pipeline.yaml"), `pipeline: grist
types: {Line: {n: int}}
sources: {lines: {use: file, config: {path: "in/*.ndjson", follow: true}, out: Line}}
processors: {odd: {from: lines, filter: in.N % 2 == 1}`+more+`}
sinks: {out: {from: `+from+`, use: file, config: {path: out/odd.ndjson}}}
targets: {local: {`+options+"}}\n")
}

func (m *machine) out() string { return filepath.Join(m.base, "grist", "data", "out", "odd.ndjson") }

// feed gives the pipeline more numbers.
func (m *machine) feed() {
	m.t.Helper()
	if err := os.MkdirAll(filepath.Join(m.dir, "in"), 0o755); err != nil {
		m.t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(m.dir, "in", "lines.ndjson"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		m.t.Fatal(err)
	}
	defer f.Close()
	for range 1000 {
		fmt.Fprintf(f, "{\"n\":%d}\n", m.fed)
		m.fed++
	}
}

// arrived waits until each odd number is there, and holds that it is there once.
func (m *machine) arrived() {
	m.t.Helper()
	eventually(m.t, "all numbers arrive", func() bool { return len(linesOf(m.t, m.out())) >= m.fed/2 })
	for i, line := range linesOf(m.t, m.out()) {
		if want := fmt.Sprintf(`{"n":%d}`, 2*i+1); line != want {
			m.t.Fatalf("line %d is %s, not %s", i, line, want)
		}
	}
}

// A seenState is what a supervisor writes down, as far as tests look at it.
type seenState struct {
	Supervisor struct{ PID int }
	Processes  []seenProcess
}

// A seenProcess is one of a group.
type seenProcess struct {
	Name, Phase string
	Is          struct{ PID int }
	Restarts    int
}

func (m *machine) state() seenState {
	m.t.Helper()
	return m.stateOf("grist")
}

// stateOf is that of a pipeline.
func (m *machine) stateOf(name string) (s seenState) {
	m.t.Helper()
	text, err := os.ReadFile(filepath.Join(m.base, name, "state.json"))
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil || len(s.Processes) == 0 {
		m.t.Fatalf("%v: %s", err, text)
	}
	return s
}

// pid is the process of the program, once it is ready.
func (m *machine) pid() (pid int) {
	m.t.Helper()
	eventually(m.t, "the program is ready", func() bool {
		p := m.state().Processes[0]
		pid = p.Is.PID
		return p.Phase == "ready"
	})
	return pid
}

// copies are the processes of the program that run, whoever started them.
func (m *machine) copies() (all []string) {
	m.t.Helper()
	out, err := exec.Command("ps", "-A", "-o", "pid=,stat=,args=").Output()
	if err != nil {
		m.t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) > 2 && strings.HasPrefix(fields[2], m.base+"/grist/programs/") && fields[1][0] != 'Z' {
			all = append(all, fields[0])
		}
	}
	return all
}

func kill(t *testing.T, pid int, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatal(err)
	}
}

var applyYes = []string{"apply", "--yes"}

// A pipeline is applied, applied again, changed in its tunables and in its shape, and given
// versions that can't start and that die; records go on arriving, each once.
func TestLocalApply(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write("", "")
	m.feed()
	m.flowc(exitUsage, []string{"apply"}, "--yes")
	m.flowc(exitOK, []string{"apply", "--dry-run"}, "grist at this machine, below supervisors of flowc's in "+m.base, "+ create supervisor grist", "+ create folder "+m.base+"/grist/data")
	m.flowc(exitDrift, []string{"apply", "--diff"})
	if _, err := os.Stat(m.base); err == nil {
		t.Error("a plan makes something")
	}
	m.flowc(exitEnv, []string{"status"}, "grist was not applied at this machine")
	m.flowc(exitUsage, []string{"apply", "--yes", "--image", "grist:1"}, "leave out --image")

	m.flowc(exitOK, applyYes, "grist: applied, ready")
	m.arrived()
	first := m.pid()
	var status struct{ Result statusResult }
	if err := json.Unmarshal([]byte(m.flowc(exitOK, []string{"status", "--format", "json"})), &status); err != nil {
		t.Fatal(err)
	}
	if r := status.Result; len(r.Runs) != 1 || r.Runs[0].State != deploy.Ready || len(r.Runs[0].Instances) != 1 || r.Runs[0].Instances[0].Name != "grist" {
		t.Errorf("%+v", status.Result)
	}

	m.flowc(exitOK, applyYes, "grist: unchanged, ready")
	m.flowc(exitOK, []string{"apply", "--diff"}, "nothing to change")
	if m.pid() != first {
		t.Error("what is unchanged is another process")
	}

	t.Log("stopped and started again")
	m.flowc(exitOK, []string{"stop"}, "grist: stopped")
	if left := m.copies(); len(left) > 0 {
		t.Errorf("%q still run", left)
	}
	m.feed()
	m.flowc(exitOK, []string{"status"}, "stopped")
	m.flowc(exitDrift, []string{"apply", "--diff"}, "~ start  supervisor grist")
	m.flowc(exitOK, []string{"restart"}, "grist: ready")
	m.arrived()
	m.flowc(exitUsage, []string{"stop", "grist", "--timeout", "1s"}, "--timeout is for what `flowc run` has started")
	m.flowc(exitOK, []string{"apply", "--diff"}, "nothing to change")

	t.Log("a tunable and a secret")
	secrets := filepath.Join(m.dir, "secrets.env")
	with := func(set string) string {
		return fmt.Sprintf("secrets: {names: [KEY], environment_file: %s}, env: {FLOWC_SET: %q}", secrets, set)
	}
	m.write(with("lines.config.max_record=1MiB"), "")
	m.flowc(exitEnv, applyYes, "KEY is missing a value: a secret of the pipeline grist. Write KEY=… into "+secrets)
	writeFile(t, secrets, "# shop\nKEY=\"one-secret-value\"\n")
	m.feed()
	m.flowc(exitOK, applyYes, "~ change supervisor grist  (stopped in order, which may take 35s", "environment.FLOWC_SET", "lines.config.max_record=1MiB", "+ environment.KEY", "a secret, of "+secrets, "grist: applied, ready")
	second := m.pid()
	if second == first {
		t.Error("a tunable makes no other process")
	}
	m.arrived()
	writeFile(t, secrets, "KEY=two-secret-values\n")
	if said := m.flowc(exitDrift, []string{"apply", "--diff"}, "environment.KEY", "whose value is another"); strings.Contains(said, "secret-value") {
		t.Error("a plan has a secret")
	}

	t.Log("a version that can't start")
	m.write(with("lines.config.nothing=1"), "")
	m.flowc(exitEnv, applyYes, "can't start, and what runs was not touched", "lines.config.nothing")
	if m.pid() != second {
		t.Error("what can't start disturbs what runs")
	}

	t.Log("one that dies, with another value of the secret")
	writeFile(t, filepath.Join(m.base, "grist", "data", "plain"), "")
	m.write(with("out.config.path=plain/odd.ndjson"), "")
	m.flowc(exitDied, applyYes, "ended 3 times, last with exit code", "rolled back: ", "runs again")
	third := m.pid()
	if env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", third)); err == nil && (!bytes.Contains(env, []byte("KEY=one-secret-value")) || !bytes.Contains(env, []byte("max_record"))) {
		t.Errorf("what runs again has %s", bytes.ReplaceAll(env, []byte{0}, []byte{'\n'}))
	}
	m.feed()
	m.arrived()

	t.Log("another shape")
	m.write("", ", more: {from: odd, filter: in.N >= 0}")
	m.feed()
	m.flowc(exitOK, []string{"apply", "--yes", "--prune"}, "~ program ", "- environment.KEY", "- delete program grist:", "grist: applied, ready")
	m.arrived()
	if programs, _ := filepath.Glob(filepath.Join(m.base, "grist", "programs", "*")); len(programs) != 1 {
		t.Errorf("after --prune there are %q", programs)
	}

	t.Log("deleted, with its state after it")
	m.flowc(exitOK, []string{"delete", "--yes"}, "it holds data, and --state deletes it", "grist: deleted")
	if left := m.copies(); len(left) > 0 {
		t.Errorf("%q still run", left)
	}
	m.flowc(exitOK, []string{"status"}, "does not run", "is kept")
	if entries, _ := os.ReadDir(filepath.Join(m.base, "grist")); len(entries) != 1 || entries[0].Name() != "data" {
		t.Errorf("%v are left", entries)
	}
	m.arrived()
	m.flowc(exitOK, applyYes, "= keep   folder", "grist: applied, ready")
	m.feed()
	m.arrived()
	m.flowc(exitOK, []string{"delete", "grist", "-t", "local", "--state", "--yes"})
	if entries, _ := os.ReadDir(m.base); len(entries) != 0 {
		t.Errorf("%v are left", entries)
	}
}

// What is killed comes back: the program by its supervisor, and what had a supervisor by
// the next command, and never twice.
func TestLocalKilled(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write("", "")
	m.feed()
	m.flowc(exitOK, applyYes)
	m.arrived()

	following := m.command("logs", "-f", "--tail", "1")
	var log said
	following.Stdout = &log
	if err := following.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = following.Process.Signal(syscall.SIGINT)
		_ = following.Wait()
	}()
	eventually(t, "the log is followed", func() bool { return log.String() == "grist | ready\n" })

	t.Log("the program is killed while numbers come")
	var feeding sync.WaitGroup
	feeding.Go(m.feed)
	killed := m.pid()
	kill(t, killed, syscall.SIGKILL)
	feeding.Wait()
	eventually(t, "the program is started again", func() bool {
		p := m.state().Processes[0]
		return p.Restarts == 1 && p.Phase == "ready" && p.Is.PID != killed
	})
	m.arrived()
	m.flowc(exitOK, []string{"status"}, "ready", "started again once")
	eventually(t, "the log goes on", func() bool {
		return strings.Contains(log.String(), "grist | ended with code 137; it starts again in 1s\n")
	})

	t.Log("the supervisor is killed while numbers come")
	s := m.state()
	feeding.Go(m.feed)
	kill(t, s.Supervisor.PID, syscall.SIGKILL)
	feeding.Wait()
	gone := fmt.Sprintf("its supervisor, process %d, is gone without having stopped it", s.Supervisor.PID)
	eventually(t, "the supervisor is gone", func() bool {
		_, out, _ := m.run("status")
		return strings.Contains(out, gone)
	})
	m.flowc(exitOK, []string{"status"}, "failed", gone, "`flowc apply` starts it again")
	m.flowc(exitDrift, []string{"apply", "--diff"}, "~ start  supervisor grist  ("+gone)
	m.flowc(exitOK, applyYes, "grist: applied, ready")
	if copies := m.copies(); !slices.Equal(copies, []string{fmt.Sprint(m.pid())}) {
		t.Errorf("%q run, and not %d alone", copies, m.pid())
	}
	m.arrived()
	eventually(t, "the log goes on", func() bool { return strings.Count(log.String(), "grist | ready\n") == 3 })

	t.Log("the supervisor is killed, and everything is deleted")
	s = m.state()
	kill(t, s.Supervisor.PID, syscall.SIGKILL)
	m.flowc(exitOK, []string{"delete", "--state", "--yes"}, "grist: deleted")
	if copies := m.copies(); len(copies) > 0 {
		t.Errorf("%q still run", copies)
	}
}

// A pipeline in several processes is one group: it writes what it writes in one process, and
// a copy that is killed goes on where it was.
func TestLocalApplyScaled(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.env = append(m.env, "NATS_URL="+newNATSServer(t).url())
	text := `pipeline: grist
types: {Line: {n: int}}
edges: {nats: {url: "${env:NATS_URL}"}}
sources: {lines: {use: file, config: {path: "in/*.ndjson", follow: true}, out: Line}}
processors: {odd: {from: lines, key: in.N % 7, scale: {replicas: 2}, filter: in.N % 2 == 1}}
sinks: {out: {from: odd, use: file, config: {path: out/odd.ndjson}}}
targets: {local: {}}
`
	writeFile(t, filepath.Join(m.dir, "pipeline.yaml"), text)
	m.feed()
	m.flowc(exitOK, applyYes, "grist: applied, ready")
	arrived := func() {
		t.Helper()
		var want []string
		for i := 1; i < m.fed; i += 2 {
			want = append(want, fmt.Sprintf(`{"n":%d}`, i))
		}
		slices.Sort(want)
		var got []string
		eventually(t, "all numbers arrive", func() bool { got = linesOf(t, m.out()); return len(got) >= len(want) })
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%d lines, and not these %d", len(got), len(want))
		}
	}
	arrived()
	m.flowc(exitOK, []string{"status"}, "grist-odd@0", "grist-odd@1", "grist-out")
	m.flowc(exitOK, applyYes, "grist: unchanged, ready")
	i := slices.IndexFunc(m.state().Processes, func(p seenProcess) bool { return p.Name == "grist-odd@1" })
	kill(t, m.state().Processes[i].Is.PID, syscall.SIGKILL)
	m.feed()
	arrived()
	m.flowc(exitOK, []string{"logs"}, "grist-odd@1 | ended with code 137")
}

// A folder of pipelines: one that ends, as JSON, and two that don't; then one of them is
// gone from the folder, and one is stopped by somebody.
func TestLocalApplyFolder(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	endless := func(name string) string {
		return `pipeline: ` + name + `
types: {E: {n: int}}
sources: {in: {use: generate, config: {rate: 20}, out: E}}
sinks: {out: {from: in, use: log}}
targets: {local: {}}
`
	}
	once := `{"pipeline": "once", "types": {"E": {"n": "int"}}, "sources": {"in": {"use": "generate", "config": {"count": 5}, "out": "E"}},
		"sinks": {"out": {"from": "in", "use": "stdout"}}, "targets": {"local": {}}}`
	writeFile(t, filepath.Join(m.dir, "left.flow.yaml"), endless("left"))
	writeFile(t, filepath.Join(m.dir, "right.flow.yaml"), endless("right"))
	writeFile(t, filepath.Join(m.dir, "once.flow.json"), once)
	m.flowc(exitOK, []string{"apply", "-f", ".", "--yes"}, "left: applied, ready", "right: applied, ready", "once: applied, ended")
	m.flowc(exitOK, []string{"apply", "-f", ".", "--yes"}, "left: unchanged, ready", "right: unchanged, ready", "once: unchanged, ended")
	m.flowc(exitOK, []string{"logs", "once", "-t", "local", "--tail", "100"}, `once | {"n":`, "once | once: 5 in · 5 out")

	t.Log("stopped by somebody")
	code, out, _ := m.run("status", "right", "-t", "local", "--format", "json")
	var status struct{ Result statusResult }
	if err := json.Unmarshal([]byte(out), &status); err != nil || code != 0 {
		t.Fatal(err, out)
	}
	var s seenState
	text, err := os.ReadFile(filepath.Join(m.base, "right", "state.json"))
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	kill(t, s.Supervisor.PID, syscall.SIGTERM)
	eventually(t, "it has stopped", func() bool {
		_, out, _ := m.run("status", "right", "-t", "local")
		return strings.Contains(out, "stopped")
	})
	m.flowc(exitDrift, []string{"apply", "right.flow.yaml", "--diff"}, "~ start  supervisor right  (it was stopped)")
	m.flowc(exitOK, []string{"apply", "right.flow.yaml", "--yes"}, "right: applied, ready")

	t.Log("one is gone from the folder")
	if err := os.Remove(filepath.Join(m.dir, "left.flow.yaml")); err != nil {
		t.Fatal(err)
	}
	m.flowc(exitOK, []string{"apply", ".", "--yes", "--prune"}, "- delete supervisor left", "left: deleted", "right: unchanged", "once: unchanged")
	m.flowc(exitOK, []string{"status", "-A", "-t", "local"}, "left", "does not run", "right", "once")

	t.Log("a schedule needs systemd")
	writeFile(t, filepath.Join(m.dir, "once.flow.json"), strings.Replace(once, `"local": {}`, `"local": {"schedule": "0 3 * * *"}`, 1))
	m.flowc(exitEnv, []string{"apply", "once.flow.json", "--yes"}, "nobody but systemd starts a run by the clock")
}
