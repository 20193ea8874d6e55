package edge

import (
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/codec/envelope"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// What records take along comes with them, in several envelopes and where some are skipped.
func TestMeta(t *testing.T) {
	c := newCarrier(1)
	write := func(p *Packing, limit int) {
		o := packet("a:1", "b:2", "c:3")
		for _, r := range []string{"one", "", "three"} {
			if len(o.Keys) == 1 {
				o.Keys = append(o.Keys, nil)
			}
			o.Keys[1] = append(o.Keys[1], string(envelope.Meta(nil).WithText("word", r)))
		}
		must(t, p.Write(t.Context(), o, limit, c.publish))
	}
	w := Writer{Name: "w", Schema: `["meta","string",{"word":"string"}]`, Partitions: 1, Steady: true}
	out := connect.Output{Format: "bytes", Keys: []string{"key", MetaKey}}
	p := NewPacking(w, out)
	must(t, p.Open(t.Context(), c.publish))
	state := p.State()
	write(p, 10)
	again := NewPacking(w, out) // after a crash, with the numbers of before, and one record more in an envelope
	again.numbers = state.(numbering)
	write(again, 1<<20)
	write(again, 1<<20)

	u := NewUnpacking(Reader{Node: "in", Schema: w.Schema}, &reading{c: c})
	var got []string
	for range 10 {
		b := &flow.Batch{}
		if err := u.Read(t.Context(), b); err == errDry {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		begin := uint32(0)
		for i, end := range b.Ends {
			got = append(got, string(b.Data[begin:end])+"="+Meta(b, flow.Record{Index: i}).Text("word"))
			begin = end
		}
	}
	if text := strings.Join(got, " "); text != "a:1=one b:2= c:3=three a:1=one b:2= c:3=three" {
		t.Error(text)
	}
	if m := Meta(&flow.Batch{}, flow.Record{}); m != nil {
		t.Errorf("%q of nothing", m)
	}
	// A reader that does not ask for it takes the records alone; one that does, and gets
	// none, says what is wrong.
	if err := NewUnpacking(Reader{Node: "in", Schema: `"string"`}, &reading{c: c}).Read(t.Context(), &flow.Batch{}); err != nil {
		t.Error(err)
	}
	plain := newCarrier(1)
	p = plain.writer(nil)
	must(t, p.Open(t.Context(), plain.publish))
	must(t, p.Write(t.Context(), packet("a:1"), 1<<20, plain.publish))
	err := NewUnpacking(Reader{Node: "in", Schema: w.Schema}, &reading{c: plain}).Read(t.Context(), &flow.Batch{})
	if err == nil || !strings.Contains(err.Error(), "records come without `meta`") {
		t.Error(err)
	}
}

// What ends perhaps is endless as far as anybody knows, and ends where its writers do.
func TestOpen(t *testing.T) {
	c := newCarrier(1)
	p := c.writer(nil)
	must(t, p.Open(t.Context(), c.publish))
	must(t, p.Write(t.Context(), packet("a:1"), 1<<20, c.publish))
	must(t, p.End(t.Context(), c.publish))
	u := NewUnpacking(Reader{Node: "in", Schema: schema, Writers: 1, Open: true}, &reading{c: c})
	if !u.Endless() {
		t.Error("nobody knows whether it ends")
	}
	if records, _, ended := all(t, u, 0); !ended || len(records) != 1 {
		t.Errorf("ended %v with %q", ended, records)
	}
}
