package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/local/runs"
)

type psCmd struct {
	clusterArg `embed:""`
	planeArg   `embed:""`
	Target     string `short:"t" help:"Also what was applied there: ${applied}." placeholder:"TARGET"`
	Ended      bool   `name:"ended" short:"a" help:"Also runs that have ended."`
}

// A psResult is what `flowc ps` lists.
type psResult struct {
	Runs []statusOfARun `json:"runs"`
}

// Run lists what runs, wherever it was started.
func (c *psCmd) Run(a *app) error {
	res := psResult{Runs: []statusOfARun{}}
	here, err := a.runs()
	if err != nil {
		return err
	}
	for _, r := range here {
		look := r.Look(a.ctx)
		if c.Ended || a.all || r.Alive() || wasKilled(r) {
			res.Runs = append(res.Runs, statusOfARun{look.State(), look})
		}
	}
	applied, err := c.applied(a)
	if err != nil {
		return err
	}
	res.Runs = append(res.Runs, applied...)
	if err := c.check(); err != nil {
		return err
	}
	if c.ControlPlane != "" {
		all, err := c.runs(a.ctx)
		if err != nil {
			return err
		}
		for _, run := range all {
			listed := slices.ContainsFunc(res.Runs, func(one statusOfARun) bool { return samePlace(one.Run, run) })
			if state := run.State(); !listed && (c.Ended || a.all || state != deploy.Ended && state != deploy.Stopped) {
				res.Runs = append(res.Runs, statusOfARun{state, run})
			}
		}
	}
	return a.answer(plural(len(res.Runs), "run"), res, func(w io.Writer) { res.show(w, len(here)) })
}

// samePlace tells whether a run of this machine is the one that a control plane knows.
func samePlace(here, there *deploy.Run) bool {
	host, err := os.Hostname()
	if err != nil || there.ID != here.ID+"@"+host || len(here.Instances) == 0 || len(there.Instances) == 0 {
		return false
	}
	a, b := here.Instances[0], there.Instances[0]
	return here.File == there.File && a.State == b.State && (a.PID == b.PID || b.PID == 0 && b.Since.Sub(a.Since).Abs() < time.Minute)
}

// wasKilled tells whether a run has ended without a word: somebody has to know of it.
func wasKilled(r *runs.Run) bool { return !r.Alive() && r.Ended() == nil }

// applied is what was applied to this machine, and to the target that is named.
func (c *psCmd) applied(a *app) ([]statusOfARun, error) {
	var all []statusOfARun
	names := []string{}
	if c.Target != "" {
		names = append(names, c.Target)
	}
	if has, err := hasApplied(); err != nil {
		fmt.Fprintf(a.stderr, "flowc: warning: what was applied to this machine is not listed: %v\n", err)
	} else if has && !slices.Contains(names, "local") {
		names = append(names, "local")
	}
	a.cluster = c.clusterArg
	for _, name := range names {
		t, err := deployTo(name, nil)
		if err != nil {
			return nil, err
		}
		e, err := t.open(a)
		if err == nil {
			var releases []*deploy.Release
			if releases, err = e.Releases(a.ctx); err == nil {
				for _, r := range releases {
					run, failed := e.Run(a.ctx, r.ID)
					if failed != nil {
						err = failed
						break
					}
					if run != nil {
						all = append(all, statusOfARun{run.State(), run})
					}
				}
			}
		}
		switch {
		case err != nil && name == c.Target:
			return nil, environment(err)
		case err != nil: // nobody asked for it
			fmt.Fprintf(a.stderr, "flowc: warning: what was applied to this machine is not listed: %v\n", err)
		}
	}
	return all, nil
}

// hasApplied tells whether anything was ever applied to this machine by this user: without,
// nobody is asked for it.
func hasApplied() (bool, error) {
	base, _, err := localFolders()
	if err != nil {
		return false, err
	}
	entries, err := os.ReadDir(base)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return false, nil
	}
	return len(entries) > 0, err
}

// show prints a line for each run.
func (r psResult) show(w io.Writer, known int) {
	if len(r.Runs) == 0 {
		fmt.Fprint(w, "nothing runs here")
		if known > 0 {
			fmt.Fprint(w, "; --ended shows what has run")
		}
		fmt.Fprintln(w)
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "NAME\tSTATE\tSINCE\tRECORDS\tRATE\tPROCESS\tWHERE")
	for _, run := range r.Runs {
		sum := sumOf(run.Run)
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", run.ID, run.State, ago(sum.since), sum.records, sum.rate, sum.process, placeOf(run.Run))
	}
	_ = t.Flush()
	for _, run := range r.Runs {
		for _, i := range run.Instances {
			if i.Says != "" && i.State != deploy.Ready && i.State != deploy.Ended && i.State != deploy.Stopped {
				fmt.Fprintf(w, "%s: %s\n", cmp.Or(i.Name, run.ID), firstLine(i.Says))
			}
		}
	}
}

// placeOf is where a run is, in few words.
func placeOf(r *deploy.Run) string {
	if r.File == "" {
		return r.Place
	}
	wd, err := os.Getwd()
	if err == nil {
		if rel, err := filepath.Rel(wd, r.File); err == nil && filepath.IsLocal(rel) {
			return rel
		}
	}
	return r.File
}

// A runSums is what a line has of it.
type runSums struct {
	since                  time.Time
	records, rate, process string
}

// sumOf adds up what the processes of a run say.
func sumOf(r *deploy.Run) runSums {
	s := runSums{records: "-", rate: "-", process: "-"}
	var records int64
	var rate float64
	var pids []string
	for _, i := range r.Instances {
		if s.since.IsZero() || i.Since.Before(s.since) {
			s.since = i.Since
		}
		if i.Figures != nil {
			records += i.Figures.Records
			rate += i.Figures.Rate
			s.records, s.rate = deploy.Grouped(records), perSecond(rate)
		}
		if i.Totals != nil {
			records += i.Totals.In
			s.records = deploy.Grouped(records)
		}
		if i.PID > 0 {
			pids = append(pids, fmt.Sprint(i.PID))
		}
	}
	if len(pids) > 0 {
		s.process = strings.Join(pids, " ")
	}
	return s
}

// ago is how long ago a moment was, in words that are short.
func ago(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	d := time.Since(at) //nolint:forbidigo // for somebody who looks now
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// perSecond is a rate.
func perSecond(rate float64) string {
	if rate > 0 && rate < 10 {
		return fmt.Sprintf("%.1f/s", rate)
	}
	return deploy.Grouped(int64(rate+0.5)) + "/s"
}
