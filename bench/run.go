package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/bench/internal/measure"
	"github.com/flowc-dev/flowc/bench/internal/report"
	"github.com/flowc-dev/flowc/bench/internal/shop"
	"github.com/flowc-dev/flowc/bench/internal/suite"
	"github.com/flowc-dev/flowc/bench/internal/workload"
)

// errUsage is a mistake in the command line that the flag package has explained.
var errUsage = errors.New("usage")

type options struct {
	workloads string
	rounds    int
	size      int
	out       string
	dir       string
}

func run(ctx context.Context, args []string) error {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.workloads, "workloads", "", "which to run, by their names or the beginnings of them, such as W1,W2 (default: all)")
	flags.IntVar(&o.rounds, "rounds", 3, "interleaved rounds")
	flags.IntVar(&o.size, "size", 200_000, "events of 1 KB; the other workloads have a multiple of it")
	flags.StringVar(&o.out, "out", "README.md", "file whose tables are rewritten (\"\": print only)")
	flags.StringVar(&o.dir, "dir", memory(), "where data is kept while the suite runs")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage
	}
	if o.rounds < 1 || o.size < 100 {
		return errors.New("at least one round and a size of 100 are needed")
	}
	dir, err := os.MkdirTemp(o.dir, "flowc-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, err := shop.New(dir, progress)
	if err != nil {
		return err
	}
	launch, err := s.Go(ctx, "internal/launch")
	if err != nil {
		return err
	}
	return files(ctx, o, &suite.Suite{
		Shop: s, Launcher: measure.Launcher(launch), Dir: dir,
		Rounds: o.rounds, Size: o.size, Cores: cores(), Log: progress,
	})
}

// files runs the workloads over files and in memory.
func files(ctx context.Context, o options, s *suite.Suite) error {
	chosen, err := choose(workload.All(), o.workloads)
	if err != nil {
		return err
	}
	var wrong []string
	for _, w := range chosen {
		facts := report.Machine()
		result, err := s.Run(ctx, w)
		if err != nil {
			return err
		}
		text := report.Result(result) + fmt.Sprintf("\n`go run . -workloads %s -rounds %d -size %d` on %s.\n", w.ID, o.rounds, o.size, facts)
		fmt.Println(text)
		if o.out != "" {
			if err := report.Replace(o.out, w.ID, text); err != nil {
				return err
			}
		}
		if result.Wrong() {
			wrong = append(wrong, w.ID)
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("wrong results in %s", strings.Join(wrong, ", "))
	}
	return nil
}

// choose gives the workloads whose names begin with one of the prefixes.
func choose(all []workload.Workload, prefixes string) ([]workload.Workload, error) {
	if prefixes == "" {
		return all, nil
	}
	var chosen []workload.Workload
	for _, prefix := range strings.Split(prefixes, ",") {
		found := false
		for _, w := range all {
			if strings.HasPrefix(w.ID, strings.TrimSpace(prefix)) {
				found = true
				if !slices.ContainsFunc(chosen, func(c workload.Workload) bool { return c.ID == w.ID }) {
					chosen = append(chosen, w)
				}
			}
		}
		if !found {
			return nil, fmt.Errorf("no workload %q", prefix)
		}
	}
	return chosen, nil
}

// cores gives the sets of cores: one core, then two. The first core takes most of a
// machine's interrupts, so one core is the second.
func cores() [][]int {
	if runtime.NumCPU() < 2 {
		return [][]int{{0}}
	}
	return [][]int{{1}, {0, 1}}
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

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s "+format+"\n", append([]any{time.Now().Format("15:04:05")}, args...)...)
}
