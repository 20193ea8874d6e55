package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A replayed letter is in the sink once, however often the replay was killed, and
// stays there when the pipeline goes on from its checkpoint.
func TestReplayKilled(t *testing.T) {
	t.Parallel()
	const records = 3000
	for name, path := range map[string]string{"plain": "dead.ndjson", "gzip": "dead.ndjson.gz", "zstd": "dead.ndjson.zst", "table": "dead.db, table: letters", "transaction": "dead.ndjson"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			sink, use := "{from: small, use: file, config: {path: out.ndjson}}", "file"
			if name == "table" {
				use = "sqlite"
			}
			if name == "transaction" {
				sink = "{from: small, use: sqlite, config: {path: out.db, table: numbers}}"
			}
			write(t, dir, "pipeline.yaml", `
pipeline: killed
types: {E: {n: int}}
delivery: {checkpoint: {every: 10ms}}
sources: {in: {use: file, config: {path: in.ndjson, follow: true}, out: E}}
processors:
  small: {from: in, check: {small: 'len(mended) > 0 || in.N < 10'}, let: {mended: "${env:MENDED:-}"}, on_error: {then: dead}}
sinks:
  out: `+sink+`
  dead: {use: `+use+`, config: {path: `+path+`}}
`)
			var in bytes.Buffer
			for i := range records {
				fmt.Fprintf(&in, "{\"n\":%d}\n", i)
			}
			write(t, dir, "in.ndjson", in.String())
			binary := buildProgram(t, filepath.Join(dir, "pipeline.yaml"))
			runUntil := func(what func() bool) {
				t.Helper()
				p := start(t, binary, dir)
				for range 6000 {
					if what() {
						break
					}
					p.alive()
					time.Sleep(10 * time.Millisecond)
				}
				if code := p.end(); code != 0 {
					t.Fatalf("exit code %d: %s", code, p.said())
				}
			}
			replay := func(args ...string) *exec.Cmd {
				c := exec.Command(binary, append([]string{"dlq", "replay", "--all"}, args...)...)
				c.Dir, c.Env = dir, append(os.Environ(), "MENDED=yes")
				return c
			}
			letters := func() int {
				c := exec.Command(binary, "dlq", "list")
				c.Dir = dir
				out, err := c.Output()
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(out), "no dead letters") {
					return 0
				}
				return bytes.Count(out, []byte("\n"))
			}
			runUntil(func() bool { return letters() == records-10 })

			rng := rand.New(rand.NewPCG(1, 2))
			kills := 0
			for range 25 {
				c := replay("--limit", "700")
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Duration(rng.IntN(60)) * time.Millisecond)
				if c.Process.Kill() == nil {
					kills++
				}
				_ = c.Wait()
			}
			if out, err := replay().CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if n := letters(); n != 0 {
				t.Errorf("%d letters are left", n)
			}
			numbers := func() (all []int) {
				if name == "transaction" {
					for _, row := range query(t, openSQLite(t, filepath.Join(dir, "out.db")), "SELECT n FROM numbers ORDER BY n") {
						n, err := strconv.Atoi(row)
						if err != nil {
							t.Fatal(err)
						}
						all = append(all, n)
					}
					return all
				}
				data, err := os.ReadFile(filepath.Join(dir, "out.ndjson"))
				if err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(string(data)) {
					n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(line, `{"n":`), "}\n"))
					if err != nil {
						t.Fatalf("%q: %v", line, err)
					}
					all = append(all, n)
				}
				slices.Sort(all)
				return all
			}
			check := func(when string, more int) {
				t.Helper()
				all := numbers()
				if len(all) != records+more {
					t.Fatalf("%s: %d records, not %d (%d kills)", when, len(all), records+more, kills)
				}
				for i := range records {
					if all[i] != i && more == 0 {
						t.Fatalf("%s: record %d is %d", when, i, all[i])
					}
				}
			}
			check("after the replay", 0)
			write(t, dir, "in.ndjson", in.String()+"{\"n\":1}\n")
			runUntil(func() bool { return len(numbers()) > records })
			check("when the pipeline has gone on", 1)
		})
	}
}

// While the program runs, which owns the state, nothing is replayed.
func TestReplayWhileItRuns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "pipeline.yaml", `
types: {E: {n: int}}
sources: {in: {use: file, config: {path: in.ndjson, follow: true}, out: E, on_error: {then: dead}}}
processors: {big: {from: in, filter: in.N > 0}}
sinks:
  out: {from: big, use: file, config: {path: out.ndjson}}
  dead: {use: file, config: {path: dead.ndjson}}
`)
	write(t, dir, "in.ndjson", "{\"n\":\"x\"}\n{\"n\":\xff\xfe\x01}\n")
	binary := buildProgram(t, filepath.Join(dir, "pipeline.yaml"))
	p := start(t, binary, dir)
	c := func(args ...string) (string, int) {
		c := exec.Command(binary, append([]string{"dlq"}, args...)...)
		c.Dir = dir
		out, _ := c.CombinedOutput()
		return string(out), c.ProcessState.ExitCode()
	}
	found := false
	for range 3000 {
		p.alive()
		out, _ := c("list")
		if found = strings.Contains(out, "value") && strings.Contains(out, "syntax"); found {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if !found {
		t.Fatalf("no letter:\n%s", p.said())
	}
	list, _ := c("list", "--code", "syntax")
	id, _, _ := strings.Cut(list, " ")
	if out, code := c("show", id[:10]); code != 0 || !strings.Contains(out, "00000000  7b 22 6e 22 3a ff fe 01  7d") || !strings.Contains(out, "code      syntax") {
		t.Errorf("exit code %d: %s", code, out)
	}
	if out, code := c("show", ""); code != 2 {
		t.Errorf("exit code %d: %s", code, out)
	}
	if out, code := c("replay", "--all"); code != 6 || !strings.Contains(out, "stop the program first") {
		t.Errorf("exit code %d: %s", code, out)
	}
	p.end()
	if out, code := c("replay", "--all", "--dry-run"); code != 0 || !strings.Contains(out, "2 letters into `out`") {
		t.Errorf("exit code %d: %s", code, out)
	}
	if out, code := c("replay", "--all"); code != 0 || !strings.Contains(out, "2 new letters") {
		t.Errorf("exit code %d: %s", code, out)
	}
}

// A letter whose sender could be answered is not lost where it fails at another node
// than the first time, and does not hold up the others.
func TestReplayRefused(t *testing.T) {
	t.Parallel()
	dir, address := t.TempDir(), freeAddress(t)
	write(t, dir, "pipeline.yaml", `
pipeline: web
types: {E: {n: int}}
sources: {in: {use: http, config: {listen: "`+address+`", path: /e}, out: E}}
processors:
  ok: {from: in, check: {small: 'mended != "" || in.N < 10'}, let: {mended: "${env:MENDED:-}"}, on_error: {then: dead}}
  odd: {from: ok, check: {odd: in.N % 2 == 1}}
sinks:
  out: {from: odd, use: file, config: {path: out.ndjson}}
  dead: {use: file, config: {path: dead.ndjson}}
`)
	binary := buildProgram(t, filepath.Join(dir, "pipeline.yaml"))
	p := start(t, binary, dir)
	for range 3000 {
		if p.ready() == 200 {
			break
		}
		p.alive()
		time.Sleep(10 * time.Millisecond)
	}
	resp, err := http.Post("http://"+address+"/e", "application/x-ndjson", strings.NewReader("{\"n\":1}\n{\"n\":11}\n{\"n\":12}\n{\"n\":13}\n"))
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%v, %v", resp, err)
	}
	resp.Body.Close()
	replay := func() (string, int) {
		c := exec.Command(binary, "dlq", "replay", "--all")
		c.Dir, c.Env = dir, append(os.Environ(), "MENDED=yes")
		out, _ := c.CombinedOutput()
		return string(out), c.ProcessState.ExitCode()
	}
	if out, code := replay(); code != 6 || !strings.Contains(out, "another sink or program is writing this file") {
		t.Errorf("exit code %d: %s", code, out)
	}
	p.end()
	for _, want := range []string{"replayed 2 letters; 1 left as before", "replayed 0 letters; 1 left as before"} {
		if out, code := replay(); code != 7 || !strings.Contains(out, want) || !strings.Contains(out, "check `odd` failed") {
			t.Errorf("exit code %d: %s", code, out)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "out.ndjson"))
	if want := "{\"n\":1}\n{\"n\":11}\n{\"n\":13}\n"; err != nil || string(data) != want {
		t.Errorf("%q, not %q", data, want)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
