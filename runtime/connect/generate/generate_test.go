package generate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

func source(t *testing.T, c SourceConfig) *Source {
	t.Helper()
	s, err := NewSource(c, connect.Input{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s.(*Source)
}

// Ranges follow one another up to the count, and another run goes on at any of
// them.
func TestRanges(t *testing.T) {
	const count = 3*batchSize + 7
	s := source(t, SourceConfig{Count: count})
	if s.Endless() {
		t.Error("it has a count and no end")
	}
	var next int64
	for {
		b := &flow.Batch{Count: -1}
		err := s.Read(context.Background(), b)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || b.Base != next || b.Count <= 0 || b.Count > batchSize {
			t.Fatalf("from %d, %d records, %v; want from %d", b.Base, b.Count, err, next)
		}
		next += int64(b.Count)
		raw, err := json.Marshal(b.Position)
		if err != nil {
			t.Fatal(err)
		}
		again, err := NewSource(SourceConfig{Count: count}, connect.Input{})
		if err != nil {
			t.Fatal(err)
		}
		if err := again.(flow.Seeker).Seek(context.Background(), map[string]json.RawMessage{"": raw}); err != nil {
			t.Fatal(err)
		}
		rest := &flow.Batch{}
		if err := again.Read(context.Background(), rest); next < count && (err != nil || rest.Base != next) || next == count && !errors.Is(err, io.EOF) {
			t.Fatalf("resumed at %d: from %d, %v", next, rest.Base, err)
		}
	}
	if next != count {
		t.Errorf("%d records", next)
	}
	if !source(t, SourceConfig{}).Endless() {
		t.Error("without a count it has an end")
	}
}

// A record is a matter of the seed and its number alone.
func TestSameSeed(t *testing.T) {
	record := func(r *Random, seed uint64, i int64) string {
		g := r.At(seed, i)
		return fmt.Sprint(g.Uint64(), g.Float64(), String(g, "name"), Int(g, "n"), Decimal(g, "d"), Time(g, i), List(g, func() bool { return Bool(g, "b") }), Maybe(g, func() int { return 1 }) == nil)
	}
	var forward, backward Random
	want := map[int64]string{}
	for i := range int64(1000) {
		want[i] = record(&forward, 7, i)
	}
	for i := int64(999); i >= 0; i-- {
		if got := record(&backward, 7, i); got != want[i] {
			t.Fatalf("record %d is %s, and was %s", i, got, want[i])
		}
	}
	same := 0
	for i := range int64(1000) {
		if record(&forward, 8, i) == want[i] || i > 0 && want[i] == want[i-1] {
			same++
		}
	}
	if same > 0 {
		t.Errorf("%d records are those of another seed or number", same)
	}
}

// What is due is made, and no more; who was held up is not flooded.
func TestRate(t *testing.T) {
	s := source(t, SourceConfig{Rate: 100})
	read := func() int {
		b := &flow.Batch{}
		if err := s.Read(context.Background(), b); err != nil {
			t.Fatal(err)
		}
		return b.Count
	}
	s.begun = time.Now().Add(-500 * time.Millisecond)
	if n := read(); n < 50 || n > 100 {
		t.Errorf("%d records after half a second", n)
	}
	s.begun = time.Now().Add(-time.Hour)
	if n := read(); n != 100 {
		t.Errorf("%d records after an hour in which nobody read", n)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	s = source(t, SourceConfig{Rate: 0.001})
	if err := s.Read(ctx, &flow.Batch{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	s = source(t, SourceConfig{Rate: 1e12, Count: 10})
	if n := read(); n != 10 {
		t.Errorf("%d records", n)
	}
}

func TestConfigs(t *testing.T) {
	for _, c := range []SourceConfig{{Count: -1}, {Rate: -1}, {Rate: math.NaN()}, {Rate: math.Inf(1)}} {
		if _, err := NewSource(c, connect.Input{}); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
	s := source(t, SourceConfig{})
	if err := s.Seek(context.Background(), map[string]json.RawMessage{"": []byte(`"x"`)}); err == nil {
		t.Error("a position of another kind was taken")
	}
}

// Names that say something give values of that kind.
func TestPlausible(t *testing.T) {
	var r Random
	g := r.At(1, 1)
	for range 100 {
		for field, is := range map[string]func(string) bool{
			"id":            func(s string) bool { return len(s) == 16 },
			"customer_id":   func(s string) bool { return len(s) == 16 },
			"Email":         func(s string) bool { return strings.Contains(s, "@example.com") },
			"ip":            func(s string) bool { return strings.HasPrefix(s, "192.0.2.") },
			"zip":           func(s string) bool { return !strings.HasPrefix(s, "192.0.2.") },
			"currency":      func(s string) bool { return len(s) == 3 },
			"country_code":  func(s string) bool { return len(s) == 2 },
			"callback_url":  func(s string) bool { return strings.HasPrefix(s, "https://example.com/") },
			"anything else": func(s string) bool { return strings.Contains(s, "-") },
		} {
			if v := String(g, field); !is(v) {
				t.Errorf("%s: %q", field, v)
			}
		}
		if n := Int(g, "age"); n < 18 || n > 87 {
			t.Errorf("age %d", n)
		}
		if f := Float64(g, "latitude"); f < -90 || f > 90 {
			t.Errorf("latitude %v", f)
		}
		if v := Pick(g, "a", "b"); v != "a" && v != "b" {
			t.Errorf("%q", v)
		}
		if !json.Valid(JSON(g, "x")) || len(Bytes(g, "x")) != 8 || Uint64(g, "port") < 1024 || Duration(g, "x") < 0 || Any(g, "x") == nil || len(Map(g, func() int { return 1 })) > 3 {
			t.Error("implausible")
		}
	}
}

func TestRandomAllocatesNothing(t *testing.T) {
	var r Random
	r.At(1, 1)
	if n := testing.AllocsPerRun(100, func() { r.At(1, 2).Uint64() }); n > 0 {
		t.Errorf("%v allocations a record", n)
	}
}
