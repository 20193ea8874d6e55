package main

import (
	"os"
	"os/exec"
	"time"

	"github.com/flowc-dev/flowc/backends/local/attend"
	"github.com/flowc-dev/flowc/backends/local/runs"
)

// attendCmd is what `flowc run --control-plane` starts beside a run: it asks the program how
// it does and tells the control plane. The program goes on whether or not anybody is told.
type attendCmd struct {
	planeArg `embed:""`
	Folder   string `arg:"" help:"The folder of the run."`
}

// tellEvery is how often a run is told of, unless the variable says another time.
const (
	tellEvery   = 10 * time.Second
	intervalKey = "FLOWCTL_HEARTBEAT_INTERVAL"
)

// attend starts what tells a control plane of a run.
func (a *app) attend(run *runs.Run, p *planeArg) error {
	self, err := os.Executable()
	if err != nil {
		return environment(err)
	}
	flags, err := p.args()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, append(append([]string{"attend"}, flags...), run.Folder())...)
	cmd.SysProcAttr = leftBehind()
	if err := cmd.Start(); err != nil {
		return environment(err)
	}
	return cmd.Process.Release()
}

// Run tells of a run until it has ended.
func (c *attendCmd) Run(a *app) error {
	plane, err := c.dial()
	if err != nil {
		return err
	}
	defer plane.Close()
	every := tellEvery
	if d, err := time.ParseDuration(a.getenv(intervalKey)); err == nil && d > 0 {
		every = d
	}
	if err := attend.Run(a.ctx, plane, c.Folder, every); err != nil {
		return environment(err)
	}
	return nil
}
