package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestExampleHTTPPoll runs it against a server of its folder api.
func TestExampleHTTPPoll(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs a program")
	}
	t.Parallel()
	work := t.TempDir()
	dir := copyExample(t, "http-poll", work)
	api := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(dir, "api"))))
	defer api.Close()
	out, err := command(work, t.TempDir(), "flowc", "run", "examples/http-poll/pipeline.yaml", "--", "--set", "charges.config.url="+api.URL+"/charges.json").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "http-poll: 5 in · 3 out · 2 filtered") {
		t.Fatalf("%v\n%s", err, out)
	}
	wanted(t, "http-poll", dir, nil)
}

// A program whose clients send each request with a key, again and again until it is
// answered, is killed in the middle of it: each record is there once, in the sink
// that keeps the checkpoint and in the file that is cut to what that knows.
func TestHTTPKeyedKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	address := freeAddress(t)
	binary := buildPipeline(t, "keyed", fmt.Sprintf(`
types: {T: {id: int64, pad: string}}
delivery: {guarantee: effectively-once}
sources: {in: {use: http, config: {listen: %q, path: /in, idempotency_key: Idempotency-Key}, out: T}}
sinks:
  table: {from: in, use: sqlite, config: {path: out.db, table: t}}
  lines: {from: in, use: file, config: {path: out.ndjson}}
`, address))
	const clients, each, kills = 6, 150, 6
	dir := t.TempDir()
	p := start(t, binary, dir)
	var answered, repeated atomic.Int64
	var sending sync.WaitGroup
	client := &http.Client{Timeout: 20 * time.Second}
	for c := range clients {
		sending.Go(func() {
			for i := range each {
				id := c*each + i
				body := fmt.Sprintf(`{"id":%d,"pad":%q}`, id, strings.Repeat("x", 200))
				for try := 0; ; try++ {
					q, err := http.NewRequest("POST", "http://"+address+"/in", strings.NewReader(body))
					if err != nil {
						t.Error(err)
						return
					}
					q.Header.Set("Content-Type", "application/json")
					q.Header.Set("Idempotency-Key", strconv.Itoa(id))
					resp, err := client.Do(q)
					if err == nil {
						text, _ := io.ReadAll(resp.Body) // a program that dies cuts it off, and the request is sent again
						resp.Body.Close()
						switch {
						case resp.StatusCode == 200 && string(text) == "{\"accepted\": 1}\n":
							answered.Add(1)
							if try > 0 {
								repeated.Add(1)
							}
						case resp.StatusCode == 200, resp.StatusCode == 409, resp.StatusCode == 503:
							err = net.ErrClosed
						default:
							t.Errorf("record %d: %d %s", id, resp.StatusCode, text)
						}
					}
					if err == nil {
						break
					}
					time.Sleep(2 * time.Millisecond)
				}
			}
		})
	}
	for kill := range kills {
		eventually(t, "more is answered", func() bool { p.alive(); return answered.Load() > int64((kill+1)*clients*each/(kills+2)) })
		p.kill()
		p = start(t, binary, dir)
	}
	sending.Wait()
	if code := p.end(); code != 0 {
		t.Fatalf("exit code %d\n%s", code, p.said())
	}
	if repeated.Load() == 0 {
		t.Error("no request was sent for the second time: the kills did nothing")
	}
	want := make([]string, clients*each)
	for i := range want {
		want[i] = strconv.Itoa(i)
	}
	if got := query(t, openSQLite(t, filepath.Join(dir, "out.db")), "SELECT id FROM t ORDER BY id"); !slices.Equal(got, want) {
		t.Errorf("the table has %d rows, not %d", len(got), len(want))
	}
	var got []int
	for _, line := range linesOf(t, filepath.Join(dir, "out.ndjson")) {
		var id int
		if _, err := fmt.Sscanf(line, `{"id":%d,`, &id); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		got = append(got, id)
	}
	slices.Sort(got)
	for i, id := range got {
		if i != id {
			t.Fatalf("the file has %d lines, not %d: record %d is missing or there twice", len(got), len(want), i)
		}
	}
	if len(got) != len(want) {
		t.Errorf("the file has %d lines, not %d", len(got), len(want))
	}
}

// A program that asks for records behind a cursor, or by number, is killed again and
// again, and its server fails now and then while the list grows at its end: each record
// is there once, in order.
func TestPollingKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	for name, c := range map[string]struct{ guarantee, config string }{
		"cursor": {"effectively-once", "cursor: after, cursor_field: id"},
		"page":   {"at-least-once", "page: page"},
		"offset": {"at-least-once", "offset: after"},
	} {
		t.Run(name, func(t *testing.T) { pollKilled(t, c.guarantee, c.config) })
	}
}

func pollKilled(t *testing.T, guarantee, config string) {
	t.Helper()
	const perPage = 20
	var there, asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if asked.Add(1)%7 == 0 {
			w.WriteHeader(500)
			return
		}
		if q.Header.Get("Authorization") != "Bearer t0ken" {
			w.WriteHeader(401)
			return
		}
		after, _ := strconv.ParseInt(q.URL.Query().Get("after"), 10, 64)
		if page, err := strconv.ParseInt(q.URL.Query().Get("page"), 10, 64); err == nil {
			after = (page - 1) * perPage
		}
		there.Add(3)
		var items []string
		for id := after + 1; id <= min(there.Load(), after+perPage); id++ {
			items = append(items, fmt.Sprintf(`{"id":%d}`, id))
		}
		fmt.Fprintf(w, `{"data":{"items":[%s]}}`, strings.Join(items, ","))
	}))
	defer server.Close()
	binary := buildPipeline(t, "polled", fmt.Sprintf(`
types: {T: {id: int64}}
delivery: {guarantee: %s, checkpoint: {every: 20ms}}
sources: {in: {use: http, config: {url: "%s/feed", token: "${env:TOKEN}", records: data.items, %s, every: 2ms}, out: T}}
sinks: {out: {from: in, use: file, config: {path: out.ndjson}}}
`, guarantee, server.URL, config))
	dir := t.TempDir()
	out := filepath.Join(dir, "out.ndjson")
	const each, kills = 100, 5
	var p *started
	for kill := range kills + 1 {
		p = start(t, binary, dir, "TOKEN=t0ken")
		eventually(t, "it has read more", func() bool { p.alive(); return len(linesOf(t, out)) > (kill+1)*each })
		if kill < kills {
			p.kill()
		}
	}
	if code := p.end(); code != 0 {
		t.Fatalf("exit code %d\n%s", code, p.said())
	}
	if strings.Contains(p.said(), "t0ken") {
		t.Error("the token is in the log")
	}
	for i, line := range linesOf(t, out) {
		if want := fmt.Sprintf(`{"id":%d}`, i+1); line != want {
			t.Fatalf("line %d is %s, not %s", i+1, line, want)
		}
	}
}
