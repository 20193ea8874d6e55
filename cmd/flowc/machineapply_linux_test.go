package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A pipeline that is fed all the time goes through all that `apply` does to it, and through
// what befalls it: nothing is lost and nothing is doubled, and what is written is what the
// program alone writes.
func TestMachineApply(t *testing.T) {
	a := newBooted(t, nil).applied("mill")
	a.write(mill, "")
	out := a.file("out/odd.ndjson")
	grows := func() {
		t.Helper()
		before := len(linesOf(t, out))
		eventually(t, "the program writes", func() bool { return len(linesOf(t, out)) > before+100 })
	}

	_, errs := a.flowc(exitUsage, "apply")
	a.says(errs, "--yes")
	said, _ := a.flowc(exitOK, "apply", "--dry-run")
	a.says(said, "mill at this machine, as units of systemd: new, ", "+ create unit mill.service", "+ create folder /var/lib/mill", "3 to create")
	a.flowc(exitDrift, "apply", "--diff")
	a.nothing()
	_, errs = a.flowc(exitEnv, "status")
	a.says(errs, "mill was not applied at this machine, as units of systemd")

	a.flowc(exitOK, "apply", "--yes")
	feeding := filepath.Join(a.dir(), "in", "lines.ndjson")
	lines := newFeed(t, feeding)
	grows()
	first := a.show("mill", "MainPID")

	t.Log("the same again")
	said, _ = a.flowc(exitOK, "apply", "--yes")
	a.says(said, "mill: unchanged, ready")
	a.flowc(exitOK, "apply", "--diff")
	if again := a.show("mill", "MainPID"); again != first {
		t.Errorf("what is unchanged is process %s, not %s", again, first)
	}

	t.Log("somebody changes it by hand")
	a.Run("sed", "-i", "s/^TasksMax=.*/TasksMax=99/", "/etc/systemd/system/mill.service")
	said, _ = a.flowc(exitDrift, "apply", "--diff")
	a.says(said, "~ change unit mill.service  (stopped in order, which may take 35 s, and started again)", "Service.TasksMax  99 → 256")
	a.flowc(exitOK, "apply", "--yes")
	a.flowc(exitOK, "apply", "--diff")
	grows()

	t.Log("a tunable changes")
	const tuned = "env: {FLOWC_SET: lines.config.max_record=1MiB}"
	a.write(mill, tuned)
	said, _ = a.flowc(exitOK, "apply", "--yes")
	a.says(said, "lines.config.max_record=1MiB", "mill: applied, ready")
	grows()

	t.Log("the process is killed")
	following := a.command("logs", "mill", "-t", "local", "-f", "--tail", "1")
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	following.Stdout = log
	if err := following.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the last line of the log", func() bool { return len(linesOf(t, log.Name())) == 1 })
	a.Run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", "mill")
	grows()
	eventually(t, "it is ready again", func() bool { return a.show("mill", "ActiveState") == "active" })
	said, _ = a.flowc(exitOK, "status")
	a.says(said, "ready", "started again once")
	eventually(t, "the log goes on", func() bool {
		return strings.Contains(strings.Join(linesOf(t, log.Name()), "\n"), "Started mill.service")
	})
	if err := following.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = following.Wait()
	said, _ = a.flowc(exitOK, "apply", "--yes")
	a.says(said, "mill: unchanged")
	second := a.show("mill", "MainPID")

	t.Log("versions that can't start")
	a.write(mill, "env: {FLOWC_SET: lines.config.nothing=1}")
	_, errs = a.flowc(exitEnv, "apply", "--yes")
	a.says(errs, "can't start, and what runs was not touched", "lines.config.nothing")
	a.write(mill, tuned+", secrets: {names: [EXTRA]}")
	_, errs = a.flowc(exitEnv, "apply", "--yes")
	a.says(errs, "can't start, and what runs was not touched", "/etc/mill/secrets.env is not there")
	if again := a.show("mill", "MainPID"); again != second {
		t.Errorf("what can't start disturbs what runs: it is process %s, not %s", again, second)
	}

	t.Log("one that dies at work")
	a.Run("touch", "/var/lib/private/mill/plain")
	a.write(mill, "env: {FLOWC_SET: out.config.path=plain/odd.ndjson}")
	_, errs = a.flowc(exitDied, "apply", "--yes")
	a.says(errs, "mill ended 3 times", "mkdir plain: not a directory", "rolled back: ", "runs again")
	grows()
	a.write(mill, tuned)
	a.flowc(exitOK, "apply", "--diff")

	t.Log("stopped by somebody")
	a.Run("systemctl", "stop", "mill")
	said, _ = a.flowc(exitOK, "status")
	a.says(said, "stopped")
	said, _ = a.flowc(exitDrift, "apply", "--diff")
	a.says(said, "~ start  unit mill.service  (it was stopped)")
	a.flowc(exitOK, "apply", "--yes")
	grows()

	t.Log("stopped, the machine rebooted, and started again")
	said, _ = a.flowc(exitOK, "stop")
	a.says(said, "mill: stopped")
	still := len(linesOf(t, out))
	a.Reboot()
	said, _ = a.flowc(exitOK, "ps", "--target", "local")
	a.says(said, "mill", "stopped")
	said, _ = a.flowc(exitDrift, "apply", "--diff")
	a.says(said, "~ start  unit mill.service")
	if now := len(linesOf(t, out)); now != still {
		t.Errorf("what is stopped writes %d records", now-still)
	}
	said, _ = a.flowc(exitOK, "restart")
	a.says(said, "mill: ready")
	a.flowc(exitOK, "apply", "--diff")
	grows()
	third := a.show("mill", "MainPID")
	a.flowc(exitOK, "restart", "mill", "-t", "local")
	if a.show("mill", "MainPID") == third {
		t.Error("a restart leaves the process as it is")
	}
	grows()

	t.Log("the machine is rebooted")
	a.Reboot()
	grows()
	said, _ = a.flowc(exitOK, "apply", "--yes")
	a.says(said, "mill: unchanged, ready")

	before, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	before = before[:bytes.LastIndexByte(before, '\n')+1]

	t.Log("the shape changes")
	marked := strings.Replace(mill, "sinks:", "  marked: {from: odd, set: {seen: '\"yes\"'}}\nsinks:", 1)
	marked = strings.Replace(marked, "out: {from: odd", "out: {from: marked", 1)
	a.write(marked, tuned)
	said, _ = a.flowc(exitOK, "apply", "--yes", "--prune")
	a.says(said, "~ change unit mill.service", "- delete program mill:", "mill: applied, ready")
	grows()

	n := lines.end()
	var want []int
	dead := 0
	for i := range n {
		switch {
		case i%500 == 499:
			dead++
		case i%2 == 1:
			want = append(want, i)
		}
	}
	letters := a.file("out/dead.ndjson")
	eventually(t, "all is written", func() bool { return len(linesOf(t, out)) >= len(want) && len(linesOf(t, letters)) >= dead })
	said, _ = a.flowc(exitOK, "delete", "--yes")
	a.says(said, "- delete unit mill.service", "mill: deleted")
	if got := numbers(t, out); !slices.Equal(got, want) {
		t.Errorf("%d records, not %d", len(got), len(want))
	}
	if got := len(linesOf(t, letters)); got != dead {
		t.Errorf("%d dead letters, not %d", got, dead)
	}
	alone := standalone(t, strings.Replace(mill, "follow: true", "follow: false", 1), feeding)
	if !bytes.HasPrefix(alone, before) {
		t.Errorf("the first %d bytes are not what the program writes by itself", len(before))
	}
	a.flowc(exitOK, "delete", "mill", "-t", "local", "--state", "--yes")
	a.nothing()
	t.Logf("%d lines in, %d out, %d dead letters, as the program has it by itself", n, len(want), dead)
}
