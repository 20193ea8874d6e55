package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
)

// Each of the examples goes to Nomad as it is: by `flowc apply`, with options for where its
// data is. Files and folders are in volumes of the client, or downloaded; records over HTTP
// come to the port that Nomad gives; what it writes is in a volume, and what it prints in the
// log.
func TestNomadExamples(t *testing.T) {
	volumes := []string{"inputs", "sales"}
	for _, e := range examplesOnTargets {
		volumes = append(volumes, e.pipeline)
	}
	c := newNomad(t, true, volumes...)
	images := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(images.Close)
	for _, e := range examplesOnTargets {
		t.Run(e.name, func(t *testing.T) {
			one := *c
			one.t = t
			e.inNomad(t, one.applied(e.pipeline), strings.TrimPrefix(images.URL, "http://"))
		})
	}
	if left := c.engine.Docker("ps", "-aq"); left != "" {
		t.Errorf("containers are left: %s", left)
	}
}

func (e *exampleOnTarget) inNomad(t *testing.T, a *nomadApplied, images string) {
	options, args := []string{fmt.Sprintf("storage: {volume: %s}", e.pipeline)}, []string(nil)
	var server *pgtest.Server
	for path, of := range e.reads {
		options = append(options, "files: {"+e.nomadInput(t, a, path, of)+"}")
	}
	if e.unseen() {
		options = append(options, "as: batch")
	}
	if len(e.programs) > 0 {
		args = append(args, "--base", toolsImage(t, images, e.programs...))
	}
	if e.asks != "" {
		options = append(options, fmt.Sprintf("env: {FLOWC_SET: %q}", e.asks+"="+serveAPI(t, a.engine.Gateway(), e.name)))
	}
	if e.database != "" {
		server = databaseAt(t, a.engine.Gateway())
		e.fill(t, server)
		a.must("var", "put", "nomad/jobs/"+e.pipeline, e.database+"="+databaseURL(server, a.engine.Gateway()))
	}
	e.copy(t, a.dir, "nomad", strings.Join(options, ", "))
	out := filepath.Join(a.volume(e.pipeline), "out")
	apply := append([]string{"apply", filepath.Join("examples", e.name, "pipeline.yaml"), "--env", "nomad", "--target", "nomad", "--yes"}, args...)
	state := ", ended"
	if e.endless {
		state = ", ready"
	}
	said, _ := a.flowc(exitOK, apply...)
	a.says(said, e.pipeline+": applied"+state)
	if e.endless {
		events := ""
		if e.serves != "" {
			events = "http://" + a.reached(e.pipeline+"-"+e.serves)
		}
		e.feed(t, events, server, out)
	}
	said, _ = a.flowc(exitOK, apply...)
	a.says(said, e.pipeline+": unchanged"+state)
	logs, _ := a.flowc(exitOK, "logs", e.pipeline, "--target", "nomad")
	e.came(t, outOf(t, out), e.printed(t, logs))
	a.flowc(exitOK, "delete", e.pipeline, "--target", "nomad", "--yes")
}

// nomadInput puts what an example reads where the client has it, and is the option that says
// so: a file in a volume of several, a folder that is one, and a file for a command, which
// only can be downloaded.
func (e *exampleOnTarget) nomadInput(t *testing.T, a *nomadApplied, path, of string) string {
	t.Helper()
	from := filepath.Join(examples, e.name, of)
	switch folder := strings.HasSuffix(of, "/"); {
	case folder && e.unseen():
		if err := os.CopyFS(a.volume("sales"), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%q: {volume: sales}", path)
	case folder:
		if err := os.CopyFS(filepath.Join(a.volume("inputs"), e.name), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%q: {volume: inputs, path: %s}", path, e.name)
	case e.unseen():
		files := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(from))))
		t.Cleanup(files.Close)
		return fmt.Sprintf("%q: {url: %q}", path, files.URL+"/"+of)
	}
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(a.volume("inputs"), e.name)
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(to, of), string(text))
	return fmt.Sprintf("%q: {volume: inputs, path: %s}", path, e.name+"/"+of)
}

// reached is where Nomad's catalogue has the only copy of a service.
func (a *nomadApplied) reached(service string) string {
	a.t.Helper()
	var all []struct {
		Address string
		Port    int
	}
	a.until("the service "+service, func() bool {
		return json.Unmarshal([]byte(a.try("operator", "api", "/v1/service/"+service)), &all) == nil && len(all) == 1
	})
	return fmt.Sprintf("%s:%d", all[0].Address, all[0].Port)
}
