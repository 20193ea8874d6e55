package logfmt

import (
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
	"github.com/flowc-dev/flowc/runtime/codec/text"
)

var scanner = NewScanner([]Field{{"level", 0}, {"msg", 1}, {"n", 2}})

func TestScan(t *testing.T) {
	for line, want := range map[string]string{
		``:                                   `-|-|-`,
		`  `:                                 `-|-|-`,
		`level=info msg="a text" n=5`:        `info|a text|5`,
		` n=5  other="n=6 level=x" level= `:  `|-|5`,
		`msg="a \"quoted\" \\ text\n" n`:     `-|a "quoted" \ text` + "\n" + `|`,
		`msg="\u00e9\x41\ud83d\ude00\/\101"`: `-|éA😀/A|-`,
		`msg=""`:                             `-||-`,
		`msg=http://x/?a=b&c="d" n=-1`:       `-|http://x/?a=b&c="d"|-1`,
		`levels=1 level=2 é=3`:               `2|-|-`,
		`msg="\xc3\xa9"`:                     `-|é|-`,
	} {
		cells := make([]text.Cell, scanner.Width())
		if err := scanner.Scan([]byte(line), cells); err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		var got []string
		for _, c := range cells {
			if c.IsAbsent() {
				got = append(got, "-")
				continue
			}
			var slab jsonscan.Slab
			v, err := String([]byte(line), c, &slab)
			kept, _ := StringCopy([]byte(line), c, &slab)
			if err != nil || v != kept || IsEmpty([]byte(line), c) != (v == "") {
				t.Errorf("%s: %q, %q, %v", line, v, kept, err)
			}
			got = append(got, v)
		}
		if text := strings.Join(got, "|"); text != want {
			t.Errorf("%s:\n got %s\nwant %s", line, text, want)
		}
	}
}

func TestErrors(t *testing.T) {
	for line, want := range map[string]string{
		`=1`:            `expected a key, found "=" (byte 0)`,
		`a=1 "b"=2`:     `expected a key, found "\"" (byte 4)`,
		`a"b=2`:         `a quote inside of a key (byte 1)`,
		`n=1 n=2`:       `a second value for "n" (byte 4)`,
		`msg="open`:     `a value without its closing quote (byte 4)`,
		`msg="open\"`:   `a value without its closing quote (byte 4)`,
		`msg="open\`:    `a value without its closing quote (byte 4)`,
		`msg="a"b`:      `text behind the closing quote of a value (byte 7)`,
		`msg="a\qb"`:    `no escape begins with "\\q" (byte 6)`,
		`msg="\ud83d"`:  `no escape begins with "\\u" (byte 5)`,
		"msg=\"a\xff\"": `text that is not UTF-8: "\xff" (byte 6)`,
		"msg=\xff":      `text that is not UTF-8: "\xff" (byte 4)`,
		`msg="\xff"`:    `text that is not UTF-8: "\xff" (byte 5)`,
	} {
		cells := make([]text.Cell, scanner.Width())
		err := scanner.Scan([]byte(line), cells)
		if err == nil && !cells[1].IsAbsent() {
			_, err = String([]byte(line), cells[1], new(jsonscan.Slab))
		}
		if err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", line, err, want)
		}
	}
}

func TestDecoders(t *testing.T) {
	one := NewScanner([]Field{{"v", 0}})
	check := func(line string, want any, decode func(line []byte, c text.Cell) (any, error)) {
		t.Helper()
		cells := make([]text.Cell, 1)
		if err := one.Scan([]byte(line), cells); err != nil {
			t.Fatal(err)
		}
		got, err := decode([]byte(line), cells[0])
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %v, want %v", line, got, want)
		}
	}
	var slab jsonscan.Slab
	check(`x v y`, true, func(l []byte, c text.Cell) (any, error) { return Bool(l, c) })
	check(`v=false`, false, func(l []byte, c text.Cell) (any, error) { return Bool(l, c) })
	check(`v=`, `expected true or false, found "" (byte 2)`, func(l []byte, c text.Cell) (any, error) { return Bool(l, c) })
	check(`v="5"`, int64(5), func(l []byte, c text.Cell) (any, error) { return Int64(l, c) })
	check(`v=5`, 5, func(l []byte, c text.Cell) (any, error) { return Int(l, c) })
	check(`a=1 v="x"`, `expected an integer, found "x" (byte 7)`, func(l []byte, c text.Cell) (any, error) { return Int(l, c) })
	check(`v=5`, uint64(5), func(l []byte, c text.Cell) (any, error) { return Uint64(l, c) })
	check(`v=5.5`, 5.5, func(l []byte, c text.Cell) (any, error) { return Float64(l, c) })
	check(`v=12ms`, 12*time.Millisecond, func(l []byte, c text.Cell) (any, error) { return Duration(l, c) })
	check(`v=2026-01-02T03:04:05Z`, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), func(l []byte, c text.Cell) (any, error) { return Time(l, c) })
	check(`v=AAE=`, "\x00\x01", func(l []byte, c text.Cell) (any, error) { b, err := Bytes(l, c, &slab); return string(b), err })
	check(`v=1.50`, `"1.50"`, func(l []byte, c text.Cell) (any, error) {
		d, err := Decimal(l, c)
		return string(d.AppendJSON(nil)), err
	})
	check(`v=1.50`, `1.50`, func(l []byte, c text.Cell) (any, error) {
		d, err := Number(l, c)
		return string(d.AppendJSON(nil)), err
	})
	check(`v="w\u0061rn"`, 1, func(l []byte, c text.Cell) (any, error) { return Enum(l, c, []string{"info", "warn"}, &slab) })
	check(`v="{\"a\":1}"`, `{"a":1}`, func(l []byte, c text.Cell) (any, error) {
		var v jsonscan.Validator
		raw, err := Raw(l, c, &v, &slab)
		return string(raw), err
	})
}

func FuzzScan(f *testing.F) {
	f.Add([]byte(`level=info msg="a \"text\" \u00e9" n=5 x`))
	f.Add([]byte("msg=\"\\ud83d\\ude00\\377\" n = 5"))
	f.Fuzz(func(t *testing.T, line []byte) {
		cells := make([]text.Cell, scanner.Width())
		if err := scanner.Scan(line, cells); err != nil {
			if e := err.(*jsonscan.Error); e.Offset < 0 || e.Offset > len(line) {
				t.Fatalf("%q: %v", line, err)
			}
			return
		}
		for _, c := range cells {
			if !c.IsAbsent() {
				_, _ = String(line, c, new(jsonscan.Slab))
				_, _ = Bool(line, c)
			}
		}
	})
}

func TestAllocatesNothing(t *testing.T) {
	line := []byte(`ts=2026-01-02T03:04:05Z level=info msg="a \"text\"" n=5`)
	cells := make([]text.Cell, scanner.Width())
	var arena jsonscan.Arena
	n := testing.AllocsPerRun(100, func() {
		arena.Reset()
		if err := scanner.Scan(line, cells); err != nil {
			t.Fatal(err)
		}
		_, _ = String(line, cells[1], &arena.Slab)
		_, _ = Int64(line, cells[2])
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkScan(b *testing.B) {
	line := []byte(`ts=2026-01-02T03:04:05Z level=info caller=main.go:42 msg="a text of some words" user=u-123 took=12ms status=200 n=5`)
	cells := make([]text.Cell, scanner.Width())
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		if err := scanner.Scan(line, cells); err != nil {
			b.Fatal(err)
		}
	}
}
