package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	process "github.com/flowc-dev/flowc/backends/local/alive"
)

// agentMark is the variable by which all that an agent starts is known: what it calls plugins
// (logmon, docker_logger, executors) is made to outlive it, and does where it ends while a
// copy begins.
const agentMark = "FLOWC_NOMAD_AGENT="

// marked are the processes with a mark in their environment, by number, with what they are.
func marked(t *testing.T, mark string) map[int]string {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	all := map[int]string{}
	for _, path := range paths {
		environment, _ := os.ReadFile(path) // of one that has ended there is none
		args, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		for _, variable := range bytes.Split(environment, []byte{0}) {
			if string(variable) == mark && len(args) > 0 { // those that are only to be waited for have no arguments
				all[pid] = strings.TrimSpace(strings.ReplaceAll(string(args), "\x00", " "))
			}
		}
	}
	return all
}

// endMarked waits for the end of all that has a mark, and ends what does not end by itself.
// It returns what that was.
func endMarked(t *testing.T, mark string) (ended []string) {
	t.Helper()
	for range 50 {
		if len(marked(t, mark)) == 0 {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	for pid, what := range marked(t, mark) {
		ended = append(ended, what)
		if err := process.Identify(pid).Signal(os.Kill); err != nil {
			t.Error(err)
		}
	}
	eventually(t, "what an agent left has ended", func() bool { return len(marked(t, mark)) == 0 })
	return ended
}

// What an agent left behind is known by its mark, whoever its parent is by now, and nothing
// else is ended.
func TestEndMarked(t *testing.T) {
	t.Parallel()
	mark := agentMark + t.TempDir()
	orphan := command(t.TempDir(), "", "sh", "-c", "sleep 300 >/dev/null 2>&1 & sleep 300 >/dev/null 2>&1 &")
	orphan.Env = append(orphan.Env, mark)
	other := command(t.TempDir(), "", "sleep", "300")
	other.Env = append(other.Env, mark+"-another")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = other.Process.Kill()
		_ = other.Wait()
	})
	if err := orphan.Run(); err != nil {
		t.Fatal(err)
	}
	if ended := endMarked(t, mark); len(ended) != 2 || ended[0] != "sleep 300" {
		t.Errorf("what was ended is %v", ended)
	}
	if all := marked(t, mark+"-another"); len(all) != 1 {
		t.Errorf("of another agent there is %v", all)
	}
}
