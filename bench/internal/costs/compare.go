package costs

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/flowc-dev/flowc/bench/internal/stats"
)

// A Row compares what `flowc plan` says of a pipeline with what it takes.
type Row struct {
	Pipeline string
	Records  int
	// ByTable and BySample are nanoseconds of processor time for a record as the plan
	// says them, by the table alone and with a sample; Taken are those of each round.
	ByTable, BySample float64
	Taken             []float64
	// Wall are records a second by the clock, of each round, on one core; none where
	// processes ran one after the other.
	Wall []float64
}

// Took is the median of the rounds.
func (r Row) Took() float64 { return stats.Of(r.Taken).Median }

// A comparison is a pipeline that is planned and run.
type comparison struct {
	name     string
	file     string   // of the folder pipelines, "" for text
	text     string   // where file is ""
	overlays []string // of the folder pipelines
	data     string   // name of the dataset
	source   string   // name of the source
	// run runs it once over the input (a --set) and tells what all of its processes took, and the
	// time on the clock.
	run func(ctx context.Context, b *bench, p *program, input string) (cpu, wall time.Duration, err error)
}

// cutPipeline is W2's work in three processes: a reader, two that work, and a writer.
const cutPipeline = `pipeline: p
edges: {nats: {url: "${env:NATS_URL}"}}
types:
%ssources: {in: {use: file, config: {path: in.ndjson}, out: E}}
processors:
  large: {from: in, filter: 'in.Type == "payment" && in.Amount > 100', order: none, scale: {replicas: 2}}
  priced: {from: large, map: {id: in.ID, at: in.At, account: in.Account, amount: in.Amount, fee: in.Amount * 0.0025}}
sinks: {out: {from: priced, use: file, config: {path: out.ndjson}}}
`

// comparisons are pipelines that the table was not made from.
func comparisons() []comparison {
	return []comparison{
		{name: "W2, file to file", file: "w2", data: "payments", source: "events", run: alone},
		{name: "W3, file to three files", file: "w3", data: "ledger", source: "ledger", run: alone},
		{name: "W2, file to Kafka", file: "relay", overlays: []string{"to-kafka"}, data: "payments", source: "events", run: toKafka},
		{name: "W2 in four processes, with their broker", text: cutPipeline, data: "payments", source: "in", run: cutInFour},
	}
}

// Compare plans some pipelines and runs them.
func Compare(ctx context.Context, o Options) ([]Row, error) {
	b, err := start(ctx, o)
	if err != nil {
		return nil, err
	}
	sets, err := b.datasets()
	if err != nil {
		return nil, err
	}
	idle, err := b.idle(ctx)
	if err != nil {
		return nil, err
	}
	var rows []Row
	for _, c := range comparisons() {
		for _, s := range sets {
			if s.name != c.data {
				continue
			}
			o.Log("plan: %s", c.name)
			row, err := b.compare(ctx, c, s, idle)
			if err != nil {
				return nil, b.fail(c.name, err)
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func (b *bench) compare(ctx context.Context, c comparison, s dataset, idle time.Duration) (Row, error) {
	row := Row{Pipeline: c.name, Records: s.records}
	path, p, err := b.pipeline(ctx, c, s)
	if err != nil {
		return row, err
	}
	var flags []string
	for _, overlay := range c.overlays {
		flags = append(flags, "--overlay", filepath.Join(b.Shop.Bench, "pipelines", overlay+".yaml"))
	}
	sampled, err := b.plan(ctx, path, append(flags, "--sample", s.ndjson, "--rounds", strconv.Itoa(b.Rounds))...)
	if err != nil {
		return row, err
	}
	row.BySample = sampled.all()
	// By the table alone, with the shares of the sample: what a filter lets through no
	// table can know.
	row.ByTable = 0
	tabled, err := b.plan(ctx, path, append(flags, "--size", strconv.FormatFloat(s.size+1, 'f', 0, 64))...)
	if err != nil {
		return row, err
	}
	for i, l := range tabled.Lines {
		if i < len(sampled.Lines) && l.Of == sampled.Lines[i].Of {
			row.ByTable += l.Nanos * sampled.Lines[i].Rate / 1e6
		}
	}
	row.BySample += brokers(sampled)
	row.ByTable += brokers(sampled)
	for range b.Rounds {
		cpu, wall, err := c.run(ctx, b, p, c.source+".config.path="+s.ndjson)
		if err != nil {
			return row, err
		}
		row.Taken = append(row.Taken, each(cpu-idle, s.records))
		if wall > 0 {
			row.Wall = append(row.Wall, float64(s.records)/wall.Seconds())
		}
	}
	return row, nil
}

// pipeline builds a comparison's, and gives its file too.
func (b *bench) pipeline(ctx context.Context, c comparison, s dataset) (string, *program, error) {
	if c.file == "" {
		p, err := b.built(ctx, "cut", fmt.Sprintf(c.text, s.types))
		if err != nil {
			return "", nil, err
		}
		return filepath.Join(p.dir, "pipeline.yaml"), p, nil
	}
	binary, err := b.Shop.Pipeline(ctx, c.file, c.overlays...)
	return filepath.Join(b.Shop.Bench, "pipelines", c.file+".yaml"), &program{name: c.file, binary: binary, dir: filepath.Dir(binary)}, err
}

// all is what all lines take for a record of the source.
func (p *planned) all() float64 {
	total := 0.0
	for _, l := range p.Lines {
		total += l.Nanos * l.Rate / 1e6
	}
	return total
}

// brokers are what the brokers of all edges take for a record of the source.
func brokers(p *planned) float64 {
	total := 0.0
	for _, e := range p.Edges {
		total += float64(max(e.BrokerMilli, 0))
	}
	return total // thousandths of a core at a million records a second are nanoseconds each
}

// alone runs a program over a file.
func alone(ctx context.Context, b *bench, p *program, input string) (cpu, wall time.Duration, err error) {
	used, err := b.Launcher.Run(ctx, b.command(p, "--set", input))
	return used.CPU(), used.Wall, err
}

// toKafka runs one that writes to a broker.
func toKafka(ctx context.Context, b *bench, p *program, input string) (cpu, wall time.Duration, err error) {
	k, err := b.rig().Kafka(ctx, "payments:4")
	if err != nil {
		return 0, 0, err
	}
	used, err := b.Launcher.Run(ctx, b.command(p, "--set", input, "--set", "out.config.brokers="+k.Address))
	return used.CPU(), used.Wall, errors.Join(err, k.Stop())
}

// cutInFour runs the reader, those that work and the writer, one after the other, and
// counts their broker too.
func cutInFour(ctx context.Context, b *bench, p *program, input string) (cpu, wall time.Duration, err error) {
	resting, err := b.natsIdle(ctx)
	if err != nil {
		return 0, 0, err
	}
	n, err := b.rig().NATS(ctx)
	if err != nil {
		return 0, 0, err
	}
	idle, err := b.idle(ctx)
	for i, args := range [][]string{{"--process", "p", "--set", input}, {"--process", "large", "--replica", "0"}, {"--process", "large", "--replica", "1"}, {"--process", "out"}} {
		if err != nil {
			break
		}
		c := b.command(p, args...)
		c.Env = append(c.Env, "NATS_URL="+n.URL)
		used, runErr := b.Launcher.Run(ctx, c)
		cpu, err = cpu+used.CPU(), runErr
		if i > 0 {
			cpu -= idle // the caller takes off one
		}
	}
	err = errors.Join(err, n.Stop())
	return cpu + n.Used.CPU() - resting, 0, err
}
