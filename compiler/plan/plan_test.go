package plan_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/compiler/plan"
	"github.com/flowc-dev/flowc/ir"
)

// table is one of round numbers, which a reader can add up.
var table = &plan.Table{
	Taking: plan.Taking{Machine: "a machine of paper, 2 cores", When: "2026-01-02", Load: "0.10", Rounds: 3},
	Hops:   plan.Taking{Machine: "a machine of paper, 2 cores", When: "2026-01-03", Load: "0.20", Rounds: 3},
	Costs: []plan.Cost{
		{Part: "source/file", Record: 10, Byte: 0.1, Spread: 0.1},
		{Part: "source/kafka", Record: 500, Byte: 0.5, Spread: 0.1},
		{Part: "source/edge-nats", Record: 200, Byte: 1, Spread: 0.1},
		{Part: "decode/json", Record: 30, Byte: 0.3, Field: 10, Spread: 0.2},
		{Part: "decode/ndjson", Record: 20, Byte: 0.2, Field: 10, Spread: 0.2},
		{Part: "stage/filter", Record: 2, Spread: 0.5},
		{Part: "stage/map", Record: 1, Field: 1, Spread: 0.5},
		{Part: "stage/route", Record: 1, Field: 2, Spread: 0.5},
		{Part: "stage/go", Record: 5000, Spread: 0.5},
		{Part: "stage/check", Field: 6000, Spread: 0.5},
		{Part: "encode/ndjson", Record: 10, Byte: 0.1, Field: 5, Spread: 0.2},
		{Part: "encode/raw", Record: 5, Byte: 0.01, Spread: 0.2},
		{Part: "engine/loop", Record: 5, Byte: 0.01, Spread: 0.5},
		{Part: "sink/file", Record: 20, Byte: 0.4, Spread: 0.1},
		{Part: "sink/kafka", Record: 200, Byte: 1, Spread: 0.1},
		{Part: "sink/edge-nats", Record: 100, Byte: 1, Spread: 0.1},
		{Part: "sink/edge-kafka", Record: 100, Byte: 1, Spread: 0.1},
		{Part: "source/edge-kafka", Record: 200, Byte: 1, Spread: 0.1},
		{Part: "broker/nats", Record: 50, Byte: 2, Spread: 0.1},
		{Part: "source/flowc.v1", Record: 500, Byte: 1, Spread: 0.1},
		{Part: "source/lines", Byte: 0.5, Spread: 0.1},
		{Part: "processor/flowc.v1", Record: 1000, Byte: 2, Spread: 0.1},
		{Part: "processor/flowc.v1-grpc", Record: 2000, Byte: 3, Spread: 0.1},
		{Part: "processor/flowctl.v1-in-turn", Record: 20000, Spread: 0.1},
		{Part: "processor/lines", Record: 1000, Byte: 1, Spread: 0.1},
		{Part: "sink/flowctl.v1", Record: 3000, Byte: 1, Spread: 0.1},
		{Part: "sink/lines", Record: 300, Byte: 1, Spread: 0.1},
		{Part: "component/source-flowc.v1", Record: 700, Byte: 1, Spread: 0.1},
		{Part: "component/processor-flowc.v1-grpc", Record: 1500, Byte: 2, Spread: 0.1},
		{Part: "component/processor-flowctl.v1-in-turn", Record: 50000, Spread: 0.1},
		{Part: "component/sink-flowctl.v1", Record: 2000, Byte: 1, Spread: 0.1},
		{Part: "wait/flowctl.v1-in-turn", Record: 1.25e6, Spread: 0.1},
	},
}

const head = `pipeline: shop
types:
  Order: {id: string, account: string, kind: string, n: int}
sources:
  orders: {use: file, config: {path: orders.ndjson}, out: Order}
`

// cases are questions; their answers are in testdata, as text and as JSON.
var cases = []struct {
	name, text string
	cores      int
	rates      map[string]float64
	sizes      map[string]float64
	measured   *plan.Measured
	copies     bool
	given      map[string]float64
}{
	{name: "one-process", cores: 8, rates: map[string]float64{"orders": 1e6}, sizes: map[string]float64{"orders": 116}, text: head + `
processors:
  large: {from: orders, filter: in.N > 5}
  short: {from: large, map: {id: in.ID, double: in.N * 2}}
sinks:
  out: {from: short, use: file, config: {path: out.ndjson}}
`},
	// The check costs more than a process has; a cut there is what helps.
	{name: "cut", cores: 4, rates: map[string]float64{"orders": 1e6}, sizes: map[string]float64{"orders": 100}, text: head + `
processors:
  checked: {from: orders, check: {a: in.N > 0, b: in.ID != ""}}
  large: {from: checked, filter: in.N > 5}
sinks:
  out: {from: large, use: file, config: {path: out.ndjson}}
`},
	// What reads can't be cut.
	{name: "no-cut-helps", cores: 2, rates: map[string]float64{"orders": 1e7}, text: head + `
sinks:
  out: {from: orders, use: file, config: {path: out.ndjson}}
`},
	{name: "scaled", cores: 4, rates: map[string]float64{"orders": 1e6}, sizes: map[string]float64{"orders": 100}, text: head + `
edges: {nats: {url: "nats://localhost", max_bytes: 4GiB, replicas: 3}}
processors:
  checked: {from: orders, check: {a: in.N > 0}, key: in.Account, scale: {replicas: 2}}
sinks:
  out: {from: checked, use: file, config: {path: out.ndjson}}
`},
	// Hosts share parts, of which there are too few, or enough.
	{name: "hosts", cores: 4, rates: map[string]float64{"orders": 1e6}, sizes: map[string]float64{"orders": 100}, text: head + `
edges: {nats: {url: "nats://localhost", max_bytes: 4GiB}}
processors:
  checked: {from: orders, check: {a: in.N > 0}, key: in.Account, scale: {min: 1, max: 2}}
sinks:
  out: {from: checked, use: file, config: {path: out.ndjson}}
`},
	{name: "hosts-enough", cores: 4, rates: map[string]float64{"orders": 1e5}, sizes: map[string]float64{"orders": 100}, text: head + `
edges: {nats: {url: "nats://localhost", max_bytes: 4GiB}}
processors:
  checked: {from: orders, check: {a: in.N > 0}, key: in.Account, scale: {min: 1, max: 4}}
sinks:
  out: {from: checked, use: file, config: {path: out.ndjson}}
`},
	// Edges go the way that the pipeline has for them.
	{name: "cut-by-kafka", cores: 4, rates: map[string]float64{"orders": 1e6}, sizes: map[string]float64{"orders": 100}, text: head + `
edges: {kafka: {brokers: ["localhost:9092"], replication_factor: 3}}
processors:
  checked: {from: orders, check: {a: in.N > 0}, key: in.Account, parallel: 2}
sinks:
  out: {from: checked, use: kafka, config: {brokers: ["localhost:9092"], topic: out}}
`},
	{name: "copies", cores: 1, rates: map[string]float64{"orders": 1e6}, copies: true, text: `pipeline: shop
types:
  Order: {id: string}
sources:
  orders: {use: kafka, config: {brokers: ["localhost:9092"], topics: [orders], group: shop}, out: Order}
sinks:
  out: {from: orders, use: kafka, config: {brokers: ["localhost:9092"], topic: out}}
`},
	{name: "sampled", cores: 8, rates: map[string]float64{"orders": 2e6}, measured: sample(), text: head + `
processors:
  split: {from: orders, route: {a: 'in.Kind == "a"', b: else}}
  short: {from: split.a, map: {id: in.ID, double: in.N * 2}}
sinks:
  as: {from: short, use: file, config: {path: a.ndjson}}
  bs: {from: split.b, use: http, config: {url: "http://localhost"}}
`},
	// Components of each way: what they work themselves is given of two, and one of them, and
	// one of lines, hold up what comes.
	{name: "components", cores: 4, rates: map[string]float64{"ledgers": 1e4}, sizes: map[string]float64{"ledgers": 200}, given: map[string]float64{"ledgers": 20e3, "rated": 2e6}, text: `pipeline: chain
types:
  Ledger: {sequence: int64, closed: bool}
delivery: {guarantee: at-most-once}
sources:
  ledgers: {command: [./ledgers], protocol: acked, out: Ledger}
processors:
  closed: {from: ledgers, filter: in.Closed}
  scored: {from: closed, endpoint: "scores:50051", protocol: acked, out: Ledger}
  rated: {from: scored, command: [./rates], out: Ledger}
  sorted: {from: rated, command: [sort], protocol: ndjson, settle: 50ms, out: Ledger}
sinks:
  stored: {from: sorted, command: [./store]}
  logged: {from: sorted, command: [./log], protocol: ndjson}
`},
	{name: "two-sources", cores: 8, rates: map[string]float64{"orders": 1e5, "more": 3e5}, sizes: map[string]float64{"orders": 100, "more": 200}, text: head + `  more: {use: file, config: {path: more.ndjson}, out: Order}
processors:
  both: {from: [orders, more], filter: in.N > 5}
sinks:
  out: {from: both, use: file, config: {path: out.ndjson}}
`},
}

// sample is a run over ten records of 200 bytes, of which three went to `as`.
func sample() *plan.Measured {
	return &plan.Measured{
		Sampled: plan.Sampled{Machine: "this machine, 2 cores", Load: "0.20", Rounds: 2, Records: 10, Nanos: 300, Most: 330},
		Sources: map[string]*plan.Run{"orders": {
			Records: 10, Bytes: 2000,
			In:        map[string]int64{"orders": 10, "split": 10, "short": 3, "as": 3, "bs": 7},
			Out:       map[string]int64{"orders": 10, "split": 10, "short": 3, "as": 3, "bs": 7},
			SinkBytes: map[string]int64{"as": 120, "bs": 1400},
			Nanos:     map[string]float64{"": 100, "orders": 900, "orders.decode": 1500, "split": 50, "short": 0, "as.encode": 250, "bs.encode": 200},
			Samples:   map[string]int64{"": 10, "orders": 90, "orders.decode": 150, "split": 5, "as.encode": 25, "bs.encode": 20},
			Spread:    0.1,
		}},
	}
}

// cacheDir keeps what the compiler asked the go command, so that it is asked once.
var cacheDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "flowc-plan-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	cacheDir = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func compile(t *testing.T, text string, more ...func(*driver.Options)) *driver.Result {
	t.Helper()
	o := driver.Options{File: "pipeline.yaml", Text: []byte(text), Dir: t.TempDir(), CacheDir: cacheDir}
	for _, f := range more {
		f(&o)
	}
	r, err := driver.Compile(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range r.Diagnostics {
		t.Fatal(d)
	}
	return r
}

// ask makes the request of a case.
func ask(t *testing.T, i int) plan.Request {
	c := cases[i]
	r := compile(t, c.text)
	return plan.Request{
		Program: r.Program, Pieces: r.Program.Pieces, Rates: c.rates, Sizes: c.sizes, Cores: c.cores, Costs: table, Measured: c.measured, Given: c.given,
		Copies: c.copies, CopiesWhy: map[bool]string{true: "copies share what `orders` gives", false: "`orders` reads all that there is"}[c.copies],
		Try: func(node string) ([]*ir.Piece, bool) {
			r, err := driver.Compile(context.Background(), driver.Options{
				File: "pipeline.yaml", Text: []byte(c.text), Dir: t.TempDir(), CacheDir: cacheDir, Scale: map[string]driver.Scale{node: {Max: 1}}, Carrier: "EDGES",
			})
			if err != nil || r.Program == nil {
				return nil, false
			}
			return r.Program.Pieces, true
		},
	}
}

// golden compares with a file of testdata; FLOWC_UPDATE=1 writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("FLOWC_UPDATE") != "" {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("another answer than in %s:\n%s", path, got)
	}
}

func TestAnswers(t *testing.T) {
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := plan.Compute(ask(t, i))
			var text bytes.Buffer
			if err := p.Text(&text); err != nil {
				t.Fatal(err)
			}
			golden(t, c.name+".txt", text.Bytes())
			data, err := json.MarshalIndent(p, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, c.name+".json", append(data, '\n'))
		})
	}
}

var (
	workLine = regexp.MustCompile(`^  \S.* ([0-9,]+)/s × +([0-9.]+) ns += +([0-9.]+)  `)
	sumLine  = regexp.MustCompile(`^  +process (\S+) += +([0-9.]+)$`)
	allLine  = regexp.MustCompile(`^  all +=? += +([0-9.]+)  `)
)

// What is printed adds up: the total is the sum of its lines, to the last digit, a process
// is the sum of its own, and each line is its rate times its cost.
func TestSums(t *testing.T) {
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var text bytes.Buffer
			if err := plan.Compute(ask(t, i)).Text(&text); err != nil {
				t.Fatal(err)
			}
			var all, process int64
			lines, totals, of := 0, 0, ""
			for line := range strings.Lines(text.String()) {
				line = strings.TrimSuffix(line, "\n")
				if of = cmp.Or(heading(line), of); strings.HasPrefix(of, "Components") { // which are no part of the program
					continue
				}
				if m := workLine.FindStringSubmatch(line); m != nil {
					lines++
					all += milli(t, m[3])
					process += milli(t, m[3])
					var rate, nanos float64
					if _, err := fmt.Sscan(strings.ReplaceAll(m[1], ",", "")+" "+m[2], &rate, &nanos); err != nil {
						t.Fatal(err)
					}
					if want := rate * nanos / 1e6; float64(milli(t, m[3])) < want-0.5-rate*0.05/1e6 || float64(milli(t, m[3])) > want+0.5+rate*0.05/1e6 {
						t.Errorf("%q: that is %.1f thousandths", line, want)
					}
				} else if m := sumLine.FindStringSubmatch(line); m != nil {
					if milli(t, m[2]) != process {
						t.Errorf("%q: its lines are %d thousandths", line, process)
					}
					process = 0
				} else if m := allLine.FindStringSubmatch(line); m != nil {
					totals++
					if milli(t, m[1]) != all {
						t.Errorf("%q: the lines are %d thousandths", line, all)
					}
					all, process = 0, 0
				}
			}
			if lines == 0 || totals == 0 {
				t.Fatalf("there are %d lines and %d totals in:\n%s", lines, totals, text.String())
			}
		})
	}
}

// heading is that of the section that a line begins, "" for none.
func heading(line string) string {
	if strings.HasPrefix(line, " ") {
		return ""
	}
	return line
}

// milli reads a number of cores as thousandths.
func milli(t *testing.T, text string) int64 {
	t.Helper()
	var whole, part int64
	if _, err := fmt.Sscanf(text, "%d.%d", &whole, &part); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return whole*1000 + part
}

// What a plan says to paste is an overlay that compiles, and with it the pipeline takes
// the rate.
func TestPaste(t *testing.T) {
	pasted := 0
	for i, c := range cases {
		request := ask(t, i)
		advice := plan.Compute(request).Advice
		if advice.Paste == "" || strings.HasPrefix(advice.Paste, "targets:") {
			continue
		}
		pasted++
		overlay := filepath.Join(t.TempDir(), "overlay.yaml")
		if err := os.WriteFile(overlay, []byte(advice.Paste), 0o600); err != nil {
			t.Fatal(err)
		}
		r := compile(t, c.text, func(o *driver.Options) { o.Overlays = []string{overlay} })
		request.Program, request.Pieces = r.Program, r.Program.Pieces
		if again := plan.Compute(request); !again.Advice.Enough {
			t.Errorf("%s: with\n%s it is not enough: %v", c.name, advice.Paste, again.Advice.Says)
		}
	}
	if pasted < 2 {
		t.Errorf("only %d plans had something to paste", pasted)
	}
}

// Twice the rate is twice the work, whatever way it goes.
func TestProportional(t *testing.T) {
	for i, c := range cases {
		once, twice := ask(t, i), ask(t, i)
		twice.Rates = map[string]float64{}
		for name, rate := range c.rates {
			twice.Rates[name] = 2 * rate
		}
		p, q := plan.Compute(once), plan.Compute(twice)
		if d := 2*p.Total.MilliCores - q.Total.MilliCores; d > int64(len(p.Lines)) || d < -int64(len(p.Lines)) {
			t.Errorf("%s: %d thousandths, and %d at twice the rate", c.name, p.Total.MilliCores, q.Total.MilliCores)
		}
	}
}
