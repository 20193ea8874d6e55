package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// sandboxCmd is `flowc sandbox`.
type sandboxCmd struct {
	Start   sandboxStartCmd   `cmd:"" help:"Start what a pipeline needs, and the pipeline; what is kept of a start before is there again."`
	Status  sandboxStatusCmd  `cmd:"" help:"Show how it does."`
	Logs    sandboxLogsCmd    `cmd:"" help:"Print what it says."`
	Env     sandboxEnvCmd     `cmd:"" help:"Print the variables that it hands to the pipeline: eval \"$$(flowc sandbox env)\"."`
	Exec    sandboxExecCmd    `cmd:"" help:"Run a command with those variables, or in the container of a service."`
	Stop    sandboxStopCmd    `cmd:"" help:"Stop it; what it keeps stays, but for --fresh."`
	Upgrade sandboxUpgradeCmd `cmd:"" hidden:"" help:"As in flowctl: pull the images of the containers anew."`
}

// folderArg is which sandbox is meant: each folder has one.
type folderArg struct {
	Folder string `short:"C" help:"The folder of the sandbox: the pipeline's (default: this one, or the nearest one above that has a sandbox)." placeholder:"FOLDER"`
}

// sandboxBelow is where a folder keeps its sandbox.
var sandboxBelow = filepath.Join(".flowc", "sandbox")

// sandboxIn is the sandbox of a pipeline's folder.
func sandboxIn(folder string) (sandbox.Folder, error) {
	abs, err := filepath.Abs(folder)
	if err != nil {
		return "", environment(err)
	}
	// Two names of a folder are one sandbox.
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	return sandbox.Folder(filepath.Join(abs, sandboxBelow)), nil
}

// find is the sandbox that is meant.
func (c folderArg) find() (sandbox.Folder, error) {
	if c.Folder != "" {
		return sandboxIn(c.Folder)
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", environment(err)
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, sandboxBelow, "plan.json")); err == nil {
			return sandboxIn(at)
		}
		if at == filepath.Dir(at) {
			return sandboxIn(dir)
		}
	}
}

// planned is the sandbox that is meant, with its plan and how it does.
func (c folderArg) planned() (sandbox.Folder, *sandbox.Plan, *sandbox.State, error) {
	f, err := c.find()
	if err != nil {
		return "", nil, nil, err
	}
	plan, err := f.Plan()
	if err != nil {
		return "", nil, nil, environment(err)
	}
	state, err := sandbox.Look(f)
	if err != nil {
		return "", nil, nil, environment(err)
	}
	if plan == nil || state == nil {
		return "", nil, nil, environment(fmt.Errorf("there is no sandbox in %s: `flowc sandbox start FILE` starts one, -C names another folder", filepath.Dir(filepath.Dir(string(f)))))
	}
	return f, plan, state, nil
}

// running is the plan of a sandbox that runs.
func (c folderArg) running() (*sandbox.Plan, error) {
	_, plan, state, err := c.planned()
	if err == nil && state.PID == 0 {
		err = environment(fmt.Errorf("the sandbox in %s does not run (%s): `flowc sandbox start` starts it", plan.Folder, state.Phase))
	}
	return plan, err
}

// serviceOf is a service of a plan, or the pipeline, by its name.
func serviceOf(plan *sandbox.Plan, name string) (*sandbox.Service, error) {
	var names []string
	for i := range plan.Services {
		if plan.Services[i].Name == name {
			return &plan.Services[i], nil
		}
		names = append(names, plan.Services[i].Name)
	}
	if near := diag.Nearest(name, names); near != "" {
		return nil, usage(fmt.Errorf("the sandbox has no service %q: did you mean %q? There are %s", name, near, commas(names)))
	}
	return nil, usage(fmt.Errorf("the sandbox has no service %q: there are %s", name, commas(names)))
}

// commas are names for a sentence.
func commas(names []string) string { return cmp.Or(strings.Join(names, ", "), "none") }

// supportedSandbox refuses systems that can have no sandbox.
func supportedSandbox() error {
	if !sandbox.Supported {
		return environment(errors.New("a process of this system can't be told to end in order, so that there are no sandboxes here: in WSL there are"))
	}
	return nil
}
