package parquet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/flowc-dev/flowc/runtime/codec/row"
	"github.com/flowc-dev/flowc/runtime/connect"
)

const (
	// pageBytes is the size of a page, before it is compressed.
	pageBytes = 256 << 10
	// dictionaryBytes is how large the dictionary of a column may get; behind that
	// its values stand as they are.
	dictionaryBytes = 1 << 20
	// bufferBytes is what is gathered before it is written.
	bufferBytes = 64 << 10
)

// codecs are the ways to compress pages. LZ4 is none of them: what the library
// reads of a page that LZ4 could not make smaller is not what was written.
var codecs = map[string]compress.Codec{
	"snappy": &parquet.Snappy, "zstd": &parquet.Zstd, "gzip": &parquet.Gzip, "none": &parquet.Uncompressed,
}

// A Writer makes row groups.
type Writer struct {
	options  []parquet.WriterOption
	schema   []format.SchemaElement
	orders   []format.ColumnOrder
	shred    shredder
	protocol thrift.CompactProtocol
}

// NewWriter returns the writer of files with these columns.
func NewWriter(columns []connect.Column, o connect.Parquet) (connect.ParquetWriter, error) {
	if len(columns) == 0 {
		return nil, errors.New("a Parquet file has at least one column")
	}
	if o.Compression == "" {
		o.Compression = "snappy"
	}
	codec, ok := codecs[o.Compression]
	if !ok {
		return nil, fmt.Errorf("parquet.compression %q is none of snappy, zstd, gzip and none", o.Compression)
	}
	if o.Time != "" && o.Time != "nanos" && o.Time != "micros" && o.Time != "text" {
		return nil, fmt.Errorf("parquet.time %q is none of nanos, micros and text", o.Time)
	}
	scale, err := places(o.Decimals)
	if err != nil {
		return nil, err
	}
	root, err := groupOf(columns, &o)
	if err != nil {
		return nil, err
	}
	leaves := 0
	w := &Writer{shred: shredder{nodes: describe(columns, 0, 0, &leaves), time: o.Time, scale: scale}}
	w.shred.leaves = make([][]parquet.Value, leaves)
	w.options = []parquet.WriterOption{
		parquet.NewSchema("record", root),
		parquet.Compression(codec), parquet.PageBufferSize(pageBytes), parquet.WriteBufferSize(0), parquet.DataPageVersion(1),
		parquet.DictionaryMaxBytes(dictionaryBytes), parquet.CreatedBy("flowc", "1", ""),
	}
	// A file without records tells what all files say of their columns.
	empty := parquet.NewWriter(io.Discard, w.options...)
	if err := empty.Close(); err != nil {
		return nil, err
	}
	meta := empty.File().Metadata()
	w.schema, w.orders = meta.Schema, meta.ColumnOrders
	return w, nil
}

// Check refuses a record with a value that its column can't hold.
func (w *Writer) Check(record []byte) error {
	for _, n := range w.shred.nodes {
		rest, err := w.check(n, record)
		if err != nil {
			return fmt.Errorf("%s: %w", n.name, err)
		}
		record = rest
	}
	return nil
}

func (w *Writer) check(n *node, record []byte) (rest []byte, err error) {
	v, rest := row.Next(record)
	switch v.Kind {
	case row.Text:
		if !utf8.Valid(v.Bytes) {
			return nil, errors.New("the text is not UTF-8")
		}
	case row.Time:
		if w.shred.time == "text" {
			_, err = appendTimeText(nil, v)
		} else {
			_, err = timestamp(v, w.shred.time == "micros")
		}
	case row.Decimal:
		if w.shred.scale >= 0 {
			_, err = appendDecimal(nil, v.Bytes, w.shred.scale)
		}
	case row.Struct:
		for _, p := range n.parts {
			if rest, err = w.check(p, rest); err != nil {
				return nil, fmt.Errorf("%s: %w", p.name, err)
			}
		}
	case row.List, row.Map:
		for range v.Num {
			for _, p := range n.parts {
				if rest, err = w.check(p, rest); err != nil {
					return nil, err
				}
			}
		}
	}
	return rest, err
}

// Group writes a row group.
func (w *Writer) Group(to io.Writer, at int64, rows func(yield func([]byte) error) error) (g connect.ParquetGroup, err error) {
	out := &output{w: bufio.NewWriterSize(to, bufferBytes), skip: len(connect.ParquetMagic)}
	// A writer that was reset forgets where pages begin, so each is used once.
	pw := parquet.NewWriter(out, w.options...)
	columns := pw.ColumnWriters()
	w.shred.reset()
	err = rows(func(records []byte) error { return w.add(columns, records) })
	if err != nil {
		return g, err
	}
	if err := pw.Flush(); err != nil {
		return g, err
	}
	tail := &bytes.Buffer{}
	out.tail = tail
	if err := pw.Close(); err != nil {
		return g, err
	}
	out.tail = nil
	meta := pw.File().Metadata()
	if len(meta.RowGroups) != 1 {
		return g, fmt.Errorf("a row group became %d of them", len(meta.RowGroups))
	}
	return w.finish(out, at, &meta.RowGroups[0], tail.Bytes())
}

// finish writes what stands behind the column chunks of a group that begins at a
// byte of its file. The group was written as if it were the first one; tail is what
// then comes behind it: indexes, and a footer.
func (w *Writer) finish(out *output, at int64, group *format.RowGroup, tail []byte) (g connect.ParquetGroup, err error) {
	shift := at - int64(len(connect.ParquetMagic))
	behind := out.n + int64(len(connect.ParquetMagic))
	part := func(offset int64, length int32) []byte { return tail[offset-behind:][:length] }
	group.FileOffset += shift
	var columns [][]byte
	var offsets []format.OffsetIndex
	for i := range group.Columns {
		c := &group.Columns[i]
		c.MetaData.DataPageOffset += shift
		if c.MetaData.DictionaryPageOffset > 0 {
			c.MetaData.DictionaryPageOffset += shift
		}
		columns = append(columns, part(c.ColumnIndexOffset, c.ColumnIndexLength))
		var index format.OffsetIndex
		if err := thrift.Unmarshal(&w.protocol, part(c.OffsetIndexOffset, c.OffsetIndexLength), &index); err != nil {
			return g, err
		}
		for j := range index.PageLocations {
			index.PageLocations[j].Offset += shift
		}
		offsets = append(offsets, index)
	}
	g.Rows = group.NumRows
	if g.Meta, err = w.describe(group, columns, offsets); err != nil {
		return g, err
	}
	g.Bytes = out.n + int64(len(g.Meta)) + trailerBytes
	if _, err := out.Write(appendTrailer(slices.Clip(g.Meta), g.Bytes)); err != nil {
		return g, err
	}
	return g, out.w.Flush()
}

// add takes records apart, and gives the columns what is in them.
func (w *Writer) add(columns []*parquet.ColumnWriter, records []byte) error {
	for len(records) > 0 {
		n, size := 0, len(records)
		for n < batchRows && len(records) > 0 && size-len(records) < batchBytes {
			rest, err := w.shred.record(records)
			if err != nil {
				return err
			}
			records = rest
			n++
		}
		if err := w.flush(columns); err != nil {
			return err
		}
	}
	return nil
}

// flush gives the columns what was taken apart so far.
func (w *Writer) flush(columns []*parquet.ColumnWriter) error {
	for i, c := range columns {
		if values := w.shred.leaves[i]; len(values) > 0 {
			if _, err := c.WriteRowValues(values); err != nil {
				return err
			}
		}
	}
	w.shred.reset()
	return nil
}

// An output is a writer that counts. Of the first bytes skip are left out, and all
// go to tail where there is one.
type output struct {
	w    *bufio.Writer
	n    int64
	skip int
	tail *bytes.Buffer
}

// Write writes what is not to be left out.
func (o *output) Write(p []byte) (int, error) {
	if o.tail != nil {
		return o.tail.Write(p)
	}
	left := min(o.skip, len(p))
	o.skip -= left
	n, err := o.w.Write(p[left:])
	o.n += int64(n)
	return n + left, err
}
