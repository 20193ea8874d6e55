package messages

import (
	"errors"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

func TestBatch(t *testing.T) {
	b := &flow.Batch{Data: make([]byte, 0, 4)}
	notes := Notes[string](b)
	for _, text := range []string{"a", "", "longer than there is room"} {
		Add(b, []byte(text))
		*notes = append(*notes, "of "+text)
	}
	if string(b.Data) != "alonger than there is room" || len(b.Ends) != 3 || b.Ends[0] != 1 || b.Ends[1] != 1 || int(b.Ends[2]) != len(b.Data) {
		t.Errorf("%q %v", b.Data, b.Ends)
	}
	if n := Note[string](b, flow.Record{Index: 2}); n == nil || *n != "of longer than there is room" {
		t.Errorf("%v", n)
	}
	for _, i := range []int{-1, 3} {
		if Note[string](b, flow.Record{Index: i}) != nil {
			t.Errorf("there is no record %d", i)
		}
	}
	if Note[int](b, flow.Record{}) != nil || Note[string](&flow.Batch{}, flow.Record{}) != nil {
		t.Error("a note of another type, or of a batch without")
	}
	if again := Notes[string](b); again != notes || len(*again) != 0 || (*again)[:3][0] != "" {
		t.Error("the memory is not used again, or holds on to what was there")
	}
}

func TestRoom(t *testing.T) {
	b := &flow.Batch{}
	if !Room(b, 10*flow.BlockSize) {
		t.Error("a first message finds no room")
	}
	Add(b, make([]byte, flow.BlockSize-10))
	if !Room(b, 10) || Room(b, 11) {
		t.Error("the size of a batch")
	}
	b = &flow.Batch{}
	for range most {
		Add(b, nil)
	}
	if Room(b, 0) {
		t.Error("the number of messages")
	}
}

func TestStart(t *testing.T) {
	for text, want := range map[string]Start{
		"": {}, "earliest": {}, "latest": {Latest: true}, "2026-01-31T08:00:00Z": {Time: time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)},
	} {
		if got, err := ParseStart(text); err != nil || got != want {
			t.Errorf("%q: %+v %v", text, got, err)
		}
	}
	if _, err := ParseStart("Latest"); err == nil {
		t.Error("another word is taken")
	}
}

func TestGone(t *testing.T) {
	cause := errors.New("refused")
	if e := (&GoneError{"host:1", cause}); e.Error() != "host:1: refused" || !errors.Is(e, cause) || flow.ClassOf(e) != flow.Transient {
		t.Errorf("%v", e)
	}
	if e := (&GoneError{"", cause}); e.Error() != "refused" {
		t.Errorf("%v", e)
	}
}

// A batch takes no more messages than it is limited to.
func TestLimit(t *testing.T) {
	b := &flow.Batch{Limit: 2}
	for i := range 2 {
		if !Room(b, 1) {
			t.Fatalf("no room behind %d messages", i)
		}
		Add(b, []byte("x"))
	}
	if Room(b, 1) {
		t.Error("room for a third message")
	}
}
