package nats

import (
	"strconv"
	"testing"

	"github.com/nats-io/nats.go"
)

// Messages come out as they went in, in room that is used again; what finds none is
// counted, once.
func TestMailbox(t *testing.T) {
	b := newMailbox(100 * (len("s") + len("1000")))
	if b.take() != nil {
		t.Error("an empty one gives a message")
	}
	put, took := 1000, 1000
	step := func(in, out int) {
		t.Helper()
		for range in {
			b.put(&nats.Msg{Subject: "s", Data: []byte(strconv.Itoa(put))})
			put++
		}
		for range out {
			m := b.take()
			if m == nil || string(m.Data) != strconv.Itoa(took) {
				t.Fatalf("%v comes where %d should", m, took)
			}
			took++
		}
		if n := b.count(); n != put-took {
			t.Fatalf("there are %d, not %d", n, put-took)
		}
	}
	for _, steps := range [][2]int{{3, 1}, {30, 32}, {1, 0}, {0, 1}, {64, 10}, {10, 60}, {4, 0}, {0, 8}} {
		step(steps[0], steps[1])
	}
	step(50, 0)
	for range 500 {
		step(7, 7)
	}
	if c := cap(b.messages); c > 256 {
		t.Errorf("it has room for %d, and never had more than 64 messages", c)
	}
	step(50, 0)
	for range 5 {
		b.put(&nats.Msg{Subject: "s", Data: []byte("lost")})
	}
	if n := b.lost(); n != 5 || b.lost() != 0 {
		t.Errorf("%d were lost", n)
	}
	step(0, 100)
	select {
	case <-b.came:
	default:
		t.Error("nobody is told that messages came")
	}
}
