package program

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// String is text as it is.
func String(at *string) Value {
	return value[string]{at, func(s string) (string, error) { return s, nil }, func(s string) string { return s }, "string"}
}

// Int is a whole number.
func Int(at *int) Value {
	return value[int]{at, func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		return n, plain(err, "a whole number")
	}, strconv.Itoa, "int"}
}

// Number is a whole number that is not below least.
func Number[T int | int64](at *T, least T) Value {
	return value[T]{at, func(s string) (T, error) {
		n, err := strconv.ParseInt(s, 10, 64)
		if err == nil && (T(n) < least || int64(T(n)) != n) {
			err = strconv.ErrRange
		}
		if err != nil {
			return 0, fmt.Errorf("expected a whole number from %d on", least)
		}
		return T(n), nil
	}, func(n T) string { return strconv.FormatInt(int64(n), 10) }, "int"}
}

// OneOf is one of some texts.
func OneOf(at *string, allowed ...string) Value {
	return value[string]{at, func(s string) (string, error) {
		if !slices.Contains(allowed, s) {
			return "", errors.New("expected " + strings.Join(allowed, ", "))
		}
		return s, nil
	}, func(s string) string { return s }, strings.Join(allowed, "|")}
}

// Int64 is a whole number of 64 bits.
func Int64(at *int64) Value {
	return value[int64]{at, func(s string) (int64, error) {
		n, err := strconv.ParseInt(s, 10, 64)
		return n, plain(err, "a whole number")
	}, func(n int64) string { return strconv.FormatInt(n, 10) }, "int64"}
}

// Uint64 is a whole number that is not negative.
func Uint64(at *uint64) Value {
	return value[uint64]{at, func(s string) (uint64, error) {
		n, err := strconv.ParseUint(s, 10, 64)
		return n, plain(err, "a whole number that is not negative")
	}, func(n uint64) string { return strconv.FormatUint(n, 10) }, "uint64"}
}

// Float64 is a number.
func Float64(at *float64) Value {
	return value[float64]{at, func(s string) (float64, error) {
		f, err := strconv.ParseFloat(s, 64)
		if err == nil && (math.IsNaN(f) || math.IsInf(f, 0)) {
			err = strconv.ErrRange
		}
		return f, plain(err, "a number")
	}, func(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }, "float64"}
}

// Bool is true or false.
func Bool(at *bool) Value {
	return value[bool]{at, func(s string) (bool, error) {
		switch s {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return false, errors.New("expected true or false")
	}, strconv.FormatBool, "bool"}
}

// Duration is Go's form: 1m30s.
func Duration(at *time.Duration) Value {
	return value[time.Duration]{at, func(s string) (time.Duration, error) {
		d, err := time.ParseDuration(s)
		return d, plain(err, "a duration like 500ms or 1m30s")
	}, time.Duration.String, "duration"}
}

// Bytes is a size: a number of bytes, or one with B, KB, MB, GB (powers of
// 1,000) or KiB, MiB, GiB (powers of 1,024).
func Bytes[T int | int64](at *T) Value {
	return value[T]{at, func(s string) (T, error) {
		n, err := parseSize(s)
		if int64(T(n)) != n {
			return 0, plain(strconv.ErrRange, "a size")
		}
		return T(n), err
	}, func(n T) string { return formatSize(int64(n)) }, "size"}
}

// Strings is a list of texts, separated by commas.
func Strings(at *[]string) Value {
	return value[[]string]{at, func(s string) ([]string, error) {
		if s == "" {
			return nil, nil
		}
		list := strings.Split(s, ",")
		for i := range list {
			list[i] = strings.TrimSpace(list[i])
		}
		return list, nil
	}, func(list []string) string { return strings.Join(list, ",") }, "list"}
}

// Text is for all other types: typ names what is expected, get gives the
// present value as text and set parses a new one.
func Text(typ string, get func() string, set func(string) error) Value {
	return text{typ, get, set}
}

type text struct {
	typ string
	get func() string
	set func(string) error
}

// Set parses text and stores it.
func (t text) Set(s string) error { return t.set(s) }

// String is the value that is stored now.
func (t text) String() string { return t.get() }

// Type names what is expected.
func (t text) Type() string { return t.typ }

// plain gives an error that names what is expected and not the parser; the text
// that was refused may be a secret, so it is never part of it.
func plain(err error, expected string) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("expected %s within its range", expected)
	}
	return fmt.Errorf("expected %s", expected)
}

var sizeUnits = []struct {
	name  string
	bytes int64
}{
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
	{"KB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"B", 1},
}

func parseSize(s string) (int64, error) {
	unit := int64(1)
	number := strings.TrimSpace(s)
	for _, u := range sizeUnits {
		if cut, ok := strings.CutSuffix(number, u.name); ok {
			number, unit = strings.TrimSpace(cut), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/unit {
		return 0, errors.New("expected a size like 64KiB or 10MB")
	}
	return n * unit, nil
}

func formatSize(n int64) string {
	for i := 2; i >= 0; i-- {
		if u := sizeUnits[i]; n >= u.bytes && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10) + "B"
}
