package machinetest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// guard looks for whatever of the host can be harmed from here, and does harm where it can:
// the host looks at what came of it. It deletes nothing but what the host has made for that.
//
// What it wrote is left there, and taken away by [plan.cleanUp] when the host has looked.
func (p *plan) guard() error {
	for _, path := range p.Sentinels {
		_, err := os.Lstat(path)
		_ = os.Remove(path) // the host sees whether it is gone
		if !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%s of the host is seen here (%w)", path, err)
		}
	}
	users, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return err
	}
	if fields := strings.Fields(string(users)); len(fields) != 3 || fields[0] != "0" || fields[1] == "0" {
		return fmt.Errorf("its root is the host's: %q", users)
	}
	all, err := mounts("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	if err := p.harmless(all); err != nil {
		return err
	}
	return p.tryToHarm(all)
}

// harmless tells that each mount is one of the machine's own, or to be read alone.
func (p *plan) harmless(all []mounted) error {
	if len(all) == 0 || all[0].at != "/" {
		return fmt.Errorf("the first mount is not the root: %v", all)
	}
	for _, m := range all {
		switch {
		case !p.hosts(m):
		case slices.Contains(strings.Split(m.options, ","), "ro"):
		case m.kind == "cgroup2" && m.root == "/" && m.at == "/sys/fs/cgroup":
			// There is one hierarchy, of which the first group here is the machine's own.
		default:
			return fmt.Errorf("%s (%s, device %s) is the host's, and can be written to", m.at, m.kind, m.device)
		}
	}
	return nil
}

// tryToHarm writes a file into each folder of the root's and each folder that something is
// mounted at. What the host reads there must not be written to; what is the machine's own
// is, or the machine would be of no use.
func (p *plan) tryToHarm(all []mounted) error {
	places, err := filepath.Glob("/*")
	if err != nil {
		return err
	}
	read := map[string]bool{}
	for _, m := range all {
		places = append(places, m.at)
		read[m.at] = p.hosts(m) && m.kind != "cgroup2"
	}
	slices.Sort(places)
	for _, place := range slices.Compact(places) {
		if info, err := os.Stat(place); err != nil || !info.IsDir() {
			continue
		}
		at := filepath.Join(place, p.marker())
		err := os.WriteFile(at, []byte("a file of a test's\n"), 0o600)
		switch {
		case err == nil && read[place]:
			return fmt.Errorf("%s is the host's, and a file was written into it", place)
		case err == nil:
			p.wrote = append(p.wrote, at)
		case slices.Contains([]string{"/tmp", "/var", "/etc", "/run", "/srv"}, place):
			return fmt.Errorf("%s can't be written to: %w", place, err)
		case errors.Is(err, syscall.EROFS) || errors.Is(err, os.ErrPermission) || errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.EOPNOTSUPP):
		default:
			return fmt.Errorf("writing to %s: %w", place, err)
		}
	}
	return nil
}

// cleanUp takes away what the guard wrote.
func (p *plan) cleanUp() error {
	var all []error
	for _, at := range p.wrote {
		all = append(all, os.Remove(at))
	}
	return errors.Join(all...)
}
