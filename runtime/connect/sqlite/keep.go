package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/flowc-dev/flowc/runtime/connect/table"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// checkpoints is the table of the programs' checkpoints, a row a pipeline.
const checkpoints = "flowc_checkpoints"

// Keep has the sink keep the program's checkpoint in the transaction of its
// records.
func (s *Sink) Keep(pipeline string) { s.pipeline = pipeline }

func (s *Sink) keeps() bool { return s.pipeline != "" }

const (
	// makeCheckpoints makes the table of checkpoints.
	makeCheckpoints = `CREATE TABLE IF NOT EXISTS ` + checkpoints + ` (
  pipeline TEXT PRIMARY KEY,
  generation INTEGER NOT NULL,
  checkpoint BLOB NOT NULL
)`
	// putCheckpoint replaces a pipeline's checkpoint (1) by one of a generation (2, 3),
	// where the one that is there is of another (4, 0 for none).
	putCheckpoint = `INSERT INTO ` + checkpoints + ` (pipeline, generation, checkpoint) SELECT ?1, ?2, ?3
WHERE ?4 = 0 OR EXISTS (SELECT 1 FROM ` + checkpoints + ` WHERE pipeline = ?1)
ON CONFLICT (pipeline) DO UPDATE SET generation = ?2, checkpoint = ?3 WHERE generation = ?4 RETURNING 1`
)

// Load reads the checkpoint that was committed last.
func (s *Sink) Load(ctx context.Context) (generation uint64, checkpoint []byte, err error) {
	s.file.mu.Lock()
	defer s.file.mu.Unlock()
	err = s.conn.query(ctx, "SELECT generation, checkpoint FROM "+checkpoints+" WHERE pipeline = ?", values(s.pipeline), func(row []driver.Value) (bool, error) {
		n, _ := row[0].(int64)
		generation = uint64(n)
		checkpoint, _ = row[1].([]byte)
		return false, nil
	})
	return generation, checkpoint, err
}

// Commit commits what was written, with the checkpoint of a generation in the
// place of the previous one.
func (s *Sink) Commit(_ context.Context, generation, previous uint64, checkpoint []byte) error {
	s.file.mu.Lock()
	defer s.file.mu.Unlock()
	if err := s.begin(); err != nil { // there is no transaction that could be lost
		return err
	}
	replaced := false
	err := s.conn.query(context.Background(), putCheckpoint,
		values(s.pipeline, int64(generation), checkpoint, int64(previous)), func([]driver.Value) (bool, error) {
			replaced = true
			return true, nil
		})
	switch {
	case err != nil:
		return s.lost(err)
	case !replaced:
		s.abandon()
		return flow.ErrFenced
	}
	return s.commit()
}

// Forget removes the checkpoint.
func (s *Sink) Forget(context.Context) error {
	s.file.mu.Lock()
	defer s.file.mu.Unlock()
	s.file.take(s)
	return s.conn.query(context.Background(), "DELETE FROM "+checkpoints+" WHERE pipeline = ?", values(s.pipeline), func([]driver.Value) (bool, error) { return true, nil })
}

// lost gives up the open transaction because of an error, and is the error: where
// the checkpoint is kept in it, what it held is read again.
func (s *Sink) lost(err error) error {
	s.abandon()
	var wrong *table.ConfigError
	if !s.keeps() || errors.As(err, &wrong) {
		return err
	}
	return &flow.RolledBackError{Err: err}
}

// errShared is what a sink gets that can't have its turn.
func errShared(path string) error {
	return &table.ConfigError{Err: fmt.Errorf("%s: another sink of this program writes to the same file, and one of the two keeps the checkpoint with its records; SQLite takes one transaction at a time: write `delivery: {checkpoint: {store: file}}`, or to another file", path)}
}
