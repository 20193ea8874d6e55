//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// A servedPlane is a `flowc server` that runs.
type servedPlane struct {
	t          *testing.T
	cmd        *exec.Cmd
	grpc, view string
	known      int
}

// servePlane starts one, on free ports.
func servePlane(t *testing.T, file string, more ...string) *servedPlane {
	t.Helper()
	p := &servedPlane{t: t, cmd: command(t.TempDir(), t.TempDir(), "flowc", append([]string{"server", "--port", "0", "--http-port", "0", "--db-path", file}, more...)...)}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	p.cmd.Stderr = &errs
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.end(syscall.SIGKILL) })
	lines := bufio.NewScanner(out)
	var said [2]string
	for i := range said {
		if !lines.Scan() {
			t.Fatalf("the server says nothing more: %s", &errs)
		}
		said[i] = lines.Text()
	}
	if _, err := fmt.Sscanf(said[0], "control plane: gRPC at %s state in "+file+", %d components known", &p.grpc, &p.known); err != nil {
		t.Fatalf("%v: %q", err, said)
	}
	p.grpc = strings.TrimSuffix(p.grpc, ",")
	p.view = strings.TrimSuffix(strings.TrimPrefix(said[1], "view: "), "/v1/components, metrics at /metrics")
	return p
}

// end ends it by a signal, and returns its exit code.
func (p *servedPlane) end(s syscall.Signal) int {
	p.t.Helper()
	if p.cmd.ProcessState == nil {
		if err := p.cmd.Process.Signal(s); err != nil {
			p.t.Fatal(err)
		}
		_ = p.cmd.Wait() // its code is asked for
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *servedPlane) client() proto.ControlPlaneServiceClient {
	p.t.Helper()
	conn, err := grpc.NewClient(p.grpc, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { conn.Close() })
	return proto.NewControlPlaneServiceClient(conn)
}

// statuses are the metric n of each component, by its service id.
func (p *servedPlane) statuses() map[string]string {
	p.t.Helper()
	answer, err := http.Get(p.view + "/v1/components")
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	var page struct {
		Components []struct {
			ID      string `json:"service_id"`
			Metrics map[string]string
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&page); err != nil {
		p.t.Fatal(err)
	}
	all := map[string]string{}
	for _, c := range page.Components {
		all[c.ID] = c.Metrics["n"]
	}
	return all
}

// A server that is killed at any moment has all that it acknowledged when it is started
// again: registrations, heartbeats and farewells.
func TestServerKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers")
	}
	file := filepath.Join(t.TempDir(), "state", "control.db")
	var mu sync.Mutex
	acked, gone, asked := map[string]int{}, map[string]bool{}, map[string]int{}
	for round := range 4 {
		p := servePlane(t, file)
		if p.known < len(acked) {
			t.Errorf("%d components are known, and %d were acknowledged", p.known, len(acked))
		}
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for worker := range 8 {
			c := p.client()
			all.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					r, err := c.RegisterComponent(ctx, &proto.RegisterRequest{Component: &proto.ComponentInfo{Id: fmt.Sprint("c", worker), Endpoint: fmt.Sprintf("10.0.%d.%d:%d", round, worker, i)}})
					if err != nil {
						return // it is killed
					}
					id := r.GetServiceId()
					note := func(m map[string]int, n int) {
						mu.Lock()
						defer mu.Unlock()
						m[id] = n
					}
					note(acked, 0)
					for n := range 3 {
						note(asked, n+1)
						if _, err := c.Heartbeat(ctx, &proto.HeartbeatRequest{ServiceId: id, Metrics: map[string]string{"n": strconv.Itoa(n + 1)}}); err != nil {
							return
						}
						note(acked, n+1)
					}
					if i%3 > 0 {
						continue
					}
					mu.Lock()
					delete(acked, id) // from here on it may be there or not
					mu.Unlock()
					if _, err := c.UnregisterComponent(ctx, &proto.ServiceIdentifier{ServiceId: id}); err == nil {
						mu.Lock()
						gone[id] = true
						mu.Unlock()
					}
				}
			})
		}
		eventually(t, "there are more components", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(acked) > (round+1)*100
		})
		p.end(syscall.SIGKILL)
		cancel()
		all.Wait()
	}
	p := servePlane(t, file)
	there := p.statuses()
	for id, n := range acked {
		got, ok := there[id]
		if m, _ := strconv.Atoi(got); !ok || m < n || m > max(n, asked[id]) {
			t.Errorf("%s is there %v with %q, and %d was acknowledged", id, ok, got, n)
		}
	}
	for id := range gone {
		if _, ok := there[id]; ok {
			t.Errorf("%s said farewell, and is there", id)
		}
	}
	t.Logf("%d components and %d farewells were acknowledged before four kills; all is as it was", len(acked), len(gone))
	if code := p.end(syscall.SIGTERM); code != exitOK {
		t.Errorf("a server that is stopped ends with %d", code)
	}
	if _, err := os.Stat(file + ".owner"); !os.IsNotExist(err) {
		t.Errorf("it leaves the name of its holder: %v", err)
	}
}

// Who starts a second server on a file is told who has it; another kind of file, and wrong
// flags, are said so.
func TestServerErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "control.db")
	p := servePlane(t, file)
	noDB := filepath.Join(dir, "text")
	writeFile(t, noDB, strings.Repeat("no database\n", 1000))
	empty := filepath.Join(dir, "token")
	writeFile(t, empty, "\n")
	taken := strings.TrimPrefix(p.grpc, "127.0.0.1:")
	for _, c := range []struct {
		code int
		args []string
		says []string
	}{
		{exitEnv, []string{"--db-path", file, "--port", "0"}, []string{"is in use by process " + strconv.Itoa(p.cmd.Process.Pid), "a control plane at 127.0.0.1:0 since " + time.Now().Format("2006-"), "--db-path"}},
		{exitEnv, []string{"--db-path", noDB, "--port", "0"}, []string{"is no file of a control plane"}},
		{exitEnv, []string{"--no-persistence", "--port", taken, "--http-port", "none"}, []string{"address already in use"}},
		{exitEnv, []string{"--no-persistence", "--token-file", empty}, []string{"there is no token in it"}},
		{exitEnv, []string{"--no-persistence", "--tls-cert", empty, "--tls-key", empty}, []string{"no certificate with its key"}},
		{exitUsage, []string{"--no-persistence", "--tls-cert", empty}, []string{"--tls-cert and --tls-key belong together"}},
		{exitUsage, []string{"--no-persistence", "--http-port", "http"}, []string{`"http" is no port`}},
	} {
		cmd := command(dir, t.TempDir(), "flowc", append([]string{"server"}, c.args...)...)
		out, err := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != c.code {
			t.Errorf("%v: exit code %d, %v: %s", c.args, code, err, out)
		}
		for _, want := range c.says {
			if !strings.Contains(string(out), want) {
				t.Errorf("%v does not say %q: %s", c.args, want, out)
			}
		}
	}
}
