package compose

import (
	"fmt"
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// completed is the condition of who waits for a container to have ended with the status 0.
const completed = "service_completed_successfully"

// tries is how often a job with `restart: on-failure` is started again, as by the program.
const tries = 4

// jobs are the services of the jobs that are containers of their own. They run once: what
// waits for one waits until it has completed.
func (u *unit) jobs() map[string]*Service {
	all := map[string]*Service{}
	for _, j := range u.app.Jobs {
		s := u.container(j.Beside)
		s.Labels[LabelJob] = literal(j.Node)
		if j.Restart == ir.RestartOnFailure {
			s.Restart = fmt.Sprintf("on-failure:%d", tries)
		}
		for _, name := range j.After {
			for _, other := range u.app.Jobs {
				if other.Node == name {
					s.wait(u.besideName(other.Beside))
				}
			}
		}
		if j.Behind {
			s.wait(u.app.Name)
		}
		all[u.besideName(j.Beside)] = s
	}
	return all
}

// wait has a service wait for another one.
func (s *Service) wait(name string) {
	if s.DependsOn == nil {
		s.DependsOn = map[string]Dependency{}
	}
	s.DependsOn[name] = Dependency{Condition: completed}
}

// checkJobs looks at what does not go with jobs.
func (u *unit) checkJobs() {
	for _, j := range u.app.Jobs {
		if u.options.Replicas > 1 {
			u.list.Errorf(diag.TargetCopies, u.at("replicas"), "`%s` runs once, and %d copies of the program would wait for it, or it for them", j.Node, u.options.Replicas).
				Helpf("leave `replicas` out, or put the jobs into a pipeline of their own")
			return
		}
		if j.Behind && u.options.Restart != "" && u.options.Restart != "no" && u.options.Restart != "on-failure" {
			u.list.Errorf(diag.TargetOption, u.at("restart"), "`%s` waits for the end of the program, which `restart: %s` starts again whenever it ends", j.Node, u.options.Restart).
				Helpf("leave `restart` out")
		}
	}
}

// explainJobs says what becomes of the jobs.
func (u *unit) explainJobs() (all []backends.Reason) {
	for _, j := range u.app.Jobs {
		s := u.jobs()[u.besideName(j.Beside)]
		when := "started with the project"
		if len(s.DependsOn) > 0 {
			when = "started when " + strings.Join(sorted(s.DependsOn), " and ") + " completed"
		}
		if j.Before {
			when += "; the program waits until it has completed"
		}
		all = append(all, backends.Reason{Subject: "job", Says: fmt.Sprintf("`%s` is the service %s of the image %s, %s", j.Node, u.besideName(j.Beside), j.Image, when)})
	}
	return all
}
