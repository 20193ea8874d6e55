package compose

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// A deployment is a pipeline on its way to a project.
type deployment struct {
	p *ir.Program
	// units are its processes, each behind those that feed it, and each copy of one that
	// has a number.
	units []*unit
	// replicas is the option, which is about the processes of which copies share the input.
	replicas int
	broker   *broker
	list     diag.List
}

// A unit is a program on its way to a service.
type unit struct {
	p       *ir.Program
	app     *manifest.App
	options *Options
	list    diag.List
	memory  int64
	// replica is its number among the copies of a process, "" for a process that has one.
	replica string
	broker  *broker // of the pipeline, nil for none
}

// cut tells whether the pipeline runs in several processes.
func (d *deployment) cut() bool { return len(d.p.Pieces) > 0 }

// read decodes the options, reads the pipeline with them and notes whatever does not fit;
// image is stronger than the option of that name.
func read(p *ir.Program, text backends.Options, image string) *deployment {
	d := &deployment{p: p, list: manifest.CheckProcesses(p, "compose", text)}
	d.bring(decode(manifest.OptionsOf(text, "")))
	var processes []*unit
	var apps []*manifest.App
	for _, part := range manifest.Parts(p) {
		u := &unit{p: part.Program, options: decode(manifest.OptionsOf(text, part.Process)), broker: d.broker}
		o := u.options
		if d.broker != nil {
			o.Env = d.broker.given(o.Env)
		}
		given := manifest.Given{
			Image: cmp.Or(image, o.Image), Env: o.Env, Secrets: u.secretVars(), Memory: u.limit(), Beside: true, Apart: true,
			Place: "{bind: PATH}", Placed: func(path string) bool { _, ok := o.Files[path]; return ok },
			Files: sorted(o.Files), Keeps: o.keeps(), Ends: o.As == "job" || o.Restart == "on-failure" || o.Restart == "no",
		}
		app, list := part.App("compose", given)
		u.app, d.list = app, manifest.Join(d.list, list)
		processes, apps = append(processes, u), append(apps, app)
	}
	d.replicas = processes[0].options.Replicas
	for i, u := range processes {
		u.own(apps, i)
		d.units = append(d.units, u.copies()...)
	}
	for _, u := range d.units {
		u.reach()
		u.check()
		d.list = manifest.Join(d.list, u.list)
	}
	d.check()
	return d
}

// own takes out of the options what is about other processes alone.
func (u *unit) own(apps []*manifest.App, i int) {
	others := func(key string, keys func(*manifest.App) []string) bool {
		return !manifest.Concerns(apps, i, key, keys)
	}
	o := u.options
	maps.DeleteFunc(o.Files, func(key string, _ Place) bool { return others(key, manifest.InputPaths) })
	maps.DeleteFunc(o.Secrets, func(key string, _ Secret) bool { return others(key, manifest.SecretNames) })
	maps.DeleteFunc(o.Storage, func(key string, _ Storage) bool { return others(key, manifest.DirPaths) })
	maps.DeleteFunc(o.Publish, func(key string, _ any) bool { return others(key, manifest.PortNames) })
	if u.app.Process != "" && !u.app.Copies.Many {
		o.Replicas = 0
	}
	if e := u.app.Elastic; e != nil { // more of them are `docker compose up --scale`
		o.Replicas = e.Min
	}
}

// copies are the units of a process: one, or one for each number.
func (u *unit) copies() []*unit {
	if u.app.Replicas == 1 {
		return []*unit{u}
	}
	var all []*unit
	for n := range u.app.Replicas {
		one, app := *u, *u.app
		one.app, one.replica = &app, strconv.Itoa(n)
		app.Name += "-" + one.replica
		all = append(all, &one)
	}
	return all
}

// project is the file.
func (d *deployment) project() (*Project, error) {
	first := d.units[0]
	p := &Project{
		Name:     literal(cmp.Or(first.options.Project, d.p.Name)),
		Flowc:    Origin{Pipeline: d.p.Name, Hash: first.app.Hash},
		Services: map[string]any{}, Networks: map[string]Network{}, Volumes: map[string]Volume{}, Secrets: map[string]File{},
	}
	for _, u := range d.units {
		service, err := u.merged()
		if err != nil {
			return nil, err
		}
		p.Services[u.app.Name] = service
		maps.Copy(p.Networks, u.networks())
		maps.Copy(p.Volumes, u.volumes())
		maps.Copy(p.Secrets, u.secrets())
		u.addBeside(p)
	}
	if d.broker != nil {
		p.Services[d.broker.Name] = d.broker.service(first)
		maps.Copy(p.Volumes, d.broker.volumes(d.p.Name))
	}
	return p, nil
}

// needs are what must be there before the file is used.
func (d *deployment) needs() (all []string) {
	for _, u := range d.units {
		for _, need := range u.needs() {
			if !slices.Contains(all, need) {
				all = append(all, need)
			}
		}
	}
	if d.broker != nil {
		all = append(all, d.broker.needs()...)
	}
	return all
}

// check holds the processes against each other.
func (d *deployment) check() {
	var taken []published
	for _, u := range d.units {
		u.list = nil
		taken = u.checkPlaces(taken, d.cut())
		d.list = manifest.Join(d.list, u.list)
	}
	if !d.cut() {
		return
	}
	if d.replicas > 1 && !slices.ContainsFunc(d.units, func(u *unit) bool { return u.app.Copies.Many && u.app.Elastic == nil }) {
		d.list.Errorf(diag.TargetCopies, d.units[0].at("replicas"), "no process of `%s` may have %d copies that nobody tells apart", d.p.Name, d.replicas).
			Notef("`%s`: %s", d.units[0].app.Process, d.units[0].app.Copies.Why).
			Helpf("leave `replicas` out: `scale: {replicas: N}` on a node has it run in processes of its own, each with its part of the records")
	}
	names := map[string]string{}
	if d.broker != nil {
		names[d.broker.Name] = "`edges`"
	}
	for _, u := range d.units {
		if other, ok := names[u.app.Name]; ok {
			d.list.Errorf(diag.TargetName, u.at(), "the processes %s and %s would both be the service `%s`", other, u.process(), u.app.Name).
				Helpf("give a node another name: a process is called as the node that is scaled, or as its first")
		}
		names[u.app.Name] = u.process()
		for _, b := range u.app.Beside {
			if other, ok := names[u.besideName(b)]; ok {
				d.list.Errorf(diag.TargetName, b.Foreign.Span, "%s and `%s` would both be the service `%s`", other, b.Node, u.besideName(b)).Helpf("give the node another name")
			}
			names[u.besideName(b)] = "`" + b.Node + "`"
		}
	}
	containers := map[string]string{}
	for _, u := range d.units {
		name, ok := u.options.Overlay["container_name"].(string)
		if other := containers[name]; ok && other != "" {
			d.list.Errorf(diag.TargetOverlay, u.at("overlay", "container_name"), "the containers of %s and %s can't both be called `%s`", other, u.process(), name).
				Helpf("leave it out, or name that of a process which has one copy: `processes: {NAME: {overlay: {container_name: …}}}`")
		}
		containers[name] = u.process()
	}
}

// process names a unit for people.
func (u *unit) process() string {
	if u.replica != "" {
		return fmt.Sprintf("`%s` (%s)", u.app.Process, u.replica)
	}
	return "`" + u.app.Process + "`"
}

// explain says what the services are, and why.
func (d *deployment) explain() []backends.Reason {
	var all []backends.ProcessReasons
	for _, u := range d.units {
		if u.replica == "" || u.replica == "0" { // the others are the same
			all = append(all, backends.ProcessReasons{Process: u.app.Process, Reasons: u.explain()})
		}
	}
	out := backends.Together(all)
	if d.broker != nil {
		out = append(out, d.broker.explain())
	}
	for _, need := range d.needs() {
		out = append(out, backends.Reason{Subject: backends.Needs, Says: need})
	}
	return out
}
