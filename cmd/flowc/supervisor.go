package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/flowc-dev/flowc/backends/local/supervisor"
)

type superviseCmd struct {
	Folder string `arg:"" help:"The folder of what was applied."`
}

// Run is what `flowc apply --target local` leaves behind: it looks after the processes of
// a pipeline until it is told to end.
func (c *superviseCmd) Run(a *app) error {
	signal.Ignore(syscall.SIGHUP)
	if err := supervisor.Serve(a.ctx, c.Folder, os.LookupEnv); err != nil {
		return environment(err)
	}
	return nil
}
