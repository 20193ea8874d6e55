package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
)

// mirrored are the columns of a table whose changes are read, and of one that they
// are applied to.
const mirrored = `id bigint PRIMARY KEY, region text, total numeric, note text, at timestamptz, tags jsonb, n bigint`

const mirroredQuery = `id, region, total, coalesce(md5(note), '-'), at, tags, n FROM %s ORDER BY id`

// A shop is a server whose table changes while it is read.
type shop struct {
	*pgtest.Server
	t   *testing.T
	rnd *rand.Rand
	n   int
}

func newShop(t *testing.T, rows int, identity string) *shop {
	s := &shop{pgtest.New(t), t, rand.New(rand.NewPCG(4, 2)), 0}
	s.Exec(`CREATE TABLE orders (` + mirrored + `); ALTER TABLE orders REPLICA IDENTITY ` + identity + `;
INSERT INTO orders SELECT i, CASE WHEN i % 2 = 0 THEN 'EU' ELSE 'US' END, i / 10.0, CASE WHEN i % 50 = 0 THEN (SELECT string_agg(md5(i::text || j), '') FROM generate_series(1, 200) j) WHEN i % 3 = 0 THEN NULL ELSE 'short' END,
'2026-01-02 03:04:05.000006+00', '["a", 1]', 0 FROM generate_series(1, ` + fmt.Sprint(rows) + `) i`)
	return s
}

// transaction changes some rows.
func (s *shop) transaction() {
	var b strings.Builder
	b.WriteString("BEGIN;")
	for range 1 + s.rnd.IntN(6) {
		s.n++
		id := 1 + s.rnd.IntN(4000)
		switch s.rnd.IntN(10) {
		case 0, 1, 2:
			fmt.Fprintf(&b, `INSERT INTO orders VALUES (%d, 'EU', %d.50, repeat('%d ', %d), now(), '{"k": %d}', %d) ON CONFLICT (id) DO UPDATE SET n = excluded.n, note = excluded.note;`, 100000+s.rnd.IntN(3000), s.n, s.n, 1+s.rnd.IntN(2)*3000, s.n, s.n)
		case 3, 4, 5, 6: // the note stays what it is
			fmt.Fprintf(&b, "UPDATE orders SET n = %d, total = total + 1 WHERE id = %d;", s.n, id)
		case 7:
			fmt.Fprintf(&b, "DELETE FROM orders WHERE id = %d;", id)
		case 8: // the key becomes another one
			fmt.Fprintf(&b, "UPDATE orders SET id = %d, n = %[2]d WHERE id = %[3]d;", 1_000_000+s.n, s.n, id)
		case 9:
			fmt.Fprintf(&b, "SAVEPOINT s; UPDATE orders SET region = 'EU' WHERE id = %d; ROLLBACK TO s; UPDATE orders SET note = NULL, n = %d WHERE id = %d;", id, s.n, id+1)
		}
	}
	end := "COMMIT"
	if s.rnd.IntN(10) == 0 {
		end = "ROLLBACK"
	}
	if _, err := s.Try(b.String() + end); err != nil {
		s.t.Errorf("%s: %v", b.String(), err)
	}
}

// changing has rows change until the function that it returns is called.
func (s *shop) changing() (stop func()) {
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-end:
				return
			default:
				s.transaction()
				time.Sleep(time.Millisecond)
			}
		}
	}()
	return func() { close(end); <-done }
}

// A table that others write to while it is read is, in the end, the same elsewhere,
// however often the program is killed: in the middle of the rows that were there at
// first, and of the changes. Where the server tells all of a row, no change comes
// twice.
func TestChangesKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	t.Parallel()
	for _, c := range []struct{ sink, identity, optional string }{
		{"postgres", "FULL", ""}, {"postgres", "DEFAULT", "?"}, {"sqlite", "FULL", ""},
	} {
		t.Run(c.sink+"/"+c.identity, func(t *testing.T) {
			s := newShop(t, 30000, c.identity)
			dir := t.TempDir()
			db := filepath.Join(dir, "copy.db")
			config := fmt.Sprintf("path: %s", db)
			if c.sink == "postgres" {
				s.Exec(`CREATE TABLE copy (` + mirrored + `)`)
				config = fmt.Sprintf("dsn: %q", s.DSN())
			}
			binary := buildPipeline(t, "mirror", fmt.Sprintf(`
types: {Order: {id: int64, "region?": string, "total%[1]s": decimal, "note?": string, "at%[1]s": time, "tags?": json, "n%[1]s": int64}}
sources: {orders: {use: postgres, config: {dsn: %[2]q, table: orders}, out: change of Order}}
processors: {told: {from: orders, map: {op: in.Op, after: in.After, before: in.Before}}}
sinks:
  copy: {from: orders, use: %[3]s, config: {%[4]s, table: copy, key: id}, guarantee: effectively-once}
  log: {from: told, use: file, config: {path: log.ndjson}}
delivery: {checkpoint: {every: 30ms}}
`, c.optional, s.DSN(), c.sink, config))
			stop := s.changing()
			var p *started
			for kill := range 20 {
				p = start(t, binary, dir)
				time.Sleep(time.Duration(60+20*kill+s.rnd.IntN(100)) * time.Millisecond)
				p.alive()
				p.kill()
			}
			// On a slow machine none of them came past the first reading.
			p = start(t, binary, dir)
			eventually(t, "changes come behind what was there", func() bool {
				p.alive()
				time.Sleep(50 * time.Millisecond)
				log, _ := os.ReadFile(filepath.Join(dir, "log.ndjson")) // which is not there yet
				return changed.Match(log)
			})
			p.kill()
			s.Exec(`INSERT INTO orders SELECT i, 'EU', i, 'large', now(), '[]', 0 FROM generate_series(2000001, 2020000) i; DELETE FROM orders WHERE id > 2010000`)
			p = start(t, binary, dir)
			stop()
			s.Exec(`UPDATE orders SET n = -1 WHERE id = (SELECT min(id) FROM orders)`)
			rows := func(what string) []string {
				if c.sink == "postgres" {
					return s.Exec("SELECT " + what)
				}
				return strings.Split(strings.ReplaceAll(strings.Join(query(t, openSQLite(t, db), "SELECT "+what), "\n"), ", ", "|"), "\n")
			}
			eventually(t, "all changes have come", func() bool {
				p.alive()
				time.Sleep(100 * time.Millisecond)
				return rows("count(*) FROM copy WHERE n = -1")[0] == "1"
			})
			what := mirroredQuery
			if c.sink == "sqlite" {
				what = "id, n FROM %s ORDER BY id"
			}
			got, want := rows(fmt.Sprintf(what, "copy")), s.Exec("SELECT "+fmt.Sprintf(what, "orders"))
			if code := p.end(); code != 0 {
				t.Fatalf("exit code %d\n%s", code, p.said())
			}
			if !slices.Equal(got, want) {
				t.Errorf("the copy has %d rows, and the table %d; the first that differ are %s", len(got), len(want), differing(got, want))
			}
			judgeChanges(t, linesOf(t, filepath.Join(dir, "log.ndjson")), s.Exec("SELECT id FROM orders"), c.identity == "FULL")
		})
	}
}

// changed is in a line of the log that is of a change, and not of a row that was there.
var changed = regexp.MustCompile(`"op":"(insert|update|delete)"`)

// differing are the first rows that two lists do not share.
func differing(got, want []string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("%.200q and %.200q", got[i], want[i])
		}
	}
	return "at the end"
}

// judgeChanges replays changes: a row that is there does not come once more, where
// exact says so, and what is left in the end is what the table has.
func judgeChanges(t *testing.T, lines, want []string, exact bool) {
	t.Helper()
	type row struct{ ID int64 }
	there := map[int64]bool{}
	counts := map[string]int{}
	for i, line := range lines {
		var c struct {
			Op            string
			Before, After *row
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("line %d: %v", i, err)
		}
		counts[c.Op]++
		if c.Op == "delete" || c.Op == "update" && c.Before != nil {
			delete(there, c.Before.ID)
		}
		if c.After == nil {
			continue
		}
		if exact && c.Op != "update" && there[c.After.ID] {
			t.Errorf("line %d: %s of the row %d, which is there", i, c.Op, c.After.ID)
		}
		there[c.After.ID] = true
	}
	if counts["read"] == 0 || counts["insert"] == 0 || counts["update"] == 0 || counts["delete"] == 0 {
		t.Errorf("there were %v", counts)
	}
	var left []string
	for id := range there {
		left = append(left, fmt.Sprint(id))
	}
	slices.Sort(left)
	slices.Sort(want)
	if !slices.Equal(left, want) {
		t.Errorf("%d rows are left of the changes, and the table has %d (%v)", len(left), len(want), counts)
	}
}

// Every type comes as a change as it comes as a row, both where the row was there at
// first and where it changes, and is applied as it came.
func TestTypesCrossAsChanges(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	db := databases["postgres"](t)
	var input []string
	for _, c := range crossing[1:] {
		for _, v := range c.values {
			input = append(input, fmt.Sprintf(`{"id":%d,"%s":%s}`, len(input)+1, c.name, v))
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "in.ndjson"), []byte(strings.Join(input, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	mustRun(t, dir, buildPipeline(t, "into", crossingType()+`
sources: {in: {use: file, config: {path: in.ndjson}, out: T}}
sinks: {out: {from: in, use: postgres, config: {`+db.config("crossing")+`, key: id}}}
`))
	p := start(t, buildPipeline(t, "changes", crossingType()+`
sources: {in: {use: postgres, config: {`+db.config("crossing")+`}, out: change of T}}
processors: {told: {from: in, map: {op: in.Op, row: in.After}}}
sinks:
  lines: {from: told, use: file, config: {path: out.ndjson}}
  copy: {from: in, use: postgres, config: {`+db.config("copy")+`, key: id}}
`), dir)
	out := filepath.Join(dir, "out.ndjson")
	come := func(n int) func() bool {
		return func() bool { p.alive(); return len(linesOf(t, out)) >= n }
	}
	eventually(t, "the rows that are there have come", come(len(input)))
	db.rows(t, "UPDATE crossing SET id = id + 1000")
	eventually(t, "the changes have come", come(2*len(input)))
	if code := p.end(); code != 0 {
		t.Fatalf("exit code %d\n%s", code, p.said())
	}
	lines := linesOf(t, out)
	slices.SortStableFunc(lines, func(a, b string) int { return strings.Compare(a[:9], b[:9]) }) // read before update
	for i, line := range lines {
		var c struct {
			Op  string
			Row struct{ ID int }
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		id := c.Row.ID
		if c.Op == "update" {
			id -= 1000
		}
		if id < 1 || id > len(input) || (c.Op == "update") != (i >= len(input)) {
			t.Fatalf("line %d: %s", i, line)
		}
		_, value, _ := strings.Cut(input[id-1], ",")
		if given, ok := db.gives[value]; ok {
			value = given
		}
		want := fmt.Sprintf(`{"op":"%s","row":{"id":%d,%s}`, c.Op, c.Row.ID, value)
		if compact(t, line) != compact(t, want) {
			t.Errorf("got  %s\nwant %s", line, want)
		}
	}
	all := "SELECT * FROM %s ORDER BY id"
	if got, want := db.rows(t, fmt.Sprintf(all, "copy")), db.rows(t, fmt.Sprintf(all, "crossing")); !slices.Equal(got, want) {
		t.Errorf("the copy is another: %s", differing(got, want))
	}
}

// The example is run as its first lines say, where the machine has PostgreSQL.
func TestExampleMirror(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs a program")
	}
	server := pgtest.New(t)
	script := func(name string) {
		text, err := os.ReadFile(filepath.Join(examples, "mirror", name))
		if err != nil {
			t.Fatal(err)
		}
		server.Exec(string(text))
	}
	script("shop.sql")
	dir := copyExample(t, "mirror", t.TempDir())
	p := start(t, buildProgram(t, filepath.Join(dir, "pipeline.yaml")), dir, "SHOP_DB="+server.DSN())
	copied := func(query string) []string { return queryIfThere(t, filepath.Join(dir, "out", "orders.db"), query) }
	eventually(t, "the rows that are there have come", func() bool { p.alive(); return slices.Equal(copied("SELECT count(*) FROM orders"), []string{"3"}) })
	script("day.sql")
	eventually(t, "the day has come", func() bool {
		p.alive()
		return slices.Equal(copied("SELECT id, customer, status, total FROM orders ORDER BY id"), []string{"1, 'ada', 'sent', '249.90'", "2, 'ben', 'new', '10.00'", "4, 'dee', 'paid', '310.00'"})
	})
	if code := p.end(); code != 0 {
		t.Fatalf("exit code %d\n%s", code, p.said())
	}
	lines := linesOf(t, filepath.Join(dir, "out", "sent.ndjson"))
	if len(lines) != 1 || !strings.HasPrefix(lines[0], `{"order":1,"customer":"ada","total":"249.90","at":"20`) {
		t.Errorf("what was sent: %v", lines)
	}
	// What the first lines say to drop is what is there.
	server.Exec(`SELECT pg_drop_replication_slot('flowc_mirror_orders'); DROP PUBLICATION flowc_mirror_orders`)
}

// queryIfThere is query where the file and the table are there.
func queryIfThere(t *testing.T, path, text string) []string {
	t.Helper()
	if _, err := os.Stat(path); err != nil || len(query(t, openSQLite(t, path), "SELECT 1 FROM sqlite_schema WHERE name = 'orders'")) == 0 {
		return nil
	}
	return query(t, openSQLite(t, path), text)
}
