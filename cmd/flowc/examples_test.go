package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/backends/backendtest"
)

// The examples are what users copy, so each runs here as its first lines say, in
// a copy of its folder. What it prints and writes is compared with its want/
// folder, which FLOWC_UPDATE=1 writes anew.

var examples = filepath.Join(root, "examples")

// copyExample copies an example without what it has written or is to write.
func copyExample(t *testing.T, name, to string) string {
	t.Helper()
	dir := filepath.Join(to, "examples", name)
	each(t, filepath.Join(examples, name), func(rel string, data []byte) {
		switch top, _, _ := strings.Cut(filepath.ToSlash(rel), "/"); top {
		case "out", "want", ".flowc", "internal":
			return
		}
		path := filepath.Join(dir, rel)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
	})
	return dir
}

// runExample runs an example's command from above examples/, and compares.
func runExample(t *testing.T, name string) (stdout, stderr string) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds and runs a program")
	}
	t.Parallel()
	work := t.TempDir()
	dir := copyExample(t, name, work)
	cmd := command(work, t.TempDir(), "flowc", "run", "examples/"+name+"/pipeline.yaml")
	t.Log("running:", strings.Join(cmd.Args, " "))
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	t.Logf("%d lines on standard output; %s", strings.Count(out.String(), "\n"), lastLine(errs.String()))
	wanted(t, name, dir, out.Bytes())
	return out.String(), errs.String()
}

// wanted compares standard output and out/ with want/.
func wanted(t *testing.T, name, dir string, stdout []byte) {
	t.Helper()
	want := filepath.Join(examples, name, "want")
	if len(stdout) > 0 {
		backendtest.File(t, filepath.Join(want, "stdout"), stdout)
	}
	written := map[string]bool{"stdout": len(stdout) > 0}
	if _, err := os.Stat(filepath.Join(dir, "out")); err == nil {
		each(t, filepath.Join(dir, "out"), func(rel string, data []byte) {
			switch path := filepath.Join(dir, "out", rel); filepath.Ext(rel) {
			case ".db":
				rel, data = rel+".txt", withoutCheckpoint(dumpSQLite(t, path))
			case ".parquet":
				rel, data = rel+".txt", dumpParquet(t, path)
			}
			if filepath.Ext(rel) == ".segment" { // its first line is a checkpoint, which holds the time
				_, data, _ = bytes.Cut(data, []byte("\n"))
			}
			written[filepath.ToSlash(rel)] = true
			backendtest.File(t, filepath.Join(want, rel), withoutTimes(data))
		})
	}
	if _, err := os.Stat(want); err != nil {
		t.Fatalf("%v: FLOWC_UPDATE=1 writes it", err)
	}
	each(t, want, func(rel string, _ []byte) {
		if !written[filepath.ToSlash(rel)] {
			t.Errorf("examples/%s no longer writes %s", name, rel)
		}
	})
}

// withoutTimes puts a fixed time in place of the one at which a record failed.
func withoutTimes(data []byte) []byte {
	return regexp.MustCompile(`"time":"[^"]+","source"`).ReplaceAll(data, []byte(`"time":"2026-01-01T00:00:00Z","source"`))
}

// withoutCheckpoint leaves out the content of a checkpoint, which holds times.
func withoutCheckpoint(dump []byte) []byte {
	return regexp.MustCompile(`('orders-to-sqlite', )\d+, x'[0-9a-f]*'`).ReplaceAll(dump, []byte("${1}…"))
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

func TestExamplePayments(t *testing.T) {
	_, stderr := runExample(t, "payments")
	// 320 events: 20 large payments, 71 trades, 34 accounts, 5 that are not as
	// they should be, and 190 that are dropped: 164 small payments, and 26 events
	// of another type.
	if want := "payments: 320 in · 125 out · 190 filtered · 5 dead-lettered"; !strings.HasPrefix(lastLine(stderr), want) {
		t.Errorf("the summary is %q, not %q", lastLine(stderr), want)
	}
}

// TestExampleConnector runs it twice: the second time there is nothing new.
func TestExampleConnector(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs a program")
	}
	t.Parallel()
	work := t.TempDir()
	dir := copyConnector(t, work)
	for i, want := range []string{"4 in · 3 out · 1 filtered", "0 in · 0 out"} {
		out, err := command(work, t.TempDir(), "flowc", "run", "examples/connector/pipeline.yaml").CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) {
			t.Fatalf("run %d does not say %q: %v\n%s", i+1, want, err, out)
		}
		if i == 0 {
			wanted(t, "connector", dir, nil)
		}
	}
}

// copyConnector copies the example with a connector of its own into a module.
func copyConnector(t *testing.T, to string) string {
	t.Helper()
	dir := copyExample(t, "connector", to)
	writeFile(t, filepath.Join(dir, "go.mod"), "module example.com/ledger\n\ngo 1.26.0\n")
	return dir
}

// A program with connectors of the user's own is killed again and again, and each of
// its records is in the ledger once: what `explain` said of them is so.
func TestExampleConnectorKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs a program")
	}
	t.Parallel()
	const sales = 3000
	dir := copyConnector(t, t.TempDir())
	for i := 1; i <= 4; i++ { // those of the example
		if err := os.Remove(filepath.Join(dir, "sales", fmt.Sprintf("%04d.json", i))); err != nil {
			t.Fatal(err)
		}
	}
	for i := range sales {
		writeFile(t, filepath.Join(dir, "sales", fmt.Sprintf("%06d.json", i)), fmt.Sprintf(`{"id":"%d","shop":"a","cents":1}`, i))
	}
	file := filepath.Join(dir, "pipeline.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, file, strings.Replace(strings.Replace(string(text), "guarantee: effectively-once", "guarantee: effectively-once\n  checkpoint: {every: 1ms}", 1),
		"config: {dir: sales}", "config: {dir: sales, every: 1ms}", 1))
	binary := buildProgram(t, file)
	booked := func() (ids []string) {
		segments, err := filepath.Glob(filepath.Join(dir, "out", "ledger", "*.segment"))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range segments {
			for _, line := range linesOf(t, s)[1:] {
				var e struct{ ID string }
				if err := json.Unmarshal([]byte(line), &e); err != nil {
					t.Fatal(err)
				}
				ids = append(ids, e.ID)
			}
		}
		return ids
	}
	for kills := 0; len(booked()) < sales; kills++ {
		p := start(t, binary, dir)
		before := len(booked())
		eventually(t, "the program gets on", func() bool { p.alive(); return len(booked()) > before })
		p.kill()
	}
	for i, id := range booked() {
		if id != fmt.Sprint(i) {
			t.Fatalf("entry %d is %s", i, id)
		}
	}
}

// TestExampleOrdersToParquet has a file a day, and two records that do not get there.
func TestExampleOrdersToParquet(t *testing.T) {
	_, stderr := runExample(t, "orders-to-parquet")
	if want := "orders-to-parquet: 6 in · 4 out · 2 dead-lettered"; !strings.Contains(stderr, want) {
		t.Errorf("the summary is %q, not %q", stderr, want)
	}
}

// TestExampleOrdersToSQLite runs it twice: the second time there is nothing new, and
// the third what was added.
func TestExampleOrdersToSQLite(t *testing.T) {
	_, stderr := runExample(t, "orders-to-sqlite")
	if want := "orders-to-sqlite: 5 in · 4 out · 1 dead-lettered"; !strings.Contains(stderr, want) {
		t.Errorf("the summary is %q, not %q", stderr, want)
	}
	work := t.TempDir()
	dir := copyExample(t, "orders-to-sqlite", work)
	for i, want := range []string{"5 in · 4 out", "0 in · 0 out", "1 in · 1 out"} {
		if i == 2 {
			f, err := os.OpenFile(filepath.Join(dir, "orders.ndjson"), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			_, err = f.WriteString(`{"id":1002,"placed":"2026-03-04T10:00:00Z","customer":"bob","status":"sent","total":"12.50","items":[]}` + "\n")
			if err := errors.Join(err, f.Close()); err != nil {
				t.Fatal(err)
			}
		}
		out, err := command(work, t.TempDir(), "flowc", "run", "examples/orders-to-sqlite/pipeline.yaml").CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) {
			t.Fatalf("run %d does not say %q: %v\n%s", i+1, want, err, out)
		}
	}
	if got := query(t, openSQLite(t, filepath.Join(dir, "out", "orders.db")), "SELECT id, status FROM orders ORDER BY id"); !slices.Equal(got, []string{"1001, 'paid'", "1002, 'sent'", "1004, 'new'"}) {
		t.Errorf("rows %q", got)
	}
}

// TestExamplePaymentsReport holds what became of the records at each node.
func TestExamplePaymentsReport(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs a program")
	}
	work := t.TempDir()
	copyExample(t, "payments", work)
	report := filepath.Join(work, "report.json")
	if out, err := command(work, t.TempDir(), "flowc", "run", "examples/payments/pipeline.yaml", "--report", report).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	type counts struct{ In, Out, Filtered, Dead int }
	var got struct {
		OK    bool
		Nodes map[string]counts
	}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if !got.OK {
		t.Error("the report is not ok")
	}
	for name, want := range map[string]counts{
		"ledger":   {320, 291, 26, 3}, // a line cut short, an amount that is none, a payment to nobody
		"sound":    {186, 184, 0, 2},
		"size":     {184, 20, 164, 0},
		"priced":   {20, 20, 0, 0},
		"worth":    {71, 71, 0, 0},
		"large":    {20, 20, 0, 0},
		"trades":   {71, 71, 0, 0},
		"accounts": {34, 34, 0, 0},
		"dead":     {5, 5, 0, 0},
	} {
		if got.Nodes[name] != want {
			t.Errorf("%s: %+v, not %+v", name, got.Nodes[name], want)
		}
	}
}

// TestExampleBackfill reads three of six days, and with other bounds the last two.
func TestExampleBackfill(t *testing.T) {
	_, stderr := runExample(t, "backfill")
	if want := "backfill: 15 in · "; !strings.Contains(stderr, want) {
		t.Errorf("the summary is %q, not %q", stderr, want)
	}
	work := t.TempDir()
	dir := copyExample(t, "backfill", work)
	out, err := command(work, t.TempDir(), "flowc", "run", "examples/backfill/pipeline.yaml", "--set", "clicks.range.from=2026-01-05", "--set", "clicks.range.to=").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "backfill: 10 in · ") {
		t.Fatalf("%v\n%s", err, out)
	}
	written, err := os.ReadDir(filepath.Join(dir, "out"))
	if err != nil || len(written) != 2 || written[0].Name() != "2026-01-05.csv" || written[1].Name() != "2026-01-06.csv" {
		t.Errorf("%v %v", written, err)
	}
}

func TestExampleCSVToNDJSON(t *testing.T) { runExample(t, "csv-to-ndjson") }

func TestExampleComponentRepo(t *testing.T) { runExample(t, "component-repo") }

// TestExampleComponentRepoGenerates holds that the package which is committed is
// the one that the pipeline gives, that it builds beside the components, and
// that --check sees a file which somebody changed.
func TestExampleComponentRepoGenerates(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	dir := copyExample(t, "component-repo", t.TempDir())
	emit := func(check ...string) *exec.Cmd {
		args := append([]string{"emit", "--target", "go", "--package", "pipeline", "-o", "internal/pipeline", "pipeline.yaml"}, check...)
		return command(dir, t.TempDir(), "flowc", args...)
	}
	if out, err := emit().CombinedOutput(); err != nil {
		t.Fatalf("emit: %v\n%s", err, out)
	}
	if out, err := emit("--check").CombinedOutput(); err != nil {
		t.Fatalf("emit --check of what was just emitted: %v\n%s", err, out)
	}
	committed := filepath.Join(examples, "component-repo", "internal", "pipeline")
	each(t, filepath.Join(dir, "internal", "pipeline"), func(rel string, data []byte) {
		if !strings.HasPrefix(filepath.ToSlash(rel), "runtime/") { // that is not committed: see its .gitignore
			backendtest.File(t, filepath.Join(committed, rel), data)
		}
	})
	test := command(dir, t.TempDir(), "go", "test", "./...")
	test.Env = append(test.Env, "GOWORK=off", "GOPROXY=off")
	out, err := test.CombinedOutput()
	t.Logf("running: %s\n%s", strings.Join(test.Args, " "), out)
	if err != nil {
		t.Fatalf("go test ./...: %v", err)
	}
	loops := filepath.Join(dir, "internal", "pipeline", "loops.go")
	if err := os.WriteFile(loops, []byte("package pipeline\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := emit("--check")
	if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != exitDrift {
		t.Errorf("emit --check of a changed file: %v\n%s", cmd.ProcessState, out)
	}
}

func TestExampleHTTPIngest(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs a program")
	}
	if runtime.GOOS == "windows" {
		t.Skip("a process can't be told to drain there")
	}
	work := t.TempDir()
	dir := copyExample(t, "http-ingest", work)
	// Built first: a signal then goes to the program and not to what started it.
	if out, err := command(work, t.TempDir(), "flowc", "build", "examples/http-ingest/pipeline.yaml", "-o", "bin").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	binary, err := filepath.Abs(filepath.Join(work, "bin", "http-ingest"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := command(dir, "", binary, "--set", "events.config.listen="+address)
	t.Log("running:", strings.Join(cmd.Args, " "))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	waitFor(t, address, &stderr)

	events, err := os.ReadFile(filepath.Join(dir, "events.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	postIngest(t, "http://"+address+"/events", string(events))
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("after a drain: %v\n%s", err, stderr.String())
	}
	t.Log(lastLine(stderr.String()))
	wanted(t, "http-ingest", dir, nil)
}

// postIngest sends http-ingest what it takes and what it refuses, and holds its answers.
func postIngest(t *testing.T, url, events string) {
	t.Helper()
	for _, c := range []struct {
		body, answer string
		status       int
	}{
		{`{"id":"e1","kind":"view","at":"2026-05-08T10:00:00Z"}`, `{"accepted": 1}`, 200},
		{events, `{"accepted": 4}`, 200},
		{`[{"id":"e6","kind":"view","at":"2026-05-08T11:00:00Z"},{"id":"e7","kind":"click","at":"2026-05-08T11:00:01Z"}]`, `{"accepted": 2}`, 200},
		{`{"id":"e8","kind":"view"`, `"line":1`, 400},
		{`{"id":"e9","kind":"purchase","at":"2026-05-08T10:00:00Z"}`, `"code":"value"`, 422},
	} {
		status, answer := post(t, url, c.body)
		if status != c.status || !strings.Contains(answer, c.answer) {
			t.Errorf("%.40s…: %d %s, not %d with %s", c.body, status, answer, c.status, c.answer)
		}
	}
}

// waitFor returns when something listens at an address.
func waitFor(t *testing.T, address string, stderr fmt.Stringer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		if c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address); err == nil {
			c.Close()
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("nothing listens at %s\n%s", address, stderr)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func post(t *testing.T, url, body string) (int, string) {
	t.Helper()
	r, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(answer)
}

func TestExampleFilters(t *testing.T) { runExample(t, "filters") }
