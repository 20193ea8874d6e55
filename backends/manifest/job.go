package manifest

import (
	"slices"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// A Job is a container that runs to its end. What the pipeline starts as a process runs
// inside the program, with the records; a job is started before all of that, behind it, or
// beside it.
type Job struct {
	Beside
	// After are the nodes of the jobs that must have completed before.
	After []string
	// Before tells that the program is started when it has completed, Behind that it is
	// started when the program has.
	Before, Behind bool
	// Endless tells that it is started again whenever it has ended.
	Endless bool
}

// inside tells that the program starts the job, and no target does.
func inside(j *ir.Job, given Given) bool { return j.Start.Image == nil || given.Children }

// jobs finds the jobs that are containers of their own, and what waits for what.
func (r *reader) jobs() {
	own := map[string]bool{} // inside the program
	for _, j := range r.p.Jobs {
		own[j.Name] = inside(j, r.given)
	}
	empty := len(r.p.Nodes) == 0 && !slices.ContainsFunc(r.p.Jobs, func(j *ir.Job) bool { return own[j.Name] })
	needed := map[string]bool{} // somebody waits for it
	var pending []Job
	for _, j := range r.p.Jobs {
		if own[j.Name] {
			r.ownJob(j)
			continue
		}
		one := Job{Beside: r.container(j.Name, j.Start), Endless: j.Endless()}
		one.Restart = j.Start.Restart
		if entry, args := j.Words(); len(entry) > 0 {
			one.Entry, one.Args = r.words(j.Name, entry), r.words(j.Name, args)
		}
		for _, d := range j.DependsOn {
			needed[d.Name] = true
			if d.Node || own[d.Name] {
				one.Behind = true
			} else {
				one.After = append(one.After, d.Name)
			}
		}
		one.Before = slices.ContainsFunc(r.p.Awaits, func(d ir.Dependency) bool { return d.Name == j.Name }) ||
			slices.ContainsFunc(r.p.Jobs, func(o *ir.Job) bool {
				return own[o.Name] && slices.ContainsFunc(o.DependsOn, func(d ir.Dependency) bool { return d.Name == j.Name })
			})
		pending = append(pending, one)
		r.app.Settings = append(r.app.Settings, Setting{j.Name + ".elsewhere", "true"})
	}
	for i := range pending { // the end of a program that has nothing to do is that of the jobs
		if one := &pending[i]; empty && !one.Endless && !needed[one.Node] {
			one.Before = true
		}
	}
	r.app.Jobs = inOrder(pending)
	r.aroundProgram()
	r.jobNames()
}

// ownJob looks at one that the program starts.
func (r *reader) ownJob(j *ir.Job) {
	f := j.Start
	switch {
	case f.Image == nil && !r.given.Children:
		r.file(j.Name, f)
	case f.Image != nil:
		r.list.Errorf(diag.TargetComponent, f.Span, "the job `%s` is a container, and on the target %s jobs are processes of the host", j.Name, r.target).
			Helpf("name its program, `command: [./program]` (`--overlay` can do so for this target), or deploy to compose, k8s or nomad (with its driver docker)")
	}
}

// inOrder are jobs, each behind those that it waits for. They have no circles.
func inOrder(jobs []Job) (all []Job) {
	placed := map[string]bool{}
	for len(all) < len(jobs) {
		for _, j := range jobs {
			if !placed[j.Node] && !slices.ContainsFunc(j.After, func(name string) bool { return !placed[name] }) {
				placed[j.Node] = true
				all = append(all, j)
			}
		}
	}
	return all
}

// aroundProgram refuses jobs that wait for a part of the program while another part waits for
// them, and those that wait for the end of what has none.
func (r *reader) aroundProgram() {
	behind := map[string]bool{}
	for _, j := range r.app.Jobs {
		behind[j.Node] = j.Behind || slices.ContainsFunc(j.After, func(name string) bool { return behind[name] })
		switch {
		case behind[j.Node] && j.Before:
			r.list.Errorf(diag.TargetComponent, j.Foreign.Span, "the container `%s` is to run between two parts of one program: what waits for it and what it waits for are both processes of the program, which on the target %s is one container", j.Node, r.target).
				Helpf("give the job that it waits for an `image` as well, or its own program as `command`, or put what is behind it into a pipeline of its own")
		case j.Behind && !r.app.Bounded:
			r.list.Errorf(diag.TargetComponent, j.Foreign.Span, "`%s` waits for the end of the program, and nothing says that it ever ends", j.Node).
				Helpf("remove the node from its `depends_on`, or have the sources end")
		}
	}
}

// jobNames sees to it that no two containers have one name.
func (r *reader) jobNames() {
	seen := map[string]string{"pipeline": "the program"}
	for _, b := range r.app.Beside {
		seen[b.Name] = "`" + b.Node + "`"
	}
	for _, j := range r.app.Jobs {
		if other := seen[j.Name]; other != "" {
			r.list.Errorf(diag.TargetName, j.Foreign.Span, "`%s` and %s would both be the container `%s`", j.Node, other, j.Name).Helpf("give the job another name")
		}
		seen[j.Name] = "`" + j.Node + "`"
	}
}

// AroundProgram are the jobs that run behind the program or beside it.
func (a *App) AroundProgram() []Job {
	before := map[string]bool{}
	for _, j := range a.BeforeProgram() {
		before[j.Node] = true
	}
	return slices.DeleteFunc(slices.Clone(a.Jobs), func(j Job) bool { return before[j.Node] })
}

// NotAround refuses a job on a target that runs jobs before the program alone, where that has
// its containers: in its pod, in its group.
func (j Job) NotAround(list *diag.List, target, where string) {
	list.Errorf(diag.TargetComponent, j.Foreign.Span, "the target %s runs jobs before the program, in its %s, and `%s` runs behind it, or beside it", target, where, j.Node).
		Helpf("have a source wait for it (`depends_on: [%s]`), name its program as `command`, which the program itself starts, put it into a pipeline of its own, or deploy to compose", j.Node)
}

// Containers are the components and the jobs that are containers of their own.
func (a *App) Containers() []Beside {
	all := slices.Clone(a.Beside)
	for _, j := range a.Jobs {
		all = append(all, j.Beside)
	}
	return all
}

// BeforeProgram are the jobs that must have completed before the program is started, each
// behind those that it waits for.
func (a *App) BeforeProgram() (all []Job) {
	need := map[string]bool{}
	for _, j := range slices.Backward(a.Jobs) {
		if need[j.Node] = need[j.Node] || j.Before; need[j.Node] {
			for _, name := range j.After {
				need[name] = true
			}
			all = append(all, j)
		}
	}
	slices.Reverse(all)
	return all
}
