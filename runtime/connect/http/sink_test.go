package http

import (
	"compress/gzip"
	"context"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A seen is a request as a server got it.
type seen struct{ method, path, contentType, auth, body string }

// A target is a server that notes requests and answers as it is told.
type target struct {
	*httptest.Server
	mu       sync.Mutex
	requests []seen
	headers  []http.Header
	answer   func(w http.ResponseWriter, n int) // n counts from 0
}

func newTarget(t *testing.T, answer func(w http.ResponseWriter, n int)) *target {
	s := &target{answer: answer}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *target) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	var from io.Reader = q.Body
	if q.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(q.Body)
		if err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		from = z
	}
	body, err := io.ReadAll(from)
	if err != nil {
		http.Error(w, err.Error(), 400)
		return
	}
	s.mu.Lock()
	n := len(s.requests)
	s.requests = append(s.requests, seen{q.Method, q.URL.RequestURI(), q.Header.Get("Content-Type"), q.Header.Get("Authorization"), string(body)})
	s.headers = append(s.headers, q.Header)
	s.mu.Unlock()
	if s.answer != nil {
		s.answer(w, n)
	}
}

// want looks at what came since the last time.
func (s *target) want(t *testing.T, requests ...seen) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !reflect.DeepEqual(s.requests, requests) {
		t.Errorf("\n got %+v\nwant %+v", s.requests, requests)
	}
	s.requests, s.headers = nil, nil
}

func packet(records ...string) *flow.Out {
	o := &flow.Out{}
	for _, r := range records {
		o.Data = append(o.Data, r...)
		o.Ends = append(o.Ends, uint32(len(o.Data)))
		o.Count++
	}
	return o
}

func newSink(t *testing.T, c SinkConfig, out connect.Output) *Sink {
	t.Helper()
	if c.Timeout == 0 {
		c.Timeout = 20 * time.Second
	}
	if c.Method == "" {
		c.Method = "POST"
	}
	s, err := NewSink(c, out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(context.Background(), true) })
	return s.(*Sink)
}

func TestSinkBodies(t *testing.T) {
	server := newTarget(t, nil)
	for _, tc := range []struct {
		config SinkConfig
		format string
		packet *flow.Out
		want   []seen
	}{
		{SinkConfig{Token: "s3cret"}, "ndjson", packet("1\n", "2\n"), []seen{{"POST", "/in?x=1", "application/x-ndjson", "Bearer s3cret", "1\n2\n"}}},
		{SinkConfig{Single: true, Method: "PUT"}, "ndjson", packet("1\n", "2\n"), []seen{{"PUT", "/in?x=1", "application/json", "", "1"}, {"PUT", "/in?x=1", "application/json", "", "2"}}},
		{SinkConfig{Compression: "gzip"}, "json", packet("1", "2"), []seen{{"POST", "/in?x=1", "application/json", "", "[1,2]"}}},
		{SinkConfig{Single: true, Compression: "gzip"}, "json", packet("1", "2"), []seen{{"POST", "/in?x=1", "application/json", "", "1"}, {"POST", "/in?x=1", "application/json", "", "2"}}},
		{SinkConfig{User: "a", Password: "b"}, "text", packet("x\n", "y\n"), []seen{{"POST", "/in?x=1", "text/plain; charset=utf-8", "Basic YTpi", "x\ny\n"}}},
		{SinkConfig{Headers: map[string]string{"content-type": "application/vnd.x", "X-A": "1"}}, "ndjson", packet("1\n"), []seen{{"POST", "/in?x=1", "application/vnd.x", "", "1\n"}}},
		{SinkConfig{}, "ndjson", packet(), nil},
	} {
		tc.config.URL = server.URL + "/in?x=1"
		s := newSink(t, tc.config, connect.Output{Format: tc.format})
		if err := s.Write(context.Background(), tc.packet); err != nil {
			t.Error(err)
		}
		server.want(t, tc.want...)
	}
}

// Records that go to the same place, by what each says, share a request.
func TestSinkPerRecord(t *testing.T) {
	server := newTarget(t, nil)
	o := packet("1\n", "2\n", "3\n", "4\n")
	o.Keys = [][]string{
		{server.URL + "/a", server.URL + "/a", server.URL + "/b", server.URL + "/b"},
		{"", "", "", "PATCH"},
		{"x y/1", "x y/1", "z", "z"},
	}
	s := newSink(t, SinkConfig{}, connect.Output{Format: "ndjson", Keys: []string{"url", "meta.method", "meta.path"}, Literals: map[string]string{"url": server.URL + "/"}})
	if err := s.Write(context.Background(), o); err != nil {
		t.Error(err)
	}
	server.want(t, seen{"POST", "/a/x%20y/1", "application/x-ndjson", "", "1\n2\n"}, seen{"POST", "/b/z", "application/x-ndjson", "", "3\n"}, seen{"PATCH", "/b/z", "application/x-ndjson", "", "4\n"})

	o = packet("1\n", "2\n")
	o.Keys = [][]string{{"k1", "k2"}, {"application/vnd.a", ""}}
	s = newSink(t, SinkConfig{URL: server.URL}, connect.Output{Format: "ndjson", Keys: []string{"meta.idempotency_key", "meta.content_type"}})
	if err := s.Write(context.Background(), o); err != nil {
		t.Error(err)
	}
	if k := server.headers[0].Get("Idempotency-Key") + server.headers[1].Get("Idempotency-Key"); k != "k1k2" {
		t.Errorf("keys %q", k)
	}
	server.want(t, seen{"POST", "/", "application/vnd.a", "", "1"}, seen{"POST", "/", "application/json", "", "2"})
}

// A header that a record makes and that can't be sent spoils that record alone:
// it is not tried again for ever as if the server were gone.
func TestSinkHostileHeaders(t *testing.T) {
	server := newTarget(t, nil)
	for _, value := range []string{"a\nb", "a\r\nX-Admin: 1", "\x7f", "\x00"} {
		for _, key := range []string{"meta.content_type", "meta.idempotency_key"} {
			o := packet("1\n", "2\n")
			o.Keys = [][]string{{"good", value}}
			s := newSink(t, SinkConfig{URL: server.URL + "/x"}, connect.Output{Format: "ndjson", Keys: []string{key}})
			err := s.Write(context.Background(), o)
			var partial *flow.PartialError
			if !errors.As(err, &partial) || len(partial.Failed) != 1 || flow.ClassOf(partial.Failed[1]) != flow.Permanent {
				t.Errorf("%q as %s: %v", value, key, err)
			}
			var coded interface{ Code() string }
			if !errors.As(partial.Failed[1], &coded) || coded.Code() != "header" {
				t.Errorf("%q as %s: %v has no code", value, key, partial.Failed[1])
			}
		}
	}
	if len(server.requests) != 8 {
		t.Errorf("%d requests, want those of the good records", len(server.requests))
	}
	for _, c := range []SinkConfig{
		{URL: server.URL, Headers: map[string]string{"X-A": "a\nb"}},
		{URL: server.URL, Headers: map[string]string{"X A": "a"}},
		{URL: server.URL, Token: "secret\n"},
	} {
		c.Timeout = time.Second
		if _, err := NewSink(c, connect.Output{Format: "ndjson"}); err == nil {
			t.Errorf("%+v is accepted", c)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the secret stands in %v", err)
		}
	}
}

// A URL that a record makes leads nowhere but where the pipeline says, and spoils
// its own record alone.
func TestSinkHostileURLs(t *testing.T) {
	server := newTarget(t, nil)
	host := strings.TrimPrefix(server.URL, "http://")
	for _, tc := range []struct{ literal, url string }{
		{server.URL + "/x/", server.URL + "/x/../admin"},
		{server.URL + "/x/", server.URL + "/x/%2e%2e/admin"},
		{server.URL + "/", "http://evil.example/"},
		{"http://", "ftp://" + host},
		{"", "nowhere"},
		{"", ""},
		{"", "http://"},
		{"", "http://a b"},
		{server.URL + "/", server.URL + "/\n"},
	} {
		o := packet("1\n", "2\n")
		o.Keys = [][]string{{server.URL + "/x/good", tc.url}}
		s := newSink(t, SinkConfig{}, connect.Output{Format: "ndjson", Keys: []string{"url"}, Literals: map[string]string{"url": tc.literal}})
		err := s.Write(context.Background(), o)
		var partial *flow.PartialError
		if !errors.As(err, &partial) || len(partial.Failed) != 1 || flow.ClassOf(partial.Failed[1]) != flow.Permanent {
			t.Errorf("%q behind %q: %v", tc.url, tc.literal, err)
		}
		server.want(t, seen{"POST", "/x/good", "application/x-ndjson", "", "1\n"})
	}
	if _, err := parseURL("http://user:pw@a.example/x", "http://user:pw@a.example/"); err != nil {
		t.Error(err)
	}
}

func TestSinkAnswers(t *testing.T) {
	long := strings.Repeat("é", 300)
	for _, tc := range []struct {
		status int
		header [2]string
		body   string
		class  flow.Class
		after  time.Duration
		text   string
	}{
		{200, [2]string{}, "", 0, 0, ""},
		{204, [2]string{}, "", 0, 0, ""},
		{400, [2]string{}, "sorry\n", flow.Permanent, 0, "the server answered 400 Bad Request: sorry"},
		{404, [2]string{}, long, flow.Permanent, 0, "the server answered 404 Not Found: " + long[:200] + "…"},
		{301, [2]string{"Location", "http://elsewhere/"}, "", flow.Permanent, 0, "the server answered 301 Moved Permanently, that it is at http://elsewhere/"},
		{429, [2]string{"Retry-After", "7"}, "", flow.Transient, 7 * time.Second, "the server answered 429 Too Many Requests"},
		{408, [2]string{}, "", flow.Transient, 0, "the server answered 408 Request Timeout"},
		{500, [2]string{}, "", flow.Transient, 0, "the server answered 500 Internal Server Error"},
		{503, [2]string{"Retry-After", "soon"}, "", flow.Transient, 0, "the server answered 503 Service Unavailable"},
		{501, [2]string{}, "", flow.Permanent, 0, "the server answered 501 Not Implemented"},
	} {
		server := newTarget(t, func(w http.ResponseWriter, _ int) {
			if tc.header[0] != "" {
				w.Header().Set(tc.header[0], tc.header[1])
			}
			w.WriteHeader(tc.status)
			io.WriteString(w, tc.body)
		})
		err := newSink(t, SinkConfig{URL: server.URL}, connect.Output{Format: "ndjson"}).Write(context.Background(), packet("1\n"))
		if tc.text == "" {
			if err != nil {
				t.Errorf("%d: %v", tc.status, err)
			}
			continue
		}
		if err == nil || err.Error() != tc.text || flow.ClassOf(err) != tc.class {
			t.Errorf("%d: %v (%v)\nwant %s (%v)", tc.status, err, flow.ClassOf(err), tc.text, tc.class)
			continue
		}
		if after := err.(interface{ RetryAfter() time.Duration }).RetryAfter(); after != tc.after {
			t.Errorf("%d: Retry-After is %v", tc.status, after)
		}
	}
	if d := retryAfter(time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)); d < 58*time.Minute || d > time.Hour {
		t.Errorf("a date: %v", d)
	}
	if d := retryAfter(time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)) + retryAfter("-3") + retryAfter("99999999999999999999"); d != 0 {
		t.Errorf("%v", d)
	}
}

func TestSinkFailures(t *testing.T) {
	unavailable := func(err error) bool {
		var gone interface{ Unavailable() bool }
		return errors.As(err, &gone) && gone.Unavailable()
	}
	server := newTarget(t, nil)
	server.Close()
	s := newSink(t, SinkConfig{URL: server.URL + "/?token=s3cret"}, connect.Output{Format: "ndjson"})
	if err := s.Write(context.Background(), packet("1\n")); !unavailable(err) || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), server.URL) {
		t.Errorf("a server that is gone: %v", err)
	}
	hung := make(chan struct{})
	server = newTarget(t, func(http.ResponseWriter, int) { <-hung })
	defer close(hung)
	s = newSink(t, SinkConfig{URL: server.URL, Timeout: 30 * time.Millisecond}, connect.Output{Format: "ndjson"})
	if err := s.Write(context.Background(), packet("1\n")); unavailable(err) || flow.ClassOf(err) != flow.Transient {
		t.Errorf("a server that hangs: %v (%v)", err, flow.ClassOf(err))
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	s = newSink(t, SinkConfig{URL: server.URL}, connect.Output{Format: "ndjson"})
	if err := s.Write(ctx, packet("1\n")); !errors.Is(err, context.Canceled) {
		t.Errorf("a program that stops: %v", err)
	}
	// One of three requests fails for good: the records of the others are
	// written.
	server = newTarget(t, func(w http.ResponseWriter, n int) {
		if n == 1 {
			w.WriteHeader(422)
		}
	})
	s = newSink(t, SinkConfig{URL: server.URL, Single: true}, connect.Output{Format: "ndjson"})
	var partial *flow.PartialError
	if err := s.Write(context.Background(), packet("1\n", "2\n", "3\n")); !errors.As(err, &partial) || len(partial.Failed) != 1 || partial.Failed[1] == nil {
		t.Errorf("%v", err)
	}
	// It may be tried again: those behind it wait for it.
	server = newTarget(t, func(w http.ResponseWriter, n int) {
		if n == 1 {
			w.WriteHeader(503)
		}
	})
	s = newSink(t, SinkConfig{URL: server.URL, Single: true}, connect.Output{Format: "ndjson"})
	if err := s.Write(context.Background(), packet("1\n", "2\n", "3\n")); !errors.As(err, &partial) || len(partial.Failed) != 2 || flow.ClassOf(partial.Failed[1]) != flow.Transient || !errors.Is(partial.Failed[2], flow.ErrNotTried) {
		t.Errorf("%v", err)
	}
}

func TestTLS(t *testing.T) {
	server := &target{}
	server.Server = httptest.NewTLSServer(server)
	t.Cleanup(server.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		tls connect.ClientTLS
		ok  bool
	}{{connect.ClientTLS{}, false}, {connect.ClientTLS{CA: ca}, true}, {connect.ClientTLS{Insecure: true}, true}} {
		err := newSink(t, SinkConfig{URL: server.URL, TLS: tc.tls}, connect.Output{Format: "ndjson"}).Write(context.Background(), packet("1\n"))
		if (err == nil) != tc.ok {
			t.Errorf("%+v: %v", tc.tls, err)
		}
	}
}

func TestSinkConfigs(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []SinkConfig{
		{URL: "nowhere", Timeout: 1},
		{URL: "ftp://x", Timeout: 1},
		{URL: "http://x"},
		{URL: "http://x", Token: "a", User: "b", Timeout: 1},
		{URL: "http://x", Timeout: 1, TLS: connect.ClientTLS{CA: "/nowhere"}},
		{URL: "http://x", Timeout: 1, TLS: connect.ClientTLS{CA: empty}},
		{URL: "http://x", Timeout: 1, TLS: connect.ClientTLS{Cert: "a"}},
	} {
		if _, err := NewSink(c, connect.Output{}); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}
