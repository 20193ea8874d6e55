//go:build unix

package build

import (
	"context"
	"os"
	"syscall"
)

// Exec becomes the program: it replaces this process, so that streams, signals
// and the exit code are the program's own. It returns only with an error.
func Exec(_ context.Context, binary string, args []string, dir string) (code int, err error) {
	if dir != "" {
		if err := os.Chdir(dir); err != nil {
			return 0, err
		}
	}
	return 0, syscall.Exec(binary, append([]string{binary}, args...), os.Environ())
}
