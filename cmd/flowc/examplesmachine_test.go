//go:build unix

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
)

// Each of the examples is applied to this machine as it is, below a supervisor: what a file
// or a table gives is what there is to say of none, since files are beside the pipeline.
func TestLocalExamples(t *testing.T) {
	for _, e := range examplesOnTargets {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			var server *pgtest.Server
			if e.database != "" {
				server = pgtest.New(t)
				e.fill(t, server)
				m.env = append(m.env, e.database+"="+server.DSN())
			}
			options, events := e.onHost(t, filepath.Join(m.dir, "examples", e.name))
			e.copy(t, m.dir, "local", options)
			pipeline := filepath.Join("examples", e.name, "pipeline.yaml")
			apply := []string{"apply", pipeline, "--target", "local", "--yes"}
			if options != "" {
				apply = append(apply, "--env", "local")
			}
			out := filepath.Join(m.base, e.pipeline, "data", "out")
			if e.endless {
				m.flowc(exitOK, apply, e.pipeline+": applied, ready")
				e.feed(t, events, server, out)
				m.flowc(exitOK, apply, e.pipeline+": unchanged, ready")
			} else {
				m.flowc(exitOK, apply, e.pipeline+": applied, ended")
				m.flowc(exitOK, apply, e.pipeline+": unchanged, ended")
			}
			_, log, _ := m.run("logs", e.pipeline, "--target", "local")
			e.came(t, outOf(t, out), e.printed(t, log))
			m.flowc(exitOK, []string{"delete", e.pipeline, "--target", "local", "--state", "--yes"})
		})
	}
}

// onHost are the options that the example needs on a host that has its folder at dir, and
// where it is fed with events.
func (e *exampleOnTarget) onHost(t *testing.T, dir string) (options, events string) {
	t.Helper()
	var all []string
	if e.unseen() {
		var files []string
		for path, of := range e.reads {
			files = append(files, fmt.Sprintf("%q: %q", path, filepath.Join(dir, of)))
		}
		all = append(all, "as: run", "files: {"+strings.Join(files, ", ")+"}")
	}
	switch {
	case e.asks != "": // two tests can't have the port of the pipeline
		server := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(examples, e.name, "api"))))
		t.Cleanup(server.Close)
		all = append(all, fmt.Sprintf("env: {FLOWC_SET: %q}", e.asks+"="+server.URL+"/charges.json"))
	case e.serves != "":
		at := fmt.Sprintf("127.0.0.1:%d", freePort(t, "127.0.0.1"))
		all = append(all, fmt.Sprintf("env: {FLOWC_SET: %q}", e.serves+".config.listen="+at))
		events = "http://" + at
	}
	return strings.Join(all, ", "), events
}

// feed gives an example without an end what it waits for, and waits until that is written.
func (e *exampleOnTarget) feed(t *testing.T, events string, server *pgtest.Server, out string) {
	t.Helper()
	if e.database != "" {
		eventually(t, "what is there is copied", func() bool { return e.copied(t, out) })
		e.change(t, server)
	} else {
		e.post(t, events)
	}
	eventually(t, "all is written", func() bool { return e.wrote(t, out) })
}

// unseen tells whether what it reads is read by Go or commands of its own.
func (e *exampleOnTarget) unseen() bool {
	return len(e.programs) > 0 || e.name == "connector"
}

// printed are the records in what `flowc logs` says, nil for an example that prints none.
func (e *exampleOnTarget) printed(t *testing.T, logs string) []byte {
	t.Helper()
	if !e.prints {
		return nil
	}
	var b strings.Builder
	for line := range strings.Lines(logs) {
		_, text, _ := strings.Cut(line, " | ")
		b.WriteString(text)
	}
	return e.records(t, b.String())
}

// outOf is the folder that it wrote to, an empty one where it writes none.
func outOf(t *testing.T, path string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		return t.TempDir()
	}
	return path
}
