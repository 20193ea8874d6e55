package driver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/flowc-dev/flowc/ir"
)

// unpack writes the files of an archive into a folder.
func unpack(t *testing.T, archive string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func compileIn(t *testing.T, dir string, o Options) *Result {
	t.Helper()
	o.Dir, o.Connectors, o.CacheDir, o.Verify = dir, testConnectors, cacheDir, true
	r, err := Compile(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// wantSaid compares diagnostics, each as file:line:col: code: part of message.
func wantSaid(t *testing.T, r *Result, want ...string) {
	t.Helper()
	var got []string
	for _, d := range r.Diagnostics {
		got = append(got, d.Error())
	}
	for i, g := range got {
		if i >= len(want) || !matches(g, want[i]) {
			t.Errorf("said: %s", g)
		}
	}
	for i := len(got); i < len(want); i++ {
		t.Errorf("not said: %s", want[i])
	}
}

// matches tells whether all words of a pattern, between "…", are in a text in
// their order.
func matches(text, pattern string) bool {
	for _, part := range strings.Split(pattern, "…") {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return true
}

const included = `
-- pipeline.yaml --
pipeline: shop
include: [shared/types.yaml]
sources:
  orders: {use: file, config: {path: orders.ndjson}, out: Order}
sinks:
  store: {from: [orders, more], use: stdout}
-- shared/types.yaml --
include: [deeper/money.yaml]
types:
  Order: {id: string, total: Money}
sources:
  more: {use: file, config: {path: more.ndjson}, out: Order}
-- shared/deeper/money.yaml --
types:
  Money: {amount: decimal, currency: EUR | USD}
defaults:
  validate: full
`

func TestInclude(t *testing.T) {
	r := compileIn(t, unpack(t, included), Options{})
	wantSaid(t, r)
	if got := len(r.Files); got != 3 {
		t.Errorf("%d files, not 3", got)
	}
	text := ir.Print(r.Program)
	for _, want := range []string{"node more source file", "type Money is struct", "decode ndjson full"} {
		if !strings.Contains(text, want) {
			t.Errorf("the program lacks %q\n%s", want, text)
		}
	}
}

func TestIncludeMistakes(t *testing.T) {
	dir := unpack(t, `
-- pipeline.yaml --
pipeline: shop
include: [shared.yaml, missing.yaml, broken.yaml, list.yaml]
types:
  Order: {id: string}
sources:
  orders: {use: file, config: {path: orders.ndjson}, out: Order}
sinks:
  store: {from: orders, use: stdout}
-- shared.yaml --
include: [pipeline.yaml]
types:
  Order: {id: string}
sinks:
  other: {from: order, use: stdout}
delivery: {drain: 3s}
-- broken.yaml --
types: {a: [
-- list.yaml --
- a
`)
	r := compileIn(t, dir, Options{})
	wantSaid(t, r,
		"broken.yaml:1:…[yaml-syntax]",
		"list.yaml:1:1: error: an included file is a mapping, and this is a list [no-dialect]",
		"pipeline.yaml:2:24: error: can't read the included file `missing.yaml` [file-not-found]",
		"shared.yaml:1:11: error: `pipeline.yaml` includes itself [include-cycle]",
		"shared.yaml:3:3: error: `types.Order` is in this included file and in pipeline.yaml [include-conflict]",
		"shared.yaml:5:17: error: `other` takes its records from `order`…[unknown-node]",
		"shared.yaml:6:1: error: `delivery` is no key of an included file [unknown-key]",
	)
}

const wantOverrides = `sources.orders.config.path more.yaml:2 -2 false
processors.large.let.limit pipeline.prod.yaml:4 -1 false
processors.large.parallel pipeline.prod.yaml:4 -1 true`

func TestOverlay(t *testing.T) {
	dir := unpack(t, `
-- pipeline.yaml --
pipeline: shop
types:
  Order: {id: string, total: decimal}
sources:
  orders: {use: file, config: {path: orders.ndjson}, out: Order}
processors:
  large: {from: orders, filter: in.Total > limit, let: {limit: 10}, parallel: 4}
sinks:
  store: {from: large, use: file, config: {path: out.ndjson, mode: append}}
-- pipeline.prod.yaml --
sources:
  orders: {config: {path: "${env:ORDERS}.ndjson"}}
processors:
  large: {let: {limit: 1000}, parallel: null}
-- more.yaml --
sources:
  orders: {config: {path: last.ndjson}}
`)
	r := compileIn(t, dir, Options{Env: "prod", Overlays: []string{"more.yaml"}})
	wantSaid(t, r)
	var path *ir.Value
	for _, n := range r.Program.Nodes {
		if n.ID == "orders" {
			path = n.Op.(*ir.Source).Config[0].Value
		}
		if n.ID == "large" && n.Parallel != 0 {
			t.Errorf("null does not take a key away: parallel is %d", n.Parallel)
		}
	}
	if path.Text() != "last.ndjson" || path.Span.File.Name != "more.yaml" {
		t.Errorf("the last overlay does not win: %q of %s", path.Text(), path.Span.File.Name)
	}
	var places []string
	for _, o := range path.Overrides {
		places = append(places, o.File.Name)
	}
	if got := strings.Join(places, " "); got != "pipeline.yaml pipeline.prod.yaml" {
		t.Errorf("overridden are %q", got)
	}
	var all []string
	for _, o := range r.Overrides {
		all = append(all, fmt.Sprintf("%s %s -%d %v", o.Path, o.At.Place(), len(o.Replaced), o.Removed))
	}
	if got := strings.Join(all, "\n"); got != wantOverrides {
		t.Errorf("overrides are\n%s", got)
	}
	if text := ir.Print(r.Program); !strings.Contains(text, "consts dec1000 1000") {
		t.Errorf("an overlay reaches no let value\n%s", text)
	}
}

func TestOverlayMistakes(t *testing.T) {
	dir := unpack(t, `
-- pipeline.yaml --
pipeline: shop
sources:
  orders: {use: file, config: {path: orders.ndjson}, out: {id: string}}
sinks:
  store: {from: orders, use: stdout}
-- prod.yaml --
sources:
  oders: {config: {path: prod.ndjson}}
sinks:
  store: {use: stdot}
`)
	r := compileIn(t, dir, Options{Overlays: []string{"prod.yaml"}})
	wantSaid(t, r,
		"prod.yaml:2:3: error: the overlay changes `oders`, and `sources` has no such node [unknown-node]",
		"prod.yaml:4:16: error: `stdot` is no built-in sink [unknown-connector]",
	)
}

func TestFind(t *testing.T) {
	usage := func(dir string, o Options, want string) {
		t.Helper()
		o.Dir = dir
		r, err := Compile(context.Background(), o)
		if !errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, not one of usage with %q", err, want)
		}
		if r == nil || r.Program != nil {
			t.Errorf("the result of an error is %v", r)
		}
	}
	several := unpack(t, "-- a.flow.yaml --\n-- b.flow.yaml --\n")
	usage(several, Options{}, "a.flow.yaml, b.flow.yaml")
	usage(t.TempDir(), Options{}, "no pipeline.yaml and no *.flow.yaml")
	usage(several, Options{File: "a.flow.yam"}, "did you mean a.flow.yaml?")
	usage(unpack(t, "-- shop.yaml --\n"), Options{}, "shop.yaml")

	one := "pipeline: x\nsources:\n  a: {use: stdin, out: text}\nsinks:\n  b: {from: a, use: stdout}\n"
	dir := unpack(t, "-- orders.flow.yaml --\n"+one+"-- other.yaml --\n")
	if r := compileIn(t, dir, Options{}); r.Program == nil || r.File.Name != "orders.flow.yaml" {
		t.Errorf("the only *.flow.yaml is not found: %v", r.Diagnostics)
	}
	r := compileIn(t, dir, Options{File: "-", Stdin: strings.NewReader(one)})
	if r.Program == nil || r.File.Path != "" {
		t.Errorf("standard input: %v", r.Diagnostics)
	}
	if r := compileIn(t, filepath.Dir(dir), Options{File: dir}); r.Program == nil {
		t.Errorf("a folder: %v", r.Diagnostics)
	}
	usage(dir, Options{Env: "prod"}, "orders.prod.flow.yaml")
	usage(dir, Options{StopAfter: "fusion"}, "fuse")
}

// A pipeline without a name has that of its file, or of its folder.
func TestNames(t *testing.T) {
	text := "sources:\n  a: {use: stdin, out: text}\nsinks:\n  b: {from: a, use: stdout}\n"
	dir := unpack(t, "-- Orders_EU.flow.yaml --\n"+text+"-- Big Shop/pipeline.yaml --\n"+text)
	if r := compileIn(t, dir, Options{}); r.Program == nil || r.Program.Name != "orders-eu" {
		t.Errorf("the name of a file: %v %v", r.Program, r.Diagnostics)
	}
	if r := compileIn(t, filepath.Join(dir, "Big Shop"), Options{}); r.Program == nil || r.Program.Name != "big-shop" {
		t.Errorf("the name of a folder: %v %v", r.Program, r.Diagnostics)
	}
}

// JSON and CUE give the same program as YAML.
func TestFormats(t *testing.T) {
	dir := unpack(t, `
-- a.yaml --
pipeline: x
types: {Order: {id: string, "memo?": string}}
sources: {a: {use: file, config: {path: in.ndjson}, out: Order}}
processors: {f: {from: a, filter: 'in.ID != "x"'}}
sinks: {b: {from: f, use: stdout}}
-- a.json --
{"pipeline": "x", "types": {"Order": {"id": "string", "memo?": "string"}},
 "sources": {"a": {"use": "file", "config": {"path": "in.ndjson"}, "out": "Order"}},
 "processors": {"f": {"from": "a", "filter": "in.ID != \"x\""}},
 "sinks": {"b": {"from": "f", "use": "stdout"}}}
-- a.cue --
pipeline: "x"
types: Order: {id: "string", "memo?": "string"}
sources: a: {use: "file", config: path: "in.ndjson", out: "Order"}
processors: f: {from: "a", filter: #"in.ID != "x""#}
sinks: b: {from: "f", use: "stdout"}
`)
	var first string
	for _, name := range []string{"a.yaml", "a.json", "a.cue"} {
		r := compileIn(t, dir, Options{File: name})
		wantSaid(t, r)
		if r.Program == nil {
			continue
		}
		text := strings.ReplaceAll(ir.Print(r.Program), name, "FILE")
		if first == "" {
			first = text
		} else if text != first {
			t.Errorf("%s gives another program:\n%s\nnot\n%s", name, text, first)
		}
	}
}
