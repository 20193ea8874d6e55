//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/runtime/proto"
)

// A shell is commands in a folder with a pipeline, whose runs are its own.
type shell struct {
	t   *testing.T
	dir string
}

func newShell(t *testing.T) *shell {
	t.Helper()
	s := &shell{t, t.TempDir()}
	writeShop(t, s.dir)
	t.Cleanup(func() { _ = s.command("stop", "shop").Run() })
	return s
}

func (s *shell) command(args ...string) *exec.Cmd {
	cmd := command(s.dir, compilerCache, "flowc", args...)
	cmd.Env = append(cmd.Env, runsVariable+"="+filepath.Join(s.dir, "runs"), localVariable+"="+filepath.Join(s.dir, "local"), intervalKey+"=100ms")
	return cmd
}

// flowc runs a command that ends with a code, and returns what it prints.
func (s *shell) flowc(code int, args ...string) string {
	s.t.Helper()
	cmd := s.command(args...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != code {
		s.t.Fatalf("flowc %s: %v, and not exit code %d\n%s", strings.Join(args, " "), err, code, out)
	}
	return string(out)
}

// listed are the runs that `flowc ps` lists, by name.
func (s *shell) listed(args ...string) map[string]statusOfARun {
	s.t.Helper()
	cmd := s.command(append([]string{"ps", "--format", "json"}, args...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	var answer struct{ Result psResult }
	if err != nil || json.Unmarshal(out, &answer) != nil {
		s.t.Logf("%v: %s%s", err, out, &errs)
		return nil
	}
	all := map[string]statusOfARun{}
	for _, r := range answer.Result.Runs {
		all[r.ID] = r
	}
	return all
}

// A run registers with a control plane, with its stages and counts; it goes on when that is
// killed, is known again when that comes back, and leaves a record of its end, whatever that
// was. Whoever has no token is told so before anything runs.
func TestRunsOfAControlPlane(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds programs")
	}
	t.Parallel()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	s := newShell(t)
	db, token := filepath.Join(s.dir, "state", "control.db"), filepath.Join(s.dir, "token")
	if err := os.WriteFile(token, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := servePlane(t, db, "--token-file", token)
	if out := s.flowc(exitEnv, "run", "--control-plane", p.grpc, "pipeline.yaml"); !strings.Contains(out, "wants a token") || !strings.Contains(out, "--token-file") {
		t.Errorf("without a token it says %s", out)
	}
	plane := []string{"--control-plane", p.grpc, "--token-file", token}
	s.flowc(exitOK, append([]string{"run", "--detach"}, append(plane, "pipeline.yaml")...)...)
	elsewhere := newShell(t) // another user, or another machine
	id := "shop@" + host
	var seen map[string]statusOfARun
	t.Cleanup(func() {
		if t.Failed() {
			last, err := json.Marshal(seen)
			t.Logf("what it knew last: %s, %v", last, err)
		}
	})
	is := func(state deploy.State, more func(*deploy.Instance) bool) func() bool {
		return func() bool {
			seen = elsewhere.listed(append(plane, "--ended")...)
			r, ok := seen[id]
			return ok && r.State == state && more(&r.Instances[0])
		}
	}
	records := int64(0)
	ready := is(deploy.Ready, func(i *deploy.Instance) bool {
		grown := i.Figures != nil && i.Figures.Records > records && len(i.Figures.Nodes) == 3 && i.Figures.Nodes[0].Name == "orders" && i.Figures.Nodes[2].Role == "sink"
		if grown {
			records = i.Figures.Records
		}
		return grown
	})
	eventually(t, "the run is known", ready)
	if out := elsewhere.flowc(exitOK, append([]string{"status", "shop"}, plane...)...); !strings.Contains(out, "large") || !strings.Contains(out, host) {
		t.Errorf("its status is %s", out)
	}
	if here := s.listed(plane...); len(here) != 1 {
		t.Errorf("it is listed twice: %v", here)
	}
	_, port, err := net.SplitHostPort(p.grpc)
	if err != nil {
		t.Fatal(err)
	}
	p.end(syscall.SIGKILL)
	p = servePlane(t, db, "--token-file", token, "--port", port)
	records = 0
	eventually(t, "it is known again", ready)
	eventually(t, "it goes on", ready)

	s.flowc(exitOK, "stop", "shop")
	eventually(t, "its end is known", is(deploy.Stopped, func(i *deploy.Instance) bool { return i.Totals != nil && i.Totals.In > 0 && i.PID == 0 }))
	if found, err := p.client().ListComponents(t.Context(), &proto.ListComponentsRequest{}); err == nil {
		t.Errorf("without a token it tells %v", found)
	}

	// Killed: the next record says so, beside the first.
	s.flowc(exitOK, append([]string{"run", "--detach"}, append(plane, "pipeline.yaml")...)...)
	eventually(t, "it is known", ready)
	run := s.listed()["shop"]
	if err := syscall.Kill(run.Instances[0].PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "that it was killed is known", is(deploy.Failed, func(i *deploy.Instance) bool { return strings.Contains(i.Says, "was killed") }))
	p.end(syscall.SIGKILL)
	p = servePlane(t, db, "--token-file", token, "--port", port)
	if r := elsewhere.listed(append(plane, "--ended")...)[id]; r.Run == nil || r.State != deploy.Failed {
		t.Errorf("the record is %+v after a kill of the server", r.Run)
	}

	// Without a server a run begins all the same.
	p.end(syscall.SIGTERM)
	if out := s.flowc(exitOK, append([]string{"run", "--detach"}, append(plane, "pipeline.yaml")...)...); !strings.Contains(out, "no control plane answers") {
		t.Errorf("it says %s", out)
	}
	servePlane(t, db, "--token-file", token, "--port", port)
	eventually(t, "it registers later", ready)
}

// What is wrong about a control plane is said before anything runs.
func TestControlPlaneFlags(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--tls-ca", "x"}, exitUsage, "--control-plane says which"},
		{[]string{"--control-plane", "x"}, exitUsage, "host:port"},
		{[]string{"--control-plane", "x:1", "--tls-cert", "y"}, exitUsage, "belong together"},
		{[]string{"--control-plane", "127.0.0.1:1", "--tls-ca", "none.pem"}, exitEnv, "--tls-ca: open none.pem"},
		{[]string{"--control-plane", "127.0.0.1:1", "--tls-ca", "pipeline.yaml"}, exitEnv, "no certificate in PEM in pipeline.yaml"},
		{[]string{"--control-plane", "127.0.0.1:1", "--token-file", "none"}, exitEnv, "--token-file: open none"},
	} {
		for _, command := range [][]string{{"run"}, {"ps"}, {"status"}} {
			if out := s.flowc(c.code, append(command, c.args...)...); !strings.Contains(out, c.says) {
				t.Errorf("%v %v: %s", command, c.args, out)
			}
		}
	}
}
