package postgres

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/flowc-dev/flowc/runtime/connect/table"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// checkpoints is the table of the programs' checkpoints, a row a pipeline.
const checkpoints = "flowc_checkpoints"

// Keep has the sink keep the program's checkpoint in the transaction of its
// records.
func (s *Sink) Keep(pipeline string) { s.pipeline = pipeline }

func (s *Sink) keeps() bool { return s.pipeline != "" }

// makeCheckpoints makes the table of checkpoints where it is not there. A program
// that may not make tables finds one that is.
func (s *server) makeCheckpoints(ctx context.Context) error {
	return s.makeMissing(ctx, checkpoints, `(
  pipeline text PRIMARY KEY,
  generation bigint NOT NULL,
  checkpoint bytea NOT NULL
)`)
}

// makeMissing makes a table of the program's own where it is not there.
func (s *server) makeMissing(ctx context.Context, name, columns string) error {
	rows, err := s.query(ctx, "SELECT to_regclass($1::text) IS NOT NULL", name)
	if err != nil || string(rows[0][0]) == "t" {
		return err
	}
	return s.makeTable(ctx, "CREATE TABLE IF NOT EXISTS "+name+" "+columns)
}

// putCheckpoint replaces a pipeline's checkpoint ($1) by one of a generation ($2, $3),
// where the one that is there is of another ($4, 0 for none).
const putCheckpoint = `INSERT INTO ` + checkpoints + ` AS c (pipeline, generation, checkpoint) SELECT $1::text, $2::text::bigint, decode($3::text, 'hex')
WHERE $4::text::bigint = 0 OR EXISTS (SELECT 1 FROM ` + checkpoints + ` WHERE pipeline = $1::text)
ON CONFLICT (pipeline) DO UPDATE SET generation = excluded.generation, checkpoint = excluded.checkpoint WHERE c.generation = $4::text::bigint RETURNING 1`

// Load reads the checkpoint that was committed last. A commit of an earlier run
// that is still on its way is waited for: it holds the row.
func (s *Sink) Load(ctx context.Context) (generation uint64, checkpoint []byte, err error) {
	if err := s.server.connect(ctx); err != nil {
		return 0, nil, err
	}
	rows, err := s.server.query(ctx, "SELECT generation, encode(checkpoint, 'hex') FROM "+checkpoints+" WHERE pipeline = $1 FOR UPDATE", s.pipeline)
	if err != nil || len(rows) == 0 {
		return 0, nil, err
	}
	if generation, err = strconv.ParseUint(string(rows[0][0]), 10, 64); err == nil {
		checkpoint, err = hex.DecodeString(string(rows[0][1]))
	}
	if err != nil {
		return 0, nil, &table.ConfigError{Err: fmt.Errorf("%s: %s of %q: %w", s.server.address(), checkpoints, s.pipeline, err)}
	}
	return generation, checkpoint, nil
}

// Commit commits what was written, with the checkpoint of a generation in the
// place of the previous one.
func (s *Sink) Commit(ctx context.Context, generation, previous uint64, checkpoint []byte) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	rows, err := s.server.query(ctx, putCheckpoint, s.pipeline, strconv.FormatUint(generation, 10), hex.EncodeToString(checkpoint), strconv.FormatUint(previous, 10))
	switch {
	case err != nil:
		return s.lost(err)
	case len(rows) == 0:
		return s.lost(flow.ErrFenced)
	}
	s.dirty = true // there is something that can be lost
	return s.commit(ctx)
}

// Forget removes the checkpoint.
func (s *Sink) Forget(ctx context.Context) error {
	if err := s.server.connect(ctx); err != nil {
		return err
	}
	_, err := s.server.query(ctx, "DELETE FROM "+checkpoints+" WHERE pipeline = $1", s.pipeline)
	var refused *table.RowError
	if errors.As(err, &refused) { // by a trigger
		err = &table.ConfigError{Err: err}
	}
	return err
}
