package systemd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// Put has the manager run units: those that are not wanted any more are stopped and go,
// the others are written, read anew, and started again.
func (e *Engine) Put(ctx context.Context, want *deploy.Release, before string) error {
	units, err := unitsOf(want)
	if err != nil {
		return err
	}
	all, err := e.installed()
	if err != nil {
		return err
	}
	have := all[want.ID]
	if before != "" && seen(have) != before {
		return deploy.ErrChanged
	}
	var gone []string
	for _, u := range have {
		if !named(units, u.Name) {
			gone = append(gone, u.Name)
		}
	}
	if err := e.forget(ctx, gone); err != nil {
		return err
	}
	if e.User {
		if err := os.MkdirAll(e.Data(want.ID), 0o700); err != nil {
			return err
		}
	}
	folders, err := e.kept(want.ID)
	if err != nil {
		return err
	}
	for _, f := range e.folders(want.ID, units) {
		if !slices.Contains(folders, f) {
			folders = append(folders, f)
		}
	}
	if err := e.keep(want.ID, folders); err != nil {
		return err
	}
	for _, u := range units {
		if err := u.write(e.Units); err != nil {
			return err
		}
	}
	if _, err := e.systemctl(ctx, "daemon-reload"); err != nil {
		return err
	}
	return e.start(ctx, want.ID, units)
}

// start starts units again: the timer where there is one, and the target behind its
// services. What has failed before does not count any more.
func (e *Engine) start(ctx context.Context, id string, units []unit) error {
	if err := e.forgetStop(id); err != nil {
		return err
	}
	services := names(units, "service")
	_, _ = e.systemctl(ctx, append([]string{"reset-failed"}, services...)...) // of one that never ran it is an error
	for _, u := range units {
		if u.first("Install", "WantedBy") == "" {
			continue
		}
		if _, err := e.systemctl(ctx, "enable", u.Name); err != nil {
			return err
		}
	}
	first := services
	if named(units, id+".timer") {
		first = names(units, "timer")
	}
	if _, err := e.systemctl(ctx, append([]string{"restart", "--no-block"}, first...)...); err != nil {
		return err
	}
	if targets := names(units, "target"); len(targets) > 0 {
		_, err := e.systemctl(ctx, append([]string{"start", "--no-block"}, targets...)...)
		return err
	}
	return nil
}

// forget stops units in order, and has the manager know them no more.
func (e *Engine) forget(ctx context.Context, units []string) error {
	var there []string
	for _, name := range units {
		if _, err := os.Lstat(filepath.Join(e.Units, name)); err == nil {
			there = append(there, name)
		}
	}
	if len(there) == 0 {
		return nil
	}
	if _, err := e.systemctl(ctx, append([]string{"disable", "--now"}, there...)...); err != nil {
		return err
	}
	for _, name := range there {
		if strings.HasSuffix(name, ".timer") {
			_, _ = e.systemctl(ctx, "clean", "--what=state", name) // when it last started something, which does no harm where it stays
		}
		if err := os.Remove(filepath.Join(e.Units, name)); err != nil {
			return err
		}
	}
	if _, err := e.systemctl(ctx, "daemon-reload"); err != nil {
		return err
	}
	_, _ = e.systemctl(ctx, append([]string{"reset-failed"}, there...)...) // those that did not fail are not known any more
	return nil
}

// Remove stops and deletes.
func (e *Engine) Remove(ctx context.Context, id string, objects []deploy.Object) error {
	var units []string
	for _, o := range objects {
		if o.Kind == kindUnit {
			units = append(units, o.Name)
		}
	}
	if err := e.forget(ctx, units); err != nil {
		return err
	}
	all, err := e.installed()
	if err == nil && len(all[id]) == 0 {
		err = e.forgetStop(id)
	}
	if err != nil {
		return err
	}
	folders, err := e.kept(id)
	if err != nil {
		return err
	}
	for _, o := range objects {
		switch o.Kind {
		case kindFolder:
			if !slices.Contains(folders, o.Name) {
				continue // it was never made
			}
			// Of a user that the manager makes for a unit, the folder is one beside it.
			private := filepath.Join(filepath.Dir(o.Name), "private", filepath.Base(o.Name))
			if err := errors.Join(os.RemoveAll(private), os.RemoveAll(o.Name)); err != nil {
				return err
			}
			folders = slices.DeleteFunc(folders, func(f string) bool { return f == o.Name })
		case kindProgram:
			if err := e.store(id).Delete(o.Name); err != nil {
				return err
			}
		}
	}
	return e.keep(id, folders)
}

// Try has the manager run the program's own check as each service would be run: shut off
// in the same way, with the same settings, secrets and files. Its folder alone is another,
// so that nothing happens to the state.
func (e *Engine) Try(ctx context.Context, want *deploy.Release) error {
	units, err := unitsOf(want)
	if err != nil {
		return err
	}
	for _, u := range units {
		if !u.is("service") {
			continue
		}
		err := lacks(u)
		if err == nil {
			err = e.check(ctx, u)
		}
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return &deploy.Refused{Why: fmt.Sprintf("%s %s can't start, and what runs was not touched:\n%v", want.ID, want.Hash, err)}
		}
	}
	return nil
}

// lacks says which file with secrets, or that the options have, is not there. The manager too starts nothing without,
// and does not say which file it looked for.
func lacks(u unit) error {
	there := func(path string) bool {
		_, err := os.Stat(path)
		return !errors.Is(err, fs.ErrNotExist)
	}
	for _, value := range u.values("Service", "EnvironmentFile") {
		if path := unquoted(value); !strings.HasPrefix(path, "-") && !there(path) {
			return fmt.Errorf("%s is not there, with a line NAME=… for each secret variable of %s: make it, with mode 0600", path, u.Name)
		}
	}
	for _, value := range u.values("Service", "LoadCredential") {
		name, at, _ := strings.Cut(value, ":")
		if path := unquoted(at); !there(path) {
			return fmt.Errorf("%s is not there, which %s reads as the secret file %s: make it, with mode 0600", path, u.Name, name)
		}
	}
	for _, value := range u.values("Service", "BindReadOnlyPaths") {
		from, _, _ := strings.Cut(value, ":")
		if path := unquoted(from); !there(path) {
			return fmt.Errorf("%s is not there, which %s is to have in its folder, as `files` in the options says", path, u.Name)
		}
	}
	return nil
}

// unquoted is a path that a directive names.
func unquoted(value string) string {
	if text, err := strconv.Unquote(value); err == nil {
		value = text
	}
	return strings.ReplaceAll(value, "%%", "%")
}

// check runs one check. Its error is what the program says.
func (e *Engine) check(ctx context.Context, u unit) (err error) {
	c := checking(u)
	if err := c.write(e.Runtime); err != nil {
		return err
	}
	began := time.Now().Unix()
	defer func() {
		ctx := context.WithoutCancel(ctx)
		err = errors.Join(err, os.Remove(filepath.Join(e.Runtime, c.Name)))
		_, _ = e.systemctl(ctx, "daemon-reload")
		_, _ = e.systemctl(ctx, "reset-failed", c.Name) // one that went well is not known any more
	}()
	if _, err := e.systemctl(ctx, "daemon-reload"); err != nil {
		return err
	}
	_, failed := e.systemctl(ctx, "start", c.Name)
	if failed == nil {
		return nil
	}
	args := append(e.journal([]string{c.Name}), "--output=cat", "--lines=20", "--since=@"+strconv.FormatInt(began, 10))
	said, jerr := e.commands().Output(ctx, "journalctl", args...)
	if said = strings.TrimSpace(said); jerr == nil && said != "" {
		return errors.New(said)
	}
	return failed
}

// left out are the directives of a service that a check has no use for.
var leftOut = []string{"Type", "NotifyAccess", "TimeoutStartSec", "WatchdogSec", "Restart", "RestartSec", "RestartPreventExitStatus", "SuccessExitStatus", "StateDirectory", "StateDirectoryMode", "WorkingDirectory"}

// checking is a service that runs the check of another one.
func checking(u unit) unit {
	name := strings.ReplaceAll(strings.TrimSuffix(u.Name, ".service"), "@", "-") + "-check"
	var b strings.Builder
	fmt.Fprintf(&b, "[Unit]\nDescription=Finds out whether %s could start\n\n[Service]\nType=oneshot\nRuntimeDirectory=%s\nWorkingDirectory=%%t/%s\n", u.Name, name, name)
	for _, d := range u.directives() {
		if d.section != "Service" || slices.Contains(leftOut, d.name) {
			continue
		}
		switch d.name {
		case "ExecStart":
			d.value += " check"
		case "BindReadOnlyPaths": // of a folder that is not there systemd would make one
			d.value = strings.Replace(d.value, ":%S/"+u.first("Service", "StateDirectory")+"/", ":%t/"+name+"/", 1)
		}
		b.WriteString(d.name + "=" + d.value + "\n")
	}
	return unit{name + ".service", b.String()}
}
