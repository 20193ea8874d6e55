package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/components"
	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/golang/build"
	"github.com/flowc-dev/flowc/backends/local"
	"github.com/flowc-dev/flowc/backends/local/programs"
	"github.com/flowc-dev/flowc/backends/local/supervisor"
	"github.com/flowc-dev/flowc/backends/local/systemd"
	"github.com/flowc-dev/flowc/backends/manifest"
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

// managerVariable says who looks after what is applied to this machine; without it that
// is systemd where it runs, and a supervisor of flowc's otherwise.
const managerVariable = "FLOWC_LOCAL"

// The managers.
const (
	managerSystem     = "system"
	managerUser       = "user"
	managerSupervisor = "supervisor"
)

// localManager is who looks after what is applied to this machine. booted is the folder in
// which systemd says that it runs, runtimeDir the user's own.
func localManager(wanted, booted, runtimeDir string, uid int) (string, error) {
	there := map[string]string{managerSystem: booted, managerUser: filepath.Join(runtimeDir, "systemd")}
	runs := func(manager string) bool {
		info, err := os.Stat(there[manager])
		return err == nil && info.IsDir() && (manager != managerUser || runtimeDir != "")
	}
	switch wanted {
	case "":
		switch {
		case uid == 0 && runs(managerSystem):
			return managerSystem, nil
		case uid != 0 && runs(managerSystem) && runs(managerUser):
			return managerUser, nil
		}
		return managerSupervisor, nil
	case managerSupervisor:
		return wanted, nil
	case managerSystem, managerUser:
		if !runs(wanted) {
			return "", environment(fmt.Errorf("%s=%s, and no such systemd runs here: %s is not there", managerVariable, wanted, there[wanted]))
		}
		if wanted == managerSystem && uid != 0 {
			return "", environment(fmt.Errorf("%s=%s, and only root can give units to the systemd of a system: %s=%s takes your own", managerVariable, wanted, managerVariable, managerUser))
		}
		return wanted, nil
	}
	return "", usage(fmt.Errorf("%s=%s: it is %s, %s or %s", managerVariable, wanted, managerSystem, managerUser, managerSupervisor))
}

// manager is that of this machine.
func manager() (string, error) {
	return localManager(os.Getenv(managerVariable), "/run/systemd/system", os.Getenv("XDG_RUNTIME_DIR"), os.Getuid())
}

// units is the engine of a manager of systemd's.
func unitsOf(manager, base, config string) *systemd.Engine {
	if manager == managerSystem {
		return &systemd.Engine{Units: "/etc/systemd/system", Runtime: "/run/systemd/system", Programs: "/usr/local/libexec/flowc", State: "/var/lib"}
	}
	return &systemd.Engine{
		User: true, Units: filepath.Join(config, "systemd", "user"), Runtime: filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "systemd", "user"),
		Programs: filepath.Join(base, ".programs"), Data: func(pipeline string) string { return filepath.Join(base, pipeline, "data") },
	}
}

func openLocal(*app) (deploy.Engine, error) {
	base, config, err := localFolders()
	if err != nil {
		return nil, err
	}
	by, err := manager()
	if err != nil {
		return nil, err
	}
	if by != managerSupervisor {
		return unitsOf(by, base, config), nil
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
	base, config, err := localFolders()
	if err != nil {
		return nil, err
	}
	by, err := manager()
	if err != nil {
		return nil, err
	}
	if by != managerSupervisor {
		release, err := systemd.Release(unitFiles(unitsOf(by, base, config), r, program, config))
		if err != nil {
			return nil, bug(err)
		}
		return release, nil
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

// unitFiles are the units of a pipeline for a manager.
func unitFiles(e *systemd.Engine, r *driver.Result, program, config string) []backends.File {
	l := layout(r.Program)
	h := local.Host{
		Config: config, Folder: r.Dir, User: e.User, Program: e.Program(r.Program.Name, program),
		Release: systemd.Notes(r.Program.Name, l.Hash, program, r.Dir),
	}
	if e.User {
		h.Data = e.Data(r.Program.Name)
	}
	return local.Units(r.Program, backends.Options(r.Program.Targets["local"]), l, h)
}

// programFor builds the binary of a pipeline for an engine that runs it without an image, and
// says by which name that knows it.
func (a *app) programFor(e programEngine, r *driver.Result) (reference string, deliver func(context.Context) error, err error) {
	binary, _, err := a.buildPieces(r, build.Request{Release: true})
	if err != nil {
		return "", nil, err
	}
	id := r.Program.Name
	brought, err := a.bring(r, components.Here())
	if err != nil {
		return "", nil, err
	}
	for _, c := range manifest.Commands(r.Program) {
		// What lies beside the pipeline is installed as its program is: the version that was
		// applied runs, whatever becomes of the folder.
		file := filepath.Join(r.Dir, filepath.FromSlash(c.Program))
		if info, err := os.Stat(file); c.Beside() && filepath.IsLocal(c.Program) && err == nil && info.Mode().IsRegular() {
			brought[path.Clean(c.Program)] = file
		}
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(brought)) {
		parts = append(parts, brought[name])
	}
	reference, err = programs.Reference(id, layout(r.Program).Hash, binary, parts...)
	if err != nil {
		return "", nil, environment(err)
	}
	if e.Has(id, reference) {
		return reference, nil, nil
	}
	return reference, func(ctx context.Context) error {
		if len(brought) == 0 {
			return e.Install(ctx, id, reference, binary)
		}
		// Where its components are beside it, as they are installed.
		dir, err := os.MkdirTemp(filepath.Dir(binary), ".install-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		staged := filepath.Join(dir, filepath.Base(binary))
		if _, err := install(binary, staged); err != nil {
			return err
		}
		if err := components.Gather(filepath.Join(dir, programs.Components), brought); err != nil {
			return err
		}
		return e.Install(ctx, id, reference, staged)
	}, nil
}
