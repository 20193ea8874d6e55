package program

import (
	"context"
	"fmt"
)

// An Elastic says that the copies of a process are shared by hosts that come and go. A
// host starts a process for each copy that it holds.
type Elastic struct {
	// min is how many hosts there are at the least.
	min int
	run func(ctx context.Context, p *process, part *Process, o *options) int
}

// Hosts are at least min hosts.
func Hosts(min int) *Elastic { return &Elastic{min: min, run: runHost} }

// most is how many copies one host takes at the most: so many that the fewest hosts hold
// all of them. Its memory is computed for that.
func (part *Process) most() int {
	hosts := max(part.Elastic.min, 1)
	return (part.Replicas + hosts - 1) / hosts
}

// asHost tells whether the command is for a host: copies of an elastic process have a
// number only where one of them is meant.
func (part *Process) asHost(numbered bool) bool { return part.Elastic != nil && !numbered }

// mainOfHost is main for all copies that a host holds.
func (p *process) mainOfHost(ctx context.Context, part *Process, args []string) int {
	o, err := parse(args)
	switch {
	case err != nil:
		return p.fail(err)
	case o.help || o.version || o.command == "health" || o.command == "check":
		return p.main(ctx, args)
	case o.command != "run":
		return p.fail(&usageError{fmt.Sprintf("%s is about one copy of %s: say which, --replica 0 to --replica %d", o.command, part.Name, part.Replicas-1)})
	case o.report != "":
		return p.fail(&usageError{fmt.Sprintf("--report is of one copy of %s: say which, --replica 0 to --replica %d", part.Name, part.Replicas-1)})
	}
	return part.Elastic.run(ctx, p, part, o)
}
