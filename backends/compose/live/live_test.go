package live

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowc-dev/flowc/backends/compose"
	"github.com/flowc-dev/flowc/backends/deploy"
	oci "github.com/flowc-dev/flowc/backends/oci/live"
)

// An answer of the engine, by method and path.
type answers map[string]string

// fake is an engine that knows some answers, and notes what it is asked.
func fake(t *testing.T, known answers) (e *Engine, asked *[]string) {
	t.Helper()
	asked = new([]string)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call := r.Method + " " + r.URL.Path
		*asked = append(*asked, call)
		text, ok := known[call]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		if status, rest, ok := strings.Cut(text, "!"); ok && status == "busy" {
			w.WriteHeader(http.StatusConflict)
			text = rest
		}
		if text == "304" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Fprint(w, text)
	}))
	t.Cleanup(s.Close)
	engine, err := oci.Open(oci.Address{Host: strings.Replace(s.URL, "http://", "tcp://", 1)})
	if err != nil {
		t.Fatal(err)
	}
	return New(engine, Command{}), asked
}

// script is a command of the test's own in place of Compose.
func script(t *testing.T, text string) Command {
	t.Helper()
	path := filepath.Join(t.TempDir(), "docker-compose")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return Command{Path: []string{path}, Env: os.Environ()}
}

func testRelease(t *testing.T) *deploy.Release {
	t.Helper()
	p := &compose.Project{
		Name: "shop", Flowc: compose.Origin{Pipeline: "orders", Hash: "h1"},
		Networks: map[string]compose.Network{"old": {Internal: true}, "other": {External: true}},
		Services: map[string]any{"orders": map[string]any{
			"image": "orders:h1-000000000000", "environment": map[string]any{"KEY": "${OUTER:?a secret}", "PRICE": "$$5"},
			"labels": map[string]any{labelHash: "h1", "team": "shop"}, "deploy": map[string]any{"replicas": 2}, "profiles": []string{"jobs"},
		}},
	}
	r, err := Release(p, "/src", "orders:h1-000000000000", true)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What Compose is given has itself as a label, which reads back as it was.
func TestLabelled(t *testing.T) {
	r := testRelease(t)
	if r.ID != "shop/orders" {
		t.Error(r.ID)
	}
	file, err := labelled(r)
	if err != nil {
		t.Fatal(err)
	}
	var p compose.Project
	if err := json.Unmarshal(file, &p); err != nil {
		t.Fatal(err)
	}
	orders := p.Services["orders"].(map[string]any)
	label := orders["labels"].(map[string]any)[labelRelease].(string)
	if got := strings.ReplaceAll(label, "$$", "$"); got != string(r.Manifest) || orders["pull_policy"] != "never" {
		t.Errorf("%s is not %s", got, r.Manifest)
	}
	again := *r
	again.Manifest = []byte(strings.ReplaceAll(label, "$$", "$"))
	if second, err := labelled(&again); err != nil || string(second) != string(file) {
		t.Errorf("what was applied gives another file: %v\n%s\n%s", err, second, file)
	}
}

// inspected is what the engine says of a container of the release.
func inspected(t *testing.T, r *deploy.Release, state string) string {
	t.Helper()
	label, err := json.Marshal(string(r.Manifest))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`{"Id":"c1","Name":"/shop-orders-1","Image":"sha256:1","RestartCount":1,"Config":{"Image":"orders:h1-000000000000","Env":["KEY=hush","PRICE=$5"],
		"Labels":{"dev.flowc.pipeline":"orders","dev.flowc.hash":"h1","com.docker.compose.project":"shop","com.docker.compose.service":"orders",
		"com.docker.compose.project.working_dir":"/src","com.docker.compose.config-hash":"abc","dev.flowc.release":%s}},"State":%s,
		"HostConfig":{"RestartPolicy":{"Name":"unless-stopped"}},"NetworkSettings":{"Ports":{"8080/tcp":[{"HostIp":"127.0.0.1","HostPort":"80"}]}}}`, label, state)
}

// The secrets with which a release ran are kept to bring it back, and are in nothing
// that is shown.
func TestReleases(t *testing.T) {
	r := testRelease(t)
	e, _ := fake(t, answers{
		"GET /containers/json":    `[{"Id":"c1"},{"Id":"gone"}]`,
		"GET /containers/c1/json": inspected(t, r, `{"Status":"running"}`),
		"GET /volumes":            `{"Volumes":[{"Name":"shop_orders-data","Labels":{"dev.flowc.pipeline":"orders","com.docker.compose.project":"shop"}},{"Name":"left","Labels":{"dev.flowc.pipeline":"old","com.docker.compose.project":"old"}}]}`,
		"GET /networks":           `[{"Name":"shop_default"}]`,
		"GET /images/json":        `[{"RepoTags":["orders:h1-000000000000","orders:mine"],"Labels":{"dev.flowc.hash":"h1"}}]`,
	})
	all, err := e.Releases(t.Context())
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	if all[0].ID != "old" || all[1].ID != "shop/orders" || all[1].Folder != "/src" || all[1].Hash != "h1" || string(all[1].Manifest) != string(r.Manifest) {
		t.Errorf("%+v %+v", all[0], all[1])
	}
	if d := cmp.Diff(map[string]string{"OUTER": "hush"}, all[1].Secrets); d != "" {
		t.Error(d)
	}
	if text, err := json.Marshal(all); err != nil || strings.Contains(string(text), "hush") {
		t.Errorf("%v: %s", err, text)
	}
	var ids []string
	for _, o := range all[1].Objects {
		ids = append(ids, o.ID())
	}
	if !strings.HasPrefix(strings.Join(ids, ", "), "service orders, network shop_default, volume ") || ids[len(ids)-1] != "image orders:h1-000000000000" {
		t.Error(ids)
	}
}

func TestRun(t *testing.T) {
	r := testRelease(t)
	for _, c := range []struct {
		state string
		want  deploy.State
		says  string
	}{
		{`{"Status":"running"}`, deploy.Ready, ""},
		{`{"Status":"running","Health":{"Status":"starting","Log":[{"ExitCode":1,"Output":"orders: not ready: connecting\n"}]}}`, deploy.Starting, "orders: not ready: connecting"},
		{`{"Status":"running","Health":{"Status":"healthy","Log":[{"Output":"ready"}]}}`, deploy.Ready, ""},
		{`{"Status":"running","Health":{"Status":"unhealthy"}}`, deploy.Unready, ""},
		{`{"Status":"restarting","ExitCode":7}`, deploy.Dying, ""},
		{`{"Status":"created"}`, deploy.Starting, ""},
		{`{"Status":"created","Error":"no such user"}`, deploy.Failed, "no such user"},
		{`{"Status":"exited","ExitCode":0}`, deploy.Stopped, ""}, // an endless one does not end by itself
		{`{"Status":"exited","ExitCode":143}`, deploy.Stopped, ""},
		{`{"Status":"exited","ExitCode":137,"OOMKilled":true}`, deploy.Failed, "it was killed for want of memory"},
		{`{"Status":"paused"}`, deploy.Unready, "it is paused"},
	} {
		e, _ := fake(t, answers{"GET /containers/json": `[{"Id":"c1"}]`, "GET /containers/c1/json": inspected(t, r, c.state)})
		run, err := e.Run(t.Context(), "shop/orders")
		if err != nil {
			t.Fatal(err)
		}
		if i := run.Instances[0]; i.State != c.want || i.Says != c.says || i.Restarts != 1 || run.Wanted != 2 || strings.Join(run.Ports["8080"], " ") != "127.0.0.1:80" {
			t.Errorf("%s: %+v of %+v", c.state, i, run)
		}
	}
	c := &container{}
	c.State.Status, c.HostConfig.RestartPolicy.Name = "exited", "on-failure"
	if i := c.instance(); i.State != deploy.Ended {
		t.Error(i)
	}
	e, _ := fake(t, answers{"GET /containers/json": `[]`})
	if run, err := e.Run(t.Context(), "orders"); run != nil || err != nil {
		t.Error(run, err)
	}
}

// A plan says what differs, what does not run, and what somebody else changed.
func TestPreview(t *testing.T) {
	r := testRelease(t)
	next := testRelease(t)
	next.Manifest = []byte(strings.Replace(string(next.Manifest), `"team":"shop"`, `"team":"new"`, 1))
	for _, c := range []struct {
		name, state, key, hash string
		want                   *deploy.Release
		changes                string
	}{
		{"the same", `{"Status":"running"}`, "hush", "abc", r, "keep network shop_default; keep volume shop_data; start service orders 1 of 2 containers are there"},
		{"a label", `{"Status":"running"}`, "hush", "def", next, "keep network shop_default; keep volume shop_data; change service orders labels.team"},
		{"a secret", `{"Status":"running"}`, "whisper", "def", r, "keep network shop_default; keep volume shop_data; change service orders environment.KEY"},
		{"somebody else", `{"Status":"running"}`, "hush", "def", r, "keep network shop_default; keep volume shop_data; change service orders config-hash"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, _ := fake(t, answers{
				"GET /containers/json": `[{"Id":"c1"}]`, "GET /containers/c1/json": inspected(t, r, c.state),
				"GET /volumes": `{"Volumes":[{"Name":"shop_data","Driver":"local"}]}`, "GET /networks": `[{"Name":"shop_default"},{"Name":"shop_another-pipeline"},{"Name":"shop_other"},{"Name":"shop_old"}]`, "GET /images/json": `[]`,
				"GET /images/orders:h1-000000000000/json": `{"Id":"sha256:1"}`,
			})
			e.compose = script(t, fmt.Sprintf(`cat > /dev/null; case "$*" in
*--hash*) echo "orders %s";;
*) echo '{"name":"shop","services":{"orders":{"environment":{"KEY":"%s","PRICE":"$$5"},"networks":{"default":null}}},"networks":{"default":{"name":"shop_default"},"other":{"name":"x","external":true}},"volumes":{"data":{"name":"shop_data"}}}';;
esac`, c.hash, c.key))
			p, err := deploy.NewPlan(t.Context(), e, c.want, false)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, change := range p.Changes {
				line := fmt.Sprint(change.Action, " ", change.Kind, " ", change.Name)
				for _, f := range change.Fields {
					line += " " + f.Path
				}
				if change.Action == deploy.Start {
					line += " " + change.Why
				}
				if change.Action != deploy.Leave {
					got = append(got, line)
				}
			}
			if d := cmp.Diff(c.changes, strings.Join(got, "; ")); d != "" {
				t.Error(d)
			}
			if last := p.Changes[len(p.Changes)-1]; last.Action != deploy.Leave || last.Name != "shop_old" {
				t.Errorf("%+v", last)
			}
		})
	}
}

// What others use stays; what is gone, or stopped anyway, is no error.
func TestRemove(t *testing.T) {
	e, asked := fake(t, answers{
		"GET /containers/json": `[{"Id":"c1"}]`, "GET /containers/c1/json": inspected(t, testRelease(t), `{"Status":"running"}`),
		"POST /containers/c1/stop": "304", "DELETE /containers/c1": "", "DELETE /networks/used": `busy!{"message":"in use"}`, "DELETE /volumes/full": `busy!{"message":"in use"}`,
	})
	if err := e.Remove(t.Context(), "shop/orders", []deploy.Object{{Kind: "network", Name: "used"}, {Kind: "network", Name: "gone"}, {Kind: "service", Name: "orders"}}); err != nil {
		t.Error(err)
	}
	want := "GET /containers/json, GET /containers/c1/json, POST /containers/c1/stop, DELETE /containers/c1, DELETE /networks/used, DELETE /networks/gone"
	if d := cmp.Diff(want, strings.Join(*asked, ", ")); d != "" {
		t.Error(d)
	}
	if err := e.Remove(t.Context(), "shop/orders", []deploy.Object{{Kind: "volume", Name: "full"}}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Error(err)
	}
}

// Put refuses an engine that is another by now, and brings back a release with the
// secrets that it had.
func TestPut(t *testing.T) {
	r := testRelease(t)
	e, _ := fake(t, answers{"GET /containers/json": `[{"Id":"c1"}]`, "GET /containers/c1/json": inspected(t, r, `{"Status":"running"}`), "GET /volumes": `{}`, "GET /networks": `[]`})
	called := filepath.Join(t.TempDir(), "called")
	e.compose = script(t, `cat > /dev/null; echo "$COMPOSE_PROFILES $OUTER $*" > `+called)
	if err := e.Put(t.Context(), r, "c2"); err != deploy.ErrChanged {
		t.Error(err)
	}
	if _, err := os.Stat(called); err == nil {
		t.Error("something was put")
	}
	r.Secrets = map[string]string{"OUTER": "hush"}
	if err := e.Put(t.Context(), r, "c1"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(called)
	if err != nil || string(text) != "jobs hush -f - --project-directory /src -p shop up -d --no-build --no-deps --quiet-pull orders\n" {
		t.Errorf("%q %v", text, err)
	}
	e.compose = script(t, `cat > /dev/null; echo ' Container shop-orders-1  Starting
Error response from daemon: No such image: x' >&2; exit 1`)
	if err := e.Put(t.Context(), r, ""); err == nil || err.Error() != "No such image: x" {
		t.Error(err)
	}
}

func TestLogs(t *testing.T) {
	var b strings.Builder
	for i, line := range []string{"2026-01-01T00:00:00.5Z one", "2026-01-01T00:00:01Z two words"} {
		var head [8]byte
		head[0] = byte(1 + i)
		binary.BigEndian.PutUint32(head[4:], uint32(len(line)+1))
		b.Write(head[:])
		b.WriteString(line + "\n")
	}
	known := answers{"GET /containers/json": `[{"Id":"c1"}]`, "GET /containers/c1/json": inspected(t, testRelease(t), `{"Status":"running"}`), "GET /containers/c1/logs": b.String()}
	e, _ := fake(t, known)
	var got []deploy.Line
	if err := e.Logs(t.Context(), "shop/orders", deploy.LogOptions{Tail: -1}, func(l deploy.Line) { got = append(got, l) }); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 500e6, time.UTC)
	if d := cmp.Diff([]deploy.Line{{Instance: "shop-orders-1", Time: at, Text: "one"}, {Instance: "shop-orders-1", Time: at.Add(500 * time.Millisecond), Text: "two words"}}, got); d != "" {
		t.Error(d)
	}
	known["GET /containers/json"] = "[]"
	if err := e.Logs(t.Context(), "shop/orders", deploy.LogOptions{}, nil); err == nil || err.Error() != "shop/orders: it has no container" {
		t.Error(err)
	}
}

func TestFindCompose(t *testing.T) {
	for _, c := range []struct{ docker, old, want string }{
		{"echo 2.40.3", "echo 1.29.2", "docker compose"},
		{"exit 1", "echo v5.0.0", "docker-compose"},
		{"exit 1", "echo 1.29.2", "docker-compose 1.29.2 is too old"},
		{"exit 1", "exit 1", "there is neither `docker compose` nor docker-compose"},
	} {
		dir := t.TempDir()
		for name, text := range map[string]string{"docker": c.docker, "docker-compose": c.old} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		t.Setenv("PATH", dir)
		found, err := FindCompose(t.Context(), os.Environ())
		got := strings.ReplaceAll(strings.Join(found.Path, " "), dir+"/", "")
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestReferenced(t *testing.T) {
	for text, want := range map[string]string{"${A}": "A", "${A:?why ${B}}": "", "${A:-x}": "A", "${A-x}": "A", "a${A}": "", "$A": "", "${A": ""} {
		if got := referenced(text); got != want {
			t.Errorf("%s: %q, not %q", text, got, want)
		}
	}
	for text, want := range map[string]bool{"$$": false, "$$$A": true, "${A}": true, "$$5 $$": false} {
		if refers(text) != want {
			t.Errorf("%s: %t", text, !want)
		}
	}
}

// A project of several services: each is compared, the program's are tried, and all are
// put.
func TestServices(t *testing.T) {
	r, err := Release(&compose.Project{
		Name: "orders", Flowc: compose.Origin{Pipeline: "orders", Hash: "h1"},
		Services: map[string]any{
			"orders":       map[string]any{"image": "orders:h1", "profiles": []string{"a"}},
			"orders-edges": map[string]any{"image": "nats:2", "deploy": map[string]any{"replicas": 3}, "profiles": []string{"a", "b"}},
			"orders-late":  map[string]any{"image": "orders:h1"},
		},
	}, "/src", "orders:h1", true)
	if err != nil {
		t.Fatal(err)
	}
	_, services, err := project(r)
	if err != nil || services["orders"]["pull_policy"] != "never" || services["orders-edges"]["pull_policy"] != nil {
		t.Error(services, err)
	}
	of := func(id, service string) string {
		text := inspected(t, r, `{"Status":"running"}`)
		text = strings.ReplaceAll(text, `"com.docker.compose.service":"orders"`, `"com.docker.compose.service":"`+service+`"`)
		return strings.ReplaceAll(strings.ReplaceAll(text, `"com.docker.compose.project":"shop"`, `"com.docker.compose.project":"orders"`), "c1", id)
	}
	e, asked := fake(t, answers{
		"GET /containers/json": `[{"Id":"c1"},{"Id":"c2"}]`, "GET /containers/c1/json": of("c1", "orders"), "GET /containers/c2/json": of("c2", "orders-old"),
		"GET /volumes": `{}`, "GET /networks": `[]`, "GET /images/json": `[]`, "POST /containers/c2/stop": "", "DELETE /containers/c2": "",
	})
	called := filepath.Join(t.TempDir(), "called")
	e.compose = script(t, `cat > /dev/null; shift 6; echo "$COMPOSE_PROFILES $*" >> `+called+`; case "$*" in
*--hash*) printf 'orders abc\norders-edges x\norders-late y\n';;
*config*) echo '{"name":"orders","services":{"orders":{},"orders-edges":{},"orders-late":{}}}';;
esac`)
	p, err := deploy.NewPlan(t.Context(), e, r, true)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range p.Changes {
		got = append(got, string(c.Action)+" "+c.Name)
	}
	if d := cmp.Diff("keep orders, create orders-edges, create orders-late, delete orders-old", strings.Join(got, ", ")); d != "" {
		t.Error(d)
	}
	if err := e.Try(t.Context(), r); err != nil {
		t.Error(err)
	}
	if err := e.Put(t.Context(), r, ""); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(called)
	want := `a,b config --format json
a,b config --hash orders,orders-edges,orders-late
a,b run --rm --no-deps -T --quiet-pull orders check
a,b run --rm --no-deps -T --quiet-pull orders-late check
a,b up -d --no-build --no-deps --quiet-pull orders orders-edges orders-late
`
	if d := cmp.Diff(want, string(text)); d != "" || err != nil {
		t.Error(d, err)
	}
	run, err := e.Run(t.Context(), "orders")
	if err != nil || run.Wanted != 5 || run.State() != deploy.Missing {
		t.Errorf("%+v %v", run, err)
	}
	*asked = nil
	if err := e.Remove(t.Context(), "orders", []deploy.Object{{Kind: "service", Name: "orders-old"}}); err != nil || !strings.Contains(strings.Join(*asked, ", "), "POST /containers/c2/stop, DELETE /containers/c2") {
		t.Error(err, *asked)
	}
}
