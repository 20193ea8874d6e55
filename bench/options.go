package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

// errUsage is a mistake in the command line that the flag package has explained.
var errUsage = errors.New("usage")

type options struct {
	workloads string // beginnings of names, with commas
	rounds    int
	size      int
	out       string
	dir       string
	disk      string
	span      time.Duration
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: bench [flags] [workload...]\n\nWorkloads may also be given after the flags: bench -rounds 5 W2 compile")
		flags.PrintDefaults()
	}
	flags.StringVar(&o.workloads, "workloads", "", "which to run, by their names or the beginnings of them, such as W1,W2 (default: all)")
	flags.IntVar(&o.rounds, "rounds", 3, "interleaved rounds")
	flags.IntVar(&o.size, "size", 200_000, "events of 1 KB; the other workloads have a multiple of it")
	flags.StringVar(&o.out, "out", "README.md", "file whose tables are rewritten (\"\": print only)")
	flags.DurationVar(&o.span, "span", 2*time.Second, "of each phase of W6")
	flags.StringVar(&o.dir, "dir", memory(), "where data is kept while the suite runs")
	flags.StringVar(&o.disk, "disk", os.TempDir(), "where programs write whose fsyncs are measured: a folder on a disk")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return o, err
	case err != nil:
		return o, errUsage
	}
	if o.rounds < 1 || o.size < 1000 || o.span <= 0 {
		return o, errors.New("at least one round, a size of 1000 and a span are needed")
	}
	if flags.NArg() > 0 {
		if o.workloads != "" {
			return o, errors.New("workloads are given twice: with -workloads and after the flags")
		}
		o.workloads = strings.Join(flags.Args(), ",")
	}
	return o, nil
}

// memory is a folder that lies in memory, where the system has one: disks differ more
// than programs do.
func memory() string {
	const shm = "/dev/shm"
	if info, err := os.Stat(shm); err == nil && info.IsDir() {
		return shm
	}
	return os.TempDir()
}
