package http

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// An engine behaves as the _bulk endpoint of a search engine does: it takes action
// lines and documents by turns, keeps documents by index and id, and answers for
// each of them.
type engine struct {
	t       testing.TB
	address string
	listens net.Listener
	server  *http.Server

	mu    sync.Mutex
	docs  []doc
	busy  map[string]int // how often a document is to be refused for the time being
	asked []string
}

type doc struct{ index, id, text string }

func (e *engine) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	lines := bufio.NewScanner(q.Body)
	lines.Buffer(nil, 16<<20)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked = append(e.asked, q.URL.RequestURI()+" "+q.Header.Get("Content-Type"))
	type outcome struct {
		Status int            `json:"status"`
		Error  map[string]any `json:"error,omitempty"`
	}
	items, failed := []map[string]outcome{}, false
	for lines.Scan() {
		var action map[string]struct {
			Index string `json:"_index"`
			ID    string `json:"_id"`
		}
		if err := json.Unmarshal(lines.Bytes(), &action); err != nil || len(action) != 1 || !lines.Scan() {
			http.Error(w, `{"error":"malformed action/metadata line"}`, 400)
			return
		}
		text := lines.Text()
		for name, to := range action {
			item := outcome{Status: 201}
			at := slices.IndexFunc(e.docs, func(d doc) bool { return to.ID != "" && d.index == to.Index && d.id == to.ID })
			switch {
			case e.busy[text] > 0:
				e.busy[text]--
				item = outcome{429, map[string]any{"type": "es_rejected_execution_exception", "reason": "queue is full"}}
			case strings.Contains(text, "bad"):
				item = outcome{400, map[string]any{"type": "mapper_parsing_exception", "reason": "failed to parse"}}
			case name == "create" && at >= 0:
				item = outcome{409, map[string]any{"type": "version_conflict_engine_exception"}}
			case at >= 0:
				item.Status, e.docs[at].text = 200, text
			default:
				e.docs = append(e.docs, doc{to.Index, to.ID, text})
			}
			failed = failed || item.Error != nil
			items = append(items, map[string]outcome{name: item})
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"took": 3, "errors": failed, "items": items})
}

func (e *engine) start() {
	e.t.Helper()
	l, err := net.Listen("tcp", e.address)
	if err != nil {
		e.t.Fatal(err)
	}
	e.address, e.listens = l.Addr().String(), l
	server := &http.Server{Handler: e}
	e.server = server
	go func() { _ = server.Serve(l) }()
}

func (e *engine) stop() {
	_ = e.listens.Close()
	_ = e.server.Close()
}

func newEngine(t testing.TB) *engine {
	e := &engine{t: t, address: "127.0.0.1:0", busy: map[string]int{}}
	e.start()
	t.Cleanup(e.stop)
	return e
}

func (e *engine) sink(t testing.TB, action string, keys ...string) flow.Sink {
	t.Helper()
	c := SinkConfig{URL: "http://" + e.address + "/_bulk", Method: "POST", Format: "ndjson", Timeout: 10 * time.Second, Bulk: Bulk{As: "elasticsearch", Action: action, Index: "orders"}}
	s, err := NewSink(c, connect.Output{Node: "out", Format: "ndjson", Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// keyed is a packet of records, each with its keys.
func keyed(keys int, records ...[]string) *flow.Out {
	o := &flow.Out{Keys: make([][]string, keys)}
	for _, r := range records {
		o.Data = append(append(o.Data, r[0]...), '\n')
		o.Ends = append(o.Ends, uint32(len(o.Data)))
		for k := range keys {
			o.Keys[k] = append(o.Keys[k], r[1+k])
		}
		o.Count++
	}
	return o
}

// Each record has an outcome of its own: written, refused for good, or to be sent
// again.
func TestBulk(t *testing.T) {
	e := newEngine(t)
	s := e.sink(t, "index", "meta.id", "meta.index")
	busy := `{"n":3}`
	e.busy[busy] = 1
	o := keyed(2,
		[]string{`{"n":1}`, `a"b`, ""}, []string{`{"bad":2}`, "2", ""}, []string{busy, "3", "other"}, []string{`{"n":4}`, "", ""})
	err := s.Write(context.Background(), o)
	var partial *flow.PartialError
	if !errors.As(err, &partial) || len(partial.Failed) != 2 {
		t.Fatalf("%v", err)
	}
	if err := partial.Failed[1]; flow.ClassOf(err) != flow.Permanent || err.Error() != `the server answered 400 Bad Request for the record: {"reason":"failed to parse","type":"mapper_parsing_exception"}` {
		t.Errorf("%v (%v)", err, flow.ClassOf(err))
	}
	if err := partial.Failed[2]; flow.ClassOf(err) != flow.Transient || !strings.Contains(err.Error(), "429") {
		t.Errorf("%v (%v)", err, flow.ClassOf(err))
	}
	if err := s.Write(context.Background(), keyed(2, []string{busy, "3", "other"})); err != nil {
		t.Error(err)
	}
	want := []doc{{"orders", `a"b`, `{"n":1}`}, {"orders", "", `{"n":4}`}, {"other", "3", busy}}
	if !slices.Equal(e.docs, want) {
		t.Errorf("%q", e.docs)
	}
	if len(e.asked) != 2 || e.asked[0] != "/_bulk?filter_path=errors,items.*.status,items.*.error application/x-ndjson" {
		t.Errorf("it asked %q", e.asked)
	}
	// What comes again with its id takes its own place.
	if err := s.Write(context.Background(), keyed(2, []string{`{"n":5}`, "3", "other"})); err != nil || len(e.docs) != 3 || e.docs[2].text != `{"n":5}` {
		t.Errorf("%v, %q", err, e.docs)
	}
}

// One that is there already counts as written, where records are created.
func TestBulkCreate(t *testing.T) {
	e := newEngine(t)
	s := e.sink(t, "create", "meta.id")
	for range 2 {
		if err := s.Write(context.Background(), keyed(1, []string{`{"n":1}`, "1"}, []string{`{"n":2}`, "2"})); err != nil {
			t.Fatal(err)
		}
	}
	if len(e.docs) != 2 {
		t.Errorf("%q", e.docs)
	}
}

// A sink of a bulk endpoint keeps what the interfaces promise.
func TestBulkConforms(t *testing.T) {
	flowtest.Sink(t, func(t testing.TB) *flowtest.SinkWorld {
		e := newEngine(t)
		return &flowtest.SinkWorld{
			Make: func() flow.Sink { return e.sink(t, "index") },
			Packet: func(records ...string) *flow.Out {
				all := make([][]string, len(records))
				for i, r := range records {
					all[i] = []string{r}
				}
				return keyed(0, all...)
			},
			Visible: func() (out []string) {
				e.mu.Lock()
				defer e.mu.Unlock()
				for _, d := range e.docs {
					out = append(out, d.text)
				}
				return out
			},
			Refused: func(good ...string) (*flow.Out, []int) {
				all := [][]string{{"bad"}}
				for _, r := range good {
					all = append(all, []string{r})
				}
				return keyed(0, append(all, []string{"bad"})...), []int{0, len(all)}
			},
			Kill:  func(s flow.Sink) { _ = s.Close(t.Context(), false) },
			Stop:  e.stop,
			Start: e.start,
			NotIts: func(stack string) bool {
				return strings.Contains(stack, "net/http.(*conn)") || strings.Contains(stack, "net/http.(*connReader)")
			},
		}
	})
}

// Answers of other kinds, as configs say where their outcomes stand.
func TestResults(t *testing.T) {
	for name, tc := range map[string]struct {
		results Results
		answer  string
		// want are the classes of the three records, "" for written; or a part of the
		// error of all of them.
		want []flow.Class
		fail string
	}{
		"a list":                      {Results{Status: "code"}, `[{"code":200},{"code":503},{"code":"422"}]`, []flow.Class{0, flow.Transient, flow.Permanent}, ""},
		"by error alone":              {Results{Items: "Records", Error: "ErrorCode"}, `{"Records":[{"ErrorCode":null},{},{"ErrorCode":"Throttled"}]}`, []flow.Class{0, 0, flow.Permanent}, ""},
		"errors of nothing":           {Results{Items: "r", Error: "e"}, `{"r":[{"e":""},{"e":[]},{"e":false}]}`, []flow.Class{0, 0, 0}, ""},
		"those that failed":           {Results{Items: "insertErrors", Record: "index", Error: "errors"}, `{"insertErrors":[{"index":1,"errors":[{"reason":"invalid"}]}]}`, []flow.Class{0, flow.Permanent, 0}, ""},
		"none that failed":            {Results{Items: "insertErrors", Record: "index", Error: "errors"}, `{"kind":"x"}`, []flow.Class{0, 0, 0}, ""},
		"too few":                     {Results{Items: "r", Status: "s"}, `{"r":[{"s":200}]}`, nil, "it has 1 results for 3 records"},
		"another record":              {Results{Items: "r", Record: "n", Status: "s"}, `{"r":[{"s":200,"n":3}]}`, nil, "a result has \"3\" in `n`, and there were 3 records"},
		"no status":                   {Results{Status: "s"}, `[{"s":200},{},{}]`, nil, "a result has no status in `s`: {}"},
		"no list":                     {Results{Items: "r", Status: "s"}, `{"ok":true}`, nil, "there is no `r` ({\"ok\":true})"},
		"a list of another kind":      {Results{Items: "r", Status: "s"}, `{"r":7}`, nil, "expected an array"},
		"no JSON":                     {Results{Status: "s"}, `thank you`, nil, "the answer does not tell what became of the records"},
		"nothing":                     {Results{Status: "s"}, ``, nil, "the answer does not tell what became of the records"},
		"longer than anybody expects": {Results{Status: "s"}, "[" + strings.Repeat(" ", longestResults) + "]", nil, "longer than 4 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			target := newTarget(t, func(w http.ResponseWriter, _ int) { io.WriteString(w, tc.answer) })
			s, err := NewSink(SinkConfig{URL: target.URL, Method: "POST", Timeout: 10 * time.Second, Results: tc.results}, connect.Output{Format: "json"})
			if err != nil {
				t.Fatal(err)
			}
			err = s.Write(context.Background(), keyed(0, []string{"{}"}, []string{"{}"}, []string{"{}"}))
			var partial *flow.PartialError
			switch {
			case tc.fail != "":
				if err == nil || errors.As(err, &partial) || !strings.Contains(err.Error(), tc.fail) || flow.ClassOf(err) != flow.Permanent {
					t.Errorf("%v", err)
				}
				return
			case err != nil && !errors.As(err, &partial):
				t.Fatal(err)
			}
			for i, class := range tc.want {
				var failed error
				if partial != nil {
					failed = partial.Failed[i]
				}
				if flow.ClassOf(failed) != class && (failed != nil || class != 0) {
					t.Errorf("record %d: %v", i, failed)
				}
			}
		})
	}
}

// Behind a request of which a record is sent again the next ones wait.
func TestBulkKeepsOrder(t *testing.T) {
	e := newEngine(t)
	e.busy["b"] = 1
	c := SinkConfig{Method: "POST", Format: "ndjson", Timeout: 10 * time.Second, Bulk: Bulk{As: "elasticsearch", Action: "index"}}
	s, err := NewSink(c, connect.Output{Node: "out", Format: "ndjson", Keys: []string{"url"}})
	if err != nil {
		t.Fatal(err)
	}
	url := func(name string) string { return fmt.Sprintf("http://%s/%s/_bulk", e.address, name) }
	err = s.Write(context.Background(), keyed(1, []string{"a", url("x")}, []string{"b", url("x")}, []string{"c", url("y")}))
	var partial *flow.PartialError
	if !errors.As(err, &partial) || len(partial.Failed) != 2 || !errors.Is(partial.Failed[2], flow.ErrNotTried) || len(e.asked) != 1 {
		t.Errorf("%v, %q", err, e.asked)
	}
}

func TestBulkConfigs(t *testing.T) {
	for name, change := range map[string]func(c *SinkConfig){
		"another one":    func(c *SinkConfig) { c.Bulk = Bulk{As: "solr", Action: "index"} },
		"another action": func(c *SinkConfig) { c.Bulk = Bulk{As: "elasticsearch", Action: "delete"} },
		"an array":       func(c *SinkConfig) { c.Bulk, c.Format = Bulk{As: "elasticsearch", Action: "index"}, "json" },
		"one at a time":  func(c *SinkConfig) { c.Bulk, c.Single = Bulk{As: "elasticsearch", Action: "index"}, true },
		"twice": func(c *SinkConfig) {
			c.Bulk, c.Results = Bulk{As: "elasticsearch", Action: "index"}, Results{Status: "s"}
		},
		"nothing that tells": func(c *SinkConfig) { c.Results = Results{Items: "items"} },
		"no place":           func(c *SinkConfig) { c.Results = Results{Status: "a..b"} },
	} {
		c := SinkConfig{URL: "http://x/", Method: "POST", Format: "ndjson", Timeout: 1}
		change(&c)
		if _, err := NewSink(c, connect.Output{Format: c.Format}); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
}
