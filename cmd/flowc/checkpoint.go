package main

import (
	"github.com/flowc-dev/flowc/backends/golang/build"
	"github.com/flowc-dev/flowc/compiler/driver"
)

// checkpointCmd are the commands on a pipeline's checkpoint. flowc links no
// connector: the program itself does them.
type checkpointCmd struct {
	Show   checkpointShow   `cmd:"" help:"Show how far earlier runs have got."`
	Export checkpointExport `cmd:"" help:"Write the checkpoint as JSON."`
	Import checkpointImport `cmd:"" help:"Have the next run go on from an exported checkpoint."`
	Rewind checkpointRewind `cmd:"" help:"Have the next run go back: to the start, a time, or a position."`
}

// settingsOf are the program's settings, for commands that have it run.
type settingsOf struct {
	Set     []string `help:"Change a setting of the program." placeholder:"KEY=VALUE"`
	SetFile []string `help:"Settings from a file." placeholder:"FILE"`
}

func (s *settingsOf) args() []string {
	var args []string
	for _, v := range s.Set {
		args = append(args, "--set", v)
	}
	for _, v := range s.SetFile {
		args = append(args, "--set-file", v)
	}
	return args
}

type checkpointShow struct {
	pipelineArg
	settingsOf
}

// Run prints the checkpoint.
func (c *checkpointShow) Run(a *app) error {
	args := []string{"checkpoint", "show"}
	if a.format == "json" {
		args = append(args, "--format", "json")
	}
	return a.forward(&c.pipelineArg, append(args, c.args()...))
}

type checkpointExport struct {
	pipelineArg
	settingsOf
	Out string `short:"o" help:"The file to write; standard output without." default:"-" placeholder:"FILE"`
}

// Run writes the checkpoint.
func (c *checkpointExport) Run(a *app) error {
	out, err := absolute(c.Out)
	if err != nil {
		return environment(err)
	}
	return a.forward(&c.pipelineArg, append([]string{"checkpoint", "export", out}, c.args()...))
}

// changing are the flags of what changes the checkpoint.
type changing struct {
	DryRun bool `help:"Show what would change, and change nothing."`
	Yes    bool `short:"y" help:"Ask nobody."`
}

func (c *changing) args() []string {
	var args []string
	if c.DryRun {
		args = append(args, "--dry-run")
	}
	if c.Yes {
		args = append(args, "--yes")
	}
	return args
}

type checkpointImport struct {
	pipelineArg
	settingsOf
	changing
	From string `required:"" help:"The file that export wrote; - for standard input." placeholder:"FILE"`
}

// Run takes the checkpoint of a file.
func (c *checkpointImport) Run(a *app) error {
	from, err := absolute(c.From)
	if err != nil {
		return environment(err)
	}
	args := append([]string{"checkpoint", "import", from}, c.settingsOf.args()...)
	return a.forward(&c.pipelineArg, append(args, c.changing.args()...))
}

type checkpointRewind struct {
	pipelineArg
	settingsOf
	changing
	To     string `required:"" help:"Where to: start, a time such as 2026-01-31T12:00:00Z, or a position as show prints it." placeholder:"WHERE"`
	Source string `help:"Of this source alone." placeholder:"NAME"`
	Split  string `help:"Of this part of the source: a file, a partition." placeholder:"NAME"`
}

// Run moves the sources in the checkpoint.
func (c *checkpointRewind) Run(a *app) error {
	args := append([]string{"checkpoint", "rewind", "--to", c.To}, c.settingsOf.args()...)
	if c.Source != "" {
		args = append(args, "--source", c.Source)
	}
	if c.Split != "" {
		args = append(args, "--split", c.Split)
	}
	return a.forward(&c.pipelineArg, append(args, c.changing.args()...))
}

// forward builds a pipeline and becomes the program, for a command of its own.
func (a *app) forward(pipeline *pipelineArg, args []string) error {
	r, err := pipeline.compile(a)
	if err != nil {
		return err
	}
	binary, err := a.ready(pipeline, r)
	if err != nil {
		return err
	}
	return a.become(binary, args, r)
}

// ready builds a program, and brings what it starts beside itself.
func (a *app) ready(pipeline *pipelineArg, r *driver.Result) (binary string, err error) {
	binary, _, err = a.build(r, build.Request{})
	if err == nil && pipeline.pins {
		err = a.bringHere(r)
	}
	return binary, err
}

// become replaces this process by a program, in the folder of its pipeline.
func (a *app) become(binary string, args []string, r *driver.Result) error {
	args, err := absolutePaths(args)
	if err != nil {
		return environment(err)
	}
	code, err := becomeProgram(a.ctx, binary, args, r.Dir)
	if err != nil {
		return environment(err)
	}
	return exit(code)
}

// becomeProgram replaces this process by a built program, where the system can.
var becomeProgram = build.Exec
