package live

import (
	"context"
	"net"
	"strings"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// Run reads how the containers of a release do.
func (e *Engine) Run(ctx context.Context, id string) (*deploy.Run, error) {
	all, err := e.containers(ctx, labelsOf(id)...)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	ours := program(all).Config
	pipeline := ours.Labels[labelPipeline]
	r := &deploy.Run{ID: id, Pipeline: pipeline, Hash: ours.Labels[labelHash], Image: ours.Image, Place: e.Place(), Wanted: 1, Ports: map[string][]string{}}
	t := &there{containers: all}
	if before := t.release(id, pipeline); before.Manifest != nil {
		if _, services, err := project(before); err == nil {
			r.Wanted = 0
			for _, s := range services {
				r.Wanted += replicas(s)
			}
		}
	}
	for _, c := range all {
		r.Instances = append(r.Instances, c.instance())
		for port, hosts := range c.NetworkSettings.Ports {
			for _, h := range hosts {
				name := strings.TrimSuffix(port, "/tcp")
				r.Ports[name] = append(r.Ports[name], net.JoinHostPort(h.HostIP, h.HostPort))
			}
		}
	}
	return r, nil
}

// instance is a container in the words of all targets.
func (c *container) instance() deploy.Instance {
	s := c.State
	i := deploy.Instance{Name: c.name(), Restarts: c.RestartCount, ExitCode: s.ExitCode, Since: s.StartedAt, Says: s.Error}
	switch {
	case s.Status == "running" && s.Health != nil:
		i.State = map[string]deploy.State{"healthy": deploy.Ready, "unhealthy": deploy.Unready}[s.Health.Status]
		if i.State == "" {
			i.State = deploy.Starting
		}
		if n := len(s.Health.Log); n > 0 && s.Health.Log[n-1].ExitCode != 0 && i.State != deploy.Ready {
			i.Says = strings.TrimSpace(s.Health.Log[n-1].Output)
		}
	case s.Status == "running":
		i.State = deploy.Ready // an overlay took the question away
	case s.Status == "created":
		i.State = deploy.Starting
		if s.Error != "" {
			i.State = deploy.Failed
		}
	case s.Status == "restarting":
		i.State, i.Since = deploy.Dying, s.FinishedAt
	case s.Status == "paused":
		i.State, i.Says = deploy.Unready, "it is paused"
	case c.ended():
		i.State, i.Since = deploy.Ended, s.FinishedAt
	case s.ExitCode == 0, s.ExitCode == 143:
		i.State, i.Since = deploy.Stopped, s.FinishedAt
	default:
		i.State, i.Since = deploy.Failed, s.FinishedAt
	}
	if s.OOMKilled {
		i.Says = "it was killed for want of memory"
	}
	return i
}
