package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
)

// Each folder of testdata/upgrade holds what programs of one format have left when
// they were killed in the middle of a run, byte for byte: the folder, what was in the
// tables of SQLite and PostgreSQL (as SQL), and in the bucket of NATS (a file a key).
// It is never written again. Programs of today go on from there.
//
// FLOWC_FIXTURE=NAME writes a new one, by programs as they are now: before the
// format changes.
const upgrades = "../../testdata/upgrade"

const upgradeRecords = 20000

// natsBucket is that of the store's default, as the program would make it.
var natsBucket = jetstream.KeyValueConfig{Bucket: "flowc", Storage: jetstream.FileStorage}

// An oldState is a store with what a program has left there.
type oldState struct {
	// says is what stands in `checkpoint` of the pipeline.
	says string
	// fill puts the state of a fixture there, keep makes a fixture of what is there.
	fill, keep func(t *testing.T, fixture string)
	// state is FLOWC_STATE.
	state string
}

func oldStates() map[string]func(t *testing.T) oldState {
	return map[string]func(t *testing.T) oldState{
		"file": func(t *testing.T) oldState {
			state := t.TempDir()
			return oldState{
				says: "store: file", state: state,
				fill: func(t *testing.T, fixture string) {
					copyAll(t, filepath.Join(fixture, "folder"), filepath.Join(state, "kept"))
				},
				keep: func(t *testing.T, fixture string) {
					copyAll(t, filepath.Join(state, "kept"), filepath.Join(fixture, "folder"))
				},
			}
		},
		"sqlite": func(t *testing.T) oldState {
			path := filepath.Join(t.TempDir(), "checkpoints.db")
			return oldState{
				says: fmt.Sprintf("store: sqlite, path: %q", path), state: t.TempDir(),
				fill: func(t *testing.T, fixture string) {
					db := openSQLite(t, path)
					defer db.Close()
					if _, err := db.Exec(string(readFile(t, filepath.Join(fixture, "sqlite.sql")))); err != nil {
						t.Fatal(err)
					}
				},
				keep: func(t *testing.T, fixture string) {
					db := openSQLite(t, path)
					defer db.Close()
					putFile(t, filepath.Join(fixture, "sqlite.sql"), sqliteStatements(t, db))
				},
			}
		},
		"postgres": func(t *testing.T) oldState {
			s := pgtest.New(t)
			return oldState{
				says: fmt.Sprintf("store: postgres, dsn: %q", s.DSN()), state: t.TempDir(),
				fill: func(t *testing.T, fixture string) {
					s.Exec(string(readFile(t, filepath.Join(fixture, "postgres.sql"))))
				},
				keep: func(t *testing.T, fixture string) {
					putFile(t, filepath.Join(fixture, "postgres.sql"), postgresStatements(s))
				},
			}
		},
		"nats": func(t *testing.T) oldState {
			s := newNATSServer(t)
			return oldState{
				says: fmt.Sprintf("store: nats, url: %q", s.url()), state: t.TempDir(),
				fill: func(t *testing.T, fixture string) {
					js, conn := s.stream()
					defer conn.Close()
					kv, err := js.CreateKeyValue(t.Context(), natsBucket)
					if err != nil {
						t.Fatal(err)
					}
					for _, key := range filesOf(t, filepath.Join(fixture, "nats")) {
						if _, err := kv.Put(t.Context(), key, readFile(t, filepath.Join(fixture, "nats", key))); err != nil {
							t.Fatal(err)
						}
					}
				},
				keep: func(t *testing.T, fixture string) {
					js, conn := s.stream()
					defer conn.Close()
					kv, err := js.KeyValue(t.Context(), natsBucket.Bucket)
					if err != nil {
						t.Fatal(err)
					}
					keys, err := kv.Keys(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					for _, key := range keys {
						v, err := kv.Get(t.Context(), key)
						if err != nil {
							t.Fatal(err)
						}
						putFile(t, filepath.Join(fixture, "nats", key), v.Value())
					}
				},
			}
		},
	}
}

// What programs of earlier versions have left is gone on from.
func TestUpgrade(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	t.Parallel()
	fixtures := filesOf(t, upgrades)
	if name := os.Getenv("FLOWC_FIXTURE"); name != "" {
		if slices.Contains(fixtures, name) {
			t.Fatalf("there is a fixture %s, and it is never written again", name)
		}
		fixtures = []string{name}
	} else if len(fixtures) == 0 {
		t.Fatal("there are no fixtures")
	}
	for store, makeState := range oldStates() {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			for _, name := range fixtures {
				s := makeState(t)
				binary := buildPipeline(t, "kept", fmt.Sprintf(`
types: {T: {id: int64}}
sources: {in: {use: generate, config: {count: %d, rate: 5000, fields: {id: i}}, out: T}}
sinks: {out: {from: in, use: stdout}}
delivery: {checkpoint: {every: 50ms, %s}}
`, upgradeRecords, s.says))
				fixture := filepath.Join(upgrades, name)
				if os.Getenv("FLOWC_FIXTURE") != "" {
					writeFixture(t, binary, s, fixture)
					continue
				}
				s.fill(t, fixture)
				goesOn(t, binary, s)
			}
		})
	}
}

// writeFixture kills a program in the middle and keeps what it has left.
func writeFixture(t *testing.T, binary string, s oldState, fixture string) {
	t.Helper()
	p := start(t, binary, t.TempDir(), "FLOWC_STATE="+s.state)
	eventually(t, "it has saved something", func() bool { p.alive(); return savedRecords(t, binary, s) > 1000 })
	p.kill()
	s.keep(t, fixture)
}

// goesOn runs a program, and what it writes begins behind the checkpoint.
func goesOn(t *testing.T, binary string, s oldState) {
	t.Helper()
	saved := savedRecords(t, binary, s)
	if saved < 1000 || saved >= upgradeRecords {
		t.Fatalf("the checkpoint is at %d", saved)
	}
	cmd := exec.Command(binary, "--log-format", "text", "--set", "in.config.rate=0")
	cmd.Env = append(os.Environ(), "FLOWC_STATE="+s.state)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, &said)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != upgradeRecords-saved || lines[0] != fmt.Sprintf(`{"id":%d}`, saved) || lines[len(lines)-1] != fmt.Sprintf(`{"id":%d}`, upgradeRecords-1) {
		t.Errorf("%d lines, from %s to %s, behind %d\n%s", len(lines), lines[0], lines[len(lines)-1], saved, &said)
	}
}

var afterRecords = regexp.MustCompile(` after ([0-9,]+) records`)

// savedRecords is how many records lie before the checkpoint.
func savedRecords(t *testing.T, binary string, s oldState) int {
	t.Helper()
	cmd := exec.Command(binary, "checkpoint", "show")
	cmd.Env = append(os.Environ(), "FLOWC_STATE="+s.state)
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	m := afterRecords.FindSubmatch(text)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(strings.ReplaceAll(string(m[1]), ",", ""))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// sqliteStatements make the tables of a program and what is in them.
func sqliteStatements(t *testing.T, db *sql.DB) []byte {
	t.Helper()
	var b strings.Builder
	for _, statement := range query(t, db, `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name`) {
		b.WriteString(statement + ";\n")
	}
	for _, row := range query(t, db, `SELECT format('INSERT INTO flowc_checkpoints VALUES (%Q, %d, x''%s'');', pipeline, generation, hex(checkpoint)) FROM flowc_checkpoints`) {
		b.WriteString(row + "\n")
	}
	for _, row := range query(t, db, `SELECT format('INSERT INTO flowc_notes VALUES (%Q, %Q, %d, x''%s'');', pipeline, note, version, hex(value)) FROM flowc_notes ORDER BY note`) {
		b.WriteString(row + "\n")
	}
	return []byte(b.String())
}

// postgresStatements make the tables of a program and what is in them.
func postgresStatements(s *pgtest.Server) []byte {
	var b strings.Builder
	for _, table := range []string{"flowc_checkpoints", "flowc_notes"} {
		columns := s.Exec(`SELECT quote_ident(attname) || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END
FROM pg_attribute WHERE attrelid = '` + table + `'::regclass AND attnum > 0 ORDER BY attnum`)
		key := s.Exec(`SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = '` + table + `'::regclass AND contype = 'p'`)
		fmt.Fprintf(&b, "CREATE TABLE %s (%s, %s);\n", table, strings.Join(columns, ", "), key[0])
	}
	for _, row := range s.Exec(`SELECT format('INSERT INTO flowc_checkpoints VALUES (%L, %s, %L);', pipeline, generation, checkpoint) FROM flowc_checkpoints`) {
		b.WriteString(row + "\n")
	}
	for _, row := range s.Exec(`SELECT format('INSERT INTO flowc_notes VALUES (%L, %L, %s, %L);', pipeline, note, version, value) FROM flowc_notes ORDER BY note`) {
		b.WriteString(row + "\n")
	}
	return []byte(b.String())
}

// copyAll copies the files of a folder.
func copyAll(t *testing.T, from, to string) {
	t.Helper()
	for _, name := range filesOf(t, from) {
		putFile(t, filepath.Join(to, name), readFile(t, filepath.Join(from, name)))
	}
}

// filesOf are the names in a folder, in order; none where there is no folder.
func filesOf(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// putFile writes a file, in a folder that may not be there yet.
func putFile(t *testing.T, path string, data []byte) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
