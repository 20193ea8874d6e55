package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
)

// Each of the examples is applied to a machine with systemd as it is: its files are beside
// it, the records and servers that it waits for are on the machine's own network, at the
// addresses that the pipelines have.
func TestMachineExamples(t *testing.T) {
	m := newBooted(t, map[string]string{"/etc/alternatives": "/etc/alternatives"}) // of which awk is one
	for _, e := range examplesOnTargets {
		t.Run(e.name, func(t *testing.T) {
			one := *m
			one.t = t
			e.onMachine(t, one.applied(e.pipeline))
		})
	}
}

func (e *exampleOnTarget) onMachine(t *testing.T, a *unitsApplied) {
	var server *pgtest.Server
	var options, events string
	switch {
	case e.asks != "":
		api := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(examples, e.name, "api"))))
		t.Cleanup(api.Close)
		a.Serve("127.0.0.1:8090", strings.TrimPrefix(api.URL, "http://"))
	case e.serves != "":
		events = "http://" + a.Reach("127.0.0.1:8080")
	case e.database != "":
		server = pgtest.New(t)
		e.fill(t, server)
		at, err := url.Parse(server.DSN())
		if err != nil {
			t.Fatal(err)
		}
		a.Serve(at.Host, at.Host)
		secrets := a.Path("/etc/" + e.pipeline)
		if err := os.MkdirAll(secrets, 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(secrets, "secrets.env"), e.database+"="+server.DSN()+"\n")
	case e.unseen():
		options, _ = e.onHost(t, filepath.Join(a.there(), "examples", e.name))
	}
	e.copy(t, a.dir(), "local", options)
	apply := []string{"apply", "examples/" + e.name + "/pipeline.yaml", "--target", "local", "--yes"}
	if options != "" {
		apply = append(apply, "--env", "local")
	}
	state := ", ended"
	if e.endless {
		state = ", ready"
	}
	if e.unseen() { // what is not there is said before anything is
		e.copy(t, a.dir(), "local", strings.ReplaceAll(options, "/srv/", "/nowhere/"))
		_, errs := a.flowc(exitEnv, apply...)
		a.says(errs, "can't start, and what runs was not touched", "/nowhere/")
		a.nothing()
		e.copy(t, a.dir(), "local", options)
	}
	said, _ := a.flowc(exitOK, apply...)
	a.says(said, e.pipeline+": applied"+state)
	out := a.file("out")
	if e.endless {
		e.feed(t, events, server, out)
	}
	said, _ = a.flowc(exitOK, apply...)
	a.says(said, e.pipeline+": unchanged"+state)
	logs, _ := a.flowc(exitOK, "logs", e.pipeline, "--target", "local")
	e.came(t, outOf(t, out), e.printed(t, logs))
	a.flowc(exitOK, "delete", e.pipeline, "--target", "local", "--state", "--yes")
	a.nothing()
}
