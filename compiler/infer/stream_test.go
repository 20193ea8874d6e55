package infer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// A stream gives a text n times, behind a head and before a tail, and holds no
// more of it than that text.
type stream struct {
	head, text, tail string
	n                int
	rest             string
	state            int
}

func (s *stream) Read(b []byte) (int, error) {
	for s.rest == "" {
		switch {
		case s.state == 0:
			s.rest, s.state = s.head, 1
		case s.state == 1 && s.n > 0:
			s.n--
			s.rest = s.text
		case s.state == 1:
			s.rest, s.state = s.tail, 2
		default:
			return 0, io.EOF
		}
	}
	n := copy(b, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// TestMemory holds that a sample costs memory by its shape, not by its size: each
// of these is 16 MB.
func TestMemory(t *testing.T) {
	const size = 16 << 20
	long := strings.Repeat("x", 1<<10)
	row := `{"id":"01234567","n":12.5,"list":[1,2,3],"o":{"a":null}}` + "\n"
	for name, s := range map[string]*stream{
		"records":     {text: row, n: size / len(row)},
		"one array":   {head: "[0", text: "," + row, n: size / len(row), tail: "]"},
		"long string": {head: `{"s":"`, text: long, n: size / len(long), tail: `"}`},
		"long name":   {head: `{"a":{"`, text: long, n: size / len(long), tail: `":1}}`},
		"long number": {head: `{"n":`, text: strings.Repeat("1", 1<<10), n: size >> 10, tail: `}`},
		"one list":    {head: `{"l":[0`, text: ",1.5", n: size / 4, tail: "]}"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r, err := Sample(t.Context(), s, Options{File: "big.json"})
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatal(err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
				t.Errorf("%d bytes were allocated for\n%s", used, r.YAML)
			}
		})
	}
}

// TestManyNames holds that names that are data, or too many, end up in maps or
// are not looked into, and that memory stays bounded.
func TestManyNames(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, `{"id":1,"by":{"name%d":%d},"deep":{"x%d":{"y%d":{"z%d":[1]}}}}`+"\n", i, i, i%900, i, i)
	}
	r, err := Sample(t.Context(), strings.NewReader(b.String()), Options{File: "names.ndjson"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"by: map of int  # a map: its names are data, more than 1,000 of them", "deep: map of map of map of list of int"} {
		if !strings.Contains(r.YAML, want) {
			t.Errorf("want %s in\n%s", want, r.YAML)
		}
	}
	roundTrip(t, r, []byte(b.String()))
}

func TestDeep(t *testing.T) {
	for _, c := range []struct{ begin, end string }{{"[", "]"}, {`{"a":`, "}"}, {`{"a":[`, "]}"}} {
		n := 9000 / len(strings.Trim(c.begin, `":a`))
		sample := `{"v":` + strings.Repeat(c.begin, n) + "1" + strings.Repeat(c.end, n) + "}"
		r, err := Sample(t.Context(), strings.NewReader(sample), Options{File: "deep.json"})
		if err != nil {
			t.Fatal(err)
		}
		roundTrip(t, r, []byte(sample))
	}
	sample := strings.Repeat("[", 20_000)
	var e *Error
	if _, err := Sample(t.Context(), strings.NewReader(sample), Options{File: "deep.json"}); !errors.As(err, &e) || e.Column != 10_002 {
		t.Errorf("%v", err)
	}
}

func TestLargeRecord(t *testing.T) {
	sample := `{"s":"` + strings.Repeat("x", 20<<20) + `"}`
	r, err := Sample(t.Context(), strings.NewReader(sample), Options{File: "large.ndjson"})
	if err != nil || r.Source.MaxRecord != 32<<20 || !strings.Contains(r.YAML, "max_record: 32MiB") {
		t.Errorf("%v\n%s", err, r.YAML)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Sample(ctx, strings.NewReader("{}"), Options{File: "a.json"}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func BenchmarkSample(b *testing.B) {
	for name, row := range map[string]string{
		"payments.ndjson": `{"id":"0123456789abcdef","account":"GABCDEFGHIJKLMNOPQRSTUVW","asset":{"code":"USDC","issuer":null},"amount":"1234.50","side":"buy","fee":0.25,"tags":["a","b"],"at":"2026-01-02T03:04:05Z","ledger":51234567}` + "\n",
		"payments.csv":    "0123456789abcdef,GABCDEFGHIJKLMNOPQRSTUVW,USDC,,1234.50,buy,0.25,2026-01-02T03:04:05Z,51234567\n",
	} {
		b.Run(name, func(b *testing.B) {
			data := bytes.Repeat([]byte(row), 10_000)
			if strings.HasSuffix(name, ".csv") {
				data = append([]byte("id,account,code,issuer,amount,side,fee,at,ledger\n"), data...)
			}
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := Sample(b.Context(), bytes.NewReader(data), Options{File: name}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
