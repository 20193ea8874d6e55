package http

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// knowing is the config of a source that knows requests by their key.
func knowing(c *SourceConfig) {
	c.IdempotencyKey, c.IdempotencyWindow, c.IdempotencyKeys = "idempotency-key", time.Hour, 100
}

// keyedServed is served for a source that knows keys.
func keyedServed(t testing.TB, change func(*SourceConfig), decide func(*flow.Batch) error) (url string, s *Source, last func() string) {
	t.Helper()
	var mu sync.Mutex
	var position any // of the newest batch: what became of it is in it when that is known
	url, s = served(t, func(c *SourceConfig) {
		knowing(c)
		if change != nil {
			change(c)
		}
	}, func(b *flow.Batch) error {
		mu.Lock()
		position = b.Position
		mu.Unlock()
		return decide(b)
	})
	return url, s, func() string {
		mu.Lock()
		defer mu.Unlock()
		text, err := json.Marshal(position)
		if err != nil {
			t.Error(err)
		}
		return string(text)
	}
}

// A request that was accepted is answered as the first time, and not taken again;
// one that was refused is a new one.
func TestIdempotencyKeys(t *testing.T) {
	taken := 0
	var refuse error
	url, _, _ := keyedServed(t, nil, func(*flow.Batch) error { taken++; return refuse })
	const key = "Idempotency-Key"
	post := func(body, k string, status, accepted, more int) {
		t.Helper()
		before := taken
		r := send(t, url, body, key, k)
		if r.status != status || status == 200 && r.accepted() != accepted || taken-before != more {
			t.Errorf("%s with %s: %d (%d accepted, %d taken) %s", body, k, r.status, r.accepted(), taken-before, r.Error)
		}
	}
	post(`[{"a":1},{"a":2}]`, "one", 200, 2, 1)
	post(`[{"a":1},{"a":2}]`, "one", 200, 2, 0)
	post(`{"a":1}`, "one", 422, 0, 0)
	post(`{"a":1}`, "two", 200, 1, 1)
	post(`{"a":`, "three", 200, 1, 1) // the engine here takes everything
	post(`{"a":1}`, "", 400, 0, 0)
	post(``, "four", 400, 0, 0)
	refuse = &flow.RecordError{Node: "work", Class: flow.Permanent, Then: flow.Reject, Err: errors.New("no")}
	post(`{"a":1}`, "five", 422, 0, 1)
	refuse = nil
	post(`{"a":1}`, "five", 200, 1, 1)
	post(`{"a":1}`, "five", 200, 1, 0)
}

// While the first request is being worked on a second one is asked to come again.
func TestKeyInWork(t *testing.T) {
	begun, release := make(chan struct{}), make(chan struct{})
	url, _, _ := keyedServed(t, nil, func(*flow.Batch) error { close(begun); <-release; return nil })
	first := make(chan reply)
	go func() { first <- send(t, url, `{}`, "Idempotency-Key", "k") }()
	<-begun
	if r := send(t, url, `{}`, "Idempotency-Key", "k"); r.status != 409 || r.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", r.status, r.Error)
	}
	close(release)
	if r := <-first; r.status != 200 {
		t.Errorf("%d %s", r.status, r.Error)
	}
	if r := send(t, url, `{}`, "Idempotency-Key", "k"); r.accepted() != 1 {
		t.Errorf("%d %s", r.status, r.Error)
	}
}

// One whose sender has given up is known all the same, when it is safe.
func TestKeyGivenUp(t *testing.T) {
	release := make(chan struct{})
	url, s, _ := keyedServed(t, func(c *SourceConfig) { c.AnswerTimeout = 50 * time.Millisecond }, func(*flow.Batch) error { <-release; return nil })
	if r := send(t, url, `{}`, "Idempotency-Key", "k"); r.status != 503 {
		t.Errorf("%d %s", r.status, r.Error)
	}
	// One that was never read leaves no key.
	if r := send(t, url, `{}`, "Idempotency-Key", "unread"); r.status != 503 || !strings.Contains(r.Error, "nothing was taken") {
		t.Errorf("%d %s", r.status, r.Error)
	}
	close(release)
	eventually(t, "the first one is safe", func() bool { return send(t, url, `{}`, "Idempotency-Key", "k").status == 200 })
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	if len(s.keys.byKey) != 1 {
		t.Errorf("%d keys", len(s.keys.byKey))
	}
}

// Keys are forgotten when they are old or too many.
func TestKeysAreBounded(t *testing.T) {
	url, s, _ := keyedServed(t, func(c *SourceConfig) { c.IdempotencyKeys = 3 }, func(*flow.Batch) error { return nil })
	now := time.Now()
	var mu sync.Mutex
	s.keys.now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	for i := range 10 {
		if r := send(t, url, `{}`, "Idempotency-Key", fmt.Sprint(i)); r.status != 200 {
			t.Fatal(r.Error)
		}
	}
	known := func() int { s.keys.mu.Lock(); defer s.keys.mu.Unlock(); return len(s.keys.byKey) }
	if n := known(); n > 4 || len(s.keys.taken) != n {
		t.Errorf("%d keys are known, %d were taken", n, len(s.keys.taken))
	}
	mu.Lock()
	now = now.Add(2 * time.Hour)
	mu.Unlock()
	if r := send(t, url, `{"b":1}`, "Idempotency-Key", "9"); r.status != 200 || known() != 1 {
		t.Errorf("%d %s, %d keys", r.status, r.Error, known())
	}
}

// The position holds the keys of what was taken, and no other; from it an other run
// knows them.
func TestKeysInPosition(t *testing.T) {
	var refuse error
	url, _, last := keyedServed(t, nil, func(*flow.Batch) error { return refuse })
	for i := range 4 {
		refuse = nil
		if i == 2 {
			refuse = &flow.RecordError{Class: flow.Permanent, Then: flow.Reject, Err: errors.New("no")}
		}
		send(t, url, `{}`, "Idempotency-Key", fmt.Sprint(i))
	}
	var saved struct{ Keys []string }
	eventually(t, "the position has three keys", func() bool {
		return json.Unmarshal([]byte(last()), &saved) == nil && len(saved.Keys) == 3
	})
	c := defaults()
	knowing(&c)
	src, err := NewSource(c, input("ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	again := src.(*KeyedSource)
	if err := again.Seek(t.Context(), map[string]json.RawMessage{"": json.RawMessage(last())}); err != nil {
		t.Fatal(err)
	}
	if len(again.keys.byKey) != 3 || again.keys.byKey[digest([]byte("2"))] != nil || !again.keys.byKey[digest([]byte("3"))].safe {
		t.Errorf("%v", again.keys.byKey)
	}
	for _, bad := range []string{`7`, `{"keys":["x"]}`, `{"keys":7}`} {
		if err := again.Seek(t.Context(), map[string]json.RawMessage{"": json.RawMessage(bad)}); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestKeyedConfigs(t *testing.T) {
	for _, change := range []func(*SourceConfig){
		func(c *SourceConfig) { c.IdempotencyKey = "a b" },
		func(c *SourceConfig) { c.IdempotencyWindow = 0 },
		func(c *SourceConfig) { c.IdempotencyKeys = 0 },
		func(c *SourceConfig) { c.Path = "x" },
	} {
		c := defaults()
		knowing(&c)
		change(&c)
		if _, err := NewSource(c, connect.Input{Format: "ndjson"}); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}

// In a program an answer means that records and key are in the checkpoint: the next
// run knows the key, and the file has the records once.
func TestKeysSurvive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.ndjson")
	var sent []string
	for run := range 3 {
		url, stop := running(t, knowing, path)
		for i := range 5 * (run + 1) { // those of earlier runs again
			body := fmt.Sprintf(`{"n":%d}`, i)
			if r := send(t, url, body, "Idempotency-Key", fmt.Sprint(i)); r.accepted() != 1 {
				t.Fatalf("%d %s", r.status, r.Error)
			}
			if run == 2 {
				sent = append(sent, body)
			}
		}
		if _, err := stop(); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Join(sent, "\n") + "\n"; string(data) != want {
		t.Errorf("the file holds %q, not %q", data, want)
	}
}
