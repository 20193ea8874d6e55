//go:build linux

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// serve starts a server and gives its address and what it was sent.
func serve(t *testing.T, answer http.HandlerFunc) (address string, bodies func() []string) {
	t.Helper()
	var mu sync.Mutex
	var got []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		got = append(got, string(body))
		mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://"), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(got)
	}
}

func loaderOf(n int) *loader {
	l := &loader{}
	for i := range n {
		body := fmt.Sprintf(`{"n":%d}`, i)
		l.requests = append(l.requests, fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
	}
	return l
}

func TestCountSendsEachEventOnce(t *testing.T) {
	address, bodies := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	l := loaderOf(100)
	l.count = 100
	if err := l.connect(address, 7); err != nil {
		t.Fatal(err)
	}
	if err := l.run(time.Now()); err != nil {
		t.Fatal(err)
	}
	got := bodies()
	slices.Sort(got)
	if len(slices.Compact(got)) != 100 || len(l.latencies) != 100 {
		t.Errorf("%d bodies, %d latencies, want 100 of each", len(got), len(l.latencies))
	}
}

// While one answer is late, the requests that fall due wait, and each is charged with
// its own waiting: that is what sets an open loop apart.
func TestRateChargesForWaiting(t *testing.T) {
	const pause = 200 * time.Millisecond
	var once sync.Once
	address, bodies := serve(t, func(http.ResponseWriter, *http.Request) {
		once.Do(func() { time.Sleep(pause) })
	})
	l := loaderOf(10)
	l.rate, l.span = 100, 300*time.Millisecond
	if err := l.connect(address, 1); err != nil {
		t.Fatal(err)
	}
	if err := l.run(time.Now()); err != nil {
		t.Fatal(err)
	}
	if n := len(bodies()); n != 30 {
		t.Errorf("%d requests, want 30: all that fell due", n)
	}
	late := 0
	for _, d := range l.latencies {
		if d > 50*time.Millisecond {
			late++
		}
	}
	if late < 5 {
		t.Errorf("%d requests were late, want those that fell due in the pause as well", late)
	}
}

func TestErrorAnswersEndTheRun(t *testing.T) {
	address, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no room", http.StatusServiceUnavailable) })
	l := loaderOf(1)
	l.count = 1
	if err := l.connect(address, 1); err != nil {
		t.Fatal(err)
	}
	if err := l.run(time.Now()); err == nil || !strings.Contains(err.Error(), "503") || !strings.Contains(err.Error(), "no room") {
		t.Errorf("got %v", err)
	}
}

func TestComplete(t *testing.T) {
	for text, want := range map[string]string{
		"": "more", "HTTP/1.1 200 OK\r\nContent-Le": "more",
		"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n":    "more",
		"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok":  "done",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok!": "error",
		"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n":         "done",
		"HTTP/1.1 200 OK\r\nX: y\r\n\r\n":                 "error",
		"HTTP/1.1 422 No\r\nContent-Length: 0\r\n\r\n":    "error",
	} {
		done, err := complete([]byte(text))
		got := map[bool]string{true: "done", false: "more"}[done]
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%q: %s (%v), want %s", text, got, err, want)
		}
	}
}
