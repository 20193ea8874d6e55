package supervisor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/flowc-dev/flowc/backends/local"
)

// Reference is the name of a binary that means this one for ever: the pipeline's, its
// hash, and enough of the digest of its bytes.
func Reference(pipeline, hash, binary string) (string, error) {
	f, err := os.Open(binary)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return pipeline + ":" + hash + "-" + hex.EncodeToString(sum.Sum(nil))[:12], nil
}

// program is where the binary of a group lies.
func program(f folder, g *local.Group) string { return f.program(g.Program) }

func (f folder) program(reference string) string {
	pipeline, version, _ := strings.Cut(reference, ":")
	return filepath.Join(f.path("programs"), version, pipeline)
}

// programs are the binaries that are there, by reference.
func (f folder) programs() (all []string, err error) {
	entries, err := os.ReadDir(f.path("programs"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		all = append(all, filepath.Base(string(f))+":"+e.Name())
	}
	return all, nil
}

// Has tells whether the machine has a program.
func (e *Engine) Has(id, reference string) bool { return is(e.folder(id).program(reference)) }

// Install copies a binary to where the program of a reference lies.
func (e *Engine) Install(_ context.Context, id, reference, binary string) error {
	return e.exclusively(id, func(f folder) error {
		to := f.program(reference)
		if is(to) {
			return nil
		}
		for _, dir := range []string{string(f), f.path("programs"), filepath.Dir(to)} {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
		}
		return copyProgram(binary, to)
	})
}

// copyProgram puts a copy of a binary in its place at once.
func copyProgram(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	tmp, err := os.CreateTemp(filepath.Dir(to), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = io.Copy(tmp, in)
	if err == nil {
		err = tmp.Chmod(0o755)
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("the program can't be installed: %w", err)
	}
	return os.Rename(tmp.Name(), to)
}
