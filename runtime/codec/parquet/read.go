package parquet

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// readBytes is what is read of a column at once.
const readBytes = 64 << 10

// A Reader reads the records of one file.
type Reader struct {
	file    *parquet.File
	root    *field
	cursors []*cursor
	group   int   // the one that is read
	left    int64 // rows of it that were not read yet
	skip    int64 // rows of it that are not to be read
}

// NewReader opens a file of a size, to be read from a row on (from 0). wanted are
// the columns to read, nil for all. What the file holds must fit what is wanted;
// if not, the error lists what does not.
func NewReader(file io.ReaderAt, size int64, wanted []connect.Column, row int64) (_ connect.ParquetReader, err error) {
	defer caught(&err)
	if _, err := footerLength(file, size); err != nil {
		return nil, err
	}
	f, err := parquet.OpenFile(file, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(readBytes))
	if err != nil {
		return nil, damaged(err)
	}
	r := &Reader{file: f, group: -1}
	if r.root, err = choose(f.Root(), wanted); err != nil {
		return nil, err
	}
	if err := checkGroups(f); err != nil {
		return nil, err
	}
	for _, l := range r.root.leaves(nil) {
		l.cursor = &cursor{column: l.column.Index(), name: l.path()}
		r.cursors = append(r.cursors, l.cursor)
	}
	if err := r.checkCodecs(); err != nil {
		return nil, err
	}
	if row > f.NumRows() {
		return nil, fmt.Errorf("it has %d rows, and an earlier run has read %d of it: --fresh starts over", f.NumRows(), row)
	}
	for groups := f.RowGroups(); row > 0; {
		r.group++
		n := groups[r.group].NumRows()
		if row < n {
			r.skip, r.group = row, r.group-1
			break
		}
		row -= n
	}
	return r, nil
}

// checkGroups looks whether the row groups are what the file says it has.
func checkGroups(f *parquet.File) error {
	total := int64(0)
	for i, g := range f.RowGroups() {
		n := g.NumRows()
		if n < 0 || total+n < total {
			return damaged(fmt.Errorf("row group %d has %d rows", i+1, n))
		}
		if len(g.ColumnChunks()) != len(f.Schema().Columns()) {
			return damaged(fmt.Errorf("row group %d has %d columns, and there are %d", i+1, len(g.ColumnChunks()), len(f.Schema().Columns())))
		}
		total += n
	}
	if total != f.NumRows() {
		return damaged(fmt.Errorf("its row groups have %d rows, and it says that it has %d", total, f.NumRows()))
	}
	return nil
}

// checkCodecs refuses columns that are compressed with LZ4: of a page that it could
// not make smaller the library gives something else than what was written.
func (r *Reader) checkCodecs() error {
	for _, g := range r.file.Metadata().RowGroups {
		for _, c := range r.cursors {
			if codec := g.Columns[c.column].MetaData.Codec; codec == format.Lz4Raw {
				return fmt.Errorf("the column `%s` is compressed with %s, which is not read: write it with snappy, zstd or gzip", c.name, codec)
			}
		}
	}
	return nil
}

// damaged says that it is the file that is wrong.
func damaged(err error) error { return fmt.Errorf("it is damaged: %w", err) }

// caught makes an error of a panic. The library panics on some damaged files.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = damaged(fmt.Errorf("%v", p))
	}
}

// Rows is how many records the file has.
func (r *Reader) Rows() int64 { return r.file.NumRows() }

// Read appends the next records.
func (r *Reader) Read(dst []byte, limit, size int) (out []byte, records int, err error) {
	start := len(dst)
	defer func() {
		if err != nil {
			out, records = dst[:start], 0
		}
	}()
	defer caught(&err)
	out = dst
	for records < limit && len(out)-start < size {
		for r.left == 0 {
			if records > 0 && r.group+1 >= len(r.file.RowGroups()) {
				return out, records, nil
			}
			if err := r.next(); err != nil {
				return out, records, err
			}
		}
		if out, err = r.root.append(out); err != nil {
			return out, records, err
		}
		out = append(out, '\n')
		r.left--
		records++
	}
	return out, records, nil
}

// next begins the next row group.
func (r *Reader) next() error {
	groups := r.file.RowGroups()
	if r.group+1 >= len(groups) {
		return io.EOF
	}
	r.group++
	chunks := groups[r.group].ColumnChunks()
	for _, c := range r.cursors {
		if err := c.begin(chunks[c.column], r.skip); err != nil {
			return err
		}
	}
	r.left, r.skip = groups[r.group].NumRows()-r.skip, 0
	return nil
}

// Close lets go of what was read.
func (r *Reader) Close() error {
	var errs []error
	for _, c := range r.cursors {
		errs = append(errs, c.close())
	}
	return errors.Join(errs...)
}

// A cursor goes over the values of one column in one row group.
type cursor struct {
	column int
	name   string
	pages  parquet.Pages
	page   parquet.Page
	values parquet.ValueReader
	buffer [128]parquet.Value
	from   int
	to     int
}

// begin goes to a row of a column chunk.
func (c *cursor) begin(chunk parquet.ColumnChunk, row int64) error {
	if err := c.close(); err != nil {
		return err
	}
	c.pages = chunk.Pages()
	if row > 0 {
		return c.wrong(c.pages.SeekToRow(row))
	}
	return nil
}

// peek is the next value, and nil where there is none any more.
func (c *cursor) peek() (*parquet.Value, error) {
	for c.from == c.to {
		if c.values == nil {
			page, err := c.pages.ReadPage()
			if errors.Is(err, io.EOF) {
				return nil, nil
			}
			if err != nil {
				return nil, c.wrong(err)
			}
			c.page, c.values = page, page.Values()
		}
		n, err := c.values.ReadValues(c.buffer[:])
		c.from, c.to = 0, n
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return nil, c.wrong(err)
		case n == 0:
			c.release()
		}
	}
	return &c.buffer[c.from], nil
}

// next is the next value, which must be there.
func (c *cursor) next() (*parquet.Value, error) {
	v, err := c.peek()
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, c.wrong(errors.New("it has fewer values than its row group has rows"))
	}
	c.from++
	return v, nil
}

func (c *cursor) release() {
	if c.page != nil {
		parquet.Release(c.page)
	}
	c.page, c.values, c.from, c.to = nil, nil, 0, 0
}

func (c *cursor) close() error {
	c.release()
	if c.pages == nil {
		return nil
	}
	err := c.pages.Close()
	c.pages = nil
	return err
}

func (c *cursor) wrong(err error) error {
	if err == nil {
		return nil
	}
	return damaged(fmt.Errorf("the column `%s`: %w", c.name, err))
}
