package rig

import (
	"bufio"
	"bytes"
	"os"
)

// eachLine gives the lines of a file, each in memory of its own.
func eachLine(path string, line func([]byte) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		if err := line(bytes.Clone(s.Bytes())); err != nil {
			return err
		}
	}
	return s.Err()
}
