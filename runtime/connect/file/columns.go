package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// Columns says what the records of Parquet files are, by the schema of the first
// one. Files of other formats say nothing of their records.
func (s *Source) Columns(context.Context) (columns []flow.Column, err error) {
	if s.input.Format != parquetFormat {
		return nil, flow.ErrNothingToLearn
	}
	files, err := s.list()
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, missing(s.config.Path, fmt.Errorf("no file matches %s: %w", s.config.Path, fs.ErrNotExist))
	}
	in := s.input
	in.Columns = nil // all that there are
	t, err := openTable(files[0], position{}, s.config, in)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	return learned(t.reader.Columns()), nil
}

// learned are columns as an answer has them.
func learned(list []connect.Column) []flow.Column {
	out := make([]flow.Column, len(list))
	for i, c := range list {
		out[i] = flow.Column{Name: c.Name, Type: c.Type, Optional: c.Optional, Parts: learned(c.Parts)}
	}
	return out
}
