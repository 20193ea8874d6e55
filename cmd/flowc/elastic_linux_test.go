package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// elastic is a pipeline whose middle has as many hosts as there is need for: from a file
// that grows to a file.
const elastic = `pipeline: elastic
types: {Line: {n: int, text: string}}
edges: {nats: {url: "${env:NATS_URL}", max_bytes: 64MiB}}
sources: {lines: {use: file, config: {path: lines.ndjson, follow: true}, out: Line, on_error: {then: drop}}}
processors:
  odd: {from: lines, key: 'fmt.Sprint(in.N % 50)', scale: {min: 1, max: 6}, filter: in.N % 2 == 1}
sinks:
  out: {from: odd, use: file, config: {path: odd.ndjson}}
`

// page asks a program for a page.
func (s *started) page(path string) (int, string) {
	s.t.Helper()
	answer, err := http.Get("http://" + s.http + path)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err.Error()
	}
	return answer.StatusCode, string(body)
}

// metric is a value of a program's, -1 where it has none.
func (s *started) metric(name string) float64 {
	_, page := s.page("/metrics")
	for line := range strings.Lines(page) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			if n, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil {
				return n
			}
		}
	}
	return -1
}

// copies are the processes that a host has started, by the number of their part.
func (s *started) copies() map[string]int {
	s.t.Helper()
	found := map[string]int{}
	children, err := os.ReadDir("/proc")
	if err != nil {
		s.t.Skip("the system does not show its processes")
	}
	for _, p := range children {
		pid, err := strconv.Atoi(p.Name())
		if err != nil {
			continue
		}
		stat, _ := os.ReadFile(filepath.Join("/proc", p.Name(), "stat"))
		_, rest, _ := strings.Cut(string(stat), ") ")
		if f := strings.Fields(rest); len(f) < 2 || f[1] != strconv.Itoa(s.cmd.Process.Pid) {
			continue
		}
		args, _ := os.ReadFile(filepath.Join("/proc", p.Name(), "cmdline"))
		words := strings.Split(string(args), "\x00")
		if at := slices.Index(words, "--replica"); at >= 0 && at+1 < len(words) {
			found[words[at+1]] = pid
		}
	}
	return found
}

// alivePID tells whether a process is there, and is not one that nobody has buried.
func alivePID(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(stat), ") ")
	return err == nil && !strings.HasPrefix(rest, "Z")
}

// Hosts come and go while data flows, in order and by kill -9, and so do their processes;
// what comes out is what the program in one process writes, each record once.
func TestElasticHosts(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "pipeline.yaml")
	for _, carrier := range []string{"nats", "kafka"} {
		t.Run(carrier, func(t *testing.T) {
			text := elastic
			server := newNATSServer(t) // keeps the checkpoints in either case
			env := []string{"NATS_URL=" + server.url()}
			if carrier == "kafka" {
				k := newKafkaCluster(t)
				env = append(env, "KAFKA_BROKERS="+k.address())
				text = strings.Replace(text, `edges: {nats: {url: "${env:NATS_URL}", max_bytes: 64MiB}}`, `edges: {kafka: {brokers: ["${env:KAFKA_BROKERS}"]}}
delivery: {checkpoint: {store: nats, url: "${env:NATS_URL}"}}`, 1)
			}
			writeFile(t, file, text)
			binary, dir := buildProgram(t, file), t.TempDir()
			out := filepath.Join(dir, "odd.ndjson")
			lines := newFeed(t, filepath.Join(dir, "lines.ndjson"))
			reader := startWith(t, binary, dir, []string{"--process", "elastic"}, env...)
			writer := startWith(t, binary, dir, []string{"--process", "out"}, env...)
			host := func() *started { return startWith(t, binary, dir, []string{"--process", "odd"}, env...) }
			logs := func(hosts []*started) (all string) {
				for _, h := range append(hosts, reader, writer) {
					all += h.said() + "\n"
				}
				return all
			}
			grows := func(hosts []*started) {
				t.Helper()
				before := len(linesOf(t, out))
				eventually(t, "the pipeline writes\n"+logs(hosts), func() bool { return len(linesOf(t, out)) > before+100 })
			}
			settled := func(hosts []*started) {
				t.Helper()
				eventually(t, fmt.Sprintf("%d hosts share 6 parts\n%s", len(hosts), logs(hosts)), func() bool {
					parts := map[string]bool{}
					for _, h := range hosts {
						if status, _ := h.page("/readyz"); status != 200 || h.metric("flowc_hosts") != float64(len(hosts)) {
							return false
						}
						mine := h.copies()
						if len(mine) < 6/len(hosts) || len(mine) > (6+len(hosts)-1)/len(hosts) {
							return false
						}
						for part := range mine {
							parts[part] = true
						}
					}
					return len(parts) == 6
				})
				grows(hosts)
			}
			hosts := []*started{host()}
			settled(hosts)

			t.Log("from one to four")
			hosts = append(hosts, host(), host(), host())
			settled(hosts)

			for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
				t.Logf("a process gets %v from somebody", signal)
				for part, pid := range hosts[1].copies() {
					if err := syscall.Kill(pid, signal); err != nil {
						t.Fatal(err)
					}
					eventually(t, "the host starts it again", func() bool { now := hosts[1].copies()[part]; return now != 0 && now != pid })
					break
				}
				settled(hosts)
			}
			status, lag := hosts[2].page("/lag")
			var said struct{ Lag *int64 }
			if err := json.Unmarshal([]byte(lag), &said); status != 200 || err != nil || said.Lag == nil || *said.Lag < 0 {
				t.Errorf("%d, %s", status, lag)
			}
			if _, page := hosts[2].page("/metrics"); !strings.Contains(page, `flowc_records_total{copy="`) || strings.Count(page, "# TYPE flowc_records_total ") != 1 {
				t.Errorf("the page of a host has not what its processes say:\n%s", page)
			}

			t.Log("a host is killed")
			orphans := hosts[0].copies()
			hosts[0].kill()
			for part, pid := range orphans {
				eventually(t, "no process outlives its host: "+part, func() bool { return !alivePID(pid) })
			}
			settled(hosts[1:])

			t.Log("from three to two")
			hosts[1].end()
			hosts = hosts[2:]
			settled(hosts)

			t.Log("a host is frozen, and goes on")
			if err := hosts[0].cmd.Process.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the other has all", func() bool { return len(hosts[1].copies()) == 6 })
			if err := hosts[0].cmd.Process.Signal(syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			settled(hosts)

			n := lines.end()
			eventually(t, "all is written\n"+logs(hosts), func() bool { return len(linesOf(t, out)) >= odds(n) })
			for _, p := range append(slices.Clone(hosts), reader, writer) {
				p.end()
				if code := p.cmd.ProcessState.ExitCode(); code != 0 {
					t.Errorf("exit code %d:\n%s", code, p.said())
				}
			}
			got := numbers(t, out)
			slices.Sort(got)
			var want []int
			for i := range n {
				if i%2 == 1 && i%500 != 499 {
					want = append(want, i)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d records of %d lines, want %d, each once", len(got), n, len(want))
			}
			t.Logf("%d lines were read, %d written", n, len(got))
		})
	}
}

// A pipeline whose input ends has hosts that end: whoever of them is killed meanwhile,
// what they write is what the program in one process writes, in the order of each key.
func TestElasticEnds(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	t.Parallel()
	const records = 60_000
	folder := t.TempDir()
	file := filepath.Join(folder, "pipeline.yaml")
	text := strings.Replace(scaled, "scale: {replicas: 3}", "scale: {min: 2, max: 5}", 1)
	writeFile(t, file, text)
	cut := buildProgram(t, file)
	for _, words := range []string{", scale: {min: 2, max: 5}", "    scale: {replicas: 2}\n", "edges: {nats: {url: \"${env:NATS_URL}\"}}\n"} {
		if !strings.Contains(text, words) {
			t.Fatalf("no %q", words)
		}
		text = strings.Replace(text, words, "", 1)
	}
	writeFile(t, file, text)
	whole, want := buildProgram(t, file), t.TempDir()
	writeOrders(t, want, records)
	p := start(t, whole, want)
	<-p.done
	processes := []scaledProcess{{"scaled", ""}, {"passed", ""}, {"passed", " "}, {"passed", "  "}, {"made", "0"}, {"made", "1"}, {"rest", ""}, {"large", ""}}
	for _, killed := range []bool{false, true} {
		t.Run(fmt.Sprintf("killed %v", killed), func(t *testing.T) {
			dir := t.TempDir()
			writeOrders(t, dir, records)
			server := newNATSServer(t)
			begin := func(p scaledProcess) *started {
				p.replica = strings.TrimSpace(p.replica) // which told hosts apart
				return startWith(t, cut, dir, p.args(), "NATS_URL="+server.url())
			}
			running := map[scaledProcess]*started{}
			for _, p := range processes {
				running[p] = begin(p)
			}
			if killed {
				r, kills := rand.New(rand.NewPCG(5, 5)), 0
				for range 12 {
					time.Sleep(time.Duration(50+r.IntN(150)) * time.Millisecond)
					p := processes[1+r.IntN(3)]
					running[p].kill()
					if running[p].cmd.ProcessState.ExitCode() == -1 {
						kills++
						running[p] = begin(p)
					}
				}
				if kills < 5 {
					t.Errorf("only %d hosts were killed: the test says little", kills)
				}
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
			for _, name := range []string{"all.ndjson", "rest.ndjson", "large.ndjson"} {
				expected, got := sortedLines(t, filepath.Join(want, name)), sortedLines(t, filepath.Join(dir, name))
				if !slices.Equal(expected, got) {
					t.Errorf("%s: %d lines in one process, %d in several, or others", name, len(expected), len(got))
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

// Where a sink keeps the checkpoint with its records, each part has a transaction of its
// own, and who takes a part over fences the one before: each record is seen once, also
// where hosts are killed.
func TestElasticTransactions(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	t.Parallel()
	file := filepath.Join(t.TempDir(), "pipeline.yaml")
	writeFile(t, file, `pipeline: once
types: {Line: {n: int, text: string}}
edges: {nats: {url: "${env:NATS_URL}", max_bytes: 64MiB}}
delivery: {guarantee: effectively-once, checkpoint: {every: 100ms}}
sources: {lines: {use: file, config: {path: lines.ndjson, follow: true}, out: Line, on_error: {then: drop}}}
processors:
  odd: {from: lines, key: 'fmt.Sprint(in.N % 50)', scale: {min: 1, max: 4}, filter: in.N % 2 == 1}
sinks:
  out: {from: odd, use: kafka, config: {brokers: ["${env:KAFKA_BROKERS}"], topic: out}}
`)
	binary, dir := buildProgram(t, file), t.TempDir()
	server, k := newNATSServer(t), newKafkaCluster(t, "out")
	env := []string{"NATS_URL=" + server.url(), "KAFKA_BROKERS=" + k.address()}
	seen := func() (all []int) {
		for _, r := range k.committed("out") {
			var v struct{ N int }
			if err := json.Unmarshal(r.Value, &v); err != nil {
				t.Fatal(err)
			}
			all = append(all, v.N)
		}
		slices.Sort(all)
		return all
	}
	lines := newFeed(t, filepath.Join(dir, "lines.ndjson"))
	reader := startWith(t, binary, dir, []string{"--process", "once"}, env...)
	host := func() *started { return startWith(t, binary, dir, []string{"--process", "odd"}, env...) }
	hosts := []*started{host(), host()}
	grows := func() {
		t.Helper()
		before := len(seen())
		eventually(t, "records are committed", func() bool { return len(seen()) > before+50 })
	}
	grows()
	for range 2 {
		hosts[0].kill()
		grows() // of the parts of the other
		hosts = []*started{hosts[1], host()}
		eventually(t, "two hosts share the parts", func() bool { return len(hosts[0].copies()) == 2 && len(hosts[1].copies()) == 2 })
		grows()
	}
	hosts[0].end()
	grows()
	n := lines.end()
	eventually(t, "all is committed\n"+hosts[1].said(), func() bool { return len(seen()) >= odds(n) })
	hosts[1].end()
	reader.end()
	var want []int
	for i := range n {
		if i%2 == 1 && i%500 != 499 {
			want = append(want, i)
		}
	}
	if got := seen(); !slices.Equal(got, want) {
		t.Errorf("%d records of %d lines are seen, want %d, each once", len(got), n, len(want))
	}
	t.Logf("%d lines were read, %d are seen", n, len(want))
}
