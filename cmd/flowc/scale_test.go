package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// scaled is a pipeline whose middle runs in several processes, twice: all types cross,
// some records as they came and some made, and ways part and meet.
const scaled = `pipeline: scaled
types:
  Side: buy | sell
  Order:
    id: string
    account: string
    n: int64
    big: uint64
    price: decimal
    fee: number
    ratio: float64
    ok: bool
    raw: bytes
    at: time
    wait: duration
    side: Side
    tags: [string]
    rates: map of decimal
    asset: {code: string, "issuer?": string}
    "memo?": string
    "seen?": time
    extra: json
edges: {nats: {url: "${env:NATS_URL}"}}
sources:
  orders: {use: file, config: {path: orders.ndjson}, out: Order, on_error: {then: drop}}
processors:
  kept: {from: orders, filter: in.N % 7 != 0}
  passed: {from: kept, filter: 'in.Side == "buy" || in.Ok', key: in.Account, scale: {replicas: 3}}
  stamped: {from: passed, set: {total: in.Price * 2}}
  split:
    from: stamped
    route: {large: in.Total > 100, rest: else}
  made:
    from: split.large
    key: in.Account
    scale: {replicas: 2}
    map: {id: in.ID, account: in.Account, n: in.N, big: in.Big, price: in.Price, fee: in.Fee, ratio: in.Ratio, raw: in.Raw, at: in.At, wait: in.Wait, side: in.Side, tags: in.Tags, rates: in.Rates, asset: in.Asset, extra: in.Extra, memo: 'or(in.Memo, "none")'}
  again: {from: made, filter: len(in.Tags) < 3}
sinks:
  all: {from: kept, use: file, config: {path: all.ndjson}}
  rest: {from: split.rest, use: file, config: {path: rest.ndjson}}
  large: {from: again, use: file, config: {path: large.ndjson}}
`

// writeOrders writes the input of the pipeline, which nobody could mistake for JSON that
// a machine wrote: unknown fields, spaces and numbers in all spellings.
func writeOrders(t *testing.T, dir string, n int) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "orders.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	r := rand.New(rand.NewPCG(7, 7))
	for i := range n {
		optional := ""
		if i%3 == 0 {
			optional = fmt.Sprintf(`"memo": "a \"memo\" é %d\u0007", "seen": "2026-02-%02dT00:00:00.5+02:00", `, i, 1+i%28)
		}
		raw := `"AAH/"`
		if i%997 == 0 {
			raw = "5" // which is none, and which the last process alone reads
		}
		tags := strings.Join([]string{`"x"`, `"y <&>"`, `"\ud83d\ude00"`}[:i%4], ", ")
		fmt.Fprintf(w, `{"id":"o%d", "account":"a%d","n":%d,"big":%d,"price":"%d.%02d0","fee":%d.10,"ratio":%g,"ok":%v,"raw":%s,`,
			i, r.IntN(40), r.Int64N(1<<53)-1<<52, r.Uint64(), r.IntN(120), r.IntN(100), i, r.Float64()*1e9, i%4 == 0, raw)
		fmt.Fprintf(w, `"at":"2026-01-02T03:04:05.%09d-07:00","wait":"%dms", "side":"%s","tags":[%s],"rates":{"b":"%d.5","a":1},"asset":{"code":"c%d"},`,
			i, i%5000, []string{"buy", "sell"}[r.IntN(2)], tags, i, i%5)
		fmt.Fprintf(w, `%s"extra":{"z":[1, 2.50,null], "deep":{"k":%d}},"unknown": %d}`+"\n", optional, i, i)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// A scaledProcess is one of those of the pipeline.
type scaledProcess struct{ process, replica string }

func (p scaledProcess) args() []string {
	args := []string{"--process", p.process}
	if p.replica != "" {
		args = append(args, "--replica", p.replica)
	}
	return args
}

var scaledProcesses = []scaledProcess{
	{"scaled", ""}, {"passed", "0"}, {"passed", "1"}, {"passed", "2"}, {"made", "0"}, {"made", "1"}, {"rest", ""}, {"large", ""},
}

// sortedLines are the lines of a file in an order that does not hang on theirs.
func sortedLines(t *testing.T, path string) []string {
	lines := linesOf(t, path)
	slices.Sort(lines)
	return lines
}

// byAccount are the ids in a file, by account, in their order.
func byAccount(t *testing.T, path string) map[string][]string {
	t.Helper()
	ids := map[string][]string{}
	for _, line := range linesOf(t, path) {
		var v struct{ ID, Account string }
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		ids[v.Account] = append(ids[v.Account], v.ID)
	}
	return ids
}

// A pipeline that is cut writes what it writes in one process, to the byte: each record
// once, those of a key in their order, whoever is killed meanwhile.
func TestScaled(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	t.Parallel()
	records := 60_000
	pipeline := t.TempDir()
	file := filepath.Join(pipeline, "pipeline.yaml")
	const overNATS, overKafka = `edges: {nats: {url: "${env:NATS_URL}"}}`, `edges: {kafka: {brokers: ["${env:KAFKA_BROKERS}"]}}`
	cut := map[string]string{}
	for carrier, edges := range map[string]string{"nats": overNATS, "kafka": overKafka} {
		if err := os.WriteFile(file, []byte(strings.Replace(scaled, overNATS, edges, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		cut[carrier] = buildProgram(t, file)
	}
	// The same without processes of its own.
	fused := scaled
	for _, words := range []string{", scale: {replicas: 3}", "    scale: {replicas: 2}\n", overNATS + "\n"} {
		if !strings.Contains(fused, words) {
			t.Fatalf("no %q", words)
		}
		fused = strings.Replace(fused, words, "", 1)
	}
	if err := os.WriteFile(file, []byte(fused), 0o644); err != nil {
		t.Fatal(err)
	}
	whole := buildProgram(t, file)
	want := t.TempDir()
	writeOrders(t, want, records)
	p := start(t, whole, want)
	<-p.done
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, p.said())
	}
	outputs := []string{"all.ndjson", "rest.ndjson", "large.ndjson"}
	for _, name := range outputs {
		if n := len(linesOf(t, filepath.Join(want, name))); n < records/20 {
			t.Fatalf("%s has %d lines: the test says little", name, n)
		}
	}
	for _, c := range []struct {
		carrier string
		killed  bool // processes are
		away    bool // the broker is, for a while
	}{{"nats", false, false}, {"nats", true, false}, {"nats", false, true}, {"kafka", false, false}, {"kafka", true, false}, {"kafka", false, true}} {
		t.Run(fmt.Sprintf("%s, killed %v, away %v", c.carrier, c.killed, c.away), func(t *testing.T) {
			dir := t.TempDir()
			writeOrders(t, dir, records)
			var env string
			var stop, start func()
			switch c.carrier {
			case "nats":
				s := newNATSServer(t)
				env, stop, start = "NATS_URL="+s.url(), s.stop, s.start
			case "kafka":
				k := newKafkaCluster(t)
				if c.away {
					k.keepAll()
				}
				env, stop, start = "KAFKA_BROKERS="+k.address(), k.stop, func() { k.start(); k.keepAll() }
			}
			begin := func(p scaledProcess) *started { return startWith(t, cut[c.carrier], dir, p.args(), env) }
			running := map[scaledProcess]*started{}
			for _, p := range scaledProcesses {
				running[p] = begin(p)
			}
			if c.killed {
				killAll(t, begin, running)
			}
			for i := range 3 {
				if !c.away {
					break
				}
				time.Sleep(time.Duration(200+100*i) * time.Millisecond)
				stop()
				time.Sleep(200 * time.Millisecond)
				start()
			}
			for p, r := range running {
				select {
				case <-r.done:
				case <-time.After(3 * time.Minute):
					t.Fatalf("%v does not end:\n%s", p, r.said())
				}
				if code := r.cmd.ProcessState.ExitCode(); code != 0 {
					t.Errorf("%v: exit code %d:\n%s", p, code, r.said())
				}
			}
			for _, name := range outputs {
				expected, got := sortedLines(t, filepath.Join(want, name)), sortedLines(t, filepath.Join(dir, name))
				if !slices.Equal(expected, got) {
					t.Errorf("%s: %d lines in one process, %d in several, or others", name, len(expected), len(got))
					for i := range min(len(expected), len(got)) {
						if expected[i] != got[i] {
							t.Errorf("the first that differs:\n%s\n%s", expected[i], got[i])
							break
						}
					}
				}
				before, after := byAccount(t, filepath.Join(want, name)), byAccount(t, filepath.Join(dir, name))
				for account, ids := range before {
					if !slices.Equal(ids, after[account]) {
						t.Errorf("%s: the records of %s are in another order", name, account)
						break
					}
				}
			}
		})
	}
}

// killAll kills processes one after another, wherever they are, and starts each again,
// until the first has ended.
func killAll(t *testing.T, again func(scaledProcess) *started, running map[scaledProcess]*started) {
	r := rand.New(rand.NewPCG(1, 2))
	kills := 0
	for i := 0; i < 60; i++ {
		p := scaledProcesses[r.IntN(len(scaledProcesses))]
		time.Sleep(time.Duration(r.IntN(40)) * time.Millisecond)
		select {
		case <-running[p].done:
			continue
		default:
		}
		running[p].kill()
		if running[p].cmd.ProcessState.ExitCode() != -1 {
			continue // it had come to its end
		}
		kills++
		running[p] = again(p)
	}
	t.Logf("killed %d times", kills)
	if kills < 5 {
		t.Errorf("only %d processes were killed: the test says little", kills)
	}
}

// A trial needs neither `scale` nor `edges` in the pipeline: the command brings a broker,
// starts the processes and ends when they have.
func TestRunScale(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	dir := t.TempDir()
	writeOrders(t, dir, 3000)
	file := filepath.Join(dir, "pipeline.yaml")
	text := `pipeline: trial
types:
  Order: {id: string, account: string, n: int64}
sources:
  orders: {use: file, config: {path: orders.ndjson}, out: Order}
processors:
  kept: {from: orders, filter: in.N > 0, key: in.Account}
sinks:
  out: {from: kept, use: file, config: {path: out.ndjson}}
`
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	whole := start(t, buildProgram(t, file), dir)
	<-whole.done
	want := sortedLines(t, filepath.Join(dir, "out.ndjson"))
	if len(want) < 1000 {
		t.Fatalf("%d lines:\n%s", len(want), whole.said())
	}
	if err := os.Remove(filepath.Join(dir, "out.ndjson")); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := run([]string{"run", "--scale", "kept=2", file}, nil, &out, &errs); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, &errs)
	}
	if got := sortedLines(t, filepath.Join(dir, "out.ndjson")); !slices.Equal(got, want) {
		t.Errorf("%d lines in one process, %d in several:\n%s", len(want), len(got), &errs)
	}
	for _, name := range []string{"trial", "kept.0", "kept.1", "out"} {
		if !strings.Contains(errs.String(), name+" | ") {
			t.Errorf("no process %s in\n%s", name, &errs)
		}
	}
	// The next run begins anew, as that of the whole pipeline does.
	writeOrders(t, dir, 1500)
	if err := os.Remove(filepath.Join(dir, "out.ndjson")); err != nil {
		t.Fatal(err)
	}
	again := start(t, buildProgram(t, file), dir)
	<-again.done
	want = sortedLines(t, filepath.Join(dir, "out.ndjson"))
	if err := os.Remove(filepath.Join(dir, "out.ndjson")); err != nil {
		t.Fatal(err)
	}
	errs.Reset()
	if code := run([]string{"run", "--scale", "kept=2", file}, nil, &out, &errs); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, &errs)
	}
	if got := sortedLines(t, filepath.Join(dir, "out.ndjson")); !slices.Equal(got, want) {
		t.Errorf("%d lines in one process, %d in several that ran for the second time:\n%s", len(want), len(got), &errs)
	}
	// Two hosts that share three parts do the same.
	if err := os.Remove(filepath.Join(dir, "out.ndjson")); err != nil {
		t.Fatal(err)
	}
	errs.Reset()
	if code := run([]string{"run", "--scale", "kept=2..3", file}, nil, &out, &errs); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, &errs)
	}
	if got := sortedLines(t, filepath.Join(dir, "out.ndjson")); !slices.Equal(got, want) || !strings.Contains(errs.String(), "kept.host1 | ") {
		t.Errorf("%d lines in one process, %d by hosts:\n%s", len(want), len(got), &errs)
	}
	// One with brokers of Kafka uses these.
	k := newKafkaCluster(t)
	t.Setenv("KAFKA_BROKERS", k.address())
	kafka := filepath.Join(dir, "kafka.yaml")
	if err := os.WriteFile(kafka, []byte(text+"edges: {kafka: {brokers: [\"${env:KAFKA_BROKERS}\"]}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := os.Remove(filepath.Join(dir, "out.ndjson")); err != nil {
			t.Fatal(err)
		}
		errs.Reset()
		if code := run([]string{"run", "--scale", "kept=2", kafka}, nil, &out, &errs); code != 0 {
			t.Fatalf("exit code %d:\n%s", code, &errs)
		}
		if got := sortedLines(t, filepath.Join(dir, "out.ndjson")); !slices.Equal(got, want) {
			t.Errorf("%d lines in one process, %d in several over Kafka:\n%s", len(want), len(got), &errs)
		}
	}
	client := k.client()
	defer client.Close()
	topics, err := kadm.NewClient(client).ListTopics(t.Context(), "flowc-trial-kept-from-orders", "flowc-trial-out-from-kept")
	if err != nil || topics.Error() != nil || strings.Contains(errs.String(), "broker | ") {
		t.Errorf("%v, %v, or a broker was brought:\n%s", err, topics.Error(), &errs)
	}
	for word, want := range map[string]string{
		"orders=2": "`orders` is no processor", "nobody=2": "the pipeline has no node `nobody` to scale", "kept=many": "--scale kept=many: write a number of processes, such as 4, or from how many to how many, such as 1..4",
		"kept=0..2": "--scale kept=0..2: write", "kept=3..2": "`kept` can't run in 3 to 2 processes", "kept=0": "`kept` can't run in 0 processes",
	} {
		errs.Reset()
		if code := run([]string{"run", "--scale", word, file}, nil, &out, &errs); code != 2 || !strings.Contains(errs.String(), want) {
			t.Errorf("%s: exit code %d: %s", word, code, &errs)
		}
	}
}

// Emitted twice, a pipeline of several processes is the same; what starts one process
// refuses it.
func TestEmitScaled(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "pipeline.yaml")
	if err := os.WriteFile(file, []byte(scaled), 0o644); err != nil {
		t.Fatal(err)
	}
	into := filepath.Join(dir, "go")
	for _, check := range []bool{false, true} {
		args := []string{"emit", file, "-o", into}
		if check {
			args = append(args, "--check")
		}
		var out, errs bytes.Buffer
		if code := run(args, nil, &out, &errs); code != 0 {
			t.Fatalf("%q: exit code %d: %s", args, code, &errs)
		}
	}
	for _, name := range []string{"main.go", "pscaled/run.go", "ppassed/run.go", "pmade/run.go", "prest/run.go", "plarge/run.go", "runtime/codec/envelope/envelope.go"} {
		if _, err := os.Stat(filepath.Join(into, filepath.FromSlash(name))); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(into, "runtime", "broker")); err == nil {
		t.Error("the program has a broker in it")
	}
	var out, errs bytes.Buffer
	if err := os.WriteFile(file, []byte(strings.Replace(scaled, "pipeline: scaled\n", "pipeline: scaled\ntargets: {local: {schedule: daily}}\n", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if code := run([]string{"emit", file, "-t", "local", "-o", filepath.Join(dir, "local")}, nil, &out, &errs); code != 3 || !strings.Contains(errs.String(), "target-scale") {
		t.Errorf("exit code %d: %s", code, &errs)
	}
}

// What is said of hosts: how many there are, what one needs, and where their checkpoints
// are that the pipeline says nothing of.
func TestExplainHosts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pipeline.yaml")
	text := strings.Replace(scaled, "scale: {replicas: 3}", "scale: {min: 2, max: 5, by: cpu}", 1)
	for _, c := range []struct{ delivery, want, not string }{
		{"", "their checkpoints are in `nats`, with what carries the records", ""},
		{"delivery: {checkpoint: {store: postgres, dsn: \"${env:DSN}\"}}\n", "", "their checkpoints"},
	} {
		if err := os.WriteFile(file, []byte(text+c.delivery), 0o644); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		if code := run([]string{"explain", file}, nil, &out, &errs); code != 0 {
			t.Fatalf("exit code %d:\n%s", code, &errs)
		}
		said := strings.Join(strings.Fields(out.String()), " ")
		for _, want := range []string{"passed ×5", "2 to 5 hosts share them, as many as the cpu asks for, and each runs 3 at most: 3 ×", "32 MiB for itself", c.want} {
			if !strings.Contains(said, want) {
				t.Errorf("no %q in\n%s", want, &out)
			}
		}
		if c.not != "" && strings.Contains(said, c.not) {
			t.Errorf("%q is in\n%s", c.not, &out)
		}
		out.Reset()
		if code := run([]string{"explain", file, "--format", "json"}, nil, &out, &errs); code != 0 {
			t.Fatalf("exit code %d:\n%s", code, &errs)
		}
		var e struct {
			Processes []struct {
				Name   string
				Memory int64
				Hosts  *struct {
					Min, Max, Copies int
					By               string
					Memory           int64
				}
			}
		}
		if err := json.Unmarshal(out.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		for _, p := range e.Processes {
			h := p.Hosts
			if (h != nil) != (p.Name == "passed") || h != nil && (h.Min != 2 || h.Max != 5 || h.Copies != 3 || h.By != "cpu" || h.Memory != 3*p.Memory+32<<20) {
				t.Errorf("%s: %+v", p.Name, h)
			}
		}
	}
}
