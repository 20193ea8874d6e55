// Package sqlite reads and writes tables of a SQLite file, without C: the
// database is a part of the program.
//
// The sink makes the table from the records' type where it is not there; one that
// is there must fit, which is checked before anything is read. Records that come
// together are written in one transaction, which is committed before the source
// is told that they are safe. With a `key` a record takes the place of the row
// that has its key.
//
//	sources:
//	  orders: {use: sqlite, config: {path: shop.db, table: orders, key: id}, out: Order}
//	sinks:
//	  archive: {from: orders, use: sqlite, config: {path: archive.db, table: orders, key: [region, id]}}
//
// With a value of the record in `table` each value gets a table of its own, made when
// its first record comes. A record that can't name one (an empty name, a dot, a table
// that does not fit) fails by itself with the code `table`; docs/tables.md says the
// rest.
//
//	sinks:
//	  kinds: {from: large, use: sqlite, config: {path: archive.db, table: "orders_${in.Region}"}}
//
// What a value becomes in a column, and which columns of a table that is there
// can hold it without loss:
//
//   - string, enum: TEXT. bool: BOOLEAN (0 or 1); INTEGER. float64: REAL
//   - int, int64: INTEGER. duration: INTEGER, in nanoseconds. uint64: INTEGER, where values beyond 9223372036854775807 are record errors; TEXT holds them
//   - decimal, number: TEXT with all digits (a NUMERIC column would round them)
//   - time: TEXT in RFC 3339, to the nanosecond and with its offset. bytes: BLOB
//   - lists, mappings, json, any: TEXT that holds JSON
//
// The source reads rows in the order of a key that is unique and grows: its value
// in the last row is the position. Rows that come later with smaller keys are not
// seen. A key needs an index, or each page is a search through all of the table.
package sqlite

import "time"

// What stands between the engine and the connector.
const (
	// SinkFormat: the sink gets rows.
	SinkFormat = "table"
	// SourceFormat: the source gives a JSON object a row.
	SourceFormat = "ndjson"
	// SinkMemory is SQLite's page cache, what the sink keeps until it is committed,
	// and copies of the longest record.
	SinkMemory = 40 << 20
	// SourceMemory is SQLite's page cache.
	SourceMemory = 8 << 20
)

// SourceConfig is the config of the source.
type SourceConfig struct {
	// Path is the file of the database.
	Path string `json:"path" flowc:"required" reach:"reads"`
	// Table is what is read: the columns that the type declares, or all where it
	// declares none. Instead of it there can be a query.
	Table string `json:"table"`
	// Query is what is read: a SELECT without parameters.
	Query string `json:"query"`
	// Key is the column whose value is unique, never null, and larger in each row
	// that comes later.
	Key string `json:"key" flowc:"required"`
	// Every is how often the table is looked at for new rows; without, the source
	// ends with those that are there.
	Every time.Duration `json:"every" flowc:"natural,fixed"`
}

// SinkConfig is the config of the sink.
type SinkConfig struct {
	// Path is the file of the database, which is made where it is not there.
	Path string `json:"path" flowc:"required" reach:"writes"`
	// Table is the table that records are written to; with ${in.Field} in it each
	// value gets a table of its own.
	Table string `json:"table" flowc:"required,per-record"`
	// Key are the fields that tell which row a record is: the primary key of a
	// table that is made, a unique index of one that is there.
	Key []string `json:"key" flowc:"fixed,fields"`
	// Mode is insert or upsert (a record takes the place of the row that has its
	// key); without, upsert where there is a key.
	Mode string `json:"mode" flowc:"fixed" values:"insert,upsert"`
}
