package machinetest

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
)

// A plan is what the processes that make a machine are told, as JSON in an argument.
type plan struct {
	// Dir is a folder of the host's for mounts that only the machine's makers see.
	Dir string
	// First is the user of the host's that root is mapped to; the others follow.
	First int
	// Group is the name of the control group below the first one.
	Group string
	// Token is in the name of each file that the guard writes.
	Token string
	// Sentinels are files that the host has made, which nobody inside may see.
	Sentinels []string
	// Devices are those of the file systems that the host had mounted when the plan was made,
	// Made those that were made for the machine since. The number of a file system is given to
	// another one when that is gone, so that a number may be in both: while a file system of
	// the machine's is there it is that one's.
	Devices, Made []string
	// Reads are folders and files of the host that the machine reads, by where it has them.
	Reads map[string]string
	// Layers are folders of the host that the machine reads and lays its own changes over, by
	// where it has them.
	Layers map[string]string
	// Writes are folders of the host that the machine can write to, which the guard must
	// find: tests of the guard alone have some.
	Writes map[string]string

	wrote []string // by the guard
}

// users is how many users the machine has: those that systemd makes are below 65536.
const users = 1 << 16

// systemd is the program that is booted.
const systemd = "/lib/systemd/systemd"

// marker is the name of a file that the guard writes into each folder.
func (p *plan) marker() string { return ".flowc-machine-" + p.Token }

// made notes that the file system at a path is the machine's own.
func (p *plan) made(path string) error {
	var s syscall.Stat_t
	if err := syscall.Stat(path, &s); err != nil {
		return err
	}
	number := uint64(s.Dev) //nolint:unconvert // it is another type on other architectures
	major, minor := number>>8&0xfff|number>>32&^0xfff, number&0xff|number>>12&^0xff
	p.Made = append(p.Made, fmt.Sprintf("%d:%d", major, minor))
	return nil
}

// hosts tells whether a mount is of a file system of the host's.
func (p *plan) hosts(m mounted) bool {
	return slices.Contains(p.Devices, m.device) && !slices.Contains(p.Made, m.device)
}

// A mounted is a line of /proc/self/mountinfo.
type mounted struct {
	device, root, at, options, kind string
}

// mounts are those that a process sees.
func mounts(file string) (all []mounted, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	for s.Scan() {
		// 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw
		before, after, ok := strings.Cut(s.Text(), " - ")
		fields, kind := strings.Fields(before), strings.Fields(after)
		if !ok || len(fields) < 6 || len(kind) < 1 {
			return nil, fmt.Errorf("%s: a line that is none of a mount's: %s", file, s.Text())
		}
		all = append(all, mounted{device: fields[2], root: fields[3], at: unescape(fields[4]), options: fields[5], kind: kind[0]})
	}
	return all, s.Err()
}

var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace
