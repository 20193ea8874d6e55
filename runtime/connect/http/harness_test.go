package http

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	lookEvery = 5 * time.Millisecond
	os.Exit(m.Run())
}

// defaults are the source's config as the compiler has it.
func defaults() SourceConfig {
	return SourceConfig{
		Listen: "127.0.0.1:0", Path: "/in", Format: "ndjson", MaxBody: 1 << 16, MaxRequests: 64, MaxWaiting: 1 << 20,
		ReadTimeout: 10 * time.Second, AnswerTimeout: 10 * time.Second, IdleTimeout: time.Minute,
	}
}

// input is what the compiler says for a format.
func input(format string) connect.Input {
	return connect.Input{Node: "in", Format: format, Header: format == "csv", Frame: func() frame.Framer {
		switch format {
		case "csv":
			return frame.CSVRows{Delimiter: ',', Quote: '"'}
		case "json":
			return new(frame.JSONValues)
		case "bytes":
			return frame.Whole{}
		}
		return frame.Lines{}
	}}
}

// opened opens a source on a free port, which nobody reads yet.
func opened(t testing.TB, change func(*SourceConfig)) (url string, s *Source) {
	t.Helper()
	c := defaults()
	if change != nil {
		change(&c)
	}
	src, err := NewSource(c, input(c.Format))
	if err != nil {
		t.Fatal(err)
	}
	s = server(src)
	if err := s.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	scheme := "http://"
	if c.TLS.Cert != "" {
		scheme = "https://"
	}
	return scheme + s.Addr().String() + c.Path, s
}

// server is the server of a source that listens.
func server(src flow.Source) *Source {
	if k, ok := src.(*KeyedSource); ok {
		return k.Source
	}
	return src.(*Source)
}

// served opens a source whose batches are given to decide, and answered with
// what that returns.
func served(t testing.TB, change func(*SourceConfig), decide func(*flow.Batch) error) (url string, s *Source) {
	t.Helper()
	url, s = opened(t, change)
	ctx, cancel := context.WithCancel(context.Background())
	var reading sync.WaitGroup
	reading.Go(func() {
		b := &flow.Batch{}
		for {
			b.Data, b.Base, b.Offset, b.OnDone = make([]byte, 0, flow.BlockSize), -1, -1, nil
			if s.Read(ctx, b) != nil {
				return
			}
			b.OnDone(decide(b))
		}
	})
	t.Cleanup(func() {
		cancel()
		reading.Wait()
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return url, s
}

// records are those of a batch, framed as generated code does it.
func records(b *flow.Batch, format string) []string {
	f := input(format).Frame()
	if j, ok := b.Frame.(*frame.JSONValues); ok {
		f = j
	}
	var out []string
	for pos := 0; ; {
		start, end, next, ok := f.Next(b.Data, pos)
		if !ok {
			return out
		}
		if line := b.Data[start:end]; format == "text" || !frame.IsBlank(line) {
			out = append(out, string(line))
		}
		pos = next
	}
}

// A reply is an answer that was read.
type reply struct {
	status int
	header http.Header
	closed bool // the connection is closed behind it
	answer
	Accepted *int
}

// send posts a body; headers are pairs.
func send(t testing.TB, url, body string, headers ...string) reply {
	t.Helper()
	q, err := http.NewRequest("POST", url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return do(t, http.DefaultClient, q, headers...)
}

func do(t testing.TB, client *http.Client, q *http.Request, headers ...string) reply {
	t.Helper()
	for i := 0; i < len(headers); i += 2 {
		q.Header.Set(headers[i], headers[i+1])
	}
	resp, err := client.Do(q)
	if err != nil {
		t.Error(err)
		return reply{}
	}
	defer resp.Body.Close()
	r := reply{status: resp.StatusCode, header: resp.Header, closed: resp.Close}
	data, err := io.ReadAll(resp.Body)
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil || resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("the answer %q (%s): %v", data, resp.Header.Get("Content-Type"), err)
	}
	return r
}

func (r reply) accepted() int {
	if r.status != 200 || r.Accepted == nil {
		return -1
	}
	return *r.Accepted
}

// eventually waits until something is so.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for range 4000 {
		if is() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("it did not come to pass: " + what)
}
