package main

import (
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/catalog"
)

// linkedSizes is where docs/connectors.md has its sizes from: a line a connector, in MB.
const linkedSizes = "../../runtime/catalog/gen/linked.txt"

// TestLinkedSizes builds a program with each connector alone, and holds its size
// against what the docs say. FLOWC_UPDATE=1 writes the sizes; then go generate ./runtime/catalog.
func TestLinkedSizes(t *testing.T) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skipf("the docs have the sizes of linux/amd64, and this is %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	if testing.Short() {
		t.Skip("builds a program for each connector (-short)")
	}
	said := map[string]float64{}
	text, err := os.ReadFile(linkedSizes)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		name, size, _ := strings.Cut(strings.TrimSpace(line), " ")
		if said[name], err = strconv.ParseFloat(size, 64); err != nil {
			t.Fatalf("%s: %q: %v", linkedSizes, line, err)
		}
	}
	is := map[string]float64{}
	for _, c := range catalog.Connectors {
		text := alone(t, c)
		is[c.Name] = builtSize(t, text)
		t.Logf("%s: %.1f MB", c.Name, is[c.Name])
		if c.Sink != nil && slices.Contains(c.Sink.Formats, "parquet") {
			is[c.Name+"+parquet"] = builtSize(t, strings.ReplaceAll(text, "x.ndjson", "x.parquet"))
			t.Logf("%s with Parquet: %.1f MB", c.Name, is[c.Name+"+parquet"])
		}
	}
	for name, size := range is { // versions of Go differ by a little: the docs do not follow each
		if old, ok := said[name]; ok && !differs(size, old) {
			is[name] = old
		}
	}
	if os.Getenv("FLOWC_UPDATE") != "" {
		var b strings.Builder
		for _, name := range slices.Sorted(maps.Keys(is)) {
			fmt.Fprintf(&b, "%s %.1f\n", name, is[name])
		}
		if err := os.WriteFile(linkedSizes, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if len(said) != len(is) {
		t.Errorf("%s has %d sizes, and there are %d: FLOWC_UPDATE=1 writes it anew", linkedSizes, len(said), len(is))
	}
	for name, size := range is {
		if differs(size, said[name]) {
			t.Errorf("%s: a program with it has %.1f MB, and the docs say %.1f: FLOWC_UPDATE=1 writes it anew", name, size, said[name])
		}
	}
}

// builtSize is that of a pipeline's program, in MB.
func builtSize(t *testing.T, pipeline string) float64 {
	t.Helper()
	file := filepath.Join(t.TempDir(), "alone.yaml")
	if err := os.WriteFile(file, []byte(pipeline), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(buildProgram(t, file))
	if err != nil {
		t.Fatal(err)
	}
	return math.Round(float64(info.Size())/1e5) / 10
}

// differs tells that a size is another one by more than versions of Go make it.
func differs(size, said float64) bool { return math.Abs(size-said) > 0.3+size/10 }

// alone is a pipeline with a connector on each side that it has.
func alone(t *testing.T, c *catalog.Connector) string {
	t.Helper()
	source, sink := "{use: generate, config: {count: 1}, out: E}", "{from: in, use: drop}"
	if c.Source != nil {
		source = fmt.Sprintf("{use: %s, config: {%s}, out: E}", c.Name, required(t, c, c.Source))
	}
	if c.Sink != nil {
		sink = fmt.Sprintf("{from: in, use: %s, config: {%s}}", c.Name, required(t, c, c.Sink))
	}
	return fmt.Sprintf("types: {E: {id: string}}\nsources: {in: %s}\nsinks: {out: %s}\n", source, sink)
}

// required gives the keys of a side that must be there.
func required(t *testing.T, c *catalog.Connector, s *catalog.Side) string {
	t.Helper()
	values := map[string]string{
		"brokers": `["localhost:9092"]`, "topics": "[a]", "topic": "b", "url": `"${env:URL}"`, "subject": "s", "dsn": `"${env:DSN}"`,
		"table": "t", "key": "id", "listen": `":8080"`, "path": "x.ndjson",
	}
	if c.Name == "sqlite" {
		values["path"] = "x.db"
	}
	if c.Name == "nats" && s == c.Sink {
		values["subject"] = "out"
	}
	var keys []string
	for _, k := range s.Keys {
		_, known := values[k.Name]
		switch {
		case k.Required && !known:
			t.Fatalf("%s needs %s: give it a value here", c.Name, k.Name)
		case k.Required, c.Name == "nats" && k.Name == "subject", k.Name == "table", k.Name == "listen":
			keys = append(keys, k.Name+": "+values[k.Name])
		}
	}
	return strings.Join(keys, ", ")
}
