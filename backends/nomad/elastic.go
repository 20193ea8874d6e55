package nomad

import (
	"cmp"
	"fmt"

	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// cpuPercent is the load of a host that an autoscaler keeps, where nothing else is said.
const cpuPercent = 80

// elastic gives a group the bounds that `scale` of the node says. What an autoscaler goes
// by is the average load, or what waits, as hosts tell it to Prometheus.
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
		s.Cooldown, s.Policy, s.CPU, s.Target, s.Source = cmp.Or(given.Cooldown, s.Cooldown), given.Policy, given.CPU, given.Target, given.Source
	}
	switch by := fmt.Sprintf("`%s` is scaled by %s", u.app.Process, e.By); {
	case e.By == ir.ByCPU && s.Target > 0:
		u.list.Errorf(diag.TargetOption, u.at("scale", "target"), "%s, and a `target` is of messages that wait", by).Helpf("write `cpu: PERCENT`, or `by: lag` on the node")
	case e.By != ir.ByCPU && s.CPU > 0:
		u.list.Errorf(diag.TargetOption, u.at("scale", "cpu"), "%s, and `cpu` is a load", by).Helpf("write `target: MESSAGES`, or `by: cpu` on the node")
	}
	if e.By == ir.ByCPU {
		s.CPU, s.Target, s.Source = cmp.Or(s.CPU, cpuPercent), 0, cmp.Or(s.Source, "nomad-apm")
	} else {
		s.CPU, s.Target, s.Source = 0, cmp.Or(s.Target, manifest.Waiting), cmp.Or(s.Source, "prometheus")
	}
	u.o.Scale = s
}

// check is what the autoscaler looks at, nil for nothing: the policy of a group without one
// is refused by it, and is for `nomad job scale` alone.
func (u *unit) check() map[string]any {
	s := u.o.Scale
	check := func(name, query, strategy string, config map[string]any) map[string]any {
		return map[string]any{name: []any{map[string]any{
			"source": cmp.Or(s.Source, "nomad-apm"), "query": query, "strategy": []any{map[string]any{strategy: []any{config}}},
		}}}
	}
	switch {
	case s.CPU > 0:
		return check("cpu", "avg_cpu", "target-value", map[string]any{"target": s.CPU})
	case s.Target > 0:
		// Each host knows what waits for all of them. The number of hosts is not derived from how
		// many there are: of those that were asked for, some have only begun.
		return check("lag", fmt.Sprintf(`ceil(max(sum by (instance) (flowc_edge_backlog_messages{pipeline=%q})) / %d)`, u.app.Name, s.Target), "pass-through", map[string]any{})
	}
	return nil
}
