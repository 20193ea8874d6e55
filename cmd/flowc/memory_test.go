//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The memory bound that `explain` prints is one: programs that get the longest
// records, and whose sinks stand still, stay below it.
func TestMemoryBound(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	for name, processors := range map[string]string{
		"passed on": "  f: {from: big, filter: in.ID >= 0}\n",
		"changed":   "  f: {from: big, set: {id: in.ID + 1}}\n",
		"made anew": "  f: {from: big, map: {id: in.ID, pad: in.Pad}}\n",
		"in lanes":  "  f: {from: big, key: in.Key, parallel: 3, map: {id: in.ID, pad: in.Pad}}\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "pipeline.yaml")
			writeFile(t, file, "pipeline: long\ntypes: {E: {id: int, key: string, pad: string}}\nsources:\n  big: {use: file, config: {path: big.ndjson}, out: E}\nprocessors:\n"+
				processors+"sinks:\n  out: {from: f, use: stdout}\n")
			const records = 16
			var data bytes.Buffer
			pad := strings.Repeat("x", 16_500_000)
			for i := range records {
				fmt.Fprintf(&data, `{"id":%d,"key":"%d","pad":"%s"}`+"\n", i, i, pad)
			}
			writeFile(t, filepath.Join(dir, "big.ndjson"), data.String())
			data = bytes.Buffer{}
			var out, errs bytes.Buffer
			if code := run([]string{"explain", file, "--format", "json"}, nil, &out, &errs); code != 0 {
				t.Fatalf("exit code %d: %s", code, &errs)
			}
			var explained struct {
				Result struct{ Memory struct{ Bytes int64 } }
			}
			if err := json.Unmarshal(out.Bytes(), &explained); err != nil || explained.Result.Memory.Bytes == 0 {
				t.Fatalf("no bound: %v\n%s", err, &out)
			}
			if code := run([]string{"build", file, "-o", dir}, nil, &out, &errs); code != 0 {
				t.Fatalf("exit code %d: %s", code, &errs)
			}
			cmd := exec.Command(filepath.Join(dir, "long"))
			cmd.Dir, cmd.Stderr = dir, &errs
			cmd.Env = withoutEnv(os.Environ(), "GOMEMLIMIT")
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(300 * time.Millisecond) // all that can be read meanwhile is
			var n, used int64
			for {
				got, err := io.CopyN(io.Discard, stdout, 4<<20)
				n += got
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				used = max(used, peakOf(cmd.Process.Pid))
			}
			if n < records*16_500_000 || used == 0 {
				t.Errorf("%d bytes came, of %d MiB", n, used>>20)
			}
			if err := cmd.Wait(); err != nil {
				t.Fatalf("%v\n%s", err, &errs)
			}
			if used > explained.Result.Memory.Bytes {
				t.Errorf("it used %d MiB, and the bound is %d MiB", used>>20, explained.Result.Memory.Bytes>>20)
			}
			t.Logf("%d MiB of %d", used>>20, explained.Result.Memory.Bytes>>20)
		})
	}
}

// peakOf is the most memory that a process has had, 0 where that can't be told.
// What wait tells counts its parent's before exec.
func peakOf(pid int) (bytes int64) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &bytes); err == nil {
			return bytes << 10
		}
	}
	return 0
}

// withoutEnv is an environment without a variable.
func withoutEnv(env []string, name string) []string {
	var out []string
	for _, e := range env {
		if !strings.HasPrefix(e, name+"=") {
			out = append(out, e)
		}
	}
	return out
}
