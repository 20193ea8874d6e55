package nomad

import (
	"slices"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// A deployment is a pipeline on its way to a job: a unit for each of its processes.
type deployment struct {
	p      *ir.Program
	o      *options
	layout backends.Layout
	units  []*unit
	broker *broker
	list   diag.List
}

func newDeployment(p *ir.Program, given backends.Options, l backends.Layout) *deployment {
	d := &deployment{p: p, o: decode(manifest.OptionsOf(given, "")), layout: l, list: manifest.CheckProcesses(p, "nomad", given)}
	d.bring()
	var apps []*manifest.App
	for _, part := range manifest.Parts(p) {
		u := newUnit(p, part, given, l.Image, d.broker)
		d.units, apps = append(d.units, u), append(apps, u.app)
	}
	d.check(apps)
	for i, u := range d.units {
		u.own(apps, i)
		u.kind = u.kindOf()
	}
	return d
}

// name is the job's id.
func (d *deployment) name() string { return d.units[0].name() }

// file is the name of the job's file.
func (d *deployment) file() string { return d.name() + ".nomad.json" }

// kind is that of the job: no process ends where the pipeline does not.
func (d *deployment) kind() kind { return d.units[0].kind }

// at is where an option stands, as far as it was written down.
func (d *deployment) at(key ...string) source.Span {
	return manifest.OptionAt(d.p.TargetSpans, "nomad", "", key...)
}

// gather takes what the units have found.
func (d *deployment) gather() {
	for _, u := range d.units {
		d.list = manifest.Join(d.list, u.list)
		u.list = nil
	}
}

// check refuses what makes no sense of a pipeline that runs in several processes.
func (d *deployment) check(apps []*manifest.App) {
	if len(d.p.Pieces) == 0 {
		return
	}
	if d.o.Schedule != "" {
		d.list.Errorf(diag.TargetScale, d.at("schedule"), "`schedule` is for a pipeline in one process, and `%s` runs in several: what one run sends another could read", d.p.Name).
			Helpf("leave `schedule` out")
	}
	if d.broker != nil && apps[0].Bounded {
		d.list.Errorf(diag.TargetOption, d.at("broker"), "`%s` ends by itself, and a job with a broker in it would not", d.p.Name).
			Helpf("leave `broker` out, and give the address of a server: `targets: {nomad: {secrets: {%s: …}}}`", d.broker.Variable)
	}
	shares := slices.ContainsFunc(apps, func(a *manifest.App) bool { return a.Copies.Many && a.Elastic == nil })
	for option, said := range map[string]bool{"replicas": d.o.Replicas != nil && *d.o.Replicas > 1, "scale": d.o.Scale != nil} {
		if said && !shares {
			d.list.Errorf(diag.TargetCopies, d.at(option), "no process of `%s` may have copies that nobody tells apart", d.p.Name).
				Notef("`%s`: %s", apps[0].Process, apps[0].Copies.Why).
				Helpf("leave `%s` out: `scale: {replicas: N}` on a node of the pipeline has it run in processes of its own, each with its part of the records", option)
		}
	}
	names := map[string]string{}
	if d.broker != nil {
		names[d.broker.Name] = "edges"
	}
	for _, a := range apps {
		if other, ok := names[a.Name]; ok {
			d.list.Errorf(diag.TargetName, d.at(), "the processes `%s` and `%s` would both be the group `%s`", other, a.Process, a.Name).
				Helpf("give a node another name: a process is called as the node that is scaled, or as its first")
		}
		names[a.Name] = a.Process
	}
}
