package edge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/codec/envelope"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A carrier keeps messages in memory.
type carrier struct {
	partitions [][][]byte
	refuse     func(e Envelope) error // why it does not take one
	rounds     int
}

func (c *carrier) publish(_ context.Context, envelopes []Envelope) error {
	c.rounds++
	failed := map[int]error{}
	seen := map[int]bool{}
	for i, e := range envelopes {
		if seen[e.Partition] {
			return errors.New("two envelopes of a partition are under way")
		}
		seen[e.Partition] = true
		if c.refuse != nil {
			if err := c.refuse(e); err != nil {
				failed[i] = err
				continue
			}
		}
		c.partitions[e.Partition] = append(c.partitions[e.Partition], e.Data)
	}
	if len(failed) > 0 {
		return &flow.PartialError{Failed: failed}
	}
	return nil
}

// A reading is a partition of a carrier, as a reader sees it.
type reading struct {
	c            *carrier
	number, next int
	first        int // of the present batch
}

func (r *reading) Read(_ context.Context, b *flow.Batch) error {
	if r.first = r.next; r.next == len(r.c.partitions[r.number]) {
		return errDry
	}
	for ; r.next < len(r.c.partitions[r.number]); r.next++ {
		if b.Limit > 0 && len(b.Ends) == b.Limit {
			break
		}
		messages.Add(b, r.c.partitions[r.number][r.next])
	}
	return nil
}

// errDry is what a reader gets that would wait.
var errDry = errors.New("there is nothing more")

func (r *reading) Number(_ *flow.Batch, i int) uint64 { return uint64(r.first + i) }
func (r *reading) Name(n uint64) string               { return fmt.Sprintf("message %d", n) }
func (r *reading) Position(writers map[string]Progress) (string, any) {
	return "p", position{r.next, writers}
}

type position struct {
	Next    int
	Writers map[string]Progress
}

const schema = `"string"`

func newCarrier(partitions int) *carrier { return &carrier{partitions: make([][][]byte, partitions)} }

func (c *carrier) writer(change func(*Writer)) *Packing {
	w := Writer{Name: "w", Schema: schema, Partitions: len(c.partitions), Ends: true}
	if change != nil {
		change(&w)
	}
	return NewPacking(w, connect.Output{Format: "bytes", Keys: []string{"key"}})
}

func (c *carrier) reader(number int) *Unpacking {
	return NewUnpacking(Reader{Node: "in", Schema: schema, Writers: 1}, &reading{c: c, number: number})
}

// packet is one of records, with what stands before the colon as the key.
func packet(records ...string) *flow.Out {
	o := &flow.Out{Count: len(records), Keys: [][]string{nil}}
	for _, r := range records {
		o.Data = append(o.Data, r...)
		o.Ends = append(o.Ends, uint32(len(o.Data)))
		key, _, _ := strings.Cut(r, ":")
		o.Keys[0] = append(o.Keys[0], key)
	}
	return o
}

// all reads until the end, or until a reader would wait.
func all(t *testing.T, u *Unpacking, limit int) (records []string, last any, ended bool) {
	t.Helper()
	for {
		b := &flow.Batch{Limit: limit}
		err := u.Read(t.Context(), b)
		if err == io.EOF || err == errDry {
			return records, last, err == io.EOF
		}
		if err != nil {
			t.Fatal(err)
		}
		begin := uint32(0)
		for _, end := range b.Ends {
			records = append(records, string(b.Data[begin:end]))
			begin = end
		}
		if b.Position != nil {
			last = b.Position
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Envelopes are as long as they may be, one of each partition is under way at a time, and
// the records of a key stay in their order.
func TestEdge(t *testing.T) {
	for _, limit := range []int{0, 1} {
		c := newCarrier(3)
		w := c.writer(nil)
		must(t, w.Open(t.Context(), c.publish))
		want := map[string][]string{}
		for i := range 40 {
			var records []string
			for j := range 10 {
				key := fmt.Sprintf("k%d", (i+j)%11)
				r := fmt.Sprintf("%s:%d-%d%s", key, i, j, strings.Repeat("x", 30))
				want[key] = append(want[key], r)
				records = append(records, r)
			}
			must(t, w.Write(t.Context(), packet(records...), 200, c.publish))
		}
		if c.rounds < 60 {
			t.Errorf("%d rounds: no packet took several envelopes", c.rounds)
		}
		for _, part := range c.partitions {
			for _, data := range part {
				if len(data) > 200 {
					t.Errorf("an envelope has %d bytes", len(data))
				}
			}
		}
		must(t, w.End(t.Context(), c.publish))
		got := map[string][]string{}
		for p := range 3 {
			u := c.reader(p)
			if u.Endless() {
				t.Error("it is endless")
			}
			records, last, ended := all(t, u, limit)
			if !ended || len(records) == 0 {
				t.Errorf("partition %d: %d records, ended %v", p, len(records), ended)
			}
			for _, r := range records {
				key, _, _ := strings.Cut(r, ":")
				got[key] = append(got[key], r)
			}
			// Behind its last position it has ended.
			behind := &reading{c: c, number: p, next: last.(position).Next}
			again := NewUnpacking(Reader{Node: "in", Schema: schema, Writers: 1}, behind)
			again.Seek(last.(position).Writers)
			if records, _, ended := all(t, again, 0); !ended || len(records) > 0 {
				t.Errorf("behind the end are %d records, ended %v", len(records), ended)
			}
		}
		for key := range want {
			if !slices.Equal(want[key], got[key]) {
				t.Errorf("%s: %q, want %q", key, got[key], want[key])
			}
		}
	}
}

// A write that failed as a whole is the same when it comes again, to the byte.
func TestSameAgain(t *testing.T) {
	c := newCarrier(2)
	w := c.writer(nil)
	must(t, w.Open(t.Context(), c.publish))
	o := packet("a:1", "b:2", "c:3", "d:4")
	away := errors.New("away")
	var sent [][]byte
	for range 2 {
		err := w.Write(t.Context(), o, 1000, func(_ context.Context, envelopes []Envelope) error {
			for _, e := range envelopes {
				sent = append(sent, e.Data)
			}
			return away
		})
		if !errors.Is(err, away) {
			t.Fatal(err)
		}
	}
	if n := len(sent) / 2; n == 0 || !slices.EqualFunc(sent[:n], sent[n:], slices.Equal) {
		t.Errorf("%q", sent)
	}
}

// Of a record that the carrier refused the error goes to the record, and what comes behind
// it is of another epoch: its numbers would be others after a crash.
func TestRefused(t *testing.T) {
	c := newCarrier(1)
	w := c.writer(func(w *Writer) { w.Steady = true })
	must(t, w.Open(t.Context(), c.publish))
	no := errors.New("no")
	c.refuse = func(e Envelope) error {
		if strings.Contains(string(e.Data), "bad") {
			return no
		}
		return nil
	}
	err := w.Write(t.Context(), packet("a:1", "a:bad"+strings.Repeat("x", 100), "a:2"), 120, c.publish)
	var partial *flow.PartialError
	if !errors.As(err, &partial) || len(partial.Failed) != 1 || !errors.Is(partial.Failed[1], no) {
		t.Fatal(err)
	}
	must(t, w.Write(t.Context(), packet("a:3"), 120, c.publish))
	if records, _, _ := all(t, c.reader(0), 0); strings.Join(records, " ") != "a:1 a:2 a:3" {
		t.Errorf("%q", records)
	}
}

// crashed gives a writer what a checkpoint has of another one.
func crashed(t *testing.T, from, to *Packing) {
	t.Helper()
	text, err := json.Marshal(from.State())
	must(t, err)
	must(t, to.Restore(text))
}

// What a steady writer sends again is skipped; another has an epoch of its own.
func TestCrash(t *testing.T) {
	for _, steady := range []bool{true, false} {
		c := newCarrier(1)
		set := func(w *Writer) { w.Steady = steady }
		first, second := c.writer(set), c.writer(set)
		must(t, first.Open(t.Context(), c.publish))
		must(t, first.Write(t.Context(), packet("a:1"), 1000, c.publish))
		crashed(t, first, second)
		must(t, first.Write(t.Context(), packet("a:2", "a:3"), 1000, c.publish))
		must(t, second.Open(t.Context(), c.publish))
		must(t, second.Write(t.Context(), packet("a:2"), 1000, c.publish))
		must(t, second.Write(t.Context(), packet("a:3", "a:4"), 1000, c.publish))
		must(t, second.End(t.Context(), c.publish))
		records, _, ended := all(t, c.reader(0), 0)
		want := "a:1 a:2 a:3 a:4"
		if !steady {
			want = "a:1 a:2 a:3 a:2 a:3 a:4"
		}
		if got := strings.Join(records, " "); got != want || !ended {
			t.Errorf("steady %v: %s, ended %v", steady, got, ended)
		}
	}
}

// The numbers of other partitions than there are now mean nothing.
func TestOtherPartitions(t *testing.T) {
	two, three := newCarrier(2), newCarrier(3)
	steady := func(w *Writer) { w.Steady = true }
	before, after := two.writer(steady), three.writer(steady)
	must(t, before.Open(t.Context(), two.publish))
	must(t, before.Write(t.Context(), packet("a:1", "b:2", "c:3"), 1000, two.publish))
	crashed(t, before, after)
	must(t, after.Open(t.Context(), three.publish))
	must(t, after.Write(t.Context(), packet("a:4"), 1000, three.publish))
	n := 0
	for p := range 3 {
		records, _, _ := all(t, three.reader(p), 0)
		n += len(records)
	}
	if n != 1 {
		t.Errorf("%d records", n)
	}
	if err := after.Restore([]byte(`"x"`)); err == nil {
		t.Error("what is no state is taken")
	}
}

// An end of a run that the reader has not seen begin ends it not.
func TestEndOfAnotherRun(t *testing.T) {
	c := newCarrier(1)
	w := c.writer(nil)
	must(t, w.Open(t.Context(), func(context.Context, []Envelope) error { return nil })) // read and gone
	must(t, w.End(t.Context(), c.publish))
	u := c.reader(0)
	if _, _, ended := all(t, u, 0); ended {
		t.Error("it has ended")
	}
	anew := c.writer(nil)
	must(t, anew.Open(t.Context(), c.publish))
	must(t, anew.End(t.Context(), c.publish))
	if _, _, ended := all(t, u, 0); !ended {
		t.Error("it has not ended")
	}
}

// A message that can't be read is an error that nothing makes go away.
func TestBadMessage(t *testing.T) {
	for name, data := range map[string][]byte{
		"message 0: the message is no envelope":                         []byte("x"),
		"message 0: its records are of another version of the pipeline": envelope.Seal(envelope.Begin(nil, envelope.Header{Writer: "w", Schema: `"int"`}), 0),
		"message 0: the envelope ends in the middle":                    envelope.Seal(append(envelope.Begin(nil, envelope.Header{Writer: "w", Schema: schema}), 9, 'x'), 0),
	} {
		c := newCarrier(1)
		c.partitions[0] = [][]byte{data}
		err := c.reader(0).Read(t.Context(), &flow.Batch{})
		var e *Error
		if !errors.As(err, &e) || flow.ClassOf(err) != flow.Fatal || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("got %v, want %s", err, name)
		}
	}
}
