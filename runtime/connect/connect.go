// Package connect is what all built-in connectors have in common: how the
// generated program makes them. Each connector is a package below this one,
// with
//
//	type SourceConfig struct{…}; func NewSource(SourceConfig, connect.Input) (flow.Source, error)
//	type SinkConfig struct{…};   func NewSink(SinkConfig, connect.Output) (flow.Sink, error)
//	type Meta struct{…};         func (*Meta) At(*flow.Batch, flow.Record)
//
// those that it has a side for. Their tags and comments are the documentation:
// runtime/catalog is extracted from them.
package connect

import (
	"io"

	"github.com/flowc-dev/flowc/runtime/codec/frame"
)

// An Input is what the compiler decided for a source.
type Input struct {
	// Node is the YAML node's name, for messages.
	Node string
	// Pipeline is the pipeline's name, for what a source keeps on a server; set where
	// Changes is.
	Pipeline string
	// Format is the codec: ndjson, json, csv, text, bytes; "" for sources of
	// typed rows.
	Format string
	// Frame makes a framer for the begin of a stream; nil where the source
	// frames records itself.
	Frame func() frame.Framer
	// Header is set for CSV whose first row names the columns.
	Header bool
	// Columns are what a source of tables is to read: the fields of the type, nil
	// where it is to read all that is there.
	Columns []Column
	// Range is the part that is to be read, nil for all.
	Range *Range
	// Changes tells that it is to give what becomes of the rows, and not the rows:
	// records are a `change of` what has the columns.
	Changes bool
	// Zstd opens a zstd stream; nil where the program does not link zstd.
	Zstd func(io.Reader) (io.ReadCloser, error)
	// Parquet reads a Parquet file of a size from a row on: the columns that are
	// wanted, or all where that is nil. It is nil where the program does not link
	// Parquet.
	Parquet func(file io.ReaderAt, size int64, wanted []Column, row int64) (ParquetReader, error)
}

// An Output is what the compiler decided for a sink.
type Output struct {
	// Node is the YAML node's name, for messages.
	Node string
	// Format is the codec of the records in the packets.
	Format string
	// Header is written at the begin of each stream (a CSV header with its line
	// end), nil for none.
	Header []byte
	// Keys name what stands in Out.Keys: per-record config keys, and `meta.x`
	// for what the sink's `meta:` sets.
	Keys []string
	// Literals has, for per-record keys of the config, the text before the first
	// value of a record: what the pipeline itself says, and may be trusted. A
	// key that is not in it is not known about.
	Literals map[string]string
	// Columns are those of a sink of tables: what the values of a record are, in
	// the order in which they stand in it (see package row).
	Columns []Column
	// Changes tells that records are changes of rows that have the columns, to be
	// applied (see row.Change).
	Changes bool
	// Append tells that the stream has no end of its own (an endless source, dead
	// letters), so that what is written is never published as a whole.
	Append bool
	// Zstd begins a zstd stream; nil where the program does not link zstd.
	Zstd func(io.Writer) (io.WriteCloser, error)
	// Unzstd opens one, for dead letters that are read back; nil where the program
	// does not link zstd, and for other sinks.
	Unzstd func(io.Reader) (io.ReadCloser, error)
	// Parquet makes the parts of Parquet files; nil where the program does not
	// link Parquet.
	Parquet func([]Column, Parquet) (ParquetWriter, error)
}

// A Column is a field of a record as sources and sinks of tables see it.
type Column struct {
	// Name is the field's name on the wire.
	Name string
	// Type is the word of the language: string, enum, int, int64, uint64, float64,
	// bool, bytes, time, duration, decimal or number. All that has parts is json:
	// lists, maps, mappings, json and any. Parquet has parts in columns: there they
	// are list, map and struct.
	Type string
	// Optional tells that the value may be missing.
	Optional bool
	// Parts are the fields of a struct, the element of a list, or the value of a
	// map, whose keys are strings; these two have no names.
	Parts []Column
}
