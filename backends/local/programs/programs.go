// Package programs keeps the binaries of pipelines on a machine, each version beside the
// others: what runs is named by its bytes, so that a version can be brought back as it was.
package programs

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Reference is the name of a binary that means this one for ever: the pipeline's, its
// hash, and enough of the digest of its bytes, and of those of the components beside it.
func Reference(pipeline, hash, binary string, components ...string) (string, error) {
	sum := sha256.New()
	for _, file := range append([]string{binary}, components...) {
		if err := digest(sum, file); err != nil {
			return "", err
		}
	}
	return pipeline + ":" + hash + "-" + hex.EncodeToString(sum.Sum(nil))[:12], nil
}

func digest(sum io.Writer, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(sum, f)
	return err
}

// Components is the folder beside a program that has the components which it starts.
const Components = "components"

// A Store is the folder of one pipeline's binaries.
type Store string

// Path is where the binary of a reference lies: in a folder of its version, under the
// pipeline's name.
func (s Store) Path(reference string) string {
	pipeline, version, _ := strings.Cut(reference, ":")
	return filepath.Join(string(s), version, pipeline)
}

// Has tells whether the binary of a reference is there.
func (s Store) Has(reference string) bool {
	_, err := os.Stat(s.Path(reference))
	return err == nil
}

// References are those of a pipeline's binaries that are there, in their order.
func (s Store) References(pipeline string) (all []string, err error) {
	entries, err := os.ReadDir(string(s))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if reference := pipeline + ":" + e.Name(); e.IsDir() && s.Has(reference) {
			all = append(all, reference)
		}
	}
	return all, nil
}

// Put copies a binary to the place of its reference, at once, and before it the components
// beside it; one that is there stays.
func (s Store) Put(reference, binary string) error {
	to := s.Path(reference)
	if s.Has(reference) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	for _, dir := range []string{string(s), filepath.Dir(to)} { // whoever runs it may be another user, whatever the mask
		if err := os.Chmod(dir, 0o755); err != nil {
			return err
		}
	}
	if err := putComponents(filepath.Join(filepath.Dir(to), Components), filepath.Join(filepath.Dir(binary), Components)); err != nil {
		return err
	}
	return put(to, binary)
}

// putComponents copies a folder of components, where there is one.
func putComponents(to, from string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if path == from && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		there := filepath.Join(to, name)
		if !e.IsDir() {
			return put(there, path)
		}
		if err := os.MkdirAll(there, 0o755); err != nil {
			return err
		}
		return os.Chmod(there, 0o755)
	})
}

// put copies a program to its place, at once.
func put(to, from string) error {
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

// Delete deletes the binary of a reference; one that is gone is no error. A store in which
// nothing is left goes too.
func (s Store) Delete(reference string) error {
	if err := os.RemoveAll(filepath.Dir(s.Path(reference))); err != nil {
		return err
	}
	if entries, err := os.ReadDir(string(s)); err == nil && len(entries) == 0 {
		return os.Remove(string(s))
	}
	return nil
}
