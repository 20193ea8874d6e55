// Package compose loads what flowc emits for Docker Compose with the loader of
// Compose itself: an unknown key, a value of a wrong kind, a volume, network or secret
// that nothing declares are errors of it.
//
// It is a module of its own, so that flowc's has none of its requirements.
package compose

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// load reads a Compose file as `docker compose` does, strictly.
func load(path string, env []string) (*types.Project, error) {
	o, err := cli.NewProjectOptions([]string{path}, cli.WithWorkingDirectory(filepath.Dir(path)), cli.WithEnv(env), cli.WithInterpolation(true),
		cli.WithNormalization(true), cli.WithConsistency(true), cli.WithResolvedPaths(true), cli.WithProfiles([]string{"*"}))
	if err != nil {
		return nil, err
	}
	return o.LoadProject(context.Background())
}

// goldens are the Compose files of the cases, and of a folder that FLOWC_EMITTED names, as
// cmd/flowc/internal/fromflowctl fills one.
func goldens(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../../pipelines/*/compose/compose.yaml")
	if err != nil || len(paths) < 8 {
		t.Fatalf("the goldens are not here: %v, %v", paths, err)
	}
	if dir := os.Getenv("FLOWC_EMITTED"); dir != "" {
		more, err := filepath.Glob(filepath.Join(dir, "*", "compose", "compose.yaml"))
		if err != nil || len(more) == 0 {
			t.Fatalf("there is nothing in %s: %v", dir, err)
		}
		paths = append(paths, more...)
	}
	return paths
}

// references are the variables of the secrets in a Compose file.
func references(t *testing.T, path string) (names []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range strings.Split(strings.ReplaceAll(string(text), "$$", ""), "${") {
		if name, _, ok := strings.Cut(part, ":?"); ok && i > 0 && !strings.ContainsAny(name, " \n}") && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// secret is the value that all secrets have here.
const secret = "s3cret $word"

func TestGoldens(t *testing.T) {
	for _, path := range goldens(t) {
		t.Run(filepath.Base(filepath.Dir(filepath.Dir(path))), func(t *testing.T) {
			var env []string
			for _, name := range references(t, path) {
				if _, err := load(path, env); err == nil || !strings.Contains(err.Error(), "a secret of the pipeline") {
					t.Errorf("without %s it says %v", name, err)
				}
				env = append(env, name+"="+secret)
			}
			p, err := load(path, env)
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Services) == 0 {
				t.Fatal("it has no services")
			}
			for _, s := range p.Services {
				if s.Labels["dev.flowc.broker"] != "" {
					checkBroker(t, s)
					continue
				}
				if s.Labels["dev.flowc.component"] != "" {
					checkComponent(t, s)
					continue
				}
				if s.Labels["dev.flowc.job"] != "" {
					checkJob(t, p, s)
					continue
				}
				check(t, s)
			}
		})
	}
}

// checkJob holds the service of a job against what each has: it is let do nothing that a
// component is not, runs on its own, and what waits for it waits until it has completed.
func checkJob(t *testing.T, p *types.Project, s types.ServiceConfig) {
	t.Helper()
	if !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) {
		t.Errorf("%s may do too much: without %v, %v", s.Name, s.CapDrop, s.SecurityOpt)
	}
	if s.Restart == "" || s.HealthCheck != nil || len(s.Ports)+len(s.Expose) > 0 {
		t.Errorf("%s is started again %q, and asked at %v", s.Name, s.Restart, s.Expose)
	}
	for name, other := range p.Services {
		if on, waits := other.DependsOn[s.Name]; waits && (on.Condition != types.ServiceConditionCompletedSuccessfully || !on.Required) {
			t.Errorf("%s waits for %s: %+v", name, s.Name, on)
		}
	}
}

// check holds what Compose has read against what each service of flowc's has.
func check(t *testing.T, s types.ServiceConfig) {
	t.Helper()
	if !s.ReadOnly || s.User != "65532:65532" || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) {
		t.Errorf("it may do too much: read only %v, user %s, without %v, %v", s.ReadOnly, s.User, s.CapDrop, s.SecurityOpt)
	}
	if s.Deploy == nil || s.Deploy.Resources.Limits == nil || s.Deploy.Resources.Limits.MemoryBytes < 64<<20 || s.Deploy.Resources.Limits.Pids < 16 {
		t.Errorf("it has no limits: %+v", s.Deploy)
	}
	if s.StopGracePeriod == nil || s.StopSignal != "SIGTERM" || s.Restart == "" {
		t.Errorf("it stops after %v by %s, and starts again %s", s.StopGracePeriod, s.StopSignal, s.Restart)
	}
	if s.HealthCheck == nil || !slices.Equal(s.HealthCheck.Test, types.HealthCheckTest{"CMD", "/app", "health"}) || s.HealthCheck.StartInterval != nil {
		t.Errorf("its health is %+v", s.HealthCheck)
	}
	for name, value := range s.Environment {
		if value == nil || name == "GOMEMLIMIT" && !strings.HasSuffix(*value, "MiB") {
			t.Errorf("%s is %v", name, value)
		}
	}
	for _, p := range s.Ports {
		if p.HostIP == "" {
			t.Errorf("port %d is open to the world", p.Target)
		}
	}
	for _, v := range s.Volumes {
		if v.Type == types.VolumeTypeBind && (v.Bind == nil || bool(v.Bind.CreateHostPath)) {
			t.Errorf("Docker would make %s", v.Source)
		}
		if v.Target != "/data" && strings.HasPrefix(v.Target, "/input/") && !v.ReadOnly {
			t.Errorf("%s can be written to", v.Target)
		}
	}
}

// checkBroker holds the server that carries records between processes against what it has.
func checkBroker(t *testing.T, s types.ServiceConfig) {
	t.Helper()
	if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) || len(s.Ports) > 0 {
		t.Errorf("it may do too much: read only %v, without %v, %v, published at %v", s.ReadOnly, s.CapDrop, s.SecurityOpt, s.Ports)
	}
	if len(s.Volumes) != 1 || s.Volumes[0].Target != "/data" || s.Deploy.Resources.Limits.MemoryBytes < 64<<20 || !slices.Contains(s.Command, "-js") {
		t.Errorf("it is %+v", s)
	}
}

// checkComponent holds a component beside the program against what it has: an image of
// somebody else's has a user of its own, and writes where it likes; one of flowc's does not.
func checkComponent(t *testing.T, s types.ServiceConfig) {
	t.Helper()
	if !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) || len(s.Ports) > 0 {
		t.Errorf("%s may do too much: without %v, %v, published at %v", s.Name, s.CapDrop, s.SecurityOpt, s.Ports)
	}
	if own := strings.HasPrefix(s.Image, s.Labels["dev.flowc.pipeline"]+":"); own && (!s.ReadOnly || s.User != "65532:65532") {
		t.Errorf("%s may write to its image: read only %v, user %s", s.Name, s.ReadOnly, s.User)
	}
	if s.Deploy == nil || s.Deploy.Resources.Limits == nil || s.Deploy.Resources.Limits.Pids < 16 || s.Restart == "" || s.StopGracePeriod == nil {
		t.Errorf("%s has no limits, or no end: %+v", s.Name, s)
	}
	if s.Labels["dev.flowc.attendant"] != "" { // it has gone when the others start
		return
	}
	if len(s.Entrypoint) == 1 && s.Entrypoint[0] == "/flowc/attendant" { // which takes what the program sends to its port
		if len(s.Expose) != 1 || len(s.Command) < 3 || s.Command[0] != "attend" || s.Command[1] != ":"+s.Expose[0] || s.DependsOn[s.Labels["dev.flowc.pipeline"]+"-attendant"].Condition != types.ServiceConditionCompletedSuccessfully {
			t.Errorf("%s attends to %v at %v, behind %v", s.Name, s.Command, s.Expose, s.DependsOn)
		}
		return
	}
	if s.Environment["FLOWCTL_ENDPOINT"] == nil || s.Environment["PORT"] == nil {
		t.Errorf("%s does not know where to listen, and with whom to register: %v", s.Name, s.Environment)
	}
}

// Texts of the pipeline's are the same when Compose has read them.
func TestLiterals(t *testing.T) {
	for path, want := range map[string]map[string]string{
		"shared":          {"label runbook": "https://wiki.example.com/orders?id=$1", "env KAFKA_PASSWORD": secret},
		"payments":        {"label com.example.cost": "$12"},
		"nats":            {"env SHOP": "no$1", "env FLOWC_SET": "telemetry.http=:9090\norders.config.start=latest\n"},
		"per-record-path": {"env SUFFIX": "a$b"},
		"serve":           {"env SHOP": "eu", "env EVENTS_TOKEN": secret},
	} {
		path = filepath.Join("../../pipelines", path, "compose/compose.yaml")
		var env []string
		for _, name := range references(t, path) {
			env = append(env, name+"="+secret)
		}
		p, err := load(path, env)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range p.Services {
			for key, value := range want {
				kind, name, _ := strings.Cut(key, " ")
				got := s.Labels[name]
				if kind == "env" && s.Environment[name] != nil {
					got = *s.Environment[name]
				}
				if got != value {
					t.Errorf("%s: %s is %q and not %q", path, key, got, value)
				}
			}
		}
	}
}

// What flowc writes is part of a larger project, each pipeline in a folder of its own.
func TestInclude(t *testing.T) {
	dir := t.TempDir()
	text := "name: all\ninclude:\n"
	var env []string
	services := 0
	for _, path := range goldens(t) {
		abs, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		text += "  - " + abs + "\n"
		for _, name := range references(t, path) {
			env = append(env, name+"="+secret)
		}
		alone, err := load(path, env)
		if err != nil {
			t.Fatal(err)
		}
		services += len(alone.Services)
	}
	path := filepath.Join(dir, "compose.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := load(path, env)
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "all" || len(p.Services) != services {
		t.Errorf("the project %s has %d services of %d", p.Name, len(p.Services), services)
	}
}

// The loader is strict: what this test relies on is refused.
func TestStrict(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"services: {a: {image: x, cpuz: 1}}", "cpuz"},
		{"services: {a: {image: x, volumes: [{type: volume, source: v, target: /v}]}}", "undefined volume"},
		{"services: {a: {image: x, networks: [n]}}", "undefined network"},
		{"services: {a: {image: x, secrets: [{source: s, target: /s}]}}", "undefined secret"},
		{"services: {a: {image: x, stop_grace_period: soon}}", "soon"},
		{"services: {a: {image: x, pids_limit: 3, deploy: {resources: {limits: {pids: 4}}}}}", "distinct values"},
		{"services: {a: {image: x, network_mode: host, networks: [n]}}\nnetworks: {n: {}}", "mutually exclusive"},
	} {
		path := filepath.Join(t.TempDir(), "compose.yaml")
		if err := os.WriteFile(path, []byte("name: x\n"+c.text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := load(path, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s gives %v and not %s", c.text, err, c.want)
		}
	}
}
