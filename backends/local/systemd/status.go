package systemd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// A status is what the manager says of a unit.
type status map[string]string

// shown are the properties that it is asked for.
var shown = []string{"Id", "LoadState", "ActiveState", "SubState", "Result", "NRestarts", "ExecMainStatus", "ExecMainStartTimestamp", "ExecMainExitTimestamp", "StatusText", "ActiveEnterTimestamp", "NextElapseUSecRealtime", "TimersCalendar"}

// show asks how units do, by name.
func (e *Engine) show(ctx context.Context, units []unit) (map[string]status, error) {
	all := map[string]status{}
	if len(units) == 0 {
		return all, nil
	}
	text, err := e.systemctl(ctx, append([]string{"show", "--timestamp=unix", "--property=" + strings.Join(shown, ",")}, names(units, "service", "timer", "target")...)...)
	if err != nil {
		return nil, err
	}
	one := status{}
	for line := range strings.Lines(text + "\n") {
		line = strings.TrimRight(line, "\n")
		if line == "" {
			all[one["Id"]] = one
			one = status{}
			continue
		}
		name, value, _ := strings.Cut(line, "=")
		one[name] = value
	}
	if len(names(units, "timer")) > 0 {
		return all, nil // runs that come and go, of which none counts
	}
	for _, u := range units {
		if u.first("Service", "Type") == "oneshot" {
			e.recall(ctx, u, all[u.Name])
		}
	}
	return all, nil
}

// finished is the journal's identity of the end of a start; of a run, that is its end.
const finished = "39f53479d3a045ac8e11786248231fbf"

// recall has a status say that a run has ended well, where that is so and the manager has
// forgotten it: it forgets a unit that does nothing, has not failed and is wanted by none. The
// journal has it still. An end from before the unit was written is another's.
func (e *Engine) recall(ctx context.Context, u unit, s status) {
	if s == nil || s["ActiveState"] != "inactive" || !s.at("ExecMainStartTimestamp").IsZero() {
		return
	}
	info, err := os.Stat(filepath.Join(e.Units, u.Name))
	if err != nil {
		return
	}
	text, err := e.commands().Output(ctx, "journalctl", append(e.journal([]string{u.Name}), "--output=json", "--lines=1", "MESSAGE_ID="+finished, "JOB_RESULT=done")...)
	if err != nil {
		return // nobody may read it: then it was not started, as far as anybody knows
	}
	end, ok := entry([]byte(strings.TrimSpace(text)))
	if !ok || end.Time.Before(info.ModTime().Truncate(time.Microsecond)) {
		return
	}
	at := "@" + strconv.FormatInt(end.Time.Unix(), 10)
	s["ExecMainStartTimestamp"], s["ExecMainExitTimestamp"], s["ExecMainStatus"] = at, at, "0"
}

// at is a time of a status, the zero one where it did not come to pass.
func (s status) at(name string) time.Time {
	seconds, err := strconv.ParseInt(strings.TrimPrefix(s[name], "@"), 10, 64)
	if err != nil || seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}

func (s status) number(name string) int {
	n, _ := strconv.Atoi(s[name]) // none is 0
	return n
}

// idle says why a unit does not do what it should, "" for one that does. A service that a
// timer starts waits for it.
func (s status) idle(u unit, timed bool) string {
	began := s.at("ExecMainStartTimestamp")
	switch active := s["ActiveState"]; {
	case u.is("service") && timed:
		return ""
	case active == "failed":
		return fmt.Sprintf("it has failed (%s), exit code %d", s["Result"], s.number("ExecMainStatus"))
	case active == "inactive" && u.ends() && !began.IsZero() && s.number("ExecMainStatus") == 0:
		return "" // it has done all that there was
	case active == "inactive" && began.IsZero():
		return "it is not started"
	case active == "inactive":
		return "it was stopped"
	}
	for _, file := range u.values("Service", "EnvironmentFile") {
		file = strings.TrimPrefix(file, "-")
		if info, err := os.Stat(file); err == nil && !began.IsZero() && info.ModTime().After(began.Add(time.Second)) {
			return file + " has changed since it was started"
		}
	}
	return ""
}

// Run reads how the units of a pipeline do.
func (e *Engine) Run(ctx context.Context, id string) (*deploy.Run, error) {
	all, err := e.installed()
	if err != nil {
		return nil, err
	}
	units := all[id]
	if len(units) == 0 {
		return nil, nil
	}
	r, err := released(units)
	if err != nil {
		return nil, err
	}
	states, err := e.show(ctx, units)
	if err != nil {
		return nil, err
	}
	run := &deploy.Run{ID: id, Pipeline: id, Hash: r.Hash, Image: r.Image, Place: e.Place()}
	timed, rests := named(units, id+".timer"), e.stopped(id)
	for _, u := range units {
		s := states[u.Name]
		switch {
		case u.is("timer"):
			run.Instances = append(run.Instances, s.timer(u))
		case u.is("service") && timed && (s["ActiveState"] == "inactive" || s["ActiveState"] == ""):
			continue // until its time comes
		case u.is("service"):
			i := s.service(u)
			if rests && s["ActiveState"] == "inactive" && i.State != deploy.Ended {
				i.State, i.Says = deploy.Stopped, ""
			}
			run.Instances = append(run.Instances, i)
		default:
			continue
		}
		run.Wanted++
	}
	return run, nil
}

// timer is a timer in the words of all targets: it is ready when it waits.
func (s status) timer(u unit) deploy.Instance {
	i := deploy.Instance{Name: u.Name, State: deploy.Stopped}
	if s["ActiveState"] == "active" {
		i.State, i.Since = deploy.Ready, s.at("ActiveEnterTimestamp")
		if next := s.next(); !next.IsZero() {
			i.Says = "it starts next at " + next.UTC().Format(time.DateTime) + " UTC"
		}
	}
	return i
}

// next is when a timer starts its unit, the zero time where nobody knows. The property of
// that name ignores, in systemd 252, how times are asked for; that of the schedule does not.
func (s status) next() time.Time {
	if t := s.at("NextElapseUSecRealtime"); !t.IsZero() {
		return t
	}
	_, text, _ := strings.Cut(s["TimersCalendar"], "next_elapse=")
	text, _, _ = strings.Cut(text, " ")
	return status{"next": text}.at("next")
}

// service is a service in the words of all targets.
func (s status) service(u unit) deploy.Instance {
	i := deploy.Instance{Name: strings.TrimSuffix(u.Name, ".service"), Restarts: s.number("NRestarts"), ExitCode: s.number("ExecMainStatus"), Since: s.at("ExecMainStartTimestamp")}
	if i.ExitCode != 0 && !s.at("ExecMainExitTimestamp").After(i.Since) && s["ActiveState"] == "active" {
		i.ExitCode = 0 // of the one before
	}
	switch s["ActiveState"] {
	case "active":
		i.State = deploy.Ready
	case "activating":
		switch {
		case s["SubState"] == "auto-restart":
			i.State, i.Since = deploy.Dying, s.at("ExecMainExitTimestamp")
		case u.first("Service", "Type") == "oneshot" && s["SubState"] == "start":
			i.State = deploy.Ready // it is at work, and becomes active with its end
		default:
			i.State, i.Says = deploy.Starting, s["StatusText"]
		}
	case "deactivating":
		i.State, i.Says = deploy.Starting, "what ran before is being stopped"
	case "failed":
		i.State, i.Says, i.Since = deploy.Failed, "", s.at("ExecMainExitTimestamp")
		if s["Result"] != "exit-code" {
			i.Says = "systemd says: " + s["Result"]
		}
	default:
		i.Since = s.at("ExecMainExitTimestamp")
		switch {
		case s.at("ExecMainStartTimestamp").IsZero():
			i.State, i.Says = deploy.Starting, "it has not been started"
		case u.ends() && i.ExitCode == 0:
			i.State = deploy.Ended
		default:
			i.State = deploy.Stopped
		}
	}
	return i
}
