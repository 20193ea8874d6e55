package program

import (
	"context"
	"os"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// Main is the main function of a built program: it ends the process with the
// program's exit code.
func Main(s Spec) { os.Exit(Run(context.Background(), s, os.Args[1:])) }

// Run is Main without the end of the process; args are the command line without
// the program's name. It returns the exit code.
func Run(ctx context.Context, s Spec, args []string) int { return 1 }

// Embed runs the program inside another one: references and FLOWC_SET are
// resolved, signals, flags, logs and telemetry are the caller's.
func Embed(ctx context.Context, s Spec, o flow.RunOptions) (*flow.Report, error) {
	p, err := s.New()
	if err != nil {
		return nil, err
	}
	return p.Run(ctx, o)
}
