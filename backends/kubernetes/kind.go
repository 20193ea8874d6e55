package kubernetes

import (
	"fmt"

	"github.com/flowc-dev/flowc/ir/diag"
)

// A kind is the workload that a program becomes, and why.
type kind struct {
	as, why string
	// chosen tells that the options say so.
	chosen bool
}

// The kinds, as the options call them.
const (
	asDeployment  = "deployment"
	asStatefulSet = "statefulset"
	asJob         = "job"
	asCronJob     = "cronjob"
)

// object is the kind of the object.
func (k kind) object() string {
	return map[string]string{asDeployment: "Deployment", asStatefulSet: "StatefulSet", asJob: "Job", asCronJob: "CronJob"}[k.as]
}

// ends tells whether pods of the kind end by themselves.
func (k kind) ends() bool { return k.as == asJob || k.as == asCronJob }

// choose finds the workload of the program, and refuses one that it can't be.
func (b *builder) choose() {
	b.kind = b.inferred()
	as := b.o.As
	if as == "" || as == b.kind.as || b.app.Process != "" {
		return
	}
	at := b.at("as")
	switch asked := (kind{as: as}); {
	case asked.ends() && !b.app.Bounded:
		b.list.Errorf(diag.TargetOption, at, "`%s` never ends, and a %s is for what ends by itself", b.p.Name, asked.object()).
			Helpf("leave `as` out: it is a %s, since %s", b.kind.object(), b.kind.why)
	case !asked.ends() && b.app.Bounded:
		b.list.Errorf(diag.TargetOption, at, "`%s` ends by itself, and a %s would start it again and again", b.p.Name, asked.object()).
			Helpf("leave `as` out: it is a %s; with `schedule: \"0 3 * * *\"` it is a CronJob", b.kind.object())
	case !asked.ends() && b.o.Schedule != "":
		b.list.Errorf(diag.TargetOption, b.at("schedule"), "a %s is not started on a schedule", asked.object()).Helpf("take `schedule` away")
	case as == asJob:
		b.list.Errorf(diag.TargetOption, at, "a Job runs once, and `schedule` asks for more").Helpf("take one of them away")
	case as == asCronJob:
		b.list.Errorf(diag.TargetOption, at, "a CronJob must know when it runs").Helpf("add `schedule: \"0 3 * * *\"`")
	}
	b.kind = kind{as: as, why: "the options say so", chosen: true}
}

// inferred is what follows from the program alone.
func (b *builder) inferred() kind {
	switch {
	case b.app.Process != "": // what is said of time makes no sense of it
	case b.o.Schedule != "":
		if !b.app.Bounded && (b.o.As == "" || b.o.As == asCronJob) {
			b.list.Errorf(diag.TargetOption, b.at("schedule"), "`%s` never ends, and so it can't be started on a schedule", b.p.Name).
				Helpf("take `schedule` away")
		}
		b.schedule()
		return kind{as: asCronJob, why: fmt.Sprintf("all of its sources end, and it runs at `%s`", b.o.Schedule)}
	case b.o.TimeZone != "":
		b.list.Errorf(diag.TargetOption, b.at("timeZone"), "`timeZone` is that of a `schedule`, and there is none").Helpf("take it away, or add `schedule: \"0 3 * * *\"`")
	}
	switch {
	case b.replica != "":
		return kind{as: asJob, why: "all of its sources end; one for each copy, since pods of one Job can't have a volume each"}
	case b.numbered() && b.app.Bounded:
		return kind{as: asJob, why: "all of its sources end; an indexed one, whose pods have a number each"}
	case b.app.Bounded && b.app.Elastic != nil:
		return kind{as: asJob, why: "all of its sources end; its pods share the parts, and more or less of them may run (`parallelism`)"}
	case b.app.Bounded:
		return kind{as: asJob, why: "all of its sources end"}
	case b.numbered() && b.app.State.Lasts:
		return kind{as: asStatefulSet, why: "each copy has a number, and " + b.app.State.Why + ", and must outlive the pod"}
	case b.numbered():
		return kind{as: asStatefulSet, why: "each copy has a number"}
	case b.app.State.Lasts:
		return kind{as: asStatefulSet, why: b.app.State.Why + ", and must outlive the pod"}
	case b.app.Copies.Many:
		return kind{as: asDeployment, why: b.app.Copies.Why + ", and nothing is kept in files"}
	}
	return kind{as: asDeployment, why: "nothing is kept in files; one copy, because " + b.app.Copies.Why}
}

// copies refuses more copies than may run.
func (b *builder) copies() {
	o := b.o
	if o.Scale != nil && o.Replicas != nil {
		b.list.Errorf(diag.TargetOption, b.at("replicas"), "`scale` chooses the number of copies, and `replicas` would set it back").Helpf("take `replicas` away; `scale.min` is what there is at least")
	}
	if b.kind.ends() {
		if o.Replicas != nil && *o.Replicas != 1 {
			b.list.Errorf(diag.TargetCopies, b.at("replicas"), "a %s has one copy of a program that ends by itself, for each would read all of it", b.kind.object())
		}
		if o.Scale != nil {
			b.list.Errorf(diag.TargetOption, b.at("scale"), "a %s is not scaled: it ends by itself", b.kind.object())
		}
		return
	}
	refuse := func(path string, n int32) {
		b.list.Errorf(diag.TargetCopies, b.at(path), "one copy of `%s` may run, and not %d: %s", b.p.Name, n, b.app.Copies.Why)
	}
	switch {
	case b.app.Copies.Many:
	case o.Replicas != nil && *o.Replicas > 1:
		refuse("replicas", *o.Replicas)
	case o.Scale != nil && o.Scale.Max > 1:
		refuse("scale.max", o.Scale.Max)
	}
}

// replicas is the number of copies that the workload says, nil where an autoscaler
// says it.
func (b *builder) replicas() *int32 {
	switch {
	case b.o.Scale != nil:
		return nil
	case b.o.Replicas != nil:
		return b.o.Replicas
	case b.numbered():
		return new(int32(b.app.Replicas))
	}
	return new(int32(1))
}
