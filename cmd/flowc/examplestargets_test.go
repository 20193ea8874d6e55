package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
)

// An exampleOnTarget is one of examples/ as all targets run it: its own pipeline.yaml and its
// own data. What only the target can know (where the data is, what keeps the state) stands
// beside it, in pipeline.TARGET.yaml, which `--env TARGET` lays over it.
type exampleOnTarget struct {
	name, pipeline string // its folder, and what it is called
	// Reads are the paths that it reads as they stand in the pipeline, with the file or the
	// folder (which ends with a slash) of the example that has to be there.
	reads map[string]string
	// Prints tells that records come out at standard output.
	prints bool
	// Serves is the port at which it takes records over HTTP, "" for none.
	serves string
	// Asks is the key whose value is a URL below which the folder api has to be.
	asks string
	// Database is the variable that says where PostgreSQL is, "" for none.
	database string
	// Programs are those that it starts: its image needs them.
	programs []string
	// Endless ones do not end by themselves.
	endless bool
}

// examplesOnTargets are all examples.
var examplesOnTargets = []exampleOnTarget{
	{name: "payments", pipeline: "payments", reads: map[string]string{"transactions.ndjson": "transactions.ndjson"}, prints: true},
	{name: "csv-to-ndjson", pipeline: "csv-to-ndjson", reads: map[string]string{"orders.csv": "orders.csv"}},
	{name: "component-repo", pipeline: "screening", reads: map[string]string{"payments.ndjson": "payments.ndjson"}, prints: true},
	{name: "http-ingest", pipeline: "http-ingest", serves: "events", endless: true},
	{name: "http-poll", pipeline: "http-poll", asks: "charges.config.url"},
	{name: "orders-to-sqlite", pipeline: "orders-to-sqlite", reads: map[string]string{"orders.ndjson": "orders.ndjson"}},
	{name: "orders-to-parquet", pipeline: "orders-to-parquet", reads: map[string]string{"orders.ndjson": "orders.ndjson"}},
	{name: "backfill", pipeline: "backfill", reads: map[string]string{"clicks/*.ndjson": "clicks/"}},
	// What Go and programs of the user's own read the compiler does not know: their paths
	// are relative to the folder in which the program runs.
	{name: "connector", pipeline: "ledger", reads: map[string]string{"sales/": "sales/"}},
	{name: "filters", pipeline: "filters", reads: map[string]string{"access.log": "access.log"}, prints: true, programs: []string{"cat", "awk", "grep", "sh", "mkdir", "tee"}},
	{name: "mirror", pipeline: "mirror", database: "SHOP_DB", endless: true},
}

// TestExamplesOnTargets holds that no example is left out where targets are tried.
func TestExamplesOnTargets(t *testing.T) {
	t.Parallel()
	var have, want []string
	for _, e := range examplesOnTargets {
		have = append(have, e.name)
		for _, of := range e.reads {
			if _, err := os.Stat(filepath.Join(examples, e.name, of)); err != nil {
				t.Error(err)
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(examples, "*", "pipeline.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		want = append(want, filepath.Base(filepath.Dir(f)))
	}
	slices.Sort(have)
	if !slices.Equal(have, want) {
		t.Errorf("the examples are %v, and targets are tried with %v", want, have)
	}
}

// copy copies the example into a folder, with options of a target beside it:
// `flowc apply examples/NAME/pipeline.yaml --env TARGET`.
func (e *exampleOnTarget) copy(t *testing.T, to, target, options string) string {
	t.Helper()
	dir := copyExample(t, e.name, to)
	if e.name == "connector" { // its module is this repository's
		writeFile(t, filepath.Join(dir, "go.mod"), "module example.com/ledger\n\ngo 1.26.0\n")
	}
	if options != "" {
		writeFile(t, filepath.Join(dir, "pipeline."+target+".yaml"), "targets: {"+target+": {"+options+"}}\n")
	}
	return dir
}

// post sends what the example that takes records over HTTP is to be sent, and holds its answers.
func (e *exampleOnTarget) post(t *testing.T, url string) {
	t.Helper()
	events, err := os.ReadFile(filepath.Join(examples, e.name, "events.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	postIngest(t, url+"/events", string(events))
}

// fill makes the tables of an example in a database that is empty, and change has their day.
func (e *exampleOnTarget) fill(t *testing.T, server *pgtest.Server) { e.script(t, server, "shop.sql") }

func (e *exampleOnTarget) change(t *testing.T, server *pgtest.Server) { e.script(t, server, "day.sql") }

func (e *exampleOnTarget) script(t *testing.T, server *pgtest.Server, name string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(examples, e.name, name))
	if err != nil {
		t.Fatal(err)
	}
	server.Exec(string(text))
}

// copied tells whether the rows that are there at first have come; changed, those of the day.
func (e *exampleOnTarget) copied(t *testing.T, out string) bool {
	return slices.Equal(rowsOf(t, out, "SELECT count(*) FROM orders"), []string{"3"})
}

func (e *exampleOnTarget) changed(t *testing.T, out string) bool {
	return slices.Equal(rowsOf(t, out, "SELECT id, customer, status, total FROM orders ORDER BY id"),
		[]string{"1, 'ada', 'sent', '249.90'", "2, 'ben', 'new', '10.00'", "4, 'dee', 'paid', '310.00'"}) &&
		len(linesOf(t, filepath.Join(out, "sent.ndjson"))) == 1
}

// rowsOf are rows of orders.db in a folder, as somebody sees them who looks at a copy of its
// files: on some targets they are behind a path at which SQLite opens nothing. One that was
// taken while it changed has none.
func rowsOf(t *testing.T, out, query string) (rows []string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "flowc-rows-") //nolint:usetesting // it is asked for again and again, and goes at once
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"orders.db", "orders.db-wal"} {
		text, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			continue
		}
		writeFile(t, filepath.Join(dir, name), string(text))
	}
	db := openSQLite(t, filepath.Join(dir, "orders.db"))
	defer db.Close()
	found, err := db.Query(query)
	if err != nil {
		return nil
	}
	defer found.Close()
	names, err := found.Columns()
	if err != nil {
		return nil
	}
	for found.Next() {
		values, places := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			places[i] = &values[i]
		}
		if found.Scan(places...) != nil {
			return nil
		}
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = literal(v)
		}
		rows = append(rows, strings.Join(texts, ", "))
	}
	return rows
}

// wrote tells whether an example that does not end has written what it has to.
func (e *exampleOnTarget) wrote(t *testing.T, out string) bool {
	t.Helper()
	if e.database != "" {
		return e.changed(t, out)
	}
	whole := true
	each(t, filepath.Join(examples, e.name, "want"), func(rel string, data []byte) {
		got, err := os.ReadFile(filepath.Join(out, rel))
		if filepath.Ext(rel) == ".segment" {
			_, got, _ = bytes.Cut(got, []byte("\n"))
		}
		whole = whole && err == nil && len(got) >= len(data)
	})
	return whole
}

// came holds that what the example wrote to its folder out, and printed, is what it has to.
func (e *exampleOnTarget) came(t *testing.T, out string, stdout []byte) {
	t.Helper()
	if e.database != "" {
		if lines := linesOf(t, filepath.Join(out, "sent.ndjson")); !e.changed(t, out) || !strings.HasPrefix(lines[0], `{"order":1,"customer":"ada","total":"249.90","at":"20`) {
			t.Errorf("%s: what was sent is %v", e.name, lines)
		}
		return
	}
	dir := t.TempDir()
	each(t, out, func(rel string, data []byte) {
		path := filepath.Join(dir, "out", rel)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(rel, "dead.") {
			data = e.whereItIs(data)
		}
		writeFile(t, path, string(data))
	})
	if !e.prints {
		stdout = nil
	}
	wanted(t, e.name, dir, stdout)
}

// whereItIs puts the paths of the pipeline in the place of those that a target has for its files.
func (e *exampleOnTarget) whereItIs(data []byte) []byte {
	for path, of := range e.reads {
		if strings.HasSuffix(of, "/") {
			continue
		}
		data = regexp.MustCompile(`"/[^"]*/`+regexp.QuoteMeta(of)+`"`).ReplaceAll(data, []byte(`"`+path+`"`))
	}
	return data
}

// records are the lines of a log that are records, as they were printed: what the program
// says of itself is none.
func (e *exampleOnTarget) records(t *testing.T, log string) []byte {
	t.Helper()
	want, err := os.ReadFile(filepath.Join(examples, e.name, "want", "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(want), "\n")
	var b bytes.Buffer
	for line := range strings.Lines(log) {
		if strings.HasPrefix(line, first[:2]) {
			b.WriteString(line)
		}
	}
	return b.Bytes()
}
