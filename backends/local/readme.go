package local

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
)

// readme says what the host must have, and how the units come to it.
func readme(units []*unit) []byte {
	u := units[0]
	name := u.app.Pipeline
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- %s%s. DO NOT EDIT. -->\n\n# %s under systemd\n\n## What the host must have\n\n", backends.Header, u.layout.VersionSuffix(), name)
	for _, need := range needs(units) {
		b.WriteString("- " + need + "\n")
	}
	unit := name + ".service"
	if len(units) > 1 {
		unit = name + ".target"
	}
	b.WriteString("\n## Install it\n\n```sh\n")
	if len(units) > 1 {
		severally(&b, units)
		return []byte(b.String())
	}
	if u.o.Schedule != "" {
		fmt.Fprintf(&b, "install -m 0644 %s.service %s.timer /etc/systemd/system/\nsystemctl daemon-reload\nsystemctl enable --now %s.timer\nsystemctl start %s               # a run now\n", name, name, name, unit)
	} else {
		fmt.Fprintf(&b, "install -m 0644 %s /etc/systemd/system/\nsystemctl daemon-reload\n", unit)
		if u.app.Bounded {
			fmt.Fprintf(&b, "systemctl start %s               # a run; comes back when it has ended\n", unit)
		} else {
			fmt.Fprintf(&b, "systemctl enable --now %s        # comes back when it is ready\n", unit)
		}
	}
	fmt.Fprintf(&b, "systemctl status %s\njournalctl -u %s -f\n```\n\nA unit that was changed: `systemctl daemon-reload && systemctl restart %s`. It drains first.\n", unit, unit, unit)
	return []byte(b.String())
}

// severally says how the units of a pipeline in several processes are used.
func severally(b *strings.Builder, units []*unit) {
	name := units[0].app.Pipeline
	files := []string{name + ".target"}
	for _, u := range units {
		files = append(files, u.name()+".service")
	}
	fmt.Fprintf(b, "install -m 0644 %s /etc/systemd/system/\nsystemctl daemon-reload\n", strings.Join(files, " "))
	start := "enable --now"
	if units[0].ends() {
		start = "start"
	}
	fmt.Fprintf(b, "systemctl %s %s.target\nsystemctl status '%s*'\njournalctl -u '%s*' -f\n```\n\n", start, name, name, name)
	fmt.Fprintf(b, "Units that were changed: `systemctl daemon-reload && systemctl restart %s.target`. Each drains first, those that read before those that they feed.\n", name)
}

// needs are what the host must have for all of the processes, each thing once.
func needs(units []*unit) (all []string) {
	for _, u := range units {
		for _, need := range u.needs() {
			if !slices.Contains(all, need) {
				all = append(all, need)
			}
		}
	}
	return all
}

// needs are what the host must have; of secrets it is where they are.
func (u *unit) needs() (all []string) {
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	say("the program, as `%s`: `flowc build FILE` makes it, and calls it `%s`", u.binary(), u.app.Pipeline)
	for _, c := range manifest.Commands(u.p) {
		if name := c.Brought(); name != "" {
			say("the component of `%s`, as `%s`: `flowc build FILE` puts it there beside the program", c.Node, path.Join(path.Dir(u.binary()), "components", name))
		}
	}
	if u.o.User != "" {
		say("the user `%s`", u.o.User)
	}
	for _, in := range u.app.Inputs {
		at := in.Path
		if other, ok := u.o.Files[in.Path]; ok {
			at = other
		} else if !strings.HasPrefix(at, "/") {
			at = "/var/lib/" + u.folder() + "/" + at
		}
		say("what `%s` reads, `%s`; the user of the unit must be able to", in.Node, at)
	}
	if file := u.environmentFile(); file != "" {
		var names []string // of all processes, which have one file
		for _, one := range u.all {
			for _, v := range one.app.Env {
				if name := "`" + v.Name + "=…`"; v.Secret && !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
		slices.Sort(names)
		say("`%s`, which root alone can read (mode 0600), with %s", file, strings.Join(names, ", "))
	}
	for _, f := range u.app.SecretFiles {
		say("`%s`, which root alone need be able to read: the program gets it as a credential", u.credential(f))
	}
	return all
}
