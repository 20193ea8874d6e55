package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
)

// Each of the examples goes to Kubernetes as it is: by `flowc apply`, with options for where
// its data is. A file comes as a ConfigMap, a folder as a claim, records over HTTP to the
// Service; what it writes is in its claim, and what it prints in the log.
func kubernetesExamples(t *testing.T, c *kubeCluster) {
	host := c.registry(t)
	for _, e := range examplesOnTargets {
		t.Run(e.name, func(t *testing.T) { e.inKubernetes(t, c, host) })
	}
}

func (e *exampleOnTarget) inKubernetes(t *testing.T, c *kubeCluster, registry string) {
	a := &kubeApp{*c, t.TempDir(), e.pipeline}
	a.t = t
	a.apply(fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: {pod-security.kubernetes.io/enforce: restricted}}\n", a.name))
	t.Cleanup(func() { _, _ = a.kubectl("delete", "namespace", a.name, "--ignore-not-found", "--timeout=120s") })
	out := filepath.Join(a.volume(a.name+"-kept", "storageClassName: folders"), "out")

	options := []string{"namespace: " + a.name, "image: " + registry + "/" + a.name}
	var args []string
	var server *pgtest.Server
	for path, of := range e.reads {
		from := filepath.Join(examples, e.name, of)
		if strings.HasSuffix(of, "/") && !strings.Contains(path, "*") { // a drop box, which others fill
			if err := os.CopyFS(a.fed(), os.DirFS(from)); err != nil {
				t.Fatal(err)
			}
			options = append(options, fmt.Sprintf("files: {%q: {claim: feed}}", path))
			continue
		}
		a.in("create", "configmap", "feed", "--from-file="+from)
		options = append(options, fmt.Sprintf("files: {%q: {configMap: feed}}", path))
	}
	if len(e.programs) > 0 { // and what they write is theirs alone to know
		args = append(args, "--base", toolsImage(t, registry, e.programs...))
		options = append(options, "as: job", "storage: 1Gi")
	}
	if e.name == "connector" { // its source ends, and its ledger is in files
		options = append(options, "as: job", "storage: 1Gi")
	}
	if e.asks != "" {
		options = append(options, fmt.Sprintf("env: {FLOWC_SET: %q}", e.asks+"="+serveAPI(t, nodeAddress, e.name)))
	}
	if e.database != "" {
		server = databaseAt(t, nodeAddress)
		e.fill(t, server)
		a.in("create", "secret", "generic", a.name+"-secrets", fmt.Sprintf("--from-literal=%s=%s", e.database, databaseURL(server, nodeAddress)))
	}
	a.folder = e.copy(t, a.folder, "k8s", strings.Join(options, ", "))

	says(t, a.applies(exitOK, append(args, "--yes", "--platform", "linux/amd64")...), ": applied, ")
	switch {
	case e.serves != "":
		e.post(t, "http://"+a.get("service/"+a.name, ".spec.clusterIP")+":8080")
		a.until("all is written", func() bool { return e.wrote(t, out) })
	case e.database != "":
		a.until("what is there is copied", func() bool { return e.copied(t, out) })
		e.change(t, server)
		a.until("what changes is copied", func() bool { return e.wrote(t, out) })
	default:
		a.until("the Job is over", func() bool { return a.get("jobs", ".items[0].status.succeeded") == "1" })
	}
	var printed []byte
	if e.prints {
		printed = e.records(t, a.printed())
	}
	if _, err := os.Stat(out); err != nil { // it writes none
		out = t.TempDir()
	}
	e.came(t, out, printed)
	a.run(exitOK, slices.Concat([]string{"apply"}, a.file(), args, []string{"--yes", "--platform", "linux/amd64"})...)
	a.deleted()
}

// printed is what the program has printed.
func (a *kubeApp) printed() string {
	return a.in("logs", "-l", "app.kubernetes.io/name="+a.name, "--tail=-1")
}

// serveAPI serves the folder api of an example at an address, and returns the URL of what
// is asked for first.
func serveAPI(t *testing.T, host, example string) string {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.FileServer(http.Dir(filepath.Join(examples, example, "api")))}}
	s.Start()
	t.Cleanup(s.Close)
	return s.URL + "/charges.json"
}

// databaseAt starts a PostgreSQL that is reached at an address as well.
func databaseAt(t *testing.T, host string) *pgtest.Server {
	t.Helper()
	s := pgtest.New(t)
	s.LetIn("host all all 0.0.0.0/0 trust\nhost replication all 0.0.0.0/0 trust\n")
	s.Stop()
	s.Set("listen_addresses=127.0.0.1," + host)
	s.Start()
	return s
}

// databaseURL is where it is.
func databaseURL(s *pgtest.Server, host string) string {
	return fmt.Sprintf("postgres://postgres@%s/postgres?sslmode=disable", net.JoinHostPort(host, fmt.Sprint(s.Port)))
}
