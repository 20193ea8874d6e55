package http

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// An api answers as it is told, and notes what it was asked.
type api struct {
	*httptest.Server
	mu     sync.Mutex
	asked  []string // path and query, with the validator behind it
	answer func(w http.ResponseWriter, q *http.Request, n int)
}

func newAPI(t testing.TB, answer func(w http.ResponseWriter, q *http.Request, n int)) *api {
	a := &api{answer: answer}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

func (a *api) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	a.mu.Lock()
	n := len(a.asked)
	text := q.URL.RequestURI()
	if tag := q.Header.Get("If-None-Match"); tag != "" {
		text += " " + tag
	}
	a.asked = append(a.asked, text)
	a.mu.Unlock()
	a.answer(w, q, n)
}

func (a *api) requests() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.asked)
}

// asking makes a source of a config with the compiler's defaults.
func asking(t testing.TB, c SourceConfig) flow.Source {
	t.Helper()
	c.Format = orText(c.Format, "ndjson")
	c.Newest = orText(c.Newest, "last")
	if c.MaxBody == 0 {
		c.MaxBody = 1 << 20
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	s, err := NewSource(c, input(c.Format))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func orText(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// pull reads a batch.
func pull(t testing.TB, s flow.Source, format string) ([]string, *flow.Batch, error) {
	t.Helper()
	b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize), Base: -1, Offset: -1}
	err := s.Read(t.Context(), b)
	if err != nil || len(b.Data) == 0 {
		return nil, b, err
	}
	return records(b, orText(format, "ndjson")), b, nil
}

// pullAll reads to the end.
func pullAll(t testing.TB, s flow.Source, format string) []string {
	t.Helper()
	var all []string
	for {
		some, _, err := pull(t, s, format)
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, some...)
	}
}

// ids are the numbers of records like {"id":7}.
func ids(t testing.TB, records []string) []int {
	t.Helper()
	all := make([]int, len(records))
	for i, r := range records {
		var v struct{ ID int }
		if err := json.Unmarshal([]byte(r), &v); err != nil {
			t.Fatalf("%q: %v", r, err)
		}
		all[i] = v.ID
	}
	return all
}

func upTo(from, to int) (all []int) {
	for i := from; i <= to; i++ {
		all = append(all, i)
	}
	return all
}

// list writes records {"id":n} as an array.
func list(numbers []int) string {
	var s strings.Builder
	s.WriteString("[")
	for i, n := range numbers {
		if i > 0 {
			s.WriteString(", ")
		}
		fmt.Fprintf(&s, `{"id":%d}`, n)
	}
	return s.String() + "]"
}

// The styles of paging and of going on that there are. Each server has the records
// 1 to n, and gives 3 at a time.
var styles = map[string]struct {
	config SourceConfig
	// answer gives the page that a query asks for.
	answer func(w http.ResponseWriter, q *http.Request, n int)
}{
	"a number behind which to go on, as Stripe's lists that begin with the oldest": {
		SourceConfig{Records: "data", Cursor: "starting_after", CursorField: "id"},
		func(w http.ResponseWriter, q *http.Request, n int) {
			after, _ := strconv.Atoi(q.URL.Query().Get("starting_after"))
			fmt.Fprintf(w, `{"object":"list","has_more":%t,"data":%s}`, after+3 < n, list(upTo(after+1, min(after+3, n))))
		},
	},
	"newest first, a page before the first record, as Stripe's ending_before": {
		SourceConfig{Records: "data", Cursor: "ending_before", CursorField: "id", Newest: "first"},
		func(w http.ResponseWriter, q *http.Request, n int) {
			after, _ := strconv.Atoi(q.URL.Query().Get("ending_before"))
			page := upTo(after+1, min(after+3, n))
			slices.Reverse(page)
			fmt.Fprintf(w, `{"data":%s}`, list(page))
		},
	},
	"newest first, pages by token, as Slack's history": {
		SourceConfig{Records: "messages", Next: "response_metadata.next_cursor", NextParam: "cursor", Cursor: "oldest", CursorField: "id", Newest: "first"},
		func(w http.ResponseWriter, q *http.Request, n int) {
			oldest, _ := strconv.Atoi(q.URL.Query().Get("oldest"))
			newest, _ := strconv.Atoi(orText(q.URL.Query().Get("cursor"), strconv.Itoa(n)))
			page := upTo(max(oldest+1, newest-2), newest)
			slices.Reverse(page)
			next := ""
			if newest-3 > oldest {
				next = strconv.Itoa(newest - 3)
			}
			fmt.Fprintf(w, `{"ok":true,"messages":%s,"response_metadata":{"next_cursor":%q}}`, list(page), next)
		},
	},
	"pages by Link, and a time that the server includes, as GitHub's": {
		SourceConfig{Next: "link", Cursor: "since", CursorField: "id"},
		func(w http.ResponseWriter, q *http.Request, n int) {
			since, _ := strconv.Atoi(orText(q.URL.Query().Get("since"), "1"))
			page, _ := strconv.Atoi(orText(q.URL.Query().Get("page"), "1"))
			from := since + 3*(page-1)
			if from+3 <= n {
				next := q.URL.Query()
				next.Set("page", strconv.Itoa(page+1))
				w.Header().Add("Link", fmt.Sprintf(`<http://%s%s?%s>; rel="next", <http://%[1]s%[2]s?page=9>; rel="last"`, q.Host, q.URL.Path, next.Encode()))
			}
			io.WriteString(w, list(upTo(from, min(from+2, n))))
		},
	},
	"each answer says where to go on, as an event log does": {
		SourceConfig{Records: "value", Next: "@next", Cursor: "next"},
		func(w http.ResponseWriter, q *http.Request, n int) {
			after, _ := strconv.Atoi(q.URL.Query().Get("after"))
			last := min(after+3, n)
			fmt.Fprintf(w, `{"value":%s,"@next":"/log?after=%d"}`, list(upTo(after+1, last)), last)
		},
	},
}

// Whatever the style, a run reads all records once; from each position on the rest
// comes, also what came meanwhile.
func TestCursorStyles(t *testing.T) {
	for name, style := range styles {
		t.Run(name, func(t *testing.T) {
			n := 8
			a := newAPI(t, func(w http.ResponseWriter, q *http.Request, _ int) { style.answer(w, q, n) })
			c := style.config
			c.URL = a.URL + "/log?key=secret"
			s := asking(t, c)
			var got []int
			type stop struct {
				position string
				read     []int
			}
			var stops []stop
			for {
				some, b, err := pull(t, s, "")
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, ids(t, some)...)
				text, err := json.Marshal(b.Position)
				if err != nil {
					t.Fatal(err)
				}
				stops = append(stops, stop{string(text), slices.Clone(got)})
			}
			if all := slices.Sorted(slices.Values(got)); !slices.Equal(all, upTo(1, 8)) {
				t.Fatalf("it read %d", got)
			}
			for _, st := range stops {
				if strings.Contains(st.position, "secret") {
					t.Errorf("the position %s has what may be secret", st.position)
				}
				again := asking(t, c).(*CursorSource)
				if err := again.Seek(t.Context(), map[string]json.RawMessage{"": json.RawMessage(st.position)}); err != nil {
					t.Fatal(err)
				}
				rest := ids(t, pullAll(t, again, ""))
				if all := slices.Sorted(slices.Values(slices.Concat(st.read, rest))); !slices.Equal(all, upTo(1, 8)) {
					t.Errorf("behind %d, from %s on, it read %d", st.read, st.position, rest)
				}
			}
			n = 10
			again := asking(t, c).(*CursorSource)
			if err := again.Seek(t.Context(), map[string]json.RawMessage{"": json.RawMessage(stops[len(stops)-1].position)}); err != nil {
				t.Fatal(err)
			}
			if rest := slices.Sorted(slices.Values(ids(t, pullAll(t, again, "")))); !slices.Equal(rest, []int{9, 10}) {
				t.Errorf("behind all of it, it read %d", rest)
			}
			if asked := a.requests(); !strings.Contains(asked[len(asked)-1], "key=secret") {
				t.Errorf("the last request was %s, without what the config says", asked[len(asked)-1])
			}
		})
	}
}

// One that asks every so often gives what is new, and nothing twice.
func TestCursorEvery(t *testing.T) {
	for name, style := range styles {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			n := 4
			a := newAPI(t, func(w http.ResponseWriter, q *http.Request, _ int) {
				mu.Lock()
				defer mu.Unlock()
				style.answer(w, q, n)
			})
			c := style.config
			c.URL, c.Every = a.URL, time.Millisecond
			s := asking(t, c)
			var got []int
			for len(got) < 20 {
				some, _, err := pull(t, s, "")
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, ids(t, some)...)
				mu.Lock()
				n = max(n, len(got)+len(got)%3)
				mu.Unlock()
			}
			if all := slices.Sorted(slices.Values(got)); !slices.Equal(all, upTo(1, len(got))) {
				t.Errorf("it read %d", got)
			}
		})
	}
}

// A document is given when it has changed. What tells that is in the position.
func TestLatest(t *testing.T) {
	for _, by := range []string{"etag", "modified", "nothing"} {
		t.Run(by, func(t *testing.T) {
			var mu sync.Mutex
			version := 1
			unchanged := 0
			a := newAPI(t, func(w http.ResponseWriter, q *http.Request, _ int) {
				mu.Lock()
				defer mu.Unlock()
				tag := fmt.Sprintf(`"v%d"`, version)
				date := time.Date(2026, 1, version, 0, 0, 0, 0, time.UTC).Format(http.TimeFormat)
				same := false
				switch by {
				case "etag":
					w.Header().Set("ETag", tag)
					same = q.Header.Get("If-None-Match") == tag
				case "modified":
					w.Header().Set("Last-Modified", date)
					same = q.Header.Get("If-Modified-Since") == date
				}
				if same {
					unchanged++
					w.WriteHeader(http.StatusNotModified)
					return
				}
				if by == "nothing" {
					unchanged++
				}
				fmt.Fprintf(w, `{"rates":[{"id":%d},{"id":%d}]}`, version, version+100)
			})
			s := asking(t, SourceConfig{URL: a.URL, Every: time.Millisecond, Records: "rates"})
			var last *flow.Batch
			for want := 1; want < 4; want++ {
				some, b, err := pull(t, s, "")
				if err != nil || !slices.Equal(ids(t, some), []int{want, want + 100}) {
					t.Fatalf("%q, %v", some, err)
				}
				last = b
				mu.Lock()
				unchanged = 0
				mu.Unlock()
				if want == 3 {
					break
				}
				go func() { // it changes when it was asked for a while
					for {
						mu.Lock()
						enough := unchanged > 2
						if enough {
							version++
						}
						mu.Unlock()
						if enough {
							return
						}
						time.Sleep(time.Millisecond)
					}
				}()
			}
			at, err := json.Marshal(last.Position)
			if err != nil {
				t.Fatal(err)
			}
			again := asking(t, SourceConfig{URL: a.URL, Every: time.Millisecond, Records: "rates"}).(*LatestSource)
			if err := again.Seek(t.Context(), map[string]json.RawMessage{"": at}); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
			defer cancel()
			b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
			if err := again.Read(ctx, b); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("what has not changed came again: %q, %v", b.Data, err)
			}
		})
	}
}

// Bodies of each format, compressed and not.
func TestAnswerBodies(t *testing.T) {
	for name, tc := range map[string]struct {
		format, contentType, body string
		want                      []string
	}{
		"an array":          {"ndjson", "application/json", "[{\"a\":1},\n {\"a\":\n2}]", []string{`{"a":1}`, `{"a": 2}`}},
		"an object":         {"ndjson", "application/json", "{\n\"a\":1\n}", []string{`{ "a":1 }`}},
		"lines":             {"ndjson", "application/x-ndjson", "{\"a\":1}\n{\"a\":2}\n", []string{`{"a":1}`, `{"a":2}`}},
		"lines, one broken": {"ndjson", "application/x-ndjson", "{\"a\":1}\n{\"a\n", []string{`{"a":1}`, `{"a`}},
		"values":            {"json", "", `{"a":1} {"a":2}`, []string{`{"a":1}`, `{"a":2}`}},
		"a table":           {"csv", "text/csv", "a,b\n1,2\n3,4\n", []string{"1,2", "3,4"}},
		"text":              {"text", "text/plain", "one\n\ntwo\n", []string{"one", "", "two"}},
		"nothing":           {"ndjson", "", "", nil},
		"an empty array":    {"ndjson", "", "[]", nil},
		"a mark":            {"ndjson", "", "\ufeff[{\"a\":1}]", []string{`{"a":1}`}},
	} {
		for _, zip := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, zip %t", name, zip), func(t *testing.T) {
				a := newAPI(t, func(w http.ResponseWriter, q *http.Request, _ int) {
					w.Header().Set("Content-Type", tc.contentType)
					if !zip {
						io.WriteString(w, tc.body)
						return
					}
					if q.Header.Get("Accept-Encoding") != "gzip" {
						t.Errorf("it accepts %q", q.Header.Get("Accept-Encoding"))
					}
					w.Header().Set("Content-Encoding", "gzip")
					z := gzip.NewWriter(w)
					io.WriteString(z, tc.body)
					z.Close()
				})
				if got := pullAll(t, asking(t, SourceConfig{URL: a.URL, Format: tc.format}), tc.format); !slices.Equal(got, tc.want) {
					t.Errorf("%q, not %q", got, tc.want)
				}
			})
		}
	}
}

// A server that fails, is busy, slow or cut off is waited for; it is asked again
// when it says.
func TestWaitedFor(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter, q *http.Request){
		"busy":      func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Retry-After", "7"); w.WriteHeader(429) },
		"forbidden": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Retry-After", "7"); w.WriteHeader(403) },
		"failing":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"away":      func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Retry-After", "7"); w.WriteHeader(503) },
		"slow":      func(_ http.ResponseWriter, q *http.Request) { <-q.Context().Done() },
		"cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, `[{"id":1}`)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAPI(t, func(w http.ResponseWriter, q *http.Request, n int) {
				if n == 1 {
					answer(w, q)
					return
				}
				if n == 2 {
					io.WriteString(w, "[]")
					return
				}
				after, _ := strconv.Atoi(q.URL.Query().Get("after"))
				io.WriteString(w, list(upTo(after+1, min(after+2, 4))))
			})
			a.Config.ErrorLog = nil
			c := SourceConfig{URL: a.URL, Cursor: "after", CursorField: "id", Every: time.Millisecond}
			if name == "slow" {
				c.Timeout = 50 * time.Millisecond
			}
			s := asking(t, c)
			if some, _, err := pull(t, s, ""); err != nil || len(some) != 2 {
				t.Fatalf("%q, %v", some, err)
			}
			_, _, err := pull(t, s, "")
			var gone interface{ Unavailable() bool }
			if !errors.As(err, &gone) || !gone.Unavailable() {
				t.Fatalf("%v", err)
			}
			var asks interface{ RetryAfter() time.Duration }
			wait := time.Duration(0)
			if name == "busy" || name == "forbidden" || name == "away" {
				wait = 7 * time.Second
			}
			if !errors.As(err, &asks) || asks.RetryAfter() != wait {
				t.Errorf("it waits for %v: %v", asks.RetryAfter(), err)
			}
			// The server is back, and the engine is told so though there is nothing new.
			if some, _, err := pull(t, s, ""); err != nil || len(some) != 0 {
				t.Errorf("%q, %v", some, err)
			}
			if some, _, err := pull(t, s, ""); err != nil || !slices.Equal(ids(t, some), []int{3, 4}) {
				t.Errorf("%q, %v", some, err)
			}
		})
	}
}

// Answers that can't be used end the program, with the place and the reason.
func TestUnusable(t *testing.T) {
	for name, tc := range map[string]struct {
		config SourceConfig
		answer string
		status int
		want   string
	}{
		"not found":            {SourceConfig{}, "no such thing", 404, "the server answered 404 Not Found: no such thing"},
		"not allowed":          {SourceConfig{}, "", 401, "401"},
		"no JSON":              {SourceConfig{}, "<html>\nsign in</html>\n<p>", 0, "(text/html; charset=utf-8) can't be used: it is a page for people: <html>"},
		"cut off inside":       {SourceConfig{Records: "data"}, "{\"data\":[{}\n", 0, "can't be used in line 1 (byte 0): an object without its closing brace"},
		"no records":           {SourceConfig{Records: "data.items"}, `{"ok":false,"error":"rate"}`, 0, "there is no `data.items` in it: {\"ok\":false,\"error\":\"rate\"}"},
		"no field":             {SourceConfig{Records: "data", Cursor: "c", CursorField: "n.id"}, `{"data":[{"n":{"id":1}},` + "\n" + `{"n":{}}]}`, 0, "in line 2 (byte 25): a record has no text or number in `n.id`"},
		"a token without name": {SourceConfig{Records: "data", Next: "next"}, `{"data":[1],"next":"abc"}`, 0, "name the query parameter that takes it in next_param"},
		"elsewhere":            {SourceConfig{Records: "data", Next: "next"}, `{"data":[1],"next":"https://evil.example/x"}`, 0, "its next page is on another server than the pipeline names: https://evil.example"},
		"no next":              {SourceConfig{Records: "data", Next: "next", Cursor: "next", Every: time.Hour}, `{"data":[1]}`, 0, "it names no next page"},
		"too large":            {SourceConfig{MaxBody: 10}, `[1,2,3,4,5,6]`, 0, "larger than max_body (10 bytes)"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAPI(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
				if tc.status != 0 {
					w.WriteHeader(tc.status)
				}
				io.WriteString(w, tc.answer)
			})
			c := tc.config
			c.URL = a.URL + "/x?token=secret"
			_, _, err := pull(t, asking(t, c), "")
			if err == nil || !strings.Contains(err.Error(), tc.want) || flow.ClassOf(err) != flow.Permanent {
				t.Errorf("%v (%v)", err, flow.ClassOf(err))
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("%v has what may be secret", err)
			}
		})
	}
}

// A server that names one page without records after another is not asked for ever.
func TestEmptyPages(t *testing.T) {
	a := newAPI(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		if n == 3 {
			io.WriteString(w, `{"data":[{"id":1}],"next":"n"}`)
			return
		}
		fmt.Fprintf(w, `{"data":[],"next":"%d"}`, n)
	})
	s := asking(t, SourceConfig{URL: a.URL, Records: "data", Next: "next", NextParam: "p"})
	if some, _, err := pull(t, s, ""); err != nil || len(some) != 1 {
		t.Fatalf("%q, %v", some, err)
	}
	if _, _, err := pull(t, s, ""); err == nil || !strings.Contains(err.Error(), "pages without records") {
		t.Errorf("%v", err)
	}
	if n := len(a.requests()); n != mostEmpty+5 {
		t.Errorf("it asked %d times", n)
	}
}

// A page that the server has forgotten is no loss where the cursor is known, and is
// said where it is not.
func TestForgottenPage(t *testing.T) {
	forgets := false
	style := styles["pages by Link, and a time that the server includes, as GitHub's"]
	a := newAPI(t, func(w http.ResponseWriter, q *http.Request, _ int) {
		if forgets && q.URL.Query().Get("page") != "" {
			w.WriteHeader(410)
			return
		}
		style.answer(w, q, 8)
	})
	c := style.config
	c.URL = a.URL
	first, b, err := pull(t, asking(t, c), "")
	if err != nil {
		t.Fatal(err)
	}
	at, _ := json.Marshal(b.Position)
	// In the first page behind the cursor there is no page to forget.
	forgets = true
	s := asking(t, c).(*CursorSource)
	if err := s.Seek(t.Context(), map[string]json.RawMessage{"": at}); err != nil {
		t.Fatal(err)
	}
	next, _, err := pull(t, s, "")
	if err != nil || !slices.Equal(ids(t, slices.Concat(first, next)), upTo(1, 5)) {
		t.Errorf("%q, %v", next, err)
	}
	c.Newest = "first"
	s = asking(t, c).(*CursorSource)
	if err := s.Seek(t.Context(), map[string]json.RawMessage{"": at}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := pull(t, s, ""); err == nil || !strings.Contains(err.Error(), "it may have forgotten the page at which the last run ended") {
		t.Errorf("%v", err)
	}
}

// A redirect is followed; what tells who asks does not go along to another server,
// and nothing goes from HTTPS to where others can see it.
func TestRedirects(t *testing.T) {
	var elsewhere http.Header
	other := newAPI(t, func(w http.ResponseWriter, q *http.Request, _ int) {
		elsewhere = q.Header
		io.WriteString(w, `[{"id":1}]`)
	})
	var here http.Header
	a := newAPI(t, func(w http.ResponseWriter, q *http.Request, _ int) {
		switch q.URL.Path {
		case "/other":
			http.Redirect(w, q, other.URL, http.StatusFound)
		case "/same":
			http.Redirect(w, q, "/here", http.StatusFound)
		default:
			here = q.Header
			io.WriteString(w, `[{"id":1}]`)
		}
	})
	c := SourceConfig{Token: "t0ken", Headers: map[string]string{"X-Api-Key": "k3y"}}
	c.URL = a.URL + "/same"
	pullAll(t, asking(t, c), "")
	if here.Get("Authorization") != "Bearer t0ken" || here.Get("X-Api-Key") != "k3y" {
		t.Errorf("it came with %v", here)
	}
	c.URL = a.URL + "/other"
	pullAll(t, asking(t, c), "")
	if elsewhere.Get("Authorization") != "" || elsewhere.Get("X-Api-Key") != "" || elsewhere.Get("Referer") != "" {
		t.Errorf("another server got %v", elsewhere)
	}
	secure := httptest.NewTLSServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer secure.Close()
	c.URL, c.TLS.Insecure = secure.URL, true
	if _, _, err := pull(t, asking(t, c), ""); err == nil || !strings.Contains(err.Error(), "could be seen by others") {
		t.Errorf("%v", err)
	}
}

// What a server says of an answer is its meta.
func TestAnswersMeta(t *testing.T) {
	a := newAPI(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("X-Version", "7")
		io.WriteString(w, `[1]`)
	})
	_, b, err := pull(t, asking(t, SourceConfig{URL: a.URL + "/v1/x?a=b"}), "")
	if err != nil {
		t.Fatal(err)
	}
	var m Meta
	m.At(b, flow.Record{})
	if m.Headers["X-Version"] != "7" || m.Path != "/v1/x" || m.Query != "a=b" || "http://"+m.Remote != a.URL {
		t.Errorf("%+v", m)
	}
}

// What a header Link says of the next page.
func TestLinked(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "",
		`<https://x/?p=2>; rel="next"`:   "https://x/?p=2",
		`<a>; rel="prev", <b>; rel=next`: "b",
		`<a>; rel="prev",<b>; title="x, y"; rel="last next"`:     "b",
		`<a,b;c>; rel="next"; type="x"`:                          "a,b;c",
		`<a>; rel="nextish"`:                                     "",
		`<a; rel="next"`:                                         "",
		`<https://x/?p=1>; rel="prev", <https://x/?p=3>; rel=""`: "",
	} {
		if got := linked([]string{text}); got != want {
			t.Errorf("%s: %q, not %q", text, got, want)
		}
	}
}

func TestPollingConfigs(t *testing.T) {
	ok := SourceConfig{URL: "https://x/", Format: "ndjson", MaxBody: 1, Timeout: 1}
	for name, change := range map[string]func(c *SourceConfig){
		"listens as well":     func(c *SourceConfig) { c.Listen = ":0" },
		"no URL":              func(c *SourceConfig) { c.URL = "ftp://x" },
		"records of a table":  func(c *SourceConfig) { c.Format, c.Records = "csv", "a" },
		"a place of nothing":  func(c *SourceConfig) { c.Records = "a..b" },
		"a cursor of nothing": func(c *SourceConfig) { c.Cursor = "since" },
		"a field of nothing":  func(c *SourceConfig) { c.CursorField = "id" },
		"next without next":   func(c *SourceConfig) { c.Cursor = "next" },
		"pages and records":   func(c *SourceConfig) { c.Page, c.Offset = "page", "offset" },
		"pages and a next":    func(c *SourceConfig) { c.Page, c.Next = "page", "link" },
		"records, a cursor":   func(c *SourceConfig) { c.Offset, c.Cursor, c.CursorField = "offset", "after", "id" },
		"pages of a table":    func(c *SourceConfig) { c.Page, c.Format = "page", "csv" },
		"the last of a table": func(c *SourceConfig) { c.Offset, c.Format, c.Last = "offset", "csv", "total" },
		"the last of nothing": func(c *SourceConfig) { c.Last = "last" },
		"more of nothing":     func(c *SourceConfig) { c.More = "has_more" },
		"a page of no number": func(c *SourceConfig) { c.Page, c.URL = "page", "https://x/?page=one" },
		"a page below none":   func(c *SourceConfig) { c.Page, c.URL = "page", "https://x/?page=-1" },
		"no place of a last":  func(c *SourceConfig) { c.Page, c.Last = "page", "a..b" },
		"a param of nothing":  func(c *SourceConfig) { c.NextParam = "p" },
		"a token and a user":  func(c *SourceConfig) { c.Token, c.User = "a", "b" },
		"a header of two":     func(c *SourceConfig) { c.Headers = map[string]string{"a b": "c"} },
		"no time":             func(c *SourceConfig) { c.Timeout = 0 },
		"nobody to trust":     func(c *SourceConfig) { c.TLS.CA = "/nowhere" },
		"half an identity":    func(c *SourceConfig) { c.TLS.Cert = "/nowhere" },
	} {
		c := ok
		change(&c)
		if _, err := NewSource(c, connect.Input{Node: "in", Format: c.Format}); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
	if _, err := NewSource(ok, connect.Input{Node: "in", Format: "ndjson"}); err != nil {
		t.Error(err)
	}
}

// gone is an address at which nobody listens.
func gone(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return (&url.URL{Scheme: "http", Host: l.Addr().String()}).String()
}

func TestNobodyThere(t *testing.T) {
	_, _, err := pull(t, asking(t, SourceConfig{URL: gone(t) + "/x?key=secret"}), "")
	var away *goneError
	if !errors.As(err, &away) || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}
