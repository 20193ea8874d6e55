package flow

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// politeError asks for a pause.
type politeError struct{ after time.Duration }

func (e politeError) Error() string             { return "busy" }
func (e politeError) RetryAfter() time.Duration { return e.after }

func TestPauseHonoursRetryAfter(t *testing.T) {
	p := Policy{Backoff: time.Nanosecond, MaxBackoff: time.Nanosecond}
	ctx, cancel := context.WithCancel(context.Background())
	begun := time.Now()
	if !p.pause(ctx, 0, fmt.Errorf("wrapped: %w", politeError{30 * time.Millisecond})) {
		t.Fatal("the pause was cut short")
	}
	if waited := time.Since(begun); waited < 30*time.Millisecond {
		t.Errorf("paused %v, the error asked for 30ms", waited)
	}
	cancel()
	if p.pause(ctx, 1, politeError{time.Hour}) {
		t.Error("an ended context does not end the pause")
	}
}
