package codec_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/flowc-dev/flowc/runtime/codec"
	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
)

// Dead letters, reports and HTTP answers carry the codes: programs read them.
func TestCodes(t *testing.T) {
	_, syntax := jsonscan.SkipValue([]byte(`{"a`), 0)
	if syntax == nil {
		t.Fatal("that is no JSON")
	}
	_, text := jsonscan.AppendString(nil, "\xff")
	_, number := jsonscan.AppendFloat(nil, math.NaN())
	for _, c := range []struct {
		err  error
		code string
	}{
		{syntax, "syntax"},
		{text, "value"},
		{number, "value"},
		{&frame.Error{Msg: "the array does not end"}, "syntax"},
		{codec.Twice("a"), "syntax"},
		{codec.Missing("a"), "missing"},
		{codec.Field("asset", codec.Missing("code")), "missing"},
		{codec.Field("n", syntax), "value"},
		{codec.NotObject([]byte("1")), "value"},
		{&codec.TagError{Field: "type", Value: "x", Known: "a, b"}, "event-type"},
		{&codec.CheckError{Name: "positive"}, "positive"},
		{codec.NoMatch([]byte("x")), "no-match"},
	} {
		var coded interface{ Code() string }
		if !errors.As(fmt.Errorf("in.ndjson:1: %w", c.err), &coded) || coded.Code() != c.code {
			t.Errorf("%v: got %v, want the code %s", c.err, coded, c.code)
		}
	}
}
