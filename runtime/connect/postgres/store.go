package postgres

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/runtime/connect/table"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// StoreMemory is the connection's buffers, and a checkpoint as text.
const StoreMemory = 2 << 20

// StoreConfig is where a program keeps its checkpoint.
type StoreConfig struct {
	// DSN is where the database is: postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full,
	// or host=… user=…. With a password in it it takes a reference alone. sslmode,
	// sslrootcert, sslcert and sslkey are those of every PostgreSQL program.
	DSN string `json:"dsn" flowc:"required,secret" form:"dsn" reach:"connects 5432"`
	// Fresh, where it is set, gives the config as its files say it now.
	Fresh func() *StoreConfig `json:"-"`
}

// A Store keeps the state of programs in two tables: flowc_checkpoints, a row a
// pipeline, which a sink of the same database would keep the checkpoint in as well,
// and flowc_notes for all the rest.
type Store struct {
	server   *server
	pipeline string
}

// notesTable is the table of what lies beside the checkpoints.
const notesTable = "flowc_notes"

// NewStore returns the store.
func NewStore(c StoreConfig) (flow.Cells, error) {
	server, err := newServer(c.dsn())
	if err != nil {
		return nil, err
	}
	return &Store{server: server}, nil
}

// Where names the server and the database.
func (s *Store) Where() string {
	return strings.TrimSuffix("postgres "+s.server.address()+"/"+s.server.config.Database, "/")
}

// Open connects, and makes the tables where they are not there.
func (s *Store) Open(ctx context.Context, pipeline string) error {
	s.pipeline = pipeline
	if err := s.server.connect(ctx); err != nil {
		return err
	}
	if err := s.server.makeCheckpoints(ctx); err != nil {
		return err
	}
	return s.server.makeMissing(ctx, notesTable, `(
  pipeline text NOT NULL,
  note text NOT NULL,
  version bigint NOT NULL,
  value bytea NOT NULL,
  PRIMARY KEY (pipeline, note)
)`)
}

// Get reads a cell.
func (s *Store) Get(ctx context.Context, cell string) (value []byte, version uint64, err error) {
	if err := s.server.connect(ctx); err != nil {
		return nil, 0, err
	}
	sql, args := "SELECT version, encode(value, 'hex') FROM "+notesTable+" WHERE pipeline = $1 AND note = $2", []string{s.pipeline, cell}
	if cell == flow.CheckpointCell {
		sql, args = "SELECT generation, encode(checkpoint, 'hex') FROM "+checkpoints+" WHERE pipeline = $1", args[:1]
	}
	rows, err := s.server.query(ctx, sql, args...)
	if err != nil || len(rows) == 0 {
		return nil, 0, err
	}
	if version, err = strconv.ParseUint(string(rows[0][0]), 10, 64); err == nil {
		value, err = hex.DecodeString(string(rows[0][1]))
	}
	if err != nil {
		return nil, 0, &table.ConfigError{Err: fmt.Errorf("%s: the %s of %q: %w", s.server.address(), cell, s.pipeline, err)}
	}
	return value, version, nil
}

// Put replaces a cell, in a transaction of its own.
func (s *Store) Put(ctx context.Context, cell string, value []byte, previous uint64) (version uint64, err error) {
	if err := s.server.connect(ctx); err != nil {
		return 0, err
	}
	version = previous + 1
	sql := `INSERT INTO ` + notesTable + ` AS c (pipeline, note, version, value) SELECT $1::text, $5::text, $2::text::bigint, decode($3::text, 'hex')
WHERE $4::text::bigint = 0 OR EXISTS (SELECT 1 FROM ` + notesTable + ` WHERE pipeline = $1::text AND note = $5::text)
ON CONFLICT (pipeline, note) DO UPDATE SET version = excluded.version, value = excluded.value WHERE c.version = $4::text::bigint RETURNING 1`
	args := []string{s.pipeline, strconv.FormatUint(version, 10), hex.EncodeToString(value), strconv.FormatUint(previous, 10), cell}
	if cell == flow.CheckpointCell {
		sql, args = putCheckpoint, args[:4]
	}
	rows, err := s.server.query(ctx, sql, args...)
	if err == nil && len(rows) == 0 {
		err = flow.ErrFenced
	}
	return version, err
}

// Close closes the connection.
func (s *Store) Close(context.Context) error {
	s.server.close()
	return nil
}
