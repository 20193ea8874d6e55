package file

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A follower reads a followed source in the background.
type follower struct {
	t      *testing.T
	source *Source
	got    chan record
	ended  chan error
	cancel context.CancelFunc
	seen   []record
	last   map[string]json.RawMessage
}

func follow(t *testing.T, path string, from map[string]json.RawMessage) *follower {
	t.Helper()
	s := source(t, "text", SourceConfig{Path: path, Follow: true})
	if from != nil {
		if err := s.Seek(context.Background(), from); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	f := &follower{t: t, source: s, got: make(chan record, 1000), ended: make(chan error, 1), cancel: cancel, last: map[string]json.RawMessage{}}
	go func() {
		b := &flow.Batch{}
		for {
			b.Data, b.Base, b.Offset = make([]byte, 0, flow.BlockSize), -1, -1
			if err := s.Read(ctx, b); err != nil {
				f.ended <- err
				return
			}
			f.last[b.Split], _ = json.Marshal(b.Position)
			for _, r := range records(b, "text") {
				f.got <- r
			}
		}
	}()
	t.Cleanup(f.stop)
	return f
}

// want waits for exactly these records of any files.
func (f *follower) want(texts ...string) {
	f.t.Helper()
	for len(texts) > 0 {
		select {
		case r := <-f.got:
			i := slices.Index(texts, r.text)
			if i < 0 {
				f.t.Fatalf("%+v came, and was not wanted (%q)", r, texts)
			}
			texts = slices.Delete(texts, i, i+1)
			f.seen = append(f.seen, r)
		case err := <-f.ended:
			f.t.Fatalf("ended: %v; wanted %q", err, texts)
		case <-time.After(20 * time.Second):
			f.t.Fatalf("%q did not come; %+v did", texts, f.seen)
		}
	}
}

// quiet makes sure that nothing has come.
func (f *follower) quiet() {
	f.t.Helper()
	time.Sleep(10 * pollEvery)
	select {
	case r := <-f.got:
		f.t.Fatalf("%+v came", r)
	default:
	}
}

func (f *follower) stop() {
	f.cancel()
	if err := <-f.ended; !errors.Is(err, context.Canceled) {
		f.t.Errorf("ended with %v", err)
	}
	f.ended <- context.Canceled
	if err := f.source.Close(context.Background()); err != nil {
		f.t.Error(err)
	}
}

func TestFollowGrowth(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	f := follow(t, path, nil) // it need not be there yet
	f.quiet()
	write(t, path, "one\ntw")
	f.want("one")
	f.quiet()
	appendTo(t, path, "o\n")
	f.want("two")
	long := strings.Repeat("x", 3*flow.BlockSize)
	appendTo(t, path, long[:flow.BlockSize])
	f.quiet()
	appendTo(t, path, long[flow.BlockSize:]+"\nnext\n")
	f.want(long, "next")
	if last := f.seen[len(f.seen)-1]; last.line != 4 || last.offset != int64(len(long)+9) {
		t.Errorf("line %d, offset %d", last.line, last.offset)
	}
	if !f.source.Endless() || f.source.Size() != 0 {
		t.Error("a followed file has an end")
	}
}

// A renamed file is read to its end, its last line too, before the new one.
func TestFollowRename(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "a.log"), "one\n")
	f := follow(t, path, nil)
	f.want("one")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write(t, path, "three\n")
	appendTo(t, path+".1", "two\nthe last one has no line end")
	f.want("two", "the last one has no line end", "three")
	if got := texts(f.seen); !reflect.DeepEqual(got, []string{"one", "two", "the last one has no line end", "three"}) {
		t.Errorf("%q", got)
	}
	if last := f.seen[3]; last.line != 1 || last.offset != 0 {
		t.Errorf("line %d, offset %d", last.line, last.offset)
	}
	os.Remove(path)
	time.Sleep(10 * pollEvery)
	f.quiet()
	write(t, path, "four\n")
	f.want("four")
}

// A file that was cut and is written anew is read from its begin.
func TestFollowTruncation(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "a.log"), "one\ntwo\nthr")
	f := follow(t, path, nil)
	f.want("one", "two")
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	f.quiet()
	appendTo(t, path, "four\n")
	f.want("four")
	// Cut and grown beyond what it was, between two looks.
	write(t, path, "five\nsix\nseven\n")
	f.want("five", "six", "seven")
	if last := f.seen[len(f.seen)-1]; last.line != 3 || last.offset != 9 {
		t.Errorf("line %d, offset %d", last.line, last.offset)
	}
}

func TestFollowPattern(t *testing.T) {
	dir := t.TempDir()
	a := write(t, filepath.Join(dir, "a.log"), "a1\n")
	b := write(t, filepath.Join(dir, "b.log"), "b1\n")
	f := follow(t, filepath.Join(dir, "*.log"), nil)
	f.want("a1", "b1")
	if f.seen[0].text != "a1" {
		t.Error("not in lexical order")
	}
	appendTo(t, a, "a2\n")
	f.want("a2")
	appendTo(t, b, "b2\n")
	f.want("b2")
	c := write(t, filepath.Join(dir, "c.log"), "c1\n")
	f.want("c1")
	appendTo(t, a, "a3\n")
	appendTo(t, c, "c2\n")
	f.want("a3", "c2")
}

func TestFollowResumes(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "a.log"), "one\ntwo\n")
	f := follow(t, path, nil)
	f.want("one", "two")
	f.stop()
	appendTo(t, path, "three\n")
	g := follow(t, path, f.last)
	g.want("three")
	if g.seen[0].line != 3 {
		t.Errorf("line %d", g.seen[0].line)
	}
	g.stop()
	// Another file has taken its name while nobody looked.
	os.Remove(path)
	write(t, path, "a new file that is longer than the other\n")
	h := follow(t, path, g.last)
	h.want("a new file that is longer than the other")
}
