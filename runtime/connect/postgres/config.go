// Package postgres reads and writes tables of PostgreSQL.
//
// The sink makes the table from the records' type where it is not there; one that
// is there must fit, which is checked before anything is read. Records are copied
// (COPY) in transactions that are committed before the source is told that they are
// safe, or keep the program's checkpoint with them. With a `key` a record takes the
// place of the row that has its key. A record that the table does not take fails by
// itself; the others are written.
//
//	sources:
//	  orders: {use: postgres, config: {dsn: "${env:SHOP_DB}", table: orders, key: id, every: 5s}, out: Order}
//	sinks:
//	  archive: {from: orders, use: postgres, config: {dsn: "${env:ARCHIVE_DB}", table: sales.orders, key: [region, id]}}
//
// A server that can't be reached is waited for, and nothing is lost meanwhile: what
// was written since the last commit is written again, unless the server says that
// the commit had its effect.
//
// With a value of the record in `table` each value gets a table of its own, made when
// its first record comes. A record that can't name one (an empty name, a dot, a table
// that does not fit) fails by itself with the code `table`; docs/tables.md says the
// rest.
//
//	sinks:
//	  kinds: {from: large, use: postgres, config: {dsn: "${env:ARCHIVE_DB}", table: "orders_${in.Region}"}}
//
// What a value becomes in a column, and which columns of a table that is there
// can hold it:
//
//   - string, enum: text; varchar, char, citext, uuid, inet, the server's enums and other types that are texts. bool: boolean
//   - int, int64: bigint; integer, smallint, numeric. uint64: numeric(20,0); the same. float64: double precision; numeric
//   - decimal, number: numeric with all digits; numeric(p,s), where a value with more places is a record error; text
//   - time: timestamptz, the instant to the microsecond (a finer one is a record error, and the offset is not kept); timestamp, in UTC; text in RFC 3339
//   - duration: bigint, in nanoseconds; numeric, interval to the microsecond, text. bytes: bytea
//   - lists, mappings, json, any: jsonb; json, text
//
// The source reads rows in the order of a key that is unique and grows: its value
// in the last row is the position. Rows that become visible later with smaller keys
// are not seen. A key needs an index, or each page is a sort of all of the table.
//
// With `out: change of T` it reads what becomes of the rows, by logical replication:
// first those that are there, then each insert, update and delete, in the order of
// the commits. The sink applies changes by its key.
//
//	sources:
//	  orders: {use: postgres, config: {dsn: "${env:SHOP_DB}", table: orders}, out: change of Order}
//	sinks:
//	  copy: {from: orders, use: postgres, config: {dsn: "${env:COPY_DB}", table: orders, key: id}}
//
// The server needs wal_level = logical. The slot that keeps what was not read yet,
// and the publication, are made where they are not there; drop them when a pipeline
// is not to run any more, or the server keeps its log for ever. What a delete and an
// update tell of the row before depends on the table's REPLICA IDENTITY
// (docs/tables.md says all of it).
package postgres

import "time"

// What stands between the engine and the connector.
const (
	// SinkFormat: the sink gets rows.
	SinkFormat = "table"
	// SourceFormat: the source gives a JSON object a row.
	SourceFormat = "ndjson"
	// SinkMemory is what the sink keeps until it is committed, the longest packet
	// as text, and the connection's buffers.
	SinkMemory = 32 << 20
	// SinkGathers is up to how much of what waits goes into one write: each waits for an answer.
	SinkGathers = 256 << 10
	// SourceMemory is the connection's buffers.
	SourceMemory = 1 << 20
	// ChangesMemory is what was read ahead of the program, beside buffers.
	ChangesMemory = 4 << 20
)

// SourceConfig is the config of the source.
type SourceConfig struct {
	// DSN is where the database is: postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full,
	// or host=… user=…. With a password in it it takes a reference alone. sslmode,
	// sslrootcert, sslcert and sslkey are those of every PostgreSQL program.
	DSN string `json:"dsn" flowc:"required,secret" form:"dsn" reach:"connects 5432"`
	// Table is what is read, with or without a schema: the columns that the type
	// declares, or all where it declares none. Instead of it there can be a query.
	Table string `json:"table"`
	// Query is what is read: a SELECT without parameters.
	Query string `json:"query" only:"rows"`
	// Key is the column whose value is unique, never null, and larger in each row
	// that comes later.
	Key string `json:"key" flowc:"required" only:"rows"`
	// Every is how often the table is looked at for new rows; without, the source
	// ends with those that are there.
	Every time.Duration `json:"every" flowc:"natural,fixed" only:"rows"`
	// Slot is the replication slot, which is made where it is not there: what it
	// keeps for the program is on the server's disk. Without, it is
	// flowc_PIPELINE_NODE.
	Slot string `json:"slot" flowc:"fixed" only:"changes"`
	// Publication is what the server is asked for; it is made for the table where it
	// is not there. Without, it is called as the slot is.
	Publication string `json:"publication" flowc:"fixed" only:"changes"`
	// Fresh, where it is set, gives the config as its files say it now.
	Fresh func() *SourceConfig `json:"-"`
}

// Meta is what stands beside a change.
type Meta struct {
	// LSN is the place in the server's log where the commit stands, such as
	// 16/B374D848; of rows that were there at first, where their table was read.
	LSN string `json:"lsn"`
	// Time is when the transaction was committed, or the table was read.
	Time time.Time `json:"time"`
	// XID is the transaction's number; 0 for rows that were there at first.
	XID int64 `json:"xid"`
	// Table is the table's name with its schema.
	Table string `json:"table"`
}

// SinkConfig is the config of the sink.
type SinkConfig struct {
	// DSN is where the database is: postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full,
	// or host=… user=…. With a password in it it takes a reference alone. sslmode,
	// sslrootcert, sslcert and sslkey are those of every PostgreSQL program.
	DSN string `json:"dsn" flowc:"required,secret" form:"dsn" reach:"connects 5432"`
	// Table is the table that records are written to, with or without a schema; with
	// ${in.Field} in it each value gets a table of its own.
	Table string `json:"table" flowc:"required,per-record"`
	// Key are the fields that tell which row a record is: the primary key of a
	// table that is made, a unique index of one that is there.
	Key []string `json:"key" flowc:"fixed,fields"`
	// Mode is insert or upsert (a record takes the place of the row that has its
	// key); without, upsert where there is a key.
	Mode string `json:"mode" flowc:"fixed" values:"insert,upsert"`
	// Fresh, where it is set, gives the config as its files say it now.
	Fresh func() *SinkConfig `json:"-"`
}
