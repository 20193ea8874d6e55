package file

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/codec/parquet"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// parquetSource is a source of Parquet files with one text a record.
func parquetSource(t testing.TB, c SourceConfig, columns ...connect.Column) *Source {
	t.Helper()
	if c.MaxRecord == 0 {
		c.MaxRecord = 16 << 20
	}
	in := input("parquet")
	in.Parquet, in.Columns = parquet.NewReader, columns
	if columns == nil {
		in.Columns = parquetOutput().Columns
	}
	s, err := NewSource(c, in)
	must(t, err)
	return s.(*Source)
}

// writeParquet writes a file of such records.
func writeParquet(t testing.TB, path string, records ...string) string {
	t.Helper()
	s := sink(t, SinkConfig{Path: path, Mode: "replace", Parquet: smallGroups}, parquetOutput())
	must(t, s.Write(background, rowsOut(nil, records...)))
	must(t, s.Close(background, true))
	return path
}

// asText is a record as JSON.
func asText(t testing.TB, list []record) []string {
	t.Helper()
	var out []string
	for _, r := range list {
		var v struct{ Text string }
		must(t, json.Unmarshal([]byte(r.text), &v))
		out = append(out, v.Text)
	}
	return out
}

// A source of Parquet files keeps what the interfaces promise.
func TestParquetSourceConforms(t *testing.T) {
	flowtest.Source(t, func(t testing.TB) *flowtest.SourceWorld {
		dir, n := t.TempDir(), 0
		return &flowtest.SourceWorld{
			Make: func() flow.Source { return parquetSource(t, SourceConfig{Path: filepath.Join(dir, "*.parquet")}) },
			Feed: func(records ...string) {
				writeParquet(t, filepath.Join(dir, fmt.Sprintf("%03d.parquet", n)), records...)
				n++
			},
			Records: func(b *flow.Batch) []string { return asText(t, records(b, "ndjson")) },
		}
	})
}

// Several files are read in lexical order; wherever a run ended, the next one goes on
// behind the last record, with lines of `meta` that are rows.
func TestParquetPositions(t *testing.T) {
	dir := t.TempDir()
	writeParquet(t, filepath.Join(dir, "a.parquet"), numbered(0, 700)...)
	writeParquet(t, filepath.Join(dir, "b.parquet"), numbered(700, 900)...)
	c := SourceConfig{Path: filepath.Join(dir, "*.parquet")}
	s := parquetSource(t, c)
	must(t, s.Open(background))
	all, err := steps(t, s, "ndjson")
	must(t, err)
	must(t, s.Close(background))
	var list []record
	positions := map[string]json.RawMessage{}
	for i, st := range all {
		list = append(list, st.records...)
		positions[st.split] = st.position
		again := parquetSource(t, c)
		must(t, again.Seek(background, positions))
		rest, err := read(t, again, "ndjson")
		must(t, err)
		if got := asText(t, rest); !slices.Equal(got, numbered(len(list), 900)) {
			t.Fatalf("after step %d: %d records, from %v", i, len(got), got[:min(1, len(got))])
		}
		if len(rest) > 0 && rest[0].line != int64(len(list)%700)+1 {
			t.Errorf("after step %d: row %d", i, rest[0].line)
		}
	}
	if got := asText(t, list); !slices.Equal(got, numbered(0, 900)) {
		t.Errorf("%d records", len(got))
	}
	// One of the files is another one now.
	writeParquet(t, filepath.Join(dir, "a.parquet"), numbered(1, 700)...)
	again := parquetSource(t, c)
	must(t, again.Seek(background, map[string]json.RawMessage{filepath.Join(dir, "a.parquet"): all[0].position}))
	if err := again.Open(background); err == nil || !strings.Contains(err.Error(), "--fresh") {
		t.Errorf("%v", err)
	}
	again.Close(background)
}

// What can't be read is said with the file and the reason.
func TestParquetSourceErrors(t *testing.T) {
	dir := t.TempDir()
	good := writeParquet(t, filepath.Join(dir, "good.parquet"), numbered(0, 100)...)
	data, err := os.ReadFile(good)
	must(t, err)
	torn := write(t, filepath.Join(dir, "torn.parquet"), string(data[:len(data)-20]))
	flipped := slices.Clone(data)
	flipped[30] ^= 0x55
	damaged := write(t, filepath.Join(dir, "damaged.parquet"), string(flipped))
	for _, tc := range []struct {
		path, want string
		columns    []connect.Column
	}{
		{torn, "it does not end as a Parquet file does", nil},
		{damaged, "it is damaged", nil},
		{write(t, filepath.Join(dir, "empty.parquet"), ""), "it has 0 bytes, which is no Parquet file", nil},
		{good, "the column `text` is STRING, and the pipeline's type says int64", []connect.Column{{Name: "text", Type: "int64"}}},
		{good, "it has no column `other` (it has `text`)", []connect.Column{{Name: "other", Type: "int64"}}},
		{filepath.Join(dir, "missing.parquet"), "no such file", nil},
	} {
		_, err := read(t, parquetSource(t, SourceConfig{Path: tc.path}, tc.columns...), "ndjson")
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), filepath.Base(tc.path)) {
			t.Errorf("%s: %v", tc.path, err)
		}
	}
	in := input("parquet")
	if _, err := NewSource(SourceConfig{Path: good, Follow: true, MaxRecord: 1}, in); err == nil || !strings.Contains(err.Error(), "whole or it is nothing") {
		t.Errorf("%v", err)
	}
	s, err := NewSource(SourceConfig{Path: good, MaxRecord: 1}, in)
	must(t, err)
	if err := s.Open(context.Background()); err == nil || !strings.Contains(err.Error(), "built without Parquet") {
		t.Errorf("%v", err)
	}
}

// A source of Parquet files tells the columns of the first one, all of them; one of
// another format can't tell, and what is missing or broken is said.
func TestParquetColumns(t *testing.T) {
	dir := t.TempDir()
	writeParquet(t, filepath.Join(dir, "a.parquet"), "x")
	must(t, os.WriteFile(filepath.Join(dir, "b.parquet"), []byte("no Parquet"), 0o644))
	for path, want := range map[string]string{
		"*.parquet": "", "a.parquet": "",
		"b.parquet": "b.parquet: ", "c.parquet": "no such file", "c*.parquet": "no file matches",
	} {
		s := parquetSource(t, SourceConfig{Path: filepath.Join(dir, path)}, connect.Column{Name: "other", Type: "int"})
		columns, err := s.Columns(background)
		if want != "" {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, %v", path, columns, err)
			}
			continue
		}
		must(t, err)
		if got, want := fmt.Sprint(columns), fmt.Sprint(learned(parquetOutput().Columns)); got != want {
			t.Errorf("%s: %s, not %s", path, got, want)
		}
	}
	s, err := NewSource(SourceConfig{Path: "a.ndjson", MaxRecord: 1 << 20}, input("ndjson"))
	must(t, err)
	if _, err := s.(flow.Declarer).Columns(background); !errors.Is(err, flow.ErrNothingToLearn) {
		t.Errorf("lines: %v", err)
	}
}
