package live

import (
	"context"
	"fmt"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// Preview compares the objects of a release with those that are there. What there would
// be is what the cluster itself says, defaults and all, without doing it.
func (e *Engine) Preview(ctx context.Context, want *deploy.Release) (*deploy.Preview, error) {
	m, p, err := e.read(want)
	if err != nil {
		return nil, err
	}
	t, err := e.there(ctx, p, m.Objects)
	if err != nil {
		return nil, err
	}
	v := &deploy.Preview{Before: t.release(want.ID), Seen: t.seen()}
	fresh := false // a namespace that there will be: nothing in it can be asked about
	for _, o := range m.Objects {
		is := t.find(o)
		would, mine := t.as(o)
		if !mine {
			continue
		}
		fresh = fresh || kindOf(o) == kindNamespace && is == nil
		if !fresh {
			if would, err = e.apply(ctx, p, would, true); err != nil {
				return nil, err
			}
		}
		v.Would = append(v.Would, wanted(would, is))
		if is != nil {
			v.Have = append(v.Have, have(is, o))
		}
		if kindOf(o) == kindStatefulSet {
			v.Would = append(v.Would, t.wantedClaims(awake(would))...)
		}
	}
	known := map[string]bool{}
	for _, o := range v.Have {
		known[o.ID()] = true
	}
	for _, o := range t.objects {
		if !known[planID(o)] {
			known[planID(o)] = true
			v.Have = append(v.Have, have(o, nil))
		}
	}
	for _, c := range t.claims {
		v.Have = append(v.Have, claim(nameOf(c)))
	}
	return v, nil
}

// object is one of a plan's, without what it says.
func object(o tree) deploy.Object {
	return deploy.Object{Kind: kindOf(o), Name: planName(o), Data: kindOf(o) == kindClaim || kindOf(o) == kindNamespace, Runs: runs(o)}
}

// claim is one that a StatefulSet makes: what it says can't be changed.
func claim(name string) deploy.Object {
	return deploy.Object{Kind: kindClaim, Name: name, Data: true, Spec: tree{}}
}

// have is an object that is there; want is what it should be, nil where nobody wants it.
func have(is, want tree) deploy.Object {
	o := object(is)
	o.Spec = compared(is)
	if rests(is) {
		o.Idle = "it was stopped"
	}
	if kindOf(is) == kindJob && want != nil && same(is, want) {
		if why := failure(is); why != "" {
			o.Idle = "it has failed: " + why
		}
	}
	return o
}

// failure is why a Job has failed, "" for one that has not.
func failure(job tree) string {
	list, _ := at(job, "status", "conditions").([]any)
	for _, c := range list {
		if c, ok := c.(tree); ok && text(c, "type") == "Failed" && text(c, "status") == "True" {
			return text(c, "message")
		}
	}
	return ""
}

// wanted is an object as it would be; is is what is there of it.
func wanted(would, is tree) deploy.Object {
	o := object(would)
	o.Spec = compared(would)
	if kindOf(would) == kindJob && is != nil && complete(is) {
		o.Disturbs = "another Job goes on where that has ended"
	} else if runs(would) && is != nil && !deploy.Equal(compared(is)["spec"], compared(would)["spec"]) {
		o.Disturbs = disturbs(would, !deploy.Equal(compared(is)["spec"].(tree)["template"], compared(would)["spec"].(tree)["template"])) //nolint:forcetypeassert // workloads have one
	}
	return o
}

// disturbs says what a change of a workload does to what runs; pods tells that the pods
// change.
func disturbs(o tree, pods bool) string {
	grace := graceOf(o)
	switch kind := kindOf(o); {
	case kind == kindCronJob:
		return "its next run is of the new version"
	case kind == kindJob:
		return fmt.Sprintf("the Job that runs ends, after a stop that may take %s, and another goes on", grace)
	case !pods:
		return ""
	case kind == kindDeployment && text(o, "spec", "strategy", "type") != "Recreate":
		return "its pods are replaced one by one"
	case kind == kindDeployment, at(o, "spec", "replicas") == 1.0:
		return fmt.Sprintf("its pod is replaced, after a stop that may take %s", grace)
	}
	return fmt.Sprintf("its pods are replaced one by one, each after a stop that may take %s", grace)
}

// wantedClaims are those that a StatefulSet makes for its pods.
func (t *there) wantedClaims(set tree) (all []deploy.Object) {
	copies, ok := at(set, "spec", "replicas").(float64)
	if !ok {
		copies = 1
	}
	templates, _ := at(set, "spec", "volumeClaimTemplates").([]any)
	for _, one := range templates {
		if one, ok := one.(tree); ok {
			for i := range int(copies) {
				all = append(all, claim(fmt.Sprintf("%s-%s-%d", nameOf(one), nameOf(set), i)))
			}
		}
	}
	return all
}
