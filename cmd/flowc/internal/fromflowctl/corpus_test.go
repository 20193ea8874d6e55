package fromflowctl

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A file of the corpus, and what is true of it.
type corpusFile struct {
	name string
	// says is what check says of it; ok tells that it is a pipeline.
	ok   bool
	says []string
	// migrated tells that it is one when it was rewritten, with overlay over it: the programs
	// of what is code in another system.
	migrated bool
	overlay  string
	// refused are targets that can't have it, with the reason.
	refused map[string]string
	// run stands in for its components, runs it, and compares what arrives.
	run func(*world, string)
}

// images are what the target local can't have.
var images = map[string]string{"local": "on the target local components are processes of the host"}

// wholeContainer is what it can't have of whole programs.
const wholeContainer = "is a container, and on the target local jobs are processes of the host"

// corpus are the files of testdata/corpus.
var corpus = []corpusFile{
	{name: "scripts", ok: true, says: []string{"talks to `sh` by lines"}, run: runScripts},
	{name: "extractors", ok: true, run: runExtractors},
	{name: "fanout", ok: true, says: []string{"`FLOWCTL_ENDPOINT` of `postgres-sink` names a server of flowctl's"}, run: runFanout},
	{name: "containers", ok: true, refused: images, run: runContainers},
	{name: "boxes", ok: true, says: []string{"talks to `sh` by lines"}, refused: images, run: runBoxes},
	{name: "references", ok: true, says: []string{"`postgres-consumer@v1.0.0` is not in flowc.lock"}, run: runReferences},
	{name: "whole", ok: true, refused: map[string]string{"local": wholeContainer}, run: func(w *world, file string) {
		runWhole(w, file, "whole: ended", "--env CREDENTIALS --memory 256m registry.example/flow-pipeline:0.1.20 run /app/config/latest.yaml")
	}},
	{name: "commands", says: []string{"flowctl's `v1` spelling", "flowc migrate"}, migrated: true, run: runCommands},
	{name: "legacy", says: []string{"flowctl's legacy spelling", "flowc migrate"}, migrated: true, run: runLegacy},
	{name: "cdp", says: []string{"spelling of cdp and Flow", "flowc migrate"}, migrated: true, run: runCDP, overlay: `sources:
  BufferedStorageSourceAdapter: {command: [./bin/ledger-source]}
processors:
  FilterPayments: {command: [./bin/filter]}
sinks:
  SaveToExcel: {command: [./bin/excel-sink]}
  SaveToZeroMQ: {command: [./bin/zeromq-sink]}
`},
	{name: "invalid", says: []string{
		"invalid.yaml:7:11: error: `unsupported` is no driver", "invalid.yaml:11:7: error: `health_endpoint` is no key of a source",
		"invalid.yaml:13:11: error: `two` has no `inputs`", "invalid.yaml:15:17: error: `two` can't run in -1 replicas", "invalid.yaml:19:15: error: `inputs` of `three` is empty",
	}},
}

// TestCorpus holds each file to its verdict, emits it for each target, and runs it.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob("testdata/corpus/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(corpus) {
		t.Errorf("there are %d files, and %d are tested", len(files), len(corpus))
	}
	for _, c := range corpus {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("testdata/corpus", c.name+".yaml"))
			if err != nil {
				t.Fatal(err)
			}
			c.hold(newWorld(t), string(text))
		})
	}
}

// hold holds a file to what is true of it.
func (c corpusFile) hold(w *world, text string) {
	w.t.Helper()
	file := c.name + ".yaml"
	w.write(file, text)
	e := w.flowc("check", file)
	if c.ok != (e.code == 0) {
		w.t.Fatalf("check: %s", e)
	}
	w.wants(e.stderr, c.says...)
	args := []string{}
	switch {
	case c.migrated:
		w.ok("migrate", file, "-o", "migrated.yaml")
		file = "migrated.yaml"
	case !c.ok:
		return
	}
	if c.overlay != "" {
		w.write("overlay.yaml", c.overlay)
		args = append(args, "--overlay", "overlay.yaml")
	}
	w.ok(append([]string{"check", file}, args...)...)
	if c.run != nil {
		w.args = args
		c.run(w, file)
	}
	c.emit(w, append([]string{"emit", file}, args...))
}

// emit writes it for each target, and reads what was written as the target does. Where
// FLOWC_EMITTED names a folder the files go there, for readers that are modules of their own
// (testdata/engines).
func (c corpusFile) emit(w *world, args []string) {
	w.t.Helper()
	dir := filepath.Join(w.dir, "emitted")
	if all := os.Getenv("FLOWC_EMITTED"); all != "" {
		dir = filepath.Join(all, c.name)
	}
	for _, target := range []string{"compose", "k8s", "nomad", "local"} {
		to := filepath.Join(dir, target)
		e := w.flowc(append(slices.Clone(args), "--target", target, "-o", to)...)
		if why := c.refused[target]; why != "" {
			if e.code != 3 || !strings.Contains(e.stderr, why) {
				w.t.Errorf("for %s: %s", target, e)
			}
			continue
		}
		if e.code != 0 {
			w.t.Errorf("for %s: %s", target, e)
			continue
		}
		readable(w.t, target, to)
	}
}
