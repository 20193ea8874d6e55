package nomad

import (
	"encoding/json"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/ir/diag"
)

// update is how a new version takes the place of the old one. Where several copies may
// run, one of the new version runs beside the old ones first, and if it gets ready it
// is promoted. Elsewhere that one would do the work twice: the old one ends, then the
// new one begins. Either way the old version comes back where the new one gets nowhere: at
// the first copy that does not get well, which is what a deadline of 0 means. With another
// one, Nomad would try new copies until it has passed, and of a program with one copy none
// would run for as long.
func (u *unit) update() *api.UpdateStrategy {
	s := &api.UpdateStrategy{
		MaxParallel: new(1), HealthCheck: new("checks"), MinHealthyTime: new(10 * time.Second),
		HealthyDeadline: new(5 * time.Minute), ProgressDeadline: new(time.Duration(0)),
		Canary: new(0), AutoRevert: new(true), AutoPromote: new(false),
	}
	if u.app.Copies.Many {
		s.Canary, s.AutoPromote = new(1), new(true)
	}
	return s
}

// migrate is how a node is emptied.
func (u *unit) migrate() *api.MigrateStrategy {
	return &api.MigrateStrategy{
		MaxParallel: new(1), HealthCheck: new("checks"), MinHealthyTime: new(10 * time.Second), HealthyDeadline: new(5 * time.Minute),
	}
}

// restart is what a client does about a program that died: it starts it again where it
// was, and after some times in vain leaves it to the scheduler.
func (u *unit) restart() *api.RestartPolicy {
	return &api.RestartPolicy{Attempts: new(3), Interval: new(5 * time.Minute), Delay: new(5 * time.Second), Mode: new("fail")}
}

// reschedule is what the scheduler does then: a service is tried elsewhere for ever, a
// batch some times.
func (u *unit) reschedule() *api.ReschedulePolicy {
	if u.kind.name == service {
		return &api.ReschedulePolicy{Delay: new(10 * time.Second), DelayFunction: new("exponential"), MaxDelay: new(10 * time.Minute), Unlimited: new(true)}
	}
	return &api.ReschedulePolicy{
		Attempts: new(3), Interval: new(24 * time.Hour), Delay: new(30 * time.Second), DelayFunction: new("exponential"),
		MaxDelay: new(10 * time.Minute), Unlimited: new(false),
	}
}

// disconnect is what happens when the servers hear nothing of a client. Where one copy
// alone may run, the client itself stops it, and the servers wait that long before they
// start another; elsewhere another starts, and the better one stays.
func (u *unit) disconnect() *api.DisconnectStrategy {
	if !u.app.Copies.Many {
		return &api.DisconnectStrategy{StopOnClientAfter: new(time.Minute)}
	}
	return &api.DisconnectStrategy{LostAfter: new(time.Hour), Replace: new(true), Reconcile: new(api.ReconcileOption("best_score"))}
}

// scaling are the bounds of the number of copies, and the policy of the autoscaler.
func (u *unit) scaling() *api.ScalingPolicy {
	s := u.o.Scale
	if s == nil {
		return nil
	}
	switch {
	case !u.app.Copies.Many:
		u.list.Errorf(diag.TargetCopies, u.at("scale"), "several copies of this program would do its work several times: %s", u.app.Copies.Why).
			Helpf("leave `scale` out, or let copies share what the source gives")
	case s.Min > s.Max:
		u.list.Errorf(diag.TargetOption, u.at("scale"), "`min` is %d, and more than `max`, %d", s.Min, s.Max).Helpf("exchange the two")
	case u.kind.name != service:
		u.list.Errorf(diag.TargetOption, u.at("scale"), "Nomad scales services, and this is a %s job", u.kind.name).Helpf("leave `scale` out")
	}
	scaling := &api.ScalingPolicy{Type: "horizontal", Min: new(int64(s.Min)), Max: new(int64(s.Max)), Enabled: new(true)}
	check := u.check()
	switch {
	case len(s.Policy) > 0:
		if err := json.Unmarshal(s.Policy, &scaling.Policy); err != nil {
			panic(err) // it was JSON before
		}
	case check == nil:
		scaling.Enabled = new(false)
	default:
		scaling.Policy = map[string]any{"cooldown": s.Cooldown, "evaluation_interval": "10s", "check": []any{check}}
	}
	return scaling
}
