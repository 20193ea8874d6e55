package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/golang/build"
	"github.com/flowc-dev/flowc/backends/local"
	"github.com/flowc-dev/flowc/backends/local/programs"
	"github.com/flowc-dev/flowc/backends/local/supervisor"
	"github.com/flowc-dev/flowc/compiler/driver"
)

// localVariable names another folder for what is applied to this machine.
const localVariable = "FLOWC_LOCAL_DIR"

// A programEngine is one that runs programs without images.
type programEngine interface {
	deploy.Engine
	// Has tells whether it has a program, Install gives it one.
	Has(id, reference string) bool
	Install(ctx context.Context, id, reference, binary string) error
}

// localFolders are where this machine has what is applied to it, and the secrets of
// pipelines: the system's for root, the user's own otherwise.
func localFolders() (base, config string, err error) {
	if base, config = os.Getenv(localVariable), "/etc"; os.Getuid() != 0 || runtime.GOOS == "windows" {
		if config, err = os.UserConfigDir(); err != nil {
			return "", "", environment(err)
		}
	}
	switch {
	case base != "":
		base, err = filepath.Abs(base)
	case os.Getuid() == 0:
		base = "/var/lib/flowc/local"
	case os.Getenv("XDG_STATE_HOME") != "":
		base = filepath.Join(os.Getenv("XDG_STATE_HOME"), "flowc", "local")
	default:
		var home string
		home, err = os.UserHomeDir()
		base = filepath.Join(home, ".local", "state", "flowc", "local")
	}
	if err != nil {
		return "", "", environment(fmt.Errorf("no folder for what is applied to this machine: %w (%s names one)", err, localVariable))
	}
	return base, config, nil
}

func openLocal(*app) (deploy.Engine, error) {
	base, _, err := localFolders()
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, environment(err)
	}
	e, err := supervisor.Open(supervisor.Engine{Base: base, Command: []string{self, "supervise"}, Lookup: os.LookupEnv})
	if err != nil {
		return nil, environment(err)
	}
	return e, nil
}

func localRelease(r *driver.Result, program string, _ bool) (*deploy.Release, error) {
	_, config, err := localFolders()
	if err != nil {
		return nil, err
	}
	group, err := local.Supervised(r.Program, backends.Options(r.Program.Targets["local"]), local.Host{Config: config, Folder: r.Dir}, program)
	if err != nil {
		return nil, environment(err)
	}
	release, err := supervisor.Release(group, r.Dir)
	if err != nil {
		return nil, bug(err)
	}
	return release, nil
}

// programFor builds the binary of a pipeline for an engine that runs it without an image, and
// says by which name that knows it.
func (a *app) programFor(e programEngine, r *driver.Result) (reference string, deliver func(context.Context) error, err error) {
	binary, _, err := a.buildPieces(r, build.Request{Release: true})
	if err != nil {
		return "", nil, err
	}
	id := r.Program.Name
	reference, err = programs.Reference(id, layout(r.Program).Hash, binary)
	if err != nil {
		return "", nil, environment(err)
	}
	if e.Has(id, reference) {
		return reference, nil, nil
	}
	return reference, func(ctx context.Context) error { return e.Install(ctx, id, reference, binary) }, nil
}
