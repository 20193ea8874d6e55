package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/backends/oci/dockertest"
)

// A nomadCluster is one agent of Nomad's that is server and client, with a folder for
// each of its volumes.
type nomadCluster struct {
	t       *testing.T
	command string
	address string
	dir     string
	log     string
	engine  *dockertest.Engine // nil where jobs are not in containers
}

// newNomad starts an agent, where `make e2e-nomad` has given Nomad.
func newNomad(t *testing.T, containers bool, volumes ...string) *nomadCluster {
	t.Helper()
	return newNomadAt(t, "lo", containers, volumes...)
}

// newNomadAt starts an agent whose jobs are reached at an interface of the machine:
// containers reach each other at docker0, and not at lo.
func newNomadAt(t *testing.T, network string, containers bool, volumes ...string) *nomadCluster {
	t.Helper()
	command := os.Getenv("FLOWC_NOMAD")
	if command == "" {
		t.Skip("needs Nomad: make e2e-nomad")
	}
	c := &nomadCluster{t: t, command: command, dir: t.TempDir()}
	// A drained agent leaves its folders to whoever ran it.
	docker := ""
	if containers {
		c.engine = dockertest.New(t)
		t.Setenv("DOCKER_HOST", c.engine.Host)
		docker = "endpoint = \"" + c.engine.Host + "\"\n"
	}
	ports := freePorts(t, 3)
	c.address = fmt.Sprintf("http://127.0.0.1:%d", ports[0])
	var config strings.Builder
	fmt.Fprintf(&config, `bind_addr = "127.0.0.1"
disable_update_check = true
data_dir = %q
ports {
  http = %d
  rpc  = %d
  serf = %d
}
plugin "raw_exec" {
  config { enabled = true }
}
plugin "docker" {
  config {
    %s    gc { image = false }
  }
}
client {
  network_interface = %q
  cpu_total_compute = 4000
  memory_total_mb   = 4096
  max_kill_timeout  = "1m"
  options = { "fingerprint.denylist" = "env_aws,env_gce,env_azure,env_digitalocean,consul,vault" }
`, filepath.Join(c.dir, "agent"), ports[0], ports[1], ports[2], docker, network)
	for _, name := range volumes {
		fmt.Fprintf(&config, "  host_volume %q {\n    path = %q\n  }\n", name, c.volume(name))
		if err := os.MkdirAll(c.volume(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(c.volume(name), 65532, 65532); err != nil {
			t.Fatal(err)
		}
	}
	config.WriteString("}\n")
	write(t, c.dir, "agent.hcl", config.String())
	c.log = filepath.Join(c.dir, "agent.log")
	log, err := os.Create(c.log)
	if err != nil {
		t.Fatal(err)
	}
	agent := exec.Command(command, "agent", "-dev", "-config", filepath.Join(c.dir, "agent.hcl"))
	agent.Stdout, agent.Stderr = log, log
	mark := agentMark + c.dir
	agent.Env = append(os.Environ(), mark)
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = agent.Process.Signal(syscall.SIGINT)
		_ = agent.Wait()
		if left := endMarked(t, mark); len(left) > 0 {
			t.Logf("the agent left running, and that is ended now: %v", left)
		}
		_ = log.Close()
		c.unmount()
		if t.Failed() {
			text, _ := os.ReadFile(c.log)
			t.Logf("the agent's last lines:\n%s", text[max(0, len(text)-6000):])
		}
	})
	c.until("the client is ready", func() bool { return strings.Contains(c.try("node", "status"), "ready") })
	want := "raw_exec"
	if containers {
		want = "docker"
	}
	c.until("the driver is healthy", func() bool {
		return c.driverHealthy(want)
	})
	return c
}

// unmount takes away what an agent that ended left mounted, so that the folder can go.
func (c *nomadCluster) unmount() {
	text, err := os.ReadFile("/proc/mounts")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && strings.HasPrefix(fields[1], c.dir+"/") {
			_ = syscall.Unmount(fields[1], syscall.MNT_DETACH)
		}
	}
}

func (c *nomadCluster) driverHealthy(name string) bool {
	var nodes []struct{ ID string }
	if json.Unmarshal([]byte(c.try("operator", "api", "/v1/nodes")), &nodes) != nil || len(nodes) == 0 {
		return false
	}
	var node struct {
		Drivers map[string]struct{ Detected, Healthy bool }
	}
	return json.Unmarshal([]byte(c.try("operator", "api", "/v1/node/"+nodes[0].ID)), &node) == nil && node.Drivers[name].Healthy
}

// freePorts are ports of this machine that nobody listens on.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// volume is the folder of a volume.
func (c *nomadCluster) volume(name string) string { return filepath.Join(c.dir, "volumes", name) }

// nomad runs a command of Nomad's, and returns what it prints and its exit code.
func (c *nomadCluster) nomad(args ...string) (string, int) {
	cmd := exec.Command(c.command, args...)
	cmd.Env = append(os.Environ(), "NOMAD_ADDR="+c.address)
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

func (c *nomadCluster) try(args ...string) string {
	text, _ := c.nomad(args...)
	return text
}

func (c *nomadCluster) must(args ...string) string {
	c.t.Helper()
	text, code := c.nomad(args...)
	if code != 0 {
		c.t.Fatalf("nomad %s: exit code %d\n%s", strings.Join(args, " "), code, text)
	}
	return text
}

// until waits for what must come true, as long as a roll-out may take.
func (c *nomadCluster) until(what string, f func() bool) {
	c.t.Helper()
	for range 1500 {
		if f() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	c.t.Fatalf("not in time: %s\n%s\n%s", what, c.try("job", "status", "-evals", "*"), c.lastWords())
}

// lastWords are what the newest copies had to say.
func (c *nomadCluster) lastWords() string {
	var list []struct{ ID, TaskGroup string }
	_ = json.Unmarshal([]byte(c.try("operator", "api", "/v1/allocations")), &list)
	var b strings.Builder
	for _, a := range list {
		b.WriteString(c.try("alloc", "status", a.ID) + c.try("alloc", "logs", "-stderr", "-tail", "-n", "5", a.ID))
	}
	return b.String()
}

// A nomadJob is a pipeline on its way into the cluster.
type nomadJob struct {
	*nomadCluster
	dir, name string
}

// job writes a pipeline into a folder of its own; options are those of the target.
func (c *nomadCluster) job(pipeline, options string) *nomadJob {
	c.t.Helper()
	line, _, _ := strings.Cut(pipeline, "\n")
	j := &nomadJob{c, c.t.TempDir(), strings.TrimPrefix(line, "pipeline: ")}
	j.pipeline(pipeline)
	j.options(options)
	return j
}

func (j *nomadJob) pipeline(text string) { write(j.t, j.dir, "pipeline.yaml", text) }

func (j *nomadJob) options(text string) {
	write(j.t, j.dir, "pipeline.nomad.yaml", "targets: {nomad: {"+text+"}}\n")
}

// flowc runs a command of flowc's on the pipeline.
func (j *nomadJob) flowc(command string, args ...string) {
	j.t.Helper()
	var out, errs bytes.Buffer
	all := append([]string{command, filepath.Join(j.dir, "pipeline.yaml"), "--env", "nomad"}, args...)
	if code := run(all, nil, &out, &errs); code != 0 {
		j.t.Fatalf("flowc %s: exit code %d\n%s%s", command, code, &out, &errs)
	}
}

// emit writes the job's file, and builds what it runs: an image in the engine, or a
// binary in the folder of the pipeline.
func (j *nomadJob) emit(args ...string) (file string) {
	j.t.Helper()
	j.flowc("emit", append([]string{"-t", "nomad", "-o", j.dir}, args...)...)
	return filepath.Join(j.dir, j.name+".nomad.json")
}

// plan tells whether running a job would change anything, and the index to check.
func (j *nomadJob) plan(file string) (changes bool, index string) {
	j.t.Helper()
	text, code := j.nomad("job", "plan", "-json", file)
	if code > 1 {
		j.t.Fatalf("nomad job plan: exit code %d\n%s", code, text)
	}
	_, rest, ok := strings.Cut(text, "Job Modify Index: ")
	if !ok {
		j.t.Fatalf("the plan has no index:\n%s", text)
	}
	index, _, _ = strings.Cut(rest, "\n")
	return code == 1, index
}

// run validates, plans and runs a job, and returns what Nomad says of how it went.
func (j *nomadJob) run(file string) string {
	j.t.Helper()
	j.must("job", "validate", "-json", file)
	_, index := j.plan(file)
	return j.must("job", "run", "-detach", "-json", "-check-index", strings.TrimSpace(index), file)
}

// deploy runs a job that must get ready.
func (j *nomadJob) deploy() {
	j.t.Helper()
	before := j.version()
	j.run(j.emit())
	j.until("the new version is ready", func() bool {
		return j.version() == before+1 && j.lastDeployment() == fmt.Sprintf("%d successful: Deployment completed successfully", before+1)
	})
}

// lastDeployment is the version that was rolled out last, and how that stands.
func (j *nomadJob) lastDeployment() string {
	var d struct {
		JobVersion                int
		Status, StatusDescription string
	}
	_ = json.Unmarshal([]byte(j.try("operator", "api", "/v1/job/"+j.name+"/deployment")), &d)
	return fmt.Sprintf("%d %s: %s", d.JobVersion, d.Status, d.StatusDescription)
}

// version is that of the job, -1 where there is none.
func (j *nomadJob) version() int {
	job := struct{ Version int }{-1}
	_ = json.Unmarshal([]byte(j.try("operator", "api", "/v1/job/"+j.name)), &job)
	return job.Version
}

// An allocation is a copy of a job's.
type allocation struct {
	ID, ClientStatus, DesiredStatus string
	JobVersion                      int
	TaskStates                      map[string]struct{ Restarts int }
}

// allocations are the copies that are to run, or all that were.
func (j *nomadJob) allocations(all bool) []allocation {
	var list, some []allocation
	if err := json.Unmarshal([]byte(j.must("operator", "api", "/v1/job/"+j.name+"/allocations")), &list); err != nil {
		j.t.Fatal(err)
	}
	for _, a := range list {
		if all || a.DesiredStatus == "run" && a.ClientStatus == "running" {
			some = append(some, a)
		}
	}
	return some
}
