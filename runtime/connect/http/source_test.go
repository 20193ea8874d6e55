package http

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
	"github.com/flowc-dev/flowc/runtime/flow"
)

func TestBodies(t *testing.T) {
	const ndjson, js = "application/x-ndjson", "application/json"
	for _, tc := range []struct {
		format, contentType, body string
		want                      []string
	}{
		{"ndjson", js, `{"a":1}`, []string{`{"a":1}`}},
		{"ndjson", "", "{\"a\":1}\n", []string{`{"a":1}`}},
		{"ndjson", js + "; charset=utf-8", "\xef\xbb\xbf {\"a\":1}\r\n", []string{` {"a":1}`}},
		{"ndjson", "application/cloudevents+json", `{}`, []string{`{}`}},
		{"ndjson", js, "{\n  \"a\": [1,\r\n 2],\n  \"b\": \"\\\"[\\n\"\n}\n", []string{"{   \"a\": [1,   2],   \"b\": \"\\\"[\\n\" }"}},
		{"ndjson", js, "[{\"a\":1},\n {\"a\":\n2} ,3]", []string{`{"a":1}`, "{\"a\": 2}", "3"}},
		{"ndjson", js, "[]", nil},
		{"ndjson", js, "{\"a\":1}\n\n{\"a\":2}", []string{`{"a":1}`, `{"a":2}`}},
		{"ndjson", js, "{\"a\":1}\n{\"a\":2} {\"a\":3}", []string{`{"a":1}`, `{"a":2}`, `{"a":3}`}},
		{"ndjson", ndjson, "{\"a\":1}\r\n\n{\"a\":2}", []string{`{"a":1}`, `{"a":2}`}},
		{"ndjson", ndjson, "[1,2]\n[3]", []string{"[1,2]", "[3]"}},
		{"ndjson", ndjson, "{broken\n{}", []string{"{broken", "{}"}}, // for the decoder to refuse
		{"ndjson", js, "{broken", []string{"{broken"}},
		{"json", js, `[{"a":1}, {"a":2}] {}`, []string{`{"a":1}`, `{"a":2}`, `{}`}},
		{"json", ndjson, "1\n2\n", []string{"1", "2"}},
		{"csv", "text/csv", "\xef\xbb\xbf\nid,n\r\n1,\"a\nb\"\n\n2,c", []string{"1,\"a\nb\"", "2,c"}},
		{"csv", "text/csv", "id,n\n", nil},
		{"text", "text/plain; charset=utf-8", "one\n\nthree", []string{"one", "", "three"}},
		{"text", "", "\n", []string{""}},
		{"bytes", "image/png", "a\nb", []string{"a\nb"}},
	} {
		var got []string
		header := ""
		url, _ := served(t, func(c *SourceConfig) { c.Format = tc.format }, func(b *flow.Batch) error {
			got = records(b, tc.format)
			if h, ok := b.Frame.(*frame.Header); ok {
				header = string(h.Row)
			}
			if b.Base != 0 || b.Offset != 0 || b.Position != nil {
				t.Errorf("base %d, offset %d, position %v", b.Base, b.Offset, b.Position)
			}
			return nil
		})
		// The second request uses the memory of the first.
		for range 2 {
			got = nil
			r := send(t, url, tc.body, "Content-Type", tc.contentType)
			if r.accepted() != len(tc.want) || !reflect.DeepEqual(got, tc.want) {
				t.Errorf("%s %q: %d %s, %q; want %q", tc.format, tc.body, r.status, r.Error, got, tc.want)
			}
		}
		if tc.format == "csv" && len(tc.want) > 0 && header != "id,n" {
			t.Errorf("header %q", header)
		}
	}
}

func TestRefusals(t *testing.T) {
	url, _ := served(t, func(c *SourceConfig) { c.Token = "s3cret" }, func(*flow.Batch) error { t.Error("it was taken"); return nil })
	zipped := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		io.WriteString(z, text)
		z.Close()
		return b.String()
	}
	known := []string{"Authorization", "Bearer s3cret", "Content-Type", "application/json"}
	with := func(more ...string) []string { return append(append([]string(nil), known...), more...) }
	big := strings.Repeat(" ", 1<<16)
	for _, tc := range []struct {
		name, url, body string
		headers         []string
		status          int
		text            string
	}{
		{"another path", url + "/x", "{}", known, 404, "there is nothing here: records go to /in"},
		{"no token", url, "{}", nil, 401, "the header Authorization must show the token: Bearer …"},
		{"another token", url, "{}", []string{"Authorization", "Bearer s3cret2"}, 401, "the header Authorization must show the token: Bearer …"},
		{"content type", url, "{}", with("Content-Type", "image/png"), 415, `the content type "image/png" is none of application/json, `},
		{"form", url, "{}", with("Content-Type", "application/x-www-form-urlencoded"), 415, `the content type "application/x-www-form-urlencoded" is none of `},
		{"no content type", url, "{}", with("Content-Type", "///"), 415, `the content type "///" is none of `},
		{"content encoding", url, "{}", with("Content-Encoding", "br"), 415, `the content encoding "br" is none of gzip, identity`},
		{"two content encodings", url, zipped(zipped("{}")), with("Content-Encoding", "gzip, gzip"), 415, `the content encoding "gzip, gzip" is none of gzip, identity`},
		{"charset", url, "{}", with("Content-Type", "application/json; charset=ISO-8859-1"), 415, `the charset "ISO-8859-1" is not UTF-8`},
		{"no gzip", url, "{}", with("Content-Encoding", "gzip"), 400, "the body can't be decompressed: unexpected EOF"},
		{"torn gzip", url, zipped("{}")[:20], with("Content-Encoding", "gzip"), 400, "the body can't be decompressed: unexpected EOF"},
		{"too large", url, big + "{}", known, 413, "the body is larger than max_body (65536 bytes)"},
		{"too large, decompressed", url, zipped(big + "{}"), with("Content-Encoding", "gzip"), 413, "the body is larger than max_body (65536 bytes)"},
		{"empty", url, "", known, 400, "the body is empty"},
		{"blank", url, " \n", known, 400, "the body is empty"},
		{"an array that does not end", url, "[1,\n2", known, 400, "the array does not end: expected ',' or ']', found the end of the data"},
		{"a broken array", url, "[\n1,\n]", known, 400, `expected a value, found "]"`},
		{"a line end in a string", url, "{\"a\":\n\"x\ny\"}", known, 400, `a line end inside of a string: write \n`},
	} {
		r := send(t, tc.url, tc.body, tc.headers...)
		if r.status != tc.status || !strings.HasPrefix(r.Error, tc.text) {
			t.Errorf("%s: %d %s; want %d %s", tc.name, r.status, r.Error, tc.status, tc.text)
		}
		if wants := r.header.Get("Accept-Encoding"); (wants == "gzip, identity") != strings.Contains(tc.name, "content encoding") {
			t.Errorf("%s: Accept-Encoding %q", tc.name, wants)
		}
		if r.status == 400 && strings.Contains(tc.body, "\n") && tc.name != "blank" && (r.Offset == nil || r.Line < 2) {
			t.Errorf("%s: line %d, offset %v", tc.name, r.Line, r.Offset)
		}
	}
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		q, _ := http.NewRequest(method, url, nil)
		if r := do(t, http.DefaultClient, q); r.status != 405 || r.header.Get("Allow") != "POST" {
			t.Errorf("%s: %d, Allow %q", method, r.status, r.header.Get("Allow"))
		}
	}
	// A body whose size is not told beforehand.
	q, _ := http.NewRequest("POST", url, io.MultiReader(strings.NewReader(big), strings.NewReader("{}")))
	if r := do(t, http.DefaultClient, q, known...); r.status != 413 {
		t.Errorf("a long body without a length: %d", r.status)
	}
}

// What becomes of a request is told with the place in the body as it was sent.
func TestAnswers(t *testing.T) {
	fail := func(e flow.RecordError) func(*flow.Batch) error {
		return func(b *flow.Batch) error {
			at := bytes.Index(b.Data, []byte("BAD"))
			e.Offset = int64(bytes.LastIndexByte(b.Data[:at], '\n') + 1)
			return &e
		}
	}
	bad := errors.New("no good")
	for _, tc := range []struct {
		name, body string
		decide     func(*flow.Batch) error
		status     int
		want       answer
		line       int64
		offset     int64
	}{
		{
			"decoding", "{}\n\n{\"a\":BAD}", fail(flow.RecordError{Node: "in", Code: "error", Class: flow.Permanent, Then: flow.Reject, Err: &jsonscan.Error{Offset: 5, Msg: "expected a value"}}),
			400,
			answer{Error: "expected a value (byte 5)", Code: "error", Node: "in"},
			3, 9,
		},
		{
			"a check", "[1,\n 2,\n \"BAD\"]", fail(flow.RecordError{Node: "positive", Code: "amount", Class: flow.Permanent, Then: flow.Reject, Err: bad}),
			422,
			answer{Error: "no good", Code: "amount", Node: "positive"},
			3, 9,
		},
		{
			"in an object over lines", "{\n\"a\":\n\"BAD\"}", fail(flow.RecordError{Node: "in", Code: "error", Then: flow.Reject, Err: &jsonscan.Error{Offset: 7, Msg: "x"}}),
			400,
			answer{Error: "x (byte 7)", Code: "error", Node: "in"},
			3, 7,
		},
		{
			"a panic", "\"BAD\"", fail(flow.RecordError{Node: "work", Code: "panic", Class: flow.Poison, Then: flow.Reject, Err: errors.New("secret")}),
			422,
			answer{Error: "the program failed on the record", Code: "panic", Node: "work"},
			1, 0,
		},
		{
			"a record that stopped the program", "\"BAD\"", fail(flow.RecordError{Node: "work", Code: "error", Then: flow.Stop, Err: bad}),
			422,
			answer{Error: "no good", Code: "error", Node: "work"},
			1, 0,
		},
		{
			"a sink that is slow", "\"BAD\"", fail(flow.RecordError{Node: "out", Class: flow.Transient, Then: flow.Reject, Err: errors.New("secret")}),
			503,
			answer{Error: "the records could not be written"},
			0, -1,
		},
		{
			"a program that stops", "\"BAD\"", fail(flow.RecordError{Node: "work", Then: flow.Stop, Err: fmt.Errorf("call: %w", context.Canceled)}),
			503,
			answer{Error: "the records could not be written"},
			0, -1,
		},
		{
			"a sink that is broken", "1", func(*flow.Batch) error { return &flow.NodeError{Node: "out", Op: "sync", Err: bad} },
			503,
			answer{Error: "the records could not be written"},
			0, -1,
		},
		{
			"the end", "1", func(*flow.Batch) error { return flow.ErrStopped },
			503,
			answer{Error: "the records could not be written"},
			0, -1,
		},
	} {
		url, _ := served(t, nil, tc.decide)
		r := send(t, url, tc.body)
		offset := int64(-1)
		if r.Offset != nil {
			offset = *r.Offset
		}
		got := answer{Error: r.Error, Code: r.Code, Node: r.Node}
		if r.status != tc.status || got != tc.want || r.Line != tc.line || offset != tc.offset {
			t.Errorf("%s: %d %+v, line %d, offset %d\nwant %d %+v, line %d, offset %d", tc.name, r.status, got, r.Line, offset, tc.status, tc.want, tc.line, tc.offset)
		}
		if (r.status == 503) != (r.header.Get("Retry-After") != "") {
			t.Errorf("%s: Retry-After %q", tc.name, r.header.Get("Retry-After"))
		}
	}
}

func TestMeta(t *testing.T) {
	metas := make(chan Meta, 1)
	url, _ := served(t, nil, func(b *flow.Batch) error {
		var m Meta
		m.At(b, flow.Record{})
		m.At(b, flow.Record{Start: 2})
		metas <- m
		return nil
	})
	q, _ := http.NewRequest("POST", url+"?shop=7", strings.NewReader("{}\n{}"))
	q.Header["X-Tag"] = []string{"a", "b"}
	q.Host = "shop.example"
	do(t, http.DefaultClient, q)
	m := <-metas
	if m.Headers["X-Tag"] != "a, b" || m.Headers["Host"] != "shop.example" || m.Path != "/in" || m.Query != "shop=7" || !strings.HasPrefix(m.Remote, "127.0.0.1:") {
		t.Errorf("%+v", m)
	}
}

func TestTooManyRequests(t *testing.T) {
	url, s := opened(t, func(c *SourceConfig) { c.MaxRequests = 2 })
	var waiting sync.WaitGroup
	for range 2 {
		waiting.Go(func() {
			if r := send(t, url, "{}"); r.accepted() != 1 {
				t.Errorf("%d %s", r.status, r.Error)
			}
		})
	}
	eventually(t, "two wait", func() bool { return len(s.requests) == 2 })
	if r := send(t, url, "{}"); r.status != 503 || r.header.Get("Retry-After") != "1" {
		t.Errorf("one too many: %d %s", r.status, r.Error)
	}
	for range 2 {
		b := &flow.Batch{}
		if err := s.Read(context.Background(), b); err != nil {
			t.Fatal(err)
		}
		b.OnDone(nil)
	}
	waiting.Wait()
	if s.waiting.Load() != 0 || s.bytes.Load() != 0 {
		t.Errorf("%d requests and %d bytes wait", s.waiting.Load(), s.bytes.Load())
	}
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestTooManyBytes(t *testing.T) {
	url, s := opened(t, func(c *SourceConfig) { c.MaxBody, c.MaxWaiting = 1<<20, 1<<20 })
	large := "\"" + strings.Repeat("x", 1<<20-2) + "\""
	var waiting sync.WaitGroup
	for range 2 {
		waiting.Go(func() {
			if r := send(t, url, large); r.accepted() != 1 {
				t.Errorf("%d %s", r.status, r.Error)
			}
		})
	}
	eventually(t, "two wait", func() bool { return len(s.requests) == 2 })
	if r := send(t, url, large); r.status != 503 {
		t.Errorf("one too many: %d %s", r.status, r.Error)
	}
	for range 2 {
		b := &flow.Batch{}
		if err := s.Read(context.Background(), b); err != nil {
			t.Fatal(err)
		}
		b.OnDone(nil)
	}
	waiting.Wait()
	eventually(t, "their memory is given up", func() bool { return s.bytes.Load() == 0 })
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// What a client has sent of a body counts from its first kilobytes on, whether or
// not the rest ever comes.
func TestBuffersOfSlowClients(t *testing.T) {
	url, s := opened(t, func(c *SourceConfig) { c.MaxBody, c.MaxWaiting = 1<<17, 1<<19 })
	var waiting sync.WaitGroup
	var rest []*io.PipeWriter
	const clients = 4 // of 128 KiB each, when they have grown
	for range clients {
		body, w := io.Pipe()
		rest = append(rest, w)
		q, _ := http.NewRequest("POST", url, body)
		waiting.Go(func() {
			if resp, err := http.DefaultClient.Do(q); err == nil {
				resp.Body.Close()
				t.Errorf("%s before the body was there", resp.Status)
			}
		})
		if _, err := io.WriteString(w, "\""+strings.Repeat("x", 100<<10)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "their buffers have grown", func() bool { return s.bytes.Load() >= clients*(1<<17-ownBytes) })
	if r := send(t, url, "\""+strings.Repeat("x", 100<<10)+"\""); r.status != 503 {
		t.Errorf("one too many: %d %s", r.status, r.Error)
	}
	for _, w := range rest {
		w.CloseWithError(errors.New("the client leaves"))
	}
	waiting.Wait()
	eventually(t, "their memory can be used", func() bool { return s.waiting.Load() == 0 })
	go func() {
		b := &flow.Batch{}
		if err := s.Read(context.Background(), b); err != nil {
			t.Error(err)
			return
		}
		b.OnDone(nil)
	}()
	if r := send(t, url, "\""+strings.Repeat("x", 100<<10)+"\""); r.accepted() != 1 {
		t.Errorf("behind them: %d %s", r.status, r.Error)
	}
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// A body of many small values holds no more than the body and its lines.
func TestManyValues(t *testing.T) {
	url, s := served(t, nil, func(b *flow.Batch) error {
		last := int64(bytes.LastIndexByte(b.Data[:len(b.Data)-1], '\n') + 1)
		return &flow.RecordError{Node: "n", Code: "bad", Err: errors.New("bad"), Then: flow.Reject, Offset: last, Class: flow.Permanent}
	})
	body := "[\n1" + strings.Repeat(",1", 20_000) + "]"
	r := send(t, url, body)
	if r.status != 422 || r.Line != 2 || r.Offset == nil || *r.Offset != int64(len(body)-2) {
		t.Errorf("%d, line %d, offset %v", r.status, r.Line, r.Offset)
	}
	if most := int64(2*len(body) + 2*ownBytes + firstBuffer); s.bytes.Load() > most {
		t.Errorf("%d bytes are held, of %d", s.bytes.Load(), most)
	}
	for _, encoding := range []string{"GZIP", "x-gzip"} {
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		io.WriteString(z, `{}`)
		z.Close()
		if r := send(t, url, zipped.String(), "Content-Encoding", encoding); r.status != 422 {
			t.Errorf("%s: %d %s", encoding, r.status, r.Error)
		}
	}
}

// Sinks that take too long: the sender is told, whether or not the records are
// on their way.
func TestSlowSinks(t *testing.T) {
	url, s := opened(t, func(c *SourceConfig) { c.AnswerTimeout = 50 * time.Millisecond })
	if r := send(t, url, "{}"); r.status != 503 || r.Error != "the sinks took too long; nothing was taken" {
		t.Errorf("%d %s", r.status, r.Error)
	}
	taken := make(chan func(error), 10)
	ctx, cancel := context.WithCancel(context.Background())
	var reading sync.WaitGroup
	var seen []string
	reading.Go(func() {
		for {
			b := &flow.Batch{}
			if s.Read(ctx, b) != nil {
				return
			}
			seen = append(seen, string(b.Data))
			taken <- b.OnDone
		}
	})
	if r := send(t, url, "[1]"); r.status != 503 || !strings.Contains(r.Error, "written all the same") {
		t.Errorf("%d %s", r.status, r.Error)
	}
	(<-taken)(nil) // nobody listens any more, and nobody is blocked
	cancel()
	reading.Wait()
	if !reflect.DeepEqual(seen, []string{"1\n"}) {
		t.Errorf("%q were read: the first one was given up", seen)
	}
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// A client that sends slowly, or goes away in the middle, holds nothing up.
func TestSlowClients(t *testing.T) {
	url, s := served(t, func(c *SourceConfig) { c.ReadTimeout = 100 * time.Millisecond }, func(*flow.Batch) error { return nil })
	dial := func(text string) net.Conn {
		conn, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, text)
		return conn
	}
	slow := dial("POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{\"a\"")
	defer slow.Close()
	resp, err := http.ReadResponse(bufio.NewReader(slow), nil)
	if err != nil || resp.StatusCode != 408 {
		t.Errorf("a slow client: %v, %v", resp, err)
	}
	dial("POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{\"a\"").Close()
	headers := dial("POST /in HTTP/1.1\r\nHost: ")
	defer headers.Close()
	if _, err := io.ReadAll(headers); err != nil {
		t.Errorf("slow headers: %v", err)
	}
	eventually(t, "nobody waits", func() bool { return s.waiting.Load() == 0 })
	// What was late once is no reason to end what comes later in time.
	steady := dial("")
	defer steady.Close()
	answers := bufio.NewReader(steady)
	for range 3 {
		io.WriteString(steady, "POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
		resp, err := http.ReadResponse(answers, nil)
		if err != nil || resp.StatusCode != 200 {
			t.Fatalf("a steady client: %v, %v", resp, err)
		}
		io.Copy(io.Discard, resp.Body)
		time.Sleep(60 * time.Millisecond)
	}
	if r := send(t, url, "{}"); r.accepted() != 1 {
		t.Errorf("%d %s", r.status, r.Error)
	}
}

// A connection that nothing comes on is closed.
func TestIdleConnections(t *testing.T) {
	_, s := served(t, func(c *SourceConfig) { c.IdleTimeout = 30 * time.Millisecond }, func(*flow.Batch) error { return nil })
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	if text, err := io.ReadAll(conn); err != nil || !bytes.HasPrefix(text, []byte("HTTP/1.1 200")) {
		t.Errorf("%q, %v", text, err)
	}
	eventually(t, "it is forgotten", func() bool {
		s.listener.mu.Lock()
		defer s.listener.mu.Unlock()
		return len(s.listener.conns) == 0
	})
}

// When the program is told to stop, who was read is answered, and who was not is
// sent away.
func TestDrain(t *testing.T) {
	url, s := opened(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	b := &flow.Batch{}
	first, second := make(chan reply, 1), make(chan reply, 1)
	go func() { first <- send(t, url, "1") }()
	if err := s.Read(ctx, b); err != nil {
		t.Fatal(err)
	}
	go func() { second <- send(t, url, "2") }()
	eventually(t, "the second waits", func() bool { return len(s.requests) == 1 })
	cancel()
	if r := <-second; r.status != 503 || r.header.Get("Retry-After") == "" {
		t.Errorf("one that was not read: %d", r.status)
	}
	if err := s.Healthy(context.Background()); err == nil {
		t.Error("it says that it is well")
	}
	if r := send(t, url, "3"); r.status != 503 || r.Error != "the program is stopping" || !r.closed {
		t.Errorf("one that came later: %d %s", r.status, r.Error)
	}
	closed := make(chan error, 1)
	go func() { closed <- s.Close(context.Background()) }()
	select {
	case err := <-closed:
		t.Fatalf("closed with a request that waits: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	b.OnDone(nil)
	if r := <-first; r.accepted() != 1 {
		t.Errorf("one that was read: %d", r.status)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if err := s.Read(ctx, b); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// Requests that race with the end are all answered.
func TestDrainRace(t *testing.T) {
	for range 20 {
		url, s := opened(t, nil)
		ctx, cancel := context.WithCancel(context.Background())
		var all sync.WaitGroup
		all.Go(func() {
			for {
				b := &flow.Batch{}
				if s.Read(ctx, b) != nil {
					return
				}
				b.OnDone(nil)
			}
		})
		client := &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}
		for range 8 {
			all.Go(func() {
				for range 5 {
					q, _ := http.NewRequest("POST", url, strings.NewReader("{}"))
					if r := do(t, client, q); r.status != 200 && r.status != 503 {
						t.Errorf("%d %s", r.status, r.Error)
					}
				}
			})
		}
		cancel()
		all.Wait()
		client.CloseIdleConnections()
		if err := s.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAddressInUse(t *testing.T) {
	_, s := served(t, nil, func(*flow.Batch) error { return nil })
	c := defaults()
	c.Listen = s.Addr().String()
	other, err := NewSource(c, input("ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	want := "the address " + c.Listen + " is in use: end the program that listens there, or choose another one (--set in.config.listen=…)"
	if err := other.Open(context.Background()); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v", err)
	}
	if err := other.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestSourceConfigs(t *testing.T) {
	for _, change := range []func(*SourceConfig){
		func(c *SourceConfig) { c.Listen = "" },
		func(c *SourceConfig) { c.Path = "x" },
		func(c *SourceConfig) { c.MaxBody = 0 },
		func(c *SourceConfig) { c.MaxRequests = 0 },
		func(c *SourceConfig) { c.AnswerTimeout = 0 },
		func(c *SourceConfig) { c.TLS.Cert = "a" },
		func(c *SourceConfig) { c.TLS.ClientCA = "a" },
	} {
		c := defaults()
		change(&c)
		if _, err := NewSource(c, input("ndjson")); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
	c := defaults()
	c.TLS = SourceTLS{Cert: "none.pem", Key: "none.pem"}
	s, err := NewSource(c, input("ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Open(context.Background()); err == nil || !strings.HasPrefix(err.Error(), "tls: ") {
		t.Errorf("%v", err)
	}
}
