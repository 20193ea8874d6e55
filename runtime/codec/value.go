package codec

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
	"unsafe"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
	"github.com/flowc-dev/flowc/runtime/codec/text"
	"github.com/flowc-dev/flowc/runtime/decimal"
)

// Unmarshal decodes raw into a type that decodes itself, or that only
// encoding/json knows how to decode.
func Unmarshal[T any](raw []byte) (v T, err error) {
	err = json.Unmarshal(raw, &v)
	return v, err
}

// Marshal appends v as compact JSON by its own methods or by encoding/json,
// without the escapes that encoding/json adds for HTML.
func Marshal(dst []byte, v any) ([]byte, error) {
	w := writer{dst}
	enc := json.NewEncoder(&w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return dst, err
	}
	return w.buf[:len(w.buf)-1], nil // Encode ends with a line break
}

// A writer appends what is written to it.
type writer struct{ buf []byte }

func (w *writer) Write(p []byte) (int, error) {
	w.buf = append(w.buf, p...)
	return len(p), nil
}

// Keys returns the keys of a map in order, so that the same map is always
// written as the same bytes.
func Keys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

// Trim cuts JSON's white space off both ends of a record.
func Trim(record []byte) []byte {
	for len(record) > 0 && isSpace(record[0]) {
		record = record[1:]
	}
	for len(record) > 0 && isSpace(record[len(record)-1]) {
		record = record[:len(record)-1]
	}
	return record
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// View is a record as a string without a copy: valid as long as the block that
// it lies in.
func View(record []byte) string { return unsafe.String(unsafe.SliceData(record), len(record)) }

// TextString is a piece of text as a string, a view of it; text that is not
// UTF-8 is an error.
func TextString(b []byte, _ *jsonscan.Slab) (string, error) { return View(b), text.Valid(b) }

// TextStringCopy is TextString with a copy in slab.
func TextStringCopy(b []byte, slab *jsonscan.Slab) (string, error) {
	return slab.String(b), text.Valid(b)
}

// Bytes is a string as bytes without a copy, for reading alone.
func Bytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// Group is the place of a regular expression's group, by the indexes that
// FindSubmatchIndex gave.
func Group(match []int, group int) text.Cell {
	if match[2*group] < 0 {
		return text.Absent
	}
	return text.Cell{Start: uint32(match[2*group]), End: uint32(match[2*group+1])}
}

// MustTime is a time by RFC 3339 that the compiler checked.
func MustTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t
}

// AppendRaw appends a raw JSON value on one line; none is null.
func AppendRaw(dst, raw []byte) ([]byte, error) {
	if len(raw) == 0 {
		return append(dst, "null"...), nil
	}
	return jsonscan.AppendCompact(dst, raw)
}

// Key is a value as text that is the same for equal values: for keys and for
// paths that a record gives.
func Key[T any](v T) string {
	switch v := any(v).(type) {
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case uint64:
		return strconv.FormatUint(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case decimal.Decimal:
		return v.Reduce().String()
	}
	return fmt.Sprint(v)
}

// Delimited checks a record by the policy structural: one value, whose brackets
// and strings are closed, and nothing behind it.
func Delimited(record []byte) error {
	_, err := Whole(record)
	return err
}

// Whole finds the value that a record is, without the white space around it. The
// record is checked as by [Delimited].
func Whole(record []byte) (jsonscan.Span, error) {
	start := jsonscan.SkipSpace(record, 0)
	end, err := jsonscan.SkipValue(record, start)
	if err != nil {
		return jsonscan.Span{}, err
	}
	if i := jsonscan.SkipSpace(record, end); i < len(record) {
		return jsonscan.Span{}, &jsonscan.Error{Offset: i, Msg: "expected nothing after the value"}
	}
	return jsonscan.Span{Start: uint32(start), End: uint32(end)}, nil
}

// CopyList copies a list, not what its elements refer to. There is no room behind
// the copy, as slices.Clone may leave it: two that append to it do not write over
// each other.
func CopyList[S ~[]E, E any](list S) S {
	if list == nil {
		return nil
	}
	return append(make(S, 0, len(list)), list...)
}

// CopyAny copies a value of any JSON, with all that it refers to. What is neither
// a map nor a list as JSON gives them is shared.
func CopyAny(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = CopyAny(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = CopyAny(e)
		}
		return out
	}
	return v
}
