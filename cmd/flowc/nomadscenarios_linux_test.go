package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// followed is a pipeline that reads a file for ever and writes one, with what its only
// processor says.
func followed(processor string, follow bool) string {
	return fmt.Sprintf(`pipeline: numbers
types: {N: {n: int, s: string}}
sources: {ns: {use: file, config: {path: in.ndjson, follow: %v}, out: N}}
processors: {even: {from: ns, %s}}
sinks: {out: {from: even, use: file, config: {path: out.ndjson}}}
`, follow, processor)
}

// A feeder appends records to a file.
type feeder struct {
	t    *testing.T
	path string
	next int
}

func (f *feeder) more(n int) {
	f.t.Helper()
	file, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		f.t.Fatal(err)
	}
	defer file.Close()
	for range n {
		fmt.Fprintf(file, "{\"n\":%d,\"s\":\"record %d\"}\n", f.next, f.next)
		f.next++
	}
}

// standalone is what the program writes of what was fed, run here by itself.
func (f *feeder) standalone(pipeline string) []byte {
	f.t.Helper()
	dir := f.t.TempDir()
	write(f.t, dir, "pipeline.yaml", pipeline)
	text, err := os.ReadFile(f.path)
	if err != nil {
		f.t.Fatal(err)
	}
	write(f.t, dir, "in.ndjson", string(text))
	cmd := exec.Command(buildProgram(f.t, filepath.Join(dir, "pipeline.yaml")))
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		f.t.Fatalf("%v\n%s", err, text)
	}
	out, err := os.ReadFile(filepath.Join(dir, "out.ndjson"))
	if err != nil {
		f.t.Fatal(err)
	}
	return out
}

// TestNomadFiles is a service with state, in a container: it is deployed, changed in a
// tunable and in shape, killed, given an image that is not there, and stopped. After each
// of them the file that it writes is what the program writes by itself, record for record.
func TestNomadFiles(t *testing.T) {
	c := newNomad(t, true, "feed", "numbers")
	const even = "filter: in.N % 2 == 0"
	j := c.job(followed(even, true), "files: {in.ndjson: {volume: feed}}, storage: {volume: numbers}")
	feed := &feeder{t: t, path: filepath.Join(c.volume("feed"), "in.ndjson")}
	wrote := func() []byte {
		text, _ := os.ReadFile(filepath.Join(c.volume("numbers"), "out.ndjson"))
		return text
	}
	complete := func(when string) {
		t.Helper()
		want := feed.standalone(followed(even, false))
		c.until("all records "+when, func() bool { return bytes.Equal(wrote(), want) })
		t.Logf("%s: %d records of %d, as the program writes them by itself", when, bytes.Count(want, []byte("\n")), feed.next)
	}

	feed.more(5000)
	j.flowc("image", "--load")
	j.deploy()
	complete("deployed")

	if changes, _ := j.plan(j.emit()); changes {
		t.Errorf("running it again would change something:\n%s", j.try("job", "plan", "-json", j.emit()))
	}

	feed.more(5000)
	j.options("files: {in.ndjson: {volume: feed}}, storage: {volume: numbers}, env: {FLOWC_SET: \"ns.config.max_record=1MiB\"}")
	j.deploy()
	feed.more(5000)
	complete("with another tunable")

	feed.more(20000)
	c.engine.Docker("kill", "-s", "KILL", c.containerOf("numbers"))
	feed.more(5000)
	c.until("a new start", func() bool {
		return slices.ContainsFunc(j.allocations(false), func(a allocation) bool { return a.TaskStates["numbers"].Restarts > 0 })
	})
	complete("killed")

	before := feed.next
	j.options("files: {in.ndjson: {volume: feed}}, storage: {volume: numbers}, image: \"numbers:none\"")
	j.run(j.emit())
	c.until("the old version is back", func() bool { return strings.HasPrefix(j.lastDeployment(), "3 successful") && c.running("numbers") == 1 })
	feed.more(5000)
	complete(fmt.Sprintf("after a bad version, at record %d,", before))

	// Another shape: what is there stays, what comes is as the new program has it.
	j.options("files: {in.ndjson: {volume: feed}}, storage: {volume: numbers}")
	before, had := feed.next, wrote()
	j.pipeline(strings.NewReplacer("}}\nsinks", "}, twice: {from: even, set: {twice: in.N * 2}}}\nsinks", "{from: even, use", "{from: twice, use").Replace(followed(even, true)))
	j.flowc("image", "--load")
	j.deploy()
	feed.more(2000)
	want := slices.Clone(had)
	for n := before; n < feed.next; n++ {
		if n%2 == 0 {
			want = fmt.Appendf(want, "{\"n\":%d,\"s\":\"record %d\",\"twice\":%d}\n", n, n, 2*n)
		}
	}
	c.until("records of the new shape", func() bool { return bytes.Equal(wrote(), want) })

	j.must("job", "stop", "-purge", "numbers")
	c.until("nothing is left", func() bool { return c.engine.Docker("ps", "-q") == "" })
	if !bytes.Equal(wrote(), want) {
		t.Error("what was written is another after the stop")
	}
	if text, code := j.nomad("job", "status", "numbers"); code == 0 {
		t.Errorf("the job is still there:\n%s", text)
	}
}

// containerOf is the container of a task.
func (c *nomadCluster) containerOf(task string) string {
	c.t.Helper()
	for line := range strings.Lines(c.engine.Docker("ps", "--format", "{{.ID}} {{.Names}}")) {
		if id, name, _ := strings.Cut(strings.TrimSpace(line), " "); isOfTask(name, task) {
			return id
		}
	}
	c.t.Fatalf("no container of %s", task)
	return ""
}

// isOfTask tells whether a container is one of a task: its name ends with the id of the
// allocation.
func isOfTask(container, task string) bool {
	const id = "-00000000-0000-0000-0000-000000000000"
	return strings.HasPrefix(container, task+"-") && len(container) == len(task+id)
}

// running counts the containers of a task.
func (c *nomadCluster) running(task string) (n int) {
	for line := range strings.Lines(c.engine.Docker("ps", "--format", "{{.Names}}")) {
		if isOfTask(strings.TrimSpace(line), task) {
			n++
		}
	}
	return n
}

// door is a pipeline that takes records over HTTP from who has the token.
const door = `pipeline: door
types: {N: {n: int}}
sources: {events: {use: http, config: {listen: ":8080", path: /events, token: "${file:/run/secrets/door.token}"}, out: N}}
processors: {seen: {from: events, set: {word: word}, let: {word: "${env:WORD}"}}}
sinks: {out: {from: seen, use: stdout}}
`

// TestNomadServe is a service of which two copies run: secrets come from Nomad's
// variables, a new version is tried by a canary, a bad one changes nothing, and a secret
// that changes is taken over.
func TestNomadServe(t *testing.T) {
	c := newNomad(t, true)
	const options = "secrets: {WORD: {}, door.token: {item: token}}, replicas: 2"
	j := c.job(door, options)
	j.flowc("image", "--load")
	j.must("var", "put", "nomad/jobs/door", `WORD=a "word" $with`, "token=first")
	j.deploy()
	addresses := func() (all []string) {
		var list []struct {
			Address string
			Port    int
		}
		_ = json.Unmarshal([]byte(j.try("operator", "api", "/v1/service/door-events")), &list)
		for _, s := range list {
			all = append(all, fmt.Sprintf("http://%s:%d/events", s.Address, s.Port))
		}
		return all
	}
	post := func(url, token string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(`{"n":1}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0
		}
		defer answer.Body.Close()
		_, _ = io.Copy(io.Discard, answer.Body)
		return answer.StatusCode
	}
	// taken tells whether one of the copies takes records.
	taken := func(token string) bool {
		return slices.ContainsFunc(addresses(), func(url string) bool { return post(url, token) == http.StatusOK })
	}
	if urls := addresses(); len(urls) != 2 || post(urls[0], "first") != http.StatusOK || post(urls[1], "first") != http.StatusOK || post(urls[0], "wrong") == http.StatusOK {
		t.Fatalf("%q", urls)
	}
	said := j.try("alloc", "logs", j.allocations(false)[0].ID)
	if !strings.Contains(said, `"word":"a \"word\" $with"`) {
		t.Errorf("the secret is not as it was put: %s", said)
	}

	stop, gaps := make(chan struct{}), make(chan int)
	go func() { // callers see nothing of a roll-out
		missed := 0
		for {
			select {
			case <-stop:
				gaps <- missed
				return
			default:
				if !taken("first") {
					missed++
				}
			}
		}
	}()
	j.options(options + ", env: {FLOWC_SET: \"events.config.max_body=1MiB\"}")
	j.deploy()
	c.until("two copies of the new version", func() bool {
		list := j.allocations(false)
		return len(list) == 2 && list[0].JobVersion == 1 && list[1].JobVersion == 1
	})
	close(stop)
	if missed := <-gaps; missed > 0 {
		t.Errorf("%d requests found nobody during a roll-out", missed)
	}

	j.options(options + ", image: \"door:none\"")
	j.run(j.emit())
	c.until("the canary is given up", func() bool { return c.running("door") == 2 && !strings.Contains(j.lastDeployment(), "running") })
	if list := j.allocations(false); len(list) != 2 || !taken("first") {
		t.Errorf("after a bad version: %+v", list)
	}

	j.must("var", "put", "-force", "nomad/jobs/door", "WORD=another", "token=second")
	c.until("the new token", func() bool { return taken("second") && !taken("first") })
	j.must("job", "stop", "-purge", "door")
	c.until("nothing is left", func() bool { return c.engine.Docker("ps", "-q") == "" && len(addresses()) == 0 })
}

// TestNomadDownloads is a batch whose binary and input the client downloads.
func TestNomadDownloads(t *testing.T) {
	c := newNomad(t, false)
	const odd = "filter: in.N % 2 == 1"
	work := t.TempDir()
	j := c.job(followed(odd, false), "")
	j.flowc("build", "-o", j.dir)
	binary, err := os.ReadFile(filepath.Join(j.dir, "numbers"))
	if err != nil {
		t.Fatal(err)
	}
	feed := &feeder{t: t, path: filepath.Join(j.dir, "today.ndjson")}
	feed.more(10000)
	files := httptest.NewServer(http.FileServer(http.Dir(j.dir)))
	t.Cleanup(files.Close)
	j.options(fmt.Sprintf(`driver: raw_exec, work_dir: %q, binary: {url: "%s/numbers", checksum: "sha256:%x"}, files: {in.ndjson: {url: "%s/today.ndjson"}}`,
		work, files.URL, sha256.Sum256(binary), files.URL))
	j.run(j.emit())
	want := feed.standalone(followed(odd, false))
	c.until("all records", func() bool {
		text, _ := os.ReadFile(filepath.Join(work, "out.ndjson"))
		return bytes.Equal(text, want)
	})
	j.complete()
	j.must("job", "stop", "-purge", "numbers")
}

// complete waits for the end of a batch.
func (j *nomadJob) complete() {
	j.t.Helper()
	j.until("the end of the run", func() bool {
		list := j.allocations(true)
		return len(list) == 1 && list[0].ClientStatus == "complete"
	})
}

// TestNomadBinary is a batch, and a periodic job, whose binary the client has.
func TestNomadBinary(t *testing.T) {
	c := newNomad(t, false)
	const odd = "filter: in.N % 2 == 1"
	for _, schedule := range []string{"", `, schedule: "0 0 1 1 *"`} {
		work := t.TempDir()
		j := c.job(followed(odd, false), "")
		j.flowc("build", "-o", j.dir)
		j.options(fmt.Sprintf("driver: raw_exec, binary: {path: %q}, work_dir: %q%s", filepath.Join(j.dir, "numbers"), work, schedule))
		feed := &feeder{t: t, path: filepath.Join(work, "in.ndjson")}
		feed.more(10000)
		file := j.emit()
		if text := j.run(file); strings.Contains(text, "rror") {
			t.Fatal(text)
		}
		if schedule != "" {
			j.must("job", "periodic", "force", "numbers")
		}
		want := feed.standalone(followed(odd, false))
		c.until("all records", func() bool {
			text, _ := os.ReadFile(filepath.Join(work, "out.ndjson"))
			return bytes.Equal(text, want)
		})
		if schedule == "" {
			j.complete()
		}
		j.must("job", "stop", "-purge", "numbers")
	}
}
