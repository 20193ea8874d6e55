//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// A sandboxWorld is a folder with pipelines, and a sandbox that ends with the test.
type sandboxWorld struct {
	t          *testing.T
	dir, cache string
}

func newSandboxWorld(t *testing.T, files map[string]string) *sandboxWorld {
	t.Helper()
	w := &sandboxWorld{t, t.TempDir(), compilerCache}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		cmd := command(w.dir, w.cache, "flowc", "sandbox", "stop", "--fresh")
		if out, err := cmd.CombinedOutput(); err != nil && !strings.Contains(string(out), "there is no sandbox") {
			t.Errorf("%v: %s", err, out)
		}
	})
	return w
}

// run runs a command of `flowc sandbox`, and wants an exit code. It gives both outputs.
func (w *sandboxWorld) run(code int, args ...string) (stdout, stderr string) {
	w.t.Helper()
	cmd := command(w.dir, w.cache, "flowc", append([]string{"sandbox"}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		w.t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		w.t.Fatalf("flowc sandbox %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, &out, &errs)
	}
	return out.String(), errs.String()
}

// start starts the sandbox, and gives how it does and its variables.
func (w *sandboxWorld) start(args ...string) (*sandbox.State, map[string]string) {
	w.t.Helper()
	out, _ := w.run(0, append([]string{"start", "--format", "json"}, args...)...)
	var answer struct{ Result startResult }
	if err := json.Unmarshal([]byte(out), &answer); err != nil {
		w.t.Fatalf("%v: %s", err, out)
	}
	env := map[string]string{}
	for _, v := range answer.Result.Env {
		env[v.Name] = v.Value
	}
	return answer.Result.State, env
}

// messages is how many there are in a stream.
func (w *sandboxWorld) messages(url, stream string) uint64 {
	w.t.Helper()
	conn, err := nats.Connect(url)
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := js.Stream(w.t.Context(), stream)
	if err != nil {
		w.t.Fatal(err)
	}
	info, err := s.Info(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return info.State.Msgs
}

// until waits for something.
func (w *sandboxWorld) until(what string, is func() bool) {
	w.t.Helper()
	for range 3000 {
		if is() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	out, _ := w.run(0, "logs")
	w.t.Fatalf("%s does not come:\n%s", what, out)
}

const sandboxOrder = "types:\n  Order: {id: string, n: int64}\n"

var sandboxPipelines = map[string]string{
	"bills.yaml": sandboxOrder + `
sources:
  orders: {use: kafka, config: {brokers: ["${env:BROKERS}"], topics: [orders]}, out: Order}
sinks:
  out: {from: orders, use: nats, config: {url: "tls://nats.example.com", subject: "bills.${in.ID}"}}
`,
	"feed.yaml": sandboxOrder + `
sources:
  made: {use: generate, config: {count: 5, fields: {n: i}}, out: Order}
sinks:
  to: {from: made, use: kafka, config: {brokers: ["${env:BROKERS}"], topic: orders}}
`,
}

// TestSandbox runs a pipeline from Kafka to NATS with nothing but flowc, kills what serves
// both, goes on with what was kept, and begins anew. Each command is a process of its own.
func TestSandbox(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it builds servers and pipelines (-short)")
	}
	w := newSandboxWorld(t, sandboxPipelines)
	state, env := w.start("bills.yaml")
	if state.Phase != sandbox.Ready || state.Program == nil || state.Program.Phase != sandbox.Ready || len(state.Services) != 2 {
		t.Fatalf("it is %+v", state)
	}
	// Another folder has another one, beside it.
	other := newSandboxWorld(t, sandboxPipelines)
	if _, its := other.start("--services-only", "bills.yaml"); its["BROKERS"] == env["BROKERS"] || its["NATS_URL"] == env["NATS_URL"] {
		t.Errorf("both have %s and %s", its["BROKERS"], its["NATS_URL"])
	}
	feed := func(w *sandboxWorld) {
		t.Helper()
		w.run(0, "exec", "--", "flowc", "run", "feed.yaml") // settings of the other one are not for it
	}
	feed(w)
	w.until("the first five", func() bool { return w.messages(env["NATS_URL"], "BILLS") == 5 })
	if n := other.messages(mustEnv(t, other, "NATS_URL"), "BILLS"); n != 0 {
		t.Errorf("the other sandbox has %d of the messages", n)
	}
	if out, _ := w.run(0, "start", "bills.yaml", "--format", "json"); !strings.Contains(out, strconv.Itoa(state.PID)) {
		t.Errorf("what runs as it is to be was started again: %s", out)
	}

	if err := syscall.Kill(state.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	f, err := sandboxIn(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	if gone, err := f.Gone(time.Minute); !gone || err != nil {
		t.Fatalf("gone %t, %v", gone, err)
	}
	if out, _ := w.run(exitEnv, "status"); !strings.Contains(out, "killed: its process is gone") {
		t.Errorf("status says %s", out)
	}
	if _, errs := w.run(exitEnv, "exec", "--", "true"); !strings.Contains(errs, "does not run (killed)") {
		t.Errorf("exec says %s", errs)
	}

	again, now := w.start()
	if again.Program == nil || again.Program.Phase != sandbox.Ready || now["BROKERS"] != env["BROKERS"] {
		t.Fatalf("behind the kill it is %+v, %v", again, now)
	}
	feed(w)
	// What the kill came before the checkpoint of comes again: at least once.
	w.until("ten", func() bool { return w.messages(env["NATS_URL"], "BILLS") >= 10 })
	if out, _ := w.run(0, "logs", "bills", "--tail", "1"); !strings.HasPrefix(out, "bills | ") || strings.Count(out, "\n") != 1 {
		t.Errorf("the log says %q", out)
	}
	// A shell has the variables, whatever is in them.
	shell := command(w.dir, w.cache, "sh", "-c", `eval "$(flowc sandbox env)" && printf %s "$FLOWC_SET"`)
	if out, err := shell.Output(); err != nil || string(out) != "bills:out.config.url="+env["NATS_URL"] {
		t.Errorf("a shell has %q, %v", out, err)
	}
	w.run(0, "stop")
	w.run(0, "stop")
	if out, _ := w.run(exitEnv, "status"); !strings.Contains(out, ": ended") {
		t.Errorf("status says %s", out)
	}

	fresh, env := w.start("--fresh", "--services-only", "bills.yaml")
	if fresh.Program != nil {
		t.Errorf("there is a pipeline: %+v", fresh.Program)
	}
	if n := w.messages(env["NATS_URL"], "BILLS"); n != 0 {
		t.Errorf("behind --fresh there are %d messages", n)
	}
}

// mustEnv is a variable of a sandbox that runs.
func mustEnv(t *testing.T, w *sandboxWorld, name string) string {
	t.Helper()
	out, _ := w.run(0, "exec", "--", "printenv", name)
	return strings.TrimSpace(out)
}

// TestSandboxServers has a database, objects and keys of a file of services, all of which
// stay between two starts.
func TestSandboxServers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it builds servers (-short)")
	}
	if !pgtest.Here() {
		t.Skip(pgtest.NotHere)
	}
	w := newSandboxWorld(t, map[string]string{
		"shop.yaml": `types:
  Order: {id: int64, total: decimal}
sources:
  orders: {use: postgres, config: {dsn: "${env:SHOP_DB}", table: orders}, out: change of Order}
sinks:
  copies: {from: orders, use: postgres, config: {dsn: "postgres://app:${env:PW}@${env:DB_HOST}:${env:DB_PORT}/copies", table: orders, key: id}}
`,
		"services.yaml": `apiVersion: flowctl/v1
kind: SandboxServices
metadata: {name: shop}
spec:
  services:
    - {name: cache, image: "redis:7"}
    - {name: objects, image: minio/minio, environment: {MINIO_DEFAULT_BUCKETS: invoices}}
`,
	})
	_, env := w.start("shop.yaml", "services.yaml")
	sql := func(database, statement string) string {
		t.Helper()
		out, _ := w.run(0, "exec", "--", "psql", "-X", "-A", "-t", "-q", "-d", database, "-c", statement)
		return strings.TrimSpace(out)
	}
	redis := func(command string) string {
		t.Helper()
		conn, err := net.Dial("tcp", strings.TrimPrefix(env["REDIS_URL"], "redis://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, command+"\r\nQUIT\r\n"); err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(conn)
		if err != nil {
			t.Fatal(err)
		}
		return string(answer)
	}
	object := func(method, body string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, env["AWS_ENDPOINT_URL"]+"/invoices/1.txt", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s, %v", method, answer.Status, err)
		}
		return string(text)
	}
	sql("postgres", "INSERT INTO orders VALUES (1, 2.50)")
	redis("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1")
	object(http.MethodPut, "an invoice")
	there := func() string { return sql("copies", "SELECT id, total FROM orders ORDER BY id") }
	w.until("the copy", func() bool { return there() == "1|2.50" })
	w.run(0, "stop")

	_, env = w.start()
	sql("postgres", "UPDATE orders SET total = 3")
	w.until("the change", func() bool { return there() == "1|3" })
	if got := redis("*2\r\n$3\r\nGET\r\n$1\r\na"); !strings.HasPrefix(got, "$1\r\n1\r\n") {
		t.Errorf("the key is %q", got)
	}
	if got := object(http.MethodGet, ""); got != "an invoice" {
		t.Errorf("the object is %q", got)
	}
}

// TestSandboxMistakes has what users do wrong, and what they are told.
func TestSandboxMistakes(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := strconv.Itoa(taken.Addr().(*net.TCPAddr).Port)
	w := newSandboxWorld(t, map[string]string{
		"plain.yaml":    sandboxOrder + "sources:\n  in: {use: stdin, out: Order}\nsinks:\n  out: {from: in, use: stdout}\n",
		"taken.yaml":    sandboxOrder + "sources:\n  in: {use: nats, config: {url: \"nats://localhost:" + port + "\", stream: A}, out: Order}\nsinks:\n  out: {from: in, use: stdout}\n",
		"services.yaml": "services:\n  cache: {image: redis}\n",
		"more.yaml":     "services:\n  other: {image: redis}\n",
	})
	for _, c := range []struct {
		code int
		args []string
		want string
	}{
		{exitEnv, []string{"status"}, "there is no sandbox in"},
		{exitEnv, []string{"stop"}, "`flowc sandbox start FILE` starts one"},
		{exitUsage, []string{"start", "none.yaml"}, "none.yaml"},
		{exitUsage, []string{"start", "--services-only", "plain.yaml"}, "there is nothing to start"},
		{exitUsage, []string{"start", "plain.yaml", "taken.yaml"}, "there are two of a kind"},
		{exitUsage, []string{"start", "services.yaml", "more.yaml"}, "there are two of a kind"},
		{exitUsage, []string{"start", "plain.yaml", "--with", "reddis"}, `did you mean "redis"?`},
		{exitUsage, []string{"start", "plain.yaml", "--without", "kafka"}, `no service "kafka": there are none`},
		{exitUsage, []string{"start", "plain.yaml", "--containers"}, "--services FILE"},
		{exitUsage, []string{"start", "plain.yaml", "-f", "--format", "json"}, "leave one of them out"},
		{exitEnv, []string{"start", "--services-only", "taken.yaml"}, "nats is to listen on port " + port},
	} {
		out, errs := w.run(c.code, c.args...)
		out += errs
		if !strings.Contains(out, c.want) {
			t.Errorf("flowc sandbox %s says %q, want %q", strings.Join(c.args, " "), out, c.want)
		}
	}
}
