package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends/golang"
	"github.com/flowc-dev/flowc/backends/golang/build"
	"github.com/flowc-dev/flowc/backends/local/runs"
)

// runProgram builds a pipeline and becomes the program, as a run that others see.
func (a *app) runProgram(pipeline *pipelineArg, args []string, name string) error {
	if !isRun(args) {
		return a.forward(pipeline, args)
	}
	r, err := pipeline.compile(a)
	if err != nil {
		return err
	}
	if err := a.checkFor(golang.Backend{}, r); err != nil {
		return err
	}
	binary, err := a.ready(pipeline, r)
	if err != nil {
		return err
	}
	run, err := a.list(r, pipeline.File, name, nil)
	if err != nil {
		return err
	}
	if run != nil {
		log := runs.LogErrors
		if run.Detached {
			log = runs.LogAll
		}
		for _, v := range run.Env("", log) {
			name, value, _ := strings.Cut(v, "=")
			if err := os.Setenv(name, value); err != nil {
				return environment(err)
			}
		}
	}
	return a.become(binary, args, r)
}

// isRun tells the arguments of a program that runs from those of one that shows something.
func isRun(args []string) bool {
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") && args[0] != "run" {
		return false
	}
	return !slices.ContainsFunc(args, func(arg string) bool {
		return slices.Contains([]string{"--help", "-help", "-h", "--version", "-version"}, arg)
	})
}

// leave leaves the run that this command is about in the background. What is wrong with the
// pipeline is told before that.
func (a *app) leave(pipeline *pipelineArg, target string) error {
	if pipeline.File == "-" {
		return usage(fmt.Errorf("--detach: a run in the background has no standard input, so it can't have the pipeline from there: write it into a file"))
	}
	r, err := pipeline.compile(a)
	if err != nil {
		return err
	}
	if err := a.checkFor(golang.Backend{}, r); err != nil {
		return err
	}
	if target == "" {
		_, _, err = a.build(r, build.Request{})
	} else {
		_, _, err = a.buildPieces(r, build.Request{})
	}
	if err != nil {
		return err
	}
	wd, err := os.Getwd()
	if err != nil {
		return environment(err)
	}
	d, err := a.detach(startedBy(a.args), wd, os.Environ())
	if err != nil {
		return err
	}
	return a.tellDetached(d)
}
