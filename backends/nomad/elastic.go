package nomad

import (
	"cmp"

	"github.com/flowc-dev/flowc/ir"
)

// cpuPercent is the load of a host that an autoscaler keeps, where nothing else is said.
const cpuPercent = 80

// elastic gives a group the bounds that `scale` of the node says. What an autoscaler goes
// by is the average load; what waits it has to be told by a policy of the options, since
// only who runs it knows where its metrics are.
func (u *unit) elastic() {
	e, given := u.app.Elastic, u.o.Scale
	if e == nil {
		if given != nil && given.Max == 0 { // that of a process alone
			u.app.NotScaled(&u.list, u.at("scale"))
			u.o.Scale = nil
		}
		return
	}
	u.o.Replicas, u.o.Scale = &e.Min, nil
	if u.app.Bounded { // a batch job is not scaled
		return
	}
	s := &scale{Min: e.Min, Max: e.Max, Cooldown: "1m"}
	if given != nil {
		s.Cooldown, s.Policy, s.CPU = cmp.Or(given.Cooldown, s.Cooldown), given.Policy, given.CPU
	}
	switch {
	case e.By != ir.ByCPU:
		s.CPU = 0
	case s.CPU == 0:
		s.CPU = cpuPercent
	}
	u.o.Scale = s
}
