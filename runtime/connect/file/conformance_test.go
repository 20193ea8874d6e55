package file

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// A file keeps what the interfaces promise: one that ends, several, one that is
// compressed, and one that is followed.
func TestSourceConforms(t *testing.T) {
	for name, c := range map[string]struct {
		path   string // of the source
		follow bool
		feed   func(t testing.TB, dir string, n int, text string)
	}{
		"one":    {"in.txt", false, func(t testing.TB, dir string, _ int, text string) { appendTo(t, filepath.Join(dir, "in.txt"), text) }},
		"follow": {"in.txt", true, func(t testing.TB, dir string, _ int, text string) { appendTo(t, filepath.Join(dir, "in.txt"), text) }},
		"gzip":   {"in.txt.gz", false, appendPacked},
		"zstd":   {"in.txt.zst", false, appendPacked},
		"pattern": {"*.txt", false, func(t testing.TB, dir string, n int, text string) {
			appendTo(t, filepath.Join(dir, string(rune('a'+n))+".txt"), text)
		}},
		"follow-pattern": {"*.txt", true, func(t testing.TB, dir string, n int, text string) {
			appendTo(t, filepath.Join(dir, string(rune('a'+n))+".txt"), text)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			flowtest.Source(t, func(t testing.TB) *flowtest.SourceWorld {
				dir, n := t.TempDir(), 0
				return &flowtest.SourceWorld{
					Make: func() flow.Source {
						return source(t, "text", SourceConfig{Path: filepath.Join(dir, c.path), Follow: c.follow})
					},
					Feed: func(records ...string) {
						c.feed(t, dir, n, strings.Join(records, "\n")+"\n")
						n++
					},
				}
			})
		})
	}
}

// appendPacked adds a member to a compressed file.
func appendPacked(t testing.TB, dir string, _ int, text string) {
	for _, name := range []string{"in.txt.gz", "in.txt.zst"} {
		path := filepath.Join(dir, name)
		before, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		pack(t, path, text)
		more, err := os.ReadFile(path)
		must(t, err)
		must(t, os.WriteFile(path, append(before, more...), 0o644))
	}
}

// So do files that are written: replaced, appended to, compressed, rotated, and
// one for each value of a key.
func TestSinkConforms(t *testing.T) {
	lines := func(t testing.TB, path string) []string {
		if filepath.Ext(path) == ".parquet" {
			return texts(parquetRecords(t, path))
		}
		if _, err := os.Stat(path); err != nil {
			return nil
		}
		return strings.Split(strings.TrimSuffix(unpacked(t, path), "\n"), "\n")
	}
	for name, c := range map[string]struct {
		config SinkConfig
		keyed  bool
	}{
		"replace":        {SinkConfig{Path: "out.txt", Mode: "replace"}, false},
		"append":         {SinkConfig{Path: "out.txt", Mode: "append"}, false},
		"replace-gzip":   {SinkConfig{Path: "out.txt.gz", Mode: "replace"}, false},
		"append-gzip":    {SinkConfig{Path: "out.txt.gz", Mode: "append"}, false},
		"append-zstd":    {SinkConfig{Path: "out.txt.zst", Mode: "append"}, false},
		"rotate":         {SinkConfig{Path: "out.txt", Mode: "append", Rotate: Rotate{Bytes: 3000}}, false},
		"keyed":          {SinkConfig{Mode: "replace"}, true},
		"parquet":        {SinkConfig{Path: "out.parquet", Mode: "replace", Parquet: smallGroups}, false},
		"parquet-rotate": {SinkConfig{Path: "out.parquet", Mode: "replace", Rotate: Rotate{Bytes: 3000}, Parquet: smallGroups}, false},
		"parquet-keyed":  {SinkConfig{Mode: "replace", Parquet: smallGroups}, true},
		"keyed-appended": {SinkConfig{Mode: "append"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			flowtest.Sink(t, func(t testing.TB) *flowtest.SinkWorld {
				dir := t.TempDir()
				config, out, ext := c.config, connect.Output{Format: "text"}, ".txt"
				if c.config.Parquet.Rows > 0 {
					out, ext = parquetOutput(), ".parquet"
				}
				if c.keyed {
					out.Keys, out.Literals = []string{"path"}, map[string]string{"path": dir + "/"}
				} else {
					config.Path = filepath.Join(dir, config.Path)
				}
				w := &flowtest.SinkWorld{
					Make:      func() flow.Sink { return made(t, config, out) },
					Published: config.Mode == "replace",
					Unordered: c.keyed,
					Kill:      func(s flow.Sink) { crash(s.(*Sink)) },
				}
				w.Visible = func() (all []string) {
					entries, err := os.ReadDir(dir) // closed files are numbered, and the open one comes last
					must(t, err)
					for _, e := range entries {
						if !strings.HasPrefix(e.Name(), ".") {
							all = append(all, lines(t, filepath.Join(dir, e.Name()))...)
						}
					}
					return all
				}
				if ext == ".parquet" {
					w.Packet = func(records ...string) *flow.Out { return rowsOut(nil, records...) }
					w.Refused = func(good ...string) (*flow.Out, []int) {
						var records []string
						var bad []int
						for i, r := range good {
							if i%3 == 0 {
								bad, records = append(bad, len(records)), append(records, "\xff")
							}
							records = append(records, r)
						}
						return rowsOut(nil, records...), bad
					}
				}
				if !c.keyed {
					return w
				}
				path := func(record string) string { return filepath.Join(dir, string(rune('a'+len(record)%5))+ext) }
				packet := func(records, paths []string) *flow.Out {
					if ext == ".parquet" {
						return rowsOut(paths, records...)
					}
					o := &flow.Out{Keys: [][]string{paths}, Count: len(records)}
					for _, r := range records {
						o.Data = append(append(o.Data, r...), '\n')
						o.Ends = append(o.Ends, uint32(len(o.Data)))
					}
					return o
				}
				w.Packet = func(records ...string) *flow.Out {
					var paths []string
					for _, r := range records {
						paths = append(paths, path(r))
					}
					return packet(records, paths)
				}
				w.Refused = func(good ...string) (*flow.Out, []int) {
					var records, paths []string
					var bad []int
					for i, r := range good {
						if i%3 == 0 {
							bad = append(bad, len(records))
							records, paths = append(records, "bad"), append(paths, dir+"/../outside")
						}
						records, paths = append(records, r), append(paths, path(r))
					}
					return packet(records, paths), bad
				}
				return w
			})
		})
	}
}
