package nomad

import (
	"fmt"
	"strings"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// jobs adds the jobs that the program waits for to its group: tasks that run to their end
// before it is started. Nomad starts all of these at once, and what it starts behind a task it
// starts however that has ended, so neither a line of jobs nor one behind the program can be
// had of it.
func (u *unit) jobs(g *api.TaskGroup) {
	for _, j := range u.app.AroundProgram() {
		j.NotAround(&u.list, "nomad", "group")
	}
	for _, j := range u.app.BeforeProgram() {
		if len(j.After) > 0 {
			u.list.Errorf(diag.TargetComponent, j.Foreign.Span, "`%s` waits for `%s`, and Nomad starts all tasks before a program at once", j.Node, strings.Join(j.After, "` and `")).
				Helpf("name their programs as `command`, which the program itself starts one after another, make one container of them, or deploy to k8s or compose")
			continue
		}
		t := u.besideOwn(j.Beside)
		config := u.besideConfig(j.Beside)
		u.besideEnv(j.Beside, t)
		if mounts := u.besidePlaces(j.Beside, t, g); len(mounts) > 0 {
			config["mounts"] = mounts
		}
		if j.Restart == ir.RestartNo {
			t.RestartPolicy = &api.RestartPolicy{Attempts: new(0), Mode: new("fail")}
		}
		t.Config = config
		g.Tasks = append(g.Tasks, t)
	}
}

// explainJobs says what becomes of the jobs.
func (u *unit) explainJobs() (all []backends.Reason) {
	for _, j := range u.app.BeforeProgram() {
		all = append(all, backends.Reason{Subject: "job", Says: fmt.Sprintf("`%s` is the task %s of the group, of the image %s; it runs to its end before each start of an allocation", j.Node, u.besideTask(j.Beside), j.Image)})
	}
	return all
}
