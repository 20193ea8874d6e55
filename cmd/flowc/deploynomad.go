package main

import (
	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/nomad"
	nomadlive "github.com/flowc-dev/flowc/backends/nomad/live"
	"github.com/flowc-dev/flowc/compiler/driver"
)

func openNomad(a *app) (deploy.Engine, error) {
	engine, err := nomadlive.Open(a.containerEngine)
	if err != nil {
		return nil, environment(err)
	}
	return engine, nil
}

// nomadOptions are those of a pipeline for Nomad.
func nomadOptions(r *driver.Result) backends.Options {
	return backends.Options(r.Program.Targets["nomad"])
}

// nomadRunsImage tells whether clients run the program in a container: else they have
// its binary, or get it themselves.
func nomadRunsImage(r *driver.Result) bool { return nomad.RunsImage(nomadOptions(r)) }

func nomadRelease(r *driver.Result, image string, _ bool) (*deploy.Release, error) {
	l := layout(r.Program)
	l.Image = image
	release, err := nomadlive.Release(nomad.Render(r.Program, nomadOptions(r), l), r.Dir, image)
	if err != nil {
		return nil, bug(err)
	}
	return release, nil
}
