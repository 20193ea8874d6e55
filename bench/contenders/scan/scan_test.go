package scan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

var asked = []string{"id", "type", "amount", "a-rather-long-name", "é"}

// values gives what encoding/json finds for the names in a line that is valid.
func values(t *testing.T, line []byte) []string {
	t.Helper()
	var all map[string]json.RawMessage
	if err := json.Unmarshal(line, &all); err != nil {
		t.Fatalf("the test's own line is bad: %v: %s", err, line)
	}
	found := make([]string, len(asked))
	for i, n := range asked {
		found[i] = string(all[n])
	}
	return found
}

func walked(w *Walker, line []byte) ([]string, error) {
	if err := w.Line(line); err != nil {
		return nil, err
	}
	found := make([]string, len(asked))
	for i := range asked {
		found[i] = string(w.Values[i].Of(line))
	}
	return found, nil
}

func stopped(s *Stopper, line []byte) ([]string, error) {
	found := make([]string, len(asked))
	if err := s.Start(line); err != nil {
		return nil, err
	}
	for {
		field, value, err := s.Next()
		if err != nil || field < 0 {
			return found, err
		}
		found[field] = string(value.Of(line))
	}
}

// object writes a random object: known and unknown keys in any order, white space
// or none, escapes, nesting.
func object(r *rand.Rand, keys []string, spaced bool) []byte {
	var b bytes.Buffer
	space := func() {
		if spaced && r.IntN(3) == 0 {
			b.WriteString([]string{" ", "\t", " \r", "  "}[r.IntN(4)])
		}
	}
	var value func(depth int)
	text := func() string {
		s := strings.Repeat(string(rune('a'+r.IntN(26))), r.IntN(40))
		return `"` + []string{s, s + `\"`, `\\`, s + `\\\"` + s, s + `\\`, "{[" + s, s + "é東", `\u00e9]}`}[r.IntN(8)] + `"`
	}
	value = func(depth int) {
		switch k := r.IntN(8); {
		case k < 3:
			b.WriteString(text())
		case k < 5 || depth == 0:
			b.WriteString([]string{"1", "-2.5e+10", "true", "false", "null", "0"}[r.IntN(6)])
		case k < 7:
			b.WriteByte('{')
			for i := range r.IntN(3) {
				if i > 0 {
					b.WriteByte(',')
				}
				space()
				fmt.Fprintf(&b, `"k%d":`, i)
				value(depth - 1)
				space()
			}
			b.WriteByte('}')
		default:
			b.WriteByte('[')
			for i := range r.IntN(3) {
				if i > 0 {
					b.WriteByte(',')
				}
				space()
				value(depth - 1)
			}
			b.WriteByte(']')
		}
	}
	space()
	b.WriteByte('{')
	for i, k := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		space()
		b.WriteString(k)
		space()
		b.WriteByte(':')
		space()
		value(3)
		space()
	}
	b.WriteByte('}')
	space()
	return b.Bytes()
}

// Whatever order, spelling and white space the lines have, and whatever was learned
// from the lines before, both scanners find what encoding/json finds.
func TestScannersFindWhatTheStandardLibraryFinds(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	keys := []string{`"id"`, `"type"`, `"amount"`, `"a-rather-long-name"`, `"é"`, `"x"`, `"unknown"`, `"a-name-that-nobody-asked-for"`, `""`}
	escaped := map[string]string{`"id"`: `"\u0069d"`, `"é"`: `"\u00e9"`}
	w, s := NewWalker(asked...), NewStopper(asked...)
	for n := range 20_000 {
		if n%5 == 0 { // several lines with the same keys: the learned way
			r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		}
		line := keys[:r.IntN(len(keys)+1)]
		if n%50 == 0 {
			line = append([]string(nil), line...)
			for i, k := range line {
				if e, ok := escaped[k]; ok {
					line[i] = e
				}
			}
		}
		text := object(r, line, n%7 == 0)
		want := values(t, text)
		if got, err := walked(w, text); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("walker: %v\n%s\ngot  %q\nwant %q", err, text, got, want)
		}
		if got, err := stopped(s, text); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("stopper: %v\n%s\ngot  %q\nwant %q", err, text, got, want)
		}
	}
}

func TestWalkerRefusesBrokenLines(t *testing.T) {
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 99)
	for _, line := range []string{
		``, ` `, `{`, `}`, `[]`, `"id"`, `{"id"}`, `{"id":}`, `{"id":1`, `{"id":1,}`, `{"id":"a}`, `{"id":"a\"}`,
		`{"id":[1}`, `{"id":[1}]}`, `{"id":{"a":1]}`, `{"id":1]}`, `{"id":1}}`, `{"id":1} {"id":2}`, `{"id":1,"id":2}`,
		`{"id" 1}`, `{id:1}`, `{"id":1 "type":2}`, `{"id":` + deep + `}`, `{,}`, `{"id":1,"type":`, `{"id":`, `{"`,
	} {
		w := NewWalker(asked...)
		if err := w.Line([]byte(line)); err == nil {
			t.Errorf("%s: walked", line)
		}
		// And again with these keys learned.
		if err := w.Line([]byte(`{"id":1,"type":2}`)); err != nil {
			t.Errorf("after %s: %v", line, err)
		}
		if err := w.Line([]byte(line)); err == nil {
			t.Errorf("%s: walked after a good line", line)
		}
	}
}

func TestWalkerTakesDeepNesting(t *testing.T) {
	deep := strings.Repeat(`[{"a":`, 100) + `"]"` + strings.Repeat("}]", 100)
	line := []byte(`{"id":` + deep + `,"type":1}`)
	if err := NewWalker(asked...).Line(line); err != nil {
		t.Error(err)
	}
}

func TestStopperLooksNoFurther(t *testing.T) {
	s := NewStopper("id")
	if err := s.Start([]byte(`{"id":"a","rest":broken`)); err != nil {
		t.Fatal(err)
	}
	if field, _, err := s.Next(); field != 0 || err != nil {
		t.Errorf("got field %d, %v", field, err)
	}
}

// The hot loops allocate nothing: the figures are of scanning, not of collecting.
func TestHotLoopsDoNotAllocate(t *testing.T) {
	line := []byte(`{"id":"1","type":"payment","at":"t","account":"a","counterparty":"c","amount":"250.5000000"}` + "\n")
	p, e := NewPayments(), NewEarlyPayments()
	outs := [][]byte{make([]byte, 0, 1024)}
	for name, process := range map[string]func([]byte, [][]byte) error{"walker": p.Process, "stopper": e.Process} {
		got := testing.AllocsPerRun(100, func() {
			outs[0] = outs[0][:0]
			if err := process(line, outs); err != nil {
				t.Fatal(err)
			}
		})
		if got != 0 {
			t.Errorf("%s: %v allocations a line", name, got)
		}
		const want = `{"id":"1","at":"t","account":"a","counterparty":"c","amount":"250.5000000","fee":"0.62625000000"}` + "\n"
		if string(outs[0]) != want {
			t.Errorf("%s: got %s", name, outs[0])
		}
	}
}
