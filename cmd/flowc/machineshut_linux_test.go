package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// gate is a pipeline that takes records from who has the token, and adds a secret to them.
const gate = `pipeline: gate
types: {N: {n: int}}
sources: {events: {use: http, config: {listen: "127.0.0.1:8080", path: /events, token: "${file:/run/secrets/gate.token}"}, out: N}}
processors: {seen: {from: events, set: {word: word}, let: {word: "${env:WORD}"}}}
sinks: {out: {from: seen, use: file, config: {path: out.ndjson}}}
`

// Secrets come from files that root alone reads: one that is missing is said by its path
// before anything is touched, one that changes is in the plan, and none is to be seen.
func TestMachineSecrets(t *testing.T) {
	a := newBooted(t, nil).applied("gate")
	a.write(gate, "secrets: {names: [WORD], files: {gate.token: /etc/gate/token}}")
	secret := func(name, text string) {
		t.Helper()
		writeFile(t, a.Path("/etc/gate/"+name), text)
		if err := os.Chown(a.Path("/etc/gate/"+name), a.Owner(), a.Owner()); err != nil {
			t.Fatal(err)
		}
		a.Run("chmod", "600", "/etc/gate/"+name)
	}
	if err := os.MkdirAll(a.Path("/etc/gate"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, errs := a.flowc(exitEnv, "apply", "--yes")
	a.says(errs, "can't start, and what runs was not touched", "/etc/gate/secrets.env is not there, with a line NAME=… for each secret variable of gate.service")
	secret("secrets.env", "OTHER=1\n")
	_, errs = a.flowc(exitEnv, "apply", "--yes")
	a.says(errs, "/etc/gate/token is not there, which gate.service reads as the secret file gate.token")
	secret("token", "hidden-token\n")
	_, errs = a.flowc(exitEnv, "apply", "--yes")
	a.says(errs, "WORD")
	secret("secrets.env", "WORD=\"hidden word\"\n")
	a.flowc(exitOK, "apply", "--yes")

	post := func(token string, n int) string {
		return a.Run("curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--header", "Authorization: Bearer "+token, "--header", "Content-Type: application/json", "--data", fmt.Sprintf(`{"n":%d}`, n), "http://127.0.0.1:8080/events")
	}
	if no, yes := post("other", 1), post("hidden-token", 1); no != "401" || yes != "200" {
		t.Errorf("who has no token gets %s, who has it %s", no, yes)
	}
	out := a.file("out.ndjson")
	eventually(t, "the record is written", func() bool { return len(linesOf(t, out)) == 1 })
	if line := linesOf(t, out)[0]; line != `{"n":1,"word":"hidden word"}` {
		t.Errorf("%s", line)
	}
	for _, told := range []string{a.Run("systemctl", "show", "gate"), a.Run("systemctl", "cat", "gate"), a.Run("journalctl", "--no-pager", "--unit=gate")} {
		if strings.Contains(told, "hidden") {
			t.Errorf("it tells a secret:\n%s", told)
		}
	}
	a.flowc(exitOK, "apply", "--diff")

	t.Log("another value")
	eventually(t, "a second has passed since the start", func() bool {
		secret("secrets.env", "WORD=another\n")
		_, _ = post("hidden-token", 2), a.show("gate", "MainPID")
		text, _ := a.command("apply", "--diff").CombinedOutput()
		return strings.Contains(string(text), "/etc/gate/secrets.env has changed since it was started")
	})
	a.flowc(exitOK, "apply", "--yes")
	before := len(linesOf(t, out))
	post("hidden-token", 3)
	eventually(t, "the record is written", func() bool { return len(linesOf(t, out)) > before })
	if lines := linesOf(t, out); lines[len(lines)-1] != `{"n":3,"word":"another"}` {
		t.Errorf("%q", lines)
	}
	a.flowc(exitOK, "delete", "--state", "--yes")
	a.nothing()
}

// What a unit says of shutting off is in force: of the program's own process, and of another
// program that is started by the same directives and tries to get out.
func TestMachineShutOff(t *testing.T) {
	a := newBooted(t, nil).applied("mill")
	a.write(mill, "")
	a.feed(10)
	a.flowc(exitOK, "apply", "--yes")
	a.arrived()
	pid := a.show("mill", "MainPID")
	state := a.Run("cat", "/proc/"+pid+"/status")
	for _, line := range []string{"NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "CapPrm:\t0000000000000000"} {
		if !strings.Contains(state, line) {
			t.Errorf("there is no %q in\n%s", line, state)
		}
	}
	if regexp.MustCompile(`(?m)^Uid:\t0\t`).MatchString(state) {
		t.Errorf("it runs as root:\n%s", state)
	}
	for _, one := range []string{"mnt", "net", "user"} {
		if a.Run("readlink", "/proc/"+pid+"/ns/"+one) == a.Run("readlink", "/proc/1/ns/"+one) {
			t.Errorf("its namespace of the kind %s is the system's", one)
		}
	}

	text, err := os.ReadFile(a.Path("/etc/systemd/system/mill.service"))
	if err != nil {
		t.Fatal(err)
	}
	// The same directives, for a program that says what it can do.
	probe := strings.NewReplacer("StateDirectory=mill", "StateDirectory=probe", "WorkingDirectory=%S/mill", "WorkingDirectory=%S/probe",
		"Type=notify", "Type=oneshot", "NotifyAccess=main\n", "", "WatchdogSec=60\n", "", "Restart=on-failure\n", "", "[X-Flowc]", "[X-Probe]").Replace(string(text))
	probe = execStart.ReplaceAllString(probe, "ExecStart=/bin/sh /srv/mill/probe.sh")
	writeFile(t, a.Path("/etc/systemd/system/probe.service"), probe)
	a.Run("install", "-d", "-m", "1777", "/srv/open") // which is anybody's, but for the unit
	writeFile(t, filepath.Join(a.dir(), "probe.sh"), `for d in / /etc /usr /srv /srv/open /srv/mill /var /var/lib /var/lib/mill /opt /run /dev /sys /root /home /boot; do
	if touch $d/.probe 2>/dev/null; then echo "wrote $d"; fi
done
if touch ./own; then echo "own folder"; fi
if touch /tmp/.probe; then echo "private tmp"; fi
if ls /root >/dev/null 2>&1; then echo "reads the home of root"; fi
if [ "$(id -u)" = 0 ]; then echo "is root"; fi
if mount -t tmpfs none /tmp 2>/dev/null; then echo "mounts"; fi
if unshare -U true 2>/dev/null; then echo "makes namespaces"; fi
if cat /proc/1/status >/dev/null 2>&1; then echo "sees process 1"; fi
if kill -0 `+pid+` 2>/dev/null; then echo "signals others"; fi
if [ "$(ls /sys/class/net)" != lo ]; then echo "sees the network"; fi
if date -s @0 >/dev/null 2>&1; then echo "sets the clock"; fi
if hostname other 2>/dev/null; then echo "names the host"; fi
if mknod /tmp/disk b 254 0 2>/dev/null; then echo "makes devices"; fi
echo done
`)
	a.Run("systemctl", "daemon-reload")
	a.Run("systemctl", "start", "probe")
	said := a.Run("journalctl", "--no-pager", "--output=cat", "--unit=probe", "_COMM=sh")
	if want := "own folder\nprivate tmp\ndone\n"; said != want {
		t.Errorf("what it can do is\n%snot\n%s%s", said, want, a.Run("journalctl", "--no-pager", "--unit=probe"))
	}
	for _, path := range []string{"/tmp/.probe", "/etc/.probe"} {
		if _, err := os.Stat(a.Path(path)); err == nil {
			t.Errorf("%s is on the machine", path)
		}
	}

	if !a.Controls("memory") {
		t.Log("not tested here: MemoryMax, as the machine's control groups have no `memory` (those of this one are of version 1, or keep it)")
		return
	}
	writeFile(t, filepath.Join(a.dir(), "probe.sh"), "head -c 1G /dev/zero | tail\n")
	if out, err := a.Command("systemctl", "start", "probe").CombinedOutput(); err == nil || a.show("probe", "Result") != "oom-kill" {
		t.Errorf("beyond its memory: %v %s, %s", err, out, a.show("probe", "Result"))
	}
}
