package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestMachineScaled has three processes, the middle one twice, over a broker that the machine
// has. Each is killed, their settings and their shape change, the machine is rebooted; what
// is written is what the program in one process writes, each record once.
func TestMachineScaled(t *testing.T) {
	const there = "/opt/nats/nats-server"
	a := newBooted(t, map[string]string{there: natsProgram(t)}).applied("bobbin")
	writeFile(t, a.Path("/etc/systemd/system/nats.service"), "[Service]\nExecStart="+there+" -js -sd /var/lib/nats -a 127.0.0.1\n\n[Install]\nWantedBy=multi-user.target\n")
	a.Run("systemctl", "enable", "--now", "nats")
	const options = `env: {NATS_URL: "nats://127.0.0.1:4222"}`
	a.write(bobbin, options)
	in := filepath.Join(a.dir(), "in")
	lines := newFeed(t, filepath.Join(in, "lines.ndjson"))
	out := a.Path("/var/lib/private/bobbin-out/out/odd.ndjson")
	grows := func() {
		t.Helper()
		before := len(linesOf(t, out))
		eventually(t, "the program writes", func() bool { return len(linesOf(t, out)) > before+100 })
	}
	services := []string{"bobbin.service", "bobbin-odd@0.service", "bobbin-odd@1.service", "bobbin-out.service"}
	pids := func() (all []string) {
		for _, s := range services {
			all = append(all, a.show(s, "MainPID"))
		}
		return all
	}
	said, _ := a.flowc(exitOK, "apply", "--yes")
	a.says(said, "+ create unit bobbin-odd@1.service", "+ create unit bobbin.target", "bobbin: applied, ready")
	grows()
	first := pids()
	said, _ = a.flowc(exitOK, "apply", "--yes")
	a.says(said, "bobbin: unchanged, ready")
	said, _ = a.flowc(exitOK, "status")
	a.says(said, "bobbin-odd@0", "bobbin-odd@1", "bobbin-out")
	if again := pids(); !slices.Equal(again, first) {
		t.Errorf("what is unchanged are processes %v, not %v", again, first)
	}

	for _, s := range services {
		t.Log(s + " is killed")
		a.Run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", s)
		eventually(t, s+" is started again", func() bool { return a.show(s, "NRestarts") == "1" && a.show(s, "ActiveState") == "active" })
		grows()
	}

	t.Log("a setting, and the shape")
	a.write(bobbin, options+", tasks: 128")
	said, _ = a.flowc(exitOK, "apply", "--yes")
	a.says(said, "~ change unit bobbin-odd@0.service", "Service.TasksMax  256 → 128")
	grows()
	a.write(strings.Replace(bobbin, "in.N % 2 == 1", `in.N % 2 == 1 && in.Text != ""`, 1), options)
	a.flowc(exitOK, "apply", "--yes")
	grows()

	t.Log("stopped and started as one, and rebooted")
	a.Run("systemctl", "stop", "bobbin.target")
	for _, s := range services { // it does not wait for them
		eventually(t, s+" stops with the target", func() bool { return a.show(s, "ActiveState") == "inactive" })
	}
	a.flowc(exitDrift, "apply", "--diff")
	a.Run("systemctl", "start", "bobbin.target")
	grows()
	a.Reboot()
	grows()
	a.flowc(exitOK, "apply", "--diff")

	n := lines.end()
	eventually(t, "all is written", func() bool { return len(linesOf(t, out)) >= odds(n) })
	got := numbers(t, out)
	slices.Sort(got)
	if want := aloneOdds(t, in, n); !slices.Equal(got, want) {
		t.Errorf("%d records of %d lines, and not the %d of the program in one process", len(got), n, len(want))
	}
	a.flowc(exitOK, "delete", "--state", "--yes")
	a.nothing()
	t.Logf("%d lines in, %d records out, as the program in one process has it", n, len(got))
}
