//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// The matrix is each replayable source × each sink × a line, a fan-out of which one
// branch can't take all, and a fan-in. To join, a connector has a row in
// matrixSources or matrixSinks: how the pipeline names it, and how its other side is
// made, fed and read.

// A matrixSource is a source of the matrix.
type matrixSource struct {
	// config is the node behind `in:`; n is 1, or 2 for the second one of a fan-in.
	config func(n int) string
	// feed makes the input of the n-th source of a run.
	feed    func(t *testing.T, r *chaosRun, n int, records []flowtest.Record)
	endless bool
}

// A matrixSink is a sink of the matrix.
type matrixSink struct {
	config string
	// set makes the other side; nil for none.
	set func(t *testing.T, r *chaosRun)
	// place is what is there.
	place func(t *testing.T, r *chaosRun) flowtest.Place
}

const (
	// matrixRecords are how many records each source of the matrix has.
	matrixRecords = 6000
	secondFirst   = 1_000_001 // the first number of the second source
	usesPG        = `"${env:PG}"`
)

var matrixSources = map[string]matrixSource{
	"file": {
		config: func(n int) string { return fmt.Sprintf(`use: file, config: {path: in%d.ndjson}`, n) },
		feed: func(t *testing.T, r *chaosRun, n int, records []flowtest.Record) {
			r.input(t, fmt.Sprintf("in%d.ndjson", n), firstOf(n), matrixRecords, false)
		},
	},
	"generate": {
		config: func(n int) string {
			return fmt.Sprintf(`use: generate, config: {count: %d, fields: {id: "int64(i) + %d", key: "\"k%d\"", pad: "\"pad\""}}`, matrixRecords, firstOf(n), n)
		},
		feed: func(t *testing.T, r *chaosRun, n int, _ []flowtest.Record) {
			for id := firstOf(n); id < firstOf(n)+matrixRecords; id++ {
				record := flowtest.Record{ID: fmt.Sprint(id), Key: fmt.Sprintf("k%d", n), Data: fmt.Appendf(nil, `{"id":%d,"key":"k%d","pad":"pad"}`, id, n)}
				if err := r.ledger.Promise(record); err != nil {
					t.Fatal(err)
				}
			}
		},
	},
	"sqlite": {
		config: func(n int) string { return fmt.Sprintf(`use: sqlite, config: {path: in%d.db, table: t, key: id}`, n) },
		feed: func(t *testing.T, r *chaosRun, n int, records []flowtest.Record) {
			r.promise(t, records)
			db := openSQLite(t, r.path(fmt.Sprintf("in%d.db", n)))
			defer db.Close()
			all := rowsAsJSON(records)
			if _, err := db.Exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, key TEXT NOT NULL, pad TEXT NOT NULL)`); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec(`INSERT INTO t SELECT value ->> 'id', value ->> 'key', value ->> 'pad' FROM json_each(?)`, string(all)); err != nil {
				t.Fatal(err)
			}
		},
	},
	"postgres": {
		config: func(n int) string {
			return fmt.Sprintf(`use: postgres, config: {dsn: %s, table: in%d, key: id}`, usesPG, n)
		},
		feed: func(t *testing.T, r *chaosRun, n int, records []flowtest.Record) {
			r.promise(t, records)
			text := strings.ReplaceAll(string(rowsAsJSON(records)), "'", "''")
			r.withPG(t).Exec(fmt.Sprintf(`CREATE TABLE in%d (id bigint PRIMARY KEY, key text NOT NULL, pad text NOT NULL);
INSERT INTO in%d SELECT id, key, pad FROM jsonb_to_recordset('%s') AS r(id bigint, key text, pad text)`, n, n, text))
		},
	},
	"kafka": {
		endless: true,
		config: func(n int) string {
			return fmt.Sprintf(`use: kafka, config: {brokers: ["${env:KAFKA}"], topics: [in%d]}`, n)
		},
		feed: func(t *testing.T, r *chaosRun, n int, records []flowtest.Record) {
			r.promise(t, records)
			client := r.withKafka(t).client()
			defer client.Close()
			var messages []*kgo.Record
			for _, record := range records {
				messages = append(messages, &kgo.Record{Topic: fmt.Sprintf("in%d", n), Key: []byte(record.Key), Value: record.Data})
			}
			if err := client.ProduceSync(t.Context(), messages...).FirstErr(); err != nil {
				t.Fatal(err)
			}
		},
	},
	"nats": {
		endless: true,
		config: func(n int) string {
			return fmt.Sprintf(`use: nats, config: {url: "${env:NATS}", stream: IN%d}`, n)
		},
		feed: func(t *testing.T, r *chaosRun, n int, records []flowtest.Record) {
			r.promise(t, records)
			s := r.withNATS(t)
			s.make(fmt.Sprintf("IN%d", n), fmt.Sprintf("in%d", n))
			js, conn := s.stream()
			defer conn.Close()
			var futures []jetstream.PubAckFuture
			for _, record := range records {
				f, err := js.PublishAsync(fmt.Sprintf("in%d", n), record.Data, jetstream.WithStallWait(time.Minute)) // a busy machine is slow to answer
				if err != nil {
					t.Fatal(err)
				}
				futures = append(futures, f)
			}
			for _, f := range futures {
				select {
				case <-f.Ok():
				case err := <-f.Err():
					t.Fatal(err)
				}
			}
		},
	},
}

var matrixSinks = map[string]matrixSink{
	"file": {
		config: `use: file, config: {path: out.ndjson}`,
		place:  func(t *testing.T, r *chaosRun) flowtest.Place { return r.lines(t, "out.ndjson") },
	},
	"sqlite": {
		config: `use: sqlite, config: {path: out.db, table: t}`,
		place:  func(t *testing.T, r *chaosRun) flowtest.Place { return r.rows(t, "out.db", "t") },
	},
	"postgres": {
		config: `use: postgres, config: {dsn: ` + usesPG + `, table: t}`,
		set: func(t *testing.T, r *chaosRun) {
			r.withPG(t).Exec(`CREATE TABLE t (n bigint GENERATED ALWAYS AS IDENTITY, id bigint NOT NULL, key text NOT NULL, pad text NOT NULL)`)
		},
		place: func(t *testing.T, r *chaosRun) flowtest.Place { return tableOf(t, r.withPG(t), "t") },
	},
	"kafka": {
		config: `use: kafka, config: {brokers: ["${env:KAFKA}"], topic: out, key: "${in.Key}"}`,
		set:    func(t *testing.T, r *chaosRun) { r.withKafka(t) },
		place: func(t *testing.T, r *chaosRun) flowtest.Place {
			p := flowtest.Place{Name: "topic out"}
			for _, m := range r.withKafka(t).all("out") {
				p.Records = append(p.Records, flowtest.Found{ID: idOf(m.Value), Data: m.Value})
			}
			return p
		},
	},
	"nats": {
		config: `use: nats, config: {url: "${env:NATS}", stream: OUT, subject: out}`,
		set:    func(t *testing.T, r *chaosRun) { r.withNATS(t).make("OUT", "out") },
		place: func(t *testing.T, r *chaosRun) flowtest.Place {
			p := flowtest.Place{Name: "stream OUT"}
			for _, m := range r.withNATS(t).all("OUT") {
				p.Records = append(p.Records, flowtest.Found{ID: idOf(m.Data()), Data: m.Data()})
			}
			return p
		},
	},
	"http": {
		config: `use: http, config: {url: "http://${env:WEB}/out", timeout: 2s}`,
		set:    func(t *testing.T, r *chaosRun) { r.withWeb(t) },
		place:  func(t *testing.T, r *chaosRun) flowtest.Place { return r.withWeb(t).place() },
	},
}

// matrixTopologies are the shapes of the matrix's pipelines; SINK and IN1, IN2 stand
// for what is in the matrix.
var matrixTopologies = map[string]string{
	"linear": `
sources: {in: {IN1, out: T}}
sinks: {out: {from: in, SINK}}
`,
	"fan-out": `
sources: {in: {IN1, out: T}}
sinks:
  out: {from: in, SINK}
  side: {from: in, use: sqlite, config: {path: side.db, table: t}, on_error: {then: dead}}
  dead: {use: file, config: {path: dead.ndjson}}
`,
	"fan-in": `
sources: {in: {IN1, out: T}, in2: {IN2, out: T}}
sinks: {out: {from: [in, in2], SINK}}
`,
}

// firstOf is the number of the first record of the n-th source.
func firstOf(n int) int {
	if n == 1 {
		return 0
	}
	return secondFirst
}

// matrixWorld is a cell of the matrix.
func matrixWorld(source, sink, topology string) chaosWorld {
	from, to := matrixSources[source], matrixSinks[sink]
	text := strings.NewReplacer("IN1", from.config(1), "IN2", from.config(2), "SINK", to.config).Replace(matrixTopologies[topology])
	return chaosWorld{
		name: source + "-" + sink + "-" + topology, pipeline: chaosType + text, most: 8, between: 100 * time.Millisecond,
		set: func(t *testing.T, r *chaosRun) {
			r.More = map[flowtest.Fault]func(time.Duration) error{}
			sources := 1
			if topology == "fan-in" {
				sources = 2
			}
			for n := 1; n <= sources; n++ {
				var records []flowtest.Record
				for id := firstOf(n); id < firstOf(n)+matrixRecords; id++ {
					records = append(records, chaosRecord(id))
				}
				from.feed(t, r, n, records)
			}
			if to.set != nil {
				to.set(t, r)
			}
			if topology == "fan-out" {
				r.pickyTable(t, "side.db")
			}
			r.branches = func(t *testing.T) []flowtest.Branch {
				branches := []flowtest.Branch{{Name: "out", Sinks: []flowtest.Place{to.place(t, r)}}}
				if topology == "fan-out" {
					branches = append(branches, flowtest.Branch{
						Name: "side", Sinks: []flowtest.Place{r.rows(t, "side.db", "t")},
						Dead: []flowtest.Place{r.letters(t, "dead.ndjson", "side")},
					})
				}
				return branches
			}
			if from.endless {
				r.doneWhenAllIsThere(t, sources*matrixRecords)
			}
		},
	}
}

// doneWhenAllIsThere ends a run of a program that has no end: when it is ready, so
// that it has taken back what was not committed, and all records are in each branch.
func (r *chaosRun) doneWhenAllIsThere(t *testing.T, count int) {
	t.Helper()
	address := freeAddress(t)
	r.Program.Args = append(r.Program.Args, "--set", "telemetry.http="+address)
	r.Done = func() (bool, error) {
		response, err := http.Get("http://" + address + "/readyz")
		if err != nil {
			return false, nil //nolint:nilerr // it does not listen yet
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return false, nil
		}
		for _, b := range r.branches(t) {
			there := map[string]bool{}
			for _, p := range append(b.Sinks, b.Dead...) {
				for _, f := range p.Records {
					there[f.ID] = true
				}
			}
			if len(there) < count {
				time.Sleep(50 * time.Millisecond)
				return false, nil
			}
		}
		return true, nil
	}
}

// promise notes that records are in the input.
func (r *chaosRun) promise(t *testing.T, records []flowtest.Record) {
	t.Helper()
	if err := r.ledger.Promise(records...); err != nil {
		t.Fatal(err)
	}
}

// rowsAsJSON is an array of records.
func rowsAsJSON(records []flowtest.Record) []byte {
	all := []byte{'['}
	for i, record := range records {
		if i > 0 {
			all = append(all, ',')
		}
		all = append(all, record.Data...)
	}
	return append(all, ']')
}

// servers are what a run of the matrix has around it, each made when it is first asked
// for.
type servers struct {
	pg    *pgtest.Server
	kafka *kafkaCluster
	nats  *natsServer
	web   *webSink
}

// withProxy puts a proxy before a server, with its faults, and tells the program where
// it is.
func (r *chaosRun) withProxy(t *testing.T, variable, address string, text func(proxied string) string) {
	t.Helper()
	p, err := flowtest.NewProxy(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	maps.Copy(r.More, p.Faults())
	r.Program.Env = append(r.Program.Env, variable+"="+text(p.Address()))
}

// away is the fault that a server stops and comes back.
func away(stop, start func()) func(time.Duration) error {
	return func(pause time.Duration) error {
		stop()
		time.Sleep(pause)
		start()
		return nil
	}
}

func (r *chaosRun) withPG(t *testing.T) *pgtest.Server {
	t.Helper()
	if r.pg == nil {
		r.pg = pgtest.New(t)
		dsn, err := url.Parse(r.pg.DSN())
		if err != nil {
			t.Fatal(err)
		}
		r.withProxy(t, "PG", dsn.Host, func(proxied string) string {
			dsn.Host = proxied
			return dsn.String()
		})
		r.More["postgres away"] = away(r.pg.Stop, r.pg.Start)
	}
	return r.pg
}

func (r *chaosRun) withNATS(t *testing.T) *natsServer {
	t.Helper()
	if r.nats == nil {
		r.nats = newNATSServer(t)
		r.withProxy(t, "NATS", strings.TrimPrefix(r.nats.url(), "nats://"), func(proxied string) string { return "nats://" + proxied })
		r.More["nats away"] = away(r.nats.stop, r.nats.start)
	}
	return r.nats
}

// withKafka is a broker without a proxy: brokers tell their clients where they are.
func (r *chaosRun) withKafka(t *testing.T) *kafkaCluster {
	t.Helper()
	if r.kafka == nil {
		r.kafka = newKafkaCluster(t, "in1", "in2", "out")
		r.Program.Env = append(r.Program.Env, "KAFKA="+r.kafka.address())
		r.More["kafka away"] = away(r.kafka.stop, func() { r.kafka.start() })
	}
	return r.kafka
}

// A webSink is a server that takes records, and now and then says that it can't.
type webSink struct {
	*httptest.Server
	mu       sync.Mutex
	records  []flowtest.Found
	requests int
}

func (r *chaosRun) withWeb(t *testing.T) *webSink {
	t.Helper()
	if r.web == nil {
		w := &webSink{}
		w.Server = httptest.NewServer(w)
		t.Cleanup(w.Close)
		r.web = w
		r.withProxy(t, "WEB", strings.TrimPrefix(w.URL, "http://"), func(proxied string) string { return proxied })
	}
	return r.web
}

// ServeHTTP takes the records of a request, all or none.
func (w *webSink) ServeHTTP(answer http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return // it was cut off: the sender does not take it for accepted
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.requests++; w.requests%7 == 3 {
		answer.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	for line := range bytes.Lines(body) {
		line = bytes.TrimSuffix(line, []byte{'\n'})
		w.records = append(w.records, flowtest.Found{ID: idOf(line), Data: line})
	}
}

func (w *webSink) place() flowtest.Place {
	w.mu.Lock()
	defer w.mu.Unlock()
	return flowtest.Place{Name: "requests", Records: append([]flowtest.Found(nil), w.records...)}
}

// tableOf are the rows of a table in PostgreSQL, in the order in which they came.
func tableOf(t *testing.T, s *pgtest.Server, table string) flowtest.Place {
	t.Helper()
	p := flowtest.Place{Name: table}
	for _, row := range s.Exec(`SELECT id, key, pad FROM ` + table + ` ORDER BY n`) {
		id, rest, _ := strings.Cut(row, "|")
		key, pad, _ := strings.Cut(rest, "|")
		text, err := json.Marshal(pad)
		if err != nil {
			t.Fatal(err)
		}
		p.Records = append(p.Records, flowtest.Found{ID: id, Data: fmt.Appendf(nil, `{"id":%s,"key":"%s","pad":%s}`, id, key, text)})
	}
	return p
}
