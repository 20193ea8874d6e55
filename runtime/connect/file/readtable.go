package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/blocks"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A tableReading is a Parquet file that is read. Its records come as JSON objects,
// a line each; the position is the row behind the last one.
type tableReading struct {
	path   string
	file   *os.File
	reader connect.ParquetReader
	row    int64
	bytes  int64 // that have been given
	size   int64
	head   *head
	limit  int // how many records to ask for at once
	max    int64
}

// rowsAtOnce is how many records are asked for first.
const rowsAtOnce = 256

// openTable opens a Parquet file at a position.
func openTable(path string, at position, c SourceConfig, in connect.Input) (*tableReading, error) {
	if in.Parquet == nil {
		return nil, errors.New("this program was built without Parquet: say `format: parquet` in the pipeline")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, missing(path, err)
	}
	r := &tableReading{path: path, file: f, row: at.Row, bytes: at.Offset, limit: rowsAtOnce, max: c.MaxRecord}
	if err := r.begin(at, in); err != nil {
		_ = r.close() // it was only read
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

func (r *tableReading) begin(at position, in connect.Input) error {
	info, err := r.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is no regular file, and a Parquet file is not read from begin to end")
	}
	r.size = info.Size()
	same, err := at.Head.is(r.file)
	if err != nil {
		return err
	}
	if !same || at.Head != nil && at.Whole != r.size {
		return errOther
	}
	if r.head, err = headOf(r.file, r.size); err != nil {
		return err
	}
	r.reader, err = in.Parquet(r.file, r.size, in.Columns, at.Row)
	return err
}

// fill puts the next records into b; false means that there are none.
func (r *tableReading) fill(ctx context.Context, b *flow.Batch) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	limit := r.limit
	if b.Limit > 0 {
		limit = min(limit, b.Limit)
	}
	data, n, err := r.reader.Read(b.Data[:0], limit, flow.BlockSize/2)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%s, behind row %d: %w", r.path, r.row, err)
	}
	if int64(len(data)) > r.max+int64(n) && n == 1 {
		return false, fmt.Errorf("%s: row %d has %d bytes as JSON, and max_record is %d", r.path, r.row+1, len(data), r.max)
	}
	// As many as half a block holds, so that the last one seldom goes beyond it.
	r.limit = min(max(16, flow.BlockSize/2*n/max(1, len(data))), 1<<15)
	b.Data, b.Split, b.Base, b.Offset = data, r.path, r.row, r.bytes
	blocks.Mark(b, r.row)
	r.row += int64(n)
	r.bytes += int64(len(data))
	p := &position{Row: r.row, Offset: r.bytes, Head: r.head, Whole: r.size}
	if r.row == r.reader.Rows() {
		p.Size = r.size
	}
	b.Position = p
	return true, nil
}

func (r *tableReading) close() error {
	var err error
	if r.reader != nil {
		err = r.reader.Close()
	}
	return errors.Join(err, r.file.Close())
}
