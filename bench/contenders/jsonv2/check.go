//go:build goexperiment.jsonv2

package main

import (
	"bytes"
	"encoding/json/jsontext"
	"errors"
)

// check is W1 with types: each line is valid JSON.
func check(lines []byte, outs [][]byte) error {
	outs[0] = lines
	for line := range bytes.Lines(lines) {
		if !jsontext.Value(line).IsValid() {
			return errors.New("a line is not valid JSON")
		}
	}
	return nil
}
