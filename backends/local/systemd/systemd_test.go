package systemd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/deploy"
)

// A fake is a manager as strict as systemd about what it knows: units are what was there
// at the last daemon-reload, and one that it does not know is an error. How a service does
// follows from its text.
type fake struct {
	t       *testing.T
	e       *Engine
	loaded  map[string]string
	states  map[string]status
	enabled map[string]bool
	did     []string
	journal string // the end of a run, as the journal has it
}

// newFake is a machine with such a manager, in folders of the test's.
func newFake(t *testing.T) (*Engine, *fake) {
	dir := t.TempDir()
	f := &fake{t: t, loaded: map[string]string{}, states: map[string]status{}, enabled: map[string]bool{}}
	f.e = &Engine{
		Units: filepath.Join(dir, "units"), Runtime: filepath.Join(dir, "runtime"), Programs: filepath.Join(dir, "programs"), State: filepath.Join(dir, "state"), Commands: f,
	}
	return f.e, f
}

func (f *fake) Output(_ context.Context, command string, args ...string) (string, error) {
	if f.e.User {
		if args[0] != "--user" {
			f.t.Errorf("%s %q is for the system", command, args)
		}
		args = args[1:]
	}
	if command == "journalctl" && slices.Contains(args, "MESSAGE_ID="+finished) {
		return f.journal, nil
	}
	if command == "journalctl" {
		return "it is\nwrong\n", nil
	}
	verb := args[0]
	if verb != "show" {
		f.did = append(f.did, strings.Join(args, " "))
	}
	var units []string
	for _, a := range args[1:] {
		if !strings.HasPrefix(a, "--") {
			units = append(units, a)
		}
	}
	switch verb {
	case "daemon-reload":
		f.loaded = map[string]string{}
		for _, dir := range []string{f.e.Units, f.e.Runtime} {
			files, _ := filepath.Glob(filepath.Join(dir, "*"))
			for _, path := range files {
				text, err := os.ReadFile(path)
				if err != nil {
					return "", err
				}
				f.loaded[filepath.Base(path)] = string(text)
			}
		}
		return "", nil
	case "show":
		var all []string
		for _, u := range units {
			text := "Id=" + u + "\n"
			s := f.states[u]
			if s == nil {
				s = status{"ActiveState": "inactive", "ExecMainStartTimestamp": ""}
			}
			for name, value := range s {
				text += name + "=" + value + "\n"
			}
			all = append(all, text)
		}
		return strings.Join(all, "\n"), nil
	}
	for _, u := range units {
		text, ok := f.loaded[u]
		if !ok {
			return "", fmt.Errorf("%s is not loaded", u)
		}
		switch verb {
		case "reset-failed", "clean":
		case "enable":
			if !strings.Contains(text, "[Install]") {
				return "", fmt.Errorf("%s can't be enabled", u)
			}
			f.enabled[u] = true
		case "disable":
			delete(f.enabled, u)
			delete(f.states, u)
		case "start", "restart":
			if err := f.start(u, text); err != nil {
				return "", err
			}
		default:
			f.t.Errorf("nobody knows systemctl %q", args)
		}
	}
	return "", nil
}

// now is the time by which files are written, which a test's own clock is not.
func (f *fake) now() time.Time {
	path := filepath.Join(f.t.TempDir(), "now")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		f.t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		f.t.Fatal(err)
	}
	return info.ModTime()
}

// start starts a unit: its state directory is made, and it becomes what its text says.
func (f *fake) start(name, text string) error {
	u := unit{name, text}
	for _, dir := range []string{f.e.Units, f.e.Runtime} {
		if now, err := os.ReadFile(filepath.Join(dir, name)); err == nil && string(now) != text {
			f.t.Errorf("%s is started as it was, and not as it is: no daemon-reload", name)
		}
	}
	began := fmt.Sprintf("@%d", time.Now().Unix())
	if dir := u.first("Service", "StateDirectory"); dir != "" {
		if err := os.MkdirAll(filepath.Join(f.e.State, dir), 0o700); err != nil {
			return err
		}
	}
	s := status{"ActiveState": "active", "SubState": "running", "NRestarts": "0", "ExecMainStatus": "0", "ExecMainStartTimestamp": began}
	if u.is("timer") {
		s["ActiveEnterTimestamp"], s["NextElapseUSecRealtime"] = began, "Thu 2026-11-26 14:51:36 UTC"
		s["TimersCalendar"] = "{ OnCalendar=*-*-* *:*:00/2 ; next_elapse=@1795704696 }"
	}
	switch {
	case strings.HasSuffix(name, "-check.service"):
		if strings.Contains(text, "WRONG") {
			return errors.New("a job failed")
		}
		return nil // it has ended, and is forgotten
	case strings.Contains(text, "DIES"):
		s = status{"ActiveState": "activating", "SubState": "auto-restart", "NRestarts": "3", "ExecMainStatus": "6", "ExecMainStartTimestamp": began, "ExecMainExitTimestamp": began}
	case u.is("service") && u.ends():
		// It has ended, and is forgotten but by the journal.
		f.journal = fmt.Sprintf(`{"MESSAGE":"Finished %s","UNIT":"%s","__REALTIME_TIMESTAMP":"%d"}`+"\n", name, name, f.now().UnixMicro())
		delete(f.states, name)
		return nil
	}
	f.states[name] = s
	return nil
}

func (f *fake) Lines(_ context.Context, line func([]byte), command string, args ...string) error {
	f.did = append(f.did, command+" "+strings.Join(args, " "))
	for _, text := range []string{
		`{"MESSAGE":"one","__REALTIME_TIMESTAMP":"1000000","_SYSTEMD_UNIT":"orders.service"}`,
		`{"MESSAGE":[116,119,111,255],"__REALTIME_TIMESTAMP":"3000000","_SYSTEMD_UNIT":"orders.service"}`,
		`{"MESSAGE":"Stopped","__REALTIME_TIMESTAMP":"2000000","_SYSTEMD_UNIT":"init.scope","UNIT":"orders.service"}`,
		`no JSON`, `{"MESSAGE":null}`,
	} {
		line([]byte(text))
	}
	return nil
}

// service is the unit of a pipeline without an end, with other directives.
func service(more string) string {
	return "# Code generated by flowc. DO NOT EDIT.\n\n[Unit]\nDescription=orders\n\n[Service]\nType=notify\nExecStart=/programs/orders\nTimeoutStopSec=35\nStateDirectory=orders\nEnvironment=A=1\nEnvironment=B=2\n" + more +
		"\n[X-Flowc]\n" + strings.Join(Notes("orders", "cafe", "orders:v1", "/src/orders"), "\n") + "\n\n[Install]\nWantedBy=multi-user.target\n"
}

func release(t *testing.T, files map[string]string) *deploy.Release {
	t.Helper()
	var all []backends.File
	for name, text := range files {
		all = append(all, backends.File{Path: name, Data: []byte(text)})
	}
	r, err := Release(all)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// apply plans and applies, and returns the plan's text.
func apply(t *testing.T, e *Engine, r *deploy.Release) (string, *deploy.Outcome, error) {
	t.Helper()
	p, err := deploy.NewPlan(t.Context(), e, r, false)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	p.Text(&b, false)
	out, err := deploy.Apply(t.Context(), e, p, deploy.Options{})
	return b.String(), out, err
}

func says(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("nothing says %q:\n%s", part, text)
		}
	}
}

// A service is applied, changed, given versions that can't start and that die, and
// deleted.
func TestApply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, f := newFake(t)
		path := filepath.Join(e.Units, "orders.service")
		plan, out, err := apply(t, e, release(t, map[string]string{"orders.service": service("")}))
		if err != nil || out.Result != deploy.Applied || out.Run.State() != deploy.Ready || out.Run.Hash != "cafe" || out.Run.Image != "orders:v1" {
			t.Fatal(out, err)
		}
		says(t, plan, "orders at this machine, as units of systemd: new, cafe", "+ create unit orders.service", "+ create folder "+e.State+"/orders", "+ create program orders:v1")
		want := []string{
			"daemon-reload", "start orders-check.service", "daemon-reload", "reset-failed orders-check.service",
			"daemon-reload", "reset-failed orders.service", "enable orders.service", "restart --no-block orders.service",
		}
		if d := cmp.Diff(want, f.did); d != "" {
			t.Error(d)
		}
		if left, _ := os.ReadDir(e.Runtime); len(left) > 0 {
			t.Errorf("the check leaves %v", left)
		}

		f.did = nil
		if err := e.Install(t.Context(), "orders", "orders:v1", path); err != nil { // any file
			t.Fatal(err)
		}
		if _, out, err = apply(t, e, release(t, map[string]string{"orders.service": service("")})); err != nil || out.Result != deploy.Unchanged || f.did != nil {
			t.Error(out, err, f.did)
		}

		plan, out, err = apply(t, e, release(t, map[string]string{"orders.service": strings.Replace(service("Nice=5\n"), "A=1", "A=3", 1)}))
		if err != nil || out.Result != deploy.Applied {
			t.Error(out, err)
		}
		says(t, plan, "~ change unit orders.service  (stopped in order, which may take 35 s, and started again)", "- Service.Environment  A=1", "+ Service.Environment  A=3", "+ Service.Nice         5")
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}

		f.did = nil
		_, _, err = apply(t, e, release(t, map[string]string{"orders.service": service("Environment=WRONG\n")}))
		var refused *deploy.Refused
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), "what runs was not touched:\nit is\nwrong") || slices.ContainsFunc(f.did, func(d string) bool { return strings.Contains(d, "restart") }) {
			t.Error(err, f.did)
		}
		if now, _ := os.ReadFile(path); string(now) != string(before) {
			t.Error("what can't start is there")
		}
		_, _, err = apply(t, e, release(t, map[string]string{"orders.service": service("Environment=DIES\n")}))
		var failed *deploy.FailedError
		if !errors.As(err, &failed) || failed.Result() != deploy.RolledBack {
			t.Error(err)
		}
		if now, _ := os.ReadFile(path); string(now) != string(before) || f.states["orders.service"]["ActiveState"] != "active" {
			t.Errorf("what runs again is\n%s", now)
		}

		f.states["orders.service"] = status{"ActiveState": "inactive", "ExecMainStartTimestamp": "@1", "ExecMainExitTimestamp": "@2"}
		plan, out, err = apply(t, e, release(t, map[string]string{"orders.service": string(before)}))
		if err != nil || out.Result != deploy.Applied {
			t.Error(out, err)
		}
		says(t, plan, "~ start  unit orders.service  (it was stopped)")

		for _, state := range []bool{false, true} {
			all, err := e.Releases(t.Context())
			if err != nil || len(all) != 1 || all[0].ID != "orders" {
				t.Fatal(all, err)
			}
			if _, err := deploy.Apply(t.Context(), e, deploy.NewRemoval(e, all[0], state), deploy.Options{}); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(filepath.Join(e.State, "orders")); (err == nil) == state {
				t.Errorf("with state %v: %v", state, err)
			}
		}
		for _, dir := range []string{e.Units, e.Runtime, e.Programs, e.State} {
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("%s: %v", dir, left)
			}
		}
		if len(f.enabled)+len(f.states) > 0 {
			t.Errorf("%v %v", f.enabled, f.states)
		}
		if all, err := e.Releases(t.Context()); err != nil || len(all) != 0 {
			t.Error(all, err)
		}
	})
}

// A run has ended, a timer waits; processes are started with their target, and those that
// are not wanted any more go.
func TestKinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, f := newFake(t)
		once := strings.NewReplacer("Type=notify", "Type=oneshot", "\n[Install]\nWantedBy=multi-user.target\n", "").Replace(service(""))
		_, out, err := apply(t, e, release(t, map[string]string{"orders.service": once}))
		if err != nil || out.Run.State() != deploy.Ended {
			t.Fatal(out, err)
		}
		if len(f.enabled) > 0 {
			t.Errorf("a run starts with the host: %v", f.enabled)
		}
		if _, out, err := apply(t, e, release(t, map[string]string{"orders.service": once})); err != nil || out.Run.State() != deploy.Ended || out.Run.Instances[0].Since.IsZero() {
			t.Errorf("a run that was forgotten: %+v %v", out, err)
		}
		ended := f.journal
		for _, other := range []string{"", "no entry", strings.Replace(ended, `TIMESTAMP":"`, `TIMESTAMP":"-`, 1)} {
			f.journal = other
			if run, err := e.Run(t.Context(), "orders"); err != nil || run.State() != deploy.Starting {
				t.Errorf("with %q in the journal: %+v %v", other, run, err)
			}
		}
		f.journal = ended
		timer := "[Timer]\nOnCalendar=daily\n\n[X-Flowc]\n" + strings.Join(Notes("orders", "cafe", "orders:v1", "/src"), "\n") + "\n\n[Install]\nWantedBy=timers.target\n"
		f.did, f.states = nil, map[string]status{}
		plan, out, err := apply(t, e, release(t, map[string]string{"orders.service": once, "orders.timer": timer}))
		if err != nil || out.Run.State() != deploy.Ready || len(out.Run.Instances) != 1 || !f.enabled["orders.timer"] {
			t.Errorf("%+v %v", out.Run, err)
		}
		says(t, plan, "+ create unit orders.timer")
		if i := out.Run.Instances[0]; i.Says != "it starts next at 2026-11-26 14:51:36 UTC" || i.Since.IsZero() {
			t.Errorf("%+v", i)
		}
		if !slices.Contains(f.did, "restart --no-block orders.timer") {
			t.Errorf("%q", f.did)
		}

		// Without the schedule again, which is all that is another.
		plan, out, err = apply(t, e, release(t, map[string]string{"orders.service": once}))
		if err != nil || out.Result != deploy.Applied || f.enabled["orders.timer"] || out.Run.State() != deploy.Ended {
			t.Errorf("%+v %v", out, err)
		}
		says(t, plan, "- delete unit orders.timer")
		if _, err := os.Stat(filepath.Join(e.Units, "orders.timer")); err == nil || !slices.Contains(f.did, "clean --what=state orders.timer") {
			t.Errorf("the timer is still there, or when it last started something: %q", f.did)
		}
		if _, _, err := apply(t, e, release(t, map[string]string{"orders.service": once, "orders.timer": timer})); err != nil {
			t.Error(err)
		}

		f.did = nil
		several := map[string]string{"orders.target": "[Unit]\nWants=orders@0.service\n\n[X-Flowc]\n" + strings.Join(Notes("orders", "cafe", "orders:v1", "/src"), "\n") + "\n\n[Install]\nWantedBy=multi-user.target\n"}
		for _, name := range []string{"orders@0.service", "orders@1.service"} {
			several[name] = strings.ReplaceAll(strings.Replace(service(""), "\n[Install]\nWantedBy=multi-user.target\n", "", 1), "StateDirectory=orders", "StateDirectory="+strings.TrimSuffix(strings.Replace(name, "@", "-", 1), ".service"))
		}
		_, out, err = apply(t, e, release(t, several))
		if err != nil || out.Run.Wanted != 2 || out.Run.State() != deploy.Ready {
			t.Errorf("%+v %v", out.Run, err)
		}
		want := []string{"disable --now orders.service orders.timer", "restart --no-block orders@0.service orders@1.service", "start --no-block orders.target", "enable orders.target"}
		for _, one := range want {
			if !slices.Contains(f.did, one) {
				t.Errorf("no %q in %q", one, f.did)
			}
		}
		if units, _ := os.ReadDir(e.Units); len(units) != 3 {
			t.Errorf("%v", units)
		}
		all, err := e.Releases(t.Context())
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		var folders []string
		for _, o := range all[0].Objects {
			if o.Kind == kindFolder {
				folders = append(folders, filepath.Base(o.Name))
			}
		}
		if !slices.Equal(folders, []string{"orders", "orders-0", "orders-1"}) {
			t.Errorf("%q", folders)
		}
	})
}

// A unit of the name that is none of the pipeline's is left alone; what somebody has
// installed of what emit wrote is taken over.
func TestOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, f := newFake(t)
		path := filepath.Join(e.Units, "orders.service")
		want := release(t, map[string]string{"orders.service": service("")})
		if err := os.MkdirAll(e.Units, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"[Service]\nExecStart=/usr/bin/orders\n", strings.ReplaceAll(service(""), "Pipeline=orders", "Pipeline=others")} {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := e.Preview(t.Context(), want); err == nil || !strings.Contains(err.Error(), "is none of the pipeline orders") {
				t.Errorf("%v", err)
			}
		}
		emitted := strings.Replace(service(""), "[X-Flowc]\n"+strings.Join(Notes("orders", "cafe", "orders:v1", "/src/orders"), "\n")+"\n", "", 1)
		if err := os.WriteFile(path, []byte(strings.Replace(emitted, "A=1", "A=0", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Output(t.Context(), "systemctl", "daemon-reload"); err != nil {
			t.Fatal(err)
		}
		plan, out, err := apply(t, e, want)
		if err != nil || out.Result != deploy.Applied {
			t.Error(out, err)
		}
		says(t, plan, "~ change unit orders.service", "flowc did not apply what runs, and could not bring it back", "Service.Environment")
	})
}

// Somebody has changed a unit since the plan was made.
func TestChanged(t *testing.T) {
	e, _ := newFake(t)
	r := release(t, map[string]string{"orders.service": service("")})
	if err := e.Put(t.Context(), r, seen(nil)); err != nil {
		t.Fatal(err)
	}
	if err := e.Put(t.Context(), r, seen(nil)); !errors.Is(err, deploy.ErrChanged) {
		t.Errorf("%v", err)
	}
}

// How a service does, in the words of all targets; and whether it is to be started again.
func TestStatus(t *testing.T) {
	secrets := filepath.Join(t.TempDir(), "secrets.env")
	if err := os.WriteFile(secrets, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	endless := unit{"orders.service", "[Service]\nType=notify\nEnvironmentFile=-" + secrets + "\n"}
	run := unit{"orders.service", "[Service]\nType=oneshot\n"}
	old, later := "@1000", fmt.Sprintf("@%d", time.Now().Add(time.Hour).Unix())
	for _, c := range []struct {
		name  string
		u     unit
		s     status
		state deploy.State
		code  int
		says  string
		idle  string
	}{
		{"ready", endless, status{"ActiveState": "active", "ExecMainStartTimestamp": later}, deploy.Ready, 0, "", ""},
		{"with other secrets", endless, status{"ActiveState": "active", "ExecMainStartTimestamp": old}, deploy.Ready, 0, "", secrets + " has changed since it was started"},
		{"connecting", endless, status{"ActiveState": "activating", "SubState": "start", "StatusText": "kafka is away", "ExecMainStartTimestamp": later}, deploy.Starting, 0, "kafka is away", ""},
		{"again", endless, status{"ActiveState": "activating", "SubState": "auto-restart", "NRestarts": "2", "ExecMainStatus": "6", "ExecMainStartTimestamp": later}, deploy.Dying, 6, "", ""},
		{"draining", endless, status{"ActiveState": "deactivating", "ExecMainStartTimestamp": later}, deploy.Starting, 0, "what ran before is being stopped", ""},
		{"failed", endless, status{"ActiveState": "failed", "Result": "exit-code", "ExecMainStatus": "2", "ExecMainStartTimestamp": old}, deploy.Failed, 2, "", "it has failed (exit-code), exit code 2"},
		{"without memory", endless, status{"ActiveState": "failed", "Result": "oom-kill", "ExecMainStatus": "9", "ExecMainStartTimestamp": old}, deploy.Failed, 9, "systemd says: oom-kill", "it has failed (oom-kill), exit code 9"},
		{"stopped", endless, status{"ActiveState": "inactive", "ExecMainStartTimestamp": old}, deploy.Stopped, 0, "", "it was stopped"},
		{"never", endless, status{"ActiveState": "inactive"}, deploy.Starting, 0, "it has not been started", "it is not started"},
		{"at work", run, status{"ActiveState": "activating", "SubState": "start", "ExecMainStartTimestamp": old}, deploy.Ready, 0, "", ""},
		{"done", run, status{"ActiveState": "inactive", "ExecMainStartTimestamp": old, "ExecMainStatus": "0"}, deploy.Ended, 0, "", ""},
		{"cut short", run, status{"ActiveState": "inactive", "ExecMainStartTimestamp": old, "ExecMainStatus": "143"}, deploy.Stopped, 143, "", "it was stopped"},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := c.s.service(c.u)
			idle := c.s.idle(c.u, false)
			if i.State != c.state || i.ExitCode != c.code || i.Says != c.says || i.Name != "orders" || idle != c.idle {
				t.Errorf("%+v, idle %q", i, idle)
			}
			if c.s.idle(c.u, true) != "" {
				t.Error("one that a timer starts waits for it")
			}
		})
	}
}

// The journal is read by service, oldest first.
func TestLogs(t *testing.T) {
	e, f := newFake(t)
	e.User, e.Data = true, func(string) string { return filepath.Join(e.State, "data") }
	if err := e.Logs(t.Context(), "orders", deploy.LogOptions{}, nil); err == nil {
		t.Error("it has no unit")
	}
	if err := e.Put(t.Context(), release(t, map[string]string{"orders.service": service("")}), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(e.State, "data")); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		o          deploy.LogOptions
		want, asks string
	}{
		{deploy.LogOptions{Tail: -1}, "one|two\xff|Stopped", "journalctl --user --no-pager --quiet --unit=orders.service --output=json --lines=all"},
		{deploy.LogOptions{Tail: 5}, "one|Stopped|two\xff", "journalctl --user --no-pager --quiet --unit=orders.service --output=json --lines=5"},
		{deploy.LogOptions{Tail: -1, Follow: true, Since: time.Unix(2, 0)}, "two\xff|Stopped", "journalctl --user --no-pager --quiet --unit=orders.service --output=json --since=@2 --lines=all --follow"},
	} {
		f.did = nil
		var got []string
		if err := e.Logs(t.Context(), "orders", c.o, func(l deploy.Line) {
			if l.Instance != "orders" {
				t.Errorf("%+v", l)
			}
			got = append(got, l.Text)
		}); err != nil {
			t.Error(err)
		}
		if text := strings.Join(got, "|"); text != c.want || len(f.did) != 1 || f.did[0] != c.asks {
			t.Errorf("%+v: %q, by %q", c.o, text, f.did)
		}
	}
}

// The check of a service is the service, shut off and fed in the same way, and in a folder
// of its own.
func TestChecking(t *testing.T) {
	c := checking(unit{"orders@1.service", service("DynamicUser=yes\nLoadCredential=token:/etc/orders/token\nRestart=on-failure\nWorkingDirectory=%S/orders\nBindReadOnlyPaths=/srv/sales:%S/orders/sales\n")})
	want := `[Unit]
Description=Finds out whether orders@1.service could start

[Service]
Type=oneshot
RuntimeDirectory=orders-1-check
WorkingDirectory=%t/orders-1-check
ExecStart=/programs/orders check
TimeoutStopSec=35
Environment=A=1
Environment=B=2
DynamicUser=yes
LoadCredential=token:/etc/orders/token
BindReadOnlyPaths=/srv/sales:%t/orders-1-check/sales
`
	if d := cmp.Diff(want, c.Text); d != "" || c.Name != "orders-1-check.service" {
		t.Error(c.Name, d)
	}
}
