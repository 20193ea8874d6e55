package analyze

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// jobsOf are the jobs of a program.
func jobsOf(p *ir.Program) (all []Job) {
	for _, j := range p.Jobs {
		job := Job{Name: j.Name, Behind: j.Behind(), Restart: j.Start.Restart}
		if !j.Span.IsZero() {
			job.Place = j.Span.Place()
		}
		job.Before = slices.ContainsFunc(p.Awaits, func(d ir.Dependency) bool { return d.Name == j.Name })
		for _, d := range j.DependsOn {
			if !d.Node {
				job.After = append(job.After, d.Name)
			}
		}
		job.Does = job.does(j)
		all = append(all, job)
	}
	return all
}

// does says what a job starts, when, and what becomes of it.
func (j Job) does(job *ir.Job) string {
	what := "Starts " + started(job.Start)
	after := []string{}
	if len(j.After) > 0 {
		after = append(after, quoted(j.After))
	}
	if j.Behind {
		after = append(after, "all records")
	}
	switch {
	case len(after) == 0 && j.Before:
		what += " at once; no record is read before it has completed"
	case len(after) == 0:
		what += " at once, beside the rest"
	default:
		what += " when " + strings.Join(after, " and ") + map[bool]string{false: " has", true: " have"}[len(j.After) > 1 || j.Behind] + " completed"
		if j.Before {
			what += "; no record is read before it has, too"
		}
	}
	switch {
	case job.Endless():
		return what + ". It is started again whenever it has ended, so the run ends only when it is told to."
	case j.Restart == ir.RestartOnFailure:
		return what + ". One that fails is started again, five times at the most; then the run fails."
	}
	return what + ". One that fails ends the run."
}

// started says what is started.
func started(f *ir.Foreign) string {
	if f.Image != nil {
		return "the container `" + written(f.Image) + "`"
	}
	return "`" + written(f.Command[0]) + "`"
}

// jobs writes what runs to its end.
func (t *text) jobs(e *Explanation) {
	if len(e.Jobs) == 0 {
		return
	}
	t.section("What runs to its end")
	var rows []row
	for _, j := range e.Jobs {
		rows = append(rows, row{j.Name, j.Does})
	}
	t.rows(rows)
	for _, line := range wrap("What has completed is kept in the state folder: the next start of a run that did not complete goes on with the rest.", width-2) {
		t.line("  %s", line)
	}
}
