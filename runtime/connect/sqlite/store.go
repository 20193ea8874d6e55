package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"os"
	"path/filepath"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// StoreMemory is SQLite's page cache.
const StoreMemory = 4 << 20

// StoreConfig is where a program keeps its checkpoint.
type StoreConfig struct {
	// Path is the file of the database, which is made where it is not there.
	Path string `json:"path" flowc:"required" reach:"writes"`
}

// A Store keeps the state of programs in two tables: flowc_checkpoints, a row a
// pipeline, which a sink of the same file would keep the checkpoint in as well, and
// flowc_notes for all the rest.
type Store struct {
	path     string
	pipeline string
	file     *file // locked by whoever uses conn
	conn     *conn // nil where it is closed
}

// notes is the table of what lies beside the checkpoints.
const notes = "flowc_notes"

// NewStore returns the store.
func NewStore(c StoreConfig) (flow.Cells, error) {
	if c.Path == "" {
		return nil, errors.New("path is empty")
	}
	return &Store{path: c.Path}, nil
}

// Where names the file.
func (s *Store) Where() string { return "sqlite " + s.path }

// Open opens the file, and makes the tables where they are not there.
func (s *Store) Open(_ context.Context, pipeline string) error {
	s.pipeline = pipeline
	if s.conn != nil {
		return nil
	}
	_, err := os.Stat(s.path)
	fresh := errors.Is(err, os.ErrNotExist)
	if fresh {
		if err := os.MkdirAll(filepath.Dir(s.path), 0o755); err != nil {
			return err
		}
	}
	c, err := open(s.path, true)
	if err != nil {
		return err
	}
	s.file = fileAt(s.path)
	s.file.mu.Lock()
	defer s.file.mu.Unlock()
	if err := prepareStore(c, fresh); err != nil {
		return errors.Join(err, c.close())
	}
	s.conn = c
	return nil
}

func prepareStore(c *conn, fresh bool) error {
	statements := []string{
		// What was put is on disk when that returns, in each journal mode.
		"PRAGMA synchronous = FULL",
		makeCheckpoints,
		`CREATE TABLE IF NOT EXISTS ` + notes + ` (
  pipeline TEXT NOT NULL,
  note TEXT NOT NULL,
  version INTEGER NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (pipeline, note)
)`,
	}
	if fresh { // readers and the writer do not wait for each other then
		statements = append([]string{"PRAGMA journal_mode = WAL"}, statements...)
	}
	for _, s := range statements {
		if err := c.exec(s); err != nil {
			return err
		}
	}
	return nil
}

// Get reads a cell.
func (s *Store) Get(ctx context.Context, cell string) (value []byte, version uint64, err error) {
	sql, args := "SELECT version, value FROM "+notes+" WHERE pipeline = ? AND note = ?", values(s.pipeline, cell)
	if cell == flow.CheckpointCell {
		sql, args = "SELECT generation, checkpoint FROM "+checkpoints+" WHERE pipeline = ?", args[:1]
	}
	s.file.mu.Lock()
	defer s.file.mu.Unlock()
	err = s.conn.query(ctx, sql, args, func(row []driver.Value) (bool, error) {
		n, _ := row[0].(int64)
		version = uint64(n)
		value, _ = row[1].([]byte)
		return false, nil
	})
	return value, version, err
}

// Put replaces a cell, in a transaction of its own. What a sink of this program has
// open in the same file is committed before: SQLite takes one at a time.
func (s *Store) Put(_ context.Context, cell string, value []byte, previous uint64) (version uint64, err error) {
	version = previous + 1
	if value == nil {
		value = []byte{}
	}
	sql := `INSERT INTO ` + notes + ` (pipeline, note, version, value) SELECT ?1, ?5, ?2, ?3
WHERE ?4 = 0 OR EXISTS (SELECT 1 FROM ` + notes + ` WHERE pipeline = ?1 AND note = ?5)
ON CONFLICT (pipeline, note) DO UPDATE SET version = ?2, value = ?3 WHERE version = ?4 RETURNING 1`
	args := values(s.pipeline, int64(version), value, int64(previous), cell)
	if cell == flow.CheckpointCell {
		sql, args = putCheckpoint, args[:4]
	}
	s.file.mu.Lock()
	defer s.file.mu.Unlock()
	s.file.take(nil)
	err = flow.ErrFenced
	failed := s.conn.query(context.Background(), sql, args, func([]driver.Value) (bool, error) {
		err = nil
		return true, nil
	})
	if failed != nil {
		err = failed
	}
	return version, err
}

// Close closes the file.
func (s *Store) Close(context.Context) error {
	if s.conn == nil {
		return nil
	}
	s.file.mu.Lock()
	defer s.file.mu.Unlock()
	c := s.conn
	s.conn = nil
	return c.close()
}
