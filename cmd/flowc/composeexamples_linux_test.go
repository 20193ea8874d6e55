package main

import (
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
)

// Each of the examples goes to Docker Compose as it is: by `flowc apply`, with options for
// where its data is. Files and folders are bound, records over HTTP come at a port of the
// host; what it writes is in its volume, and what it prints in the log.
func TestComposeExamples(t *testing.T) {
	p := newApplied(t)
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	for _, e := range examplesOnTargets {
		t.Run(e.name, func(t *testing.T) {
			one := *p
			one.t, one.dir = t, t.TempDir()
			e.inCompose(t, &one, strings.TrimPrefix(server.URL, "http://"))
		})
	}
}

func (e *exampleOnTarget) inCompose(t *testing.T, p *applied, registry string) {
	options := []string{"project: " + e.pipeline}
	var args []string
	var server *pgtest.Server
	for path, of := range e.reads {
		options = append(options, fmt.Sprintf("files: {%q: {bind: ./%s}}", path, of))
	}
	if len(e.programs) > 0 {
		args = append(args, "--base", toolsImage(t, registry, e.programs...))
	}
	if len(e.programs) > 0 || e.name == "connector" { // of what is their own only the user knows it
		options = append(options, "restart: on-failure", "storage: {/data: {}}")
	}
	port := freePort(t, "127.0.0.1")
	if e.serves != "" {
		options = append(options, fmt.Sprintf("publish: {%s: %d}", e.serves, port))
	}
	if e.asks != "" {
		options = append(options, fmt.Sprintf("env: {FLOWC_SET: %q}", e.asks+"="+serveAPI(t, p.engine.Gateway(), e.name)))
	}
	if e.database != "" {
		server = databaseAt(t, p.engine.Gateway())
		e.fill(t, server)
		p.env = append(slices.Clip(p.env), e.database+"="+databaseURL(server, p.engine.Gateway()))
	}
	p.dir = e.copy(t, p.dir, "compose", strings.Join(options, ", "))
	out := filepath.Join(p.engine.Volume(e.pipeline+"_"+e.pipeline+"-data"), "out")

	apply := slices.Concat([]string{"apply", "pipeline.yaml", "--env", "compose", "-t", "compose", "--yes"}, args)
	said, _ := p.flowc(exitOK, apply...)
	p.says(said, e.pipeline+": applied, ")
	ids := strings.Fields(p.engine.Docker("ps", "-aq", "--no-trunc", "--filter", "label=dev.flowc.pipeline="+e.pipeline))
	if len(ids) != 1 {
		t.Fatalf("it has the containers %v", ids)
	}
	id := ids[0]
	switch {
	case e.serves != "":
		e.post(t, fmt.Sprintf("http://127.0.0.1:%d", port))
		eventually(t, "all is written", func() bool { return e.wrote(t, out) })
	case e.database != "":
		eventually(t, "what is there is copied", func() bool { return e.copied(t, out) })
		e.change(t, server)
		eventually(t, "what changes is copied", func() bool { return e.wrote(t, out) })
	default:
		if code := p.engine.Docker("wait", id); code != "0" {
			t.Fatalf("exit code %s\n%s", code, p.engine.Logs(id))
		}
	}
	var printed []byte
	if e.prints {
		printed = e.records(t, p.engine.Logs(id))
	}
	if _, err := os.Stat(out); err != nil { // it writes none
		out = t.TempDir()
	}
	e.came(t, out, printed)
	said, _ = p.flowc(exitOK, apply...)
	p.says(said, e.pipeline+": unchanged, ")
	p.flowc(exitOK, "delete", "pipeline.yaml", "--env", "compose", "-t", "compose", "--state", "--yes")
	if left := p.engine.Docker("ps", "-aq") + p.engine.Docker("volume", "ls", "-q"); left != "" {
		t.Errorf("left is %s", left)
	}
}
