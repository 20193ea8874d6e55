package kubernetes

import (
	"slices"
	"strconv"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// A deployment is all objects of a pipeline: those of its processes, one after the other.
type deployment struct {
	p      *ir.Program
	o      *options
	layout backends.Layout
	// name is that of the pipeline's objects, and of its file.
	name      string
	processes []*builder
	broker    *broker
	objects   []object
	list      diag.List
}

// build makes the objects, or the diagnostics that say why not.
func build(p *ir.Program, o backends.Options, l backends.Layout) (*deployment, error) {
	opts, err := decode(manifest.OptionsOf(o, ""))
	if err != nil {
		return nil, err
	}
	d := &deployment{p: p, o: opts, layout: l, name: baseName(p.Name), list: manifest.CheckProcesses(p, target, o)}
	d.bring()
	var apps []*manifest.App
	var all []*builder
	files := secretFiles(p)
	for _, part := range manifest.Parts(p) {
		own, err := decode(manifest.OptionsOf(o, part.Process))
		if err != nil {
			return nil, err
		}
		b := &builder{p: part.Program, o: own, layout: l, pipeline: d.name, broker: d.broker}
		b.read(part, files)
		b.name = baseName(b.app.Name)
		all, apps = append(all, b), append(apps, b.app)
	}
	for i, b := range all {
		b.own(apps, i)
		d.processes = append(d.processes, b.workloads()...)
	}
	d.check(apps)
	first := d.processes[0]
	first.names()
	first.namespace()
	if d.broker != nil {
		first.objects = append(first.objects, d.broker.objects(d)...)
	}
	for i, b := range d.processes {
		if i > 0 {
			b.names()
		}
		b.build()
		d.objects = append(d.objects, b.objects...)
		d.list = manifest.Join(d.list, b.list)
	}
	if d.list.HasErrors() {
		return d, nil
	}
	d.overlay()
	d.nameJobs()
	return d, nil
}

// workloads are the builders of a process: one, or one for each copy of a process that
// ends and keeps files. Pods of one Job can't have a volume each.
func (b *builder) workloads() []*builder {
	if b.app.Replicas == 1 || !b.app.Bounded || len(manifest.DirPaths(b.app)) == 0 {
		return []*builder{b}
	}
	var all []*builder
	for n := range b.app.Replicas {
		one := *b
		one.replica = strconv.Itoa(n)
		one.name = baseName(b.app.Name + "-" + one.replica)
		all = append(all, &one)
	}
	return all
}

// at is where an option stands, or the one above it that does.
func (d *deployment) at(path string) source.Span { return optionAt(d.p, nil, path) }

// check refuses what makes no sense of a pipeline that runs in several processes.
func (d *deployment) check(apps []*manifest.App) {
	if len(d.p.Pieces) == 0 {
		return
	}
	refuse := func(option, why string) {
		d.list.Errorf(diag.TargetScale, d.at(option), "`%s` is for a pipeline in one process, and `%s` runs in several: %s", option, d.p.Name, why)
	}
	if d.o.As != "" {
		refuse("as", "each of them is what it asks for")
	}
	if d.o.Schedule != "" {
		refuse("schedule", "what one run sends another could read")
	}
	shares := slices.ContainsFunc(apps, func(a *manifest.App) bool { return a.Copies.Many && a.Elastic == nil })
	for option, said := range map[string]bool{"replicas": d.o.Replicas != nil && *d.o.Replicas > 1, "scale": d.o.Scale != nil} {
		if said && !shares {
			d.list.Errorf(diag.TargetCopies, d.at(option), "no process of `%s` may have copies that nobody tells apart", d.p.Name).
				Notef("`%s`: %s", apps[0].Process, apps[0].Copies.Why).
				Helpf("leave `%s` out: `scale: {replicas: N}` on a node of the pipeline has it run in processes of its own, each with its part of the records", option)
		}
	}
	if s := d.o.Service; (s.Type != "" || s.Annotations != nil) && !slices.ContainsFunc(apps, listens) {
		d.list.Errorf(diag.TargetOption, d.at("service"), "`%s` listens for no records, so that there is no Service for them", d.p.Name).Helpf("take `service` away")
	}
	names := map[string]string{}
	if d.broker != nil {
		names[d.broker.Name] = "edges"
	}
	for _, b := range d.processes {
		if other, ok := names[b.name]; ok {
			d.list.Errorf(diag.TargetName, d.at("namespace"), "the processes `%s` and `%s` would both be called `%s`", other, b.app.Process, b.name).
				Helpf("give a node another name: a process is called as the node that is scaled, or as its first")
		}
		names[b.name] = b.app.Process
	}
}

// listens tells whether records come to a port of the program's.
func listens(a *manifest.App) bool {
	return slices.ContainsFunc(a.Ports, func(p manifest.Port) bool { return !p.Pages })
}

// notes are what a reader of the objects should know.
func (d *deployment) notes() (all []string) {
	for _, b := range d.processes {
		for _, note := range b.notes {
			if !slices.Contains(all, note) {
				all = append(all, note)
			}
		}
	}
	return all
}

// hash is that of the pipeline's meaning.
func (d *deployment) hash() string { return d.processes[0].app.Hash }
