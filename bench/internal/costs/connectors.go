package costs

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/bench/internal/measure"
)

// A program is a pipeline that was built, and how it is run.
type program struct {
	name   string
	binary string
	dir    string
}

// built has flowc build a pipeline.
func (b *bench) built(ctx context.Context, name, text string) (*program, error) {
	path, err := b.write(name, text)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, b.flowc, "build", path, "-o", filepath.Dir(path))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return nil, b.fail("flowc build "+name, fmt.Errorf("%w: %s", err, stderr.String()))
	}
	return &program{name: name, binary: filepath.Join(filepath.Dir(path), "p"), dir: filepath.Dir(path)}, nil
}

// command is one run of it on its core, from the beginning.
func (b *bench) command(p *program, args ...string) measure.Command {
	return measure.Command{
		Argv: append([]string{p.binary, "--fresh", "--log-level", "error"}, args...),
		Dir:  p.dir, Cores: []int{b.Core}, Env: []string{"FLOWC_STATE=" + filepath.Join(p.dir, "state")},
	}
}

// least runs a command in all rounds, each after before, and gives the least processor
// time.
func (b *bench) least(ctx context.Context, c measure.Command, before func() error) (time.Duration, error) {
	least := time.Duration(0)
	for round := range b.Rounds {
		if before != nil {
			if err := before(); err != nil {
				return 0, err
			}
		}
		used, err := b.Launcher.Run(ctx, c)
		if err != nil {
			return 0, err
		}
		if cpu := used.CPU(); round == 0 || cpu < least {
			least = cpu
		}
	}
	return least, nil
}

// idle is what a program takes for nothing: to start, and to stop.
func (b *bench) idle(ctx context.Context) (time.Duration, error) {
	p, err := b.built(ctx, "idle", texts("file, config: {path: none.txt, format: text}", "drop"))
	if err != nil {
		return 0, err
	}
	if err := os.WriteFile(filepath.Join(p.dir, "none.txt"), nil, 0o600); err != nil {
		return 0, err
	}
	return b.least(ctx, b.command(p), nil)
}

// texts is a pipeline that hands lines from a source to a sink.
func texts(source, sink string) string {
	return fmt.Sprintf("pipeline: p\nsources: {in: {use: %s}}\nsinks: {out: {from: in, use: %s}}\n", source, sink)
}

// each is a duration for each of n records, in nanoseconds.
func each(d time.Duration, n int) float64 { return float64(d.Nanoseconds()) / float64(n) }

// rest is what a pipeline that hands on lines takes besides its sink (with the source
// "file") or besides both: by a measurement with nothing behind it.
func (b *bench) rest(ctx context.Context, s dataset, except ...string) (float64, error) {
	p, err := b.sampled(ctx, probe{"rest-" + s.name, texts("file, config: {path: in.txt, format: text}", "file, config: {path: out.txt}"), s.ndjson})
	if err != nil {
		return 0, err
	}
	return p.nanos(except...), nil
}

// plain measures connectors that need no server.
func (b *bench) plain(ctx context.Context, sets []dataset) error {
	idle, err := b.idle(ctx)
	if err != nil {
		return err
	}
	for _, s := range sets {
		if err := b.sinksOfText(ctx, s, idle); err != nil {
			return err
		}
		if err := b.stdin(ctx, s, idle); err != nil {
			return err
		}
		if err := b.sqlite(ctx, s, idle); err != nil {
			return err
		}
	}
	return b.generate(ctx, idle)
}

// sinksOfText measures a file, standard output and the log.
func (b *bench) sinksOfText(ctx context.Context, s dataset, idle time.Duration) error {
	rest, err := b.rest(ctx, s)
	if err != nil {
		return err
	}
	for _, sink := range []struct{ name, config string }{{"file", "file, config: {path: out.txt}"}, {"stdout", "stdout, config: {format: text}"}, {"log", "log"}} {
		p, err := b.built(ctx, "to-"+sink.name+"-"+s.name, texts(fmt.Sprintf("file, config: {path: %q, format: text}", s.ndjson), sink.config))
		if err != nil {
			return err
		}
		c := b.command(p, "--log-level", "info")
		c.Stdout = filepath.Join(p.dir, "stdout.txt")
		cpu, err := b.least(ctx, c, nil)
		if err != nil {
			return b.fail("to "+sink.name, err)
		}
		b.note("sink/"+sink.name, s.size, each(cpu-idle, s.records)-rest)
	}
	return nil
}

// stdin measures standard input.
func (b *bench) stdin(ctx context.Context, s dataset, idle time.Duration) error {
	rest, err := b.rest(ctx, s, "source/file", "encode/raw", "encode/text")
	if err != nil {
		return err
	}
	p, err := b.built(ctx, "stdin-"+s.name, texts("stdin, config: {format: text}", "drop"))
	if err != nil {
		return err
	}
	c := b.command(p)
	c.Argv = append([]string{"/bin/sh", "-c", `exec "$0" "$@" < '` + s.ndjson + `'`}, c.Argv...)
	cpu, err := b.least(ctx, c, nil)
	if err != nil {
		return b.fail("stdin", err)
	}
	b.note("source/stdin", s.size, each(cpu-idle, s.records)-rest)
	return nil
}

// sqlite measures a table as sink and as source.
func (b *bench) sqlite(ctx context.Context, s dataset, idle time.Duration) error {
	fields := s.mapped(len(s.fields))
	typed := s.typed("", "", fields, "table")
	known, err := b.sampled(ctx, probe{"sqlite-rest-" + s.name, typed, s.ndjson})
	if err != nil {
		return err
	}
	p, err := b.built(ctx, "sqlite-"+s.name, typed)
	if err != nil {
		return err
	}
	db := filepath.Join(p.dir, "keyed.db")
	cpu, err := b.least(ctx, b.command(p, "--set", "in.config.path="+s.ndjson), func() error { return removeAll(p.dir, "out.db*") })
	if err != nil {
		return b.fail("sqlite", err)
	}
	size := known.Sinks[0].Size
	b.note("sink/sqlite", size, each(cpu-idle, s.records)-known.nanos())

	// What is read has an index: without one each page of rows would be looked for in all.
	keyed, err := b.built(ctx, "sqlite-keyed-"+s.name, strings.Replace(typed, "table: t}", "table: t, key: id}", 1))
	if err != nil {
		return err
	}
	if _, err := b.Launcher.Run(ctx, b.command(keyed, "--set", "in.config.path="+s.ndjson, "--set", "out.config.path="+db)); err != nil {
		return b.fail("sqlite with a key", err)
	}
	read, err := b.built(ctx, "from-sqlite-"+s.name, fmt.Sprintf("pipeline: p\ntypes: {R: {%s}}\nsources: {in: {use: sqlite, config: {path: %q, table: t, key: id}, out: R}}\nsinks: {out: {from: in, use: drop}}\n", s.row(), db))
	if err != nil {
		return err
	}
	rows, err := b.restOfRows(ctx, s)
	if err != nil {
		return err
	}
	if cpu, err = b.least(ctx, b.command(read), nil); err != nil {
		return b.fail("from sqlite", err)
	}
	b.note("source/sqlite", size, each(cpu-idle, s.records)-rows)
	return nil
}

// restOfRows is what a pipeline takes that reads records of a table and discards them,
// besides its source.
func (b *bench) restOfRows(ctx context.Context, s dataset) (float64, error) {
	p, err := b.sampled(ctx, probe{"rows-rest-" + s.name, fmt.Sprintf("pipeline: p\ntypes: {R: {%s}}\nsources: {in: {use: file, config: {path: in.ndjson}, out: R}}\nsinks: {out: {from: in, use: drop}}\n", s.row()), s.ndjson})
	if err != nil {
		return 0, err
	}
	return p.nanos("source/file"), nil
}

// row is the YAML of the fields of a table's rows.
func (s *dataset) row() string {
	text := ""
	for i, f := range s.fields {
		if i > 0 {
			text += ", "
		}
		text += f.wire + ": " + f.typ
	}
	return text
}

// removeAll removes what matches a pattern in a folder.
func removeAll(dir, pattern string) error {
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	for _, name := range names {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return err
}

// generate measures the source that makes records.
func (b *bench) generate(ctx context.Context, idle time.Duration) error {
	const records = 20_000_000
	p, err := b.built(ctx, "generate", fmt.Sprintf("pipeline: p\ntypes: {E: {n: int64}}\nsources: {in: {use: generate, config: {count: %d, fields: {n: i}}, out: E}}\nprocessors: {p: {from: in, filter: in.N >= 0}}\nsinks: {out: {from: p, use: drop}}\n", records))
	if err != nil {
		return err
	}
	cpu, err := b.least(ctx, b.command(p), nil)
	if err != nil {
		return b.fail("generate", err)
	}
	b.note("source/generate", 0, each(cpu-idle, records))
	return nil
}
