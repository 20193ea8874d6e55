package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestMachineElastic has a host of its own units' kind, and more that somebody starts and
// stops by hand, as docs/targets.md says; one is killed, and the number of units is changed
// by apply. The hosts share the parts among them, and each record is written once.
func TestMachineElastic(t *testing.T) {
	const there, broker = "/opt/nats/nats-server", "NATS_URL=nats://127.0.0.1:4222"
	a := newBooted(t, map[string]string{there: natsProgram(t)}).applied("elastic")
	writeFile(t, a.Path("/etc/systemd/system/nats.service"), "[Service]\nExecStart="+there+" -js -sd /var/lib/nats -a 127.0.0.1\n\n[Install]\nWantedBy=multi-user.target\n")
	a.Run("systemctl", "enable", "--now", "nats")
	const options = `env: {NATS_URL: "nats://127.0.0.1:4222"}`
	a.write(elastic, options)
	lines := newFeed(t, filepath.Join(a.dir(), "lines.ndjson"))
	out := a.Path("/var/lib/private/elastic-out/odd.ndjson")
	// settled tells of so many hosts that they share six parts fairly, and that these work.
	settled := func(n int) {
		t.Helper()
		eventually(t, fmt.Sprintf("%d hosts share 6 parts", n), func() bool {
			hosts, parts := map[string]int{}, map[string]bool{}
			for line := range strings.Lines(a.Run("ps", "-eo", "ppid=,args=")) {
				words := strings.Fields(line)
				if at := slices.Index(words, "--replica"); at >= 0 && at+1 < len(words) && slices.Contains(words, "odd") {
					hosts[words[0]]++
					parts[words[at+1]] = true
				}
			}
			for _, held := range hosts {
				if held < 6/n || held > (6+n-1)/n {
					return false
				}
			}
			return len(hosts) == n && len(parts) == 6
		})
		before := len(linesOf(t, out))
		eventually(t, "the pipeline writes", func() bool { return len(linesOf(t, out)) > before+100 })
	}
	said, _ := a.flowc(exitOK, "apply", "--yes")
	a.says(said, "+ create unit elastic-odd.service", "elastic: applied, ready")
	settled(1)
	program := strings.TrimSpace(a.Run("sh", "-c", "ls /usr/local/libexec/flowc/elastic/*/elastic"))
	more := func(unit string) {
		t.Helper()
		a.Run("systemd-run", "--unit="+unit, "-p", "DynamicUser=yes", "-p", "Type=notify", "-p", "WatchdogSec=60", "-p", "Restart=on-failure", "-E", broker, program, "--process", "odd")
	}

	t.Log("two more by hand")
	more("more-1")
	more("more-2")
	settled(3)
	a.flowc(exitOK, "apply", "--diff") // which is no difference
	t.Log("one is killed, and started again")
	a.Run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", "more-1")
	eventually(t, "it is started again", func() bool { return a.show("more-1", "NRestarts") == "1" })
	settled(3)
	t.Log("those go")
	a.Run("systemctl", "stop", "more-1", "more-2")
	settled(1)

	t.Log("three as the pipeline says, and one again")
	a.write(strings.Replace(elastic, "min: 1", "min: 3", 1), options)
	said, _ = a.flowc(exitOK, "apply", "--yes")
	a.says(said, "+ create unit elastic-odd@2.service", "- delete unit elastic-odd.service", "elastic: applied, ready")
	settled(3)
	a.write(elastic, options)
	a.flowc(exitOK, "apply", "--yes")
	settled(1)

	n := lines.end()
	eventually(t, "all is written", func() bool { return len(linesOf(t, out)) >= odds(n) })
	got := numbers(t, out)
	slices.Sort(got)
	if len(got) != odds(n) || len(slices.Compact(got)) != odds(n) {
		t.Errorf("%d records of %d lines, and not %d", len(got), n, odds(n))
	}
	a.flowc(exitOK, "delete", "--state", "--yes")
	a.nothing()
	t.Logf("%d lines in, %d records out, each once", n, len(got))
}
