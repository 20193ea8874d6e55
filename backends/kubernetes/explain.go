package kubernetes

import (
	"fmt"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir"
)

// Explain says which objects a program becomes, and why.
func (Backend) Explain(p *ir.Program, o backends.Options) []backends.Reason {
	d, err := build(p, o, backends.Layout{})
	if err != nil || d.list.HasErrors() {
		return nil
	}
	return d.explain()
}

func (d *deployment) explain() []backends.Reason {
	var all []backends.ProcessReasons
	for _, b := range d.processes {
		if b.replica == "" || b.replica == "0" { // the others are the same
			all = append(all, backends.ProcessReasons{Process: b.app.Process, Reasons: b.explain()})
		}
	}
	out := backends.Together(all)
	if d.broker != nil {
		out = append(out, d.broker.explain())
	}
	for _, line := range d.secretLines() {
		out = append(out, backends.Reason{Subject: backends.Needs, Says: "the key of a Secret " + line})
	}
	for _, note := range d.notes() {
		out = append(out, backends.Reason{Subject: "note", Says: note})
	}
	return out
}

func (b *builder) explain() []backends.Reason {
	var out []backends.Reason
	say := func(subject, format string, args ...any) {
		out = append(out, backends.Reason{Subject: subject, Says: fmt.Sprintf(format, args...)})
	}
	say("workload", "a %s: %s%s", b.kind.object(), b.kind.why, b.mayEnd())
	switch s := b.o.Scale; {
	case b.app.Elastic != nil && s == nil:
		say("copies", "%d: %s", b.app.Elastic.Min, b.app.Copies.Why)
	case b.app.Replicas > 1:
		say("copies", "%d: %s", b.app.Replicas, b.app.Copies.Why)
	case b.kind.ends():
		say("copies", "one at a time: %s", b.app.Copies.Why)
	case b.byHosts():
		say("copies", "%d to %d, by what waits, of which KEDA (a ScaledObject) asks the Service %s: %s", *s.Min, s.Max, b.lagService(), b.app.Copies.Why)
	case s != nil && s.By == "lag":
		say("copies", "up to %d, by what waits (a ScaledObject of KEDA): %s", s.Max, b.app.Copies.Why)
	case s != nil:
		say("copies", "up to %d, by CPU (a HorizontalPodAutoscaler): %s", s.Max, b.app.Copies.Why)
	case !b.app.Copies.Many:
		say("copies", "one: %s", b.app.Copies.Why)
	default:
		say("copies", "%d, and `replicas` or `scale` may say more: %s", *b.replicas(), b.app.Copies.Why)
	}
	out = append(out, b.explainBeside()...)
	out = append(out, b.explainJobs()...)
	say("rollout", "%s", b.rollout())
	for _, d := range b.app.Dirs {
		say("state", "%s", b.kept(d))
	}
	for _, port := range b.app.Ports {
		switch {
		case port.Pages:
			say("port", "%d (%s): /livez for whether it lives, /readyz for whether its inputs and outputs are connected, /metrics", port.Number, port.Name)
		case b.kind.ends():
			say("port", "%d (%s), on the pod alone", port.Number, port.Name)
		default:
			say("port", "%d (%s), behind the Service %s", port.Number, port.Name, b.name)
		}
	}
	q := bytesOf(b.app.Memory)
	if sum := b.app.MemorySum(); sum != "" {
		say("memory", "%s, requested and at most: %s, and %d MiB of each are for Go's heap (GOMEMLIMIT)", q.String(), sum, b.app.GoMemory>>20)
	} else {
		say("memory", "%s, requested and at most, of which %d MiB are for Go's heap (GOMEMLIMIT)", q.String(), b.app.GoMemory>>20)
	}
	say("stop", "may take %g s before it is killed", b.app.Grace.Seconds())
	return out
}

// mayEnd says what to write where the program ends and only the user can know that.
func (b *builder) mayEnd() string {
	if more := manifest.MayEnd(b.p, "`as: job`"); more != "" && !b.kind.ends() && b.app.Process == "" {
		return "; " + more
	}
	return ""
}

// rollout says how a new version takes the place of an old one.
func (b *builder) rollout() string {
	switch {
	case b.kind.as == asJob:
		return "a change of the pipeline is a Job of its own, " + b.name + "-HASH"
	case b.kind.as == asCronJob:
		return "a change of the pipeline holds from the next run on; no two run at once"
	case b.kind.as == asStatefulSet && b.numbered():
		return "one pod after the other: the old one of a number is gone before its new one starts, and goes on from its checkpoint"
	case b.kind.as == asStatefulSet:
		return "the old pod is gone before the new one starts, and goes on from its checkpoint"
	case b.app.Copies.Many:
		return "a new pod is ready before an old one goes"
	}
	return "the old pod is gone before the new one starts (Recreate)"
}

// kept says where a folder is that the program writes to.
func (b *builder) kept(d manifest.Dir) string {
	switch {
	case !d.Lasts && d.Path == manifest.WorkDir && manifest.Unkept(b.p) != "":
		return fmt.Sprintf("%s goes with the pod: `storage: 1Gi` keeps files of `%s`, if it writes any", d.Path, manifest.Unkept(b.p))
	case !d.Lasts:
		return d.Path + " goes with the pod"
	case b.kind.as == asStatefulSet && b.numbered():
		return fmt.Sprintf("%s is in the claims %s-%s-0 to %d, which stay when the StatefulSet goes: %s", d.Path, d.Name, b.name, b.app.Replicas-1, b.app.State.Why)
	case b.replica != "":
		return fmt.Sprintf("%s is in claims such as %s: %s", d.Path, b.named(d.Name), b.app.State.Why)
	case b.kind.as == asStatefulSet:
		return fmt.Sprintf("%s is in the claim %s-%s-0, which stays when the StatefulSet goes: %s", d.Path, d.Name, b.name, b.app.State.Why)
	}
	return fmt.Sprintf("%s is in the claim %s: %s", d.Path, b.named(d.Name), b.app.State.Why)
}
