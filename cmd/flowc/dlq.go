package main

import (
	"os"
	"strconv"
	"strings"
)

// dlqCmd are the commands on a pipeline's dead letters. flowc links no connector:
// the program itself does them.
type dlqCmd struct {
	List   dlqList   `cmd:"" help:"List the dead letters that were not replayed; with --all the others too."`
	Show   dlqShow   `cmd:"" help:"Show all of a dead letter, with the bytes of its record."`
	Replay dlqReplay `cmd:"" help:"Send dead letters through the pipeline as it is now; --all for every one of them."`
}

// choosing are the flags that say which letters.
type choosing struct {
	Node  string `help:"Those that failed there." placeholder:"NAME"`
	Code  string `help:"Those that failed so." placeholder:"CODE"`
	Since string `help:"Those since a time such as 2026-01-31T12:00:00Z, or since so long ago: 90m." placeholder:"TIME"`
	Limit int    `help:"So many of them, the oldest first." placeholder:"N"`
}

func (c *choosing) args(a *app) []string {
	var args []string
	for _, f := range []struct{ flag, value string }{{"--node", c.Node}, {"--code", c.Code}, {"--since", c.Since}} {
		if f.value != "" {
			args = append(args, f.flag, f.value)
		}
	}
	if c.Limit != 0 {
		args = append(args, "--limit", strconv.Itoa(c.Limit))
	}
	if a.all {
		args = append(args, "--all")
	}
	return args
}

// lettersOf are a pipeline and the IDs of letters of it.
type lettersOf struct {
	Letters []string `arg:"" optional:"" name:"id" help:"The letters' IDs, or the begins of them; before them the pipeline's file, where it is not pipeline.yaml."`
	Overlay []string `help:"Merge this file over the pipeline." placeholder:"FILE"`
	Env     string   `help:"Merge pipeline.NAME.yaml, beside the pipeline, over it." placeholder:"NAME"`
}

// split tells the pipeline's file from the IDs.
func (l *lettersOf) split() (pipelineArg, []string) {
	p := pipelineArg{Overlay: l.Overlay, Env: l.Env}
	if len(l.Letters) == 0 {
		return p, nil
	}
	first := l.Letters[0]
	_, err := os.Stat(first)
	if first == "-" || strings.ContainsAny(first, `./\`) || err == nil {
		p.File = first
		return p, l.Letters[1:]
	}
	return p, l.Letters
}

type dlqList struct {
	pipelineArg
	settingsOf
	choosing
}

// Run lists the letters.
func (c *dlqList) Run(a *app) error {
	args := append([]string{"dlq", "list"}, c.choosing.args(a)...)
	return a.forward(&c.pipelineArg, append(append(args, c.settingsOf.args()...), formatArgs(a)...))
}

// formatArgs is how the program is to print.
func formatArgs(a *app) []string {
	if a.format == "json" {
		return []string{"--format", "json"}
	}
	return nil
}

type dlqShow struct {
	lettersOf
	settingsOf
}

// Run shows a letter.
func (c *dlqShow) Run(a *app) error {
	pipeline, ids := c.split()
	args := append([]string{"dlq", "show"}, ids...)
	return a.forward(&pipeline, append(append(args, c.settingsOf.args()...), formatArgs(a)...))
}

type dlqReplay struct {
	lettersOf
	settingsOf
	choosing
	DryRun bool `help:"Show what would be replayed, and do nothing."`
}

// Run replays letters.
func (c *dlqReplay) Run(a *app) error {
	pipeline, ids := c.split()
	args := append(append([]string{"dlq", "replay"}, ids...), c.choosing.args(a)...)
	if c.DryRun {
		args = append(args, "--dry-run")
	}
	pipeline.pins = true // the records may go through components
	return a.forward(&pipeline, append(args, c.settingsOf.args()...))
}
