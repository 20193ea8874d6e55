package dockertest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An Engine is a Docker engine of a test's own.
type Engine struct {
	// Host is its address, for DOCKER_HOST.
	Host string
	// Data is the folder with all that it keeps: volumes are below
	// Data/volumes/NAME/_data.
	Data string

	t   testing.TB
	env []string
}

// NotHere says what the machine lacks, "" where it can run an engine.
func NotHere() string {
	if os.Geteuid() != 0 {
		return "a Docker engine needs root"
	}
	for _, command := range []string{"dockerd", "iptables", "docker"} {
		if _, err := exec.LookPath(command); err != nil {
			return command + " is not on this machine (Debian: apt-get install docker.io iptables)"
		}
	}
	return ""
}

// New starts an engine, which is stopped with all its containers when the test
// ends. Where the machine can't run one the test is skipped. One runs at a time,
// on all of the machine: they share the bridge docker0 and its rules.
func New(t testing.TB) *Engine {
	t.Helper()
	if why := NotHere(); why != "" {
		t.Skip(why)
	}
	dir, err := os.MkdirTemp("", "dockertest-") //nolint:usetesting // a socket's path may have a hundred bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	alone(t)
	socket := filepath.Join(dir, "d.sock")
	e := &Engine{Host: "unix://" + socket, Data: filepath.Join(dir, "data"), t: t}
	e.env = append(exec.Command("docker").Environ(), "DOCKER_HOST="+e.Host, "DOCKER_CONFIG="+filepath.Join(dir, "config"))
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("dockerd", "--data-root", e.Data, "--exec-root", filepath.Join(dir, "exec"), "--pidfile", filepath.Join(dir, "pid"), "-H", e.Host)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(time.Minute):
			_ = cmd.Process.Kill()
			<-ended
		}
		_ = log.Close()
	})
	t.Cleanup(e.clear)
	for range 600 {
		select {
		case <-ended:
			t.Skip("the Docker engine does not start on this machine:\n" + lastLines(log.Name()))
		default:
		}
		if c, err := net.Dial("unix", socket); err == nil {
			_ = c.Close()
			if out, err := e.command("version").CombinedOutput(); err == nil {
				return e
			} else if len(out) == 0 {
				t.Fatal(err)
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the Docker engine does not answer:\n" + lastLines(log.Name()))
	return nil
}

// alone waits until no other test on the machine has an engine.
func alone(t testing.TB) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(os.TempDir(), "dockertest.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
}

// lastLines are those of a log that say why.
func lastLines(log string) string {
	text, err := os.ReadFile(log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}

// clear removes what outlives an engine: its containers, and networks, whose addresses the
// next engine could not give away.
func (e *Engine) clear() {
	if ids := strings.Fields(e.try("ps", "-aq")); len(ids) > 0 {
		_ = e.try(append([]string{"rm", "-f", "-v"}, ids...)...)
	}
	_ = e.try("network", "prune", "--force")
}

func (e *Engine) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), "docker", args...)
	cmd.Env = e.env
	return cmd
}

// try is what a command of docker's prints, whatever becomes of it.
func (e *Engine) try(args ...string) string {
	out, _ := e.command(args...).Output()
	return string(out)
}

// Docker runs a command of docker's and returns what it prints, without the white
// space around it. One that fails fails the test.
func (e *Engine) Docker(args ...string) string {
	e.t.Helper()
	var out, errs bytes.Buffer
	cmd := e.command(args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		e.t.Fatalf("docker %s: %v\n%s%s", strings.Join(args, " "), err, &out, &errs)
	}
	return strings.TrimSpace(out.String())
}

// Port is where a port of a container is reached: 127.0.0.1 and a port that the
// engine chose, for a container that was run with -p 127.0.0.1::PORT.
func (e *Engine) Port(container string, port int) string {
	e.t.Helper()
	line, _, _ := strings.Cut(e.Docker("port", container, fmt.Sprint(port)+"/tcp"), "\n")
	return line
}

// Gateway is the address at which containers reach the processes of this machine.
func (e *Engine) Gateway() string {
	e.t.Helper()
	return e.Docker("network", "inspect", "bridge", "-f", "{{(index .IPAM.Config 0).Gateway}}")
}

// Logs is what a container has said, on both streams.
func (e *Engine) Logs(container string) string {
	out, _ := e.command("logs", container).CombinedOutput()
	return string(out)
}

// Volume is the folder of a volume.
func (e *Engine) Volume(name string) string { return filepath.Join(e.Data, "volumes", name, "_data") }
