package flow

import (
	"bytes"
	"testing"
	"time"
)

// Memory of a long record goes to the next one that is about as long.
func TestSparesAreUsedAgain(t *testing.T) {
	var k spares
	first := k.room([]byte("begin"), spareBytes)
	if string(first) != "begin" || cap(first)-len(first) < spareBytes {
		t.Fatalf("%q with room for %d", first, cap(first)-len(first))
	}
	k.put(first)
	second := k.get(spareBytes + spareBytes/16)
	if &first[:1][0] != &second[:1][0] || len(second) != 0 {
		t.Error("memory that was free was not used again")
	}
	if third := k.get(spareBytes); &third[:1][0] == &first[0] {
		t.Error("two got the same memory")
	}
}

// The shortest spare that is long enough is taken; where none is, as many go as
// make room for what is made.
func TestSparesDoNotAddUp(t *testing.T) {
	var k spares
	for _, n := range []int{4 * spareBytes, 2 * spareBytes, 3 * spareBytes} {
		k.put(make([]byte, 0, n))
	}
	if got := cap(k.get(2*spareBytes + 1)); got != 3*spareBytes {
		t.Errorf("a spare of %d was taken", got)
	}
	k.get(5 * spareBytes)
	if k.count() != 0 {
		t.Errorf("%d spares stayed beside one that is longer than both", k.count())
	}
}

// What is short is its owner's, and what nobody takes goes in time.
func TestSparesGo(t *testing.T) {
	var k spares
	k.put(make([]byte, spareBytes-1))
	if k.count() != 0 {
		t.Error("a short buffer became a spare")
	}
	k.put(make([]byte, spareBytes))
	k.put(make([]byte, spareBytes))
	k.mu.Lock()
	k.free[0].since = time.Now().Add(-spareTime)
	k.mu.Unlock()
	k.tidy()
	if k.count() != 1 {
		t.Errorf("%d spares, of which one was old", k.count())
	}
}

// A loop's buffer moves only for what is long, and is let go after it.
func TestLaneBuffers(t *testing.T) {
	p := New(Info{})
	l := &Lane{}
	l.engine.p = p
	short := make([]byte, 3, 64)
	if got := l.Room(short, spareBytes-1); len(got) != 0 || cap(got) != 64 {
		t.Errorf("a short buffer became one of %d", cap(got))
	}
	long := append(l.Room(short, spareBytes), bytes.Repeat([]byte("x"), spareBytes)...)
	if cap(long) < spareBytes {
		t.Fatal("no room")
	}
	if l.Spare(short) == nil || l.Spare(long) != nil || p.spares.count() != 1 {
		t.Error("the long buffer alone is let go")
	}
}

func (k *spares) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.free)
}
