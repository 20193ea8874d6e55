package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/compiler/driver"
)

// An appliedArg is what a command about something applied is given.
type appliedArg struct {
	What    string   `arg:"" optional:"" help:"What was applied: its name, or the file of its pipeline. Without: the pipeline of this folder."`
	Overlay []string `help:"Merge this file over the pipeline." placeholder:"FILE"`
	Env     string   `help:"Merge pipeline.NAME.yaml, beside the pipeline, over it." placeholder:"NAME"`
}

// applied finds the release that a command is about: the name of a pipeline that was
// applied, or the file of one.
func (a *app) applied(e deploy.Engine, p appliedArg, r *driver.Result) (*deploy.Release, error) {
	name := p.What
	if r != nil {
		name = r.Program.Name
	}
	releases, err := e.Releases(a.ctx)
	if err != nil {
		return nil, environment(err)
	}
	var found []*deploy.Release
	var names, ids []string
	for _, one := range releases {
		names = append(names, one.ID)
		if one.ID == name || one.Pipeline == name {
			found, ids = append(found, one), append(ids, one.ID)
		}
	}
	if i := slices.IndexFunc(found, func(one *deploy.Release) bool { return one.ID == name || r != nil && one.Folder == r.Dir }); i >= 0 && len(found) > 1 {
		return found[i], nil
	}
	switch {
	case len(found) > 1:
		return nil, usage(fmt.Errorf("%s was applied as %s: say which", name, strings.Join(ids, ", ")))
	case len(found) == 1:
		return found[0], nil
	case len(names) == 0:
		return nil, environment(fmt.Errorf("%s was not applied at %s, and neither was anything else", name, e.Place()))
	}
	return nil, environment(fmt.Errorf("%s was not applied at %s: there are %s", name, e.Place(), strings.Join(names, ", ")))
}

// named tells an argument that is the name of something applied from one that is a file.
func named(arg string) bool {
	if arg == "" || arg == "-" || filepath.Ext(arg) != "" {
		return false
	}
	_, err := os.Stat(arg)
	return errors.Is(err, os.ErrNotExist)
}

// place opens the engine that a command is about, and compiles the pipeline unless the
// argument is a name.
func (a *app) place(target string, p appliedArg) (deploy.Engine, *driver.Result, error) {
	var r *driver.Result
	if !named(p.What) {
		var err error
		r, err = pipelineArg{File: p.What, Overlay: p.Overlay, Env: p.Env}.compile(a)
		if err != nil {
			return nil, nil, err
		}
	}
	t, err := deployTo(target, r)
	if err != nil {
		return nil, nil, err
	}
	e, err := t.open(a)
	return e, r, err
}
