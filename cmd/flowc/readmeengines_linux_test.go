package main

import (
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
)

// TestComposeReadme does what the README says with Docker Compose.
func TestComposeReadme(t *testing.T) {
	p := newApplied(t)
	readmeDeploy{
		t: t, dir: p.dir, target: "compose",
		flowc: func(code int, args ...string) string {
			said, errs := p.flowc(code, args...)
			return said + errs
		},
		kill: func() {
			pid, err := strconv.Atoi(p.engine.Docker("inspect", "-f", "{{.State.Pid}}", p.engine.Docker("ps", "-qf", "label=dev.flowc.pipeline=beats")))
			if err != nil {
				t.Fatal(err)
			}
			kill(t, pid, syscall.SIGKILL)
		},
	}.do()
	for _, what := range [][]string{{"ps", "-aq"}, {"images", "-q"}, {"volume", "ls", "-q"}} {
		if left := p.engine.Docker(what...); left != "" {
			t.Errorf("%v is left: %s", what, left)
		}
	}
}

// TestNomadReadme does what the README says with Nomad.
func TestNomadReadme(t *testing.T) {
	a := newNomad(t, true).applied("beats")
	readmeDeploy{
		t: t, dir: a.dir, target: "nomad",
		flowc: func(code int, args ...string) string {
			said, errs := a.flowc(code, args...)
			return said + errs
		},
		kill: func() { a.must("alloc", "signal", "-s", "SIGKILL", a.copies()[0]) },
	}.do()
	a.left()
}

// kubernetesReadme does what the README says with a cluster, in a namespace where nothing
// but restricted pods may run.
func kubernetesReadme(t *testing.T, c *kubeCluster) {
	a := c.app(t, "pipeline: beats\n", "")
	a.volume("beats-data", "storageClassName: folders")
	a.do("config", "set-context", "--current", "--namespace=beats")
	defer a.do("config", "set-context", "--current", "--namespace=default")
	readmeDeploy{
		t: t, dir: a.folder, target: "k8s", apply: []string{"--image", c.registry(t) + "/beats"},
		flowc: func(code int, args ...string) string {
			args = slices.Clone(args)
			args[1] = filepath.Join(a.folder, args[1])
			return a.run(code, args...)
		},
		kill: func() { a.kill("beats-0") },
	}.do()
	a.empty()
}
