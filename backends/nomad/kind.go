package nomad

import (
	"fmt"
	"strings"

	"github.com/hashicorp/cronexpr"

	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// A kind is the type of a job, with the reason for it in a sentence.
type kind struct {
	name string // service, batch or periodic
	why  string
}

const (
	service  = "service"
	batch    = "batch"
	periodic = "periodic"
)

// kindOf infers the type of job: what ends by itself is a batch, or periodic where it
// has a schedule; the rest is a service.
func (u *unit) kindOf() kind {
	k := kind{service, "it has no end: " + u.endless() + "."}
	if more := manifest.MayEnd(u.p, "`as: batch`, or a `schedule`"); more != "" && u.app.Process == "" {
		k.why = strings.TrimSuffix(k.why, ".") + "; " + more + "."
	}
	switch {
	case u.app.Bounded && u.o.Schedule != "":
		k = kind{periodic, fmt.Sprintf("it ends by itself, and `schedule` says when it begins (%s, %s). A run that is still going when the next is due goes on, and that one is left out.", u.o.Schedule, u.o.TimeZone)}
	case u.app.Bounded:
		k = kind{batch, "it ends by itself: " + u.ends() + ". A run that fails is tried again, and one that has ended is not."}
	}
	switch as := u.o.As; {
	case as == "" || as == k.name:
	case as == service && u.app.Bounded:
		u.list.Errorf(diag.TargetOption, u.at("as"), "a service runs for ever, and all sources of this program end by themselves: Nomad would start it again and again").
			Helpf("leave `as` out, or give the program a `schedule`")
	case as != service && !u.app.Bounded:
		u.list.Errorf(diag.TargetOption, u.at("as"), "a %s job ends by itself, and this program does not: %s", as, u.endless()).Helpf("leave `as` out")
	case as == periodic:
		u.list.Errorf(diag.TargetOption, u.at("as"), "a periodic job needs a schedule").Helpf("add `schedule: \"0 3 * * *\"`")
	default:
		u.list.Errorf(diag.TargetOption, u.at("as"), "a batch runs once, and `schedule` says when to run it").Helpf("leave out one of the two")
	}
	if u.o.Schedule != "" && !u.app.Bounded {
		u.list.Errorf(diag.TargetOption, u.at("schedule"), "a schedule is for a program that ends by itself, and this one does not: %s", u.endless()).
			Helpf("leave `schedule` out")
	}
	if u.o.Schedule != "" {
		if _, err := cronexpr.Parse(u.o.Schedule); err != nil {
			u.list.Errorf(diag.TargetOption, u.at("schedule"), "`%s` is no cron expression: %v", u.o.Schedule, err).
				Helpf("write minute, hour, day, month and weekday: `\"30 3 * * *\"`")
		}
	}
	return k
}

// ends says why it comes to an end.
func (u *unit) ends() string {
	if manifest.MayEnd(u.p, "") != "" {
		return "the options say so"
	}
	return "all its sources do"
}

// endless names a source without an end.
func (u *unit) endless() string {
	for _, n := range u.p.Nodes {
		if op, ok := n.Op.(*ir.Source); ok && !op.Bounded {
			return fmt.Sprintf("`%s` goes on for ever", n.YAML)
		}
	}
	return "it has no source that ends"
}
