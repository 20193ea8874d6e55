package file

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, tc := range []struct {
		name, format string
		make         func(path string)
		want         []string
	}{
		{"a.ndjson", "ndjson", func(p string) { write(t, p, "{}\n[]\n") }, []string{"{}", "[]"}},
		{"crlf.txt", "text", func(p string) { write(t, p, "\xef\xbb\xbfa\r\n\r\nb") }, []string{"a", "", "b"}},
		{"empty.txt", "text", func(p string) { write(t, p, "") }, nil},
		{"a.json", "json", func(p string) { write(t, p, "[1,\n{\"a\":\n2}]\n") }, []string{"1", "{\"a\":\n2}"}},
		{"a.csv", "csv", func(p string) { write(t, p, "id,n\n1,\"a\nb\"\n2,c") }, []string{"1,\"a\nb\"", "2,c"}},
		{"a.bin", "bytes", func(p string) { write(t, p, "a\nb") }, []string{"a\nb"}},
		{"a.txt.gz", "text", func(p string) { pack(t, p, "a\nb", "c\nd\n") }, []string{"a", "bc", "d"}},
		{"b.TXT.GZ", "text", func(p string) { pack(t, p, "a\n") }, []string{"a"}},
		{"empty.txt.gz", "text", func(p string) { write(t, p, "") }, nil},
		{"none.txt.gz", "text", func(p string) { pack(t, p, "") }, nil},
		{"a.txt.zst", "text", func(p string) { pack(t, p, "a\nb", "c\nd\n") }, []string{"a", "bc", "d"}},
		{"empty.txt.zst", "text", func(p string) { write(t, p, "") }, nil},
	} {
		tc.make(at(tc.name))
		got, err := read(t, source(t, tc.format, SourceConfig{Path: at(tc.name)}), tc.format)
		if err != nil || !reflect.DeepEqual(texts(got), tc.want) {
			t.Errorf("%s: %q, %v; want %q", tc.name, texts(got), err, tc.want)
		}
	}
	got, err := read(t, source(t, "bytes", SourceConfig{Path: at("a.txt.gz"), Compression: "none"}), "bytes")
	if err != nil || len(got) != 1 || got[0].text != content(t, at("a.txt.gz")) {
		t.Errorf("compression none gave %q, %v", texts(got), err)
	}
}

func TestMeta(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "a.csv"), "id,n\n1,\"a\nb\"\n\n2,c\n")
	got, err := read(t, source(t, "csv", SourceConfig{Path: path}), "csv")
	want := []record{{path, "1,\"a\nb\"", 2, 5, "id,n"}, {path, "", 4, 13, "id,n"}, {path, "2,c", 5, 14, "id,n"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	path = write(t, filepath.Join(dir, "a.json"), "[\n1,\n\n[2,\n3], 4]")
	got, err = read(t, source(t, "json", SourceConfig{Path: path}), "json")
	want = []record{{path, "1", 2, 2, ""}, {path, "[2,\n3]", 4, 6, ""}, {path, "4", 5, 14, ""}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

// Lines are right in later blocks as well.
func TestMetaAcrossBlocks(t *testing.T) {
	var text strings.Builder
	for i := 1; text.Len() < 3*flow.BlockSize; i++ {
		fmt.Fprintf(&text, "line %d\n", i)
		if i%7 == 0 {
			text.WriteString(strings.Repeat("x", i%300) + "\n")
			i++
		}
	}
	path := write(t, filepath.Join(t.TempDir(), "a.txt"), text.String())
	got, err := read(t, source(t, "text", SourceConfig{Path: path}), "text")
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range got {
		if r.line != int64(i+1) || !strings.HasPrefix(text.String()[r.offset:], r.text+"\n") {
			t.Fatalf("record %d: %+v", i, r)
		}
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write(t, at("plain.txt.gz"), "not compressed\n")
	torn := pack(t, at("torn.txt.gz"), strings.Repeat("a line of text\n", 1000))
	whole := content(t, torn)
	write(t, torn, whole[:len(whole)-9])
	damaged := write(t, at("damaged.txt.gz"), whole[:len(whole)-8]+"xxxxxxxx")
	write(t, at("plain.txt.zst"), "not compressed\n")
	write(t, at("half.json"), "[1,2")
	write(t, at("long.json"), strings.Repeat("1", 2000))
	for _, tc := range []struct {
		name, format string
		config       SourceConfig
		want         string
	}{
		{"missing", "text", SourceConfig{Path: at("none.txt")}, "open " + at("none.txt") + ": no such file or directory"},
		{"missing below here", "text", SourceConfig{Path: "none.txt"}, "open none.txt: no such file or directory (in the folder "},
		{"folder", "text", SourceConfig{Path: dir}, dir + ": it is a folder: name the files in it, " + at("*") + " for all"},
		{"no match", "text", SourceConfig{Path: at("*.none")}, "no file matches " + at("*.none") + ": file does not exist"},
		{"malformed", "text", SourceConfig{Path: at("[a")}, "the pattern " + at("[a") + ` is malformed: "[a"`},
		{"not gzip", "text", SourceConfig{Path: at("plain.txt.gz")}, at("plain.txt.gz") + ": it is not compressed with gzip: `compression: none` reads it as it is"},
		{"torn gzip", "text", SourceConfig{Path: torn}, torn + ": its gzip data ends early, so the file is not whole: unexpected EOF"},
		{"damaged gzip", "text", SourceConfig{Path: damaged}, damaged + ": its gzip data is damaged: gzip: invalid checksum"},
		{"not zstd", "text", SourceConfig{Path: at("plain.txt.zst")}, at("plain.txt.zst") + ": its zstd data is damaged: "},
		{"half json", "json", SourceConfig{Path: at("half.json")}, at("half.json") + ": byte 4: the array does not end"},
		{"long json", "json", SourceConfig{Path: at("long.json"), MaxRecord: 1000}, at("long.json") + ": byte 0: the record has 2000 bytes or more, and `max_record` is 1000"},
	} {
		s := source(t, tc.format, tc.config)
		_, err := read(t, s, tc.format)
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s:\n got %v\nwant %s", tc.name, err, tc.want)
		}
		if err := s.Close(background); err != nil {
			t.Errorf("%s: closing says it again: %v", tc.name, err)
		}
	}
	without := source(t, "text", SourceConfig{Path: pack(t, at("a.txt.zst"), "a\n")})
	without.input.Zstd = nil
	if _, err := read(t, without, "text"); !errors.Is(err, errNoZstd) {
		t.Errorf("a program without zstd: %v", err)
	}
	for _, c := range []SourceConfig{{MaxRecord: 1}, {Path: "a"}, {Path: "a.gz", Follow: true, MaxRecord: 1}} {
		if _, err := NewSource(c, input("text")); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
	if _, err := NewSource(SourceConfig{Path: "a", Follow: true, MaxRecord: 1}, input("bytes")); err == nil {
		t.Error("to follow a file as one record was taken")
	}
}

func TestUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "a", "a.txt"), "a\n")
	os.Chmod(path, 0)
	if _, err := read(t, source(t, "text", SourceConfig{Path: path}), "text"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("%v", err)
	}
	os.Chmod(filepath.Dir(path), 0)
	defer os.Chmod(filepath.Dir(path), 0o755)
	if _, err := read(t, source(t, "text", SourceConfig{Path: filepath.Join(dir, "*", "*.txt")}), "text"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a folder that can't be read: %v", err)
	}
}

func TestPatterns(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.txt", "a.txt", ".hidden.txt", "c.log", "sub/d.txt", "sub/deep/e.txt", ".git/f.txt", "x[1].txt"} {
		write(t, filepath.Join(dir, filepath.FromSlash(name)), name+"\n")
	}
	if err := os.MkdirAll(filepath.Join(dir, "folder.txt"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "b.txt"), filepath.Join(dir, "link.txt")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "sub", "back")); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		pattern string
		want    string
	}{
		{"*.txt", "a.txt b.txt b.txt x[1].txt"},
		{"[ab].txt", "a.txt b.txt"},
		{".*.txt", ".hidden.txt"},
		{"*/*.txt", "sub/d.txt"},
		{"**/*.txt", "a.txt b.txt b.txt sub/d.txt sub/deep/e.txt x[1].txt"},
		{"sub/**", "sub/d.txt sub/deep/e.txt"},
		{"**/deep/?.txt", "sub/deep/e.txt"},
		{"*.txt/x", ""},
		{"x[1].txt", "x[1].txt"}, // a file that is called so
		{"none/*.txt", ""},
	} {
		got, err := read(t, source(t, "text", SourceConfig{Path: filepath.Join(dir, filepath.FromSlash(tc.pattern))}), "text")
		if tc.want == "" {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v", tc.pattern, err)
			}
			continue
		}
		if text := strings.Join(texts(got), " "); err != nil || text != tc.want {
			t.Errorf("%s: %s, %v; want %s", tc.pattern, text, err, tc.want)
		}
	}
}

func TestPatternOfHere(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.txt"), "a\n")
	t.Chdir(dir)
	got, err := read(t, source(t, "text", SourceConfig{Path: "*.txt"}), "text")
	if err != nil || len(got) != 1 || got[0].path != "a.txt" {
		t.Errorf("%+v, %v", got, err)
	}
}

// Wherever a run ended, the next one reads exactly the rest.
func TestResumeFromEveryPosition(t *testing.T) {
	lines := func(n, width int) string {
		var s strings.Builder
		for i := range n {
			fmt.Fprintf(&s, "%06d %s\n", i, strings.Repeat("x", (i*7)%width))
		}
		return s.String()
	}
	rows := func(n int) string {
		var s strings.Builder
		s.WriteString("\xef\xbb\xbfid,text\r\n")
		for i := range n {
			fmt.Fprintf(&s, "%d,\"a\n%s\"\r\n", i, strings.Repeat("y", i%400))
		}
		return s.String()
	}
	array := func(n int) string {
		var s strings.Builder
		for i := range n {
			fmt.Fprintf(&s, "%s\n {\"n\":%d,\"t\":\"%s\"}", map[bool]string{true: "[", false: ","}[i == 0], i, strings.Repeat("z", i%500))
		}
		return s.String() + "\n]\n"
	}
	for _, tc := range []struct {
		format string
		names  map[string]string
	}{
		{"text", map[string]string{"a.txt": lines(9000, 120), "b.txt": "", "c.txt": "last"}},
		{"text", map[string]string{"a.txt.gz": lines(9000, 120), "b.txt.gz": lines(10, 10), "c.txt.zst": lines(5000, 100)}},
		{"csv", map[string]string{"a.csv": rows(3000), "b.csv": rows(2)}},
		{"csv", map[string]string{"a.csv.gz": rows(3000), "b.csv.zst": rows(2500)}},
		{"json", map[string]string{"a.json": array(3000), "b.json": "1 2 3"}},
		{"json", map[string]string{"a.json.zst": array(3000)}},
	} {
		dir := t.TempDir()
		for name, text := range tc.names {
			if ext := filepath.Ext(name); ext == ".gz" || ext == ".zst" {
				pack(t, filepath.Join(dir, name), text[:len(text)/2], text[len(text)/2:])
			} else {
				write(t, filepath.Join(dir, name), text)
			}
		}
		config := SourceConfig{Path: filepath.Join(dir, "*")}
		first := source(t, tc.format, config)
		if err := first.Open(context.Background()); err != nil {
			t.Fatal(err)
		}
		all, err := steps(t, first, tc.format)
		if err != nil || len(all) < 3 {
			t.Fatalf("%d steps, %v", len(all), err)
		}
		positions := map[string]json.RawMessage{}
		for i := range all {
			positions[all[i].split] = all[i].position
			second := source(t, tc.format, config)
			if err := second.Seek(context.Background(), positions); err != nil {
				t.Fatal(err)
			}
			got, err := read(t, second, tc.format)
			var want []record
			for _, s := range all[i+1:] {
				want = append(want, s.records...)
			}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("%s after step %d (%s %s): %d records, %v; want %d", tc.format, i, all[i].split, all[i].position, len(got), err, len(want))
			}
		}
	}
}

// A file that was replaced since is not read from its middle.
func TestResumeOfAnotherFile(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.txt", "a.txt.gz"} {
		path := filepath.Join(dir, name)
		fill := func(text string) {
			if name == "a.txt" {
				write(t, path, text)
			} else {
				pack(t, path, text)
			}
		}
		fill("one\ntwo\n")
		first := source(t, "text", SourceConfig{Path: path})
		if err := first.Open(context.Background()); err != nil {
			t.Fatal(err)
		}
		all, err := steps(t, first, "text")
		if err != nil {
			t.Fatal(err)
		}
		again := func() ([]record, error) {
			s := source(t, "text", SourceConfig{Path: path})
			if err := s.Seek(context.Background(), map[string]json.RawMessage{path: all[len(all)-1].position}); err != nil {
				t.Fatal(err)
			}
			return read(t, s, "text")
		}
		if got, err := again(); err != nil || len(got) > 0 {
			t.Errorf("%s: %q, %v", name, texts(got), err)
		}
		fill("another\nthat is longer\n")
		if _, err := again(); !errors.Is(err, errOther) || !strings.Contains(err.Error(), "--fresh") {
			t.Errorf("%s: another file gave %v", name, err)
		}
		if name == "a.txt" {
			fill("one\n")
			if _, err := again(); !errors.Is(err, errOther) {
				t.Errorf("a shorter file gave %v", err)
			}
			fill("one\ntwo\nthree\n")
			if got, err := again(); err != nil || !reflect.DeepEqual(texts(got), []string{"three"}) {
				t.Errorf("a file that grew gave %q, %v", texts(got), err)
			}
		}
	}
}

func TestSize(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.txt"), "abc\n")
	write(t, filepath.Join(dir, "b.txt"), "defg\n")
	s := source(t, "text", SourceConfig{Path: filepath.Join(dir, "*.txt")})
	if err := s.Open(context.Background()); err != nil || s.Size() != 9 {
		t.Errorf("size %d, %v", s.Size(), err)
	}
	s.Close(context.Background())
	pack(t, filepath.Join(dir, "c.txt.gz"), "x")
	s = source(t, "text", SourceConfig{Path: filepath.Join(dir, "*")})
	if err := s.Open(context.Background()); err != nil || s.Size() != 0 {
		t.Errorf("with a compressed file: size %d, %v", s.Size(), err)
	}
	s.Close(context.Background())
}
