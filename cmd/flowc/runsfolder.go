package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/local/live"
	"github.com/flowc-dev/flowc/backends/local/runs"
	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/ir/diag"
)

// runsVariable names another folder for what is known of runs; runsNone keeps nothing.
const (
	runsVariable = "FLOWC_RUNS"
	runsNone     = "none"
)

// detachedVariable tells a command that it is the run which another one leaves behind.
const detachedVariable = "FLOWC_DETACHED"

// runsFolder is where this user's runs are.
func (a *app) runsFolder() (runs.Folder, error) {
	base := a.getenv(runsVariable)
	if base == "" {
		state := a.getenv("XDG_STATE_HOME")
		if state == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				return "", fmt.Errorf("no folder for runs: %w (%s names one)", err, runsVariable)
			}
			state = filepath.Join(home, ".local", "state")
		}
		base = filepath.Join(state, "flowc", "runs")
	}
	base, err := filepath.Abs(base)
	return runs.Folder(base), err
}

// runName is what runs may be called.
var runName = regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$`)

// list makes a run of what this process is to become. A run that can't be listed runs
// nevertheless, and is nil: that others can look at it is not what it is for.
func (a *app) list(r *driver.Result, file, name string, processes []live.Process) (*runs.Run, error) {
	if a.getenv(runsVariable) == runsNone {
		if a.plane.ControlPlane != "" {
			return nil, usage(fmt.Errorf("%s=%s: --control-plane needs the folder of the run, in which the program says how it does", runsVariable, runsNone))
		}
		return nil, nil
	}
	if name != "" && !runName.MatchString(name) {
		return nil, usage(fmt.Errorf("--name %q: a name is of small letters, digits, dots and dashes", name))
	}
	s := runs.Start{
		Pipeline: r.Program.Name, Hash: layout(r.Program).Hash, Wanted: name, Args: startedBy(a.args), Detached: a.getenv(detachedVariable) != "",
		ControlPlane: a.plane.ControlPlane, Grace: time.Duration(r.Program.Delivery.Drain) + stopMargin,
	}
	err := os.Unsetenv(detachedVariable) // what it starts is looked at by whoever does
	if err != nil {
		return nil, environment(err)
	}
	if s.From, err = os.Getwd(); err != nil {
		return nil, environment(err)
	}
	if file != "-" && r.File != nil {
		s.File = filepath.Join(r.Dir, filepath.Base(r.File.Path))
	}
	for _, p := range processes {
		s.Processes = append(s.Processes, p.Name)
		s.Grace += p.Grace
	}
	f, err := a.runsFolder()
	var run *runs.Run
	if err == nil {
		run, err = f.Claim(s)
	}
	var taken *runs.TakenError
	switch {
	case err == nil && a.plane.ControlPlane != "":
		return run, a.attend(run, &a.plane)
	case err == nil:
		return run, nil
	case a.plane.ControlPlane != "" && !errors.As(err, &taken):
		return nil, environment(fmt.Errorf("--control-plane: %w (%s names another folder)", err, runsVariable))
	case errors.As(err, &taken):
		return nil, environment(err)
	case !errors.Is(err, runs.ErrUnsupported):
		fmt.Fprintf(a.stderr, "flowc: warning: `flowc ps` does not see this run: %v (%s names another folder, %s=%s keeps nothing)\n", err, runsVariable, runsVariable, runsNone)
	}
	return nil, nil
}

// stopMargin is what an end may take besides the drain.
const stopMargin = 10 * time.Second

// startedBy are the arguments that start a run again, whether or not somebody looked at it
// the first time.
func startedBy(args []string) []string {
	var kept []string
	for i, arg := range args {
		if arg == "--" {
			return append(kept, args[i:]...)
		}
		if !isDetach(arg) {
			kept = append(kept, arg)
		}
	}
	return kept
}

// isDetach tells whether an argument has a run leave the terminal.
func isDetach(arg string) bool {
	return arg == "--detach" || arg == "-d" || strings.HasPrefix(arg, "--detach=")
}

// runs are those of this user, by name.
func (a *app) runs() ([]*runs.Run, error) {
	f, err := a.runsFolder()
	if err == nil && a.getenv(runsVariable) != runsNone {
		var all []*runs.Run
		if all, err = f.All(); err == nil {
			return all, nil
		}
	}
	if err != nil {
		return nil, environment(err)
	}
	return nil, nil
}

// findRun is the run that a word means: its name, the name of its pipeline, or its file or
// that one's folder. nil is none; several that live are an error.
func (a *app) findRun(word string) (*runs.Run, error) {
	all, err := a.runs()
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(all, func(r *runs.Run) bool { return r.Name == word }); i >= 0 {
		return all[i], nil
	}
	path, err := filepath.Abs(word)
	if err != nil {
		return nil, environment(err)
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	found := slices.DeleteFunc(all, func(r *runs.Run) bool {
		return r.Pipeline != word && (r.File == "" || r.File != path && filepath.Dir(r.File) != path)
	})
	living := slices.DeleteFunc(slices.Clone(found), func(r *runs.Run) bool { return !r.Alive() })
	switch {
	case len(living) > 1:
		return nil, usage(fmt.Errorf("%s runs as %s: say which", word, strings.Join(namesOf(living), " and ")))
	case len(living) == 1:
		return living[0], nil
	case len(found) > 0: // the one that ended last
		slices.SortFunc(found, func(a, b *runs.Run) int { return b.At.Compare(a.At) })
		return found[0], nil
	}
	return nil, nil
}

// theRun is findRun that demands one. Without a word it is the only one that lives.
func (a *app) theRun(word string) (*runs.Run, error) {
	all, err := a.runs()
	if err != nil {
		return nil, err
	}
	if word == "" {
		living := slices.DeleteFunc(slices.Clone(all), func(r *runs.Run) bool { return !r.Alive() })
		if len(living) == 1 {
			return living[0], nil
		}
		if here, err := a.findRun("."); err != nil || here != nil {
			return here, err
		}
		if len(living) == 0 {
			return nil, environment(errors.New("nothing runs here: `flowc run FILE` starts a pipeline, `flowc ps -a` also shows what has ended"))
		}
		return nil, usage(fmt.Errorf("say which run: %s", strings.Join(namesOf(living), ", ")))
	}
	r, err := a.findRun(word)
	if err != nil || r != nil {
		return r, err
	}
	return nil, environment(errors.New(noRun(word, all)))
}

// noRun says that there is no run of a word, and which are near.
func noRun(word string, all []*runs.Run) string {
	names := namesOf(all)
	switch near := diag.Nearest(word, names); {
	case near != "":
		return fmt.Sprintf("there is no run %s: did you mean %s?", word, near)
	case len(names) == 0:
		return fmt.Sprintf("there is no run %s, and no other: `flowc run FILE` starts one", word)
	}
	return fmt.Sprintf("there is no run %s: there are %s", word, strings.Join(names, ", "))
}

func namesOf(all []*runs.Run) (names []string) {
	for _, r := range all {
		names = append(names, r.Name)
	}
	return names
}

// runMeant is the run that the argument of a command means which is about what was applied
// as well; nil is something applied. Without an argument it is a run of this folder, or the
// only one that lives, unless the folder has a pipeline of its own.
func (a *app) runMeant(word string) (*runs.Run, error) {
	if word != "" {
		r, err := a.findRun(word)
		if err != nil || r != nil || !named(word) || a.appliedHere(word) {
			return r, err
		}
		all, err := a.runs()
		if err != nil {
			return nil, err
		}
		return nil, environment(fmt.Errorf("%s; --target says where something was applied", noRun(word, all)))
	}
	r, err := a.findRun(".")
	if err != nil || r != nil {
		return r, err
	}
	if files, err := filepath.Glob("*.flow.yaml"); err == nil && len(files) == 1 { // several mean none
		return nil, nil
	}
	if _, err := os.Stat("pipeline.yaml"); err == nil {
		return nil, nil
	}
	return a.theRun("")
}

// appliedHere tells whether something of a name was applied to this machine.
func (a *app) appliedHere(word string) bool {
	if has, err := hasApplied(); err != nil || !has {
		return false
	}
	e, err := openLocal(a)
	if err != nil {
		return false
	}
	releases, err := e.Releases(a.ctx)
	return err == nil && slices.ContainsFunc(releases, func(one *deploy.Release) bool { return one.ID == word || one.Pipeline == word })
}

// targetMeant is the target of a command about what was applied: this machine, where the
// name is that of something applied to it and no other is named.
func (a *app) targetMeant(target, word string) string {
	if target == "" && named(word) && a.appliedHere(word) {
		return "local"
	}
	return target
}
