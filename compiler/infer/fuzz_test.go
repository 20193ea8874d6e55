package infer

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
)

// samples are the samples of the goldens.
func samples(f *testing.F) [][]byte {
	f.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no cases: %v", err)
	}
	var out [][]byte
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		out = append(out, a.Files[0].Data)
	}
	return out
}

// FuzzSample holds that any sample gives types that compile and read it, or an
// error with a place.
func FuzzSample(f *testing.F) {
	for i, s := range samples(f) {
		f.Add(s, byte(i), "")
		f.Add(s, byte(1), "type")
	}
	f.Fuzz(func(t *testing.T, data []byte, how byte, by string) {
		o := Options{
			File: "sample.x", Format: []string{"ndjson", "json", "csv"}[how%3], By: by,
			Decimals: how&4 != 0, Enums: how&8 != 0, Floats: how&16 != 0,
		}
		if o.Format == "csv" {
			o.By = ""
		}
		r, err := Sample(t.Context(), bytes.NewReader(data), o)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) && !errors.Is(err, ErrUsage) {
				t.Errorf("%q: %v", data, err)
			}
			return
		}
		if !strings.HasSuffix(r.YAML, "\n") || r.Records == 0 {
			t.Errorf("%q: %d records\n%s", data, r.Records, r.YAML)
		}
		if o.Format == "csv" && bytes.Contains(bytes.ReplaceAll(data, []byte("\r\n"), nil), []byte("\r")) {
			return // encoding/csv cuts a carriage return at the end of the data
		}
		roundTrip(t, r, data)
	})
}

// FuzzJSON holds that infer accepts the JSON that the runtime accepts in full,
// names that stand twice excepted.
func FuzzJSON(f *testing.F) {
	for _, s := range samples(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &collector{options: Options{Format: "json"}}
		ours := (&jsonReader{collector: c, in: newInput(bytes.NewReader(data))}).values()
		// In small pieces, so that values lie across their ends.
		small := &collector{options: Options{Format: "json"}}
		in := &input{r: bytes.NewReader(data), buf: make([]byte, 0, 3), line: 1}
		again := (&jsonReader{collector: small, in: in}).values()
		if (ours == nil) != (again == nil) || ours != nil && ours.Error() != again.Error() {
			t.Errorf("%q: %v; in pieces: %v", data, ours, again)
		}
		theirs := validate(data)
		if theirs != nil && strings.Contains(theirs.Error(), "a second member named") {
			return // which ends its validation
		}
		if (ours == nil) != (theirs == nil) {
			t.Errorf("%q: %v, want %v", data, ours, theirs)
		}
	})
}

// validate checks JSON with the runtime's codecs.
func validate(data []byte) error {
	values := frame.JSONValues{}
	if _, err := values.Cut(data, true); err != nil {
		return err
	}
	values = frame.JSONValues{}
	var v jsonscan.Validator
	for pos := 0; ; {
		start, end, next, ok := values.Next(data, pos)
		if !ok {
			return nil
		}
		pos = next
		if err := v.Record(data[start:end]); err != nil {
			return err
		}
	}
}
