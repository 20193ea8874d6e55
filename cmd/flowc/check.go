package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

type checkCmd struct {
	Paths   []string `arg:"" optional:"" help:"Pipelines to check; without, the one of this folder."`
	Overlay []string `help:"Merge this file over each pipeline." placeholder:"FILE"`
	Env     string   `help:"Merge pipeline.NAME.yaml, beside the pipeline, over it." placeholder:"NAME"`
	Frozen  bool     `help:"A reference of a component that flowc.lock lacks is an error. That is so where CI is set, too."`
}

type checkResult struct {
	Pipelines []checkedPipeline `json:"pipelines"`
}

type checkedPipeline struct {
	File  string `json:"file"`
	Name  string `json:"name,omitempty"`
	Nodes int    `json:"nodes,omitempty"`
	Jobs  int    `json:"jobs,omitempty"`
	OK    bool   `json:"ok"`
}

// Run checks each pipeline and goes on behind one with errors.
func (c *checkCmd) Run(a *app) error {
	paths := c.Paths
	if len(paths) == 0 {
		paths = []string{""}
	}
	var res checkResult
	var worst error
	var unread []error
	for _, p := range paths {
		r, err := pipelineArg{File: p, Overlay: c.Overlay, Env: c.Env, bringArg: bringArg{Frozen: c.Frozen}}.compile(a)
		if err == nil {
			err = a.report(targetsOf(r.Program))
		}
		var e *exitError
		switch {
		case err == nil || errors.As(err, &e) && e.code == exitInvalid:
		case e != nil && e.code == exitUsage: // one that is not there, or can't be read
			unread = append(unread, err)
			res.Pipelines = append(res.Pipelines, checkedPipeline{File: p})
			continue
		default:
			return err
		}
		one := checkedPipeline{File: p, OK: err == nil}
		if err != nil {
			worst = err
		} else {
			one.Name = r.Program.Name
			seen := map[string]bool{}
			for _, n := range r.Program.Nodes {
				seen[n.YAML] = true
			}
			one.Nodes, one.Jobs = len(seen), len(r.Program.Jobs)
		}
		res.Pipelines = append(res.Pipelines, one)
	}
	if len(unread) > 0 {
		worst = usage(errors.Join(unread...))
	}
	if worst != nil {
		if a.format == "json" {
			out := envelope{Summary: "invalid", Result: res}
			if len(unread) > 0 {
				text := worst.Error()
				out.Summary, out.Error = text, &text
			}
			if err := a.envelope(out); err != nil {
				return environment(err)
			}
		}
		if a.format == "text" {
			res.print(a.stdout)
		}
		return worst
	}
	if a.format == "sarif" || a.format == "github" {
		return nil
	}
	return a.answer(plural(len(res.Pipelines), "pipeline")+" ok", res, func(w io.Writer) {
		res.print(w)
	})
}

// targetsOf says what the targets that a pipeline has options for can't do of it.
func targetsOf(p *ir.Program) diag.List {
	var all diag.List
	for _, b := range targets {
		if meansTarget(p, b.Name()) {
			all = append(all, b.Check(p, backends.Options(p.Targets[b.Name()]))...)
		}
	}
	return all
}

// meansTarget tells whether a pipeline has options for a target, beside the namespace
// that it gives to all.
func meansTarget(p *ir.Program, target string) bool {
	_, written := p.TargetSpans[target]
	return written && p.Targets[target] != nil
}

// checkFor reports what a target can't do of a pipeline.
func (a *app) checkFor(b backends.Backend, r *driver.Result) error {
	return a.report(b.Check(r.Program, backends.Options(r.Program.Targets[b.Name()])))
}

// print lists the pipelines that are right; of the others the errors are shown.
func (r checkResult) print(w io.Writer) {
	for _, p := range r.Pipelines {
		if p.OK {
			has := plural(p.Nodes, "node")
			if p.Jobs > 0 {
				has += ", " + plural(p.Jobs, "job")
			}
			fmt.Fprintf(w, "%s: ok, %s\n", p.Name, has)
		}
	}
}
