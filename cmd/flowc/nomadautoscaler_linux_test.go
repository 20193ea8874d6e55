package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/flowc-dev/flowc/backends/manifest"
)

// toiling is a pipeline whose middle has as many hosts as somebody says, and takes its time:
// what of it is a processor's is left open.
const toiling = `pipeline: toil
types: {N: {n: int, s: string}}
edges: {nats: {url: "${env:NATS_URL}", max_bytes: 64MiB}}
sources: {ns: {use: file, config: {path: in.ndjson, follow: true}, out: N}}
processors:
  hard:
    from: ns
    key: in.S
    scale: {max: 3, by: %s}
    filter: |
      %s
sinks: {out: {from: hard, use: file, config: {path: out.ndjson}}}
`

// TestNomadAutoscaler has Nomad's own autoscaler read what flowc wrote: hosts become more
// where much waits, as Prometheus has it from them, or where they have much to do, as Nomad
// has it; and fewer when that is over. Each record is written, and once.
func TestNomadAutoscaler(t *testing.T) {
	for _, what := range []struct{ by, body, scale string }{
		{"lag", "time.Sleep(10 * time.Millisecond)\n      return true", "target: 40, cooldown: 10s"},
		{"cpu", "n := in.N\n      for i := range 5_000_000 {\n        n = n*31 + i\n      }\n      return n != 0 || in.N >= 0", "cpu: 20, cooldown: 10s"},
	} {
		t.Run(what.by, func(t *testing.T) { toil(t, fmt.Sprintf(toiling, what.by, what.body), what.scale, what.by) })
	}
}

func toil(t *testing.T, pipeline, scale, by string) {
	c := newNomadAt(t, "docker0", true, "feed", "toil", "streams")
	log := c.autoscaled()
	c.engine.Docker("import", "--change", `ENTRYPOINT ["/nats-server"]`, natsTar(t), manifest.BrokerImage)
	a := c.applied("toil")
	a.write(pipeline, "files: {in.ndjson: {volume: feed}}, storage: {volume: toil}, broker: {storage: {volume: streams}}, processes: {hard: {scale: {"+scale+"}}}")
	feed := &feeder{t: t, path: filepath.Join(c.volume("feed"), "in.ndjson")}
	feed.more(10)
	said, _ := a.flowc(exitOK, "apply", "--yes")
	a.says(said, "toil: applied, ready")
	wrote := func() []string { return linesOf(t, filepath.Join(c.volume("toil"), "out.ndjson")) }
	hosts := func(n int) bool { return c.running("toil-hard") == n }
	c.until("one host", func() bool { return hosts(1) })
	c.until("all hosts that there may be", func() bool {
		if feed.next-len(wrote()) < 4000 && by == "lag" || feed.next-len(wrote()) < 60 {
			feed.more(50)
		}
		return hosts(3)
	})
	t.Logf("three hosts after %d records", feed.next)
	c.until("one host again", func() bool { return hosts(1) })
	feed.more(100)
	c.until("all records", func() bool { return len(wrote()) >= feed.next })
	got, want := wrote(), linesOf(t, feed.path)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d records are written, and not the %d that there are", len(got), len(want))
	}
	t.Logf("%d records, each once", len(got))
	a.flowc(exitOK, "apply", "--diff") // what an autoscaler chose is no difference
	a.flowc(exitOK, "delete", "--yes")
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "[ERROR]") {
			t.Errorf("the autoscaler says: %s", line)
		}
	}
}

// autoscaled starts Nomad's autoscaler, and a Prometheus that it asks, which finds what to
// read in Nomad's own catalogue. It returns the log of the former.
func (c *nomadCluster) autoscaled() (log string) {
	c.t.Helper()
	autoscaler, prometheus := os.Getenv("FLOWC_NOMAD_AUTOSCALER"), os.Getenv("FLOWC_PROMETHEUS")
	if autoscaler == "" || prometheus == "" {
		c.t.Skip("needs Nomad's autoscaler and Prometheus: make e2e-nomad")
	}
	ports := freePorts(c.t, 2)
	at := fmt.Sprintf("127.0.0.1:%d", ports[0])
	write(c.t, c.dir, "prometheus.yml", fmt.Sprintf(`global: {scrape_interval: 2s}
scrape_configs:
  - job_name: flowc
    nomad_sd_configs: [{server: %q, refresh_interval: 2s}]
    relabel_configs: [{source_labels: [__meta_nomad_service], regex: .+-metrics, action: keep}]
`, c.address))
	write(c.t, c.dir, "autoscaler.hcl", fmt.Sprintf(`nomad { address = %q }
http { bind_port = %d }
apm "nomad-apm" { driver = "nomad-apm" }
apm "prometheus" {
  driver = "prometheus"
  config = { address = "http://%s" }
}
`, c.address, ports[1], at))
	c.beside("prometheus", prometheus, "--config.file", filepath.Join(c.dir, "prometheus.yml"), "--storage.tsdb.path", filepath.Join(c.dir, "prometheus"), "--web.listen-address", at)
	log = c.beside("autoscaler", autoscaler, "agent", "-log-level", "debug", "-config", filepath.Join(c.dir, "autoscaler.hcl"), "-plugin-dir", c.t.TempDir())
	c.until("Prometheus is ready", func() bool {
		answer, err := http.Get("http://" + at + "/-/ready")
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
	c.t.Cleanup(func() {
		if c.t.Failed() {
			var policies json.RawMessage
			_ = json.Unmarshal([]byte(c.try("operator", "api", "/v1/scaling/policies")), &policies)
			c.t.Logf("the autoscaler's last lines:\n%s\nthe policies: %s", endOf(c.t, log), policies)
		}
	})
	return log
}

// beside starts a program beside the agent, which ends with the test, and returns its log.
func (c *nomadCluster) beside(name, command string, args ...string) (log string) {
	c.t.Helper()
	log = filepath.Join(c.dir, name+".log")
	file, err := os.Create(log)
	if err != nil {
		c.t.Fatal(err)
	}
	cmd := exec.Command(command, args...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = file, file, c.dir
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		_ = file.Close()
	})
	return log
}

// endOf are the last lines of a log.
func endOf(t *testing.T, path string) string {
	t.Helper()
	lines := linesOf(t, path)
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
