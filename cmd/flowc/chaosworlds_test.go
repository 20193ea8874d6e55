//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

const chaosType = `types: {T: {id: int64, key: string, pad: string}}
delivery: {checkpoint: {every: 20ms}}
`

// chaosWorlds are the pipelines that are run through faults: replayable and
// answering sources, sinks of each kind, a line, a fan-out with dead letters and a
// branch that fails, a fan-in.
var chaosWorlds = []chaosWorld{
	{"file-file", chaosType + `
sources: {in: {use: file, config: {path: in.ndjson}, out: T}}
sinks: {out: {from: in, use: file, config: {path: out.ndjson}}}
`, 10, 30 * time.Millisecond, func(t *testing.T, r *chaosRun) {
		r.input(t, "in.ndjson", 0, 100_000, false)
		r.branches = func(t *testing.T) []flowtest.Branch {
			return []flowtest.Branch{{Name: "out", Sinks: []flowtest.Place{r.lines(t, "out.ndjson")}}}
		}
	}},
	{"file-parquet", chaosType + `
sources: {in: {use: file, config: {path: in.ndjson}, out: T}}
sinks:
  whole: {from: in, use: file, config: {path: out.parquet, parquet: {row_group: 200KiB}}}
  parts: {from: in, use: file, config: {path: "by/key=${in.Key}/t.parquet", parquet: {rows: 700}}}
`, 10, 40 * time.Millisecond, func(t *testing.T, r *chaosRun) {
		r.input(t, "in.ndjson", 0, 60_000, false)
		r.branches = func(t *testing.T) []flowtest.Branch {
			return []flowtest.Branch{
				{Name: "whole", Sinks: []flowtest.Place{r.columns(t, "out.parquet")}},
				{Name: "parts", Sinks: []flowtest.Place{r.columns(t, "by/*/*.parquet")}},
			}
		}
	}},
	{"parquet-file", chaosType + `
sources: {in: {use: file, config: {path: "in/*.parquet"}, out: T}}
sinks: {out: {from: in, use: file, config: {path: out.ndjson}}}
`, 10, 30 * time.Millisecond, func(t *testing.T, r *chaosRun) {
		r.tables(t, 3, 30_000)
		r.branches = func(t *testing.T) []flowtest.Branch {
			return []flowtest.Branch{{Name: "out", Sinks: []flowtest.Place{r.lines(t, "out.ndjson")}}}
		}
	}},
	{"file-sqlite", chaosType + `
sources: {in: {use: file, config: {path: in.ndjson}, out: T}}
sinks: {out: {from: in, use: sqlite, config: {path: out.db, table: t}}}
`, 10, 40 * time.Millisecond, func(t *testing.T, r *chaosRun) {
		r.input(t, "in.ndjson", 0, 60_000, false)
		r.branches = func(t *testing.T) []flowtest.Branch {
			return []flowtest.Branch{{Name: "out", Sinks: []flowtest.Place{r.rows(t, "out.db", "t")}}}
		}
	}},
	// New tables come all along, so that deaths meet those that were just made.
	{"tables-sqlite", chaosType + `
sources: {in: {use: file, config: {path: in.ndjson}, out: T}}
sinks: {out: {from: in, use: sqlite, config: {path: out.db, table: "t_${in.ID / 1000}"}}}
`, 10, 40 * time.Millisecond, func(t *testing.T, r *chaosRun) {
		r.input(t, "in.ndjson", 0, 60_000, false)
		r.branches = func(t *testing.T) []flowtest.Branch {
			all := flowtest.Place{Name: "out.db"}
			db := openSQLite(t, r.path("out.db"))
			names := query(t, db, `SELECT name FROM sqlite_schema WHERE name LIKE 't\_%' ESCAPE '\' ORDER BY CAST(substr(name, 3) AS INTEGER)`)
			_ = db.Close()
			for _, name := range names {
				all.Records = append(all.Records, r.rows(t, "out.db", name).Records...)
			}
			return []flowtest.Branch{{Name: "out", Sinks: []flowtest.Place{all}}}
		}
	}},
	{"checkpoint-sqlite", strings.Replace(chaosType, "every: 20ms", "every: 20ms, store: sqlite, path: checkpoints.db", 1) + `
sources: {in: {use: file, config: {path: in.ndjson}, out: T}}
sinks: {out: {from: in, use: file, config: {path: out.ndjson}}}
`, 10, 40 * time.Millisecond, func(t *testing.T, r *chaosRun) {
		r.input(t, "in.ndjson", 0, 60_000, false)
		r.branches = func(t *testing.T) []flowtest.Branch {
			return []flowtest.Branch{{Name: "out", Sinks: []flowtest.Place{r.lines(t, "out.ndjson")}}}
		}
	}},
	{"checkpoint-nats", strings.Replace(chaosType, "every: 20ms", `every: 20ms, store: nats, url: "${env:NATS_URL}"`, 1) + `
sources: {in: {use: file, config: {path: in.ndjson}, out: T}}
sinks: {out: {from: in, use: file, config: {path: out.ndjson}}}
`, 10, 100 * time.Millisecond, func(t *testing.T, r *chaosRun) {
		s := newNATSServer(t)
		r.Program.Env = append(r.Program.Env, "NATS_URL="+s.url())
		r.More = map[flowtest.Fault]func(time.Duration) error{serverAway: func(pause time.Duration) error {
			s.stop()
			time.Sleep(pause)
			s.start()
			return nil
		}}
		r.input(t, "in.ndjson", 0, 100_000, false)
		r.branches = func(t *testing.T) []flowtest.Branch {
			return []flowtest.Branch{{Name: "out", Sinks: []flowtest.Place{r.lines(t, "out.ndjson")}}}
		}
	}},
	{"checkpoint-postgres", strings.Replace(chaosType, "every: 20ms", `every: 20ms, store: postgres, dsn: "${env:DSN}"`, 1) + `
sources: {in: {use: file, config: {path: in.ndjson}, out: T}}
sinks: {out: {from: in, use: file, config: {path: out.ndjson}}}
`, 10, 30 * time.Millisecond, func(t *testing.T, r *chaosRun) {
		s := pgtest.New(t)
		r.Program.Env = append(r.Program.Env, "DSN="+s.DSN())
		r.More = map[flowtest.Fault]func(time.Duration) error{serverAway: func(pause time.Duration) error {
			s.Stop()
			time.Sleep(pause)
			s.Start()
			return nil
		}}
		r.input(t, "in.ndjson", 0, 100_000, false)
		r.branches = func(t *testing.T) []flowtest.Branch {
			return []flowtest.Branch{{Name: "out", Sinks: []flowtest.Place{r.lines(t, "out.ndjson")}}}
		}
	}},
	{"http-file", chaosType + `
sources: {in: {use: http, config: {listen: "ADDRESS", path: /in}, out: T}}
sinks: {out: {from: in, use: file, config: {path: out.ndjson}}}
`, 10, 100 * time.Millisecond, func(t *testing.T, r *chaosRun) {
		r.Produce = r.post(t, "http://"+r.address+"/in", 3, 400)
		r.Done = func() (bool, error) { return true, nil } // what was accepted is safe
		r.branches = func(t *testing.T) []flowtest.Branch {
			p := r.lines(t, "out.ndjson")
			// A source that can't go back has no checkpoint that the file could be cut to:
			// a line that was torn by kill -9 was not accepted, and stays.
			whole := slices.DeleteFunc(p.Records, func(f flowtest.Found) bool { return !json.Valid(f.Data) })
			if n := len(p.Records) - len(whole); n > r.Most {
				t.Errorf("%d torn lines, more than there were faults", n)
			}
			p.Records = whole
			return []flowtest.Branch{{Name: "out", Sinks: []flowtest.Place{p}}}
		}
	}},
	{"follow-file", chaosType + `
sources: {in: {use: file, config: {path: in.ndjson, follow: true}, out: T}}
sinks: {out: {from: in, use: file, config: {path: out.ndjson}}}
`, 10, 80 * time.Millisecond, func(t *testing.T, r *chaosRun) {
		const count = 4000
		r.input(t, "in.ndjson", 0, 10, false)
		r.Produce = func(ctx context.Context) error {
			for from := 10; from < count && ctx.Err() == nil; from += 10 {
				r.input(t, "in.ndjson", from, 10, false)
				time.Sleep(2 * time.Millisecond)
			}
			return ctx.Err()
		}
		r.Done = func() (bool, error) { return r.savedAll("in.ndjson") }
		r.branches = func(t *testing.T) []flowtest.Branch {
			return []flowtest.Branch{{Name: "out", Sinks: []flowtest.Place{r.lines(t, "out.ndjson")}}}
		}
	}},
	{"fan-out", chaosType + `
sources: {in: {use: file, config: {path: in.ndjson}, out: T, on_error: {then: dead}}}
processors: {some: {from: in, filter: in.Key == "k1"}}
sinks:
  rows: {from: in, use: sqlite, config: {path: out.db, table: t}, on_error: {then: dead}}
  lines: {from: some, use: file, config: {path: some.ndjson}}
  dead: {use: file, config: {path: dead.ndjson}}
`, 10, 40 * time.Millisecond, func(t *testing.T, r *chaosRun) {
		r.input(t, "in.ndjson", 0, 30_000, true)
		r.pickyTable(t, "out.db") // one of the branches can't take all of it
		r.branches = func(t *testing.T) []flowtest.Branch {
			dead := []flowtest.Place{r.letters(t, "dead.ndjson", "in")}
			isTorn := func(record flowtest.Record) bool { return !json.Valid(record.Data) }
			return []flowtest.Branch{
				{Name: "rows", Sinks: []flowtest.Place{r.rows(t, "out.db", "t")}, Dead: append(dead, r.letters(t, "dead.ndjson", "rows"))},
				{
					Name: "lines", Sinks: []flowtest.Place{r.lines(t, "some.ndjson")}, Dead: dead,
					Wants: func(record flowtest.Record) bool { return record.Key == "k1" || isTorn(record) },
				},
			}
		}
	}},
	{"fan-in", chaosType + `
sources:
  one: {use: file, config: {path: one.ndjson}, out: T}
  two: {use: file, config: {path: two.ndjson}, out: T}
sinks: {out: {from: [one, two], use: sqlite, config: {path: out.db, table: t}}}
`, 10, 40 * time.Millisecond, func(t *testing.T, r *chaosRun) {
		r.input(t, "one.ndjson", 0, 15_000, false)
		r.input(t, "two.ndjson", 1_000_001, 15_000, false)
		r.branches = func(t *testing.T) []flowtest.Branch {
			return []flowtest.Branch{{Name: "out", Sinks: []flowtest.Place{r.rows(t, "out.db", "t")}}}
		}
	}},
	{"nats-nats", chaosType + `
defaults: {nats: {url: "${env:NATS_URL}"}}
sources: {in: {use: nats, config: {stream: IN}, out: T}}
sinks: {out: {from: in, use: nats, config: {stream: OUT, subject: out}}}
`, 10, 150 * time.Millisecond, func(t *testing.T, r *chaosRun) {
		s := newNATSServer(t)
		s.make("IN", "in.*")
		s.make("OUT", "out")
		r.Program.Env = append(r.Program.Env, "NATS_URL="+s.url())
		r.More = map[flowtest.Fault]func(time.Duration) error{serverAway: func(pause time.Duration) error {
			s.stop()
			time.Sleep(pause)
			s.start()
			return nil
		}}
		r.Produce = r.publish(t, s, 3, 300)
		out := func() (p flowtest.Place) {
			p.Name = "OUT"
			for _, m := range s.all("OUT") {
				p.Records = append(p.Records, flowtest.Found{ID: idOf(m.Data()), Data: m.Data()})
			}
			return p
		}
		r.Done = func() (bool, error) {
			_, accepted := r.ledger.Counts()
			if s.count("OUT") < accepted {
				return false, nil
			}
			there := map[string]bool{}
			for _, f := range out().Records {
				there[f.ID] = true
			}
			return len(there) >= accepted, nil
		}
		r.branches = func(*testing.T) []flowtest.Branch {
			return []flowtest.Branch{{Name: "out", Sinks: []flowtest.Place{out()}}}
		}
	}},
	{"postgres-sqlite", chaosType + `
sources: {in: {use: postgres, config: {dsn: "${env:DSN}", table: t}, out: change of T}}
processors: {rows: {from: in, map: {id: in.After.ID, key: in.After.Key, pad: in.After.Pad}}}
sinks: {out: {from: rows, use: sqlite, config: {path: out.db, table: t}}}
`, 10, 150 * time.Millisecond, func(t *testing.T, r *chaosRun) {
		s := pgtest.New(t)
		// A row a page, and one writer, for whom pages are added one by one: those that
		// are there at first come in the order of their places.
		s.Exec(`CREATE TABLE t (id bigint PRIMARY KEY, key text NOT NULL, pad text NOT NULL, more text NOT NULL DEFAULT repeat('x', 4200)) WITH (autovacuum_enabled = off); ALTER TABLE t ALTER more SET STORAGE PLAIN; ALTER TABLE t REPLICA IDENTITY FULL`)
		r.Program.Env = append(r.Program.Env, "DSN="+s.DSN())
		r.More = map[flowtest.Fault]func(time.Duration) error{serverAway: func(pause time.Duration) error {
			s.Stop()
			time.Sleep(pause)
			s.Start()
			return nil
		}}
		const lanes, records = 1, 600
		next := make([]int, lanes)
		r.Produce = (&flowtest.Producer{
			Ledger: r.ledger, Lanes: lanes, Pause: 10 * time.Millisecond,
			Next: func(lane int) []flowtest.Record {
				if next[lane] == records {
					return nil
				}
				next[lane]++
				return []flowtest.Record{chaosRecord(next[lane]*lanes + lane)}
			},
			Send: func(_ context.Context, list []flowtest.Record) error {
				row := strings.ReplaceAll(string(list[0].Data), "'", "''")
				_, err := s.Try(`INSERT INTO t SELECT id, key, pad FROM jsonb_to_record('` + row + `') AS r(id bigint, key text, pad text) ON CONFLICT DO NOTHING`)
				return err
			},
		}).Run
		r.Done = func() (bool, error) {
			_, accepted := r.ledger.Counts()
			return len(r.rows(t, "out.db", "t").Records) >= accepted, nil
		}
		r.branches = func(t *testing.T) []flowtest.Branch {
			return []flowtest.Branch{{Name: "out", Sinks: []flowtest.Place{r.rows(t, "out.db", "t")}}}
		}
	}},
	{"range-files-sqlite", chaosType + `
sources: {in: {use: file, config: {path: "in-*.ndjson"}, range: {from: in-2, to: in-7, parallel: 3}, out: T}}
sinks: {out: {from: in, use: sqlite, config: {path: out.db, table: t}}}
`, 10, 40 * time.Millisecond, func(t *testing.T, r *chaosRun) {
		// What lies before and behind the range is in no ledger: it must not come.
		for i := range 9 {
			if i < 2 || i >= 7 {
				if err := os.WriteFile(r.path(fmt.Sprintf("in-%d.ndjson", i)), append(chaosRecord(900_000+i).Data, '\n'), 0o666); err != nil {
					t.Fatal(err)
				}
				continue
			}
			r.input(t, fmt.Sprintf("in-%d.ndjson", i), i*100_000, 6_000, false)
		}
		r.branches = func(t *testing.T) []flowtest.Branch {
			return []flowtest.Branch{{Name: "out", Unordered: true, Sinks: []flowtest.Place{r.rows(t, "out.db", "t")}}}
		}
	}},
	{"range-postgres-file", chaosType + `
sources: {in: {use: postgres, config: {dsn: "${env:DSN}", table: t, key: id}, range: {from: 1, to: 20001, parallel: 4}, out: T}}
sinks: {out: {from: in, use: file, config: {path: out.ndjson}}}
`, 10, 60 * time.Millisecond, func(t *testing.T, r *chaosRun) {
		s := pgtest.New(t)
		r.Program.Env = append(r.Program.Env, "DSN="+s.DSN())
		r.More = map[flowtest.Fault]func(time.Duration) error{serverAway: func(pause time.Duration) error {
			s.Stop()
			time.Sleep(pause)
			s.Start()
			return nil
		}}
		r.input(t, "rows.ndjson", 0, 20_002, false)
		rows, err := os.ReadFile(r.path("rows.ndjson"))
		if err != nil {
			t.Fatal(err)
		}
		s.Exec(`CREATE TABLE t (id bigint PRIMARY KEY, key text NOT NULL, pad text NOT NULL)`)
		for chunk := range slices.Chunk(strings.Split(strings.TrimSpace(string(rows)), "\n"), 1000) {
			s.Exec(`INSERT INTO t SELECT id, key, pad FROM jsonb_to_recordset('[` + strings.ReplaceAll(strings.Join(chunk, ","), "'", "''") + `]') AS r(id bigint, key text, pad text)`)
		}
		inRange := func(record flowtest.Record) bool { return record.ID != "0" && record.ID != "20001" }
		r.branches = func(t *testing.T) []flowtest.Branch {
			return []flowtest.Branch{{Name: "out", Unordered: true, Wants: inRange, Sinks: []flowtest.Place{r.lines(t, "out.ndjson")}}}
		}
	}},
	{"kafka-kafka", chaosType + `
defaults: {kafka: {brokers: "${env:KAFKA_BROKER}"}}
sources: {in: {use: kafka, config: {topics: [in]}, out: T}}
sinks: {out: {from: in, use: kafka, config: {topic: out, key: "${in.Key}"}, guarantee: effectively-once}}
`, 10, 150 * time.Millisecond, func(t *testing.T, r *chaosRun) {
		c := newKafkaCluster(t, "in", "out")
		r.Program.Env = append(r.Program.Env, "KAFKA_BROKER="+c.address())
		r.More = map[flowtest.Fault]func(time.Duration) error{serverAway: func(pause time.Duration) error {
			c.stop()
			time.Sleep(pause)
			c.start()
			return nil
		}}
		r.Produce = r.send(t, c, 3, 300)
		out := func() (p flowtest.Place) {
			p.Name = "out"
			for _, m := range c.committed("out") {
				p.Records = append(p.Records, flowtest.Found{ID: idOf(m.Value), Data: m.Value})
			}
			return p
		}
		r.Done = func() (bool, error) {
			_, accepted := r.ledger.Counts()
			return len(out().Records) >= accepted, nil
		}
		r.branches = func(*testing.T) []flowtest.Branch {
			return []flowtest.Branch{{Name: "out", Sinks: []flowtest.Place{out()}}}
		}
	}},
	{"tables-postgres", chaosType + `
sources: {in: {use: file, config: {path: in.ndjson}, out: T}}
sinks: {out: {from: in, use: postgres, config: {dsn: "${env:DSN}", table: "t_${in.ID / 1000}"}}}
`, 10, 60 * time.Millisecond, func(t *testing.T, r *chaosRun) {
		s := pgtest.New(t)
		r.Program.Env = append(r.Program.Env, "DSN="+s.DSN())
		r.More = map[flowtest.Fault]func(time.Duration) error{serverAway: func(pause time.Duration) error {
			s.Stop()
			time.Sleep(pause)
			s.Start()
			return nil
		}}
		r.input(t, "in.ndjson", 0, 60_000, false)
		r.branches = func(t *testing.T) []flowtest.Branch {
			all := flowtest.Place{Name: "tables"}
			for _, name := range s.Exec(`SELECT tablename FROM pg_tables WHERE tablename LIKE 't\_%' ORDER BY substr(tablename, 3)::int`) {
				// A table that the sink makes has no column that counts, so that of the order
				// nothing is asked here.
				all.Records = append(all.Records, tableOf(t, s, `(SELECT id AS n, * FROM `+name+`) q`).Records...)
			}
			return []flowtest.Branch{{Name: "out", Sinks: []flowtest.Place{all}}}
		}
	}},
	{"file-postgres", chaosType + `
sources: {in: {use: file, config: {path: in.ndjson}, out: T}}
sinks: {out: {from: in, use: postgres, config: {dsn: "${env:DSN}", table: t}}}
`, 10, 60 * time.Millisecond, func(t *testing.T, r *chaosRun) {
		s := pgtest.New(t)
		s.Exec(`CREATE TABLE t (n bigint GENERATED ALWAYS AS IDENTITY, id bigint NOT NULL, key text NOT NULL, pad text NOT NULL)`)
		r.Program.Env = append(r.Program.Env, "DSN="+s.DSN())
		r.More = map[flowtest.Fault]func(time.Duration) error{serverAway: func(pause time.Duration) error {
			s.Stop()
			time.Sleep(pause)
			s.Start()
			return nil
		}}
		r.input(t, "in.ndjson", 0, 60_000, false)
		r.branches = func(t *testing.T) []flowtest.Branch {
			return []flowtest.Branch{{Name: "out", Sinks: []flowtest.Place{tableOf(t, s, "t")}}}
		}
	}},
}

// serverAway is a server that stops and comes back.
const serverAway flowtest.Fault = "server away"

// send returns a producer that sends records to the topic `in` by several lanes. Its
// client tries on while the brokers are away, and stores nothing twice.
func (r *chaosRun) send(t *testing.T, c *kafkaCluster, lanes, messages int) func(ctx context.Context) error {
	t.Helper()
	client := c.client()
	t.Cleanup(client.Close)
	next := make([]int, lanes) // a lane looks at its own alone
	return (&flowtest.Producer{
		Ledger: r.ledger, Lanes: lanes, Pause: 10 * time.Millisecond,
		Next: func(lane int) []flowtest.Record {
			if next[lane] == messages {
				return nil
			}
			next[lane]++
			return []flowtest.Record{chaosRecord(next[lane]*lanes + lane)}
		},
		Send: func(ctx context.Context, records []flowtest.Record) error {
			err := client.ProduceSync(ctx, &kgo.Record{Topic: "in", Key: []byte(records[0].Key), Value: records[0].Data}).FirstErr()
			time.Sleep(time.Millisecond) // so that there is something to disturb
			return err
		},
	}).Run
}

// publish returns a producer that publishes records by several lanes.
func (r *chaosRun) publish(t *testing.T, s *natsServer, lanes, messages int) func(ctx context.Context) error {
	t.Helper()
	conn, err := nats.Connect(s.url(), nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	next := make([]int, lanes) // a lane looks at its own alone
	return (&flowtest.Producer{
		Ledger: r.ledger, Lanes: lanes, Pause: 10 * time.Millisecond,
		Next: func(lane int) []flowtest.Record {
			if next[lane] == messages {
				return nil
			}
			next[lane]++
			return []flowtest.Record{chaosRecord(next[lane]*lanes + lane)}
		},
		Send: func(ctx context.Context, records []flowtest.Record) error {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			_, err := js.Publish(ctx, "in."+records[0].Key, records[0].Data)
			time.Sleep(time.Millisecond) // so that there is something to disturb
			return err
		},
	}).Run
}

// chaosRecord is the record of a number. Its key says what order it is kept in; the
// keys of even and odd numbers above a million are others than those below.
func chaosRecord(id int) flowtest.Record {
	rnd := rand.New(rand.NewPCG(uint64(id), 3))
	key := fmt.Sprintf("k%d", id%3+id/1_000_000*3)
	pad := strings.Repeat("é\\\"x ", rnd.IntN(30))
	text, err := json.Marshal(pad)
	if err != nil {
		panic(err)
	}
	return flowtest.Record{ID: strconv.Itoa(id), Key: key, Data: fmt.Appendf(nil, `{"id":%d,"key":"%s","pad":%s}`, id, key, text)}
}

// input adds promised records to a file, every 97th of them torn where torn is.
func (r *chaosRun) input(t *testing.T, name string, from, count int, torn bool) {
	var text []byte
	var records []flowtest.Record
	for id := from; id < from+count; id++ {
		record := chaosRecord(id)
		if torn && id%97 == 5 {
			record.Data = record.Data[:len(record.Data)-2]
		}
		records = append(records, record)
		text = append(append(text, record.Data...), '\n')
	}
	if err := r.ledger.Promise(records...); err != nil {
		t.Error(err)
	}
	f, err := os.OpenFile(r.path(name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err == nil {
		_, err = f.Write(text)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Error(err)
	}
}

// post returns a producer that sends requests of up to 20 records by several lanes.
func (r *chaosRun) post(t *testing.T, url string, lanes, requests int) func(ctx context.Context) error {
	client := &http.Client{Timeout: 20 * time.Second}
	t.Cleanup(client.CloseIdleConnections)
	var mu sync.Mutex
	next, sent := make([]int, lanes), make([]int, lanes)
	rnd := rand.New(rand.NewPCG(r.Seed, 9))
	p := &flowtest.Producer{
		Ledger: r.ledger, Lanes: lanes, Pause: 5 * time.Millisecond,
		Next: func(lane int) (records []flowtest.Record) {
			mu.Lock()
			defer mu.Unlock()
			if sent[lane]++; sent[lane] > requests {
				return nil
			}
			for range 1 + rnd.IntN(20) {
				records = append(records, chaosRecord(next[lane]*3+lane)) // a lane has the keys of its own
				next[lane]++
			}
			return records
		},
		Send: func(ctx context.Context, records []flowtest.Record) error {
			var body bytes.Buffer
			for _, record := range records {
				body.Write(record.Data)
				body.WriteByte('\n')
			}
			request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, &body)
			if err != nil {
				return err
			}
			response, err := client.Do(request)
			if err != nil {
				return err
			}
			defer response.Body.Close()
			answer, err := io.ReadAll(response.Body)
			if err == nil && response.StatusCode != http.StatusOK {
				err = fmt.Errorf("%s: %s", response.Status, answer)
			}
			return err
		},
	}
	return p.Run
}

var chaosID = regexp.MustCompile(`^\{"id":(\d+),`)

// idOf is the number of a record.
func idOf(line []byte) string {
	if m := chaosID.FindSubmatch(line); m != nil {
		return string(m[1])
	}
	return ""
}

// lines are the records of a file.
func (r *chaosRun) lines(t *testing.T, name string) flowtest.Place {
	t.Helper()
	p, err := flowtest.Lines(name, idOf, r.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// letters are the originals of a node's dead letters in a file.
func (r *chaosRun) letters(t *testing.T, name, node string) flowtest.Place {
	t.Helper()
	p := flowtest.Place{Name: name + " of " + node}
	for _, f := range r.lines(t, name).Records {
		var letter struct {
			Node   string
			Record json.RawMessage // an original that is JSON
			Data   []byte          // another one
		}
		if err := json.Unmarshal(f.Data, &letter); err != nil {
			p.Records = append(p.Records, flowtest.Found{Data: f.Data}) // it is torn
		} else if letter.Node == node {
			original := slices.Concat(letter.Record, letter.Data)
			p.Records = append(p.Records, flowtest.Found{ID: idOf(original), Data: original})
		}
	}
	return p
}

// pickyTable makes a table t that does not take all records.
func (r *chaosRun) pickyTable(t *testing.T, name string) {
	t.Helper()
	db := openSQLite(t, r.path(name))
	if _, err := db.Exec(`CREATE TABLE t (id INTEGER NOT NULL CHECK (id % 89 <> 7), key TEXT NOT NULL, pad TEXT NOT NULL)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// rows are the records of a table, in the order in which they were written.
func (r *chaosRun) rows(t *testing.T, name, table string) flowtest.Place {
	t.Helper()
	p := flowtest.Place{Name: name}
	db := openSQLite(t, r.path(name))
	defer db.Close()
	rows, err := db.Query("SELECT id, key, pad FROM " + table + " ORDER BY rowid")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		var key, pad string
		if err := rows.Scan(&id, &key, &pad); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(pad)
		if err != nil {
			t.Fatal(err)
		}
		p.Records = append(p.Records, flowtest.Found{ID: strconv.Itoa(id), Data: fmt.Appendf(nil, `{"id":%d,"key":"%s","pad":%s}`, id, key, text)})
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}
