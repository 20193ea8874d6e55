package http

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// openSource opens a source on a free port; what reads it calls decide on each
// batch and answers with what that returns.
func openSource(t *testing.T, change func(*SourceConfig), decide func(*flow.Batch) error) (url string, s *Source) {
	t.Helper()
	c := SourceConfig{Listen: "127.0.0.1:0", Path: "/in", Format: "json", MaxBody: 1 << 16, MaxRequests: 4,
		ReadTimeout: 5 * time.Second, AnswerTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	if change != nil {
		change(&c)
	}
	src, err := NewSource(c, connect.Input{Node: "in", Format: c.Format, Header: c.Format == "csv", Frame: func() frame.Framer {
		switch c.Format {
		case "csv":
			return frame.CSVRows{Delimiter: ',', Quote: '"'}
		case "text":
			return frame.Lines{}
		}
		return new(frame.JSONValues)
	}})
	if err != nil {
		t.Fatal(err)
	}
	s = src.(*Source)
	ctx, cancel := context.WithCancel(context.Background())
	if err := s.Open(ctx); err != nil {
		t.Fatal(err)
	}
	var read sync.WaitGroup
	if decide != nil {
		read.Go(func() {
			for {
				var b flow.Batch
				if s.Read(ctx, &b) != nil {
					return
				}
				b.OnDone(decide(&b))
			}
		})
	}
	t.Cleanup(func() {
		cancel()
		read.Wait()
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return "http://" + s.Addr().String() + "/in", s
}

func post(t *testing.T, url, contentType, body string) (*http.Response, map[string]any) {
	t.Helper()
	resp, err := http.Post(url, contentType, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return resp, answer
}

func TestAnswers(t *testing.T) {
	var got []string
	url, _ := openSource(t, nil, func(b *flow.Batch) error {
		got = append(got, string(b.Data))
		switch {
		case bytes.Contains(b.Data, []byte("bad")):
			return &flow.RecordError{Node: "in", Then: flow.Reject, Number: 1, TextLine: -1, Offset: 6, Err: fmt.Errorf("no good")}
		case bytes.Contains(b.Data, []byte("refused")):
			return &flow.RecordError{Node: "check", Then: flow.Reject, Code: "positive", Number: 0, TextLine: -1, Offset: -1, Err: fmt.Errorf("too small")}
		case bytes.Contains(b.Data, []byte("stop")):
			return flow.ErrStopped
		}
		return nil
	})
	for _, c := range []struct {
		contentType, body string
		status            int
		want              map[string]any
	}{
		{"application/json", `{"a":1}`, 200, map[string]any{"accepted": 1.0}},
		{"", `[{"a":1}, {"a":2}]`, 200, map[string]any{"accepted": 2.0}},
		{"application/x-ndjson", "{\"a\":1}\n{\"a\":2}\n\n{\"a\":3}", 200, map[string]any{"accepted": 3.0}},
		{"application/json; charset=utf-8", `{"a":1}`, 200, map[string]any{"accepted": 1.0}},
		{"application/json", "{}\n{}\n\"bad\"", 400, map[string]any{"record": 2.0, "offset": 6.0, "line": 3.0, "node": "in"}},
		{"application/json", `"refused"`, 422, map[string]any{"code": "positive", "node": "check", "record": 1.0}},
		{"application/json", `"stop"`, 503, nil},
		{"application/json", `{"a":`, 400, map[string]any{"code": "framing"}},
		{"application/json", "  \n", 400, map[string]any{"error": "the body holds no record"}},
		{"image/png", `{"a":1}`, 415, nil},
		{"application/json", `"` + strings.Repeat("x", 1<<16) + `"`, 413, nil},
	} {
		resp, answer := post(t, url, c.contentType, c.body)
		if resp.StatusCode != c.status {
			t.Errorf("%.40q: status %d, want %d (%v)", c.body, resp.StatusCode, c.status, answer)
		}
		for k, v := range c.want {
			if answer[k] != v {
				t.Errorf("%.40q: %s is %v, want %v", c.body, k, answer[k], v)
			}
		}
		if resp.StatusCode == 503 && resp.Header.Get("Retry-After") == "" {
			t.Errorf("%.40q: 503 without Retry-After", c.body)
		}
	}
	if want := `{"a":1}`; got[0] != want {
		t.Errorf("the engine got %q, want %q", got[0], want)
	}
}

func TestOtherRequests(t *testing.T) {
	url, _ := openSource(t, nil, func(*flow.Batch) error { return nil })
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 405 || resp.Header.Get("Allow") != "POST" {
		t.Errorf("GET: %d, Allow %q", resp.StatusCode, resp.Header.Get("Allow"))
	}
	if resp, _ := post(t, url+"/x", "application/json", "{}"); resp.StatusCode != 404 {
		t.Errorf("another path: %d", resp.StatusCode)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.WriteString(z, `{"a":1}`)
	z.Close()
	q, _ := http.NewRequest("POST", url, &packed)
	q.Header.Set("Content-Encoding", "gzip")
	resp, err = http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("gzip: %d", resp.StatusCode)
	}
	// A small body that unpacks to a large one.
	packed.Reset()
	z = gzip.NewWriter(&packed)
	z.Write(bytes.Repeat([]byte(" "), 1<<20))
	z.Close()
	q, _ = http.NewRequest("POST", url, &packed)
	q.Header.Set("Content-Encoding", "gzip")
	if resp, err = http.DefaultClient.Do(q); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 413 {
		t.Errorf("a gzip bomb: %d", resp.StatusCode)
	}
}

func TestTooMany(t *testing.T) {
	url, s := openSource(t, func(c *SourceConfig) { c.MaxRequests = 1 }, nil) // nobody reads
	first := make(chan int, 1)
	go func() {
		resp, err := http.Post(url, "application/json", strings.NewReader(`{}`))
		if err != nil {
			first <- 0
			return
		}
		resp.Body.Close()
		first <- resp.StatusCode
	}()
	for len(s.requests) == 0 {
		time.Sleep(time.Millisecond)
	}
	if resp, answer := post(t, url, "application/json", `{}`); resp.StatusCode != 503 {
		t.Errorf("a request too many: %d %v", resp.StatusCode, answer)
	}
	var b flow.Batch
	if err := s.Read(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	b.OnDone(nil)
	if status := <-first; status != 200 {
		t.Errorf("the first request: %d", status)
	}
}

func TestCSVAndText(t *testing.T) {
	headers := make(chan any, 1)
	url, _ := openSource(t, func(c *SourceConfig) { c.Format = "csv" }, func(b *flow.Batch) error {
		headers <- b.Frame
		return nil
	})
	if resp, a := post(t, url, "text/csv", "a,b\n1,2\n3,4\n"); resp.StatusCode != 200 || a["accepted"] != 2.0 {
		t.Errorf("csv: %d %v", resp.StatusCode, a)
	}
	if h, ok := (<-headers).(*frame.Header); !ok || string(h.Row) != "a,b" {
		t.Errorf("the header is %v", h)
	}
	url, _ = openSource(t, func(c *SourceConfig) { c.Format = "text" }, func(*flow.Batch) error { return nil })
	if resp, a := post(t, url, "text/plain", "one\n\nthree"); resp.StatusCode != 200 || a["accepted"] != 3.0 {
		t.Errorf("text: %d %v", resp.StatusCode, a)
	}
}

func TestMeta(t *testing.T) {
	metas := make(chan Meta, 1)
	url, _ := openSource(t, nil, func(b *flow.Batch) error {
		var m Meta
		m.At(b, flow.Record{})
		m.of = nil
		metas <- m
		return nil
	})
	q, _ := http.NewRequest("POST", url, strings.NewReader("{}"))
	q.Header.Set("X-Shop", "7")
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if m := <-metas; m.Headers["X-Shop"] != "7" || m.Path != "/in" || m.Method != "POST" || m.Remote == "" {
		t.Errorf("meta is %+v", m)
	}
}

func TestPortTaken(t *testing.T) {
	_, s := openSource(t, nil, nil)
	other, err := NewSource(SourceConfig{Listen: s.Addr().String(), Path: "/", MaxBody: 1, MaxRequests: 1}, connect.Input{})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Open(context.Background()); err == nil || !strings.Contains(err.Error(), s.Addr().String()) {
		t.Errorf("a port that is taken: %v", err)
	}
}

func TestSink(t *testing.T) {
	type seen struct{ method, path, contentType, auth, body string }
	var requests []seen
	status, after := 200, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		var from io.Reader = q.Body
		if q.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(q.Body)
			if err != nil {
				t.Error(err)
				return
			}
			from = z
		}
		body, _ := io.ReadAll(from)
		requests = append(requests, seen{q.Method, q.URL.Path, q.Header.Get("Content-Type"), q.Header.Get("Authorization"), string(body)})
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.WriteHeader(status)
		io.WriteString(w, "sorry")
	}))
	defer server.Close()
	packet := func(records ...string) *flow.Out {
		o := &flow.Out{}
		for _, r := range records {
			o.Data = append(o.Data, r...)
			o.Ends = append(o.Ends, uint32(len(o.Data)))
			o.Count++
		}
		return o
	}
	write := func(c SinkConfig, o *flow.Out, keys ...string) error {
		t.Helper()
		requests = nil
		c.Timeout = 5 * time.Second
		if c.Method == "" {
			c.Method = "POST"
		}
		s, err := NewSink(c, connect.Output{Node: "out", Format: c.Format, Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close(context.Background(), true)
		return s.Write(context.Background(), o)
	}
	check := func(err error, want ...seen) {
		t.Helper()
		if err != nil {
			t.Errorf("the write failed: %v", err)
		}
		if fmt.Sprint(requests) != fmt.Sprint(want) {
			t.Errorf("the server saw %+v, want %+v", requests, want)
		}
	}
	check(write(SinkConfig{URL: server.URL + "/x", Format: "ndjson", Token: "s3cret"}, packet("1\n", "2\n")),
		seen{"POST", "/x", "application/x-ndjson", "Bearer s3cret", "1\n2\n"})
	check(write(SinkConfig{URL: server.URL, Format: "json", Method: "PUT"}, packet("1", "2")),
		seen{"PUT", "/", "application/json", "", "1"}, seen{"PUT", "/", "application/json", "", "2"})
	check(write(SinkConfig{URL: server.URL, Format: "json", Array: true, Compression: "gzip"}, packet("1", "2")),
		seen{"POST", "/", "application/json", "", "[1,2]"})
	keyed := packet("1\n", "2\n", "3\n")
	keyed.Keys = [][]string{{server.URL + "/a", server.URL + "/b", server.URL + "/b"}}
	check(write(SinkConfig{Format: "ndjson"}, keyed, "url"),
		seen{"POST", "/a", "application/x-ndjson", "", "1\n"}, seen{"POST", "/b", "application/x-ndjson", "", "2\n3\n"})

	status, after = 429, "7"
	err := write(SinkConfig{URL: server.URL, Format: "ndjson"}, packet("1\n"))
	if flow.ClassOf(err) != flow.Transient {
		t.Errorf("429 is %v", flow.ClassOf(err))
	}
	if asks, ok := err.(interface{ RetryAfter() time.Duration }); !ok || asks.RetryAfter() != 7*time.Second {
		t.Errorf("Retry-After is not honoured: %v", err)
	}
	status, after = 400, ""
	if err := write(SinkConfig{URL: server.URL, Format: "ndjson"}, packet("1\n")); flow.ClassOf(err) != flow.Permanent || !strings.Contains(err.Error(), "sorry") {
		t.Errorf("400 gives %v (%v)", err, flow.ClassOf(err))
	}
	server.Close()
	err = write(SinkConfig{URL: server.URL + "/?token=s3cret", Format: "ndjson"}, packet("1\n"))
	if gone, ok := err.(interface{ Unavailable() bool }); !ok || !gone.Unavailable() || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a server that is gone: %v", err)
	}
}

func TestBadConfigs(t *testing.T) {
	for _, c := range []SinkConfig{{URL: "nowhere"}, {URL: "ftp://x"}, {URL: "http://x", Token: "a", User: "b"}, {URL: "http://x", TLS: ClientTLS{CA: "/nowhere"}}} {
		if _, err := NewSink(c, connect.Output{}); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
	for _, c := range []SourceConfig{{}, {Listen: ":0", Path: "x"}, {Listen: ":0", Path: "/"}, {Listen: ":0", Path: "/", MaxBody: 1, MaxRequests: 1, TLS: ServerTLS{Cert: "a"}}} {
		if _, err := NewSource(c, connect.Input{}); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}
