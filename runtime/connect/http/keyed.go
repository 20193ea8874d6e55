package http

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A KeyedSource is a source that listens and knows a request that comes again by
// its idempotency key. The keys of what was taken are its position: they are in the
// checkpoint together with what the sinks have, so that after a crash there are the
// records and their key, or neither. A request is answered when the checkpoint has
// both.
//
//flowc:source with idempotency_key
type KeyedSource struct{ *Source }

// newKeyed returns the source.
func newKeyed(c SourceConfig, in connect.Input) (flow.Source, error) {
	s, err := newServer(c, in)
	switch {
	case err != nil:
		return nil, err
	case c.IdempotencyWindow <= 0 || c.IdempotencyKeys <= 0:
		return nil, fmt.Errorf("idempotency_window and idempotency_keys must be larger than 0")
	}
	if err := checkHeader(c.IdempotencyKey, ""); err != nil {
		return nil, fmt.Errorf("idempotency_key: %w", err)
	}
	s.keys = &keys{header: http.CanonicalHeaderKey(c.IdempotencyKey), window: c.IdempotencyWindow, most: c.IdempotencyKeys, now: time.Now, byKey: map[string]*entry{}}
	return &KeyedSource{s}, nil
}

// Answers says that each sender waits for what became of its records.
func (s *KeyedSource) Answers() {}

// Endless says that a server never ends by itself.
func (s *KeyedSource) Endless() bool { return true }

// Seek knows the keys of an earlier run.
func (s *KeyedSource) Seek(_ context.Context, positions map[string]json.RawMessage) error {
	text, ok := positions[""]
	if !ok {
		return nil
	}
	return s.keys.restore(text)
}

// keys are the idempotency keys of requests, as long as they are remembered.
type keys struct {
	header string
	window time.Duration
	most   int
	now    func() time.Time

	mu    sync.Mutex
	byKey map[string]*entry
	// taken are those that were handed to the engine, in that order.
	taken []*entry
	seq   uint64
}

// An entry is a request with a key, or what is left of it: digests of the key and
// of the records, and the answer.
type entry struct {
	key, body string
	count     int
	at        int64 // in seconds since 1970
	seq       uint64
	safe      bool // its records are
}

// errRepeated is the answer to a request whose first one is not answered yet.
var errRepeated = refused(http.StatusConflict, "a request with this key is being worked on")

// begin notes a request. It returns its entry; or how often its records were
// accepted already, where it came before; or a *refusal.
func (k *keys) begin(q *http.Request, records []byte, count int) (e *entry, accepted int, err error) {
	text := q.Header.Get(k.header)
	if text == "" {
		return nil, 0, refused(http.StatusBadRequest, "the header %s is missing: by it a request that is sent again is known", k.header)
	}
	key, body := digest([]byte(text)), digest(records)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.forgetOld()
	switch e := k.byKey[key]; {
	case e == nil:
	case e.body != body:
		return nil, 0, refused(http.StatusUnprocessableEntity, "another request had the same key: nothing of this one was taken")
	case !e.safe:
		return nil, 0, errRepeated
	default:
		return nil, e.count, nil
	}
	e = &entry{key: key, body: body, count: count, at: k.now().Unix()}
	k.byKey[key] = e
	return e, 0, nil
}

// forgetOld forgets keys that are older than the window, and those beyond the most
// that there may be. One whose request is not answered yet stays.
func (k *keys) forgetOld() {
	before := k.now().Add(-k.window).Unix()
	n := 0
	for n < len(k.taken) && k.taken[n].safe && (k.taken[n].at < before || len(k.taken)-n > k.most) {
		if e := k.taken[n]; k.byKey[e.key] == e {
			delete(k.byKey, e.key)
		}
		n++
	}
	if n > 0 {
		k.taken = slices.Delete(k.taken, 0, n)
	}
}

// take notes that the engine has the request, and returns the position behind it.
func (k *keys) take(e *entry) *keyPosition {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seq++
	e.seq = k.seq
	k.taken = append(k.taken, e)
	return &keyPosition{k, k.seq}
}

// settle notes what became of a request: where nothing of it was taken its key is
// as good as new.
func (k *keys) settle(e *entry, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err == nil {
		e.safe = true
		return
	}
	if k.byKey[e.key] == e {
		delete(k.byKey, e.key)
	}
	if i, ok := slices.BinarySearchFunc(k.taken, e.seq, func(e *entry, seq uint64) int { return cmp.Compare(e.seq, seq) }); ok {
		k.taken = slices.Delete(k.taken, i, i+1)
	}
}

// A keyPosition is behind a request: the keys of those up to it that were taken. It
// is written when all of them are safe or refused. Those that were refused are none
// of its: they were to be sent again.
type keyPosition struct {
	keys *keys
	seq  uint64
}

// saved is how keys stand in a checkpoint: `KEY BODY COUNT TIME` each, for there may
// be many.
type saved struct {
	Keys []string `json:"keys"`
}

// MarshalJSON lists the keys.
func (p *keyPosition) MarshalJSON() ([]byte, error) {
	p.keys.mu.Lock()
	defer p.keys.mu.Unlock()
	s := saved{Keys: []string{}}
	for _, e := range p.keys.taken {
		if e.seq > p.seq {
			break
		}
		s.Keys = append(s.Keys, fmt.Sprint(e.key, " ", e.body, " ", e.count, " ", e.at))
	}
	return json.Marshal(s)
}

// restore reads what MarshalJSON wrote.
func (k *keys) restore(text []byte) error {
	none := fmt.Errorf("the position of an earlier run holds no idempotency keys: %s", shorten(text))
	var s saved
	if err := json.Unmarshal(text, &s); err != nil {
		return none
	}
	for _, line := range s.Keys {
		k.seq++
		e := &entry{seq: k.seq, safe: true}
		if _, err := fmt.Sscan(line, &e.key, &e.body, &e.count, &e.at); err != nil {
			return none
		}
		k.byKey[e.key] = e
		k.taken = append(k.taken, e)
	}
	return nil
}
