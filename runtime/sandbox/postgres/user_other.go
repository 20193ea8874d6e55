//go:build !unix

package postgres

import (
	"os"
	"os/exec"
	"path/filepath"

	"github.com/flowc-dev/flowc/runtime/supervise"
)

func owner() (*supervise.User, error) { return nil, nil }

func actAs(*exec.Cmd, *supervise.User) {}

func place(dir string, _ *supervise.User) (string, error) {
	data := filepath.Join(dir, "cluster")
	return data, os.MkdirAll(data, 0o700)
}
