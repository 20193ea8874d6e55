package main

import "strings"

type pipelinesCmd struct {
	List pipelinesListCmd `cmd:"" default:"1" help:"List runs: flowc ps."`
	Get  pipelineGetCmd   `cmd:"" aliases:"status,runs" help:"Show how a run does: flowc status."`
	Stop pipelineStopCmd  `cmd:"" help:"End a run: flowc stop."`
	Logs pipelineLogsCmd  `cmd:"" help:"Print what a run says: flowc logs."`
	Run  pipelineRunCmd   `cmd:"" help:"Run a pipeline in the background: flowc run --detach."`
}

type pipelinesListCmd struct{}

// Run is ps.
func (pipelinesListCmd) Run(a *app) error {
	a.called("flowc ps")
	return (&psCmd{}).Run(a)
}

// A pipelineName is the run that a command of `flowc pipelines` is about.
type pipelineName struct {
	Name string `arg:"" optional:"" help:"The run."`
}

// called says the command of ours.
func (n pipelineName) called(a *app, command string) {
	a.called("%s", strings.TrimSpace("flowc "+command+" "+n.Name))
}

type pipelineGetCmd struct {
	pipelineName `embed:""`
}

// Run is status.
func (c *pipelineGetCmd) Run(a *app) error {
	c.called(a, "status")
	return (&statusCmd{appliedArg: appliedArg{What: c.Name}}).Run(a)
}

type pipelineStopCmd struct {
	pipelineName `embed:""`
}

// Run is stop.
func (c *pipelineStopCmd) Run(a *app) error {
	c.called(a, "stop")
	return (&stopCmd{appliedArg: appliedArg{What: c.Name}}).Run(a)
}

type pipelineLogsCmd struct {
	pipelineName `embed:""`
	Follow       bool `short:"f" help:"Go on with what comes."`
}

// Run is logs.
func (c *pipelineLogsCmd) Run(a *app) error {
	c.called(a, "logs")
	return (&logsCmd{appliedArg: appliedArg{What: c.Name}, Follow: c.Follow, Tail: -1}).Run(a)
}

type pipelineRunCmd struct {
	File string `arg:"" help:"The pipeline."`
}

// Run is run --detach.
func (c *pipelineRunCmd) Run(a *app) error {
	a.called("flowc run --detach %s", c.File)
	a.args = []string{"run", c.File}
	return (&runCmd{Args: []string{c.File}, Detach: true}).Run(a)
}
