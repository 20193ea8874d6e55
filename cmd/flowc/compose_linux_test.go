package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/flowc-dev/flowc/backends/oci/dockertest"
)

// A composed pipeline is one that Docker Compose runs in an engine of the test's own.
type composed struct {
	t       *testing.T
	engine  *dockertest.Engine
	compose string // the command
	dir     string // with pipeline.yaml
	name    string // the pipeline's, the project's and the service's
}

// newComposed starts an engine, where the machine can run one and `make e2e-compose`
// has given Compose.
func newComposed(t *testing.T, pipeline, options string) *composed {
	t.Helper()
	command := os.Getenv("FLOWC_COMPOSE")
	if command == "" {
		t.Skip("needs Docker Compose: make e2e-compose")
	}
	c := &composed{t: t, engine: dockertest.New(t), compose: command, dir: t.TempDir()}
	c.write(pipeline, options)
	return c
}

// write puts a pipeline into the folder, with its options for the target.
func (c *composed) write(pipeline, options string) {
	c.t.Helper()
	writeFile(c.t, filepath.Join(c.dir, "pipeline.yaml"), pipeline)
	line, _, _ := strings.Cut(pipeline, "\n")
	c.name = strings.TrimPrefix(line, "pipeline: ")
	c.options(options)
}

// options are those of the target, an overlay of the pipeline.
func (c *composed) options(text string) {
	c.t.Helper()
	writeFile(c.t, filepath.Join(c.dir, "pipeline.compose.yaml"), "targets: {compose: {pull_policy: never, "+text+"}}\n")
}

// flowc runs a command of flowc's that must succeed.
func (c *composed) flowc(args ...string) string {
	c.t.Helper()
	return flowcFor(c.t, c.engine, c.dir, args...)
}

// emit writes the Compose file; image builds the image of the pipeline and loads it.
func (c *composed) emit(args ...string) {
	c.t.Helper()
	c.flowc(append([]string{"emit", "--env", "compose", "--target", "compose", "-o", "."}, args...)...)
}

func (c *composed) image() {
	c.t.Helper()
	c.flowc("image", "--env", "compose", "--load")
}

// try runs a command of Compose's and returns what it says.
func (c *composed) try(args ...string) (string, error) {
	cmd := exec.Command(c.compose, args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "DOCKER_HOST="+c.engine.Host, "DOCKER_CONFIG="+c.dir)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// do is try where an error fails the test.
func (c *composed) do(args ...string) string {
	c.t.Helper()
	out, err := c.try(args...)
	if err != nil {
		c.t.Fatalf("docker compose %s: %v\n%s%s", strings.Join(args, " "), err, out, c.logs())
	}
	return out
}

// up brings the project to what its file says, and waits until it is healthy.
func (c *composed) up() {
	c.t.Helper()
	c.do("up", "-d", "--wait", "--wait-timeout", "120")
}

// containers are the ids of the service's, those that have ended included.
func (c *composed) containers() []string {
	ids := strings.Fields(c.engine.Docker("ps", "-aq", "--no-trunc", "--filter", "label=dev.flowc.pipeline="+c.name))
	slices.Sort(ids)
	return ids
}

// container is the one of a service that has one.
func (c *composed) container() string {
	c.t.Helper()
	ids := c.containers()
	if len(ids) != 1 {
		c.t.Fatalf("there are %d containers\n%s", len(ids), c.engine.Docker("ps", "-a"))
	}
	return ids[0]
}

// inspect is a field of a container.
func (c *composed) inspect(id, field string) string {
	c.t.Helper()
	return c.engine.Docker("inspect", "-f", "{{"+field+"}}", id)
}

// kill ends the process of a container as a lack of memory would: the engine does not
// know why.
func (c *composed) kill(id string) {
	c.t.Helper()
	before := c.restarts(id)
	pid, err := strconv.Atoi(c.inspect(id, ".State.Pid"))
	if err != nil || pid == 0 {
		c.t.Fatalf("the container has no process: %v\n%s", err, c.logs())
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		c.t.Fatal(err)
	}
	eventually(c.t, "it is started again", func() bool { return c.restarts(id) > before })
}

func (c *composed) restarts(id string) int {
	c.t.Helper()
	n, err := strconv.Atoi(c.inspect(id, ".RestartCount"))
	if err != nil {
		c.t.Fatal(err)
	}
	return n
}

func (c *composed) logs() string {
	out, _ := c.try("logs", "--no-color", "--tail", "50")
	return out
}

// volume is the folder of a volume of the project.
func (c *composed) volume(name string) string {
	return c.engine.Volume(c.name + "_" + c.name + "-" + name)
}

// gone removes the project and sees that nothing of it is left.
func (c *composed) gone() {
	c.t.Helper()
	c.do("down")
	if ids := c.containers(); len(ids) > 0 {
		c.t.Errorf("containers are left: %v", ids)
	}
	if names := c.engine.Docker("network", "ls", "-q", "--filter", "label=com.docker.compose.project="+c.name); names != "" {
		c.t.Errorf("networks are left: %s", names)
	}
	c.do("down", "--volumes")
	if names := c.engine.Docker("volume", "ls", "-q", "--filter", "label=dev.flowc.pipeline="+c.name); names != "" {
		c.t.Errorf("volumes are left: %s", names)
	}
}

// unchanged brings the project up again, which changes nothing.
func (c *composed) unchanged() {
	c.t.Helper()
	before := c.containers()
	var started []string
	for _, id := range before {
		started = append(started, c.inspect(id, ".State.StartedAt"))
	}
	c.emit()
	c.up()
	after := c.containers()
	if !slices.Equal(before, after) {
		c.t.Fatalf("the same file makes other containers: %v, %v", before, after)
	}
	for i, id := range after {
		if at := c.inspect(id, ".State.StartedAt"); at != started[i] {
			c.t.Errorf("%s was started again, at %s and not at %s", id, at, started[i])
		}
	}
}

// hardened sees that the engine runs a container as the file asks it to.
func (c *composed) hardened(id string) {
	c.t.Helper()
	var all []struct {
		Config     struct{ User string }
		HostConfig struct {
			ReadonlyRootfs       bool
			CapDrop, SecurityOpt []string
			Memory, PidsLimit    int64
		}
	}
	if err := json.Unmarshal([]byte(c.engine.Docker("inspect", id)), &all); err != nil {
		c.t.Fatal(err)
	}
	h := all[0].HostConfig
	if all[0].Config.User != "65532:65532" || !h.ReadonlyRootfs || !slices.Equal(h.CapDrop, []string{"ALL"}) || !slices.Equal(h.SecurityOpt, []string{"no-new-privileges:true"}) || h.Memory < 64<<20 || h.PidsLimit == 0 || h.PidsLimit%256 != 0 {
		c.t.Errorf("it runs as %+v", all[0])
	}
}

// A feed writes numbered lines into a file for as long as it is told to.
type feed struct {
	stop, done chan struct{}
	n          int
}

// newFeed writes {"n":0}, {"n":1} and so on, a line at a time; each 500th is broken.
func newFeed(t *testing.T, path string) *feed {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	d := &feed{stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(d.done)
		defer f.Close()
		for ; ; d.n++ {
			select {
			case <-d.stop:
				return
			default:
			}
			var line bytes.Buffer
			fmt.Fprintf(&line, `{"n":%d,"text":"line %d"}`+"\n", d.n, d.n)
			if d.n%500 == 499 {
				line.Reset()
				fmt.Fprintf(&line, `{"n":"%d"}`+"\n", d.n)
			}
			if _, err := f.Write(line.Bytes()); err != nil {
				return
			}
			pause()
		}
	}()
	return d
}

// end stops it and returns how many lines it wrote.
func (d *feed) end() int {
	close(d.stop)
	<-d.done
	return d.n
}
