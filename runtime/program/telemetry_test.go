package program

import (
	"bufio"
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
