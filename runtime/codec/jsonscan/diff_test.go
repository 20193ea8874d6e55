//go:build goexperiment.jsonv2

package jsonscan

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"maps"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"
)

// These tests hold the package to encoding/json/v2. Run them with
// GOEXPERIMENT=jsonv2; each target can be fuzzed.

// records are seeds that have been worth trying.
var records = []string{
	`{}`, ` { } `, `{"a":1}`, `{"a":1,"b":"x"}`, `{"b":"x","a":1}`, "{\"a\" :\t1 ,\r\n\"b\": \"x\" }\n",
	`{"a":"\"","b":"\\"}`, `{"a":"\\\"","b":"\\\\"}`, `{"a":"x\\","b":1}`, `{"a":"12345678\"","b":"1234567\"8"}`,
	`{"\u0061":1}`, `{"\u0061":1,"a":2}`, `{"a":1,"a":2}`, `{"c":1,"c":2}`, `{"\ud800":1}`, `{"c\x":1}`, "{\"\xff\":1}",
	`{"n":{"x":1,"y":2}}`, `{"n":{"y":{"x":1},"x":[1,{"x":2}]},"a":[]}`, `{"n":{}}`, `{"n": { } , "a":{}}`, `{"n":null}`, `{"n":3,"a":4}`,
	`{"n":{"x":1},"n":{"y":2}}`, `{"n":{"x":1},"n":null}`, `{"n":null,"n":{"x":1}}`, `{"n":[{"x":1}]}`, `{"n":{"z":{"x":1}},"x":2}`, `{"n":{"x":1,"x":2}}`,
	`{"a":{"a":{"a":[[[{"b":"]}"}]]]}}}`, `{"a":[1,2`, `{"a":[1,2}`, `{"a":{"b":1]}`, `{"a"`, `{"a":`, `{"a":"`, `{"a":"x`, `{"a":1`, `{"a":1,`, `{`, ``,
	`{"a":1}}`, `{"a":1} x`, `{"a":1}{"a":1}`, `[1]`, `1`, `null`, `{"a":1,}`, `{,"a":1}`, `{"a" 1}`, `{"a":1 "b":2}`, `{"a":}`, `{"a":,"b":1}`, `{a:1}`, `{'a':1}`,
	`{"a":tru,"b":false}`, `{"a":true,"b":false,"c":null}`, `{"a":-0.0e+10,"b":1E400}`, `{"a":01}`, `{"a":+1}`, `{"a":1.}`, `{"a":.5}`, `{"a":1e}`, `{"c":12{}}`, `{"c":12{,"a":1}`,
	"{\"a\":\"\x01\"}", "{\"a\":\"\xc3\x28\"}", "{\"a\":\"\xed\xa0\x80\"}", `{"a":"\ud83d\ude00"}`, `{"a":"\ude00\ud83d"}`, `{"a":"\ud83d"}`, "{\"a\":\"é世界🙂\"}", "{\"a\":\"\xef\xbf\xbd\"}",
	"{\"a\":1\x00}", "\ufeff{\"a\":1}", `{"":1}`, `{"a_very_long_key_that_does_not_fit_into_two_words":1,"a":2}`,
	`{"a":123456789012345678901234567890,"b":"123456789012345678901234567890"}`, `{"y":{"Y":"y_"},"_":["y"],"a":1}`, `{"Y":Y,"a":1}`, "{\"c\":[y_\x7f],\"a\":1}",
	`{"a" : "x" , "b" : {"c" : [ 1 , 2 ] } , "n" : { "x" : 1 } }`,
}

var diffFields = []Field{
	{Name: "a", Index: 0},
	{Name: "b", Index: 1},
	{Name: "n", Index: 2, Fields: []Field{{Name: "x", Index: 3}, {Name: "y", Index: 4}}},
	{Name: "a_very_long_key_that_does_not_fit_into_two_words", Index: 5},
}

// diffMembers decodes record with encoding/json/v2 into the raw values that the
// spans of diffFields should show.
func diffMembers(record []byte) (want [6]string, err error) {
	var m map[string]jsontext.Value
	if err := json.Unmarshal(record, &m); err != nil {
		return want, err
	}
	want[0], want[1], want[5] = string(m["a"]), string(m["b"]), string(m[diffFields[3].Name])
	want[2] = string(m["n"])
	if m["n"].Kind() == '{' {
		var n map[string]jsontext.Value
		if err := json.Unmarshal(m["n"], &n); err != nil {
			return want, err
		}
		want[3], want[4] = string(n["x"]), string(n["y"])
	}
	return want, nil
}

// trained has read whatever the fuzzer made before.
var trained = NewObject(diffFields)

func FuzzScan(f *testing.F) {
	for _, r := range records {
		f.Add([]byte(r))
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		want, wantErr := diffMembers(record)
		if bytes.Equal(bytes.TrimSpace(record), []byte("null")) {
			t.Skip("null is a nil map there, and no object here")
		}
		fresh := NewObject(diffFields)
		spans := make([]Span, fresh.Width())
		for turn, o := range []*Object{fresh, fresh, trained, trained} {
			err := o.Scan(record, spans)
			if err != nil {
				if e := err.(*Error); e.Offset < 0 || e.Offset > len(record) {
					t.Fatalf("turn %d: %v lies outside of the record", turn, err)
				}
				if wantErr == nil {
					t.Fatalf("turn %d: %q: %v", turn, record, err)
				}
				continue
			}
			for i, s := range spans {
				if int(s.End) > len(record) || s.Start > s.End {
					t.Fatalf("turn %d: %q: span %d is %v", turn, record, i, s)
				}
				if wantErr == nil && string(s.Of(record)) != want[i] {
					t.Fatalf("turn %d: %q: span %d is %q, want %q", turn, record, i, s.Of(record), want[i])
				}
			}
		}
	})
}

// values are seeds for the decoders.
var values = []string{
	`null`, `true`, `false`, `tru`, `0`, `-0`, `1`, `-1`, `01`, `00`, `1.0`, `2e2`, `1e`, `1.`, `.1`, `-`, `+1`, `1e+1`, `1E-1`, `1e400`, `-1e400`, `1e-400`, `0e999999999999`,
	`9223372036854775807`, `9223372036854775808`, `-9223372036854775808`, `-9223372036854775809`, `18446744073709551615`, `18446744073709551616`, `99999999999999999999999`,
	`0.1`, `123.456`, `1234567890.123456789`, `9007199254740993`, `9007199254740993.0`, `1.7976931348623157e308`, `4.9e-324`, `2.2250738585072011e-308`, `0.000001`, `1e21`, `1e22`, `1e23`, `123456789012345678901234567890`, `0x10`, `1_000`, `Infinity`, `NaN`,
	`""`, `"a"`, `"abc def ghi jkl"`, `"\n\t\r\b\f\/\\\""`, `"\u00e9"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ude00"`, `"\ud83d\u0041"`, `"\u12"`, `"\x"`, "\"\x00\"", "\"\x1f\"", "\"\x7f\"", "\"\xff\"", "\"12345678\xc3\"", "\"é世界🙂\"", `"12345678é"`, `"1234567é"`,
	`"AAEC"`, `"AAE="`, `"AA=="`, `"AA="`, `"AAECAw"`, `"AAEC\n"`, `"A\u0041EC"`, `"____"`, `"AB=="`, `"AA==AAAA"`,
	`"2006-01-02T15:04:05Z"`, `"2006-01-02T15:04:05.999999999Z"`, `"2006-01-02T15:04:05.1234567891+07:00"`, `"2006-01-02T15:04:05-00:00"`, `"2006-01-02T15:04:05+23:59"`, `"2006-01-02T15:04:05+24:00"`, `"2006-01-02T15:04:05+23:60"`,
	`"2006-02-29T15:04:05Z"`, `"2004-02-29T15:04:05Z"`, `"1900-02-29T00:00:00Z"`, `"2000-02-29T00:00:00Z"`, `"0000-01-01T00:00:00Z"`, `"0000-02-29T00:00:00Z"`, `"9999-12-31T23:59:59.999999999-23:59"`, `"2006-01-02t15:04:05z"`, `"2006-01-02 15:04:05Z"`, `"2006-01-02T5:04:05Z"`, `"2006-01-02T15:04:05,5Z"`, `"2006-01-02T15:04:60Z"`, `"2006-01-02T24:00:00Z"`, `"2006-01-02T15:04:05.Z"`, `"2006-01-02T15:04:05.5"`, `"2006-04-31T15:04:05Z"`, `"2006-12-31T15:04:05\u005a"`, `"2006-13-01T00:00:00Z"`, `"2006-00-01T00:00:00Z"`, `"2006-01-00T00:00:00Z"`,
	`"1h30m"`, `"250ms"`, `"-1.5h"`, `"1"`, `"1d"`, `"0"`, `"1\u0068"`, `"9223372036854775807ns"`, `"1us"`, `"1µs"`, `{}`, `[]`, `[1,2,3]`, `{"a":[true]}`, `[1 2]`, `{"a":1,"a":2}`, `{"a":"\ud800"}`,
}

// equalTimes compares instant and offset.
func equalTimes(a, b time.Time) bool {
	_, x := a.Zone()
	_, y := b.Zone()
	return a.Equal(b) && x == y
}

func FuzzDecode(f *testing.F) {
	for _, v := range values {
		f.Add([]byte(v))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		end, err := SkipValue(raw, 0)
		if err != nil || end != len(raw) || bytes.Equal(raw, []byte("null")) {
			if err == nil && end == len(raw) {
				return
			}
			// What can't be delimited is no value there either.
			if jsontext.Value(raw).IsValid() && len(bytes.TrimSpace(raw)) == len(raw) {
				t.Fatalf("SkipValue(%q) = %d, %v", raw, end, err)
			}
			return
		}
		s := Span{0, uint32(end)}
		var slab Slab
		diff(t, raw, "string", func() (string, error) { return String(raw, s, &slab) }, equal)
		diff(t, raw, "string copy", func() (string, error) { return StringCopy(raw, s, &slab) }, equal)
		diff(t, raw, "int64", func() (int64, error) { return Int64(raw, s) }, equal)
		diff(t, raw, "int", func() (int, error) { return Int(raw, s) }, equal)
		diff(t, raw, "uint64", func() (uint64, error) { return Uint64(raw, s) }, equal)
		diff(t, raw, "bool", func() (bool, error) { return Bool(raw, s) }, equal)
		diff(t, raw, "float64", func() (float64, error) { return Float64(raw, s) }, func(a, b float64) bool {
			return math.Float64bits(a) == math.Float64bits(b)
		})
		diff(t, raw, "bytes", func() ([]byte, error) { return Bytes(raw, s, &slab) }, func(a, b []byte) bool {
			return bytes.Equal(a, b) && (a == nil) == (b == nil)
		})
		diff(t, raw, "time", func() (time.Time, error) { return Time(raw, s) }, equalTimes)

		type withFormat struct {
			V time.Duration `json:"v,format:units"`
		}
		var want withFormat
		wantErr := json.Unmarshal([]byte(`{"v":`+string(raw)+`}`), &want)
		got, err := Duration(raw, s)
		if (err == nil) != (wantErr == nil) || err == nil && got != want.V {
			t.Fatalf("duration of %q: %v, %v; want %v, %v", raw, got, err, want.V, wantErr)
		}

		var text string
		wantErr = json.Unmarshal(raw, &text)
		n, err := Enum(raw, s, []string{"a", "\"", "abc def ghi jkl", "é"})
		if wantErr != nil && err == nil || err == nil && text != []string{"a", "\"", "abc def ghi jkl", "é"}[n] {
			t.Fatalf("Enum(%q): %v, %v; want %q, %v", raw, n, err, text, wantErr)
		}
	})
}

func equal[T comparable](a, b T) bool { return a == b }

func diff[T any](t *testing.T, raw []byte, name string, decode func() (T, error), same func(a, b T) bool) {
	t.Helper()
	var want T
	wantErr := json.Unmarshal(raw, &want)
	got, err := decode()
	if (err == nil) != (wantErr == nil) || err == nil && !same(got, want) {
		t.Fatalf("%s of %q: %v, %v; want %v, %v", name, raw, got, err, want, wantErr)
	}
	if err != nil {
		if e := err.(*Error); e.Offset < 0 || e.Offset > len(raw) || e.Msg == "" {
			t.Fatalf("%s of %q: error %#v", name, raw, e)
		}
	}
}

func FuzzEncode(f *testing.F) {
	f.Add("plain text, long enough", int64(1), 1.5, int64(1e18), int32(7200))
	f.Add("\x00\x1f\"\\/<>&\u2028\x7fé🙂", int64(math.MinInt64), 1e21, int64(-1), int32(-90))
	f.Add("bad \xff utf8", int64(-1), 1e-7, int64(1<<62), int32(86400))
	f.Add("12345678\"", int64(0), math.Copysign(0, -1), int64(math.MinInt64), int32(30))
	f.Add("1234567\\", int64(0), math.NaN(), int64(math.MaxInt64), int32(-30))
	f.Add("", int64(0), math.Inf(-1), int64(0), int32(86399))
	f.Fuzz(func(t *testing.T, s string, i int64, x float64, nanos int64, offset int32) {
		same := func(name string, v any, got []byte, err error) {
			t.Helper()
			want, wantErr := json.Marshal(v)
			if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, want) {
				t.Fatalf("%s of %v: %s, %v; want %s, %v", name, v, got, err, want, wantErr)
			}
		}
		got, err := AppendString(nil, s)
		same("string", s, got, err)
		same("int", i, AppendInt(nil, i), nil)
		same("uint", uint64(i), AppendUint(nil, uint64(i)), nil)
		got, err = AppendFloat(nil, x)
		same("float", x, got, err)
		same("bytes", []byte(s), AppendBytes(nil, []byte(s)), nil)
		for _, at := range []time.Time{time.Unix(0, nanos).UTC(), time.Unix(nanos>>20, nanos&0xfffff*100).In(time.FixedZone("", int(offset)))} {
			got, err = AppendTime(nil, at)
			same("time", at, got, err)
		}
		type withFormat struct {
			V time.Duration `json:"v,format:units"`
		}
		got = append(AppendDuration([]byte(`{"v":`), time.Duration(i)), '}')
		same("duration", withFormat{time.Duration(i)}, got, nil)
	})
}

func FuzzScanFull(f *testing.F) {
	for _, r := range records {
		f.Add([]byte(r))
	}
	for _, v := range values {
		f.Add([]byte(`{"c":` + v + `}`))
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		want, wantErr := diffMembers(record)
		if wantErr == nil && !jsontext.Value(record).IsValid() {
			t.Fatal("the reference accepts what is no valid value")
		}
		if bytes.Equal(bytes.TrimSpace(record), []byte("null")) {
			t.Skip("null is a nil map there, and no object here")
		}
		fresh := NewObject(diffFields)
		spans := make([]Span, fresh.Width())
		for turn, o := range []*Object{fresh, fresh, trained, trained} {
			err := o.ScanFull(record, spans)
			if (err == nil) != (wantErr == nil) {
				t.Fatalf("turn %d: %q: %v, want %v", turn, record, err, wantErr)
			}
			if err != nil {
				if e := err.(*Error); e.Offset < 0 || e.Offset > len(record) {
					t.Fatalf("turn %d: %v lies outside of the record", turn, err)
				}
				_ = o.Scan(record, spans) // what it learns must not help the next turn
				continue
			}
			for i, s := range spans {
				if string(s.Of(record)) != want[i] {
					t.Fatalf("turn %d: %q: span %d is %q, want %q", turn, record, i, s.Of(record), want[i])
				}
			}
		}
		var v Validator
		for range 2 {
			err := v.Record(record)
			if valid := jsontext.Value(record).IsValid(); (err == nil) != valid {
				t.Fatalf("%q: %v, valid is %v", record, err, valid)
			}
		}
	})
}

// FuzzComposite compares lists, maps, raw and untyped values.
func FuzzComposite(f *testing.F) {
	for _, r := range records {
		f.Add([]byte(r))
	}
	for _, v := range values {
		f.Add([]byte(v))
		f.Add([]byte("[ " + v + " ," + v + "]"))
		f.Add([]byte(`{"a":` + v + `, "b" : ` + v + "}"))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		end, err := SkipValue(raw, 0)
		if err != nil || end != len(raw) {
			return
		}
		s := Span{0, uint32(end)}
		var slab Slab
		var v Validator

		var wantAny any
		wantErr := json.Unmarshal(raw, &wantAny)
		got, err := Any(raw, s, &v, &slab)
		if (err == nil) != (wantErr == nil) || err == nil && !reflect.DeepEqual(got, wantAny) {
			t.Fatalf("any of %q: %v, %v; want %v, %v", raw, got, err, wantAny, wantErr)
		}
		if err == nil {
			view, err := Raw(raw, s, &v)
			if err != nil || !bytes.Equal(view, raw) {
				t.Fatalf("raw of %q: %q, %v", raw, view, err)
			}
			compact, err := AppendCompact(nil, raw)
			tight := jsontext.Value(bytes.Clone(raw))
			if wantErr := tight.Compact(); err != nil || wantErr != nil || !bytes.Equal(compact, tight) {
				t.Fatalf("%q compact: %q, %v; want %q, %v", raw, compact, err, tight, wantErr)
			}
		}

		// A null element is the zero value there and an error here.
		var wantList []string
		wantErr = json.Unmarshal(raw, &wantList)
		list := []string{}
		array := Array(raw, s)
		for array.Next() && err == nil {
			var e string
			if e, err = String(raw, array.Value(), &slab); err == nil {
				list = append(list, e)
			}
		}
		if err = errors.Join(err, array.Err()); err == nil && (wantErr != nil || !slices.Equal(list, wantList)) {
			t.Fatalf("list of %q: %q; want %q, %v", raw, list, wantList, wantErr)
		}
		if err != nil && wantErr == nil && !bytes.Contains(raw, []byte("null")) {
			t.Fatalf("list of %q: %v; want %q", raw, err, wantList)
		}

		var wantMap map[string]float64
		wantErr = json.Unmarshal(raw, &wantMap)
		m := map[string]float64{}
		members := Members(raw, s)
		for err = nil; members.Next() && err == nil; {
			var k string
			if k, err = StringCopy(raw, members.Key(), &slab); err == nil {
				if _, twice := m[k]; twice {
					err = errors.New("twice")
					break
				}
				m[k], err = Float64(raw, members.Value())
			}
		}
		if err = errors.Join(err, members.Err()); err == nil && (wantErr != nil || !maps.Equal(m, wantMap)) {
			t.Fatalf("map of %q: %v; want %v, %v", raw, m, wantMap, wantErr)
		}
		if err != nil && wantErr == nil && !bytes.Contains(raw, []byte("null")) {
			t.Fatalf("map of %q: %v; want %v", raw, err, wantMap)
		}
	})
}
