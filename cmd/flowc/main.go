// Command flowc compiles event-stream pipelines.
//
// Each command is one file here: its flags, one call into the compiler or a
// backend, and what it prints.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is the command tree. Global flags come before or behind the command.
type cli struct {
	Format string `help:"How results and diagnostics are printed: ${enum}." enum:"text,json,sarif,github" default:"text" placeholder:"FORMAT"`
	All    bool   `help:"Show every diagnostic; a terminal shows ten."`
	Color  string `help:"Colour the output: ${enum}." enum:"auto,always,never" default:"auto" placeholder:"WHEN"`

	Run        runCmd        `cmd:"" help:"Build a pipeline and run it."`
	Build      buildCmd      `cmd:"" help:"Build a pipeline into one static binary."`
	Image      imageCmd      `cmd:"" help:"Make a container image of a pipeline, without Docker, and push it, write it or load it."`
	Apply      applyCmd      `cmd:"" help:"Deploy pipelines: build the image, show what would change, change it, wait, and roll back what does not become ready."`
	Delete     deleteCmd     `cmd:"" help:"Stop a pipeline that was applied, and delete what belongs to it."`
	Ps         psCmd         `cmd:"" help:"List what runs: here, what was applied to this machine, and where --target and --control-plane say."`
	Status     statusCmd     `cmd:"" help:"Show how a pipeline does that runs here or was applied: records, rates, components, what is wrong."`
	Logs       logsCmd       `cmd:"" help:"Print what a pipeline says that runs here or was applied."`
	Stop       stopCmd       `cmd:"" help:"End a pipeline in order that runs here or was applied, and wait until it has; what was applied stays, to be started again."`
	Restart    restartCmd    `cmd:"" help:"End a pipeline in order that runs here or was applied, and start it again as it was; it goes on from its checkpoint."`
	Supervise  superviseCmd  `cmd:"" hidden:"" help:"Look after what was applied to this machine."`
	Attend     attendCmd     `cmd:"" hidden:"" help:"Tell a control plane how a run does."`
	Server     serverCmd     `cmd:"" help:"Serve the control plane: components register with it, and say how they do."`
	Sandbox    sandboxCmd    `cmd:"" help:"The infrastructure that a pipeline needs, on this machine: start, status, logs, env, exec, stop."`
	Sbom       sbomCmd       `cmd:"" name:"sbom" help:"Print the bill of materials of a built pipeline (CycloneDX)."`
	Check      checkCmd      `cmd:"" help:"Check pipelines; refuse all that run would refuse."`
	Emit       emitCmd       `cmd:"" help:"Write the files of a target: go, types, compose, k8s, nomad, local."`
	Explain    explainCmd    `cmd:"" help:"Tell what the compiler did with a pipeline, or what a diagnostic's code means."`
	Plan       planCmd       `cmd:"" help:"Compute what it takes to run a pipeline at a rate: cores, copies, memory, brokers, with the arithmetic."`
	Dump       dumpCmd       `cmd:"" help:"Print the intermediate representation."`
	Checkpoint checkpointCmd `cmd:"" help:"Show, export, import or rewind how far a pipeline has got."`
	Dlq        dlqCmd        `cmd:"" name:"dlq" help:"List, show or replay the dead letters of a pipeline."`
	Components componentsCmd `cmd:"" help:"List the connectors, or show one with its config."`
	Component  componentCmd  `cmd:"" help:"Test a component that runs in a process of its own."`
	Infer      inferCmd      `cmd:"" help:"Print the types of real data."`
	Migrate    migrateCmd    `cmd:"" help:"Write a pipeline of flowctl, cdp or Flow anew in the spelling of flowc, and say what can't be carried."`
	Schema     schemaCmd     `cmd:"" help:"Print the JSON Schema of the language, for editors."`
	Translate  translateCmd  `cmd:"" hidden:"" help:"As in flowctl: flowc emit."`
	Init       initCmd       `cmd:"" hidden:"" help:"As in flowctl: write a pipeline of public components, by a preset."`
	Validate   validateCmd   `cmd:"" hidden:"" help:"As in flowctl: flowc check."`
	Processors processorsCmd `cmd:"" hidden:"" help:"As in flowctl: flowc components find."`
	Pipelines  pipelinesCmd  `cmd:"" hidden:"" help:"As in flowctl: flowc ps, status, stop and logs."`
	Completion completionCmd `cmd:"" help:"Print a completion script for a shell."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is main without the end of the process; it returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var c cli
	a := &app{args: args, stdin: stdin, stdout: stdout, stderr: stderr, getenv: os.Getenv}
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("flowc"),
		kong.Description("flowc compiles event-stream pipelines into fast Go programs, and proves what it can before anything starts."),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code }),
		kong.Bind(a),
		kong.Vars{"applied": appliedTo()},
	)
	if err != nil {
		return a.fail(bug(err))
	}
	a.model = parser.Model
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(forProgram(args))
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		return a.fail(usage(err))
	}
	a.format, a.all = c.Format, c.All
	a.color, a.colorOut = a.wantsColor(c.Color, stderr), a.wantsColor(c.Color, stdout)
	a.command, _, _ = strings.Cut(parsed.Command(), " <") // the words, without the arguments
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a.ctx = ctx
	err = parsed.Run(a)
	if ferr := a.finish(); ferr != nil && err == nil {
		err = environment(ferr)
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return 130
	}
	return a.fail(err)
}
