package build

import (
	"context"
	"errors"
	"io"
	"os/exec"
)

// Pipe runs a program in a folder and hands what it says to out and errs; code is
// its exit code. An error is that it could not be run.
func Pipe(ctx context.Context, binary string, args []string, dir string, out, errs io.Writer) (code int, err error) {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, errs
	err = cmd.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return ended.ExitCode(), nil
	}
	return 0, err
}
