package connect

import "io"

// Parquet is the part of a connector's config that says how Parquet files are
// written.
type Parquet struct {
	// RowGroup is how many bytes of records one row group takes, as they are
	// before they are encoded. It is what the sink holds in memory; rows beyond it
	// wait beside the file.
	RowGroup int64 `json:"row_group" flowc:"positive" type:"size" default:"16MiB"`
	// Rows is how many records one row group takes at most.
	Rows int64 `json:"rows" flowc:"positive" default:"1000000"`
	// Compression is that of the pages: snappy, zstd, gzip or none.
	Compression string `json:"compression" default:"snappy" values:"snappy,zstd,gzip,none"`
	// Time is what a time becomes: nanos or micros (a TIMESTAMP, the instant in
	// UTC), or text (with its offset).
	Time string `json:"time" default:"nanos" values:"nanos,micros,text"`
	// Decimals is text, with all digits, or how many places a decimal has in a
	// column DECIMAL(38, places).
	Decimals string `json:"decimals" default:"text"`
}

// A ParquetWriter makes the parts of Parquet files from records in the form of
// package row. One serves all files of a sink: it remembers none of them.
type ParquetWriter interface {
	// Columns is a check sum of the columns and of what they hold: files and records
	// of another one can't be gone on with.
	Columns() uint32
	// Check refuses a record that has a value which its column can't hold.
	Check(record []byte) error
	// Group writes a row group to w, whose first byte is the byte at of its file:
	// its column chunks, and a description of itself behind them, by which Groups
	// finds it. rows calls its argument with whole records, any number of them at
	// once. It has no effect beyond w.
	Group(w io.Writer, at int64, rows func(yield func(records []byte) error) error) (ParquetGroup, error)
	// Groups finds the row groups of a file that Group has written, up to a length
	// at which one ends, or none has begun.
	Groups(file io.ReaderAt, length int64) ([]ParquetGroup, error)
	// Whole finds the row groups of a file of that size which has its footer, and
	// where the last one ends.
	Whole(file io.ReaderAt, size int64) (groups []ParquetGroup, end int64, err error)
	// Footer is what ends a file of such row groups, from the byte at on.
	Footer(groups []ParquetGroup, at int64) ([]byte, error)
}

// ParquetMagic is what a Parquet file begins and ends with.
const ParquetMagic = "PAR1"

// A ParquetGroup describes a row group.
type ParquetGroup struct {
	// Bytes is its length, with its description.
	Bytes int64
	// Rows is how many records it has, Meta what the end of the file says of it.
	Rows int64
	Meta []byte
}

// A ParquetReader reads the records of a Parquet file as JSON objects.
type ParquetReader interface {
	// Rows is how many records the file has.
	Rows() int64
	// Columns are the columns that are read, with the types of the language that hold
	// what the file says is in them.
	Columns() []Column
	// Read appends the next records to dst, an object and a line end each: at most
	// limit records, and no more once there are size bytes. At the end it returns
	// io.EOF and none.
	Read(dst []byte, limit, size int) (out []byte, records int, err error)
	// Close lets go of what was read; the file stays open.
	Close() error
}
