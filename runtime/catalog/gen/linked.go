package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// linked reads the sizes of programs that have one connector: a line a connector, its
// name and a number of MB. They are measured by a test of cmd/flowc, which writes
// them; a connector without one is yet to be measured.
func linked(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	sizes := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, size, _ := strings.Cut(strings.TrimSpace(line), " ")
		if _, err := strconv.ParseFloat(size, 64); err != nil {
			return nil, fmt.Errorf("%s: %q is no name and size in MB", path, strings.TrimSpace(line))
		}
		sizes[name] = size
	}
	return sizes, nil
}

// linkedSize is a cell of the table.
func linkedSize(sizes map[string]string, name string) string {
	if sizes[name] == "" {
		return ""
	}
	if with := sizes[name+"+parquet"]; with != "" {
		return sizes[name] + " MB, " + with + " MB with a Parquet file"
	}
	return sizes[name] + " MB"
}
