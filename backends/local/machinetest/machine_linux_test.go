package machinetest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) { testscript.Main(m, Stages()) }

// The guard lets a machine through that can harm nothing, and none that could write to a
// folder of this one, wherever it has it.
func TestGuard(t *testing.T) {
	t.Run("nothing", func(t *testing.T) {
		m := plans(t, Options{})
		m.make()
		if !m.guarded() {
			t.Fatalf("%s", m.log)
		}
		m.unharmed()
	})
	t.Run("numbers that others had", func(t *testing.T) {
		m := plans(t, Options{Layers: map[string]string{"/srv/layer": t.TempDir()}})
		for n := range 1 << 12 { // engines mount and unmount all the time
			m.plan.Devices = append(m.plan.Devices, fmt.Sprintf("0:%d", n))
		}
		m.make()
		if !m.guarded() {
			t.Fatalf("%s", m.log)
		}
	})
	for name, c := range map[string]struct {
		at   func(m *Machine) string
		says string
	}{
		"a folder where it is":      {func(m *Machine) string { return filepath.Dir(m.plan.Sentinels[3]) }, "is seen here"},
		"a folder somewhere else":   {func(*Machine) string { return "/srv/elsewhere" }, "is the host's, and can be written to"},
		"a folder at the usual one": {func(*Machine) string { return "/tmp" }, "is the host's, and can be written to"},
	} {
		t.Run(name, func(t *testing.T) {
			m := plans(t, Options{})
			dir := t.TempDir()
			if err := os.Chmod(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			sentinel := filepath.Join(dir, "sentinel")
			if err := os.WriteFile(sentinel, nil, 0o666); err != nil {
				t.Fatal(err)
			}
			m.plan.Sentinels = append(m.plan.Sentinels[:3], sentinel)
			m.plan.Writes = map[string]string{c.at(m): dir}
			m.make()
			if m.guarded() {
				t.Fatal("it would boot")
			}
			if !strings.Contains(m.log.String(), "NOT BOOTED") || !strings.Contains(m.log.String(), c.says) {
				t.Errorf("it says %s", m.log)
			}
		})
	}
}

// A machine boots, and boots again with the files that it has.
func TestBoot(t *testing.T) {
	m := New(t, Options{})
	m.Run("sh", "-c", "echo once > /srv/kept; echo once > /run/lost")
	if text, err := os.ReadFile(m.Path("/srv/kept")); err != nil || string(text) != "once\n" {
		t.Errorf("%q %v", text, err)
	}
	first := m.Run("cat", "/proc/sys/kernel/random/boot_id") // the kernel's, which stays
	m.Reboot()
	if said := m.Run("sh", "-c", "cat /srv/kept /proc/sys/kernel/random/boot_id; ls /run/lost 2>&1; true"); said != "once\n"+first+"ls: cannot access '/run/lost': No such file or directory\n" {
		t.Errorf("after a reboot: %s", said)
	}
	if said := m.Run("sh", "-c", "systemd-tmpfiles --create --remove --clean --boot; echo $?; systemctl is-enabled systemd-tmpfiles-setup.service; true"); said != "1\nmasked\n" {
		t.Errorf("what cleans up: %s", said)
	}
}
