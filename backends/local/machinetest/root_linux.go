package machinetest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// copied are files of the host's that say who its users are and how names are looked up.
var copied = []string{"passwd", "group", "nsswitch.conf", "ld.so.cache", "ld.so.conf", "protocols", "services"}

// devices are those that any program may count on, and that do nothing to a host.
var devices = []string{"null", "zero", "full", "random", "urandom", "tty"}

// masked are units of a system that no test needs: first of all those that clean up, then
// those that speak to hardware, to the kernel or to terminals.
var masked = []string{
	"systemd-tmpfiles-setup.service", "systemd-tmpfiles-setup-dev.service", "systemd-tmpfiles-clean.service", "systemd-tmpfiles-clean.timer",
	"dev-hugepages.mount", "dev-mqueue.mount", "proc-sys-fs-binfmt_misc.automount", "proc-sys-fs-binfmt_misc.mount", "sys-fs-fuse-connections.mount",
	"sys-kernel-config.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount",
	"kmod-static-nodes.service", "systemd-binfmt.service", "systemd-modules-load.service", "systemd-sysctl.service", "systemd-random-seed.service",
	"systemd-repart.service", "systemd-firstboot.service", "systemd-sysusers.service", "systemd-machine-id-commit.service", "systemd-update-utmp.service",
	"systemd-update-utmp-runlevel.service", "systemd-pcrphase.service", "systemd-pcrphase-sysinit.service", "systemd-udevd.service", "systemd-udev-trigger.service",
	"systemd-remount-fs.service", "systemd-hwdb-update.service", "systemd-journald-audit.socket", "systemd-initctl.socket", "systemd-logind.service",
	"systemd-ask-password-console.path", "systemd-ask-password-wall.path", "getty.target", "console-getty.service",
	"systemd-networkd.service", "systemd-timesyncd.service", "systemd-resolved.service",
}

// makeRoot makes the machine's file system: an empty one in memory, with what it may read of
// the host mounted into it.
func (p *plan) makeRoot() error {
	root := filepath.Join(p.Dir, "root")
	if err := os.Mkdir(root, 0o755); err != nil {
		return err
	}
	if err := p.memory(""); err != nil {
		return err
	}
	// Where nothing is mounted there, systemd would have the devices of the host.
	if err := p.own("dev", 0o755); err != nil {
		return err
	}
	if err := p.memory("dev"); err != nil {
		return err
	}
	for _, d := range []string{"etc/systemd/system", "dev/pts", "proc", "sys", "var/lib", "var/log/journal", "run", "home", "srv", "opt", "mnt", "boot", "media"} {
		if err := p.own(d, 0o755); err != nil {
			return err
		}
	}
	for _, d := range []string{"tmp", "var/tmp", "dev/shm"} {
		if err := p.own(d, os.ModeSticky|0o777); err != nil {
			return err
		}
	}
	if err := os.Symlink("/run", p.path("var/run")); err != nil {
		return err
	}
	if err := p.own("root", 0o700); err != nil {
		return err
	}
	if err := p.makeUsr(); err != nil {
		return err
	}
	if err := p.makeDev(); err != nil {
		return err
	}
	if err := p.makeEtc(); err != nil {
		return err
	}
	for _, to := range sorted(p.Reads) {
		if err := p.read(p.Reads[to], to); err != nil {
			return err
		}
	}
	for _, to := range sorted(p.Writes) {
		if err := p.own(to, 0o777); err != nil {
			return err
		}
		if err := syscall.Mount(p.Writes[to], p.path(to), "", syscall.MS_BIND, ""); err != nil {
			return err
		}
	}
	for _, to := range sorted(p.Layers) {
		if err := p.layer(p.Layers[to], to); err != nil {
			return err
		}
	}
	return nil
}

// memory mounts an empty file system at a path, which is in memory.
func (p *plan) memory(at string) error {
	if err := syscall.Mount("machine", p.path(at), "tmpfs", syscall.MS_NOSUID, fmt.Sprintf("mode=0755,uid=%d,gid=%d", p.First, p.First)); err != nil {
		return fmt.Errorf("a file system in memory at /%s: %w", at, err)
	}
	return p.made(p.path(at))
}

// makeUsr mounts programs and libraries. What is below /usr/local is mounted one by one, so
// that the machine has folders of its own beside it.
func (p *plan) makeUsr() error {
	if err := p.read("/usr", "usr"); err != nil {
		return err
	}
	for _, name := range []string{"bin", "sbin", "lib", "lib32", "lib64", "libx32"} {
		to, err := os.Readlink("/" + name)
		switch _, serr := os.Stat("/" + name); {
		case err == nil:
			err = os.Symlink(to, p.path(name))
		case serr == nil:
			err = p.read("/"+name, name)
		case errors.Is(serr, os.ErrNotExist):
			err = nil
		}
		if err != nil {
			return err
		}
	}
	if err := p.memory("usr/local"); err != nil {
		return err
	}
	entries, err := os.ReadDir("/usr/local")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() || e.Name() == "libexec" {
			continue
		}
		if err := p.read("/usr/local/"+e.Name(), "usr/local/"+e.Name()); err != nil {
			return err
		}
	}
	// Masked units could be unmasked, and this could still clean nothing.
	for _, cleaner := range []string{"/usr/bin/systemd-tmpfiles"} {
		if err := syscall.Mount("/usr/bin/false", p.path(cleaner), "", syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("putting another program in the place of %s: %w", cleaner, err)
		}
		if err := readOnly(p.path(cleaner)); err != nil {
			return err
		}
	}
	return nil
}

func (p *plan) makeDev() error {
	for _, name := range devices {
		if err := p.read("/dev/"+name, "dev/"+name); err != nil {
			return err
		}
	}
	if err := p.read("/dev/null", "dev/console"); err != nil {
		return err
	}
	for name, to := range map[string]string{"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"} {
		if err := os.Symlink(to, p.path("dev/"+name)); err != nil {
			return err
		}
	}
	return nil
}

func (p *plan) makeEtc() error {
	files := map[string]string{
		"hostname": "machine\n", "hosts": "127.0.0.1 localhost\n::1 localhost\n", "machine-id": "f10cf10cf10cf10cf10cf10cf10cf10c\n",
		"resolv.conf": "", "fstab": "", "locale.conf": "LANG=C.UTF-8\n",
	}
	for _, name := range copied {
		text, err := os.ReadFile("/etc/" + name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			return err
		}
		files[name] = string(text)
	}
	for name, text := range files {
		at := p.path("etc/" + name)
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			return err
		}
		if err := os.Chown(at, p.First, p.First); err != nil {
			return err
		}
	}
	for name, to := range map[string]string{"os-release": "../usr/lib/os-release", "systemd/system/default.target": "/lib/systemd/system/multi-user.target"} {
		if err := os.Symlink(to, p.path("etc/"+name)); err != nil {
			return err
		}
	}
	for _, name := range masked {
		if err := os.Symlink("/dev/null", p.path("etc/systemd/system/"+name)); err != nil {
			return err
		}
	}
	return nil
}

// layer mounts a folder of the host's with the machine's own changes over it, which are in
// memory.
func (p *plan) layer(from, to string) error {
	over, work := filepath.Join("layers", to, "over"), filepath.Join("layers", to, "work")
	for _, d := range []string{to, over, work} {
		if err := p.own(d, 0o755); err != nil {
			return err
		}
	}
	// The machine's root is nobody to the host's folders, but owns those of this layer.
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := p.own(filepath.Join(over, e.Name()), 0o755); err != nil {
				return err
			}
		}
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", from, p.path(over), p.path(work))
	if err := syscall.Mount("machine", p.path(to), "overlay", syscall.MS_NOSUID|syscall.MS_NODEV, options); err != nil {
		return fmt.Errorf("laying %s over %s: %w", to, from, err)
	}
	return p.made(p.path(to))
}

func sorted(m map[string]string) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
