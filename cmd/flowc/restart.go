package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/golang/build"
	"github.com/flowc-dev/flowc/backends/local/runs"
)

type restartCmd struct {
	appliedArg `embed:""`
	clusterArg `embed:""`
	Target     string        `short:"t" help:"Where it was applied: ${applied}." placeholder:"TARGET"`
	Timeout    time.Duration `help:"How long the end of a run may take until it is killed (default: its drain and some seconds)." placeholder:"DURATION"`
}

// Run ends a run, unless it has ended, and starts it again in the background: with the
// arguments, in the folder and, where that can be seen, with the environment that it had.
// What was applied is started again by its engine, as it was.
func (c *restartCmd) Run(a *app) error {
	r, err := a.runToChange(c.Target, c.What)
	if err != nil {
		return err
	}
	if r == nil {
		return a.changeApplied(c.Target, c.appliedArg, c.Timeout, "restart", deploy.Restart)
	}
	if r.File == "" {
		return usage(fmt.Errorf("%s had its pipeline from standard input, and nobody has that any more: `flowc stop %s`, then run it again", r.Name, r.Name))
	}
	if _, err := os.Stat(r.File); err != nil {
		return environment(fmt.Errorf("%s can't be started again, and was left as it is: %w", r.Name, err))
	}
	env, inherited := os.Environ(), false
	if its := r.Process.Environ(); len(its) > 0 {
		env, inherited = without(its, "FLOWC_RUN=", "FLOWC_RUN_LOG=", detachedVariable+"="), true
	}
	if err := a.buildAgain(r); err != nil {
		return err
	}
	res, err := a.stop(r, c.Timeout)
	if err != nil {
		return err
	}
	if a.format == "text" {
		fmt.Fprintln(a.stdout, res)
	}
	if !inherited && (res.Result == stopOrdered || res.Result == stopKilled) {
		a.progress("its environment can't be seen on this system: it gets that of this shell")
	}
	d, err := a.detach(calledAgain(r), r.From, env)
	if err != nil {
		return err
	}
	return a.tellDetached(d)
}

// buildAgain builds what a run would be now, before it is ended: where the pipeline has
// become wrong, that which runs goes on.
func (a *app) buildAgain(r *runs.Run) error {
	var again cli
	parser, err := kong.New(&again, kong.Name("flowc"), kong.Exit(func(int) {}), kong.Bind(a), kong.Vars{"applied": appliedTo()})
	if err != nil {
		return bug(err)
	}
	if _, err := parser.Parse(forProgram(r.Args)); err != nil {
		return environment(fmt.Errorf("%s was started by another version of flowc, whose arguments this one does not know (%w): `flowc stop %s`, then run it again", r.Name, err, r.Name))
	}
	if err := os.Chdir(r.From); err != nil {
		return environment(fmt.Errorf("%s can't be started again where it was, and was left as it is: %w", r.Name, err))
	}
	arg, _, err := again.Run.pipeline()
	if err != nil {
		return err
	}
	compiled, err := arg.compile(a)
	if err != nil {
		return err
	}
	if again.Run.Target == "" && len(again.Run.Scale) == 0 {
		_, _, err = a.build(compiled, build.Request{})
	} else {
		_, _, err = a.buildPieces(compiled, build.Request{})
	}
	return err
}

// calledAgain are the arguments that start a run again, under its name.
func calledAgain(r *runs.Run) []string {
	i := slices.Index(r.Args, "run")
	if slices.ContainsFunc(r.Args, func(arg string) bool { return arg == "--name" || strings.HasPrefix(arg, "--name=") }) || i < 0 {
		return r.Args
	}
	return slices.Insert(slices.Clone(r.Args), i+1, "--name="+r.Name)
}

// without is an environment without some variables.
func without(env []string, prefixes ...string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(v, p) })
	})
}
