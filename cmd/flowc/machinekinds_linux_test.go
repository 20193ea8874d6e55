package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tallying is a pipeline that ends by itself.
const tallying = `pipeline: tally
types: {E: {n: int}}
sources: {in: {use: generate, config: {count: 5}, out: E}}
sinks: {out: {from: in, use: stdout}}
`

// A run is started by apply, and once; one that fails is told of; and by a timer it is
// started again and again.
func TestMachineRuns(t *testing.T) {
	a := newBooted(t, nil).applied("tally")
	a.write(tallying, "")
	said, _ := a.flowc(exitOK, "apply", "--yes")
	a.says(said, "tally: applied, ended")
	began := a.show("tally", "ExecMainStartTimestampMonotonic")
	said, _ = a.flowc(exitOK, "apply", "--yes")
	a.says(said, "tally: unchanged, ended")
	if again := a.show("tally", "ExecMainStartTimestampMonotonic"); again != began {
		t.Errorf("a run that has ended is started again, at %s", again)
	}
	said, _ = a.flowc(exitOK, "logs", "--tail", "100")
	a.says(said, `tally | {"n":`, "tally | tally: 5 in · 5 out")

	t.Log("a run that fails")
	a.Run("touch", "/var/lib/private/tally/plain")
	failing := strings.Replace(tallying, "use: stdout", "use: file, config: {path: plain/out.ndjson}", 1)
	a.write(failing, "")
	_, errs := a.flowc(exitDied, "apply", "--yes")
	a.says(errs, "mkdir plain: not a directory", "rolled back: ")
	a.flowc(exitOK, "status")

	t.Log("by the clock")
	a.write(tallying, `schedule: "*:*:0/2"`)
	said, _ = a.flowc(exitOK, "apply", "--yes")
	a.says(said, "+ create unit tally.timer", "tally: applied, ready")
	runs := func() int {
		said, _ := a.Command("journalctl", "--unit=tally.service", "--output=cat", "--no-pager").CombinedOutput()
		return strings.Count(string(said), "tally: 5 in · 5 out")
	}
	before := runs()
	eventually(t, "the timer starts runs", func() bool { return runs() >= before+2 })
	said, _ = a.flowc(exitOK, "status")
	a.says(said, "tally.timer  ready", "it starts next at ")
	said, _ = a.flowc(exitOK, "apply", "--yes")
	a.says(said, "tally: unchanged")
	a.flowc(exitOK, "apply", "--diff")

	t.Log("the machine is rebooted")
	a.Reboot()
	before = runs()
	eventually(t, "the timer starts runs", func() bool { return runs() > before })
	a.Run("systemctl", "stop", "tally.timer")
	said, _ = a.flowc(exitDrift, "apply", "--diff")
	a.says(said, "~ start  unit tally.timer")
	a.flowc(exitOK, "apply", "--yes")

	t.Log("without the clock")
	a.write(tallying, "")
	said, _ = a.flowc(exitOK, "apply", "--yes")
	a.says(said, "- delete unit tally.timer", "tally: applied")
	a.flowc(exitOK, "apply", "--diff")
	a.flowc(exitOK, "delete", "--state", "--yes")
	a.nothing()
}

// A folder of pipelines is applied as one, and those that are gone from it go.
func TestMachineFolder(t *testing.T) {
	a := newBooted(t, nil).applied("shop")
	endless := func(name, more string) string {
		return `pipeline: ` + name + `
types: {E: {n: int}}
sources: {in: {use: generate, config: {rate: 20}, out: E}}
sinks: {out: {from: in, use: log}}
targets: {local: {` + more + `}}
`
	}
	writeFile(t, filepath.Join(a.dir(), "left.flow.yaml"), endless("left", ""))
	writeFile(t, filepath.Join(a.dir(), "right.flow.yaml"), endless("right", ""))
	writeFile(t, filepath.Join(a.dir(), "once.flow.yaml"), strings.Replace(tallying, "tally", "once", 1)+"targets: {local: {}}\n")
	said, _ := a.flowc(exitOK, "apply", "-f", ".", "--yes")
	a.says(said, "left: applied, ready", "right: applied, ready", "once: applied, ended")
	said, _ = a.flowc(exitOK, "apply", "-f", ".", "--yes")
	a.says(said, "left: unchanged, ready", "right: unchanged, ready", "once: unchanged, ended")
	left := a.show("left", "MainPID")
	writeFile(t, filepath.Join(a.dir(), "right.flow.yaml"), endless("right", "tasks: 64"))
	said, _ = a.flowc(exitOK, "apply", ".", "--yes")
	a.says(said, "left: unchanged, ready", "Service.TasksMax  256 → 64", "right: applied, ready")
	if again := a.show("left", "MainPID"); again != left {
		t.Error("a change of one pipeline disturbs another")
	}
	if err := os.Remove(filepath.Join(a.dir(), "left.flow.yaml")); err != nil {
		t.Fatal(err)
	}
	said, _ = a.flowc(exitOK, "apply", ".", "--yes", "--prune")
	a.says(said, "- delete unit left.service", "left: deleted", "right: unchanged", "once: unchanged")
	said, _ = a.flowc(exitOK, "status", "-A", "-t", "local")
	a.says(said, "right", "once")
	for _, name := range []string{"left", "right", "once"} {
		a.flowc(exitOK, "delete", name, "-t", "local", "--state", "--yes")
		(&unitsApplied{bootedMachine: a.bootedMachine, name: name}).nothing()
	}
}
