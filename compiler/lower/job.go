package lower

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// jobs lowers what runs to its end beside the nodes, and finds what waits for what.
func (w *lowering) jobs() (jobs []*ir.Job, awaits []ir.Dependency) {
	byName := map[string]*ir.Job{}
	for _, s := range w.p.Jobs {
		n := &node{Node: s}
		w.nodeName(n)
		if before := w.nameTaken(s.Name.Text, byName); !before.IsZero() {
			w.l.Errorf(diag.DuplicateNode, s.Name.Span, "the job `%s` is called like another job or a node", s.Name.Text).
				Also(before, "this one").
				Helpf("rename one of them: `depends_on` and logs know them by name alone")
			continue
		}
		j := w.job(n)
		byName[j.Name] = j
		jobs = append(jobs, j)
	}
	for _, s := range w.p.Jobs {
		if j := byName[s.Name.Text]; j != nil && j.Span == s.Name.Span {
			j.DependsOn = w.dependencies(s, byName, true)
		}
	}
	for _, n := range w.nodes {
		for _, d := range w.dependencies(n.Node, byName, false) {
			if !slices.ContainsFunc(awaits, func(a ir.Dependency) bool { return a.Name == d.Name }) {
				awaits = append(awaits, d)
			}
		}
	}
	w.jobCycles(jobs, byName, awaits)
	w.jobResources(jobs)
	return jobs, awaits
}

// nameTaken is the place of what has a name already, zero for nothing.
func (w *lowering) nameTaken(name string, jobs map[string]*ir.Job) source.Span {
	if n := w.byName[name]; n != nil {
		return n.Name.Span
	}
	if j := jobs[name]; j != nil {
		return j.Span
	}
	return source.Span{}
}

// job lowers what one starts.
func (w *lowering) job(n *node) *ir.Job {
	s := n.Node.Foreign
	j := &ir.Job{Name: n.Name.Text, Span: n.Name.Span, Start: &ir.Foreign{}}
	if s == nil {
		return j // no mapping, which was reported
	}
	f := &ir.Foreign{
		Command: s.Command, Args: s.Args, Image: s.Image, Volumes: s.Volumes, Secrets: s.Secrets, Requests: s.Requests, Limits: s.Limits,
		Restart: ir.Restart(s.Restart.Text), Span: n.KindSpan,
	}
	if f.Restart == "" {
		f.Restart = ir.RestartNo
	}
	j.Start = f
	if !w.foreignKind(n, f) {
		return j
	}
	if f.Image == nil && len(f.Command) == 0 {
		w.l.Errorf(diag.NodeKind, n.Name.Span, "the job `%s` starts nothing", n.Name.Text).
			Helpf("name a program, `command: [./program]`, or a container, `image: name:tag`")
		return j
	}
	if f.Image == nil {
		if m := n.Body.Member("volumes"); m != nil {
			w.l.Errorf(diag.KeyConflict, m.Key.Span, "`volumes` are for a container, and the job `%s` is a process, which sees the files of the host where they are", n.Name.Text).
				Helpf("remove `volumes`, or name an `image`")
		}
	}
	for _, v := range slices.Concat(f.Command, f.Args, []*ir.Value{f.Image}) {
		if v != nil {
			w.perRecord(n, "command", false, v)
		}
	}
	f.Env = w.environment(n, f, nil)
	return j
}

// dependencies are what a job or a node waits for.
func (w *lowering) dependencies(s *syntax.Node, jobs map[string]*ir.Job, job bool) (all []ir.Dependency) {
	for _, t := range s.DependsOn {
		d := ir.Dependency{Name: t.Text, Span: t.Span}
		other := jobs[t.Text]
		d.Node = other == nil && w.byName[t.Text] != nil
		switch {
		case slices.ContainsFunc(all, func(a ir.Dependency) bool { return a.Name == t.Text }):
			continue
		case d.Node && !job:
			w.l.Errorf(diag.KeyConflict, t.Span, "`%s` waits for `%s` to complete, and both are nodes, which begin and end together", s.Name.Text, t.Text).
				Helpf("`depends_on` of a node names jobs; records come to it by `from`")
			continue
		case other == nil && !d.Node:
			w.noDependency(s, t, jobs, job)
			continue
		case other != nil && other.Endless():
			w.l.Errorf(diag.KeyConflict, t.Span, "`%s` waits for `%s` to complete, which never does: it is started again whenever it has ended", s.Name.Text, t.Text).
				Also(other.Span, "`restart: %s`", other.Start.Restart).
				Helpf("give `%s` `restart: no` or `restart: on-failure`, or remove it here", t.Text)
			continue
		case d.Node && w.endless():
			w.l.Errorf(diag.KeyConflict, t.Span, "`%s` waits for the end of the records, and there is none: no source of the pipeline ends", s.Name.Text).
				Helpf("read a part of the source (`range`), or remove `%s` here", t.Text)
			continue
		}
		all = append(all, d)
	}
	return all
}

// noDependency reports a name that is neither a job's nor a node's.
func (w *lowering) noDependency(s *syntax.Node, t syntax.Text, jobs map[string]*ir.Job, job bool) {
	var names []string
	for _, o := range w.p.Jobs {
		if jobs[o.Name.Text] != nil && o.Name.Text != s.Name.Text {
			names = append(names, o.Name.Text)
		}
	}
	what := "job"
	if job {
		what = "job or node"
		for _, n := range w.nodes {
			names = append(names, n.Name.Text)
		}
	}
	d := w.l.Errorf(diag.UnknownNode, t.Span, "`%s` depends on `%s`, and there is no such %s", s.Name.Text, t.Text, what)
	switch {
	case d.Near(t.Text, names):
	case len(names) > 0:
		d.Helpf("there are `%s`", strings.Join(names, "`, `"))
	default:
		d.Helpf("there is nothing to wait for: remove it, or add it under `jobs:`")
	}
}

// endless tells that the records surely never end: a component alone knows whether it does.
func (w *lowering) endless() bool {
	for _, n := range w.nodes {
		if n.Role != syntax.Source {
			continue
		}
		if n.main == nil {
			continue
		}
		if op, ok := n.main.Op.(*ir.Source); ok && !op.Bounded && op.Foreign == nil {
			return true
		}
	}
	return false
}

// records stand for all nodes among what waits for each other.
const records = ""

// jobCycles reports jobs that wait for each other.
func (w *lowering) jobCycles(jobs []*ir.Job, byName map[string]*ir.Job, awaits []ir.Dependency) {
	const open, done = 1, 2
	state := map[string]int{}
	var path []string
	var visit func(name string)
	visit = func(name string) {
		state[name] = open
		path = append(path, name)
		needs := awaits
		if name != records {
			needs = byName[name].DependsOn
		}
		for _, d := range needs {
			to := d.Name
			if d.Node {
				to = records
			}
			switch state[to] {
			case open:
				w.jobCycle(path[slices.Index(path, to):], d)
			case 0:
				visit(to)
			}
		}
		state[name] = done
		path = path[:len(path)-1]
	}
	for _, j := range jobs {
		if state[j.Name] == 0 {
			visit(j.Name)
		}
	}
}

// jobCycle reports one circle; last is what closes it.
func (w *lowering) jobCycle(path []string, last ir.Dependency) {
	words := make([]string, 0, len(path)+1)
	for _, name := range append(slices.Clone(path), path[0]) {
		if name == records {
			words = append(words, "the records")
		} else {
			words = append(words, "`"+name+"`")
		}
	}
	d := w.l.Errorf(diag.Cycle, last.Span, "these wait for each other, so that none begins: %s", strings.Join(words, " → "))
	d.Caret("this closes the circle")
	if slices.Contains(path, records) {
		d.Notef("nodes begin and end together: a job that waits for one waits for all records, and a node that waits for a job holds them all back")
	}
	d.Helpf("take one of these `depends_on` away")
}

// jobResources warns of amounts for which a process has no place.
func (w *lowering) jobResources(jobs []*ir.Job) {
	for _, j := range jobs {
		none := ir.ForeignResources{}
		if f := j.Start; f.Image == nil && (f.Requests != none || f.Limits != none) {
			w.l.Warningf(diag.TargetComponent, j.Span, "`resources` of the job `%s` have no place: it is a process, and nothing limits it", j.Name).
				Helpf("a container has them: `image`")
		}
	}
}
