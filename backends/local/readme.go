package local

import (
	"fmt"
	"strings"

	"github.com/flowc-dev/flowc/backends"
)

// readme says what the host must have, and how the units come to it.
func (u *unit) readme() []byte {
	name := u.app.Name
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- %s%s. DO NOT EDIT. -->\n\n# %s under systemd\n\n## What the host must have\n\n", backends.Header, u.layout.VersionSuffix(), name)
	for _, need := range u.needs() {
		b.WriteString("- " + need + "\n")
	}
	unit := name + ".service"
	b.WriteString("\n## Install it\n\n```sh\n")
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

// needs are what the host must have; of secrets it is where they are.
func (u *unit) needs() (all []string) {
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	say("the program, as `%s`: `flowc build FILE` makes it, and calls it `%s`", u.binary(), u.app.Name)
	if u.o.User != "" {
		say("the user `%s`", u.o.User)
	}
	for _, in := range u.app.Inputs {
		at := in.Path
		if other, ok := u.o.Files[in.Path]; ok {
			at = other
		} else if !strings.HasPrefix(at, "/") {
			at = "/var/lib/" + u.app.Name + "/" + at
		}
		say("what `%s` reads, `%s`; the user of the unit must be able to", in.Node, at)
	}
	if file := u.environmentFile(); file != "" {
		var names []string
		for _, v := range u.app.Env {
			if v.Secret {
				names = append(names, "`"+v.Name+"=…`")
			}
		}
		say("`%s`, which root alone can read (mode 0600), with %s", file, strings.Join(names, ", "))
	}
	for _, f := range u.app.SecretFiles {
		say("`%s`, which root alone need be able to read: the program gets it as a credential", u.credential(f))
	}
	return all
}
