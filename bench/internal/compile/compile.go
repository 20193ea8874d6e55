// Package compile measures the compiler itself: what a person waits for between an
// edit and an answer, and between an answer and a running program.
package compile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/bench/internal/measure"
	"github.com/flowc-dev/flowc/bench/internal/shop"
	"github.com/flowc-dev/flowc/bench/internal/stats"
)

// Options are what a run needs.
type Options struct {
	Shop     *shop.Shop
	Launcher measure.Launcher
	Dir      string // to write in
	Rounds   int
	Log      func(format string, args ...any)
}

// A Row is one measurement with its goal.
type Row struct {
	What, Goal string
	// Figures are seconds, or bytes where Bytes is set, one a round.
	Figures []float64
	Bytes   bool
	// Absent says why there are none: flowc lacks the command, or refused.
	Absent string
}

// Range sums up the figures.
func (r Row) Range() stats.Range { return stats.Of(r.Figures) }

// Run does all measurements. What flowc cannot do yet is a row with the reason.
func Run(ctx context.Context, o Options) ([]Row, error) {
	rows := []Row{
		{What: "check of 1,000 five-line nodes, nothing cached", Goal: "200 ms"},
		{What: "check of them after one edit", Goal: "20 ms"},
		{What: "check of 1,000 nodes with ten Go packages, nothing cached", Goal: "700 ms"},
		{What: "build of W2 after one edit", Goal: "go build + 2 s"},
		{What: "go build of the program that W2 is emitted as, after one edit"},
		{What: "size of W2's program", Goal: "6 MB", Bytes: true},
		{What: "second run of an unchanged W2, beyond the program itself", Goal: "100 ms"},
	}
	flowc, err := o.Shop.Flowc(ctx)
	var absent *shop.Absent
	if errors.As(err, &absent) {
		for i := range rows {
			rows[i].Absent = absent.Reason
		}
		return rows, nil
	}
	if err != nil {
		return nil, err
	}
	b := &bench{Options: o, flowc: flowc}
	for i, figures := range []func(context.Context) ([]float64, error){
		b.checkCold, b.checkEdited, b.checkPackages, b.build, b.goBuild, b.size, b.secondRun,
	} {
		o.Log("compile: %s", rows[i].What)
		rows[i].Figures, err = figures(ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			rows[i].Figures = nil
			rows[i].Absent = firstLine(err)
			o.Log("compile: left out: %v", err)
		}
	}
	return rows, nil
}

type bench struct {
	Options
	flowc string
}

// each gives one figure a round.
func (b *bench) each(figure func(round int) (float64, error)) ([]float64, error) {
	var all []float64
	for round := range b.Rounds {
		f, err := figure(round)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}

// timed runs a command and gives its time on the clock.
func (b *bench) timed(ctx context.Context, dir string, env []string, argv ...string) (time.Duration, error) {
	out := filepath.Join(b.Dir, "stdout")
	u, err := b.Launcher.Run(ctx, measure.Command{Argv: argv, Dir: dir, Env: env, Stdout: out})
	if err != nil {
		// Commands with a --format may put their complaint on standard output.
		if text, readErr := os.ReadFile(out); readErr == nil && len(text) > 0 {
			err = fmt.Errorf("%w: %s", err, text)
		}
		return 0, fmt.Errorf("%s %s: %w", filepath.Base(argv[0]), argv[1], err)
	}
	return u.Wall, nil
}

// folder makes a folder of its own to write in.
func (b *bench) folder(name string) (string, error) {
	return os.MkdirTemp(b.Dir, name+"-")
}

// firstLine gives the first line of an error without this machine's folders.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	if len(line) > 200 {
		line = line[:200] + "…"
	}
	return strings.ReplaceAll(line, os.TempDir()+"/", "")
}
