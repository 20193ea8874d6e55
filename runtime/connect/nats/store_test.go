package nats

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

func newTestStore(t testing.TB, c StoreConfig) flow.Cells {
	t.Helper()
	s, err := NewStore(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func TestStoreConforms(t *testing.T) {
	f := newFixture(t, nil)
	flowtest.Store(t, func(t testing.TB, pipeline string) flow.Cells {
		s := newTestStore(t, StoreConfig{URL: f.url(), Bucket: "state"})
		if err := s.Open(context.Background(), pipeline); err != nil {
			t.Fatal(err)
		}
		return s
	})
}

// A server that is away, at the start and later, is waited for.
func TestStoreAway(t *testing.T) {
	f := newFixture(t, nil)
	url := f.url()
	s := newTestStore(t, StoreConfig{URL: url, Bucket: "state"})
	f.stop()
	if err := s.Open(t.Context(), "p"); flow.ClassOf(err) != flow.Transient || !strings.Contains(err.Error(), strings.TrimPrefix(url, "nats://")) {
		t.Fatalf("away at the start: %v", err)
	}
	f.start()
	if err := s.Open(t.Context(), "p"); err != nil {
		t.Fatal(err)
	}
	version, err := s.Put(t.Context(), flow.CheckpointCell, []byte("one"), 0)
	if err != nil {
		t.Fatal(err)
	}
	f.stop()
	for range 3 {
		if _, err := s.Put(t.Context(), flow.CheckpointCell, []byte("two"), version); flow.ClassOf(err) != flow.Transient {
			t.Fatalf("away later: %v", err)
		}
	}
	f.start()
	for {
		_, err := s.Put(t.Context(), flow.CheckpointCell, []byte("two"), version)
		if err == nil {
			break
		}
		if flow.ClassOf(err) != flow.Transient {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if value, _, err := s.Get(t.Context(), flow.CheckpointCell); err != nil || string(value) != "two" {
		t.Errorf("%q, %v", value, err)
	}
}

// A bucket that would lose the checkpoint, a value that the server does not take, and
// a server that has no buckets are refused, with what to do.
func TestStoreRefuses(t *testing.T) {
	f := newFixture(t, func(o *server.Options) { o.MaxPayload = 1 << 10 })
	for _, c := range []jetstream.KeyValueConfig{{Bucket: "short", TTL: time.Hour}, {Bucket: "light", Storage: jetstream.MemoryStorage}} {
		if _, err := f.js.CreateKeyValue(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	for bucket, want := range map[string]string{"short": "give it no TTL", "light": "make it with file storage"} {
		if err := newTestStore(t, StoreConfig{URL: f.url(), Bucket: bucket}).Open(t.Context(), "p"); flow.ClassOf(err) != flow.Fatal || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", bucket, err)
		}
	}
	s := newTestStore(t, StoreConfig{URL: f.url(), Bucket: "flowc"})
	if err := s.Open(t.Context(), "p"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), flow.CheckpointCell, bytes.Repeat([]byte("x"), 2<<10), 0); flow.ClassOf(err) != flow.Fatal || !strings.Contains(err.Error(), "raise its max_payload") {
		t.Errorf("a large one: %v", err)
	}
	if _, err := NewStore(StoreConfig{URL: f.url(), Bucket: "a b"}); err == nil {
		t.Error("a bucket with a space is taken")
	}
	locked := newFixture(t, func(o *server.Options) { o.Username, o.Password = "ann", "geheim" }, nats.UserInfo("ann", "geheim"))
	if err := newTestStore(t, StoreConfig{URL: locked.url(), Bucket: "flowc", User: "ann", Password: "falsch"}).Open(t.Context(), "p"); err == nil || flow.ClassOf(err) == flow.Transient || strings.Contains(err.Error(), "falsch") {
		t.Errorf("a wrong password: %v", err)
	}
	if err := newTestStore(t, StoreConfig{URL: locked.url(), Bucket: "flowc", User: "ann", Password: "geheim"}).Open(t.Context(), "p"); err != nil {
		t.Error(err)
	}
}

// A value that somebody has deleted is as none, and can be written behind.
func TestStoreDeleted(t *testing.T) {
	f := newFixture(t, nil)
	s := newTestStore(t, StoreConfig{URL: f.url(), Bucket: "state"})
	if err := s.Open(t.Context(), "p"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), flow.CheckpointCell, []byte("one"), 0); err != nil {
		t.Fatal(err)
	}
	if err := s.(*Store).kv.Delete(t.Context(), "p.checkpoint"); err != nil {
		t.Fatal(err)
	}
	value, version, err := s.Get(t.Context(), flow.CheckpointCell)
	if err != nil || value != nil || version == 0 {
		t.Fatal(value, version, err)
	}
	if _, err := s.Put(t.Context(), flow.CheckpointCell, []byte("two"), version); err != nil {
		t.Error(err)
	}
}
