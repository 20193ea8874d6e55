package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/compose"
	composelive "github.com/flowc-dev/flowc/backends/compose/live"
	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/oci/live"
	"github.com/flowc-dev/flowc/compiler/driver"
)

// A deployTarget is one that flowc applies to itself.
type deployTarget struct {
	name string
	// open finds the engine, as the target's own commands would.
	open func(*app) (deploy.Engine, error)
	// runsImage tells whether the program runs as an image there; nil for always. Of what
	// does not, an engine that takes programs ([programEngine]) is given one, and release
	// its reference; for others nothing is built, and release is given "".
	runsImage func(r *driver.Result) bool
	// release is what the engine is given. image always means the same one; loaded tells
	// that the engine gets it from us.
	release func(r *driver.Result, image string, loaded bool) (*deploy.Release, error)
}

// deployTargets are all of them.
var deployTargets = []deployTarget{
	{name: "compose", open: openCompose, release: composeRelease},
	{name: "k8s", open: openKubernetes, release: kubernetesRelease},
	{name: "nomad", open: openNomad, runsImage: nomadRunsImage, release: nomadRelease},
	{name: "local", open: openLocal, runsImage: func(*driver.Result) bool { return false }, release: localRelease},
}

// appliedTo is the list of them in words.
func appliedTo() string {
	var names []string
	for _, t := range deployTargets {
		names = append(names, t.name)
	}
	return strings.Join(names, ", ")
}

// deployTo is the target that --target names, or the only one that a pipeline has
// options for; r may be nil.
func deployTo(name string, r *driver.Result) (*deployTarget, error) {
	var known, meant []string
	for _, t := range deployTargets {
		known = append(known, t.name)
		if r != nil && meansTarget(r.Program, t.name) {
			meant = append(meant, t.name)
		}
	}
	if name == "" && len(meant) == 1 {
		name = meant[0]
	}
	if name == "" {
		return nil, usage(fmt.Errorf("--target says where: %s", strings.Join(known, ", ")))
	}
	b, err := target(name)
	if err != nil {
		return nil, err
	}
	i := slices.Index(known, b.Name())
	if i < 0 {
		return nil, usage(fmt.Errorf("flowc does not apply to %s itself: `flowc emit --target %s` writes its files. It applies to %s", b.Name(), b.Name(), strings.Join(known, ", ")))
	}
	return &deployTargets[i], nil
}

func openCompose(a *app) (deploy.Engine, error) {
	command, err := composelive.FindCompose(a.ctx, os.Environ())
	if err != nil {
		return nil, environment(err)
	}
	engine, err := a.containerEngine()
	if err != nil {
		return nil, err
	}
	return composelive.New(engine, command), nil
}

// containerEngine is the one that Docker's command would use; it is not asked yet.
func (a *app) containerEngine() (*live.Engine, error) {
	home, _ := os.UserHomeDir() // without one there is no configuration of Docker's
	address, err := live.FindEngine(a.getenv, home)
	if err != nil {
		return nil, environment(err)
	}
	engine, err := live.Open(address)
	if err != nil {
		return nil, environment(err)
	}
	return engine, nil
}

func composeRelease(r *driver.Result, image string, loaded bool) (*deploy.Release, error) {
	l := layout(r.Program)
	l.Image = image
	project, err := compose.Render(r.Program, backends.Options(r.Program.Targets["compose"]), l)
	if err != nil {
		return nil, bug(err)
	}
	release, err := composelive.Release(project, r.Dir, image, loaded)
	if err != nil {
		return nil, bug(err)
	}
	return release, nil
}

// imageOption is what the options of a target call the image.
func imageOption(r *driver.Result, target string) string {
	var o struct {
		Image string `json:"image"`
	}
	_ = json.Unmarshal(r.Program.Targets[target], &o) // the schema has let it through
	return o.Image
}
