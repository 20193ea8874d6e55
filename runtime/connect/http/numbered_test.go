package http

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A shelf is a list that is asked for by page or by offset. Tests change it between
// answers.
type shelf struct {
	mu    sync.Mutex
	ids   []int
	size  int
	first int                                          // the number of the first page
	more  func(answer map[string]any, from, to, n int) // what else an answer says
	none  int                                          // the status behind the last page, 0 for 200
}

func (s *shelf) add(from, to int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids = append(s.ids, upTo(from, to)...)
}

func (s *shelf) answer(w http.ResponseWriter, q *http.Request, _ int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, err := strconv.Atoi(q.URL.Query().Get("offset"))
	if err != nil {
		page, _ := strconv.Atoi(q.URL.Query().Get("page"))
		from = (page - s.first) * s.size
	}
	from = min(from, len(s.ids))
	to := min(from+s.size, len(s.ids))
	if from == to && s.none != 0 {
		w.WriteHeader(s.none)
		return
	}
	items := []map[string]int{}
	for _, id := range s.ids[from:to] {
		items = append(items, map[string]int{"id": id})
	}
	answer := map[string]any{"items": items}
	if s.more != nil {
		s.more(answer, from, to, len(s.ids))
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// Lists are read to their ends, and no page is asked for that is known not to be there.
func TestNumbered(t *testing.T) {
	for name, c := range map[string]struct {
		shelf  *shelf
		config SourceConfig
		query  string
		asked  []string
	}{
		"pages": {
			&shelf{size: 3, first: 1},
			SourceConfig{Page: "page"},
			"", // a page is looked at again when another one has followed
			[]string{"page=1", "page=2", "page=1", "page=2", "page=3", "page=4"},
		},
		"pages from 0, to a 404": {
			&shelf{size: 4, none: 404},
			SourceConfig{Page: "page"},
			"?page=0&per_page=4",
			[]string{"page=0&per_page=4", "page=1&per_page=4", "page=0&per_page=4", "page=1&per_page=4", "page=2&per_page=4"},
		},
		"the number of the last page": {
			&shelf{size: 3, first: 1, more: func(a map[string]any, _, _, n int) { a["meta"] = map[string]int{"last_page": (n + 2) / 3} }},
			SourceConfig{Page: "page", Last: "meta.last_page"},
			"",
			[]string{"page=1", "page=2", "page=3"},
		},
		"what the last page says": {
			&shelf{size: 3, more: func(a map[string]any, _, to, n int) { a["last"] = to == n }},
			SourceConfig{Page: "page", Last: "last"},
			"?page=0",
			[]string{"page=0", "page=1", "page=2"},
		},
		"more": {
			&shelf{size: 3, first: 1, more: func(a map[string]any, _, to, n int) { a["has_more"] = to < n }},
			SourceConfig{Page: "page", More: "has_more"},
			"",
			[]string{"page=1", "page=2", "page=3"},
		},
		"records": {
			&shelf{size: 3},
			SourceConfig{Offset: "offset"},
			"?limit=3",
			[]string{"limit=3&offset=0", "limit=3&offset=3", "limit=3&offset=6", "limit=3&offset=7"},
		},
		"records to their number": {
			&shelf{size: 3, more: func(a map[string]any, _, _, n int) { a["total"] = strconv.Itoa(n) }},
			SourceConfig{Offset: "offset", Last: "total"},
			"",
			[]string{"offset=0", "offset=3", "offset=6"},
		},
		"records that are left out": {
			&shelf{size: 3, more: func(a map[string]any, _, to, n int) { a["has_more"] = to < n }},
			SourceConfig{Offset: "offset", More: "has_more"},
			"?offset=2",
			[]string{"offset=2", "offset=5"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.shelf.add(1, 7)
			a := newAPI(t, c.shelf.answer)
			c.config.URL, c.config.Records = a.URL+"/"+c.query, "items"
			want := upTo(1, 7)
			if strings.Contains(c.query, "offset") {
				want = want[2:]
			}
			if got := ids(t, pullAll(t, asking(t, c.config), "")); !slices.Equal(got, want) {
				t.Errorf("it gives %v", got)
			}
			for i, q := range a.requests() {
				if i >= len(c.asked) || q != "/?"+c.asked[i] {
					t.Fatalf("it asks for %q", a.requests())
				}
			}
			if n := len(a.requests()); n != len(c.asked) {
				t.Errorf("it asks for %q", a.requests())
			}
		})
	}
}

// What comes at the end of the list while it is read is read once: by the page that
// was the last and has more now, by the same run and by the next one.
func TestNumberedGrows(t *testing.T) {
	for name, c := range map[string]SourceConfig{"pages": {Page: "page"}, "records": {Offset: "offset"}} {
		t.Run(name, func(t *testing.T) {
			s := &shelf{size: 4, first: 1}
			s.add(1, 3)
			a := newAPI(t, s.answer)
			c.URL, c.Records, c.Every = a.URL, "items", time.Millisecond
			running := asking(t, c)
			got := []int{}
			var at *flow.Batch
			until := func(last int) {
				t.Helper()
				for len(got) == 0 || got[len(got)-1] != last {
					some, b, err := pull(t, running, "")
					if err != nil {
						t.Fatal(err)
					}
					if len(some) > 0 {
						got, at = append(got, ids(t, some)...), b
					}
				}
			}
			until(3)
			s.add(4, 5) // one of them fills the first page, and the other one is behind it
			until(5)
			s.add(6, 30)
			until(30)

			// Killed, it goes on behind what it had given.
			position, err := json.Marshal(at.Position)
			if err != nil {
				t.Fatal(err)
			}
			running = asking(t, c)
			if err := running.(flow.Seeker).Seek(t.Context(), map[string]json.RawMessage{"": position}); err != nil {
				t.Fatal(err)
			}
			s.add(31, 37)
			until(37)
			if !slices.Equal(got, upTo(1, 37)) {
				t.Errorf("it gives %v", got)
			}
		})
	}
}

// A record that is inserted where it was read already moves the others: they are read
// twice, and none is left out.
func TestNumberedRepeats(t *testing.T) {
	for name, c := range map[string]SourceConfig{"pages": {Page: "page"}, "records": {Offset: "offset"}} {
		t.Run(name, func(t *testing.T) {
			s := &shelf{size: 3, first: 1}
			s.add(1, 9)
			a := newAPI(t, s.answer)
			c.URL, c.Records = a.URL, "items"
			source := asking(t, c)
			first, _, err := pull(t, source, "")
			if err != nil {
				t.Fatal(err)
			}
			s.mu.Lock()
			s.ids = append([]int{100}, s.ids...)
			s.mu.Unlock()
			got := append(ids(t, first), ids(t, pullAll(t, source, ""))...)
			slices.Sort(got)
			twice := len(got)
			got = slices.Compact(got)
			if twice == len(got) || !slices.Equal(got, upTo(1, 9)) {
				t.Errorf("it gives %v", got)
			}
		})
	}
}

// What goes on for ever, or says what nobody understands, is told.
func TestNumberedUnusable(t *testing.T) {
	for name, c := range map[string]struct {
		config SourceConfig
		answer string
		want   string
	}{
		"the same page":    {SourceConfig{Page: "p"}, `{"items":[{"id":1}]}`, "with `p=2` it is the same answer as before that"},
		"the same records": {SourceConfig{Offset: "skip"}, `{"items":[{"id":1}]}`, "with `skip=1` it is the same answer as before that"},
		"no number":        {SourceConfig{Page: "p", Last: "last"}, `{"items":[{"id":1}],"last":"soon"}`, "what stands in `last` does not tell"},
		"no yes or no":     {SourceConfig{Page: "p", More: "more"}, `{"items":[{"id":1}],"more":7}`, "what stands in `more` does not tell"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAPI(t, func(w http.ResponseWriter, _ *http.Request, _ int) { io.WriteString(w, c.answer) })
			c.config.URL, c.config.Records = a.URL, "items"
			s := asking(t, c.config)
			var err error
			for range 3 {
				if _, _, err = pull(t, s, ""); err != nil {
					break
				}
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || flow.ClassOf(err) != flow.Permanent {
				t.Errorf("%v (%v)", err, flow.ClassOf(err))
			}
		})
	}
	// The first page is there, or the URL is wrong.
	a := newAPI(t, func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(404) })
	if _, _, err := pull(t, asking(t, SourceConfig{URL: a.URL, Page: "page"}), ""); err == nil || !strings.Contains(err.Error(), "404") {
		t.Error(err)
	}
	// Text has no places, and is counted.
	a = newAPI(t, func(w http.ResponseWriter, q *http.Request, _ int) {
		if from, _ := strconv.Atoi(q.URL.Query().Get("start")); from < 4 {
			fmt.Fprintf(w, "%d\n%d\n", from, from+1)
		}
	})
	if got := pullAll(t, asking(t, SourceConfig{URL: a.URL, Format: "text", Offset: "start"}), "text"); !slices.Equal(got, []string{"0", "1", "2", "3"}) {
		t.Errorf("%q", got)
	}
}
