package file

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// Files whose names lie in a range keep what the interfaces promise, plain and
// compressed: each record has a file here, whose name is its number.
func TestRangeConforms(t *testing.T) {
	for _, ext := range []string{".txt", ".txt.gz"} {
		t.Run(ext[1:], func(t *testing.T) {
			flowtest.Source(t, func(t testing.TB) *flowtest.SourceWorld {
				dir, n := t.TempDir(), 0
				w := &flowtest.SourceWorld{
					Fixed: true,
					Range: func(from, to, parallel int) flow.Source {
						asked := connect.Range{Parallel: parallel}
						if from >= 0 {
							asked.From = fmt.Sprintf("%06d", from)
						}
						if to >= 0 {
							asked.To = fmt.Sprintf("%06d", to)
						}
						s, err := NewSource(SourceConfig{Path: filepath.Join(dir, "*"+ext), MaxRecord: 16 << 20}, within("text", &asked))
						must(t, err)
						return s
					},
					Feed: func(records ...string) {
						for _, r := range records {
							path := filepath.Join(dir, fmt.Sprintf("%06d%s", n, ext))
							if n++; ext == ".txt" {
								appendTo(t, path, r+"\n")
							} else {
								pack(t, path, r+"\n")
							}
						}
					},
				}
				w.Make = func() flow.Source { return w.Range(-1, -1, 3) }
				return w
			})
		})
	}
}

// Names are what follows the folder that a pattern begins with.
func TestRangeOfNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"2026/01/30.txt", "2026/01/31.txt", "2026/02/01.txt", "2026/02/02.txt", "2025/12/31.txt"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		appendTo(t, path, name+"\n")
	}
	for asked, want := range map[connect.Range]string{
		{From: "2026/01/31", To: "2026/02/02"}: "2026/01/31.txt 2026/02/01.txt",
		{From: "2026", To: "2026/02"}:          "2026/01/30.txt 2026/01/31.txt",
		{To: "2026"}:                           "2025/12/31.txt",
		{From: "2026/02/01.txt"}:               "2026/02/01.txt 2026/02/02.txt",
		{From: "earliest", To: "now"}:          "2025/12/31.txt 2026/01/30.txt 2026/01/31.txt 2026/02/01.txt 2026/02/02.txt",
		{From: "2027"}:                         "",
	} {
		s, err := NewSource(SourceConfig{Path: filepath.Join(dir, "**", "*.txt"), MaxRecord: 1 << 20}, within("text", &asked))
		must(t, err)
		must(t, s.Open(t.Context()))
		var got []string
		for {
			b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
			if err := s.Read(t.Context(), b); err != nil {
				break
			}
			got = append(got, strings.Fields(string(b.Data))...)
		}
		must(t, s.Close(t.Context()))
		if strings.Join(got, " ") != want {
			t.Errorf("%s gives %v, and not %s", asked, got, want)
		}
	}
}

// A range that can't be read is refused.
func TestRangeErrors(t *testing.T) {
	for want, c := range map[string]struct {
		config SourceConfig
		asked  connect.Range
	}{
		"the path is one file":      {SourceConfig{Path: "a.txt"}, connect.Range{From: "a"}},
		"before it begins":          {SourceConfig{Path: "*.txt"}, connect.Range{From: "b", To: "a"}},
		"files that are followed":   {SourceConfig{Path: "*.txt", Follow: true}, connect.Range{From: "a"}},
		"max_record must be larger": {SourceConfig{Path: "*.txt", MaxRecord: -1}, connect.Range{From: "a"}},
	} {
		if c.config.MaxRecord == 0 {
			c.config.MaxRecord = 1
		}
		_, err := NewSource(c.config, within("text", &c.asked))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, and not %q", c, err, want)
		}
	}
}

// within is the input of a source that reads a range.
func within(format string, asked *connect.Range) connect.Input {
	in := input(format)
	in.Range = asked
	return in
}
