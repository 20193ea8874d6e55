package parquet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
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
	columns  []connect.Column
	sum      uint32 // of the columns
	config   connect.Parquet
	options  []parquet.WriterOption // but for the schema
	last     *parquet.Schema        // of the last row group
	chosen   []bool                 // the dictionaries in it
	schema   []format.SchemaElement
	orders   []format.ColumnOrder
	shred    shredder
	sample   []byte // records of a group that begins
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
	leaves := 0
	w := &Writer{columns: columns, config: o, shred: shredder{nodes: describe(columns, 0, 0, &leaves), time: o.Time, scale: scale}}
	w.shred.leaves = make([][]parquet.Value, leaves)
	w.options = []parquet.WriterOption{
		parquet.Compression(codec), parquet.PageBufferSize(pageBytes), parquet.WriteBufferSize(0), parquet.DataPageVersion(1),
		parquet.DictionaryMaxBytes(dictionaryBytes), parquet.CreatedBy("flowc", "1", ""),
	}
	// A file without records tells what all files say of their columns.
	plain, err := w.schemaWith(make([]bool, leaves))
	if err != nil {
		return nil, err
	}
	empty := parquet.NewWriter(io.Discard, append([]parquet.WriterOption{plain}, w.options...)...)
	if err := empty.Close(); err != nil {
		return nil, err
	}
	meta := empty.File().Metadata()
	w.schema, w.orders = meta.Schema, meta.ColumnOrders
	text, err := thrift.Marshal(&w.protocol, meta)
	w.sum = crc32.Checksum(text, castagnoli)
	if err != nil {
		return nil, err
	}
	return w, nil
}

// Columns is a check sum of the columns.
func (w *Writer) Columns() uint32 { return w.sum }

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
	switch row.KindOf(record) { // most are one of these
	case row.Text:
		b, rest := row.NextBytes(record)
		if !utf8.Valid(b) {
			return nil, errors.New("the text is not UTF-8")
		}
		return rest, nil
	case row.Int, row.Uint, row.Float, row.Duration:
		_, rest := row.NextNum(record)
		return rest, nil
	}
	v, rest := row.Next(record)
	switch v.Kind {
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
	var pw *parquet.Writer //nolint:staticcheck // the generic one wants a Go type for records, and there is none
	begin := func(records []byte) error {
		schema, err := w.sampled(records)
		if err != nil {
			return err
		}
		pw = parquet.NewWriter(out, append([]parquet.WriterOption{schema}, w.options...)...)
		return w.add(pw.ColumnWriters(), records)
	}
	w.sample = w.sample[:0]
	err = rows(func(records []byte) error {
		switch {
		case pw != nil:
			return w.add(pw.ColumnWriters(), records)
		case len(w.sample) == 0 && len(records) >= sampleBytes:
			return begin(records)
		}
		if w.sample = append(w.sample, records...); len(w.sample) >= sampleBytes {
			return begin(w.sample)
		}
		return nil
	})
	if err == nil && pw == nil {
		err = begin(w.sample)
	}
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

// schemaWith is the schema with dictionaries for some of the leaves.
func (w *Writer) schemaWith(dictionary []bool) (*parquet.Schema, error) {
	if w.last != nil && slices.Equal(w.chosen, dictionary) {
		return w.last, nil
	}
	root, err := (&schema{options: &w.config, dictionary: dictionary}).group(w.columns)
	if err != nil {
		return nil, err
	}
	w.last, w.chosen = parquet.NewSchema("record", root), dictionary
	return w.last, nil
}

const (
	// sampleRows is from how many rows it is found out which columns have a
	// dictionary.
	sampleRows = 4096
	// sampleBytes is how many bytes of records are waited for until then.
	sampleBytes = 1 << 20
)

// sampled is the schema for a group that begins with these records.
func (w *Writer) sampled(records []byte) (*parquet.Schema, error) {
	w.shred.reset()
	for n := 0; n < sampleRows && len(records) > 0; n++ {
		rest, err := w.shred.record(records)
		if err != nil {
			return nil, err
		}
		records = rest
	}
	dictionary := dictionaries(w.shred.leaves)
	w.shred.reset()
	return w.schemaWith(dictionary)
}

// dictionaries tells which columns have values that come again, by the first rows of
// a group. To look up values that don't costs more than all else, for nothing.
func dictionaries(leaves [][]parquet.Value) []bool {
	chosen := make([]bool, len(leaves))
	for i, values := range leaves {
		seen, n := map[string]bool{}, 0
		for _, v := range values {
			if v.IsNull() {
				continue
			}
			if v.Kind() != parquet.ByteArray {
				break
			}
			n++
			seen[string(v.ByteArray())] = true
			if n == 512 && len(seen) == n {
				break // as a rule the others are different as well
			}
		}
		chosen[i] = n > 0 && 2*len(seen) <= n
	}
	return chosen
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
