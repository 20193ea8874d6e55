package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/compose"
	"github.com/flowc-dev/flowc/compiler/driver"
)

// folder emits all pipelines of a folder: for Compose as one project, elsewhere each
// beside the others. Nothing is written unless all of them are right.
func (c *emitCmd) folder(a *app, b backends.Backend) error {
	switch {
	case isGo(b):
		return usage(fmt.Errorf("the target %s is emitted of one pipeline: name its file", b.Name()))
	case c.form() != "":
		return usage(fmt.Errorf("--%s has one pipeline: name its file", c.form()))
	case c.Image != "":
		return usage(errors.New("--image is that of one pipeline: name its file, or say it in the pipelines, `targets: {" + b.Name() + ": {image: …}}`"))
	}
	all, err := c.compileFolder(a, b)
	if err != nil {
		return err
	}
	res := emitResult{Target: b.Name(), Dir: c.Output}
	if b.Name() == "compose" {
		err = c.oneProject(b, all, &res)
	} else {
		err = c.besides(b, all, &res)
	}
	if err != nil {
		return err
	}
	return c.tell(a, res)
}

// compileFolder compiles the pipelines of the folder, and goes on behind one with errors.
func (c *emitCmd) compileFolder(a *app, b backends.Backend) (all []*driver.Result, err error) {
	files, failed := pipelinesIn(c.File)
	if failed != nil {
		return nil, failed
	}
	seen := map[string]string{}
	for _, file := range files {
		one := c.pipelineArg
		one.File = file
		r, failed := one.compile(a)
		if failed == nil {
			failed = a.checkFor(b, r)
		}
		if invalid, ok := errors.AsType[*exitError](failed); ok && invalid.code == exitInvalid {
			err = failed
			continue
		}
		if failed != nil {
			return nil, failed
		}
		if other, twice := seen[r.Program.Name]; twice {
			return nil, usage(fmt.Errorf("%s and %s are both called %s: give one of them another name", other, file, r.Program.Name))
		}
		seen[r.Program.Name] = file
		all = append(all, r)
	}
	return all, err
}

// oneProject writes a project of Compose of all pipelines. What a pipeline that is gone
// from the folder had goes, too.
func (c *emitCmd) oneProject(b backends.Backend, all []*driver.Result, res *emitResult) error {
	var projects []*compose.Project
	var each [][]backends.File
	for _, r := range all {
		o, l := backends.Options(r.Program.Targets[b.Name()]), layout(r.Program)
		files, err := b.Emit(r.Program, o, l)
		if err != nil {
			return bug(err)
		}
		p, err := compose.Render(r.Program, o, l)
		if err != nil {
			return bug(err)
		}
		each, projects = append(each, files), append(projects, p)
		res.need(b, r, o)
	}
	files, err := compose.Folder(projects, each, layout(all[0].Program))
	if err != nil {
		return usage(err)
	}
	owner := backends.Owner{Source: c.seen(c.File)}
	write := backends.WriteOwned
	if c.Check {
		write = backends.DiffOwned
	}
	if res.Changes, err = write(c.Output, owner, files); err != nil {
		return environment(err)
	}
	res.Files = len(files)
	return nil
}

// besides writes the files of each pipeline into the folder that they share.
func (c *emitCmd) besides(b backends.Backend, all []*driver.Result, res *emitResult) error {
	for _, r := range all {
		o, l := backends.Options(r.Program.Targets[b.Name()]), layout(r.Program)
		files, err := b.Emit(r.Program, o, l)
		if err != nil {
			return bug(err)
		}
		changes, err := c.write(b, r, l, files)
		if err != nil {
			return environment(err)
		}
		res.Files += len(files)
		res.Changes = append(res.Changes, changes...)
		res.need(b, r, o)
	}
	return nil
}

// need adds what one of several pipelines needs.
func (res *emitResult) need(b backends.Backend, r *driver.Result, o backends.Options) {
	for _, n := range needs(b, r.Program, o) {
		res.Needs = append(res.Needs, r.Program.Name+": "+n)
	}
}

// seen is a path as the output folder sees it, "" where it can't be said.
func (c *emitCmd) seen(path string) string {
	dir, err := filepath.Abs(c.Output)
	if err != nil {
		return ""
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return ""
	}
	rel, err := filepath.Rel(dir, abs)
	if err != nil {
		return ""
	}
	return filepath.ToSlash(rel)
}
