package messages

import (
	"context"
	"errors"
	"testing"
	"time"
)

// A connection that is lost is told once; who asks again waits until it is back,
// and learns that it has been away.
func TestLink(t *testing.T) {
	l := NewLink("host:1")
	ctx := context.Background()
	changed, back, err := l.Ready(ctx)
	if back || err != nil || l.Err() != nil {
		t.Fatalf("%v %v %v", back, err, l.Err())
	}
	l.Up() // it is
	select {
	case <-changed:
		t.Error("nothing has changed")
	default:
	}
	l.Down(errors.New("refused"))
	<-changed
	var gone *GoneError
	if _, _, err = l.Ready(ctx); !errors.As(err, &gone) || err.Error() != "host:1: refused" || l.Err() == nil {
		t.Fatalf("got %v", err)
	}
	l.Down(errors.New("timeout")) // once more, and for another reason
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, _, err = l.Ready(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("it is told again: %v", err)
	}
	got := make(chan bool, 1)
	go func() {
		_, back, err := l.Ready(ctx)
		got <- back && err == nil
	}()
	l.Up()
	if !<-got {
		t.Error("who waited does not learn that it is back")
	}
	if _, back, err = l.Ready(ctx); back || err != nil {
		t.Errorf("%v %v", back, err)
	}
}
