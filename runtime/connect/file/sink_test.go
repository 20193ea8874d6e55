package file

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/codec/parquet"
	"github.com/flowc-dev/flowc/runtime/codec/zstd"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

var background = context.Background()

// made makes a sink that has not been opened.
func made(t testing.TB, c SinkConfig, out connect.Output) *Sink {
	t.Helper()
	if out.Format == "" {
		out.Format = "ndjson"
	}
	out.Zstd, out.Parquet = zstd.NewWriter, parquet.NewWriter
	s, err := NewSink(c, out)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*Sink)
}

func sink(t testing.TB, c SinkConfig, out connect.Output) *Sink {
	t.Helper()
	s := made(t, c, out)
	must(t, s.Open(background))
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func packet(records ...string) *flow.Out {
	o := &flow.Out{}
	for _, r := range records {
		o.Data = append(o.Data, r...)
		o.Ends = append(o.Ends, uint32(len(o.Data)))
		o.Count++
	}
	return o
}

// keyed is a packet whose records are "path=text".
func keyed(records ...string) *flow.Out {
	o := &flow.Out{Keys: [][]string{nil}}
	for _, r := range records {
		path, text, _ := strings.Cut(r, "=")
		o.Keys[0] = append(o.Keys[0], path)
		o.Data = append(o.Data, text+"\n"...)
		o.Ends = append(o.Ends, uint32(len(o.Data)))
		o.Count++
	}
	return o
}

// state is what a checkpoint would hold.
func state(t testing.TB, s *Sink) json.RawMessage {
	t.Helper()
	must(t, s.Sync(background))
	st, err := s.State()
	must(t, err)
	raw, err := json.Marshal(st)
	must(t, err)
	return raw
}

// crash lets a sink die: what is in its buffers is gone, its files are let go.
func crash(s *Sink) {
	s.Idle() // as much as possible has reached the files
	for _, t := range s.places {
		if t.file != nil {
			t.file.Close()
		}
		if t.table != nil && t.table.file != nil {
			t.table.file.Close()
		}
	}
}

// resumed is a sink that goes on from a checkpoint.
func resumed(t testing.TB, c SinkConfig, out connect.Output, st json.RawMessage) *Sink {
	t.Helper()
	s := made(t, c, out)
	must(t, s.Restore(background, st))
	must(t, s.Open(background))
	return s
}

// listing are the files of a folder with their content, decompressed.
func listing(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		all[filepath.ToSlash(name)] = unpacked(t, path)
		return nil
	}))
	return all
}

func unpacked(t testing.TB, path string) string {
	t.Helper()
	name := strings.TrimSuffix(path, ".part")
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	var r io.Reader = f
	if how := compression("", name); how != plain {
		z, err := decompress(f, how, input("text"))
		must(t, err)
		r = z
	}
	data, err := io.ReadAll(r)
	must(t, err)
	return string(data)
}

func want(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	if got := listing(t, dir); !reflect.DeepEqual(got, files) {
		t.Fatalf("\n got %q\nwant %q", got, files)
	}
}

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "below", "out.ndjson")
	s := sink(t, SinkConfig{Path: path}, connect.Output{})
	want(t, dir, map[string]string{"below/.out.ndjson.part": ""})
	must(t, s.Write(background, packet("1\n", "2\n")))
	must(t, s.Sync(background))
	want(t, dir, map[string]string{"below/.out.ndjson.part": "1\n2\n"})
	must(t, s.Close(background, true))
	want(t, dir, map[string]string{"below/out.ndjson": "1\n2\n"})

	// The next run replaces it at its end, not before, and keeps its permissions.
	must(t, os.Chmod(path, 0o600))
	s = sink(t, SinkConfig{Path: path}, connect.Output{})
	must(t, s.Write(background, packet("3\n")))
	must(t, s.Sync(background))
	want(t, dir, map[string]string{"below/out.ndjson": "1\n2\n", "below/.out.ndjson.part": "3\n"})
	must(t, s.Close(background, true))
	want(t, dir, map[string]string{"below/out.ndjson": "3\n"})
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}

	// A run that is cut short leaves what was there, and no litter where no
	// other run can go on with it.
	s = sink(t, SinkConfig{Path: path}, connect.Output{})
	must(t, s.Write(background, packet("4\n")))
	must(t, s.Close(background, false))
	want(t, dir, map[string]string{"below/out.ndjson": "3\n"})
}

func TestReplaceThroughALink(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "real"), 0o755))
	write(t, filepath.Join(dir, "real", "out.txt"), "old\n")
	link := filepath.Join(dir, "link.txt")
	must(t, os.Symlink(filepath.Join("real", "out.txt"), link))
	s := sink(t, SinkConfig{Path: link}, connect.Output{Format: "text"})
	must(t, s.Write(background, packet("new\n")))
	must(t, s.Close(background, true))
	if got, err := os.Readlink(link); err != nil || content(t, filepath.Join(dir, "real", "out.txt")) != "new\n" {
		t.Errorf("%s, %v, %q", got, err, listing(t, dir))
	}
}

func TestFormats(t *testing.T) {
	header := []byte("id,n\n")
	for _, tc := range []struct {
		name    string
		output  connect.Output
		packets []*flow.Out
		want    string
	}{
		{"a.json", connect.Output{Format: "json"}, []*flow.Out{packet("1", "2"), packet("{}")}, "[\n1,\n2,\n{}\n]\n"},
		{"a.json", connect.Output{Format: "json"}, nil, "[]\n"},
		{"a.json.gz", connect.Output{Format: "json"}, []*flow.Out{packet("1"), packet("2")}, "[\n1,\n2\n]\n"},
		{"a.csv", connect.Output{Format: "csv", Header: header}, []*flow.Out{packet("1,a\n"), packet("2,b\n")}, "id,n\n1,a\n2,b\n"},
		{"a.csv", connect.Output{Format: "csv", Header: header}, nil, "id,n\n"},
		{"a.csv.zst", connect.Output{Format: "csv", Header: header}, []*flow.Out{packet("1,a\n"), packet("2,b\n")}, "id,n\n1,a\n2,b\n"},
		{"a.csv", connect.Output{Format: "csv", Header: header}, []*flow.Out{packet(strings.Repeat("1,a\n", directSize))}, "id,n\n" + strings.Repeat("1,a\n", directSize)},
		{"a.bin", connect.Output{Format: "bytes"}, []*flow.Out{packet("a", "b")}, "ab"},
		{"a.txt", connect.Output{Format: "text"}, []*flow.Out{packet("a\n"), packet(strings.Repeat("x", 3*bufferSize) + "\n"), packet("b\n")}, "a\n" + strings.Repeat("x", 3*bufferSize) + "\nb\n"},
	} {
		for _, syncs := range []bool{false, true} {
			dir := t.TempDir()
			s := sink(t, SinkConfig{Path: filepath.Join(dir, tc.name)}, tc.output)
			for _, p := range tc.packets {
				must(t, s.Write(background, p))
				if syncs {
					must(t, s.Sync(background))
				}
			}
			must(t, s.Close(background, true))
			want(t, dir, map[string]string{tc.name: tc.want})
		}
	}
}

// After a crash the file is cut to what the checkpoint says, and the records
// behind it come once.
func TestCrash(t *testing.T) {
	for _, name := range []string{"out.ndjson", "out.ndjson.gz", "out.ndjson.zst"} {
		for _, mode := range []string{"replace", "append"} {
			dir := t.TempDir()
			path := filepath.Join(dir, name)
			c := SinkConfig{Path: path, Mode: mode}
			s := sink(t, c, connect.Output{})
			states := []json.RawMessage{state(t, s)}
			for i := range 4 {
				must(t, s.Write(background, packet(fmt.Sprintf("%d\n", i), "x\n")))
				states = append(states, state(t, s))
			}
			must(t, s.Write(background, packet("not committed\n")))
			crash(s)
			copied, err := os.ReadFile(s.places[path].name)
			must(t, err)
			for n, st := range states {
				must(t, os.WriteFile(s.places[path].name, copied, 0o644))
				again := resumed(t, c, connect.Output{}, st)
				expect := ""
				for i := range n {
					expect += fmt.Sprintf("%d\nx\n", i)
				}
				must(t, again.Write(background, packet("again\n")))
				must(t, again.Close(background, true))
				if got := unpacked(t, path); got != expect+"again\n" {
					t.Errorf("%s %s after %d: %q", name, mode, n, got)
				}
				os.Remove(path)
			}
		}
	}
}

// The program dies after the file got its name, and before it could note that
// all is done.
func TestCrashAfterPublishing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.json")
	c, out := SinkConfig{Path: path}, connect.Output{Format: "json"}
	s := sink(t, c, out)
	must(t, s.Write(background, packet("1", "2")))
	st := state(t, s)
	must(t, s.Close(background, true))
	again := resumed(t, c, out, st)
	want(t, dir, map[string]string{".out.json.part": "[\n1,\n2"})
	must(t, again.Close(background, true))
	want(t, dir, map[string]string{"out.json": "[\n1,\n2\n]\n"})

	// Another file under that name is none of ours.
	write(t, path, "[\n7,\n8\n]\n")
	again = made(t, c, out)
	must(t, again.Restore(background, st))
	if err := again.Open(background); err == nil || !strings.Contains(err.Error(), "--fresh") {
		t.Errorf("%v", err)
	}
	again.Close(background, false)
	if content(t, path) != "[\n7,\n8\n]\n" {
		t.Error("a file of somebody else's was changed")
	}
}

func TestAppend(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.ndjson")
	c := SinkConfig{Path: path, Mode: "append"}
	for i := range 3 {
		s := sink(t, c, connect.Output{})
		must(t, s.Write(background, packet(fmt.Sprintf("%d\n", i))))
		must(t, s.Close(background, i == 1))
	}
	want(t, dir, map[string]string{"out.ndjson": "0\n1\n2\n"})

	// A line that was left in its middle stays one of its own.
	appendTo(t, path, `{"torn`)
	s := sink(t, c, connect.Output{})
	must(t, s.Write(background, packet("3\n")))
	must(t, s.Close(background, false))
	want(t, dir, map[string]string{"out.ndjson": "0\n1\n2\n{\"torn\n3\n"})

	// A checkpoint of a file that somebody has moved away says nothing about the
	// new one.
	s = sink(t, c, connect.Output{})
	st := state(t, s)
	must(t, s.Close(background, false))
	must(t, os.Rename(path, path+".1"))
	write(t, path, "somebody else's\n")
	s = resumed(t, c, connect.Output{}, st)
	must(t, s.Write(background, packet("4\n")))
	must(t, s.Close(background, false))
	if got := content(t, path); got != "somebody else's\n4\n" {
		t.Errorf("%q", got)
	}
}

func TestAppendTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.csv")
	c, out := SinkConfig{Path: path, Mode: "append"}, connect.Output{Format: "csv", Header: []byte("id,n\n")}
	for range 2 {
		s := sink(t, c, out)
		must(t, s.Write(background, packet("1,a\n")))
		must(t, s.Close(background, false))
	}
	if got := content(t, path); got != "id,n\n1,a\n1,a\n" {
		t.Errorf("%q", got)
	}
	out.Header = []byte("id,other\n")
	s := made(t, c, out)
	if err := s.Open(background); err == nil || !strings.Contains(err.Error(), "another header") {
		t.Errorf("%v", err)
	}
	s.Close(background, false)
}

// A compressed file that was cut off in the middle of a stream is cut back to
// what is whole; one that is something else is left alone.
func TestAppendCompressed(t *testing.T) {
	for _, name := range []string{"out.txt.gz", "out.txt.zst"} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		c, out := SinkConfig{Path: path, Mode: "append"}, connect.Output{Format: "text"}
		noise := strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz", 5000)
		for _, text := range []string{"one\n", noise + "\n"} {
			s := sink(t, c, out)
			must(t, s.Write(background, packet(text)))
			must(t, s.Close(background, false))
		}
		whole := content(t, path)
		for cut := 1; cut < len(whole); cut += 1 + len(whole)/60 {
			write(t, path, whole+whole[:cut])
			s := sink(t, c, out)
			must(t, s.Write(background, packet("next\n")))
			must(t, s.Close(background, false))
			got := unpacked(t, path)
			if got != "one\n"+noise+"\nnext\n" && got != "one\n"+noise+"\none\nnext\n" {
				t.Fatalf("%s cut at %d: %d bytes", name, cut, len(got))
			}
		}
		write(t, path, whole+"something else that is no compressed data")
		s := made(t, c, out)
		if err := s.Open(background); err == nil || !strings.Contains(err.Error(), "move it away") {
			t.Errorf("%s: %v", name, err)
		}
		s.Close(background, false)
		if got := content(t, path); got != whole+"something else that is no compressed data" {
			t.Error("it was changed")
		}
	}
}

func TestRotate(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "out-000007.ndjson"), "of an earlier run\n")
	write(t, filepath.Join(dir, "out-7.ndjson"), "of somebody else\n")
	c := SinkConfig{Path: filepath.Join(dir, "out.ndjson"), Mode: "append", Rotate: Rotate{Bytes: 6}}
	s := sink(t, c, connect.Output{})
	for i := range 7 {
		must(t, s.Write(background, packet(fmt.Sprintf("%d\n", i))))
		if i%2 == 0 {
			must(t, s.Sync(background))
		}
	}
	must(t, s.Close(background, false))
	want(t, dir, map[string]string{
		"out-7.ndjson": "of somebody else\n", "out-000007.ndjson": "of an earlier run\n",
		"out-000008.ndjson": "0\n1\n2\n", "out-000009.ndjson": "3\n4\n5\n", "out.ndjson": "6\n",
	})
	c.Rotate.Keep = 2
	s = sink(t, c, connect.Output{})
	for i := range 3 {
		must(t, s.Write(background, packet(fmt.Sprintf("%d\n", i))))
	}
	must(t, s.Close(background, false))
	want(t, dir, map[string]string{
		"out-7.ndjson": "of somebody else\n", "out-000009.ndjson": "3\n4\n5\n", "out-000010.ndjson": "6\n0\n1\n", "out.ndjson": "2\n",
	})
}

// Each rotated file is whole by itself, and the last one too.
func TestRotateFormats(t *testing.T) {
	for _, tc := range []struct {
		name   string
		output connect.Output
		record string
		files  map[string]string
	}{
		{"o.json.gz", connect.Output{Format: "json"}, "1", map[string]string{"o-000001.json.gz": "[\n1\n]\n", "o-000002.json.gz": "[\n1\n]\n", "o.json.gz": "[\n1\n]\n"}},
		{"o.csv", connect.Output{Format: "csv", Header: []byte("n\n")}, "1\n", map[string]string{"o-000001.csv": "n\n1\n", "o-000002.csv": "n\n1\n", "o.csv": "n\n1\n"}},
	} {
		dir := t.TempDir()
		s := sink(t, SinkConfig{Path: filepath.Join(dir, tc.name), Rotate: Rotate{Bytes: 1}}, tc.output)
		for range 3 {
			must(t, s.Write(background, packet(tc.record)))
			must(t, s.Sync(background))
		}
		must(t, s.Close(background, true))
		want(t, dir, tc.files)
	}
}

// Whenever the program dies, what was rotated after the checkpoint is taken back.
func TestCrashAfterRotation(t *testing.T) {
	for _, mode := range []string{"append", "replace"} {
		for _, name := range []string{"out.ndjson", "out.ndjson.gz"} {
			for committed := range 6 {
				for lost := range 5 {
					dir := t.TempDir()
					path := filepath.Join(dir, name)
					before := closedName(path, 3)
					if name == "out.ndjson" {
						write(t, before, "earlier\n")
					} else {
						pack(t, before, "earlier\n")
					}
					c := SinkConfig{Path: path, Mode: mode, Rotate: Rotate{Bytes: 5}}
					s := sink(t, c, connect.Output{})
					st := state(t, s)
					for i := range committed {
						must(t, s.Write(background, packet(fmt.Sprintf("%d\n", i))))
						st = state(t, s)
					}
					for range lost {
						must(t, s.Write(background, packet("lost\n")))
						must(t, s.Sync(background))
					}
					crash(s)
					published := listing(t, dir)
					again := resumed(t, c, connect.Output{}, st)
					must(t, again.Write(background, packet("again\n")))
					must(t, again.Close(background, true))
					files := listing(t, dir)
					for f, text := range published { // what was published as a whole never changes
						if mode == "replace" && !strings.HasPrefix(f, ".") && files[f] != text {
							t.Fatalf("%s, %d committed, %d lost: %s was %q, and is %q", name, committed, lost, f, text, files[f])
						}
					}
					all := ""
					for _, f := range slices.Sorted(mapsKeys(files)) {
						if f != name {
							all += files[f]
						}
					}
					expect := "earlier\n"
					for i := range committed {
						expect += fmt.Sprintf("%d\n", i)
					}
					if all+files[name] != expect+"again\n" {
						t.Fatalf("%s %s, %d committed, %d lost: %q", mode, name, committed, lost, files)
					}
				}
			}
		}
	}
}

func mapsKeys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func keyedOutput(dir string) connect.Output {
	return connect.Output{Keys: []string{"meta.x", "path"}[1:], Literals: map[string]string{"path": dir + "/"}}
}

func TestKeyed(t *testing.T) {
	dir := t.TempDir()
	s := sink(t, SinkConfig{}, keyedOutput(dir))
	must(t, s.Write(background, keyed(dir+"/a.ndjson=1", dir+"/a.ndjson=2", dir+"/sub/b.ndjson=3", dir+"/a.ndjson=4", dir+"//sub/./b.ndjson=5")))
	must(t, s.Close(background, true))
	want(t, dir, map[string]string{"a.ndjson": "1\n2\n4\n", "sub/b.ndjson": "3\n5\n"})
}

// A path that a record makes can't lead out of the folder, and spoils its own
// records alone.
func TestHostilePaths(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "out")
	must(t, os.MkdirAll(filepath.Join(dir, "folder"), 0o755))
	write(t, filepath.Join(top, "secret"), "untouched\n")
	s := sink(t, SinkConfig{}, keyedOutput(dir))
	for _, path := range []string{"", dir + "/../secret", dir + "/a/../../secret", dir + `/..\secret`, dir + "/", dir + "/folder", dir + "/a\x00b", dir + "/" + strings.Repeat("x", 5000)} {
		err := s.Write(background, keyed(dir+"/good=1", path+"=bad", path+"=bad", dir+"/good=2"))
		var partial *flow.PartialError
		if !errors.As(err, &partial) || len(partial.Failed) != 2 || partial.Failed[1] == nil || partial.Failed[2] == nil {
			t.Errorf("%.40q: %v", path, err)
			continue
		}
		if flow.ClassOf(partial.Failed[1]) != flow.Permanent {
			t.Errorf("%.40q: %v is %v", path, partial.Failed[1], flow.ClassOf(partial.Failed[1]))
		}
	}
	must(t, s.Close(background, true))
	files := listing(t, dir)
	if len(files) != 1 || files["good"] != strings.Repeat("1\n2\n", 8) || content(t, filepath.Join(top, "secret")) != "untouched\n" {
		t.Errorf("%q", listing(t, top))
	}
	for _, tc := range []struct {
		path, literal string
		known, ok     bool
	}{
		{"/data/x", "/data/", true, true},
		{"/data/x", "", true, false},
		{"x", "", true, true},
		{"../out/x", "../out/", true, true},
		{"../out/../x", "../out/", true, false},
		{"logs/day-..", "logs/day-", true, true},
		{"logs/day-/../../x", "logs/day-", true, false},
		{"out//etc/x", "out/", true, true},
		{"/data/x", "", false, true},
		{"../x", "", false, false},
		{"a/..", "", false, false},
	} {
		if err := checkPath(tc.path, tc.literal, tc.known); (err == nil) != tc.ok {
			t.Errorf("%q behind %q: %v", tc.path, tc.literal, err)
		}
	}
}

// More files than may be open.
func TestManyFiles(t *testing.T) {
	defer func(n int) { maxOpen = n }(maxOpen)
	maxOpen = 6
	for _, name := range []string{"%03d.ndjson", "%03d.ndjson.gz"} {
		for _, mode := range []string{"replace", "append"} {
			dir := t.TempDir()
			s := sink(t, SinkConfig{Mode: mode}, keyedOutput(dir))
			files := map[string]string{}
			for round := range 3 {
				for i := range 2 * maxOpen {
					file := fmt.Sprintf(name, i)
					must(t, s.Write(background, keyed(dir+"/"+file+"="+fmt.Sprint(round))))
					files[file] += fmt.Sprintf("%d\n", round)
				}
				open := 0
				for _, f := range s.places {
					if f.file != nil {
						open++
					}
				}
				if open > maxOpen {
					t.Fatalf("%d files are open", open)
				}
				state(t, s)
				state(t, s)
			}
			if mode == "append" && len(s.files) > maxOpen {
				t.Errorf("%d files are remembered", len(s.files))
			}
			state(t, s)
			must(t, s.Close(background, true))
			want(t, dir, files)
		}
	}
}

// Files that a record asks for first, between two checkpoints, hold nothing twice
// after a crash either.
func TestKeyedCrash(t *testing.T) {
	for _, mode := range []string{"append", "replace"} {
		for crashAt := range 7 {
			dir := t.TempDir()
			c, out := SinkConfig{Mode: mode}, keyedOutput(dir)
			if mode == "append" {
				write(t, filepath.Join(dir, "old"), "old\n")
			}
			var all []*flow.Out
			for i := range 7 {
				all = append(all, keyed(fmt.Sprintf("%s/f%d=%d", dir, i/2, i), fmt.Sprintf("%s/old=%d", dir, i)))
			}
			s := sink(t, c, out)
			st, at := state(t, s), 0
			for i, p := range all {
				must(t, s.Write(background, p))
				if i%3 == 2 {
					st, at = state(t, s), i+1
				}
				if i == crashAt {
					break
				}
			}
			crash(s)
			again := resumed(t, c, out, st)
			for _, p := range all[at:] {
				must(t, again.Write(background, p))
			}
			state(t, again)
			must(t, again.Close(background, true))
			files := map[string]string{"f0": "0\n1\n", "f1": "2\n3\n", "f2": "4\n5\n", "f3": "6\n", "old": "0\n1\n2\n3\n4\n5\n6\n"}
			if mode == "append" {
				files["old"] = "old\n" + files["old"]
			}
			want(t, dir, files)
		}
	}
}

// Notes go when a later checkpoint is made, and not before.
func TestNotes(t *testing.T) {
	dir := t.TempDir()
	s := sink(t, SinkConfig{Mode: "append"}, keyedOutput(dir))
	state(t, s)
	must(t, s.Write(background, keyed(dir+"/a=1")))
	note := noteName(filepath.Join(dir, "a"))
	for i, there := range []bool{true, true, false} {
		if _, err := os.Stat(note); (err == nil) != there {
			t.Errorf("after %d checkpoints: %v", i, err)
		}
		state(t, s)
	}
	must(t, s.Close(background, false))
	for _, wrong := range []string{"}", `{"length":"1"}`, "no note"} {
		write(t, note, wrong)
		s = sink(t, SinkConfig{Mode: "append"}, keyedOutput(dir))
		if err := s.Write(background, keyed(dir+"/a=1")); err == nil || !strings.Contains(err.Error(), "note") {
			t.Errorf("%s: %v", wrong, err)
		}
		must(t, s.Close(background, false))
	}
}

// A note whose end is missing was not durable when the program died or the disk was
// full, so that nothing was written behind it: it is none.
func TestTornNote(t *testing.T) {
	for _, torn := range []string{"", "{", `{"length":`, `{"length":7,"head":{"bytes":7`} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "a"), "old\n")
		note := noteName(filepath.Join(dir, "a"))
		write(t, note, torn)
		s := sink(t, SinkConfig{Mode: "append"}, keyedOutput(dir))
		state(t, s) // there are checkpoints, so there is to be a note
		if err := s.Write(background, keyed(dir+"/a=1")); err != nil {
			t.Fatalf("%q: %v", torn, err)
		}
		var at saved
		text, err := os.ReadFile(note)
		if err != nil || json.Unmarshal(text, &at) != nil || at.Length != 4 {
			t.Errorf("%q: the note is now %q (%v)", torn, text, err)
		}
		state(t, s)
		must(t, s.Close(background, false))
		want(t, dir, map[string]string{"a": "old\n1\n", filepath.Base(note): string(text)})
	}
}

// A file that is not done has no name of its own yet, also where a checkpoint has it.
func TestNoNameBeforeTheEnd(t *testing.T) {
	dir := t.TempDir()
	s := sink(t, SinkConfig{Path: filepath.Join(dir, "out")}, connect.Output{})
	must(t, s.Write(background, packet("1\n")))
	state(t, s)
	must(t, s.Close(background, false))
	want(t, dir, map[string]string{".out.part": "1\n"})
}

func TestIdle(t *testing.T) {
	dir := t.TempDir()
	s := sink(t, SinkConfig{Path: filepath.Join(dir, "out")}, connect.Output{})
	must(t, s.Write(background, packet("1\n")))
	want(t, dir, map[string]string{".out.part": ""})
	s.Idle()
	want(t, dir, map[string]string{".out.part": "1\n"})
	must(t, s.Write(background, packet("2\n")))
	must(t, s.Close(background, true))
	want(t, dir, map[string]string{"out": "1\n2\n"})
}

// A file that could not be made durable once is not trusted again.
func TestSyncFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	s := sink(t, SinkConfig{Path: path}, connect.Output{})
	must(t, s.Write(background, packet("1\n")))
	s.Idle()
	s.files[path].file.Close()
	for range 2 {
		if err := s.Sync(background); flow.ClassOf(err) != flow.Fatal {
			t.Errorf("%v is %v", err, flow.ClassOf(err))
		}
	}
	if err := s.Write(background, packet("2\n")); flow.ClassOf(err) != flow.Fatal {
		t.Errorf("%v", err)
	}
	if err := s.Close(background, true); err == nil {
		t.Error("a file that is not durable was published")
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("it has its name")
	}
}

func TestDevices(t *testing.T) {
	if _, err := os.Stat("/dev/null"); err != nil {
		t.Skip("no /dev/null")
	}
	s := sink(t, SinkConfig{Path: "/dev/null"}, connect.Output{})
	must(t, s.Write(background, packet("1\n")))
	st := state(t, s)
	must(t, s.Write(background, packet(strings.Repeat("x", 2*directSize)+"\n")))
	must(t, s.Close(background, true))
	s = resumed(t, SinkConfig{Path: "/dev/null"}, connect.Output{}, st)
	must(t, s.Close(background, true))
}

func TestSinkErrors(t *testing.T) {
	for _, tc := range []struct {
		config SinkConfig
		output connect.Output
		want   string
	}{
		{SinkConfig{}, connect.Output{}, "path is empty"},
		{SinkConfig{Path: "a.json", Mode: "append"}, connect.Output{Format: "json"}, "can't be appended to"},
		{SinkConfig{Path: "a", Mode: "replace"}, connect.Output{Append: true}, "does not end"},
		{SinkConfig{Path: "a", Rotate: Rotate{Keep: -1}}, connect.Output{}, "not negative"},
	} {
		if _, err := NewSink(tc.config, tc.output); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: %v", tc.config, err)
		}
	}
	dir := t.TempDir()
	if err := made(t, SinkConfig{Path: dir}, connect.Output{}).Open(background); err == nil || err.Error() != dir+": it is a folder" {
		t.Errorf("%v", err)
	}
	path := filepath.Join(dir, "out")
	first := sink(t, SinkConfig{Path: path}, connect.Output{})
	second := made(t, SinkConfig{Path: path}, connect.Output{})
	if err := second.Open(background); !errors.Is(err, errWritten) {
		t.Errorf("two sinks for one file: %v", err)
	}
	must(t, second.Close(background, true))
	must(t, first.Write(background, packet("1\n")))
	must(t, first.Close(background, true))
	if content(t, path) != "1\n" {
		t.Error("the second sink has touched it")
	}
	s := made(t, SinkConfig{Path: filepath.Join(dir, "a.zst")}, connect.Output{})
	s.output.Zstd = nil
	if err := s.Open(background); !errors.Is(err, errNoZstd) {
		t.Errorf("%v", err)
	}
}

func BenchmarkWrite(b *testing.B) {
	record := []byte(strings.Repeat("x", 199) + "\n")
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("%d records", n), func(b *testing.B) {
			s := sink(b, SinkConfig{Path: filepath.Join(b.TempDir(), "out")}, connect.Output{})
			o := &flow.Out{Data: slices.Repeat(record, n), Count: n}
			b.SetBytes(int64(len(o.Data)))
			for range b.N {
				if err := s.Write(background, o); err != nil {
					b.Fatal(err)
				}
				if t := s.files[s.config.Path]; t.length > 64<<20 {
					t.length, t.buffer = 0, t.buffer[:0]
				}
			}
			s.Close(background, false)
		})
	}
}
