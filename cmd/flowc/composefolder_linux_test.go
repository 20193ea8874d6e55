package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A folder of pipelines is one project of Compose: one file brings all of them up, and
// down, and each has its own files beside it.
func TestComposeFolder(t *testing.T) {
	p := newApplied(t)
	writeFile(t, filepath.Join(p.dir, "ticks.flow.yaml"), `pipeline: ticks
types: {E: {n: int}}
sources: {in: {use: generate, config: {rate: 50}, out: E}}
sinks: {out: {from: in, use: file, config: {path: /archive/ticks.ndjson}}}
targets: {compose: {project: shop}}
`)
	writeFile(t, filepath.Join(p.dir, "copy.flow.yaml"), `pipeline: copy
types: {E: {n: int}}
sources: {in: {use: file, config: {path: in.ndjson, follow: true}, out: E}}
sinks: {out: {from: in, use: file, config: {path: out.ndjson}}}
targets: {compose: {project: shop, files: {in.ndjson: {bind: ./in.ndjson}}}}
`)
	p.flowc(exitOK, "emit", ".", "--target", "compose", "-o", "out")
	p.flowc(exitOK, "emit", ".", "--target", "compose", "-o", "out", "--check")
	writeFile(t, filepath.Join(p.dir, "out/copy/in.ndjson"), "{\"n\":1}\n{\"n\":2}\n")
	for _, file := range []string{"ticks.flow.yaml", "copy.flow.yaml"} {
		p.flowc(exitOK, "image", file, "--load")
	}
	do := func(args ...string) string {
		t.Helper()
		cmd := command(p.dir, compilerCache, os.Getenv("FLOWC_COMPOSE"), append([]string{"-f", "out/compose.yaml"}, args...)...)
		cmd.Env = append(cmd.Env, "DOCKER_HOST="+p.engine.Host)
		text, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("docker compose %s: %v\n%s", strings.Join(args, " "), err, text)
		}
		return string(text)
	}
	if names := strings.Fields(do("config", "--services")); !slices.Contains(names, "ticks") || !slices.Contains(names, "copy") || len(names) != 2 {
		t.Errorf("the project has %v", names)
	}
	do("up", "-d", "--wait")
	copied := filepath.Join(p.engine.Volume("shop_copy-data"), "out.ndjson")
	eventually(t, "both write", func() bool {
		archives, err := filepath.Glob(filepath.Join(p.engine.Data, "volumes/shop_*/_data/ticks.ndjson"))
		return err == nil && len(archives) == 1 && len(linesOf(t, archives[0])) > 10 && len(linesOf(t, copied)) == 2
	})
	said, _ := p.flowc(exitOK, "status", "-A", "-t", "compose")
	p.says(said, "shop/copy", "shop/ticks")
	before := p.engine.Docker("ps", "-q", "--no-trunc")
	do("up", "-d", "--wait")
	if after := p.engine.Docker("ps", "-q", "--no-trunc"); after != before {
		t.Errorf("up again makes %s of %s", after, before)
	}
	do("down", "--volumes")
	for _, what := range [][]string{{"ps", "-aq"}, {"volume", "ls", "-q"}, {"network", "ls", "-q", "--filter", "type=custom"}} {
		if left := p.engine.Docker(what...); left != "" {
			t.Errorf("%v is left: %s", what, left)
		}
	}
}
