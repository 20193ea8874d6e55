//go:build !unix

package build

import (
	"context"
	"errors"
	"os"
	"os/exec"
)

// Exec runs the program with this process's streams and returns its exit code.
func Exec(ctx context.Context, binary string, args []string, dir string) (code int, err error) {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = dir
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return ended.ExitCode(), nil
	}
	return 0, err
}
