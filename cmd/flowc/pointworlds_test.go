//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flowtest"
)

const pointType = `types: {T: {id: int64, key: string, pad: string}}
delivery: {checkpoint: {every: 5ms}}
`

// savedAll tells whether the checkpoint is at the end of a file that is followed. What
// is in the sinks tells less: it may be taken back by the next start.
func (r *chaosRun) savedAll(name string) (bool, error) {
	found, err := filepath.Glob(r.path("state/*/checkpoint"))
	if err != nil || len(found) == 0 {
		return false, err
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		return false, err
	}
	_, body, _ := bytes.Cut(text, []byte{'\n'})
	var saved struct {
		Sources map[string]struct {
			Splits map[string]struct{ Position struct{ Offset int64 } }
		}
	}
	if json.Unmarshal(body, &saved) != nil { // it is torn: the program says so
		return false, nil //nolint:nilerr // see above
	}
	info, err := os.Stat(r.path(name))
	if err != nil {
		return false, err
	}
	return saved.Sources["in"].Splits[name].Position.Offset == info.Size(), nil
}

// pointWorlds are the pipelines that are harmed at their points. Together they come
// to all points of the runtime.
var pointWorlds = []pointWorld{
	{chaosWorld{name: "file-file", pipeline: pointType + `
sources: {in: {use: file, config: {path: in.ndjson}, out: T}}
sinks: {out: {from: in, use: file, config: {path: out.ndjson}}}
`, set: func(t *testing.T, r *chaosRun) {
		r.input(t, "in.ndjson", 0, 12_000, false)
		r.branches = func(t *testing.T) []flowtest.Branch {
			return []flowtest.Branch{{Name: "out", Sinks: []flowtest.Place{r.lines(t, "out.ndjson")}}}
		}
	}}, false},
	{chaosWorld{name: "dead-letters", pipeline: pointType + `
sources: {in: {use: file, config: {path: in.ndjson}, out: T, on_error: {then: dead}}}
sinks:
  rows: {from: in, use: sqlite, config: {path: out.db, table: t}, on_error: {then: dead}}
  dead: {use: file, config: {path: dead.ndjson}}
`, set: func(t *testing.T, r *chaosRun) {
		r.input(t, "in.ndjson", 0, 6_000, true)
		r.pickyTable(t, "out.db")
		r.branches = func(t *testing.T) []flowtest.Branch {
			dead := []flowtest.Place{r.letters(t, "dead.ndjson", "in"), r.letters(t, "dead.ndjson", "rows")}
			return []flowtest.Branch{{Name: "rows", Sinks: []flowtest.Place{r.rows(t, "out.db", "t")}, Dead: dead}}
		}
	}}, false},
	{chaosWorld{name: "dead-letters-of-files", pipeline: pointType + `
sources: {in: {use: file, config: {path: in.ndjson}, out: T, on_error: {then: dead}}}
sinks:
  lines: {from: in, use: file, batch: {count: 700}, config: {path: out.ndjson}}
  rows: {from: in, use: sqlite, config: {path: out.db, table: t, key: [id]}, on_error: {then: dead}}
  dead: {use: file, config: {path: dead.ndjson}}
`, set: func(t *testing.T, r *chaosRun) {
		r.input(t, "in.ndjson", 0, 6_000, true)
		r.branches = func(t *testing.T) []flowtest.Branch {
			dead := []flowtest.Place{r.letters(t, "dead.ndjson", "in")}
			return []flowtest.Branch{
				{Name: "lines", Sinks: []flowtest.Place{r.lines(t, "out.ndjson")}, Dead: dead},
				{Name: "rows", Sinks: []flowtest.Place{r.rows(t, "out.db", "t")}, Dead: dead},
			}
		}
	}}, true},
	{chaosWorld{name: "rotated", pipeline: pointType + `
sources: {in: {use: file, config: {path: in.ndjson, follow: true}, out: T}}
sinks: {out: {from: in, use: file, config: {path: out/part.ndjson, rotate: {bytes: 300KiB}}}}
`, set: func(t *testing.T, r *chaosRun) {
		r.input(t, "in.ndjson", 0, 12_000, false)
		r.Done = func() (bool, error) { return r.savedAll("in.ndjson") }
		r.branches = func(t *testing.T) []flowtest.Branch {
			p := flowtest.Place{Name: "out"}
			for n := 1; ; n++ {
				name := fmt.Sprintf("out/part-%06d.ndjson", n)
				if _, err := os.Stat(r.path(name)); err != nil {
					break
				}
				p.Records = append(p.Records, r.lines(t, name).Records...)
			}
			if _, err := os.Stat(r.path("out/part.ndjson")); err == nil {
				p.Records = append(p.Records, r.lines(t, "out/part.ndjson").Records...)
			}
			return []flowtest.Branch{{Name: "out", Sinks: []flowtest.Place{p}}}
		}
	}}, true},
	{chaosWorld{name: "by-path", pipeline: pointType + `
sources: {in: {use: file, config: {path: in.ndjson, follow: true}, out: T}}
sinks: {out: {from: in, use: file, config: {path: "out/${in.Key}.ndjson"}}}
`, set: func(t *testing.T, r *chaosRun) {
		r.input(t, "in.ndjson", 0, 6_000, false)
		files := func() []string {
			files, err := filepath.Glob(r.path("out/*.ndjson"))
			if err != nil {
				t.Fatal(err)
			}
			return files
		}
		r.Done = func() (bool, error) { return r.savedAll("in.ndjson") }
		r.branches = func(t *testing.T) []flowtest.Branch {
			b := flowtest.Branch{Name: "out"}
			for _, f := range files() {
				b.Sinks = append(b.Sinks, r.lines(t, "out/"+filepath.Base(f)))
			}
			return []flowtest.Branch{b}
		}
	}}, true},
	{chaosWorld{name: "requests", pipeline: pointType + `
sources: {in: {use: http, config: {listen: "ADDRESS", path: /in}, out: T, on_error: {then: dead}}}
sinks:
  out: {from: in, use: file, config: {path: out.ndjson}}
  dead: {use: file, config: {path: dead.ndjson}}
`, set: func(t *testing.T, r *chaosRun) {
		r.Produce = r.post(t, "http://"+r.address+"/in", 2, 30)
		r.Done = func() (bool, error) { return true, nil } // what was accepted is safe
		r.branches = func(t *testing.T) []flowtest.Branch {
			p := r.lines(t, "out.ndjson")
			// A source that can't go back has no checkpoint that the file could be cut to.
			p.Records = slices.DeleteFunc(p.Records, func(f flowtest.Found) bool { return !json.Valid(f.Data) })
			return []flowtest.Branch{{Name: "out", Sinks: []flowtest.Place{p}}}
		}
	}}, true},
}
