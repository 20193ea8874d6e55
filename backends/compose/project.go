package compose

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/backends/manifest"
)

// The labels by which what belongs to a pipeline is found again.
const (
	labelPipeline = "dev.flowc.pipeline"
	labelHash     = "dev.flowc.hash"
	// labelProcess is that of a pipeline of several.
	labelProcess = "dev.flowc.process"
	// LabelBroker is on what carries records between processes, and is no program of ours.
	LabelBroker = "dev.flowc.broker"
)

// pids is how many threads a program may have where nothing is said. A program of
// Go needs one for each call that waits for a disk.
const pids = 256

// service is the program.
func (u *unit) service() *Service {
	a, o := u.app, u.options
	s := &Service{
		Image: literal(a.Image), PullPolicy: o.PullPolicy, Profiles: u.profiles(), Restart: u.restart(),
		StopSignal: "SIGTERM", StopGracePeriod: duration(a.Grace),
		User: fmt.Sprintf("%d:%d", manifest.User, manifest.Group), ReadOnly: true,
		CapDrop: []string{"ALL"}, SecurityOpt: []string{"no-new-privileges:true"},
		Environment: u.environment(), Secrets: u.secretMounts(), Volumes: u.mounts(), Tmpfs: u.tmpfs(),
		Networks: u.joined(), DependsOn: u.dependencies(),
		// The program asks its own /readyz: an image from scratch has no shell and no curl.
		Healthcheck: &Healthcheck{Test: []string{"CMD", manifest.Binary, "health"}, Interval: "5s", Timeout: "3s", Retries: 3, StartPeriod: "30s"},
		Deploy: Deploy{Resources: Resources{Limits: Limits{
			CPUs: string(o.CPU), Memory: memory(a.Memory), Pids: cmp.Or(o.Pids, pids) * a.Programs(),
		}}},
		Logging: u.logging(),
		Labels:  u.labels(),
	}
	if o.Replicas > 0 {
		s.Deploy.Replicas = o.Replicas
	}
	for _, p := range u.ports() {
		if p.host == "" {
			s.Expose = append(s.Expose, strconv.Itoa(p.Number))
			continue
		}
		s.Ports = append(s.Ports, p.host+":"+strconv.Itoa(p.Number))
	}
	return s
}

// logging is the engine's, within bounds.
func (u *unit) logging() Logging {
	return Logging{Driver: "json-file", Options: map[string]string{"max-size": "10m", "max-file": "3"}}
}

// job tells whether nobody starts the program but who asks for it.
func (u *unit) job() bool { return u.options.As == "job" }

// profiles are those that start the service; a job has one, so that `docker compose
// up` leaves it alone.
func (u *unit) profiles() []string {
	if u.job() && len(u.options.Profiles) == 0 {
		return []string{"jobs"}
	}
	return u.options.Profiles
}

// restart is the policy: a program that ends by itself is started again only where
// it failed.
func (u *unit) restart() string {
	if u.app.Bounded {
		return cmp.Or(u.options.Restart, "on-failure")
	}
	return cmp.Or(u.options.Restart, "unless-stopped")
}

// environment is what the program reads. Secrets are references, and `docker compose`
// refuses to begin without them.
func (u *unit) environment() map[string]string {
	env := map[string]string{"GOMEMLIMIT": strconv.FormatInt(u.app.GoMemory>>20, 10) + "MiB"}
	if text := u.app.Assignments(); text != "" {
		env["FLOWC_SET"] = literal(text)
	}
	if u.app.Process != "" {
		env[manifest.ProcessVariable] = literal(u.app.Process)
	}
	if u.app.Control != 0 {
		env[manifest.ControlVariable] = ":" + strconv.Itoa(u.app.Control)
	}
	if u.replica != "" {
		env[manifest.ReplicaVariable] = u.replica
	}
	for _, v := range u.app.Env {
		if v.Secret {
			env[v.Name] = fmt.Sprintf("${%s:?%s}", u.options.variable(v.Name), "a secret of the pipeline "+u.app.Pipeline)
			continue
		}
		env[v.Name] = literal(v.Value)
	}
	return env
}

// labels are the pipeline's words and notes, and what flowc finds it by.
func (u *unit) labels() map[string]string {
	all := map[string]string{}
	for _, l := range slices.Concat(u.app.Annotations, u.app.Labels) {
		all[l.Key] = literal(l.Value)
	}
	for key, value := range u.options.Labels {
		all[key] = literal(value)
	}
	all[labelPipeline], all[labelHash] = u.app.Pipeline, u.app.Hash
	if u.app.Process != "" {
		all[labelProcess] = literal(u.app.Process)
	}
	return all
}

// literal is a text that Compose leaves as it is.
func literal(text string) string { return strings.ReplaceAll(text, "$", "$$") }

// memory is a number of bytes in the unit that has no fraction.
func memory(n int64) string {
	switch {
	case n%(1<<30) == 0:
		return strconv.FormatInt(n>>30, 10) + "G"
	case n%(1<<20) == 0:
		return strconv.FormatInt(n>>20, 10) + "M"
	case n%(1<<10) == 0:
		return strconv.FormatInt(n>>10, 10) + "K"
	}
	return strconv.FormatInt(n, 10) + "B"
}

// duration is a time in whole seconds, rounded up.
func duration(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10) + "s"
}

// sorted are the keys of a map in their order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
