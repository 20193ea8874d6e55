package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/backends/golang/build"
	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
)

// A database is one that tables are written to and read from.
type database struct {
	name string
	// config is that of a node for a table, without the braces.
	config func(table string) string
	// rows gives the rows of a query, a line each.
	rows func(t *testing.T, query string) []string
	// has tells whether a table is there.
	has func(t *testing.T, table string) bool
	// gives are fields that the database keeps in another form: what comes back
	// for which. refuses are those that it has no column for.
	gives   map[string]string
	refuses []string
}

// databases are started for a test; one that the machine does not have skips it.
var databases = map[string]func(t *testing.T) database{
	"sqlite": func(t *testing.T) database {
		path := filepath.Join(t.TempDir(), "test.db")
		return database{
			name:   "sqlite",
			config: func(table string) string { return fmt.Sprintf("path: %s, table: %s", path, table) },
			has: func(t *testing.T, table string) bool {
				_, err := os.Stat(path)
				return err == nil && len(query(t, openSQLite(t, path), "SELECT 1 FROM sqlite_schema WHERE name = ?", table)) > 0
			},
			rows:    func(t *testing.T, text string) []string { return query(t, openSQLite(t, path), text) },
			refuses: []string{`"natural":18446744073709551615}`},
		}
	},
	"postgres": func(t *testing.T) database {
		server := pgtest.New(t)
		return database{
			name:   "postgres",
			config: func(table string) string { return fmt.Sprintf("dsn: %q, table: %s", server.DSN(), table) },
			has: func(_ *testing.T, table string) bool {
				return server.Exec("SELECT to_regclass('" + table + "') IS NOT NULL")[0] == "t"
			},
			rows: func(_ *testing.T, text string) []string { return server.Exec(text) },
			gives: map[string]string{ // the instant
				`"zoned":"2026-01-02T03:04:05.123456+05:30"}`: `"zoned":"2026-01-01T21:34:05.123456Z"}`,
				`"zoned":"2026-07-02T03:04:05-03:00"}`:        `"zoned":"2026-07-02T06:04:05Z"}`,
			},
		}
	},
}

// buildPipeline compiles and builds a pipeline.
func buildPipeline(t *testing.T, name, text string) (binary string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, name+".yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	r := compileCase(t, path)
	files, l := emitCase(t, r.Program)
	binary, _, err := build.Binary(context.Background(), build.Request{Name: r.Program.Name, Files: files, Layout: l, CacheDir: t.TempDir()})
	if err != nil {
		t.Fatalf("the generated program does not build: %v", err)
	}
	return binary
}

// program is the command of a built pipeline in a folder.
func program(dir, binary string, args ...string) (cmd *exec.Cmd, stderr *bytes.Buffer) {
	cmd = exec.Command(binary, append([]string{"--log-format", "json"}, args...)...)
	cmd.Dir, stderr = dir, &bytes.Buffer{}
	cmd.Env = append(os.Environ(), "FLOWC_STATE="+filepath.Join(dir, "state"))
	cmd.Stderr = stderr
	return cmd, stderr
}

func mustRun(t *testing.T, dir, binary string, args ...string) {
	t.Helper()
	cmd, stderr := program(dir, binary, args...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
}

// crossing are the types of the language with values, as JSON, that are easily
// lost. The first is the key.
var crossing = []struct {
	name, typ string
	values    []string
}{
	{"id", "int64", nil},
	{"str", "string", []string{`"plain"`, `""`, `"007"`, `"1e3"`, `"tab\tnew\nline\\N \\. \"quoted\" 'q' é 😀 "`, `"null"`}},
	{"whole", "int", []string{`0`, `9223372036854775807`, `-9223372036854775808`}},
	{"wide", "int64", []string{`-1`, `9007199254740993`}},
	{"natural", "uint64", []string{`0`, `9223372036854775807`, `18446744073709551615`}},
	{"real", "float64", []string{`0.1`, `1e+300`, `-2.5e-8`, `12345678901234.568`, `3`}},
	{"truth", "bool", []string{`true`, `false`}},
	{"raw", "bytes", []string{`""`, `"AAECXHgA/w=="`}},
	{"at", "time", []string{`"2026-01-02T03:04:05Z"`, `"1969-12-31T23:59:59.123456Z"`, `"0001-01-01T00:00:00Z"`}},
	{"zoned", "time", []string{`"2026-01-02T03:04:05.123456+05:30"`, `"2026-07-02T03:04:05-03:00"`}},
	{"wait", "duration", []string{`"1m30.000000001s"`, `"-1h0m0s"`, `"0s"`}},
	{"exact", "decimal", []string{`"10.50"`, `"0.00"`, `"-1e-37"`, `"99999999999999999999999999999999999999"`}},
	{"num", "number", []string{`10.50`, `0`, `-123456789012345678.90`}},
	{"word", "red | green", []string{`"red"`, `"green"`}},
	{"list", "[decimal]", []string{`[]`, `["1.10","2"]`}},
	{"map", "map of int", []string{`{}`, `{"a":1,"b c":2}`}},
	{"nested", "{a: string, b: [int]}", []string{`{"a":"x\ny","b":[1,2]}`}},
	{"free", "json", []string{`{"a": [1, 2.50, null, "é"]}`, `"text"`, `17`, `[true]`}},
	{"any", "any", []string{`{"b":[1,"x"]}`, `false`}},
}

// crossingType is the event type; each field may be missing.
func crossingType() string {
	var b strings.Builder
	b.WriteString("types:\n  T:\n")
	for i, c := range crossing {
		optional := "?"
		if i == 0 {
			optional = ""
		}
		fmt.Fprintf(&b, "    %s%s: %s\n", c.name, optional, c.typ)
	}
	return b.String()
}

// Every type goes into a table and comes back as it was, whatever its value, and
// so does a value that is missing.
func TestTypesCross(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	t.Parallel()
	for name, start := range databases {
		t.Run(name, func(t *testing.T) {
			db := start(t)
			var input []string
			add := func(name, value string) {
				if slices.Contains(db.refuses, fmt.Sprintf(`"%s":%s}`, name, value)) {
					return
				}
				input = append(input, fmt.Sprintf(`{"id":%d,"%s":%s}`, len(input)+1, name, value))
			}
			for _, c := range crossing[1:] {
				for _, v := range c.values {
					add(c.name, v)
				}
			}
			input = append(input, fmt.Sprintf(`{"id":%d}`, len(input)+1))
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "in.ndjson"), []byte(strings.Join(input, "\n")+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			mustRun(t, dir, buildPipeline(t, "into", crossingType()+`
sources: {in: {use: file, config: {path: in.ndjson}, out: T}}
sinks:
  upserted: {from: in, use: `+db.name+`, config: {`+db.config("upserted")+`, key: id}}
  inserted: {from: in, use: `+db.name+`, config: {`+db.config("inserted")+`, key: id, mode: insert}}
`))
			for _, table := range []string{"upserted", "inserted"} {
				mustRun(t, dir, buildPipeline(t, "from", crossingType()+`
sources: {in: {use: `+db.name+`, config: {`+db.config(table)+`, key: id}, out: T}}
processors: {same: {from: in, map: in}}
sinks: {out: {from: same, use: file, config: {path: `+table+`.ndjson}}}
`))
				text, err := os.ReadFile(filepath.Join(dir, table+".ndjson"))
				if err != nil {
					t.Fatal(err)
				}
				output := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
				if len(output) != len(input) {
					t.Fatalf("%d of %d records came back", len(output), len(input))
				}
				for i, want := range input {
					if w, ok := db.gives[want[strings.IndexByte(want, ',')+1:]]; ok {
						want = fmt.Sprintf(`{"id":%d,%s`, i+1, w)
					}
					if got := compact(t, output[i]); got != compact(t, want) {
						t.Errorf("%s: got  %s\nwant %s", table, got, want)
					}
				}
			}
		})
	}
}

func compact(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(text)); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return b.String()
}

// A program that is killed again and again goes on where it was: each record is
// there once, also where no key tells it, and none is there that never was.
func TestTablesKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	t.Parallel()
	const count = 30000
	for name, start := range databases {
		for _, mode := range []string{"upsert", "insert"} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				db := start(t)
				table := "killed_" + mode
				key := ""
				if mode == "upsert" {
					key = ", key: id"
				}
				binary := buildPipeline(t, "killed-"+mode, fmt.Sprintf(`
types: {T: {id: int64, twice: int64, pad: string}}
sources: {in: {use: generate, config: {count: %d, rate: 20000, fields: {id: i, twice: 2*i}}, out: T}}
sinks: {out: {from: in, use: %s, config: {%s%s}}}
delivery: {checkpoint: {every: 50ms}}
`, count, db.name, db.config(table), key))
				dir := t.TempDir()
				kills := 0
				for done := false; !done; {
					cmd, stderr := program(dir, binary)
					if err := cmd.Start(); err != nil {
						t.Fatal(err)
					}
					// It is killed once it has written something more, at another point
					// of its work each time.
					ended := make(chan error, 1)
					go func() { ended <- cmd.Wait() }()
					if kills < 5 {
						waitForRows(t, db, table, (kills+1)*count/8, ended)
						_ = cmd.Process.Kill()
						<-ended
						kills++
						continue
					}
					if err := <-ended; err != nil {
						t.Fatalf("%v\n%s", err, stderr)
					}
					done = true
				}
				if got, want := db.rows(t, "SELECT count(DISTINCT id) FROM "+table), fmt.Sprint(count); !slices.Equal(got, []string{want}) {
					t.Errorf("%v different records, not %s", got, want)
				}
				if got := db.rows(t, "SELECT count(*) FROM "+table+" WHERE twice <> 2*id OR id < 0 OR id >= "+fmt.Sprint(count)); !slices.Equal(got, []string{"0"}) {
					t.Errorf("%v records that never were", got)
				}
				if got := db.rows(t, "SELECT count(*) FROM "+table); !slices.Equal(got, []string{fmt.Sprint(count)}) {
					t.Errorf("%v rows of %d records", got, count)
				}
			})
		}
	}
}

// A program that reads a table while it grows, and is killed again and again, reads
// each row once, in order.
func TestTablesReadKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	t.Parallel()
	const count = 30000
	for name, begin := range databases {
		t.Run(name, func(t *testing.T) {
			db := begin(t)
			writer := buildPipeline(t, "grows", fmt.Sprintf(`
types: {T: {id: int64, pad: string}}
sources: {in: {use: generate, config: {count: %d, rate: 15000, fields: {id: i}}, out: T}}
sinks: {out: {from: in, use: %s, config: {%s, key: id}}}
delivery: {checkpoint: {every: 20ms}}
`, count, db.name, db.config("grown")))
			reader := buildPipeline(t, "reads", fmt.Sprintf(`
types: {T: {id: int64}}
sources: {in: {use: %s, config: {%s, key: id, every: 5ms}, out: T}}
sinks: {out: {from: in, use: file, config: {path: out.ndjson}}}
delivery: {checkpoint: {every: 20ms}}
`, db.name, db.config("grown")))
			writing := start(t, writer, t.TempDir())
			eventually(t, "there is a table", func() bool { writing.alive(); return db.has(t, "grown") })
			dir := t.TempDir()
			out := filepath.Join(dir, "out.ndjson")
			var p *started
			for kill := range 6 {
				p = start(t, reader, dir)
				eventually(t, "it has read more", func() bool { p.alive(); return len(linesOf(t, out)) > kill*count/7 })
				if kill < 5 {
					p.kill()
				}
			}
			<-writing.done
			if code := writing.cmd.ProcessState.ExitCode(); code != 0 {
				t.Fatalf("the writer: exit code %d\n%s", code, writing.said())
			}
			eventually(t, "all is read", func() bool { p.alive(); return len(linesOf(t, out)) >= count })
			if code := p.end(); code != 0 {
				t.Fatalf("exit code %d\n%s", code, p.said())
			}
			lines := linesOf(t, out)
			for i, line := range lines {
				if want := fmt.Sprintf(`{"id":%d}`, i); i < count && line != want {
					t.Fatalf("line %d is %s, not %s", i+1, line, want)
				}
			}
			if len(lines) != count {
				t.Errorf("%d lines of %d rows", len(lines), count)
			}
		})
	}
}

// waitForRows waits until a table has so many rows, or the program has ended.
func waitForRows(t *testing.T, db database, table string, n int, ended chan error) {
	t.Helper()
	for {
		select {
		case err := <-ended:
			t.Fatalf("it ended by itself: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
		if !db.has(t, table) {
			continue
		}
		var have int
		if rows := db.rows(t, "SELECT count(*) FROM "+table); len(rows) == 1 {
			_, _ = fmt.Sscan(rows[0], &have)
		}
		if have >= n {
			return
		}
	}
}
