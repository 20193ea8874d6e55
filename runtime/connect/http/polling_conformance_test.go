package http

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// A feed serves the records that it was fed, some at a time, behind the number that
// it is asked for, and can go away.
type feed struct {
	t       testing.TB
	address string
	listens net.Listener
	server  *http.Server
	mu      sync.Mutex
	records []string
	// style is how it pages: "cursor", "next", "link", "page" or "offset".
	style string
}

const perPage = 50

func (f *feed) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	after, _ := strconv.Atoi(q.URL.Query().Get("after"))
	switch f.style {
	case "page":
		page, _ := strconv.Atoi(q.URL.Query().Get("page"))
		after = min((page-1)*perPage, len(f.records))
	case "offset":
		after, _ = strconv.Atoi(q.URL.Query().Get("offset"))
		after = min(after, len(f.records))
	case "link":
		after, _ = strconv.Atoi(q.URL.Query().Get("page"))
	}
	end := min(after+perPage, len(f.records))
	type item struct {
		N    int    `json:"n"`
		Text string `json:"text"`
	}
	answer := struct {
		Items []item `json:"items"`
		Next  string `json:"next"`
	}{Items: []item{}, Next: fmt.Sprintf("/feed?after=%d", end)}
	for i := after; i < end; i++ {
		answer.Items = append(answer.Items, item{i + 1, f.records[i]})
	}
	if f.style == "link" && end < len(f.records) {
		w.Header().Set("Link", fmt.Sprintf(`</feed?page=%d>; rel="next"`, end))
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(answer)
}

func (f *feed) start() {
	f.t.Helper()
	l, err := net.Listen("tcp", f.address)
	if err != nil {
		f.t.Fatal(err)
	}
	f.address, f.listens = l.Addr().String(), l
	server := &http.Server{Handler: f}
	f.server = server
	go func() { _ = server.Serve(l) }()
}

func (f *feed) stop() {
	_ = f.listens.Close()
	_ = f.server.Close()
}

// Sources that ask for records keep what the interfaces promise, those that go on
// behind a record and the one that begins anew.
func TestPollingConforms(t *testing.T) {
	for name, c := range map[string]struct {
		style  string
		config SourceConfig
	}{
		"cursor":        {"cursor", SourceConfig{Cursor: "after", CursorField: "n"}},
		"cursor, every": {"cursor", SourceConfig{Cursor: "after", CursorField: "n", Every: 2 * time.Millisecond}},
		"next":          {"next", SourceConfig{Next: "next", Cursor: "next"}},
		"next, every":   {"next", SourceConfig{Next: "next", Cursor: "next", Every: 2 * time.Millisecond}},
		"page":          {"page", SourceConfig{Page: "page"}},
		"page, every":   {"page", SourceConfig{Page: "page", Every: 2 * time.Millisecond}},
		"offset":        {"offset", SourceConfig{Offset: "offset"}},
		"offset, every": {"offset", SourceConfig{Offset: "offset", Every: 2 * time.Millisecond}},
		"once":          {"link", SourceConfig{Next: "link"}},
	} {
		t.Run(name, func(t *testing.T) {
			flowtest.Source(t, func(t testing.TB) *flowtest.SourceWorld {
				f := &feed{t: t, address: "127.0.0.1:0", style: c.style}
				f.start()
				t.Cleanup(f.stop)
				return &flowtest.SourceWorld{
					Make: func() flow.Source {
						config := c.config
						config.URL, config.Records, config.Newest = "http://"+f.address+"/feed", "items", "last"
						config.Format, config.MaxBody, config.Timeout = "ndjson", 64<<20, 10*time.Second
						s, err := NewSource(config, input("ndjson"))
						if err != nil {
							t.Fatal(err)
						}
						return s
					},
					Feed: func(records ...string) {
						f.mu.Lock()
						defer f.mu.Unlock()
						f.records = append(f.records, records...)
					},
					Records: func(b *flow.Batch) (out []string) {
						for _, line := range records(b, "ndjson") {
							var v struct{ Text string }
							if err := json.Unmarshal([]byte(line), &v); err != nil {
								v.Text = line // it shows as one that was not fed
							}
							out = append(out, v.Text)
						}
						return out
					},
					Stop:  f.stop,
					Start: f.start,
					NotIts: func(stack string) bool {
						return strings.Contains(stack, "net/http.(*conn)") || strings.Contains(stack, "net/http.(*connReader)") || strings.Contains(stack, "net/http.(*Server)")
					},
				}
			})
		})
	}
}
