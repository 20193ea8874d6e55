package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
)

// killedUntilThrough starts a program again and again: it is killed some times, and
// then runs to its end. between is called behind each kill.
func killedUntilThrough(t *testing.T, kills int, begin func() *started, between func(kill int)) *started {
	t.Helper()
	killed := 0
	for {
		p := begin()
		if killed < kills {
			select {
			case <-p.done:
			case <-time.After(250 * time.Millisecond):
				p.kill()
				between(killed)
				killed++
				continue
			}
		}
		select {
		case <-p.done:
		case <-time.After(2 * time.Minute):
			t.Fatalf("it does not end:\n%s", p.said())
		}
		if code := p.cmd.ProcessState.ExitCode(); code != 0 {
			t.Fatalf("exit code %d:\n%s", code, p.said())
		}
		if killed == 0 {
			t.Fatal("it was through before it could be killed")
		}
		return p
	}
}

// A range of a topic of four partitions comes into a database once, though the
// program is killed and messages keep coming: its end is that of the first start.
func TestRangeOfKafka(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	const first, all = 6000, 8000
	c := &kafkaCluster{t: t, dir: t.TempDir()}
	if _, err := fmt.Sscanf(freeAddress(t), "127.0.0.1:%d", &c.port); err != nil {
		t.Fatal(err)
	}
	c.start(kfake.SeedTopics(4, "orders"))
	t.Cleanup(c.stop)
	produce := func(from, to int) {
		client := c.client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
		defer client.Close()
		var records []*kgo.Record
		for i := from; i < to; i++ {
			records = append(records, &kgo.Record{Topic: "orders", Partition: int32(i % 4), Value: fmt.Appendf(nil, `{"id":%d}`, i)})
		}
		if err := client.ProduceSync(context.Background(), records...).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	produce(0, first)
	binary := buildPipeline(t, "backfill", `
types: {Order: {id: int}}
delivery: {checkpoint: {every: 20ms}}
sources:
  orders:
    use: kafka
    config: {brokers: "${env:KAFKA_BROKER}", topics: [orders]}
    range: {from: "${env:FROM:-100}", to: now, parallel: 8}
    out: Order
processors:
  slow:
    from: orders
    filter: |
      time.Sleep(100 * time.Microsecond)
      return true
sinks:
  all: {from: slow, use: sqlite, config: {path: out.db, table: orders}}
`)
	dir := t.TempDir()
	begin := func(args ...string) *started {
		return start(t, binary, dir, append([]string{"KAFKA_BROKER=" + c.address()}, args...)...)
	}
	killedUntilThrough(t, 4, func() *started { return begin() }, func(kill int) {
		if kill == 0 {
			produce(first, all)
		}
	})
	ids := func() string {
		return fmt.Sprint(query(t, openSQLite(t, filepath.Join(dir, "out.db")), "SELECT count(*), count(DISTINCT id), min(id), max(id) FROM orders"))
	}
	// 100 of each partition lie before the range.
	if got, want := ids(), fmt.Sprintf("[%d|%d|400|%d]", first-400, first-400, first-1); !sameCells(got, want) {
		t.Errorf("%s, and not %s", got, want)
	}
	// The same again finds nothing, and says so.
	p := begin()
	<-p.done
	if !strings.Contains(p.said(), "an earlier run handled all input") {
		t.Errorf("it does not say that there is nothing new:\n%s", p.said())
	}
	// Another range is begun, since that one is through.
	run := start(t, binary, dir, "KAFKA_BROKER="+c.address(), "FLOWC_SET=orders.range.from=earliest\norders.range.to=100")
	<-run.done
	if got, want := ids(), fmt.Sprintf("[%d|%d|0|%d]", first, first, first-1); !sameCells(got, want) {
		t.Errorf("with what lies before: %s, and not %s\n%s", got, want, run.said())
	}
}

// sameCells compares rows, however their cells are divided.
func sameCells(a, b string) bool {
	plain := strings.NewReplacer("|", " ", ",", " ", "(", " ", ")", " ")
	return slices.Equal(strings.Fields(plain.Replace(a)), strings.Fields(plain.Replace(b)))
}

// A range of the keys of a table is read in four chunks at once into a file, which
// has each row once, each chunk in its order, though the program is killed. The
// checkpoint and the metrics tell how far it is.
func TestRangeOfPostgres(t *testing.T) {
	t.Parallel()
	if testing.Short() || !pgtest.Here() {
		t.Skip("builds a program, and needs PostgreSQL")
	}
	server := pgtest.New(t)
	// Keys lie unevenly.
	server.Exec(`CREATE TABLE rows (id bigint PRIMARY KEY, text text);
INSERT INTO rows SELECT CASE WHEN n < 5000 THEN n ELSE n * 1000 END, 'row ' || n FROM generate_series(0, 9999) n`)
	binary := buildPipeline(t, "rows", fmt.Sprintf(`
types: {Row: {id: int64, text: string}}
delivery: {checkpoint: {every: 20ms}}
sources:
  rows: {use: postgres, config: {dsn: %q, table: rows, key: id}, range: {from: 100, to: 9000000, parallel: 4}, out: Row}
processors:
  slow:
    from: rows
    filter: |
      time.Sleep(100 * time.Microsecond)
      return true
sinks:
  all: {from: slow, use: file, config: {path: out.ndjson}}
`, server.DSN()))
	dir := t.TempDir()
	var shown, told string
	killedUntilThrough(t, 4, func() *started {
		p := start(t, binary, dir)
		if shown != "" && told == "" {
			eventually(t, "the metrics tell how far it is", func() bool {
				resp, err := http.Get("http://" + p.http + "/metrics")
				if err != nil {
					return false
				}
				defer resp.Body.Close()
				text, err := io.ReadAll(resp.Body)
				if told = string(text); err != nil || !strings.Contains(told, "flowc_range_done_ratio") {
					return false
				}
				return true
			})
		}
		return p
	}, func(kill int) {
		if kill > 0 {
			return
		}
		cmd := exec.Command(binary, "checkpoint", "show")
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		shown = string(out)
		// It is not to be gone on with where another range is asked for.
		cmd = exec.Command(binary, "--set", "rows.range.to=5000000")
		cmd.Dir = dir
		if said, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(said), "an earlier run has begun with the range 100..9000000") {
			t.Errorf("%v: %s", err, said)
		}
	})
	for _, want := range []string{"of the range 100..9000000, ", "of 4 chunks are through", "    100..2325: ", "    2325..4550: ", "    6775000..9000000: "} {
		if !strings.Contains(shown, want) {
			t.Errorf("`checkpoint show` does not say %q:\n%s", want, shown)
		}
	}
	for _, want := range []string{`flowc_range_done_ratio{node="rows"} `, `flowc_range_chunks{node="rows",state="through"} `, `flowc_range_chunks{node="rows",state="open"} `} {
		if !strings.Contains(told, want) {
			t.Errorf("the metrics do not have %s:\n%s", want, told)
		}
	}
	seen, last := map[int]bool{}, make([]int, 4)
	bounds := []int{2325, 4550, 6775000} // 8900 rows, in four parts
	for _, line := range linesOf(t, filepath.Join(dir, "out.ndjson")) {
		var row struct{ ID int }
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		chunk, at := slices.BinarySearch(bounds, row.ID)
		if at {
			chunk++
		}
		switch {
		case seen[row.ID]:
			t.Fatalf("the row %d is there twice", row.ID)
		case row.ID < last[chunk]:
			t.Fatalf("the row %d comes behind %d of its chunk", row.ID, last[chunk])
		case row.ID < 100 || row.ID >= 9_000_000:
			t.Fatalf("the row %d is not in the range", row.ID)
		}
		seen[row.ID], last[chunk] = true, row.ID
	}
	if len(seen) != 8900 {
		t.Errorf("%d rows of 8900", len(seen))
	}
}
