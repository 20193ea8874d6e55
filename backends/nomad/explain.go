package nomad

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/ir"
)

// Explain says what the job is and why.
func (Backend) Explain(p *ir.Program, o backends.Options) []backends.Reason {
	d := newDeployment(p, o, backends.Layout{})
	d.job() // finds what it needs
	var all []backends.ProcessReasons
	for _, u := range d.units {
		all = append(all, backends.ProcessReasons{Process: u.app.Process, Reasons: u.explain(*u.count())})
	}
	reasons := backends.Together(all)
	if d.broker != nil {
		reasons = append(reasons, d.broker.explain(d.service()))
	}
	for _, need := range d.needs() {
		reasons = append(reasons, backends.Reason{Subject: backends.Needs, Says: need})
	}
	items, vault := d.secretItems()
	for _, name := range slices.Sorted(maps.Keys(items)) {
		reasons = append(reasons, backends.Reason{Subject: backends.Needs, Says: "the variable of `" + putLine(name, items[name]) + "`"})
	}
	for _, s := range vault {
		reasons = append(reasons, backends.Reason{Subject: backends.Needs, Says: "the secret of Vault " + s})
	}
	return reasons
}

// explain says what the group is, of which n copies run.
func (u *unit) explain(n int) []backends.Reason {
	kind := u.kind.name
	reasons := []backends.Reason{
		{Subject: kind, Says: upper(u.kind.why)},
		{Subject: "copies", Says: u.copiesSay(n)},
	}
	if kind == service {
		reasons = append(reasons, backends.Reason{Subject: "new version", Says: u.rolloutSays()})
	}
	reasons = append(reasons, u.explainBeside()...)
	reasons = append(reasons, u.explainJobs()...)
	return append(reasons,
		backends.Reason{Subject: "lost client", Says: u.lostSays()},
		backends.Reason{Subject: "state", Says: u.stateSays()},
		backends.Reason{Subject: "stop", Says: u.stopSays()},
		backends.Reason{Subject: "driver", Says: u.driverSays()},
	)
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func (u *unit) copiesSay(n int) string {
	switch e := u.app.Elastic; {
	case e != nil && u.o.Scale == nil:
		return fmt.Sprintf("%d: %s.", n, u.app.Copies.Why)
	case e != nil && e.By == ir.ByLag && len(u.o.Scale.Policy) == 0:
		return fmt.Sprintf("%d to begin with, %d to %d as `nomad job scale` says, or an autoscaler by what waits (%d messages for each, as its APM `%s` has it from /metrics): %s.", n, e.Min, e.Max, u.o.Scale.Target, u.o.Scale.Source, u.app.Copies.Why)
	case u.o.Scale != nil && len(u.o.Scale.Policy) == 0 && u.check() == nil:
		return fmt.Sprintf("%d to begin with, %d to %d as `nomad job scale` says; `cpu` or `policy` gives an autoscaler something to go by: %s.", n, u.o.Scale.Min, u.o.Scale.Max, u.app.Copies.Why)
	case u.app.Replicas > 1:
		return fmt.Sprintf("%d, each with a number of its own: %s.", n, u.app.Copies.Why)
	case !u.app.Copies.Many:
		return "One at a time: " + u.app.Copies.Why + "."
	case u.o.Scale != nil:
		return fmt.Sprintf("%d to begin with, %d to %d as an autoscaler or `nomad job scale` says: %s.", n, u.o.Scale.Min, u.o.Scale.Max, u.app.Copies.Why)
	}
	return fmt.Sprintf("%d; more may run: %s.", n, u.app.Copies.Why)
}

func (u *unit) rolloutSays() string {
	if u.app.Copies.Many {
		return "One copy of it runs beside the old ones, and when its check has been passing for 10s it is promoted; else the old version stays."
	}
	if u.app.Replicas > 1 {
		return "One number after the other: the old one ends, then the new one begins, since a canary would do its work twice. If a new one does not get ready, Nomad brings the old version back."
	}
	return "The old one ends, then the new one begins: a canary would do the work twice. If the new one does not get ready, Nomad brings the old version back."
}

func (u *unit) lostSays() string {
	if u.app.Copies.Many {
		return "Another copy starts in the place of one whose client is not heard of; if that is back within an hour, the better one stays."
	}
	return "A client that hears nothing of the servers for 1m stops the program, and only then another begins: two at once would do the work twice."
}

func (u *unit) stopSays() string {
	d := u.app.Grace - u.app.PreStop
	says := fmt.Sprintf("SIGTERM, and %s for an ordered stop (%s to drain).", short(d), short(u.app.Drain))
	if u.app.PreStop > 0 {
		says = fmt.Sprintf("It is taken out of the catalogue, %s later comes ", short(u.app.PreStop)) + says
	}
	if limit := u.killCap(); d > limit {
		says += fmt.Sprintf(" A client allows %s unless its configuration says `max_kill_timeout`.", short(limit))
	}
	return says
}

func (u *unit) driverSays() string {
	switch u.o.Driver {
	case raw:
		return "raw_exec: the binary runs on the client as Nomad itself does, with nothing between the two."
	case isolate:
		return "exec: the binary runs on the client in a root folder of its own."
	}
	return "docker: the image with a root that can't be written to, no capabilities, no new privileges, and the user 65532."
}
