package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/parquet"
	"github.com/flowc-dev/flowc/runtime/codec/row"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// smallGroups makes row groups of a few records.
var smallGroups = connect.Parquet{RowGroup: 500, Rows: 7}

// parquetOutput is a sink of records with one text.
func parquetOutput() connect.Output {
	return connect.Output{Format: "parquet", Columns: []connect.Column{{Name: "text", Type: "string"}}}
}

// rowsOut are records with one text each.
func rowsOut(paths []string, records ...string) *flow.Out {
	o := &flow.Out{Count: len(records)}
	if paths != nil {
		o.Keys = [][]string{paths}
	}
	for _, r := range records {
		o.Data = row.AppendText(o.Data, r)
		o.Ends = append(o.Ends, uint32(len(o.Data)))
	}
	return o
}

// parquetRecords reads a published file.
func parquetRecords(t testing.TB, path string) (out []record) {
	t.Helper()
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	must(t, err)
	r, err := parquet.NewReader(bytes.NewReader(data), int64(len(data)), nil, 0)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	defer r.Close()
	for {
		b, _, err := r.Read(nil, 100, 1<<20)
		if errors.Is(err, io.EOF) {
			return out
		}
		must(t, err)
		for line := range strings.Lines(string(b)) {
			var v struct{ Text string }
			must(t, json.Unmarshal([]byte(line), &v))
			out = append(out, record{text: v.Text})
		}
	}
}

// numbered are texts from one number to another.
func numbered(from, to int) []string {
	var list []string
	for i := from; i < to; i++ {
		list = append(list, fmt.Sprint("record ", i))
	}
	return list
}

// all are the records of all files in a folder that are published, by their names.
func parquetFiles(t testing.TB, dir string) (list []string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.parquet"))
	must(t, err)
	slices.Sort(names)
	for _, n := range names {
		list = append(list, texts(parquetRecords(t, n))...)
	}
	return list
}

// hidden are the names of files that are no result.
func hidden(t testing.TB, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			list = append(list, e.Name())
		}
	}
	return list
}

// copyDir copies the files of a folder to another one.
func copyDir(t testing.TB, from, to string) {
	t.Helper()
	entries, err := os.ReadDir(from)
	must(t, err)
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(from, e.Name()))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(to, e.Name()), data, 0o644))
	}
}

// Wherever the program dies, the file has just the records of the checkpoint and
// those that come again: in row groups of which each is full but the last, however
// often there were checkpoints.
func TestParquetCrash(t *testing.T) {
	for _, rotate := range []int64{0, 1200} {
		dir := t.TempDir()
		path := filepath.Join(dir, "out.parquet")
		c := SinkConfig{Path: path, Parquet: smallGroups, Rotate: Rotate{Bytes: rotate}}
		s := sink(t, c, parquetOutput())
		st, at := state(t, s), 0
		n := 0
		for step := range 40 {
			more := 1 + step*7%5
			must(t, s.Write(background, rowsOut(nil, numbered(n, n+more)...)))
			n += more
			if step%3 == 1 {
				must(t, s.Sync(background))
			}
			// The program dies here, and goes on in another folder. Its checkpoint may
			// be the last one, or the one before: the last may not be durable.
			before, beforeAt := st, at
			if step%2 == 0 {
				st, at = state(t, s), n
			}
			for _, from := range []struct {
				st json.RawMessage
				at int
			}{{st, at}, {before, beforeAt}} {
				other := t.TempDir()
				copyDir(t, dir, other)
				moved := c
				moved.Path = filepath.Join(other, "out.parquet")
				again := resumed(t, moved, parquetOutput(), json.RawMessage(strings.ReplaceAll(string(from.st), dir, other)))
				for i := from.at; i < n+10; i += 2 {
					must(t, again.Write(background, rowsOut(nil, numbered(i, min(i+2, n+10))...)))
				}
				state(t, again)
				must(t, again.Close(background, true))
				if got, want := parquetFiles(t, other), numbered(0, n+10); !slices.Equal(got, want) {
					t.Fatalf("rotate %d, step %d: %d records are there, %d were written: %q", rotate, step, len(got), len(want), got)
				}
				if left := hidden(t, other); len(left) > 0 {
					t.Fatalf("left over: %q", left)
				}
			}
		}
		must(t, s.Close(background, true))
		if got := parquetFiles(t, dir); !slices.Equal(got, numbered(0, n)) {
			t.Fatalf("%d records", len(got))
		}
		if rotate == 0 {
			data, err := os.ReadFile(path)
			must(t, err)
			w, err := parquet.NewWriter(parquetOutput().Columns, smallGroups)
			must(t, err)
			groups, _, err := w.Whole(bytes.NewReader(data), int64(len(data)))
			must(t, err)
			for i, g := range groups {
				if g.Rows < 7 && i < len(groups)-1 {
					t.Errorf("row group %d of %d has %d records", i, len(groups), g.Rows)
				}
			}
		}
	}
}

// It dies while it ends: when the file has its name, when what lay beside it is
// gone, or in between.
func TestParquetCrashAtTheEnd(t *testing.T) {
	for _, lost := range []string{"", "nothing beside", "changed"} {
		dir := t.TempDir()
		path := filepath.Join(dir, "out.parquet")
		c := SinkConfig{Path: path, Parquet: smallGroups}
		s := sink(t, c, parquetOutput())
		must(t, s.Write(background, rowsOut(nil, numbered(0, 10)...)))
		must(t, s.Write(background, rowsOut(nil, numbered(10, 13)...)))
		st := state(t, s)
		beside, err := os.ReadFile(rowsName(path, 0))
		must(t, err)
		must(t, s.Close(background, true))
		if lost == "" {
			must(t, os.WriteFile(rowsName(path, 0), beside, 0o644))
		}
		if lost == "changed" {
			w, err := parquet.NewWriter(parquetOutput().Columns, smallGroups)
			must(t, err)
			data, err := os.ReadFile(path)
			must(t, err)
			groups, _, err := w.Whole(bytes.NewReader(data), int64(len(data)))
			must(t, err)
			tail, err := w.Footer(groups[:1], 4+groups[0].Bytes)
			must(t, err)
			must(t, os.WriteFile(path, append(data[:4+groups[0].Bytes], tail...), 0o644))
		}
		again := made(t, c, parquetOutput())
		must(t, again.Restore(background, st))
		err = again.Open(background)
		if lost == "changed" {
			if err == nil || !strings.Contains(err.Error(), "3 records that wait for their row group") {
				t.Errorf("%v", err)
			}
			continue
		}
		must(t, err)
		for range 2 { // and dies once more
			crash(again)
			again = resumed(t, c, parquetOutput(), st)
		}
		must(t, again.Write(background, rowsOut(nil, numbered(13, 15)...)))
		state(t, again)
		must(t, again.Close(background, true))
		if got := parquetFiles(t, dir); !slices.Equal(got, numbered(0, 15)) {
			t.Errorf("%q: %q", lost, got)
		}
		if left := hidden(t, dir); len(left) > 0 {
			t.Errorf("left over: %q", left)
		}
	}
}

// Many files at once hold no more rows in memory than one row group has, and all
// of them have full row groups all the same.
func TestParquetManyFiles(t *testing.T) {
	defer func(n int) { maxOpen = n }(maxOpen)
	maxOpen = 8
	dir := t.TempDir()
	c, out := SinkConfig{Parquet: connect.Parquet{RowGroup: 2000, Rows: 1000}}, parquetOutput()
	out.Keys, out.Literals = []string{"path"}, map[string]string{"path": dir + "/"}
	s := sink(t, c, out)
	st := state(t, s)
	const files = 30
	name := func(i int) string { return filepath.Join(dir, fmt.Sprintf("k=%02d", i), "out.parquet") }
	for n := range 200 {
		for k := range files {
			must(t, s.Write(background, rowsOut([]string{name(k)}, numbered(n, n+1)...)))
			if s.shared.held > 2000+100 {
				t.Fatalf("%d bytes of rows are held", s.shared.held)
			}
			if s.opened > maxOpen {
				t.Fatalf("%d files are open", s.opened)
			}
		}
		if n == 120 {
			st = state(t, s)
		}
	}
	crash(s)
	s = resumed(t, c, out, st)
	for n := 121; n < 200; n++ {
		for k := range files {
			must(t, s.Write(background, rowsOut([]string{name(k)}, numbered(n, n+1)...)))
		}
	}
	state(t, s)
	must(t, s.Close(background, true))
	for k := range files {
		if got := texts(parquetRecords(t, name(k))); !slices.Equal(got, numbered(0, 200)) {
			t.Fatalf("file %d: %q", k, got)
		}
		if left := hidden(t, filepath.Dir(name(k))); len(left) > 0 {
			t.Fatalf("left over: %q", left)
		}
	}
}

// A file to which nothing comes any more is published when it is old enough.
func TestParquetRotatesByAge(t *testing.T) {
	dir := t.TempDir()
	out := parquetOutput()
	out.Append, out.Keys, out.Literals = true, []string{"path"}, map[string]string{"path": dir + "/"}
	s := sink(t, SinkConfig{Rotate: Rotate{Every: 1}, Parquet: smallGroups}, out)
	state(t, s)
	must(t, s.Write(background, rowsOut([]string{dir + "/a.parquet", dir + "/a.parquet"}, "1", "2")))
	must(t, s.Write(background, rowsOut([]string{dir + "/b.parquet"}, "3")))
	for range 4 {
		state(t, s)
	}
	if got := parquetFiles(t, dir); !slices.Equal(got, []string{"1", "2", "3"}) {
		t.Errorf("%q", got)
	}
	if len(s.files) > 0 || s.opened > 0 {
		t.Errorf("%d files are remembered, %d are open", len(s.files), s.opened)
	}
	must(t, s.Write(background, rowsOut([]string{dir + "/a.parquet"}, "4")))
	for range 4 {
		state(t, s)
	}
	must(t, s.Close(background, false))
	if got := parquetFiles(t, dir); !slices.Equal(got, []string{"1", "2", "4", "3"}) {
		t.Errorf("%q", got)
	}
}

// The sink says when a file is old enough; its age goes on over a restart.
func TestParquetSaysWhenItIsDue(t *testing.T) {
	dir := t.TempDir()
	out := parquetOutput()
	out.Append = true
	c := SinkConfig{Path: filepath.Join(dir, "o.parquet"), Rotate: Rotate{Every: time.Hour}, Parquet: smallGroups}
	s := sink(t, c, out)
	state(t, s)
	if !s.Due().IsZero() {
		t.Error("an empty file is due")
	}
	must(t, s.Write(background, rowsOut(nil, "1")))
	must(t, s.Sync(background))
	due := s.Due()
	if until := time.Until(due); until <= 0 || until > time.Hour {
		t.Errorf("due in %s", until)
	}
	at := state(t, s)
	must(t, s.Close(background, false))

	s = made(t, c, out)
	must(t, s.Restore(background, at))
	must(t, s.Open(background))
	if got := s.Due(); got.Sub(due).Abs() > time.Second {
		t.Errorf("due at %s, and at %s after a restart", due, got)
	}
	s.config.Rotate.Every = 1
	state(t, s)
	if until := time.Until(s.Due()); until > 0 || len(parquetFiles(t, dir)) > 0 {
		t.Errorf("before its checkpoint is certain: %q, due in %s", parquetFiles(t, dir), until)
	}
	state(t, s)
	must(t, s.Sync(background))
	if got := parquetFiles(t, dir); !slices.Equal(got, []string{"1"}) || !s.Due().IsZero() {
		t.Errorf("%q, due at %s", got, s.Due())
	}
	must(t, s.Close(background, false))
}

// What can't be is said when the sink is made, or opened.
func TestParquetErrors(t *testing.T) {
	for _, tc := range []struct {
		c    SinkConfig
		out  func(*connect.Output)
		want string
	}{
		{SinkConfig{Path: "x.parquet"}, func(o *connect.Output) { o.Append = true }, "can't be appended to"},
		{SinkConfig{Path: "x.parquet", Mode: "append"}, nil, "can't be appended to"},
		{SinkConfig{Path: "x.parquet", Compression: "gzip"}, nil, "`parquet: {compression: gzip}`"},
		{SinkConfig{Path: "x.parquet", Parquet: connect.Parquet{RowGroup: 1, Rows: 1, Compression: "brotli"}}, nil, "none of snappy"},
		{SinkConfig{Path: "x.parquet", Parquet: connect.Parquet{RowGroup: -1}}, nil, "must be larger than 0"},
		{SinkConfig{Path: "x.parquet"}, func(o *connect.Output) { o.Parquet = nil }, "built without Parquet"},
	} {
		out := parquetOutput()
		out.Parquet = parquet.NewWriter
		if tc.c.Parquet == (connect.Parquet{}) {
			tc.c.Parquet = smallGroups
		}
		if tc.out != nil {
			tc.out(&out)
		}
		if _, err := NewSink(tc.c, out); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v", err)
		}
	}
	s := made(t, SinkConfig{Path: os.DevNull, Parquet: smallGroups}, parquetOutput())
	if err := s.Open(background); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("%v", err)
	}
}

// A file that was begun with other columns is not gone on with.
func TestParquetOtherColumns(t *testing.T) {
	c := SinkConfig{Path: filepath.Join(t.TempDir(), "out.parquet"), Parquet: smallGroups}
	out := parquetOutput()
	out.Columns = append(out.Columns, connect.Column{Name: "at", Type: "time", Optional: true})
	s := sink(t, c, out)
	o := rowsOut(nil, "x")
	o.Data = row.AppendNull(o.Data)
	o.Ends[0] = uint32(len(o.Data))
	must(t, s.Write(background, o))
	st := state(t, s)
	crash(s)
	for _, change := range []func(*SinkConfig, *connect.Output){
		func(c *SinkConfig, _ *connect.Output) { c.Parquet.Time = "micros" },
		func(_ *SinkConfig, o *connect.Output) { o.Columns = o.Columns[:1] },
		func(_ *SinkConfig, o *connect.Output) { o.Columns = []connect.Column{o.Columns[1], o.Columns[0]} },
	} {
		c, out := c, out
		change(&c, &out)
		again := made(t, c, out)
		must(t, again.Restore(background, st))
		if err := again.Open(background); err == nil || !strings.Contains(err.Error(), "other columns") {
			t.Errorf("%v", err)
		}
		must(t, again.Close(background, false))
	}
}

// A file without records is a Parquet file without records.
func TestParquetEmpty(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.parquet")
	s := sink(t, SinkConfig{Path: path, Parquet: smallGroups}, parquetOutput())
	must(t, s.Close(background, true))
	if got := parquetRecords(t, path); len(got) > 0 {
		t.Errorf("%d records", len(got))
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

// What could not be made durable beside the file is lost with it.
func TestParquetSyncFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.parquet")
	s := sink(t, SinkConfig{Path: path, Parquet: smallGroups}, parquetOutput())
	must(t, s.Write(background, rowsOut(nil, "1")))
	must(t, s.places[path].table.spill())
	s.places[path].table.file.Close()
	for range 2 {
		if err := s.Sync(background); flow.ClassOf(err) != flow.Fatal {
			t.Errorf("%v is %v", err, flow.ClassOf(err))
		}
	}
	if err := s.Write(background, rowsOut(nil, "2")); flow.ClassOf(err) != flow.Fatal {
		t.Errorf("%v", err)
	}
	if err := s.Close(background, true); err == nil {
		t.Error("a file that is not durable was published")
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("it has its name")
	}
}
