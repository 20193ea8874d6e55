package native

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A book is a component that keeps a checkpoint.
type book struct {
	checkpoint string
	kept       string
	fails      error
}

func (b *book) Write(context.Context, []int) error        { return nil }
func (b *book) Keep(pipeline string)                      { b.kept = pipeline }
func (b *book) Committed(context.Context) (string, error) { return b.checkpoint, nil }
func (b *book) Commit(_ context.Context, previous, next string) error {
	switch {
	case b.fails != nil:
		return b.fails
	case previous != next && previous != b.checkpoint:
		return fenced{}
	case previous != next:
		b.checkpoint = next
	}
	return nil
}

type fenced struct{}

func (fenced) Error() string { return "somebody else was faster" }
func (fenced) Fenced() bool  { return true }

type rolledBack struct{}

func (rolledBack) Error() string    { return "the connection is gone" }
func (rolledBack) RolledBack() bool { return true }

func keepingOf(b *book) flow.Transactional {
	return NewKeeping(NewBatchSink(b.Write, Life{}), Ledger{Keep: b.Keep, Committed: b.Committed, Commit: b.Commit}).(flow.Transactional)
}

func TestKeeping(t *testing.T) {
	b, ctx := &book{}, t.Context()
	one, other := keepingOf(b), keepingOf(b)
	one.Keep("orders")
	if b.kept != "orders" {
		t.Errorf("it keeps the checkpoint of %q", b.kept)
	}
	if generation, text, err := one.Load(ctx); generation != 0 || text != nil || err != nil {
		t.Errorf("before the first: %d, %q, %v", generation, text, err)
	}
	if err := one.Commit(ctx, 1, 0, []byte("a\nb")); err != nil {
		t.Fatal(err)
	}
	if generation, text, err := other.Load(ctx); generation != 1 || string(text) != "a\nb" || err != nil {
		t.Errorf("the other one loads %d, %q, %v", generation, text, err)
	}
	if err := other.Commit(ctx, 2, 1, []byte("c")); err != nil {
		t.Fatal(err)
	}
	if err := one.Commit(ctx, 2, 1, []byte("d")); !errors.Is(err, flow.ErrFenced) || !strings.Contains(err.Error(), "faster") {
		t.Errorf("one that is behind gets %v", err)
	}
	if err := one.Sync(ctx); err != nil || !strings.HasSuffix(b.checkpoint, "\nc") {
		t.Errorf("behind Sync there is %q: %v", b.checkpoint, err)
	}
	b.fails = rolledBack{}
	var back *flow.RolledBackError
	if err := other.Commit(ctx, 3, 2, []byte("e")); !errors.As(err, &back) {
		t.Errorf("a transaction that is gone gives %v", err)
	}
	b.fails = nil
	if err := other.Forget(ctx); err != nil || b.checkpoint != "" {
		t.Errorf("behind Forget there is %q: %v", b.checkpoint, err)
	}
	for _, text := range []string{"x", "0\nx", "-1\nx", "\n"} {
		b.checkpoint = text
		if _, _, err := keepingOf(b).Load(ctx); err == nil || !strings.Contains(err.Error(), "which no Commit was given") {
			t.Errorf("%q is loaded: %v", text, err)
		}
	}
}
