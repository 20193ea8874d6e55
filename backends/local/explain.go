package local

import (
	"fmt"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/ir"
)

// Explain says what the units are and why.
func (Backend) Explain(p *ir.Program, o backends.Options) []backends.Reason {
	units := newUnits(p, o, backends.Layout{}, Host{})
	var all []backends.ProcessReasons
	for _, u := range units {
		all = append(all, backends.ProcessReasons{Process: u.name(), Reasons: u.explain()})
	}
	reasons := backends.Together(all)
	if len(units) > 1 {
		reasons = append(reasons, backends.Reason{Subject: "target", Says: fmt.Sprintf("`%s.target` starts and stops all %d services. Those that are fed start first and stop last.", p.Name, len(units))})
	}
	for _, need := range needs(units) {
		reasons = append(reasons, backends.Reason{Subject: backends.Needs, Says: need})
	}
	return reasons
}

// explain says what one unit is.
func (u *unit) explain() []backends.Reason {
	var kind backends.Reason
	switch {
	case u.app.Bounded && u.o.Schedule != "":
		kind = backends.Reason{Subject: "timer", Says: fmt.Sprintf("It ends by itself, and `schedule` says when it begins (%s). A run that was due while the host was off is made up for, and one that is still going is not joined by another.", u.o.Schedule)}
	case u.app.Bounded:
		kind = backends.Reason{Subject: "run", Says: "It ends by itself: `systemctl start` comes back when it has, and one that fails is started again."}
	default:
		kind = backends.Reason{Subject: "service", Says: fmt.Sprintf("It has no end: `%s` goes on for ever%s. systemd takes it for started when all inputs and outputs are connected, and starts it again when it dies, or when it is silent for a minute.", u.endless(), u.mayEnd())}
	}
	user := "One that systemd makes for it."
	if u.o.User != "" {
		user = "`" + u.o.User + "`."
	}
	network := "It connects to nothing and listens nowhere, so it has no network."
	if u.reaches() {
		network = "That of the host."
	}
	all := []backends.Reason{kind}
	if e := u.app.Elastic; e != nil {
		all = append(all, backends.Reason{Subject: "host", Says: fmt.Sprintf("One of %d, and units of up to %d would share the parts: %s. Its memory is %s.", u.copies, e.Max, u.app.Copies.Why, u.app.MemorySum())})
	}
	return append(all, []backends.Reason{
		{Subject: "state", Says: fmt.Sprintf("In /var/lib/%s, with what it writes to relative paths; both outlive it.", u.folder())},
		{Subject: "stop", Says: fmt.Sprintf("SIGTERM, and %ss for an ordered stop (%ss to drain).", seconds(u.app.Grace), seconds(u.app.Drain))},
		{Subject: "user", Says: user},
		{Subject: "network", Says: network},
	}...)
}
