package supervise

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// engine puts a stand-in of an engine into PATH, which notes how it is called and runs what
// stands behind the image.
func engine(t *testing.T) (calls func() []string) {
	t.Helper()
	dir := t.TempDir()
	script := `#!/bin/sh
echo "$@" >> ` + dir + `/calls
[ "$1" = run ] || exit 0
while [ "$1" != acme/image ]; do shift; done
shift
exec "$@"
`
	if err := os.WriteFile(filepath.Join(dir, "docker"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return func() []string {
		text, _ := os.ReadFile(dir + "/calls")
		return strings.Split(strings.TrimSpace(string(text)), "\n")
	}
}

// A container is given its environment, what it sees and how much it may use, and is talked to
// as a process is.
func TestContainer(t *testing.T) {
	calls := engine(t)
	k := New(Spec{
		Name: "Node", Command: []string{"sh", "-c", `while read -r l; do echo "$TOKEN $l"; done`}, Env: []string{"TOKEN=secret=1"}, Piped: true,
		Container: &Container{Image: "acme/image", Mounts: []string{"./data:/data", "cache:/cache:ro"}, Memory: "512m", CPUs: "0.5"},
	})
	p, err := k.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(p.In, "line\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(p.Out).ReadString('\n'); err != nil || line != "secret=1 line\n" {
		t.Errorf("%q %v", line, err)
	}
	p.CloseIn()
	p.Wait(time.Minute)
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(calls()[0])
	name := words[slices.Index(words, "--name")+1]
	want := "run --rm --interactive --init --network host --name " + name + " --env TOKEN --volume " + here + "/data:/data --volume cache:/cache:ro --memory 512m --cpus 0.5 acme/image sh -c"
	if !strings.HasPrefix(calls()[0], want) || !strings.HasPrefix(name, "flowc-node-") || strings.Contains(calls()[0], "secret=1") {
		t.Errorf("it is run by\n%s\nand not\n%s", calls()[0], want)
	}
	if len(calls()) != 1 || !p.Well() {
		t.Errorf("%v %s", calls(), p.State())
	}
}

// What is left of a container whose command was killed is removed.
func TestContainerRemoved(t *testing.T) {
	calls := engine(t)
	k := New(Spec{Name: "node", Command: []string{"sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.01; done"}, Piped: true, Container: &Container{Image: "acme/image"}})
	p, err := k.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(p.Out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	k.Stop(time.Millisecond)
	words := strings.Fields(calls()[0])
	name := words[slices.Index(words, "--name")+1]
	if got := calls(); len(got) != 2 || got[1] != "rm --force "+name {
		t.Errorf("%q", got)
	}
}

// A machine without an engine says so.
func TestNoEngine(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := New(Spec{Name: "node", Container: &Container{Image: "acme/image"}}).Start(context.Background())
	if !errors.Is(err, ErrNoEngine) || !strings.Contains(err.Error(), "`acme/image` can't be started: there is neither docker") {
		t.Error(err)
	}
}
