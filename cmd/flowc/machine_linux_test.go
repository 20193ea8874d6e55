package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/backends/local/machinetest"
)

// A bootedMachine is one with a systemd of its own, to which pipelines are applied.
type bootedMachine struct {
	*machinetest.Machine
	t *testing.T
}

// newBooted boots a machine that can compile, where `make e2e-local` asks for it. It has
// programs of this one by where they are there.
func newBooted(t *testing.T, programs map[string]string) *bootedMachine {
	t.Helper()
	if os.Getenv("FLOWC_MACHINE") == "" {
		t.Skip("boots a machine: make e2e-local")
	}
	if why := machinetest.NotHere(); why != "" {
		t.Skip(why)
	}
	t.Parallel() // each has a machine of its own, and most of the time it waits
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := machinetest.Options{
		Reads:  map[string]string{flowcThere: self, goEnv(t, "GOMODCACHE"): goEnv(t, "GOMODCACHE")},
		Layers: map[string]string{goEnv(t, "GOCACHE"): goEnv(t, "GOCACHE")},
	}
	maps.Copy(o.Reads, programs)
	if root := goEnv(t, "GOROOT"); !strings.HasPrefix(root, "/usr/") {
		o.Reads[root] = root
	}
	m := &bootedMachine{machinetest.New(t, o), t}
	t.Cleanup(func() {
		if t.Failed() {
			text, _ := m.Command("sh", "-c", "journalctl --no-pager --lines=60; systemctl --no-pager --failed").CombinedOutput()
			t.Logf("the machine's last words:\n%s", text)
		}
	})
	return m
}

// flowcThere is where the machine has flowc.
const flowcThere = "/opt/flowc/flowc"

// A unitsApplied is a pipeline that flowc applies to a machine of the test's own.
type unitsApplied struct {
	*bootedMachine
	name string
	env  []string
	fed  int // lines that the pipeline was given
}

// applied is a pipeline of a name in a folder of its own.
func (m *bootedMachine) applied(name string) *unitsApplied {
	m.t.Helper()
	a := &unitsApplied{bootedMachine: m, name: name}
	if err := os.MkdirAll(filepath.Join(a.dir(), "in"), 0o755); err != nil {
		m.t.Fatal(err)
	}
	return a
}

// dir is where this machine sees the pipeline's folder, there its own.
func (a *unitsApplied) dir() string { return a.Path(a.there()) }

func (a *unitsApplied) there() string { return "/srv/" + a.name }

// file is where this machine sees a file of the pipeline's state.
func (a *unitsApplied) file(name string) string {
	return a.Path("/var/lib/private/" + a.name + "/" + name)
}

// write writes the pipeline, with options of the target.
func (a *unitsApplied) write(pipeline, options string) {
	a.t.Helper()
	writeFile(a.t, filepath.Join(a.dir(), "pipeline.yaml"), pipeline+"targets: {local: {"+options+"}}\n")
}

// command is one of flowc's, in the pipeline's folder.
func (a *unitsApplied) command(args ...string) *exec.Cmd {
	a.t.Helper()
	cmd := a.Command("env", append([]string{"-C", a.there(), flowcThere}, args...)...)
	cmd.Env = append(cmd.Env, "GOFLAGS=-buildvcs=false", "GOTOOLCHAIN=local", "GOPROXY=off", "NO_COLOR=1", "GOCACHE="+goEnv(a.t, "GOCACHE"), "GOMODCACHE="+goEnv(a.t, "GOMODCACHE"),
		"PATH="+filepath.Join(goEnv(a.t, "GOROOT"), "bin")+":/usr/sbin:/usr/bin")
	cmd.Env = append(cmd.Env, a.env...)
	return cmd
}

// flowc runs a command, and fails the test where its exit code is another.
func (a *unitsApplied) flowc(code int, args ...string) (stdout, stderr string) {
	a.t.Helper()
	cmd := a.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	began := time.Now()
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		a.t.Fatal(err)
	}
	a.t.Logf("$ flowc %s  (%d, %s)\n%s%s", strings.Join(args, " "), cmd.ProcessState.ExitCode(), time.Since(began).Round(100*time.Millisecond), &out, &errs)
	if got := cmd.ProcessState.ExitCode(); got != code {
		journal, _ := a.Command("journalctl", "--no-pager", "--boot", "--lines=40").CombinedOutput()
		a.t.Fatalf("flowc %s: exit code %d, not %d\n%s", strings.Join(args, " "), got, code, journal)
	}
	return out.String(), errs.String()
}

// says fails the test where a text lacks one of others.
func (a *unitsApplied) says(text string, want ...string) {
	a.t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			a.t.Errorf("it does not say %q:\n%s", w, text)
		}
	}
}

// show is a property of a unit's, as systemd has it.
func (a *unitsApplied) show(unit, property string) string {
	a.t.Helper()
	return strings.TrimSpace(a.Run("systemctl", "show", "--value", "--property="+property, unit))
}

// nothing fails the test where something of the pipeline is there. What it keeps at a broker
// is the broker's.
func (a *unitsApplied) nothing() {
	a.t.Helper()
	left := a.Run("sh", "-c", `name=$1
find /etc/systemd /run/systemd /var/lib /usr/local/libexec -path /var/lib/nats -prune -o \( -name "$name*" -o -name "*[!a-z]$name*" \) -print 2>/dev/null
systemctl list-units --all --no-legend --plain "$name*"
systemctl list-unit-files --no-legend "$name*"
ps -eo args= | grep "^/usr/local/libexec/flowc/$name/"
find /sys/fs/cgroup -name "$name*"
true`, "sh", a.name)
	if left != "" {
		a.t.Errorf("of %s there is\n%s", a.name, left)
	}
}

// feed gives the pipeline more lines.
func (a *unitsApplied) feed(n int) {
	a.t.Helper()
	f, err := os.OpenFile(filepath.Join(a.dir(), "in", "lines.ndjson"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		a.t.Fatal(err)
	}
	defer f.Close()
	for range n {
		fmt.Fprintf(f, `{"n":%d,"text":"line %d"}`+"\n", a.fed, a.fed)
		a.fed++
	}
}

// arrived waits until the odd ones of all lines are written, and holds that each is once.
func (a *unitsApplied) arrived() {
	a.t.Helper()
	var want []int
	for i := 1; i < a.fed; i += 2 {
		want = append(want, i)
	}
	out := a.file("out/odd.ndjson")
	eventually(a.t, "all is written", func() bool { return len(linesOf(a.t, out)) >= len(want) })
	if got := numbers(a.t, out); !slices.Equal(got, want) {
		a.t.Errorf("%d records, and not these %d", len(got), len(want))
	}
}
