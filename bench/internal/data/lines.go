package data

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
)

// Lines gives the lines of a file without their ends, each in memory of its own.
func Lines(path string, yield func(line []byte) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		if err := yield(bytes.Clone(s.Bytes())); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return s.Err()
}
