package blocks

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// input is what the compiler says for a format.
func input(format string) connect.Input {
	in := connect.Input{Node: "in", Format: format}
	switch format {
	case "json":
		in.Frame = func() frame.Framer { return &frame.JSONValues{} }
	case "csv":
		in.Header = true
		in.Frame = func() frame.Framer { return frame.CSVRows{Delimiter: ',', Quote: '"'} }
	case "bytes":
		in.Frame = func() frame.Framer { return frame.Whole{} }
	default:
		in.Frame = func() frame.Framer { return frame.Lines{} }
	}
	return in
}

// framer is that of a batch, as generated code has it.
func framer(format string, b *flow.Batch) frame.Framer {
	if f, ok := b.Frame.(*frame.JSONValues); ok {
		copied := *f
		return &copied
	}
	return input(format).Frame()
}

// A got is what came out of a stream.
type got struct {
	records []string
	errs    []string
	header  string
}

// drain reads a stream to its end, with a look at what must hold for each batch.
func drain(t *testing.T, format string, r *Reader, more More, text string) got {
	t.Helper()
	var g got
	b := &flow.Batch{}
	for {
		b.Data, b.Base, b.Frame = make([]byte, 0, flow.BlockSize), -1, nil
		from := r.Offset()
		ok, err := r.Fill(b, more)
		var skipped *flow.RecordError
		switch {
		case errors.As(err, &skipped):
			if !ok || len(b.Data) > 0 || skipped.Offset != from || b.Split == "" {
				t.Fatalf("a skipped record: %v, %q, %+v at %d", ok, b.Data, skipped, from)
			}
			g.errs = append(g.errs, fmt.Sprintf("line %d: %v", skipped.TextLine, skipped.Err))
			continue
		case err != nil:
			g.errs = append(g.errs, err.Error())
			return g
		case !ok:
			return g
		}
		place := b.Aux.(*Place)
		if b.Offset != from && g.records != nil {
			t.Fatalf("a batch at %d, and the one before ended at %d", b.Offset, from)
		}
		if want := strings.Count(text[:b.Offset], "\n"); int(place.Line) != want {
			t.Fatalf("line %d at offset %d, want %d", place.Line, b.Offset, want)
		}
		if r.byLines() && b.Base != place.Line || !r.byLines() && b.Base != -1 {
			t.Fatalf("base %d, line %d", b.Base, place.Line)
		}
		if string(b.Data) != text[b.Offset:b.Offset+int64(len(b.Data))] || r.Offset() != b.Offset+int64(len(b.Data)) {
			t.Fatalf("the batch at %d is %q", b.Offset, b.Data)
		}
		if h, ok := b.Frame.(*frame.Header); ok {
			g.header = string(h.Row)
		}
		f := framer(format, b)
		for pos := 0; ; {
			start, end, next, ok := f.Next(b.Data, pos)
			if !ok {
				break
			}
			g.records = append(g.records, string(b.Data[start:end]))
			pos = next
		}
	}
}

// pieces reads text in pieces of the sizes that next gives.
func pieces(text string, next func() int) More {
	return func(p []byte) (int, error) {
		if text == "" {
			return 0, io.EOF
		}
		n := min(len(text), len(p), max(next(), 1))
		copy(p, text[:n])
		text = text[n:]
		return n, nil
	}
}

func TestFill(t *testing.T) {
	long := strings.Repeat("x", 300)
	const tooLong = "the record has %d bytes or more, and `max_record` is 200: raise it if that is right"
	for _, tc := range []struct {
		name, format, text string
		want               got
	}{
		{"empty", "ndjson", "", got{}},
		{"lines", "ndjson", "a\nb\n", got{records: []string{"a", "b"}}},
		{"no line end at the end", "text", "a\n\nb", got{records: []string{"a", "", "b"}}},
		{"CRLF", "text", "a\r\nb\r\n", got{records: []string{"a", "b"}}},
		{"byte order mark", "ndjson", "\xef\xbb\xbf1\n2\n", got{records: []string{"1", "2"}}},
		{"only a byte order mark", "ndjson", "\xef\xbb\xbf", got{}},
		{"begin of a byte order mark", "text", "\xef\xbb", got{records: []string{"\xef\xbb"}}},
		{"a byte order mark in bytes is content", "bytes", "\xef\xbb\xbf1", got{records: []string{"\xef\xbb\xbf1"}}},
		{"bytes", "bytes", "a\nb", got{records: []string{"a\nb"}}},
		{"a long line", "ndjson", "a\n" + long + "\nb\n", got{records: []string{"a", "b"}, errs: []string{"line 2: " + fmt.Sprintf(tooLong, 300)}}},
		{"a long line at the end", "ndjson", "a\n" + long, got{records: []string{"a"}, errs: []string{"line 2: " + fmt.Sprintf(tooLong, 300)}}},
		{"two long lines", "text", long + "\n" + long + "\n", got{errs: []string{"line 1: " + fmt.Sprintf(tooLong, 300), "line 2: " + fmt.Sprintf(tooLong, 300)}}},
		{"a line of the longest size", "text", long[:200] + "\n" + long[:200], got{records: []string{long[:200], long[:200]}}},
		{"json", "json", "[1,\n 2]\n{\"a\":\n3}", got{records: []string{"1", "2", "{\"a\":\n3}"}}},
		{"an array that does not end", "json", "[1", got{records: []string{"1"}, errs: []string{"in: byte 2: the array does not end: expected ',' or ']', found the end of the data"}}},
		{"json that is broken", "json", "1 2 ]", got{records: []string{"1", "2"}, errs: []string{`in: byte 4: expected a value, found "]"`}}},
		{"a long value", "json", "1 \"" + long + "\" 2", got{records: []string{"1"}, errs: []string{"in: byte 2: " + fmt.Sprintf(tooLong, 302)}}},
		{"csv", "csv", "id,name\n1,a\n2,\"b\nc\"\n", got{records: []string{"1,a", "2,\"b\nc\""}, header: "id,name"}},
		{"csv with a mark and blank lines", "csv", "\xef\xbb\xbf\r\n\r\nid,name\r\n1,a", got{records: []string{"1,a"}, header: "id,name"}},
		{"a table without rows", "csv", "id,name", got{}},
		{"a table without anything", "csv", "\n\n", got{}},
		{"a long row", "csv", "id\n1\n" + long + "\n2\n", got{records: []string{"1"}, header: "id", errs: []string{"in: byte 5: " + fmt.Sprintf(tooLong, 300)}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for size := range 20 {
				if size == 0 {
					size = len(tc.text)
				}
				r := New("in", input(tc.format), 200)
				g := drain(t, tc.format, r, pieces(tc.text, func() int { return size }), tc.text)
				// How much of a long record had been seen depends on the pieces.
				for i := range g.errs {
					if strings.Contains(tc.name, "a long") && i < len(tc.want.errs) {
						g.errs[i], tc.want.errs[i] = cutSize(g.errs[i]), cutSize(tc.want.errs[i])
					}
				}
				if !reflect.DeepEqual(g, tc.want) {
					t.Fatalf("in pieces of %d:\n got %+v\nwant %+v", size, g, tc.want)
				}
			}
		})
	}
}

func cutSize(s string) string {
	from := strings.Index(s, "has ")
	to := strings.Index(s, " bytes")
	if from < 0 || to < 0 {
		return s
	}
	return s[:from] + s[to:]
}

// A record that is longer than a block comes whole.
func TestLongerThanABlock(t *testing.T) {
	text := "1\n\"" + strings.Repeat("x", 3*flow.BlockSize) + "\"\n2\n"
	for _, format := range []string{"ndjson", "json"} {
		r := New("in", input(format), 16<<20)
		g := drain(t, format, r, pieces(text, func() int { return 50_000 }), text)
		if !reflect.DeepEqual(g.records, strings.Fields(text)) || g.errs != nil {
			t.Errorf("%s: %d records, %v", format, len(g.records), g.errs)
		}
	}
}

// A line of gigabytes takes no more memory than the limit.
func TestEndlessLine(t *testing.T) {
	left := 200 << 20
	more := func(p []byte) (int, error) {
		n := min(left, len(p))
		left -= n
		if n == 0 {
			return copy(p, "\n1\n"), io.EOF
		}
		return n, nil // zero bytes, with no line end
	}
	r := New("in", input("ndjson"), 1<<20)
	b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
	_, err := r.Fill(b, more)
	var e *flow.RecordError
	if !errors.As(err, &e) || len(e.Record) > sampleSize || cap(b.Data) > 4<<20 {
		t.Fatalf("%v, a buffer of %d", err, cap(b.Data))
	}
	if ok, err := r.Fill(b, more); !ok || err != nil || string(b.Data) != "1\n" || b.Base != 1 {
		t.Errorf("%q, base %d, %v", b.Data, b.Base, err)
	}
}

// A stream that grows gives a line when its end is there, and the last one when
// it is final.
func TestGrowing(t *testing.T) {
	text := ""
	more := func(p []byte) (int, error) {
		n := copy(p, text)
		text = text[n:]
		return n, io.EOF
	}
	r := New("in", input("text"), 1000)
	r.Final = false
	b := &flow.Batch{}
	step := func(add, want string) {
		t.Helper()
		text += add
		r.Continue()
		b.Data = b.Data[:0]
		ok, err := r.Fill(b, more)
		if err != nil || ok != (want != "") || ok && string(b.Data) != want {
			t.Fatalf("after %q: %q, %v, %v", add, b.Data, ok, err)
		}
	}
	step("", "")
	step("a", "")
	step("b\nc", "ab\n")
	step("", "")
	if r.Read() != 4 || string(r.Rest()) != "c" {
		t.Errorf("read %d, rest %q", r.Read(), r.Rest())
	}
	step("\nd", "c\n")
	step(strings.Repeat("x", 2000), "") // too long, and still no end
	step("y", "")
	r.Final = true
	b.Data = b.Data[:0]
	if ok, err := r.Fill(b, more); !ok || err == nil {
		t.Errorf("the last line: %v, %v", ok, err)
	}
}

// An error of the stream comes behind the records before it, and what was read
// is there when the stream goes on.
func TestErrorsKeepWhatWasRead(t *testing.T) {
	broken := errors.New("broken")
	steps := []string{"a\nb", "!", "c\nd", "!", "!", "\n"}
	more := func(p []byte) (int, error) {
		if len(steps) == 0 {
			return 0, io.EOF
		}
		s := steps[0]
		steps = steps[1:]
		if s == "!" {
			return 0, broken
		}
		return copy(p, s), nil
	}
	r := New("in", input("text"), 1000)
	var events []string
	b := &flow.Batch{}
	for range 20 {
		b.Data = b.Data[:0]
		ok, err := r.Fill(b, more)
		switch {
		case err != nil:
			events = append(events, err.Error())
		case ok:
			events = append(events, string(b.Data))
		default:
			if want := []string{"a\n", "broken", "bc\n", "broken", "broken", "d\n"}; !reflect.DeepEqual(events, want) {
				t.Errorf("%q, want %q", events, want)
			}
			return
		}
	}
	t.Errorf("no end: %q", events)
}

// Resuming at the position behind any batch gives exactly the rest, whatever the
// blocks are.
func TestResume(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	texts := map[string][]string{
		"text":   {"a\n\nbc\r\nd\n\n\ne", "\xef\xbb\xbfx\ny"},
		"json":   {"[1, {\"a\":[2]} ,\"]\" ]\n{} [] 5", " [\n1\n,\n2\n]\n[3]"},
		"csv":    {"id,n\n1,\"a\nb\"\n2,c\n\n3,d", "\xef\xbb\xbf\nid\n1\n2"},
		"ndjson": {"1\n2\n3\n"},
	}
	for format, list := range texts {
		for _, text := range list {
			whole := drain(t, format, New("in", input(format), 1000), pieces(text, func() int { return len(text) }), text)
			if whole.errs != nil || len(whole.records) == 0 {
				t.Fatalf("%s %q: %+v", format, text, whole)
			}
			for range 200 {
				first := New("in", input(format), 1000)
				more := pieces(text, func() int { return 1 + r.IntN(5) })
				stop := r.IntN(6)
				var before []string
				b := &flow.Batch{}
				for range stop {
					b.Data, b.Frame = b.Data[:0], nil
					ok, err := first.Fill(b, more)
					if err != nil {
						t.Fatal(err)
					}
					if !ok {
						break
					}
					f := framer(format, b)
					for pos := 0; ; {
						start, end, next, ok := f.Next(b.Data, pos)
						if !ok {
							break
						}
						before, pos = append(before, string(b.Data[start:end])), next
					}
				}
				if first.Offset() == 0 {
					continue
				}
				second := New("in", input(format), 1000)
				at := 0
				again := func(p []byte) (int, error) {
					if at == len(text) {
						return 0, io.EOF
					}
					n := copy(p[:min(len(p), 1+r.IntN(9))], text[at:])
					at += n
					return n, nil
				}
				if err := second.Header(again); err != nil {
					t.Fatal(err)
				}
				skip, err := second.Resume(first.Offset(), first.Line(), first.State())
				if err != nil || skip < 0 || at+int(skip) > len(text) {
					t.Fatalf("%s: skip %d of %d at %d: %v", format, skip, len(text), at, err)
				}
				at += int(skip)
				rest := drain(t, format, second, again, text)
				if all := append(before, rest.records...); !reflect.DeepEqual(all, whole.records) || rest.errs != nil {
					t.Fatalf("%s %q at %d: %q, %v", format, text, first.Offset(), all, rest.errs)
				}
				if rest.header != whole.header && len(rest.records) > 0 {
					t.Fatalf("header %q", rest.header)
				}
			}
		}
	}
}

func TestFillAllocatesLittle(t *testing.T) {
	text := strings.Repeat("{\"id\":1}\n", 20_000)
	r := New("in", input("ndjson"), 1<<20)
	more := pieces(text, func() int { return 1 << 20 })
	b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
	n := testing.AllocsPerRun(5, func() {
		b.Data = b.Data[:0]
		if ok, err := r.Fill(b, more); err != nil || !ok && len(text) > 1<<20 {
			t.Fatal(err)
		}
	})
	if n > 1 {
		t.Errorf("%v allocations a block", n)
	}
}
