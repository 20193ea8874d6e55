package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/backends/oci/dockertest"
)

// standin builds the component of the tests of runtime/connect/component, once.
var standin = sync.OnceValues(func() ([]byte, error) {
	path := filepath.Join(os.TempDir(), fmt.Sprintf("flowc-standin-%d", os.Getpid()))
	defer os.Remove(path)
	if out, err := staticBuild(path).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	return os.ReadFile(path)
})

// staticBuild builds the component so that it runs in an empty container as well.
func staticBuild(path string) *exec.Cmd {
	cmd := exec.Command("go", "build", "-o", path, "../../runtime/connect/component/testdata/standin")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	return cmd
}

// foreignPipeline writes a pipeline beside the component and builds it.
func foreignPipeline(t *testing.T, text string) (dir, binary string) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds and runs a program")
	}
	program, err := standin()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for name, data := range map[string][]byte{"standin": program, "p.yaml": []byte(text)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := command(dir, compilerCache, "flowc", "build", "p.yaml", "-o", "out").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir, filepath.Join(dir, "out", "p")
}

// runIn runs a program in a folder to its end.
func runIn(dir, binary string, args ...string) (stdout, stderr string, err error) {
	cmd := exec.Command(binary, args...)
	cmd.Dir = dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

const numberType = "types: {N: {n: int}}\n"

// Components of others at both ends and in the middle, with Go of the pipeline between
// them: the order and the envelope are kept, and the payload as it was, unknown fields
// included.
func TestForeignComponents(t *testing.T) {
	t.Parallel()
	dir, binary := foreignPipeline(t, numberType+`
sources:
  src: {command: [./standin, source], args: [-count, 60], gives: test.number.v1, out: N, env: {START_LEDGER: "${env:FROM:-2}"}}
processors:
  some: {from: src, filter: 'in.N % 2 == 0 && meta.Ledger > 1'}
  done: {from: some, command: [./standin, processor, -jitter], out: N}
  marked: {from: done, set: {n: in.N * 10}}
sinks:
  stored: {from: marked, command: [./standin, consumer, -out, got, -slow, 1ms], takes: test.done.v1}
`)
	_, stderr, err := runIn(dir, binary)
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	got, err := os.ReadFile(filepath.Join(dir, "got"))
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for n := 4; n < 60; n += 2 {
		fmt.Fprintf(&want, "e%d-done|test.done.v1|{\"n\":%d, \"text\":\"n %d\"}|standin|done|application/json|%d.%d|%s\n", n, n*10, n, n/3+1, n%3,
			time.Unix(1_700_000_000+int64(n), 0).UTC().Format("15:04:05"))
	}
	if string(got) != want.String() {
		t.Errorf("it got\n%s\nand not\n%s\n%s", got, want.String(), stderr)
	}
	if !strings.Contains(stderr, "p: 57 in · 28 out · 29 filtered · 0 failed") {
		t.Error(stderr)
	}
}

// An event at which a component dies becomes a dead letter with what it wrote last, and the
// counts add up; without one it ends the program.
func TestForeignDies(t *testing.T) {
	t.Parallel()
	const text = numberType + `
sources:
  src: {command: [./standin, source, -count, "9"], out: json}
processors:
  done: {from: src, command: [./standin, processor, -die-at, '{"n":4, "text":"n 4"}']%s}
sinks:
  shown: {from: done, use: stdout, config: {format: bytes}}
`
	dir, binary := foreignPipeline(t, fmt.Sprintf(text, ", on_error: {then: dead}")+"  dead: {use: file, config: {path: dead.ndjson}}\n")
	stdout, stderr, err := runIn(dir, binary)
	dead, _ := os.ReadFile(filepath.Join(dir, "dead.ndjson"))
	if err != nil || strings.Contains(stdout, `"n 4"`) || !strings.Contains(stdout, `"n 8"`) || !strings.Contains(string(dead), `"record":{"n":4,"text":"n 4"}`) || !strings.Contains(string(dead), "dying at") ||
		!strings.Contains(stderr, "9 in · 8 out · 1 dead-lettered") {
		t.Errorf("%v\n%s\n%s\n%s", err, stdout, dead, stderr)
	}
	dir, binary = foreignPipeline(t, fmt.Sprintf(text, ""))
	_, stderr, err = runIn(dir, binary)
	if err == nil || err.Error() != "exit status 7" || !strings.Contains(stderr, "dying at") {
		t.Errorf("%v\n%s", err, stderr)
	}
}

// A program that is killed leaves no component behind, and goes on where it was; one that is
// asked to end has its components end first.
func TestForeignKilled(t *testing.T) {
	t.Parallel()
	dir, binary := foreignPipeline(t, `
sources:
  src: {command: [./standin, source, -count, "9", -endless], out: json}
processors:
  asis: {from: src, command: 'sleep 1000 & cat', protocol: ndjson}
sinks:
  shown: {from: asis, use: stdout}
delivery: {checkpoint: {every: 20ms}}
`)
	start := func() (*exec.Cmd, *bufio.Reader, *bytes.Buffer) {
		cmd := exec.Command(binary)
		cmd.Dir = dir
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		errs := &bytes.Buffer{}
		cmd.Stderr = errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd, bufio.NewReader(out), errs
	}
	cmd, out, errs := start()
	for range 9 {
		if _, err := out.ReadString('\n'); err != nil {
			t.Fatalf("%v\n%s", err, errs)
		}
	}
	state := filepath.Join(dir, ".flowc", "state", "p", "checkpoint")
	for range 500 {
		if text, err := os.ReadFile(state); err == nil && bytes.Contains(text, []byte(`"e8"`)) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if n := len(inFolder(t, dir)); n < 3 {
		t.Errorf("%d processes run in the folder", n)
	}
	_ = cmd.Process.Kill()
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait()
	for range 500 {
		if len(inFolder(t, dir)) == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if left := inFolder(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}

	cmd, out, errs = start()
	for range 500 {
		if len(inFolder(t, dir)) >= 4 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(300 * time.Millisecond) // what it would read again would come by now
	_ = cmd.Process.Signal(syscall.SIGTERM)
	again, _ := io.ReadAll(out)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, errs)
	}
	if len(again) > 0 || !strings.Contains(errs.String(), "resume true") {
		t.Errorf("it read again:\n%s\n%s", again, errs)
	}
	if left := inFolder(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// inFolder are the processes that run in a folder.
func inFolder(t *testing.T, dir string) (names []string) {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && to == dir {
			name, _ := os.ReadFile(filepath.Join(filepath.Dir(link), "comm"))
			if strings.TrimSpace(string(name)) != "" {
				names = append(names, strings.TrimSpace(string(name)))
			}
		}
	}
	return names
}

// Components in containers, by a real engine: talked to as processes are, with their volumes,
// and gone when the program is, also where that is killed.
func TestForeignContainers(t *testing.T) {
	t.Parallel()
	if why := dockertest.NotHere(); why != "" {
		t.Skip(why)
	}
	dir, binary := foreignPipeline(t, numberType+`
sources:
  src: {image: "acme/standin:1", args: [source, -count, "30"], gives: test.number.v1, out: N, resources: {limits: {memory: 256Mi, cpu: 500m}}}
processors:
  some: {from: src, filter: in.N >= 20}
  done: {from: some, image: "acme/standin:1", args: [processor, -jitter]}
sinks:
  stored: {from: done, image: "acme/standin:1", args: [consumer, -out, /data/got], volumes: [{host: ./data, container: /data}]}
`)
	engine := dockertest.New(t)
	docker := func(stdin []byte, args ...string) string {
		t.Helper()
		cmd := exec.Command("docker", args...)
		cmd.Env = append(os.Environ(), "DOCKER_HOST="+engine.Host)
		cmd.Stdin = bytes.NewReader(stdin)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("docker %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	program, err := standin()
	if err != nil {
		t.Fatal(err)
	}
	var image bytes.Buffer
	archive := tar.NewWriter(&image)
	if err := archive.WriteHeader(&tar.Header{Name: "standin", Mode: 0o755, Size: int64(len(program))}); err != nil {
		t.Fatal(err)
	}
	_, _ = archive.Write(program)
	_ = archive.Close()
	docker(image.Bytes(), "import", "--change", `ENTRYPOINT ["/standin"]`, "-", "acme/standin:1")

	cmd := exec.Command(binary)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "DOCKER_HOST="+engine.Host)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got, err := os.ReadFile(filepath.Join(dir, "data", "got"))
	if err != nil || strings.Count(string(got), "\n") != 10 || !strings.HasPrefix(string(got), `e20-done|test.done.v1|{"n":20, "text":"n 20"}|standin|done|application/json|7.2|`) {
		t.Errorf("%v\n%s\n%s", err, got, out)
	}
	if left := docker(nil, "ps", "--all", "--quiet"); left != "" {
		t.Errorf("left behind: %s", left)
	}

	dir, binary = foreignPipeline(t, `
sources:
  src: {image: "acme/standin:1", args: [source, -count, "9", -endless], out: json}
sinks:
  shown: {from: src, use: stdout}
`)
	cmd = exec.Command(binary)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "DOCKER_HOST="+engine.Host)
	lines, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(lines).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	left := "?"
	for range 300 {
		if left = docker(nil, "ps", "--quiet"); left == "" {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if left != "" {
		t.Errorf("a container runs on behind its program: %s", left)
	}
}
