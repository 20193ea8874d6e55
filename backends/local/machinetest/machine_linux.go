package machinetest

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Options are what a machine has besides the programs of this one.
type Options struct {
	// Reads are files and folders of this machine that the other one can read, by where it
	// has them.
	Reads map[string]string
	// Layers are folders of this machine that the other one can read and change for itself,
	// by where it has them: what it writes is in memory, and this machine sees nothing of it.
	Layers map[string]string
}

// A Machine is a booted machine.
type Machine struct {
	t     testing.TB
	plan  plan
	maker *exec.Cmd
	log   *said
	said  chan string
	tell  io.WriteCloser
	pid   string
}

// NotHere says what this machine lacks to boot another one, "" where it can.
func NotHere() string {
	if os.Geteuid() != 0 {
		return "a machine of its own needs root"
	}
	if _, err := os.Stat(systemd); err != nil {
		return "systemd is not on this machine (Debian: apt-get install systemd)"
	}
	if _, err := exec.LookPath("nsenter"); err != nil {
		return "nsenter is not on this machine (Debian: apt-get install util-linux)"
	}
	if _, err := exec.LookPath("dbus-daemon"); err != nil {
		return "dbus-daemon is not on this machine (Debian: apt-get install dbus)"
	}
	for _, attr := range []*syscall.SysProcAttr{newMounts(), newSpaces(1 << 30)} {
		cmd := exec.Command("/bin/true")
		cmd.SysProcAttr = attr
		if err := cmd.Run(); err != nil {
			return "this machine lets nobody have namespaces of its own: " + err.Error()
		}
	}
	return ""
}

// New boots a machine, which is off when the test ends. Where this machine can't boot
// another one the test is skipped.
func New(t testing.TB, o Options) *Machine {
	t.Helper()
	if why := NotHere(); why != "" {
		t.Skip(why)
	}
	m := plans(t, o)
	m.make()
	m.boots()
	return m
}

// plans is a machine that is not made yet.
func plans(t testing.TB, o Options) *Machine {
	t.Helper()
	if why := NotHere(); why != "" {
		t.Skip(why)
	}
	m := &Machine{t: t, log: &said{}, said: make(chan string, 64), plan: plan{
		Dir: t.TempDir(), First: 1 << 30, Token: strings.ToLower(rand.Text()), Reads: o.Reads, Layers: o.Layers,
	}}
	m.plan.Group = "flowc-machine-" + m.plan.Token
	// The machine's root, who is nobody here, must come through to its own.
	if err := os.Chmod(filepath.Dir(m.plan.Dir), 0o755); err != nil {
		t.Fatal(err)
	}
	m.watchFiles()
	return m
}

// make starts what makes the machine, and what asks before it boots it.
func (m *Machine) make() {
	t := m.t
	t.Helper()
	text, err := json.Marshal(m.plan)
	if err != nil {
		t.Fatal(err)
	}
	here, there, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	m.maker = exec.Command(outsideName, string(text))
	m.maker.ExtraFiles = []*os.File{here}
	m.maker.SysProcAttr = newMounts()
	m.maker.Stderr = m.log
	if m.tell, err = m.maker.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := m.maker.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.maker.Start(); err != nil {
		t.Fatal(err)
	}
	_ = here.Close()
	go func() {
		defer close(m.said)
		for s := bufio.NewScanner(out); s.Scan(); {
			m.said <- s.Text()
		}
	}()
	t.Cleanup(func() {
		_ = there.Close() // which ends it, whatever it does
		for range m.said {
		}
		err := m.maker.Wait()
		if len(m.plan.Writes) > 0 {
			return // it is one that must not boot
		}
		if err != nil {
			t.Errorf("the machine's maker: %v\n%s", err, m.log)
		}
		m.unharmed()
	})
}

// guarded waits for the guard, and tells whether it lets the machine boot.
func (m *Machine) guarded() bool {
	m.t.Helper()
	for line := range m.said {
		if pid, ok := strings.CutPrefix(line, "pid "); ok {
			m.pid = pid
		}
		if line == "guarded" {
			return true
		}
	}
	return false
}

// boots has the machine boot, where neither the guard nor this machine's files say no.
func (m *Machine) boots() {
	m.t.Helper()
	if !m.guarded() {
		m.t.Fatalf("the machine does not boot:\n%s", m.log)
	}
	m.unharmed()
	if _, err := io.WriteString(m.tell, "boot\n"); err != nil {
		m.t.Fatal(err)
	}
	m.up()
}

// up waits until all that a boot starts is started.
func (m *Machine) up() {
	m.t.Helper()
	var state string
	for range 600 {
		text, _ := m.Command("systemctl", "is-system-running").CombinedOutput()
		switch state = strings.TrimSpace(string(text)); state {
		case "running":
			return
		case "degraded":
			failed, _ := m.Command("systemctl", "--failed", "--no-legend", "--plain").CombinedOutput()
			m.t.Fatalf("a machine with failed units:\n%s", failed)
		}
		time.Sleep(100 * time.Millisecond)
	}
	m.t.Fatalf("the machine is still %s", state)
}

// Path is where this machine sees a file of the other one's. What is mounted there after the
// boot, such as /run, is not to be seen.
func (m *Machine) Path(at string) string {
	return filepath.Join("/proc", fmt.Sprint(m.maker.Process.Pid), "root", m.plan.path(at))
}

// Owner is the user of this machine's that is root there.
func (m *Machine) Owner() int { return m.plan.First }

// Command is one of the machine's own, run by its root.
func (m *Machine) Command(name string, args ...string) *exec.Cmd {
	all := []string{"--target", m.pid, "--user", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--setuid", "0", "--setgid", "0", "--root", "--wd", name}
	cmd := exec.Command("nsenter", append(all, args...)...)
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "HOME=/root", "LANG=C.UTF-8", "SYSTEMD_COLORS=0"}
	return cmd
}

// Run runs a command there, and returns what it prints. A failure fails the test.
func (m *Machine) Run(name string, args ...string) string {
	m.t.Helper()
	text, err := m.Command(name, args...).CombinedOutput()
	if err != nil {
		m.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, text)
	}
	return string(text)
}

// Reboot boots the machine again, with the files that it has.
func (m *Machine) Reboot() {
	m.t.Helper()
	_ = m.Command("systemctl", "reboot").Run() // it may be gone before that ends
	for line := range m.said {
		if line == "rebooting" {
			m.boots()
			return
		}
	}
	m.t.Fatal("the machine has ended, and not rebooted")
}

// Controls tells whether the machine can hold its units to a limit: memory, pids, cpu.
func (m *Machine) Controls(what string) bool {
	m.t.Helper()
	for _, one := range strings.Fields(m.Run("cat", "/sys/fs/cgroup/cgroup.controllers")) {
		if one == what {
			return true
		}
	}
	return false
}

// watchFiles makes files that the guard tries to delete, in folders that programs clean up,
// and notes which file systems are this machine's.
func (m *Machine) watchFiles() {
	m.t.Helper()
	for _, dir := range []string{"/tmp", "/var/tmp", "/run", m.plan.Dir} {
		path := filepath.Join(dir, "flowc-sentinel-"+m.plan.Token)
		if err := os.WriteFile(path, []byte("a test looks whether this is deleted\n"), 0o666); err != nil {
			m.t.Fatal(err)
		}
		m.t.Cleanup(func() { _ = os.Remove(path) })
		m.plan.Sentinels = append(m.plan.Sentinels, path)
	}
	all, err := mounts("/proc/self/mountinfo")
	if err != nil {
		m.t.Fatal(err)
	}
	for _, one := range all {
		m.plan.Devices = append(m.plan.Devices, one.device)
	}
}

// unharmed fails the test, and lets nothing boot, where the guard could write or delete
// something of this machine's.
func (m *Machine) unharmed() {
	m.t.Helper()
	for _, path := range m.plan.Sentinels {
		if _, err := os.Lstat(path); err != nil {
			m.t.Fatalf("what runs in the machine can delete files of this one: %v", err)
		}
	}
	places, err := filepath.Glob("/*")
	if err != nil {
		m.t.Fatal(err)
	}
	all, err := mounts("/proc/self/mountinfo")
	if err != nil {
		m.t.Fatal(err)
	}
	for _, one := range all {
		places = append(places, one.at)
	}
	for _, place := range append(places, "/") {
		path := filepath.Join(place, m.plan.marker())
		if _, err := os.Lstat(path); err == nil {
			m.t.Fatalf("what runs in the machine can write to files of this one: %s", path)
		} else if !errors.Is(err, os.ErrNotExist) && !strings.Contains(err.Error(), "not a directory") {
			m.t.Fatal(err)
		}
	}
}
