package http

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// Whatever bytes come on a connection, the server answers what HTTP it is, says of
// no record that it was accepted which the engine has not had, and takes the next
// request.
func FuzzWire(f *testing.F) {
	var taken atomic.Int64
	url, _ := served(f, func(c *SourceConfig) { c.MaxBody, c.ReadTimeout = 1<<12, time.Second }, func(b *flow.Batch) error {
		taken.Add(int64(len(records(b, "ndjson"))))
		return nil
	})
	address := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/in")
	for _, seed := range []string{
		"POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
		"POST /in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n",
		"POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n[{}, {}]\n",
		"POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\nContent-Length: 3\r\n\r\n{\"a\":1}",
		"POST /in HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08",
		"POST /in HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv; charset=x\r\nContent-Length: 0\r\n\r\n",
		"GET /in HTTP/1.0\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\r\n\r\n", "POST", "\x16\x03\x01\x02\x00",
		"POST /in HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
		"POST http://[::1/in HTTP/1.1\r\nHost: \x00\r\nContent-Length: -1\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		before := taken.Load()
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write(wire); err == nil {
			_ = c.(*net.TCPConn).CloseWrite() // the server may have closed it
		}
		accepted := int64(0)
		for r := bufio.NewReader(c); ; {
			resp, err := http.ReadResponse(r, nil)
			if err != nil {
				break // all that it had to say
			}
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				break
			}
			var said struct{ Accepted int64 }
			if resp.StatusCode == 200 && json.Unmarshal(body, &said) == nil {
				accepted += said.Accepted
			}
		}
		if had := taken.Load() - before; accepted > had {
			t.Errorf("%d records were accepted, and %d taken", accepted, had)
		}
		if r := send(t, url, `{"a":1}`); r.accepted() != 1 {
			t.Errorf("the next request: %d %s", r.status, r.Error)
		}
	})
}

// asked answers one request of a source without a network, with what decide makes
// of its batch.
func asked(t testing.TB, s *Source, q *http.Request, decide func(b *flow.Batch)) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	done := make(chan struct{})
	go func() { defer close(done); s.ServeHTTP(w, q) }()
	select {
	case r := <-s.requests:
		if !r.take() {
			t.Error("a request that nobody gave up can't be taken")
		}
		b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
		r.fill(b)
		decide(b)
		b.OnDone(nil)
		<-done
	case <-done:
	}
	return w
}

// Whatever a body is, it is refused with a place inside of it, or as many records as
// were accepted reach the engine; those of a JSON array are its elements.
func FuzzBodies(f *testing.F) {
	formats := []string{"ndjson", "json", "csv", "text", "bytes"}
	for i := range formats {
		for _, seed := range []string{
			"", "\n", "{}", "[]", "[{\"a\":1},\n{\"a\":[1,\n2]}]", "{\"a\":1}\n{\"a\":2}\n", "{\"a\":\n\"x\ny\"}", "[1,2", "a,b\n1,2\n\"3\n4\",5\n", "\ufeff[{}]", "\xff\xfe", "[\"\\\"]\", {}]", "{}{}", "]",
		} {
			f.Add([]byte(seed), uint8(i), false, false)
			f.Add([]byte(seed), uint8(i), true, true)
		}
	}
	sources := map[string]*Source{}
	for _, format := range formats {
		c := defaults()
		c.Format, c.MaxBody, c.MaxWaiting = format, 1<<14, 1<<20
		s, err := newServer(c, input(format))
		if err != nil {
			f.Fatal(err)
		}
		s.patience.begin(time.Minute)
		f.Cleanup(s.patience.end)
		sources[format] = s
	}
	f.Fuzz(func(t *testing.T, body []byte, which uint8, zipped, byLines bool) {
		format := formats[int(which)%len(formats)]
		s := sources[format]
		sent := body
		q := httptest.NewRequest("POST", "/in", nil)
		if zipped {
			var z bytes.Buffer
			w := gzip.NewWriter(&z)
			_, _ = w.Write(body) // a buffer takes everything
			_ = w.Close()
			sent = z.Bytes()
			q.Header.Set("Content-Encoding", "gzip")
		}
		if byLines && (format == "ndjson" || format == "json") {
			q.Header.Set("Content-Type", "application/x-ndjson")
		}
		q.Body, q.ContentLength = io.NopCloser(bytes.NewReader(sent)), int64(len(sent))
		var got []string
		w := asked(t, s, q, func(b *flow.Batch) { got = records(b, format) })
		if format == "bytes" && len(got) == 0 && w.Code == 200 {
			got = []string{string(body)} // it may be nothing but blanks
		}
		switch w.Code {
		case 200:
			var said struct{ Accepted int }
			if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || said.Accepted != len(got) {
				t.Errorf("%q: %s, and the engine got %q", body, w.Body, got)
			}
		case 400:
			var said answer
			if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || said.Error == "" || said.Offset != nil && (*said.Offset < 0 || *said.Offset > int64(len(body))) || said.Line > 1+int64(bytes.Count(body, newline)) {
				t.Errorf("%q: %s", body, w.Body)
			}
		case 413:
			if len(body) <= 1<<14 && len(sent) <= 1<<14 {
				t.Errorf("%d bytes are too large: %s", len(body), w.Body)
			}
		default:
			t.Errorf("%q: %d %s", body, w.Code, w.Body)
		}
		var list []json.RawMessage
		if w.Code == 200 && format == "ndjson" && !byLines && json.Unmarshal(body, &list) == nil && list != nil {
			if len(list) != len(got) {
				t.Fatalf("%q: %d elements, and the engine got %q", body, len(list), got)
			}
			for i := range list {
				var want, have bytes.Buffer
				if json.Compact(&want, list[i]) != nil || json.Compact(&have, []byte(got[i])) != nil || want.String() != have.String() {
					t.Errorf("%q: record %d is %q", body, i, got[i])
				}
			}
		}
	})
}

// An answering is a server without a network.
type answering func(q *http.Request) *http.Response

func (a answering) RoundTrip(q *http.Request) (*http.Response, error) { return a(q), nil }

// Whatever a server answers, the source gives records or says what is wrong, asks
// nobody else, and gives a position that is its own.
func FuzzAnswers(f *testing.F) {
	configs := []SourceConfig{
		{},
		{Records: "data"},
		{Next: "link"},
		{Records: "data.items", Next: "next", NextParam: "page"},
		{Records: "data", Cursor: "after", CursorField: "n.id"},
		{Records: "data", Next: "next", NextParam: "p", Cursor: "after", CursorField: "id", Newest: "first"},
		{Next: "link", Cursor: "since", CursorField: "id"},
		{Records: "data", Next: "next", Cursor: "next"},
		{Format: "csv"},
		{Format: "text", Next: "link"},
		{Format: "json", Records: "a.0"},
	}
	for i := range configs {
		for _, seed := range []string{
			"", "[]", `{"data":[{"id":1,"n":{"id":"x"}},{"id":2,"n":{"id":"y"}}],"next":"abc"}`, `{"data":{"items":[1]},"next":"/x?page=2"}`, `{"data":null,"next":null}`,
			`[{"id":1},{"id":1}]`, `{"data":[],"next":"https://elsewhere.example/"}`, "a,b\n1,2\n", `{"a":[[1,2]]}`, `{"data":[{"id":{}}]}`, "<html>", "{\"data\":[", `{"data":"x","next":"?p=%zz"}`,
		} {
			f.Add(seed, `<http://api.test/?page=2>; rel="next"`, uint8(i), uint16(200))
			f.Add(seed, `<//elsewhere/>; rel=next, <`, uint8(i), uint16(404))
		}
	}
	f.Fuzz(func(t *testing.T, body, link string, which uint8, status uint16) {
		c := configs[int(which)%len(configs)]
		c.URL, c.MaxBody, c.Timeout = "http://api.test/v1?key=secret", 1<<14, time.Minute
		c.Format, c.Newest = orText(c.Format, "ndjson"), orText(c.Newest, "last")
		src, err := NewSource(c, input(c.Format))
		if err != nil {
			t.Fatal(err)
		}
		p := pollingOf(src)
		p.client.Transport = answering(func(q *http.Request) *http.Response {
			if q.URL.Host != "api.test" {
				t.Errorf("it asks %s", q.URL)
			}
			h := http.Header{}
			if checkHeader("Link", link) == nil {
				h.Set("Link", link)
			}
			return &http.Response{StatusCode: 200 + int(status)%400, Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: q}
		})
		for range 5 {
			b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
			err := src.Read(t.Context(), b)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				if strings.Contains(err.Error(), "secret") && !strings.Contains(body+link, "secret") {
					t.Errorf("%v tells what may be secret", err)
				}
				return
			}
			if len(records(b, c.Format)) == 0 && len(b.Data) > 0 && c.Format != "text" {
				t.Errorf("%q: a batch without records: %q", body, b.Data)
			}
			if b.Position == nil {
				continue
			}
			text, err := json.Marshal(b.Position)
			if err != nil {
				t.Fatal(err)
			}
			again, _ := NewSource(c, input(c.Format))
			if err := again.(flow.Seeker).Seek(t.Context(), map[string]json.RawMessage{"": text}); err != nil {
				t.Errorf("%s: %v", text, err)
			}
			if there, here := pollingOf(again).next(), p.next(); there.String() != here.String() {
				t.Errorf("from %s on it asks %s, and without a stop %s", text, there, here)
			}
		}
	})
}

// pollingOf is what a source that asks is made of.
func pollingOf(s flow.Source) *polling {
	switch s := s.(type) {
	case *CursorSource:
		return s.p
	case *LatestSource:
		return s.p
	case *OnceSource:
		return s.p
	}
	return nil
}

// No header is taken for a signature that is none, and each that the sink makes is
// one.
func FuzzSignatures(f *testing.F) {
	ways := ways()
	names := []string{"plain", "github", "stripe", "slack", "standard", "own", "spaced"}
	for i := range names {
		f.Add("t=1,v1=00,v1=zz", "body", "1", "id", uint8(i))
		f.Add("v1,AAAA v1a,x", "", "99999999999999999999", "", uint8(i))
	}
	f.Fuzz(func(t *testing.T, header, body, when, id string, which uint8) {
		s, err := ways[names[int(which)%len(names)]].verify().scheme()
		if err != nil {
			t.Fatal(err)
		}
		q := httptest.NewRequest("POST", "/in", strings.NewReader(body))
		check := func() error {
			v, err := s.begin(q)
			if err != nil {
				return err
			}
			if _, err := io.Copy(io.Discard, v.watch(io.NopCloser(strings.NewReader(body)))); err != nil {
				t.Fatal(err)
			}
			return v.end()
		}
		q.Header[http.CanonicalHeaderKey(s.header)] = []string{header}
		for _, h := range []struct{ name, value string }{{s.timeHeader, when}, {s.idHeader, id}} {
			if h.name != "" {
				q.Header[http.CanonicalHeaderKey(h.name)] = []string{h.value}
			}
		}
		if check() == nil {
			t.Errorf("%s signs %q", header, body)
		}
		if checkHeader("x", id) != nil || strings.TrimSpace(id) == "" {
			id = "x"
		}
		if err := s.sign(q, id, []byte(body)); err != nil {
			t.Fatal(err)
		}
		if err := check(); err != nil {
			t.Errorf("%q: %v", body, err)
		}
		if u, err := url.Parse(fmt.Sprintf("/%x", body)); err == nil && s.has("path") {
			q.URL = u
			if check() == nil {
				t.Error("another path has the same signature")
			}
		}
	})
}
