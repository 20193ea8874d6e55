package file

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A file may be cut, and grow beyond what was read, at any moment between two
// system calls. Whatever was read then belongs to one of the two files: it is
// handed on, or it comes again with the rest of the new one.
func TestTailIsCutWhileItIsRead(t *testing.T) {
	long := strings.Repeat("0123456789abcdef\n", 2*headSize/17)
	for name, c := range map[string]struct {
		first string // read before
		old   string // what the file had grown by
		anew  string // what it was written anew with
	}{
		"nothing read before": {"", "one\ntwo\n", "ONE\nTWO\nthree\n"},
		"near the begin":      {"one\ntwo\n", "three\n", "five\nsix\nseven\n"},
		"far behind it":       {long, "three\n", "five\n" + long + long},
		"the same again":      {"one\ntwo\n", "three\n", "new\nnew\nthree\n"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, when := range []string{"before the read", "after the read"} {
				path := write(t, filepath.Join(t.TempDir(), "a.log"), c.first)
				s := source(t, "text", SourceConfig{Path: path, Follow: true})
				r, err := open(context.Background(), path, position{}, s.config, s.input)
				if err != nil {
					t.Fatal(err)
				}
				defer r.close()
				r.blocks.Final = false
				tail := &tail{reading: r}
				b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
				if c.first != "" {
					if ok, err := tail.read(context.Background(), b); !ok || err != nil || string(b.Data) != c.first {
						t.Fatalf("%v %v %q", ok, err, b.Data)
					}
				}
				appendTo(t, path, c.old)
				r.blocks.Continue()
				before := tail.head
				rewrite := func() {
					if err := os.WriteFile(path, []byte(c.anew), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				if when == "before the read" {
					rewrite()
				}
				ok, err := tail.fill(context.Background(), b)
				if !ok || err != nil {
					t.Fatal(ok, err)
				}
				if when == "after the read" {
					rewrite()
				}
				kept, err := tail.confirm(b, before)
				if err != nil {
					t.Fatal(err)
				}
				if b.Offset == 0 && when == "before the read" {
					if !kept || tail.last {
						t.Errorf("%s: a file that was read from its begin is not handed on", when)
					}
					continue
				}
				if !tail.last {
					t.Errorf("%s: the new file is not begun", when)
				}
				if kept && string(b.Data) != c.old {
					t.Errorf("%s: %q of the middle of the new file is handed on", when, b.Data)
				}
				if !kept && when == "after the read" && name != "the same again" {
					t.Errorf("%s: %q of the old file is lost", when, b.Data)
				}
				if kept && b.Position.(*position).Offset != 0 {
					t.Errorf("%s: a restart goes on in the middle of the new file", when)
				}
			}
		})
	}
}

// openTail opens a file that is followed and reads what is in it.
func openTail(t *testing.T, path string) *tail {
	t.Helper()
	s := source(t, "text", SourceConfig{Path: path, Follow: true})
	r, err := open(context.Background(), path, position{}, s.config, s.input)
	must(t, err)
	t.Cleanup(func() { must(t, r.close()) })
	r.blocks.Final = false
	tail := &tail{reading: r}
	if got := tail.next(t); got != content(t, path) {
		t.Fatalf("%q was read of %q", got, content(t, path))
	}
	return tail
}

// next is what one read gives.
func (t *tail) next(test *testing.T) string {
	test.Helper()
	b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
	_, err := t.read(context.Background(), b)
	must(test, err)
	return string(b.Data)
}

// A file that was renamed is looked at some more times: who writes it may not know yet.
func TestRenamedTailIsLookedAtAgain(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "a.log"), "one\n")
	tail := openTail(t, path)
	must(t, os.Rename(path, path+".1"))
	write(t, path, "three\n")
	for range 2 {
		for look := 1; look < quietLooks; look++ {
			must(t, tail.check())
		}
		if tail.last || quietLooks < 2 {
			t.Fatal("it is left while it may still grow")
		}
		appendTo(t, path+".1", "two\n")
		must(t, tail.check())
		if got := tail.next(t); got != "two\n" {
			t.Fatalf("%q was read", got)
		}
	}
	for range quietLooks {
		must(t, tail.check())
	}
	if !tail.last {
		t.Error("it is never left")
	}
}

// A file that was cut far behind its begin has the same head as before, and is read
// anew all the same: what follows may be as long as what was there.
func TestTailIsCutBehindItsHead(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "a.log"), strings.Repeat("0123456789abcde\n", headSize/4))
	tail := openTail(t, path)
	must(t, os.Truncate(path, 2*headSize))
	must(t, tail.check())
	if !tail.last {
		t.Error("it is read on where it was")
	}
}
