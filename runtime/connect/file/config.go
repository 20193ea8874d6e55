// Package file reads and writes files: lines, JSON, CSV, text, Parquet; plain or
// compressed; one file, several, or one that grows.
//
// A file that is written comes under its name when all of it is there, unless it
// is appended to; after a crash it is cut to what the checkpoint says, so that
// no record is there twice. One that `rotate` has closed and that is only good as a
// whole (Parquet, or with `mode: replace`) gets its name when the checkpoint behind
// it is durable, and never changes any more.
//
// One that is appended to may be moved away or cut short while it is written, as
// logrotate does: what comes next goes to its place. What was not durable in one
// that is removed is answered 503, or comes again with the next start.
//
// A Parquet file has a column for each field of the type, and for what mappings,
// lists and maps have in them; what each type becomes is in tables.md. Its row
// groups are full (`parquet: {row_group, rows}`) however often there are
// checkpoints: rows that are not yet in one are durable in a hidden file beside
// it. It is published as a whole, at the end of the input or when it is rotated.
// Of one that is read only the columns are read that the pipeline reads, and they
// must fit its types.
//
// A path takes Go about the record: ${in.Placed.Format("2006-01-02")}. Behind
// `name=` a value is percent-encoded as Hive does, so that it is one part of one
// name. At most 128 files are open at once; those that were not used for longest
// are closed, and opened again. Rows of Parquet files share one row group's memory,
// and beyond that wait beside their files.
//
//	sources:
//	  orders: {use: file, config: {path: "orders/*.ndjson.gz"}, out: Order}
//	  access: {use: file, config: {path: /var/log/access.log, follow: true}, out: text}
//	sinks:
//	  daily: {from: orders, use: file, config: {path: "out/${in.Region}.ndjson", format: ndjson}}
//	  hourly: {from: access, use: file, config: {path: access.txt, rotate: {every: 1h, keep: 24}}}
//	  tables: {from: orders, use: file, config: {path: 'out/day=${in.Placed.Format("2006-01-02")}/orders.parquet', rotate: {every: 24h}}}
package file

import (
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// SourceMemory is what reading may hold itself: the window of a decompressor.
const SourceMemory = 8 << 20

// SinkMemory is what writing may hold itself: buffers, and the window of a
// compressor.
const SinkMemory = 8 << 20

// SourceConfig is the config of the source.
type SourceConfig struct {
	// Path is the file; a pattern like logs/*.ndjson or logs/**/*.ndjson reads all
	// that match, in lexical order.
	Path string `json:"path" flowc:"required" reach:"reads"`
	// Format is ndjson, json, csv, text, bytes or parquet; without, the extension
	// says it.
	Format string `json:"format" flowc:"fixed" values:"ndjson,json,csv,text,bytes,parquet"`
	// Compression is none, gzip or zstd; without, the extension says it.
	Compression string `json:"compression" flowc:"fixed" values:"none,gzip,zstd"`
	// Follow waits at the end for more: of the file, or of all that match the
	// pattern, also of those that come later. A file that is rotated is read to
	// its end first.
	Follow bool `json:"follow" flowc:"fixed"`
	// MaxRecord is the longest record. A longer line is a record error; in other
	// formats it ends the program.
	MaxRecord int64 `json:"max_record" flowc:"positive" type:"size" default:"16MiB"`
	// CSV says how the rows of a CSV file are written.
	CSV connect.CSV `json:"csv" flowc:"fixed"`
}

// SinkConfig is the config of the sink.
type SinkConfig struct {
	// Path is the file; with ${in.Field} in it each value gets a file of its
	// own.
	Path string `json:"path" flowc:"required,per-record" reach:"writes"`
	// Format is ndjson, json (an array), csv, text, bytes or parquet; without, the
	// extension says it.
	Format string `json:"format" flowc:"fixed" values:"ndjson,json,csv,text,bytes,parquet"`
	// Compression is none, gzip or zstd; without, the extension says it.
	Compression string `json:"compression" flowc:"fixed" values:"none,gzip,zstd"`
	// Mode is replace (written beside, and renamed when all is there) or append;
	// without, replace where the pipeline ends by itself, append where it does
	// not and for dead letters.
	Mode string `json:"mode" values:"replace,append"`
	// Rotate begins a new file when the present one is large or old enough.
	Rotate Rotate `json:"rotate"`
	// CSV says how the rows of a CSV file are written.
	CSV connect.CSV `json:"csv" flowc:"fixed"`
	// Parquet says how a Parquet file is written.
	Parquet connect.Parquet `json:"parquet" flowc:"fixed"`
}

// Rotate says when a file is closed and the next one begun: path.ndjson is
// renamed to path-000001.ndjson.
type Rotate struct {
	// Bytes is the size, compressed where it is, from which on a new file begins;
	// 0 for no limit.
	Bytes int64 `json:"bytes" flowc:"natural" type:"size"`
	// Every is the age at which a new file begins; 0 for no limit.
	Every time.Duration `json:"every" flowc:"natural"`
	// Keep is how many closed files stay; 0 keeps all.
	Keep int `json:"keep" flowc:"natural"`
}
