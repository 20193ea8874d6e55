package fromflowctl

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

// others are files of a corpus of others' that FLOWC_CORPUS names, by their base names.
var others = map[string]corpusFile{
	"fanout-postgres-ducklake": {ok: true, run: func(w *world, file string) {
		for _, name := range []string{"raw-ledger-source", "stellar-ledger-processor", "postgres-sink", "ducklake-sink"} {
			w.link("bin/" + name)
		}
		const first = (62080000 - 1) * 3
		w.runs(file)
		w.got("postgres-sink.got", events(first, first+3, "stellar-ledger-processor"))
		w.got("ducklake-sink.got", events(first, first+3, "stellar-ledger-processor"))
	}},
	"history-minimal":           {ok: true, run: runUntil("[OUTPUT] [PROCESSED] {")},
	"testnet-postgres-pipeline": {ok: true, run: func(w *world, file string) { runPublished(w, file, "postgres-sink", 2187805) }},
	"stellar-pipeline":          {ok: true, run: func(w *world, file string) { runPublished(w, file, "duckdb-sink", 2191326) }},

	"cdp-pipeline-example": {ok: true, refused: map[string]string{
		"local": wholeContainer, "k8s": "restricted Pod Security refuses folders of the node", "nomad": "is a path of the client, and must begin with a slash",
	}, run: func(w *world, file string) {
		runWhole(w, file, "cdp-latest-ledger-pipeline: ended", "obsrvr-flow-pipeline:0.1.20 run /app/config/base/latest_ledger_gcs.secret.yaml")
	}},

	"test-pipeline": {ok: true, says: []string{"`processor1` runs once: nothing says what carries events to 2 processes"}, refused: images},

	"contract-events-live":           {says: []string{"`health_endpoint` is no key of a source"}},
	"invalid-pipeline":               {says: []string{"`unsupported-driver` is no driver", "can't run in -1 replicas"}},
	"history-local-process-pipeline": {says: []string{"flowctl's `v1` spelling"}, migrated: true},

	"flow-pipeline_example":  {says: []string{"spelling of cdp and Flow"}, migrated: true, run: runStoodIn(3 * (3000 - 2))},
	"flow-pipeline_soroswap": {says: []string{"spelling of cdp and Flow"}, migrated: true, run: runStoodIn(6)},

	"history-dag-pipeline":     {ok: true, says: []string{"talks to `sh` by lines"}, refused: images},
	"history-docker-pipeline":  {ok: true, says: []string{"talks to `sh` by lines"}, refused: images},
	"history-sandbox-pipeline": {ok: true, says: []string{"talks to `sh` by lines"}, refused: images, run: runContained("[METRICS] Event processed with latency: ")},

	"history-multi-asset":              {says: []string{"quickstart pipeline"}},
	"history-tls-pipeline":             {says: []string{"legacy spelling"}},
	"older-local-test":                 {says: []string{"legacy spelling under the head of flowctl/v1"}},
	"parquet-multi-consumer-pipeline":  {says: []string{"spelling of cdp and Flow"}},
	"pipeline_config":                  {says: []string{"spelling of cdp and Flow"}},
	"stellar_contract_events_filtered": {says: []string{"cdp's spelling"}},
	"sandbox":                          {says: []string{"flowctl's sandbox"}},
	"older-sandbox":                    {says: []string{"a file of services"}},
	"history-sandbox-zeromq":           {says: []string{"a file of services"}},
}

// runUntil runs a file that never ends until it says something, and has it end.
func runUntil(says string) func(*world, string) {
	return func(w *world, file string) {
		run := w.start("run", file)
		for !strings.Contains(run.said(), says) {
			select {
			case <-run.done:
				w.t.Fatal(run.said())
			case <-time.After(20 * time.Millisecond):
			}
		}
		if err := run.cmd.Process.Signal(os.Interrupt); err != nil {
			w.t.Fatal(err)
		}
		<-run.done
	}
}

// runContained is one whose containers an engine of the test's own has.
func runContained(says string) func(*world, string) {
	return func(w *world, file string) {
		w.contain()
		runUntil(says)(w, file)
	}
}

// runWhole runs a file of whole programs, whose images an engine of the test's own has: it must
// have been given some words, and the run must say something.
func runWhole(w *world, file, says, given string) {
	if err := os.Mkdir(filepath.Join(w.dir, "engine"), 0o755); err != nil {
		w.t.Fatal(err)
	}
	w.script("engine/docker", `echo "$@" >> started.txt`)
	w.env = append(w.env, "PATH="+filepath.Join(w.dir, "engine")+string(os.PathListSeparator)+os.Getenv("PATH"))
	w.wants(w.runs(file).stderr, "the job has completed", says)
	w.wants(w.read("started.txt"), given)
}

// TestOthers does with the files of a corpus that is no part of the project what TestCorpus
// does with its own.
func TestOthers(t *testing.T) {
	folder := os.Getenv("FLOWC_CORPUS")
	if folder == "" {
		t.Skip("FLOWC_CORPUS names no folder with files of others")
	}
	seen := 0
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" {
			return err
		}
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		c, ok := others[name]
		if !ok {
			t.Logf("%s: nothing is said of it here", path)
			return nil
		}
		seen++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		c.name = name
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if c.migrated {
				c.overlay = overlayOf(w, string(text))
			}
			c.hold(w, string(text))
		})
		return nil
	})
	if err != nil || seen == 0 {
		t.Fatalf("%d files: %v", seen, err)
	}
}

// runPublished runs a file with references from a registry of the test's own.
func runPublished(w *world, file, sink string, ledger int) {
	defer published(w).Close()
	w.runs(file)
	w.got(sink+".got", events((ledger-1)*3, (ledger+1)*3, "contract-events"))
}

// overlayOf names a program for each node of a migrated file that is code in another system,
// and has a stand-in for each.
func overlayOf(w *world, text string) string {
	w.t.Helper()
	w.write("old.yaml", text)
	w.ok("migrate", "old.yaml", "-o", "new.yaml")
	blocks := struct {
		Sources, Processors, Sinks map[string]map[string]any
	}{}
	if err := yaml.Unmarshal([]byte(w.read("new.yaml")), &blocks); err != nil {
		w.t.Fatal(err)
	}
	roles := map[string]map[string]map[string]any{"source": blocks.Sources, "processor": blocks.Processors, "sink": blocks.Sinks}
	var b strings.Builder
	for _, role := range []string{"source", "processor", "sink"} {
		fmt.Fprintf(&b, "%ss:\n", role)
		for name, node := range roles[role] {
			if node["command"] == nil && node["use"] == nil && node["image"] == nil {
				program := "bin/" + name + "-" + role
				w.link(program)
				fmt.Fprintf(&b, "  %s: {command: [./%s]}\n", name, program)
			}
		}
	}
	text = b.String()
	if !strings.Contains(text, "command") {
		return ""
	}
	return text
}

// runStoodIn runs a file in which each node has a stand-in: each sink gets all events.
func runStoodIn(count int) func(*world, string) {
	return func(w *world, file string) {
		w.runs(file)
		files, err := filepath.Glob(filepath.Join(w.dir, "*.got"))
		if err != nil || len(files) == 0 {
			w.t.Fatalf("no sink got anything: %v", err)
		}
		for _, f := range files {
			if got := len(w.lines(filepath.Base(f))); got != count {
				w.t.Errorf("%s has %d events, and not %d", filepath.Base(f), got, count)
			}
		}
	}
}
