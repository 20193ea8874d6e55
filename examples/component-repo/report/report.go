// Package report shows scored payments to a person.
package report

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
)

// A Config says how lines begin.
type Config struct {
	// Prefix stands before each line.
	Prefix string `json:"prefix"`
}

// A Row is a line of the report.
type Row struct {
	Card     string   `json:"card"`
	Merchant string   `json:"merchant"`
	Cents    int64    `json:"cents"`
	Score    int      `json:"score"`
	Reasons  []string `json:"reasons"`
}

// A Report prints rows.
type Report struct {
	prefix string
	out    io.Writer
}

// New returns a report on standard output.
func New(c Config) (*Report, error) { return &Report{prefix: c.Prefix, out: os.Stdout}, nil }

// Write prints rows, and returns when they are out: the source is told that they
// are done only then.
func (r *Report) Write(_ context.Context, rows []Row) error {
	var b bytes.Buffer
	for _, row := range rows {
		fmt.Fprintf(&b, "%s%3d  %s  %-22s %9.2f  %s\n", r.prefix, row.Score, row.Card, row.Merchant, float64(row.Cents)/100, strings.Join(row.Reasons, ", "))
	}
	_, err := r.out.Write(b.Bytes())
	return err
}
