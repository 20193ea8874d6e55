package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/compiler/driver"
)

type runCmd struct {
	Target   string            `short:"t" help:"local runs it as a child, which is started again when it dies, and its log with its name." placeholder:"TARGET"`
	Scale    map[string]string `help:"Run this node in so many processes, or in a number of hosts that may change (1..4), with a broker for them on this machine, unless they have Kafka. It implies --target local." placeholder:"NODE=N"`
	Overlay  []string          `help:"Merge this file over the pipeline." placeholder:"FILE"`
	Env      string            `help:"Merge pipeline.NAME.yaml, beside the pipeline, over it." placeholder:"NAME"`
	bringArg `embed:""`
	planeArg `embed:""`
	Detach   bool     `short:"d" help:"Leave it in the background when it is ready: flowc ps, status, logs and stop find it again."`
	Name     string   `help:"What the run is called; without, what the pipeline is." placeholder:"NAME"`
	Args     []string `arg:"" optional:"" passthrough:"partial" help:"The pipeline, then flags and arguments for the program itself (--set, --report, --help …)."`
}

// Run builds the pipeline into the cache and becomes the program: it runs in
// the pipeline's folder, with the streams, signals and exit code its own.
func (c *runCmd) Run(a *app) error {
	arg, args, err := c.pipeline()
	if err != nil {
		return err
	}
	if err := c.there(a); err != nil {
		return err
	}
	a.plane = c.planeArg
	if c.Detach {
		return a.leave(&arg, c.Target)
	}
	switch c.Target {
	case "":
	case "local":
		return a.supervise(&arg, args, c.Name)
	default:
		if _, err := target(c.Target); err != nil {
			return err
		}
		return usage(fmt.Errorf("run --target knows local: `flowc emit --target %s` writes the files of other targets", c.Target))
	}
	return a.runProgram(&arg, args, c.Name)
}

// pipeline is what the command runs, and what the program is given.
func (c *runCmd) pipeline() (arg pipelineArg, args []string, err error) {
	arg = pipelineArg{Overlay: c.Overlay, Env: c.Env, bringArg: c.bringArg, pins: true}
	args = c.Args
	if len(args) > 0 && (args[0] == "-" || !strings.HasPrefix(args[0], "-")) {
		arg.File, args = args[0], args[1:]
	}
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if arg.File == "" {
		arg.File, args = fileAmong(args)
	}
	if len(c.Scale) > 0 {
		scale, err := scales(c.Scale)
		if err != nil {
			return arg, nil, err
		}
		arg.scale, arg.carrier = scale, edgesVariable
		if c.Target == "" {
			c.Target = "local"
		}
	}
	return arg, args, nil
}

// scales reads in how many processes nodes are to run: 4, or 1..4.
func scales(words map[string]string) (map[string]driver.Scale, error) {
	all := map[string]driver.Scale{}
	for node, word := range words {
		var s driver.Scale
		low, high, elastic := strings.Cut(word, "..")
		if !elastic {
			low, high = "0", word
		}
		var lowErr, highErr error
		s.Min, lowErr = strconv.Atoi(low)
		s.Max, highErr = strconv.Atoi(high)
		if lowErr != nil || highErr != nil || elastic && s.Min < 1 {
			return nil, usage(fmt.Errorf("--scale %s=%s: write a number of processes, such as 4, or from how many to how many, such as 1..4", node, word))
		}
		all[node] = s
	}
	return all, nil
}

// forProgram puts flowc's own flags of `flowc run` before all that is the program's,
// wherever they stand, and a -- behind them where no FILE follows: such flags are the
// program's. What is behind a -- stays as it is.
func forProgram(args []string) []string {
	if len(args) == 0 || args[0] != "run" {
		return args
	}
	own, rest := []string{"run"}, []string{}
	for i := 1; i < len(args); i++ {
		name, _, joined := strings.Cut(args[i], "=")
		value := !joined && i+1 < len(args) // a value of its own follows, where it takes one
		switch {
		case name == "--":
			rest = append(rest, args[i:]...)
			i = len(args)
		case slices.Contains(ownFlags, name), slices.Contains(planeFlags, name):
			own = append(own, args[i])
			if value {
				i++
				own = append(own, args[i])
			}
		case name == "--all", name == "--frozen", isDetach(args[i]), len(rest) == 0 && (name == "--help" || name == "-h"):
			own = append(own, args[i])
		default:
			rest = append(rest, args[i])
			if value && slices.Contains(valueFlags, name) {
				i++
				rest = append(rest, args[i])
			}
		}
	}
	if len(rest) > 0 && rest[0] != "-" && rest[0] != "--" && strings.HasPrefix(rest[0], "-") {
		own = append(own, "--")
	}
	return append(own, rest...)
}

// ownFlags are flowc's flags of `flowc run` that take a value; the program has none of
// these names.
var ownFlags = []string{"--overlay", "--env", "--format", "--color", "--target", "-t", "--scale", "--name", "--registry"}

// fileAmong takes the pipeline out of arguments that begin with flags of the
// program: `flowc run --fresh pipeline.yaml`. The program's own commands are
// words without an extension.
func fileAmong(args []string) (file string, rest []string) {
	for i, arg := range args {
		if strings.HasPrefix(arg, "-") || i > 0 && slices.Contains(valueFlags, args[i-1]) {
			continue
		}
		switch filepath.Ext(arg) {
		case ".yaml", ".yml", ".json", ".cue":
			return arg, slices.Delete(slices.Clone(args), i, i+1)
		}
	}
	return "", args
}

// valueFlags are the program's flags that take the next argument.
var valueFlags = []string{"--set", "--set-file", "--report", "--log-format", "--log-level"}

// absolutePaths makes paths given to the program's flags absolute, since it
// runs in the pipeline's folder and not in the user's.
func absolutePaths(args []string) ([]string, error) {
	out := append([]string(nil), args...)
	for i, arg := range out {
		for _, flag := range []string{"--report", "--set-file"} {
			var err error
			if arg == flag && i+1 < len(out) {
				out[i+1], err = absolute(out[i+1])
			} else if p, ok := strings.CutPrefix(arg, flag+"="); ok {
				p, err = absolute(p)
				out[i] = flag + "=" + p
			}
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return nil, err
			}
		}
	}
	return out, nil
}

// absolute is a path that holds from another folder too; - stays.
func absolute(path string) (string, error) {
	if path == "-" || path == "" {
		return path, nil
	}
	return filepath.Abs(path)
}
