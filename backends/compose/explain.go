package compose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
)

// unkept says how to keep what only the user can know to be there.
func (u *unit) unkept(d manifest.Dir) string {
	if name := manifest.Unkept(u.p); d.Path == manifest.WorkDir && name != "" {
		return fmt.Sprintf(": `storage: {%s: {}}` keeps files of `%s`, if it writes any", d.Path, name)
	}
	return ""
}

// explain says what the service is, and why.
func (u *unit) explain() []backends.Reason {
	a := u.app
	var out []backends.Reason
	say := func(subject, format string, args ...any) {
		out = append(out, backends.Reason{Subject: subject, Says: fmt.Sprintf(format, args...)})
	}
	switch {
	case u.job() && a.Process != "":
		say("job", "`docker compose --profile %s up` starts it with all others, and `up` alone does not", u.profiles()[0])
	case u.job():
		say("job", "`docker compose run --rm %s` starts it, and `up` does not", a.Name)
	case a.Bounded:
		say("service", "started again where it fails (%s): all its sources end by themselves", u.restart())
	default:
		say("service", "started again however it ends (%s): %s", u.restart(), cmp.Or(manifest.MayEnd(u.p, "`restart: on-failure`"), "a source never ends"))
	}
	switch {
	case u.replica != "":
		say("copies", "%d, each a service: %s", a.Replicas, a.Copies.Why)
	case a.Elastic != nil:
		say("copies", "%d, and `docker compose up --scale %s=N` up to %d: %s", a.Elastic.Min, a.Name, a.Elastic.Max, a.Copies.Why)
	case u.options.Replicas > 1:
		say("copies", "%d: %s", u.options.Replicas, a.Copies.Why)
	case a.Copies.Many:
		say("copies", "one, and `replicas` may say more: %s", a.Copies.Why)
	default:
		say("copies", "one: %s", a.Copies.Why)
	}
	out = append(out, u.explainBeside()...)
	out = append(out, u.explainJobs()...)
	for _, d := range a.Dirs {
		if d.Lasts {
			say("state", "%s is kept: %s", d.Path, cmp.Or(u.kept(d.Path), a.State.Why))
		} else {
			say("state", "%s is in memory and does not last%s", d.Path, u.unkept(d))
		}
	}
	for _, p := range u.ports() {
		if p.host == "" {
			say("port", "%d (%s) is for what is on the same network", p.Number, p.Name)
		} else {
			say("port", "%d (%s) is published at %s", p.Number, p.Name, p.host)
		}
	}
	switch {
	case u.isolated():
		say("network", "ends at the host: the program connects to nothing, and nothing is published")
	case len(a.Endpoints) > 0:
		say("network", "reaches outside: `%s` connects to servers, or may", a.Endpoints[0].Node)
	case u.isPublished():
		say("network", "the project's default one: a port is published")
	}
	if sum := a.MemorySum(); sum != "" {
		say("memory", "%s at most: %s, and %d MiB of each are for Go's heap (GOMEMLIMIT)", memory(a.Memory), sum, a.GoMemory>>20)
	} else {
		say("memory", "%s at most, of which %d MiB are for Go's heap (GOMEMLIMIT)", memory(a.Memory), a.GoMemory>>20)
	}
	say("stop", "may take %s before it is killed", duration(a.Grace))
	return out
}

// kept says what an option keeps a folder in.
func (u *unit) kept(dir string) string {
	switch at := u.options.Storage[dir]; {
	case at.Bind != "":
		return "the host has it at " + hostPath(at.Bind)
	case at.External != "":
		return "in the volume " + at.External
	}
	return ""
}

// needs are what must be there before the file is used.
func (u *unit) needs() (all []string) {
	say := func(format string, args ...any) {
		if text := fmt.Sprintf(format, args...); !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	for _, v := range u.app.Env {
		if v.Secret {
			say("the variable %s, in the environment of `docker compose` or in .env", u.options.variable(v.Name))
		}
	}
	for _, f := range u.app.SecretFiles {
		say("%s, which the user %d can read", u.options.secretFile(f), manifest.User)
	}
	for _, m := range u.mounts() {
		if m.Type == "bind" {
			does := "read"
			if !m.ReadOnly {
				does = "write to"
			}
			say("%s, which the user %d can %s", strings.ReplaceAll(m.Source, "$$", "$"), manifest.User, does)
		}
	}
	u.besideNeeds(say)
	volumes, networks := u.volumes(), u.networks()
	for _, name := range sorted(volumes) {
		if v := volumes[name]; v.External {
			say("the volume %s", v.Name)
		}
	}
	for _, name := range sorted(networks) {
		if networks[name].External {
			say("the network %s", name)
		}
	}
	return all
}
