package file

import (
	"errors"
	"fmt"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// What a row group has where the config does not say it.
const (
	rowGroupBytes = 16 << 20
	rowGroupRows  = 1_000_000
)

// wholly tells whether files are whole only with what the format has at their end,
// and there are several of them.
func (s *Sink) wholly() bool {
	return (s.output.Format == "json" || s.output.Format == parquetFormat) && s.config.Mode == "append"
}

// openParquet prepares the writing of Parquet files, where they are.
func (s *Sink) openParquet() error {
	c := &s.config.Parquet
	if s.output.Format != parquetFormat {
		return nil
	}
	switch {
	case s.output.Parquet == nil:
		return errors.New("this program was built without Parquet: say `format: parquet` in the pipeline")
	case s.config.Compression != "" && s.config.Compression != plain:
		return fmt.Errorf("a Parquet file is compressed page by page: write `parquet: {compression: %s}` instead of `compression`", s.config.Compression)
	case c.RowGroup < 0 || c.Rows < 0:
		return errors.New("parquet.row_group and parquet.rows must be larger than 0")
	}
	if c.RowGroup == 0 {
		c.RowGroup = rowGroupBytes
	}
	if c.Rows == 0 {
		c.Rows = rowGroupRows
	}
	var err error
	s.parquet, err = s.output.Parquet(s.output.Columns, *c)
	return err
}

// refused are the records that have a value which its column can't hold, by their
// index; nil where there are none.
func (s *Sink) refused(o *flow.Out) map[int]error {
	if s.parquet == nil {
		return nil
	}
	var refused map[int]error
	begin := uint32(0)
	for i, end := range o.Ends {
		if err := s.parquet.Check(o.Data[begin:end]); err != nil {
			if refused == nil {
				refused = map[int]error{}
			}
			refused[i] = &valueError{err}
		}
		begin = end
	}
	return refused
}

// relieve brings the rows that are held in memory below their limit: full row
// groups are written, then the files with most rows put them beside.
func (s *Sink) relieve() error {
	if s.parquet == nil || s.shared.held <= s.config.Parquet.RowGroup {
		return nil
	}
	for s.shared.held > s.config.Parquet.RowGroup/2 {
		var most *target
		for _, t := range s.places {
			if most == nil || len(t.table.rows) > len(most.table.rows) {
				most = t
			}
		}
		if most.table.due() {
			if err := most.group(); err != nil {
				return err
			}
			if err := s.makeRoom(); err != nil {
				return err
			}
			continue
		}
		if err := most.table.spill(); err != nil {
			return err
		}
		most.table.leave()
		if err := most.table.closeFile(); err != nil { // Sync opens it again
			return err
		}
	}
	return nil
}

// rotateDue closes files that are old enough, also those to which nothing came of
// late: what is published when it is whole must become so.
func (s *Sink) rotateDue() error {
	if s.config.Mode != "replace" {
		return nil
	}
	if s.config.Rotate.Every > 0 {
		for _, t := range s.places {
			if t.lost != nil {
				continue
			}
			if err := t.rotateIfDue(); err != nil {
				return fmt.Errorf("%s: %w", t.path, err)
			}
		}
	}
	s.lookAhead()
	return nil
}

// lookAhead finds out when there is something to do though nothing comes.
func (s *Sink) lookAhead() {
	r := s.config.Rotate
	s.due = time.Time{}
	if r.Every <= 0 && r.Bytes <= 0 || s.config.Mode != "replace" {
		return
	}
	for _, t := range s.places {
		if t.lost != nil {
			continue
		}
		at := t.begun.Add(r.Every)
		if len(t.shelved) > 0 {
			at = time.Now() // the next checkpoints publish them
		} else if !t.records || !t.regular || r.Every <= 0 {
			continue
		}
		if s.due.IsZero() || at.Before(s.due) {
			s.due = at
		}
	}
}

// Due is when the next file is old enough to be closed.
func (s *Sink) Due() time.Time { return s.due }
