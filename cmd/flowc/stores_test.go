package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
)

// A place is a store of checkpoints under test.
type place struct {
	// says is what stands in `checkpoint` of the pipeline, where how messages name it.
	says, where string
	// stop and start are those of its server; nil where it has none.
	stop, start func()
}

// places are the stores that a program may have.
func places() map[string]func(t *testing.T) place {
	return map[string]func(t *testing.T) place{
		"sqlite": func(t *testing.T) place {
			path := filepath.Join(t.TempDir(), "checkpoints.db")
			return place{says: fmt.Sprintf("store: sqlite, path: %q", path), where: "sqlite " + path}
		},
		"postgres": func(t *testing.T) place {
			s := pgtest.New(t)
			return place{says: fmt.Sprintf("store: postgres, dsn: %q", s.DSN()), where: fmt.Sprintf("postgres 127.0.0.1:%d/", s.Port), stop: s.Stop, start: s.Start}
		},
		"nats": func(t *testing.T) place {
			s := newNATSServer(t)
			return place{says: fmt.Sprintf("store: nats, url: %q, bucket: checkpoints", s.url()), where: "nats " + s.url() + ", bucket checkpoints", stop: s.stop, start: s.start}
		},
	}
}

// A program whose checkpoint is in a store of its own goes on from there when it was
// killed, with its folder and without; a second copy, which has another folder, is
// told of the first; a server that goes away is waited for; and the commands on the
// checkpoint work with it.
func TestStores(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	t.Parallel()
	for name, makePlace := range places() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const count = 30000
			s := makePlace(t)
			binary := buildPipeline(t, "kept", fmt.Sprintf(`
types: {T: {id: int64}}
sources: {in: {use: generate, config: {count: %d, rate: 4000, fields: {id: i}}, out: T}}
sinks: {out: {from: in, use: file, config: {path: out.ndjson, mode: append}}}
delivery: {checkpoint: {every: 100ms, %s}}
`, count, s.says))
			dir := t.TempDir()
			out := filepath.Join(dir, "out.ndjson")
			begin := func(state string) *started { return start(t, binary, dir, "FLOWC_STATE="+state) }
			grows := func(p *started) {
				t.Helper()
				from := len(linesOf(t, out))
				eventually(t, "more is written", func() bool { p.alive(); return len(linesOf(t, out)) > from+500 })
			}
			command := func(args ...string) (code int, said string) {
				t.Helper()
				cmd := exec.Command(binary, append([]string{"checkpoint"}, args...)...)
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "FLOWC_STATE="+t.TempDir())
				var text bytes.Buffer
				cmd.Stdout, cmd.Stderr = &text, &text
				_ = cmd.Run()
				return cmd.ProcessState.ExitCode(), text.String()
			}
			must := func(want string, args ...string) {
				t.Helper()
				if code, said := command(args...); code != 0 || !strings.Contains(said, want) {
					t.Fatalf("checkpoint %s: exit code %d\n%s", strings.Join(args, " "), code, said)
				}
			}
			must("kept: no checkpoint in "+s.where, "show")

			folder := t.TempDir()
			p := begin(folder)
			grows(p)
			second := begin(t.TempDir())
			<-second.done
			host, _ := os.Hostname()
			held := fmt.Sprintf("is held by process %d on %s, started ", p.cmd.Process.Pid, host)
			if code := second.cmd.ProcessState.ExitCode(); code != 6 || !strings.Contains(second.said(), s.where) || !strings.Contains(second.said(), held) {
				t.Fatalf("a second copy: exit code %d\n%s", code, second.said())
			}
			if code, said := command("rewind", "--to", "start", "--yes"); code != 6 || !strings.Contains(said, held) {
				t.Fatalf("a rewind while it runs: exit code %d\n%s", code, said)
			}
			must(", in "+s.where, "show")
			if s.stop != nil {
				s.stop()
				eventually(t, "it is not ready", func() bool { p.alive(); return p.ready() == http.StatusServiceUnavailable })
				s.start()
				eventually(t, "it is ready again", func() bool { p.alive(); return p.ready() == http.StatusOK })
				if n := strings.Count(p.said(), "connection lost"); n != 1 || !strings.Contains(p.said(), "line=kept.yaml:5") {
					t.Errorf("it says %d times that it is gone\n%s", n, p.said())
				}
				grows(p)
			}

			// With its folder it knows that the copy which has the checkpoint is dead.
			p.kill()
			p = begin(folder)
			grows(p)
			if strings.Contains(p.said(), "looking whether it lives") {
				t.Errorf("it waits for itself\n%s", p.said())
			}
			// Without, it looks for a while.
			p.kill()
			p = begin(t.TempDir())
			grows(p)
			if !strings.Contains(p.said(), "looking whether it lives") || !strings.Contains(p.said(), "going on from the checkpoint") {
				t.Errorf("it does not look\n%s", p.said())
			}
			// Behind one that ended in order there is nothing to wait for.
			if code := p.end(); code != 143 {
				t.Fatalf("exit code %d\n%s", code, p.said())
			}
			if !strings.Contains(p.said(), s.where) {
				t.Errorf("it does not say where its state is\n%s", p.said())
			}
			saved := filepath.Join(t.TempDir(), "saved.json")
			must("", "export", saved)
			must("nothing was changed: this is a dry run", "rewind", "--to", "start", "--dry-run")
			must("saved as generation ", "rewind", "--to", "start", "--yes")
			must("source in: at the start", "show")
			must("saved as generation ", "import", saved, "--yes")
			p = begin(t.TempDir())
			<-p.done
			if code := p.cmd.ProcessState.ExitCode(); code != 0 || strings.Contains(p.said(), "looking whether it lives") {
				t.Fatalf("exit code %d\n%s", code, p.said())
			}
			lines := linesOf(t, out)
			for i, line := range lines {
				if line != fmt.Sprintf(`{"id":%d}`, i) {
					t.Fatalf("line %d of %d is %s", i, len(lines), line)
				}
			}
			if len(lines) != count {
				t.Errorf("%d lines", len(lines))
			}
			must("kept: no checkpoint in "+s.where, "show")

			// --fresh begins anew.
			p = begin(t.TempDir())
			grows(p)
			p.end()
			if err := os.Remove(out); err != nil {
				t.Fatal(err)
			}
			fresh := exec.Command(binary, "--fresh", "--set", "in.config.rate=0")
			fresh.Dir, fresh.Env = dir, append(os.Environ(), "FLOWC_STATE="+t.TempDir())
			if text, err := fresh.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if lines := linesOf(t, out); len(lines) != count || lines[0] != `{"id":0}` {
				t.Errorf("%d lines, from %s", len(lines), lines[0])
			}
		})
	}
}
