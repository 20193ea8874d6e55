package costs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/bench/internal/data"
	"github.com/flowc-dev/flowc/bench/internal/measure"
	"github.com/flowc-dev/flowc/bench/internal/rig"
	"github.com/flowc-dev/flowc/bench/internal/shop"
)

// servers measures connectors that need one.
func (b *bench) servers(ctx context.Context, sets []dataset) error {
	idle, err := b.idle(ctx)
	if err != nil {
		return err
	}
	for _, s := range sets {
		for _, step := range []func(context.Context, dataset, time.Duration) error{b.kafka, b.nats, b.postgres, b.httpSink, b.httpSource} {
			err := step(ctx, s, idle)
			var absent *shop.Absent
			if errors.As(err, &absent) {
				b.Log("costs: left out: %s", absent.Reason)
				continue
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) rig() rig.Rig {
	return rig.Rig{Shop: b.Shop, Launcher: b.Launcher, Dir: b.Dir, Cores: []int{b.ServerCore}}
}

// through measures a broker's client: lines into it, and out of it again.
func (b *bench) through(ctx context.Context, s dataset, idle time.Duration, connector, out, in string) error {
	rest, err := b.rest(ctx, s)
	if err != nil {
		return err
	}
	write, err := b.built(ctx, "to-"+connector+"-"+s.name, texts(fmt.Sprintf("file, config: {path: %q, format: text}", s.ndjson), connector+", config: "+out))
	if err != nil {
		return err
	}
	cpu, err := b.least(ctx, b.command(write), nil)
	if err != nil {
		return b.fail("to "+connector, err)
	}
	b.note("sink/"+connector, s.size, each(cpu-idle, s.records)-rest)

	if rest, err = b.rest(ctx, s, "source/file", "encode/raw", "encode/text"); err != nil {
		return err
	}
	read, err := b.built(ctx, "from-"+connector+"-"+s.name, texts(connector+", config: "+in+", range: {to: now}", "drop"))
	if err != nil {
		return err
	}
	if cpu, err = b.least(ctx, b.command(read), nil); err != nil {
		return b.fail("from "+connector, err)
	}
	// Each round has written once more what is read.
	b.note("source/"+connector, s.size, each(cpu-idle, s.records*b.Rounds)-rest)
	return nil
}

func (b *bench) kafka(ctx context.Context, s dataset, idle time.Duration) (err error) {
	k, err := b.rig().Kafka(ctx, "records:4")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.Stop()) }()
	brokers := fmt.Sprintf("brokers: [%q]", k.Address)
	return b.through(ctx, s, idle, "kafka", "{"+brokers+", topic: records}", "{"+brokers+", topics: [records], format: text}")
}

func (b *bench) nats(ctx context.Context, s dataset, idle time.Duration) (err error) {
	n, err := b.rig().NATS(ctx, "records")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Stop()) }()
	url := fmt.Sprintf("url: %q", n.URL)
	return b.through(ctx, s, idle, "nats", "{"+url+", stream: records, subject: records}", "{"+url+", stream: records, format: text}")
}

// postgres measures a table as sink and as source.
func (b *bench) postgres(ctx context.Context, s dataset, idle time.Duration) (err error) {
	server, err := b.rig().Postgres(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	typed := strings.Replace(s.typed("", "", s.mapped(len(s.fields)), "table"), "use: sqlite, config: {path: out.db, table: t}", fmt.Sprintf("use: postgres, config: {dsn: %q, table: t}", server.DSN), 1)
	known, err := b.sampled(ctx, probe{"postgres-rest-" + s.name, typed, s.ndjson})
	if err != nil {
		return err
	}
	p, err := b.built(ctx, "postgres-"+s.name, typed)
	if err != nil {
		return err
	}
	cpu, err := b.least(ctx, b.command(p, "--set", "in.config.path="+s.ndjson), func() error { return server.Exec(ctx, "DROP TABLE IF EXISTS t") })
	if err != nil {
		return b.fail("postgres", err)
	}
	size := known.Sinks[0].Size
	b.note("sink/postgres", size, each(cpu-idle, s.records)-known.nanos())
	read, err := b.built(ctx, "from-postgres-"+s.name, fmt.Sprintf("pipeline: p\ntypes: {R: {%s}}\nsources: {in: {use: postgres, config: {dsn: %q, table: t, key: id}, out: R}}\nsinks: {out: {from: in, use: drop}}\n", s.row(), server.DSN))
	if err != nil {
		return err
	}
	// Without an index each page of rows would be looked for in all of them.
	if err := server.Exec(ctx, "CREATE INDEX ON t (id); ANALYZE t"); err != nil {
		return err
	}
	rows, err := b.restOfRows(ctx, s)
	if err != nil {
		return err
	}
	if cpu, err = b.least(ctx, b.command(read), nil); err != nil {
		return b.fail("from postgres", err)
	}
	b.note("source/postgres", size, each(cpu-idle, s.records)-rows)
	return nil
}

// httpRecords is how many records are sent by HTTP, one a request.
const httpRecords = 50_000

// httpSink measures requests of the size that the sink makes them.
func (b *bench) httpSink(ctx context.Context, s dataset, idle time.Duration) error {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // what is not read is not counted
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	some := filepath.Join(b.Dir, "costs-http-"+s.name+".txt")
	if err := firstLines(s.ndjson, some, httpRecords); err != nil {
		return err
	}
	rest, err := b.rest(ctx, s)
	if err != nil {
		return err
	}
	p, err := b.built(ctx, "to-http-"+s.name, texts(fmt.Sprintf("file, config: {path: %q, format: text}", some), fmt.Sprintf("http, config: {url: %q, format: text}, batch: {count: 100}", server.URL)))
	if err != nil {
		return err
	}
	cpu, err := b.least(ctx, b.command(p), nil)
	if err != nil {
		return b.fail("to http", err)
	}
	b.note("sink/http", s.size, each(cpu-idle, httpRecords)-rest)
	return nil
}

// firstLines copies the first n lines of a file.
func firstLines(from, to string, n int) error {
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	err = data.Lines(from, func(line []byte) error {
		if n == 0 {
			return nil
		}
		n--
		_, err := f.Write(append(line[:len(line):len(line)], '\n'))
		return err
	})
	return errors.Join(err, f.Close())
}

// httpSource measures requests of one record each, as many as the server answers over 64
// connections that are kept open.
func (b *bench) httpSource(ctx context.Context, s dataset, idle time.Duration) error {
	load, err := b.Shop.Go(ctx, "internal/load")
	if err != nil {
		return err
	}
	rest, err := b.rest(ctx, s, "source/file", "encode/raw", "encode/text")
	if err != nil {
		return err
	}
	address, err := rig.FreeAddress()
	if err != nil {
		return err
	}
	p, err := b.built(ctx, "from-http-"+s.name, texts(fmt.Sprintf("http, config: {listen: %q, format: text}", address), "drop"))
	if err != nil {
		return err
	}
	var least time.Duration
	for round := range b.Rounds {
		process, err := b.Launcher.Start(ctx, b.command(p))
		if err != nil {
			return err
		}
		sendErr := rig.Wait(ctx, address)
		if sendErr == nil {
			_, sendErr = b.Launcher.Run(ctx, measure.Command{
				Argv:   []string{load, "-address", address, "-input", s.ndjson, "-count", strconv.Itoa(httpRecords)},
				Stdout: filepath.Join(p.dir, "load.json"), Cores: []int{b.ServerCore},
			})
		}
		used, err := process.Stop()
		if err := errors.Join(sendErr, err); err != nil {
			return b.fail("from http", fmt.Errorf("%w; it said: %s", err, process.Stderr()))
		}
		if cpu := used.CPU(); round == 0 || cpu < least {
			least = cpu
		}
	}
	b.note("source/http", s.size, each(least-idle, httpRecords)-rest)
	return nil
}
