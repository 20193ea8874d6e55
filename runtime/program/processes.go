package program

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A Process is one process of a pipeline that runs in several.
type Process struct {
	// Name is what --process calls it.
	Name string
	// Replicas is how many copies of it run.
	Replicas int
	// Elastic, where set, has hosts come and go that share the copies.
	Elastic *Elastic
	// Inputs and Outputs are the nodes that end and begin edges to other processes:
	// their settings `partition` and `writer` say which copy this is.
	Inputs, Outputs []string
	// Spec is the program that runs in it. Its name is of this process alone.
	Spec func() Spec
}

// MainOf is the main function of a pipeline that runs in several processes: it is the
// one that --process names, and of its copies that of --replica.
func MainOf(pipeline string, parts ...Process) { os.Exit(RunOf(pipeline, parts, os.Args[1:])) }

// RunOf is MainOf without the end of the process; args are the command line without
// the program's name. It returns the exit code.
func RunOf(pipeline string, parts []Process, args []string) int {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	terminal := isTerminal(os.Stderr)
	l := joinRun()
	l.named(pipeline)
	p := process{env: processEnvironment(), stderr: l.errors(), signals: signals, exit: l.exit, terminal: terminal, listing: l}
	if isHosted() {
		p.host = newHosted(signals)
	}
	p.stdout = os.Stdout
	code := p.mainOf(pipeline, parts, args)
	l.close(code)
	return code
}

func (p *process) mainOf(pipeline string, parts []Process, args []string) int {
	which, host, args, err := choose(parts, args, p.env)
	if err != nil {
		fmt.Fprintf(p.stderr, "%s: error: %v\n", pipeline, err)
		return exitCode(nil, err, nil)
	}
	if which == nil {
		partsUsage(p.stdout, pipeline, parts)
		return exitOK
	}
	p.spec = which
	if host != nil {
		return p.mainOfHost(context.Background(), host, args)
	}
	return p.main(context.Background(), args)
}

// What --process and --replica say in a container, whose arguments are the same for all.
const (
	processVariable = "FLOWC_PROCESS"
	replicaVariable = "FLOWC_REPLICA"
)

// choose takes --process and --replica out of the command line, or else out of the
// environment, and makes the program that they name; nil where somebody asks for help.
// Of an elastic process without a number it is that of a host.
func choose(parts []Process, args []string, env environment) (s *Spec, host *Process, rest []string, err error) {
	name, args, given, err := take(args, "--process")
	if err != nil {
		return nil, nil, nil, err
	}
	replica, args, numbered, err := take(args, "--replica")
	if err != nil {
		return nil, nil, nil, err
	}
	if !given {
		name, given = env.lookup(processVariable)
		given = given && name != ""
	}
	if !numbered {
		replica, numbered = env.lookup(replicaVariable)
		numbered = numbered && replica != ""
		replica = replica[strings.LastIndexByte(replica, '-')+1:] // it may be a pod's name
	}
	var names []string
	for i := range parts {
		names = append(names, parts[i].Name)
		if parts[i].Name == name {
			if parts[i].asHost(numbered) {
				s := parts[i].Spec()
				return &s, &parts[i], args, nil
			}
			s, err := parts[i].copy(replica, numbered)
			return s, nil, args, err
		}
	}
	switch {
	case given:
		return nil, nil, nil, unknown("process", name, names)
	case len(args) > 0 && isHelp(args[0]):
		return nil, nil, nil, nil
	}
	return nil, nil, nil, &usageError{fmt.Sprintf("say which process this is, by a flag or in %s: --process %s", processVariable, strings.Join(names, ", --process "))}
}

// take takes a flag and its value out of arguments.
func take(args []string, flag string) (value string, rest []string, given bool, err error) {
	for i := 0; i < len(args); i++ {
		name, v, joined := strings.Cut(args[i], "=")
		if name != flag && name != flag[1:] {
			rest = append(rest, args[i])
			continue
		}
		if given {
			return "", nil, true, &usageError{flag + " is given twice"}
		}
		given, value = true, v
		if !joined {
			if i++; i == len(args) {
				return "", nil, true, &usageError{"flag needs an argument: " + flag}
			}
			value = args[i]
		}
	}
	return value, rest, given, nil
}

// copy makes the program of one copy of the process.
func (part *Process) copy(number string, given bool) (*Spec, error) {
	s := part.Spec()
	replica := 0
	switch {
	case given:
		var err error
		if replica, err = strconv.Atoi(number); err != nil || replica < 0 || replica >= max(part.Replicas, 1) {
			return nil, &usageError{fmt.Sprintf("--replica %s: the copies of %s are 0 to %d", number, part.Name, max(part.Replicas, 1)-1)}
		}
	case part.Replicas > 1:
		return nil, &usageError{fmt.Sprintf("say which copy of %s this is, by a flag or in "+replicaVariable+": --replica 0 to --replica %d", part.Name, part.Replicas-1)}
	}
	if part.Replicas > 1 { // names of nodes have no dot
		s.Name += "." + strconv.Itoa(replica)
	}
	set := func(nodes []string, key, value string) error {
		for _, node := range nodes {
			for _, setting := range s.Settings {
				if setting.Key == node+".config."+key {
					if err := setting.Set.Set(value); err != nil {
						return err
					}
				}
			}
		}
		return nil
	}
	if err := set(part.Inputs, "partition", strconv.Itoa(replica)); err != nil {
		return nil, err
	}
	if err := set(part.Outputs, "writer", s.Name); err != nil {
		return nil, err
	}
	wire, name := s.New, s.Name
	s.New = func() (*flow.Program, error) {
		p, err := wire()
		if p != nil {
			p.Rename(name)
		}
		return p, err
	}
	return &s, nil
}

// partsUsage says how to start the processes.
func partsUsage(w io.Writer, pipeline string, parts []Process) {
	fmt.Fprintf(w, "usage: %s --process NAME [--replica N] [COMMAND] [FLAGS]\n\nThe pipeline runs in these processes:\n", pipeline)
	for _, p := range parts {
		if p.Elastic != nil {
			fmt.Fprintf(w, "  %s, a host of the copies 0 to %d, or one of them\n", p.Name, p.Replicas-1)
		} else if p.Replicas > 1 {
			fmt.Fprintf(w, "  %s, copies 0 to %d\n", p.Name, p.Replicas-1)
		} else {
			fmt.Fprintf(w, "  %s\n", p.Name)
		}
	}
	fmt.Fprintf(w, "\n%s --process NAME --help shows the commands and flags of one of them.\n%s and %s say the same as the flags, the\nlatter also as a name that ends with a hyphen and the number.\n", pipeline, processVariable, replicaVariable)
}
