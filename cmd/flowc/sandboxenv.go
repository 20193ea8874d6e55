package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"text/tabwriter"

	"github.com/flowc-dev/flowc/runtime/sandbox"
)

type sandboxEnvCmd struct {
	folderArg `embed:""`
	Plain     bool `help:"NAME=VALUE lines, as files of variables have them; without, as a shell reads them."`
}

// Run prints the variables of a sandbox that runs.
func (c *sandboxEnvCmd) Run(a *app) error {
	plan, err := c.running()
	if err != nil {
		return err
	}
	if c.Plain {
		for _, v := range plan.Env {
			if strings.Contains(v.Value, "\n") {
				return usage(fmt.Errorf("the value of %s has several lines, which such a file can't have: leave --plain out, or take `flowc sandbox exec`", v.Name))
			}
		}
	}
	return a.answer(plural(len(plan.Env), "variable"), plan.Env, func(w io.Writer) {
		for _, v := range plan.Env {
			if c.Plain {
				fmt.Fprintf(w, "%s=%s\n", v.Name, v.Value)
				continue
			}
			fmt.Fprintf(w, "export %s='%s'\n", v.Name, strings.ReplaceAll(v.Value, "'", `'\''`))
		}
	})
}

// showEnv prints which variable got what, and who reads it.
func showEnv(w io.Writer, env []sandbox.Variable) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, v := range env {
		for i, line := range strings.Split(v.Value, "\n") {
			name := v.Name
			if i > 0 {
				name = ""
			}
			text := fmt.Sprintf("  %s\t%s", name, line)
			if v.For != "" && i == 0 {
				text += "\tfor " + v.For
			}
			fmt.Fprintln(t, text)
		}
	}
	_ = t.Flush()
}

type sandboxExecCmd struct {
	folderArg `embed:""`
	Args      []string `arg:"" passthrough:"" name:"command" help:"[SERVICE] -- COMMAND and its arguments."`
}

// Run becomes a command that has the variables of the sandbox, or one in a container of it.
func (c *sandboxExecCmd) Run(a *app) error {
	plan, err := c.running()
	if err != nil {
		return err
	}
	service, command, err := execArgs(plan, c.Args)
	if err != nil {
		return err
	}
	for _, v := range plan.Env {
		if err := os.Setenv(v.Name, v.Value); err != nil {
			return environment(err)
		}
	}
	if service != nil && service.Container != nil {
		engine, err := sandbox.Engine()
		if err != nil {
			return environment(err)
		}
		in := []string{engine, "exec", "--interactive"}
		if f, ok := a.stdin.(*os.File); ok && isTerminal(f) && isTerminal(a.stdout) {
			in = append(in, "--tty")
		}
		command = append(append(in, sandbox.ContainerName(plan.ID, service.Name)), command...)
	}
	path, err := exec.LookPath(command[0])
	if err != nil {
		return environment(fmt.Errorf("there is no program `%s`: paths are from this folder, other names are looked for in PATH", command[0]))
	}
	// A signal of the terminal reaches the command once, as without us.
	code, err := becomeProgram(a.ctx, path, command[1:], "")
	if err != nil {
		return environment(err)
	}
	return exit(code)
}

// execArgs are [SERVICE] [--] COMMAND….
func execArgs(plan *sandbox.Plan, args []string) (*sandbox.Service, []string, error) {
	var service *sandbox.Service
	if len(args) > 0 && args[0] != "--" && (len(args) == 1 || args[1] == "--") {
		s, err := serviceOf(plan, args[0])
		if err != nil && len(args) > 1 {
			return nil, nil, err
		}
		if err == nil {
			service, args = s, args[1:]
		}
	}
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return nil, nil, usage(errors.New("name a command: flowc sandbox exec -- psql, or flowc sandbox exec SERVICE -- COMMAND in the container of a service"))
	}
	return service, args, nil
}
