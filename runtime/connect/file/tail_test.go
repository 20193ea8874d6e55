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
