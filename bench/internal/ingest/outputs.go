package ingest

import (
	"context"
	"os"
	"path/filepath"

	"github.com/flowc-dev/flowc/bench/internal/rig"
)

// An output is where the servers of a workload write, one after the other.
type output interface {
	// empty throws away what was written, and gives what a server calls the place;
	// dir is a folder of the round's own.
	empty(ctx context.Context, dir string) (place string, err error)
	// dump writes what was written so far to a file, a record a line.
	dump(ctx context.Context, path string) error
	// count is how many records were written.
	count(ctx context.Context) (int, error)
	close()
}

// aFile is a file.
type aFile struct{ path string }

func files(context.Context, rig.Rig) (output, error) { return &aFile{}, nil }

func (f *aFile) empty(_ context.Context, dir string) (string, error) {
	f.path = filepath.Join(dir, "out.ndjson")
	return f.path, nil
}

func (f *aFile) dump(_ context.Context, path string) error { return os.Symlink(f.path, path) }

func (f *aFile) count(context.Context) (int, error) { return countLines(f.path) }

func (f *aFile) close() {}

// aTable is a table of PostgreSQL.
type aTable struct{ server *rig.Postgres }

const tableName = "payments"

func tables(ctx context.Context, r rig.Rig) (output, error) {
	server, err := r.Postgres(ctx)
	return &aTable{server}, err
}

func (t *aTable) empty(ctx context.Context, _ string) (string, error) {
	return t.server.DSN, t.server.Exec(ctx, "DROP TABLE IF EXISTS "+tableName+"; CHECKPOINT")
}

func (t *aTable) dump(ctx context.Context, path string) error {
	return t.server.Dump(ctx, `SELECT format('{"id":"%s","at":"%s","account":"%s","counterparty":"%s","amount":"%s","fee":"%s"}', id, at, account, counterparty, amount, fee) FROM `+tableName, path)
}

func (t *aTable) count(ctx context.Context) (int, error) { return t.server.Count(ctx, tableName) }

func (t *aTable) close() { _ = t.server.Stop() }

// aTopic is a topic of a broker that is started anew for each server: its memory is
// all that it has.
type aTopic struct {
	rig    rig.Rig
	broker *rig.Kafka
}

const topicName = "payments"

func topics(_ context.Context, r rig.Rig) (output, error) { return &aTopic{rig: r}, nil }

func (t *aTopic) empty(ctx context.Context, _ string) (string, error) {
	t.close()
	var err error
	t.broker, err = t.rig.Kafka(ctx, topicName+":4")
	if err != nil {
		return "", err
	}
	return t.broker.Address, nil
}

func (t *aTopic) dump(ctx context.Context, path string) error {
	return t.broker.Dump(ctx, topicName, path)
}

func (t *aTopic) count(ctx context.Context) (int, error) { return t.broker.Count(ctx, topicName) }

func (t *aTopic) close() {
	if t.broker != nil {
		_ = t.broker.Stop()
		t.broker = nil
	}
}
