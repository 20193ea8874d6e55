package program

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestTelemetry(t *testing.T) {
	address := freeAddress(t)
	dir := t.TempDir()
	set := "--set=telemetry.http=" + address
	startIn(t, dir, nil, "health").check(t, 2, "telemetry.http is not set")
	startIn(t, dir, nil, "health", set).check(t, 1, "refused")
	cmd := command(t, dir, nil, set, "--set=ledger.config.endless=true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	defer func() { _ = cmd.Process.Signal(syscall.SIGTERM) }()
	waitForFile(t, filepath.Join(dir, "out.txt"))
	startIn(t, dir, nil, "health", set).check(t, 0, "numbers: ready")
	startIn(t, dir, nil, "health", "--address", address).check(t, 0, "numbers: ready")
	get := func(path string) (int, string) {
		status, body, err := get(t.Context(), address, path)
		if err != nil {
			t.Fatal(err)
		}
		return status, body
	}
	if status, body := get("/livez"); status != 200 || body != "ok\n" {
		t.Error(status, body)
	}
	if status, _ := get("/other"); status != 404 {
		t.Error(status)
	}
	status, body := get("/metrics?x=1")
	for _, want := range []string{
		`flowc_info{pipeline="numbers",hash="abc123",version="v0.0.1"} 1`, "flowc_ready 1\n",
		`flowc_records_total{node="even",outcome="filtered"} 500`, `flowc_records_total{node="store",outcome="in"} 500`,
		`flowc_source_bytes_total{node="ledger"} 3890`, `flowc_queue_packets{queue="store"} 0`, "# TYPE flowc_records_total counter",
	} {
		if status != 200 || !strings.Contains(body, want) {
			t.Errorf("%d, %q is not in\n%s", status, want, body)
		}
	}
	// What is no request of ours does no harm.
	for text, want := range map[string]string{
		"POST /metrics HTTP/1.1\r\n\r\n": "405", "\r\n\r\n": "400", "GET /livez\r\n\r\n": "400", "HEAD /livez HTTP/1.1\r\n\r\n": "200",
		"GET / HTTP/1.1\r\n" + strings.Repeat("x: y\r\n", 5000): "400",
	} {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, text)
		answer, _ := bufio.NewReader(c).ReadString('\n')
		_ = c.Close()
		if !strings.HasPrefix(answer, "HTTP/1.1 "+want) && len(text) < 8000 {
			t.Errorf("%.40q gives %q", text, answer)
		}
	}
	// A second copy is told who holds the state, not that its port is taken.
	startIn(t, dir, nil, set).check(t, 6, "is held by process "+strconv.Itoa(cmd.Process.Pid))
	// Another program is told of the port.
	startIn(t, t.TempDir(), nil, set).check(t, 6, "telemetry.http: listen tcp "+address)
}

func TestProgress(t *testing.T) {
	r := start(t, nil, "--set=telemetry.progress=always", "--set=ledger.config.count=3000", "--set=ledger.config.every=25ms")
	r.check(t, 0, "\rnumbers: ", " records · ", "/s", "\r\x1b[K")
	start(t, nil, "--set=ledger.config.count=3000", "--set=ledger.config.every=10ms").check(t, 0)
	line := (&teller{name: "x"}).progressLine(&flow.Snapshot{Running: 10 * time.Second, Sources: []flow.Flow{{Traffic: flow.Traffic{Records: 12345, Bytes: 250_000_000}, Total: 1_000_000_000}}})
	if want := "x: 250 MB of 1.0 GB (25%) · 12,345 records · 1,234/s · 30.00s left"; line != want {
		t.Errorf("got  %s\nwant %s", line, want)
	}
}

// The ranges of all sources are told as one share, with how long the slowest takes.
func TestProgressOfRanges(t *testing.T) {
	half := flow.Progress{Range: "0..100", Chunks: 4, Ended: 2, Done: 60, Before: 10, Size: 100}
	unknown := flow.Progress{Range: "a..b", Chunks: 5, Ended: 1, Size: flow.Unknown}
	for _, c := range []struct {
		ranges []*flow.Progress
		want   string
	}{
		{[]*flow.Progress{&half}, "x: 60% (2 of 4 chunks) · 1,000 records · 100/s · 8.00s left"},
		{[]*flow.Progress{&unknown}, "x: 20% (1 of 5 chunks) · 1,000 records · 100/s"},
		{[]*flow.Progress{&half, &unknown}, "x: 40% (3 of 9 chunks) · 2,000 records · 200/s"},
		{[]*flow.Progress{{Chunks: 1, Done: 50, Size: 200}}, "x: 25% · 1,000 records · 100/s · 30.00s left"},
		{[]*flow.Progress{&half, nil}, "x: 2,000 records · 200/s"},
	} {
		s := &flow.Snapshot{Running: 10 * time.Second}
		for _, r := range c.ranges {
			s.Sources = append(s.Sources, flow.Flow{Name: "in", Traffic: flow.Traffic{Records: 1000}, Range: r})
		}
		if line := (&teller{name: "x"}).progressLine(s); line != c.want {
			t.Errorf("got  %s\nwant %s", line, c.want)
		}
	}
	attrs := fmt.Sprint(progressAttrs(&flow.Flow{Name: "in", Traffic: flow.Traffic{Records: 1000}, Range: &half}, 10*time.Second)...)
	if want := fmt.Sprint("node", "in", "range", "0..100", "percent", 60, "chunks", 4, "through", 2, "records", int64(1000), "per_second", int64(100), "left", "8.00s"); attrs != want {
		t.Errorf("got  %s\nwant %s", attrs, want)
	}
	text := string(metrics(&Spec{Name: "x"}, flow.Snapshot{Running: 10 * time.Second, Sources: []flow.Flow{{Name: "in", Range: &half}, {Name: "other", Range: &unknown}, {Name: "all"}}}, true))
	for _, want := range []string{
		`flowc_range_done_ratio{node="in"} 0.6`, `flowc_range_chunks{node="in",state="through"} 2`, `flowc_range_chunks{node="other",state="open"} 4`, `flowc_range_left_seconds{node="in"} 8`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("the metrics do not have %s:\n%s", want, text)
		}
	}
	if strings.Contains(text, `left_seconds{node="other"}`) || strings.Contains(text, `ratio{node="all"}`) {
		t.Errorf("the metrics tell what nobody knows:\n%s", text)
	}
}
