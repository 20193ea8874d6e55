package nomad

import (
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/ir/diag"
)

// job is the whole job, overlay and all.
func (d *deployment) job() *api.Job {
	name, job := d.name(), d.kind().name
	if job == periodic {
		job = batch
	}
	j := &api.Job{
		ID: &name, Name: &name, Type: &job,
		Region: some(d.o.Region), Namespace: some(d.o.Namespace), NodePool: some(d.o.NodePool),
		Datacenters: d.o.Datacenters, Meta: d.meta(),
	}
	if d.o.Priority != 0 {
		j.Priority = &d.o.Priority
	}
	if d.kind().name == periodic {
		j.Periodic = &api.PeriodicConfig{
			Enabled: new(true), Specs: []string{d.o.Schedule}, SpecType: new(api.PeriodicSpecCron),
			ProhibitOverlap: new(true), TimeZone: &d.o.TimeZone,
		}
	}
	if d.broker != nil {
		j.TaskGroups = append(j.TaskGroups, d.broker.group(d))
	}
	for _, u := range d.units {
		j.TaskGroups = append(j.TaskGroups, u.group())
	}
	d.gather()
	return d.overlaid(j)
}

// some is a text that was said, nil for none.
func some(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// meta are the pipeline's labels and annotations and those of the options, with what
// the program is. Keys may have dots: the job is JSON.
func (d *deployment) meta() map[string]string {
	m := map[string]string{}
	for _, l := range slices.Concat(d.p.Labels, d.p.Annotations) {
		m[l.Key] = l.Value
	}
	for name, value := range d.o.Labels {
		m[name] = value
	}
	for name, value := range d.o.Annotations {
		m[name] = value
	}
	m[MetaPipeline], m[MetaHash] = d.p.Name, d.units[0].app.Hash
	return m
}

// group is that of the job which runs the program.
func (u *unit) group() *api.TaskGroup {
	g := &api.TaskGroup{
		Name: &u.app.Name, Count: u.count(),
		RestartPolicy: u.restart(), ReschedulePolicy: u.reschedule(), Disconnect: u.disconnect(),
		Networks: u.network(), Services: u.services(), Scaling: u.scaling(),
	}
	if u.kind.name == service {
		g.Update, g.Migrate = u.update(), u.migrate()
	}
	if u.app.Copies.Many || u.app.Replicas > 1 {
		g.Spreads = []*api.Spread{{Attribute: "${node.unique.id}", Weight: new(int8(50))}}
	}
	if u.app.PreStop > 0 { // the balancers learn first that it goes
		g.ShutdownDelay = &u.app.PreStop
	}
	u.keep(g)
	g.Tasks = []*api.Task{u.task()}
	if len(u.volumes) > 0 {
		g.Volumes = map[string]*api.VolumeRequest{}
		for name, v := range u.volumes {
			g.Volumes[name] = v.request
		}
	}
	u.beside(g)
	u.jobs(g)
	return g
}

// count is the number of copies.
func (u *unit) count() *int {
	n := 1
	if s := u.o.Scale; s != nil {
		n = max(1, s.Min)
	}
	if u.o.Replicas != nil {
		n = *u.o.Replicas
	}
	if u.app.Replicas > 1 {
		return &u.app.Replicas // each has a number of its own
	}
	if n > 1 && !u.app.Copies.Many {
		key := "replicas"
		if u.o.Replicas == nil {
			key = "scale"
		}
		u.list.Errorf(diag.TargetCopies, u.at(key), "%d copies of this program would do its work %d times: %s", n, n, u.app.Copies.Why).
			Helpf("leave `%s` out, or let copies share what the source gives", key)
	}
	if s := u.o.Scale; s != nil && u.o.Replicas != nil && (n < s.Min || n > s.Max) {
		u.list.Errorf(diag.TargetOption, u.at("replicas"), "%d copies are out of the bounds of `scale`, %d to %d", n, s.Min, s.Max).
			Helpf("leave `replicas` out: the job begins with `min` copies")
	}
	return &n
}

// grace is how long a task may take to end. Nomad counts it from the signal, and so
// without the delay before.
func (u *unit) grace() time.Duration { return u.app.Grace - u.app.PreStop }

// killCap is the most that a client waits for a task to end, whatever the job says.
func (u *unit) killCap() time.Duration {
	d, err := time.ParseDuration(u.o.MaxKillTimeout)
	if err != nil {
		panic(err) // the schema lets durations through
	}
	return d
}

// cutShort tells whether a client kills a program that is still draining. That what is
// left of the grace after it is cut is no harm.
func (u *unit) cutShort() bool { return u.app.Drain > u.killCap() }

// warnOfKill says where clients must be told to wait longer.
func (u *unit) warnOfKill() {
	if u.cutShort() {
		u.list.Warningf(diag.TargetOption, u.at("max_kill_timeout"), "an ordered stop may take %s, and a client of Nomad's kills after %s unless its configuration says `max_kill_timeout = \"%s\"`", short(u.app.Drain), short(u.killCap()), short(u.grace())).
			Helpf("set that on the clients and say so (`targets: {nomad: {max_kill_timeout: %s}}`), or make `delivery.drain` %s or less", short(u.grace()), short(u.killCap()))
	}
}

// short is a duration without its zeros: 5m and not 5m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
