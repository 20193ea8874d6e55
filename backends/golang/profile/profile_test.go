package profile_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"runtime/pprof"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/golang"
	"github.com/flowc-dev/flowc/backends/golang/profile"
	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/ir"
)

const pipeline = `pipeline: shop
types:
  Order: {id: string, kind: string, note: string, n: int, total: decimal}
  Part: {x: int}
sources:
  orders-in: {use: file, config: {path: orders.ndjson}, out: Order}
processors:
  large: {from: orders-in, filter: in.Total > 5}
  marked: {from: large, set: {note: in.ID}}
  parts: {from: marked, parse: {regexp: '(?P<x>\d+)', text: in.Note}, out: Part}
  short: {from: large, map: {id: in.ID, double: in.N * 2}}
sinks:
  all: {from: marked, use: file, config: {path: all.ndjson}}
  parts-out: {from: parts, use: drop}
  short-out: {from: short, use: file, config: {path: short.ndjson}}
`

func emitted(t *testing.T) (*ir.Program, []backends.File) {
	t.Helper()
	r, err := driver.Compile(context.Background(), driver.Options{File: "pipeline.yaml", Text: []byte(pipeline), Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range r.Diagnostics {
		t.Fatal(d)
	}
	files, err := golang.Backend{}.Emit(r.Program, nil, backends.Layout{Package: "main", Path: "flowc.local/program"})
	if err != nil {
		t.Fatal(err)
	}
	return r.Program, files
}

// lineOf is the number of a line of loops.go that has a text.
func lineOf(t *testing.T, files []backends.File, text string) int64 {
	t.Helper()
	for _, f := range files {
		if f.Path != "loops.go" {
			continue
		}
		for i, line := range strings.Split(string(f.Data), "\n") {
			if strings.Contains(line, text) {
				return int64(i + 1)
			}
		}
		t.Fatalf("no line has %q:\n%s", text, f.Data)
	}
	return 0
}

// Each stack is of the node that the code of its line is for.
func TestTimes(t *testing.T) {
	p, files := emitted(t)
	r := profile.New(p, files)
	loop := func(function, line string, inner ...string) []profile.Frame {
		var stack []profile.Frame
		for _, f := range inner {
			stack = append(stack, profile.Frame{Function: f, File: "elsewhere.go", Line: 1})
		}
		return append(stack,
			profile.Frame{Function: "main.(*ordersInLoop)." + function, File: "flowc.local/program/loops.go", Line: lineOf(t, files, line)},
			profile.Frame{Function: "flowc.local/program/runtime/flow.(*Lane).guardedRun", File: "lanerun.go", Line: 5},
			profile.Frame{Function: "flowc.local/program/runtime/flow.(*Input).work", File: "input.go", Line: 5})
	}
	for name, c := range map[string]struct {
		stack []profile.Frame
		want  string
	}{
		"a filter":              {loop("Run", "filterLarge(", "main.filterLarge"), "large"},
		"what a filter calls":   {loop("Run", "filterLarge(", "flowc.local/program/runtime/decimal.Decimal.Cmp", "main.filterLarge"), "large"},
		"a closure of a stage":  {loop("Run", "filterLarge(", "main.filterLarge.func1"), "large"},
		"a scan":                {loop("Run", ".object.Scan(", "flowc.local/program/runtime/codec/jsonscan.(*Object).Scan"), "orders-in.decode"},
		"a frame":               {loop("Run", "frame.Lines", "bytes.IndexByte", "flowc.local/program/runtime/codec/frame.Lines.Next"), "orders-in.decode"},
		"fields":                {loop("Run", ".forLarge(", "flowc.local/program/runtime/codec/jsonscan.Decimal", "main.(*ordersInDecoder).forLarge"), "orders-in.decode"},
		"a splice":              {loop("spliceMarked", "jsonscan.Splice(", "runtime.memmove"), "marked"},
		"a parse":               {loop("toParts", "partsDecoder.", "regexp.(*Regexp).doExecute"), "parts"},
		"a copy":                {loop("Run", "allPacket.Data = append(", "runtime.memmove"), "all.encode"},
		"an encoder":            {loop("toShort", "appendShort(shortOutPacket", "main.appendShort"), "short-out.encode"},
		"a count":               {loop("Run", "l.Mark()"), profile.Engine},
		"a source that reads":   {[]profile.Frame{{Function: "syscall.read"}, {Function: "flowc.local/program/runtime/connect/file.(*Source).Read"}}, "orders-in"},
		"a sink":                {[]profile.Frame{{Function: "flowc.local/program/runtime/connect/drop.Sink.Write"}}, "parts-out"},
		"the collector":         {[]profile.Frame{{Function: "runtime.scanobject"}, {Function: "runtime.gcBgMarkWorker"}}, profile.Engine},
		"a stack without frame": {nil, profile.Engine},
	} {
		got := r.Times([]profile.Sample{{Stack: c.stack, Nanos: 7}})
		if len(got) != 1 || got[c.want] != 7 {
			t.Errorf("%s: got %v, want it to be of %q", name, got, c.want)
		}
	}
}

// A message by hand: two functions, one of them inlined into the other, and three samples
// of it in two records.
func TestRead(t *testing.T) {
	samples, err := profile.Read(message(t, func(m *proto) {
		for _, text := range []string{"", "inner", "outer", "file.go"} {
			m.bytes(6, []byte(text))
		}
		m.message(5, func(f *proto) { f.number(1, 1); f.number(2, 1); f.number(4, 3) })
		m.message(5, func(f *proto) { f.number(1, 2); f.number(2, 2); f.number(4, 3) })
		m.message(4, func(l *proto) {
			l.number(1, 9)
			l.message(4, func(l *proto) { l.number(1, 1); l.number(2, 12) })
			l.message(4, func(l *proto) { l.number(1, 2); l.number(2, 34) })
		})
		m.message(2, func(s *proto) { s.packed(1, 9); s.packed(2, 2, 20_000_000) })
		m.message(2, func(s *proto) { s.number(1, 9); s.number(2, 1); s.number(2, 10_000_000) })
	}))
	if err != nil {
		t.Fatal(err)
	}
	if len(samples) != 2 || samples[0].Nanos != 20_000_000 || samples[1].Nanos != 10_000_000 {
		t.Fatalf("got %+v", samples)
	}
	want := []profile.Frame{{Function: "inner", File: "file.go", Line: 12}, {Function: "outer", File: "file.go", Line: 34}}
	for _, s := range samples {
		if len(s.Stack) != 2 || s.Stack[0] != want[0] || s.Stack[1] != want[1] {
			t.Errorf("got %+v, want %+v", s.Stack, want)
		}
	}
}

// What the runtime itself writes is read: a profile of nothing has no samples.
func TestReadOfTheRuntime(t *testing.T) {
	var b bytes.Buffer
	if err := pprof.StartCPUProfile(&b); err != nil {
		t.Skip(err) // the tests themselves are profiled
	}
	pprof.StopCPUProfile()
	if _, err := profile.Read(&b); err != nil {
		t.Error(err)
	}
}

func TestReadOfNoProfile(t *testing.T) {
	if _, err := profile.Read(strings.NewReader("no profile")); err == nil {
		t.Error("a text is read as a profile")
	}
	for name, raw := range map[string][]byte{"half a field": {0x32, 5, 'a'}, "half a number": {0x08, 0x80}, "another form": {0x33}, "a sample without values": {0x12, 0}} {
		if _, err := profile.Read(zipped(t, raw)); err == nil {
			t.Errorf("%s is read as a profile", name)
		}
	}
}

// FuzzRead: whatever it is, it is read or refused.
func FuzzRead(f *testing.F) {
	f.Add([]byte{0x32, 1, 'a', 0x12, 2, 0x0a, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, _ = profile.Read(zipped(t, raw))
	})
}

// A proto is a message of protocol buffers that is written.
type proto struct{ b []byte }

func (p *proto) number(field int, v uint64) {
	p.b = binary.AppendUvarint(binary.AppendUvarint(p.b, uint64(field)<<3), v)
}

func (p *proto) bytes(field int, v []byte) {
	p.b = append(binary.AppendUvarint(binary.AppendUvarint(p.b, uint64(field)<<3|2), uint64(len(v))), v...)
}

func (p *proto) packed(field int, list ...uint64) {
	var b []byte
	for _, v := range list {
		b = binary.AppendUvarint(b, v)
	}
	p.bytes(field, b)
}

func (p *proto) message(field int, write func(*proto)) {
	var inner proto
	write(&inner)
	p.bytes(field, inner.b)
}

func message(t *testing.T, write func(*proto)) *bytes.Buffer {
	t.Helper()
	var m proto
	write(&m)
	return zipped(t, m.b)
}

func zipped(t *testing.T, raw []byte) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}
