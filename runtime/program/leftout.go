package program

import (
	"fmt"
	"slices"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// storeNode is the Node of references in the config of the checkpoint's store.
const storeNode = "delivery.checkpoint"

// without makes the program for a command that uses a part of it: sources and sinks
// whose settings are missing are left out. The store of the checkpoint never is.
func (p *process) without() (program *flow.Program, err error) {
	if err := p.needs(storeNode); err != nil {
		return nil, err
	}
	for _, l := range p.missing {
		if l.ref.Node != "" && p.spec.LeftOut != nil {
			p.spec.LeftOut[l.ref.Node] = true
		}
	}
	defer func() {
		// A component of the user's may not bear that its config is incomplete.
		if v := recover(); v != nil {
			if err = p.missing.error(func(*Ref) bool { return true }); err == nil {
				err = &environmentError{fmt.Errorf("the program can't be made: %v", v)}
			}
		}
	}()
	if program, err = p.spec.New(); err != nil {
		return nil, &environmentError{err}
	}
	return program, nil
}

// needs is an error where something is missing that nodes can't be made without.
func (p *process) needs(nodes ...string) error {
	return p.missing.error(func(r *Ref) bool { return r.Node != "" && slices.Contains(nodes, r.Node) })
}

// needsToReplay is needs of what a replay runs: all but the sources, in whose place
// the letters are, and sinks that get none of them.
func (p *process) needsToReplay(program *flow.Program, plan *replayPlan) error {
	used := []string{storeNode, program.KeeperSink()}
	for _, s := range program.DeadSinks() {
		used = append(used, s.Name)
	}
	for _, g := range plan.groups {
		used = append(used, g.sinks...)
	}
	return p.missing.error(func(r *Ref) bool { return r.Node == "" || slices.Contains(used, r.Node) })
}
