package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
)

// Cases with PostgreSQL have a postgres.sql, which is run in a server of their own;
// $DATABASE_URL says where that is. What is in it at the end is postgres.txt.

// caseServer starts the server of a case: nil where it needs none, and there is
// false where it needs one and the machine has none.
func caseServer(t *testing.T, dir string) (server *pgtest.Server, there bool) {
	t.Helper()
	script, err := os.ReadFile(filepath.Join(dir, "postgres.sql"))
	switch {
	case err != nil:
		return nil, true
	case !pgtest.Here():
		return nil, false
	}
	server = pgtest.New(t)
	server.Exec(string(script))
	return server, true
}

// steadyColumns are those of a program's own tables that are the same in each run:
// the rest of them have the time.
var steadyColumns = map[string]string{"flowc_checkpoints": "pipeline", "flowc_notes": "pipeline, note"}

// dumpPostgres are the tables of a database: their columns, and their rows in
// order.
func dumpPostgres(server *pgtest.Server) []byte {
	var b strings.Builder
	for _, name := range server.Exec(`SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`) {
		b.WriteString(name + "\n")
		for _, column := range server.Exec(`SELECT attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END
FROM pg_attribute WHERE attrelid = '"` + name + `"'::regclass AND attnum > 0 ORDER BY attnum`) {
			b.WriteString("  " + column + "\n")
		}
		rows := "*"
		if only, ok := steadyColumns[name]; ok {
			rows = only
		}
		for _, row := range server.Exec(`SET timezone = 'UTC'; SELECT ` + rows + ` FROM "` + name + `" r ORDER BY r::text`) {
			b.WriteString("    " + row + "\n")
		}
	}
	return []byte(b.String())
}

// A server that stops in the middle of a run, for a while: the program says so
// once, is not ready, and goes on when it is back. Each record is there once,
// wherever the checkpoint is kept.
func TestPostgresStops(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	const count = 20000
	for _, store := range []string{"sink", "file"} {
		t.Run(store, func(t *testing.T) {
			server := pgtest.New(t)
			binary := buildPipeline(t, "stops", fmt.Sprintf(`
types: {T: {id: int64, pad: string}}
sources: {in: {use: generate, config: {count: %d, rate: 10000, fields: {id: i}}, out: T}}
sinks: {out: {from: in, use: postgres, config: {dsn: %q, table: stopped}}}
delivery: {checkpoint: {every: 100ms, store: %s}}
`, count, server.DSN(), store))
			p := start(t, binary, t.TempDir())
			rows := func() (n int) {
				if got, err := server.Try("SELECT count(*) FROM stopped"); err == nil {
					_, _ = fmt.Sscan(got[0], &n)
				}
				return n
			}
			for stops := 1; stops <= 2; stops++ {
				eventually(t, "some rows are there", func() bool { p.alive(); return rows() >= stops*count/4 })
				server.Stop()
				eventually(t, "it is not ready", func() bool { p.alive(); return p.ready() == http.StatusServiceUnavailable })
				server.Start()
			}
			<-p.done
			if code := p.cmd.ProcessState.ExitCode(); code != 0 {
				t.Fatalf("exit code %d\n%s", code, p.said())
			}
			if got := server.Exec("SELECT count(*), count(DISTINCT id), min(id), max(id) FROM stopped")[0]; got != fmt.Sprintf("%d|%d|0|%d", count, count, count-1) {
				t.Errorf("rows: %s\n%s", got, p.said())
			}
			said := 0
			for line := range strings.Lines(p.said()) {
				if strings.Contains(line, "connection lost") || strings.Contains(line, "going back to the checkpoint") {
					said++
					if !strings.Contains(line, fmt.Sprintf("127.0.0.1:%d", server.Port)) {
						t.Errorf("it does not say where: %s", line)
					}
				}
			}
			// Two stops: of each at most that the transaction was lost, and that the
			// server is not there.
			if said < 2 || said > 4 {
				t.Errorf("said %d times that it is gone\n%s", said, p.said())
			}
		})
	}
}
