package deploy_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// An engine in memory, as far as it is asked: it runs one release, and releases whose
// image begins with "bad" fail in the way that the rest of it says.
type engine struct {
	runs    *deploy.Release
	objects []deploy.Object
	began   time.Time
	did     []string
	tries   error // what Try says
	changed bool  // since the preview
	putErr  error
	// states are those of the instances, by the image and the seconds since the start.
	states func(image string, second int) []deploy.Instance
}

func (e *engine) Place() string { return "a test" }

func (e *engine) Releases(context.Context) ([]*deploy.Release, error) {
	if e.runs == nil {
		return nil, nil
	}
	r := *e.runs
	r.Objects = e.objects
	return []*deploy.Release{&r}, nil
}

func objectsOf(r *deploy.Release) []deploy.Object {
	var tree map[string]any
	if err := json.Unmarshal(r.Manifest, &tree); err != nil {
		panic(err)
	}
	var all []deploy.Object
	for _, name := range []string{"volume", "network", "service"} {
		if spec, ok := tree[name]; ok {
			all = append(all, deploy.Object{Kind: name, Name: "orders", Spec: spec, Data: name == "volume", Disturbs: "restarts"})
		}
	}
	return all
}

func (e *engine) Preview(_ context.Context, want *deploy.Release) (*deploy.Preview, error) {
	return &deploy.Preview{Before: e.runs, Have: e.objects, Would: objectsOf(want), Seen: "seen"}, nil
}

func (e *engine) Try(_ context.Context, want *deploy.Release) error {
	e.did = append(e.did, "try "+want.Image)
	return e.tries
}

func (e *engine) Put(_ context.Context, want *deploy.Release, seen string) error {
	e.did = append(e.did, fmt.Sprintf("put %s %q", want.Image, seen))
	if e.changed && seen != "" {
		return deploy.ErrChanged
	}
	if e.putErr != nil && seen != "" {
		return e.putErr
	}
	e.runs, e.objects, e.began = want, objectsOf(want), time.Now()
	return nil
}

func (e *engine) Remove(_ context.Context, id string, objects []deploy.Object) error {
	for _, o := range objects {
		e.did = append(e.did, "remove "+id+" "+o.ID())
		e.objects = slices.DeleteFunc(e.objects, func(x deploy.Object) bool { return x.ID() == o.ID() })
		if o.Kind == "service" {
			e.runs = nil
		}
	}
	return nil
}

func (e *engine) Stop(_ context.Context, id string) error {
	e.did = append(e.did, "stop "+id)
	e.states = func(string, int) []deploy.Instance { return one(deploy.Stopped, 0, 0) }
	return nil
}

func (e *engine) Restart(_ context.Context, id string) error {
	e.did = append(e.did, "restart "+id)
	e.began = time.Now()
	return e.putErr
}

func (e *engine) Run(_ context.Context, id string) (*deploy.Run, error) {
	if e.runs == nil {
		return nil, nil
	}
	return &deploy.Run{ID: id, Hash: e.runs.Hash, Wanted: 1, Instances: e.states(e.runs.Image, int(time.Since(e.began)/time.Second))}, nil
}

func (e *engine) Logs(_ context.Context, _ string, _ deploy.LogOptions, line func(deploy.Line)) error {
	line(deploy.Line{Instance: "one", Text: "it hurts"})
	return nil
}

func release(image, manifest string) *deploy.Release {
	return &deploy.Release{ID: "shop/orders", Pipeline: "orders", Hash: "h-" + image, Image: image, Folder: "/src/orders", Manifest: json.RawMessage(manifest)}
}

func one(state deploy.State, restarts, code int) []deploy.Instance {
	return []deploy.Instance{{Name: "one", State: state, Restarts: restarts, ExitCode: code}}
}

// ready becomes so after two seconds; "bad" images do what bad says.
func ready(bad func(second int) []deploy.Instance) func(string, int) []deploy.Instance {
	return func(image string, second int) []deploy.Instance {
		switch {
		case strings.HasPrefix(image, "bad"):
			return bad(second)
		case second < 2:
			return one(deploy.Starting, 0, 0)
		}
		return one(deploy.Ready, 0, 0)
	}
}

func plan(t *testing.T, e *engine, r *deploy.Release, prune bool) *deploy.Plan {
	t.Helper()
	p, err := deploy.NewPlan(t.Context(), e, r, prune)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const service = `{"service": {"image": "one", "env": {"A": "1"}}, "volume": {}}`

// running is an engine with a release that is ready.
func running() *engine {
	r := release("one", service)
	return &engine{runs: r, objects: objectsOf(r), states: ready(func(int) []deploy.Instance { return one(deploy.Starting, 0, 0) })}
}

func TestApply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := running()
		e.runs, e.objects = nil, nil
		var said []string
		p := plan(t, e, release("one", service), false)
		out, err := deploy.Apply(t.Context(), e, p, deploy.Options{
			Deliver:  func(context.Context) error { e.did = append(e.did, "deliver"); return nil },
			Progress: func(text string) { said = append(said, text) },
		})
		if err != nil || out.Result != deploy.Applied || out.Run.State() != deploy.Ready {
			t.Fatal(out, err)
		}
		if d := cmp.Diff([]string{"deliver", "try one", `put one "seen"`}, e.did); d != "" {
			t.Error(d)
		}
		want := []string{"delivering one", "trying it beside what runs", "starting h-one", "starting", "ready"}
		for i := range want {
			want[i] = "shop/orders: " + want[i]
		}
		if d := cmp.Diff(want, said); d != "" {
			t.Error(d)
		}

		// A second time nothing is done.
		e.did = nil
		p = plan(t, e, release("one", service), false)
		out, err = deploy.Apply(t.Context(), e, p, deploy.Options{})
		if err != nil || out.Result != deploy.Unchanged || e.did != nil || !p.Empty() {
			t.Error(out, err, e.did)
		}
	})
}

// What can't start is refused, and what runs is not touched; what the try has made is
// deleted.
func TestRefused(t *testing.T) {
	e := running()
	e.tries = &deploy.Refused{Why: "no image"}
	_, err := deploy.Apply(t.Context(), e, plan(t, e, release("two", service[:len(service)-1]+`, "service": {"image": "two"}}`), false), deploy.Options{})
	var refused *deploy.Refused
	if !errors.As(err, &refused) || e.runs.Image != "one" {
		t.Error(err, e.runs)
	}
	if d := cmp.Diff([]string{"try two"}, e.did); d != "" {
		t.Error(d)
	}
	e.runs, e.objects, e.did = nil, nil, nil
	_, err = deploy.Apply(t.Context(), e, plan(t, e, release("two", service), false), deploy.Options{})
	if !errors.As(err, &refused) {
		t.Error(err)
	}
	if d := cmp.Diff([]string{"try two", "remove shop/orders volume orders", "remove shop/orders service orders"}, e.did); d != "" {
		t.Error(d)
	}
}

// A release that does not become ready is taken back, for whatever reason.
func TestRollBack(t *testing.T) {
	for name, c := range map[string]struct {
		bad  func(second int) []deploy.Instance
		put  error
		why  string
		died bool
	}{
		"never ready":        {func(int) []deploy.Instance { return one(deploy.Starting, 0, 0) }, nil, "it was not ready after 1m0s: starting", true},
		"dies":               {func(s int) []deploy.Instance { return one(deploy.Dying, s, 7) }, nil, "one ended 3 times, last with exit code 7", true},
		"of a wrong setting": {func(int) []deploy.Instance { return one(deploy.Dying, 1, 2) }, nil, "one ends with exit code 2: an argument or a setting is wrong", true},
		"for good":           {func(int) []deploy.Instance { return one(deploy.Failed, 0, 6) }, nil, "one ended with exit code 6", true},
		"ready and dies, again and again": {func(s int) []deploy.Instance {
			if s%3 == 2 {
				return one(deploy.Dying, s/3, 7)
			}
			return one(deploy.Ready, s/3, 7)
		}, nil, "one ended 3 times", true},
		"not put": {nil, errors.New("the engine is full"), "the engine is full", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := running()
				e.states, e.putErr = ready(c.bad), c.put
				_, err := deploy.Apply(t.Context(), e, plan(t, e, release("bad", `{"service": {"image": "bad"}, "volume": {}, "network": {}}`), false), deploy.Options{Timeout: time.Minute})
				var failed *deploy.FailedError
				if !errors.As(err, &failed) || !strings.Contains(failed.Why, c.why) || failed.Died != c.died || failed.Back != nil {
					t.Fatalf("%+v", err)
				}
				if c.died && !strings.Contains(err.Error(), "one | it hurts") || !strings.Contains(err.Error(), "rolled back: h-one runs again") {
					t.Error(err)
				}
				if last := e.did[len(e.did)-1]; last != "remove shop/orders network orders" {
					t.Errorf("what was made for it stays: %v", e.did)
				}
				if e.runs.Image != "one" || time.Since(e.began) < 2*time.Second {
					t.Errorf("%+v runs, and nobody waited for it", e.runs)
				}
			})
		})
	}
}

// What is as it was asked for, and not ready, is waited for; where it dies nothing is
// taken back, for there is nothing else.
func TestUnchanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := running()
		e.began = time.Now()
		same := release("one", service)
		out, err := deploy.Apply(t.Context(), e, plan(t, e, same, false), deploy.Options{})
		if err != nil || out.Result != deploy.Unchanged || out.Run.State() != deploy.Ready || time.Since(e.began) < 2*time.Second {
			t.Error(out, err)
		}
		e.states = func(string, int) []deploy.Instance { // it has died often, and does no more
			if time.Since(e.began) < 10*time.Second {
				return one(deploy.Starting, 40, 7)
			}
			return one(deploy.Ready, 40, 7)
		}
		if out, err := deploy.Apply(t.Context(), e, plan(t, e, same, false), deploy.Options{}); err != nil || out.Run.State() != deploy.Ready {
			t.Error(out, err)
		}
		e.states = func(_ string, s int) []deploy.Instance { return one(deploy.Dying, 40+s/10, 7) }
		_, err = deploy.Apply(t.Context(), e, plan(t, e, same, false), deploy.Options{})
		if err == nil || !strings.Contains(err.Error(), "last with exit code 7") || !strings.Contains(err.Error(), "nothing was changed") || e.did != nil {
			t.Error(err, e.did)
		}
		if _, err := deploy.Apply(t.Context(), e, plan(t, e, same, false), deploy.Options{NoWait: true}); err != nil {
			t.Error(err)
		}
	})
}

// Where nothing ran before, what was made is deleted, and data stays.
func TestRollBackToNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := running()
		e.runs, e.objects = nil, nil
		e.states = ready(func(int) []deploy.Instance { return one(deploy.Failed, 0, 6) })
		_, err := deploy.Apply(t.Context(), e, plan(t, e, release("bad", service), false), deploy.Options{})
		if err == nil || !strings.Contains(err.Error(), "rolled back: nothing ran before") {
			t.Error(err)
		}
		if e.runs != nil || len(e.objects) != 1 || e.objects[0].Kind != "volume" {
			t.Errorf("%+v, %+v", e.runs, e.objects)
		}
	})
}

// What does not run again is said, and so is one that flowc knows too little of.
func TestRollBackFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := running()
		e.states = func(string, int) []deploy.Instance { return one(deploy.Failed, 0, 6) }
		bad := release("bad", `{"service": {"image": "bad"}}`)
		_, err := deploy.Apply(t.Context(), e, plan(t, e, bad, false), deploy.Options{})
		if err == nil || !strings.Contains(err.Error(), "h-one, which ran before, does not run again: one ended with exit code 6") {
			t.Error(err)
		}
		if failed, ok := errors.AsType[*deploy.FailedError](err); !ok || failed.Result() != deploy.Broken {
			t.Errorf("%+v", failed)
		}
		e = running()
		e.states = ready(func(int) []deploy.Instance { return one(deploy.Failed, 0, 6) })
		e.runs.Manifest = nil
		if c := plan(t, e, bad, false).Changes[0]; c.Why != "restarts; flowc did not apply what runs, and could not bring it back" {
			t.Errorf("%+v", c)
		}
		_, err = deploy.Apply(t.Context(), e, plan(t, e, bad, false), deploy.Options{})
		if err == nil || !strings.Contains(err.Error(), "flowc did not apply it") {
			t.Error(err)
		}
	})
}

// A plan is not carried out on an engine that is another by now, and a wait that is
// interrupted leaves what was begun.
func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := running()
		p := plan(t, e, release("two", `{"service": {"image": "two"}, "volume": {}}`), false)
		e.changed = true
		if _, err := deploy.Apply(t.Context(), e, p, deploy.Options{}); !errors.Is(err, deploy.ErrChanged) || e.runs.Image != "one" {
			t.Error(err, e.runs)
		}
		e.changed = false
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := deploy.Apply(ctx, e, p, deploy.Options{}); !errors.Is(err, context.DeadlineExceeded) || e.runs.Image != "two" {
			t.Error(err, e.runs)
		}
	})
}

// What is not wanted any more goes when somebody says so, after the new is ready.
func TestPrune(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := running()
		e.objects = append(e.objects, deploy.Object{Kind: "image", Name: "zero", Spare: true})
		less := release("two", `{"service": {"image": "two"}}`)
		p := plan(t, e, less, false)
		if got := p.Summary(); got != "1 to change, 1 left" {
			t.Error(got)
		}
		p = plan(t, e, less, true)
		if got := p.Summary(); got != "1 to change, 2 to delete" {
			t.Error(got)
		}
		if _, err := deploy.Apply(t.Context(), e, p, deploy.Options{}); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"try two", `put two "seen"`, "remove shop/orders volume orders", "remove shop/orders image zero"}, e.did); d != "" {
			t.Error(d)
		}
	})
	// What does the work goes without being pruned: others do it from now on.
	e := running()
	e.objects = append(e.objects, deploy.Object{Kind: "job", Name: "earlier", Runs: true})
	if got := plan(t, e, release("two", `{"service": {"image": "two"}}`), false).Summary(); got != "1 to change, 1 to delete, 1 left" {
		t.Error(got)
	}
	releases := []*deploy.Release{{Pipeline: "a", Folder: "/src"}, {Pipeline: "b", Folder: "/src/b"}, {Pipeline: "c", Folder: "/srcs"}, {Pipeline: "d"}, {Pipeline: "e", Folder: "/src/e"}}
	var gone []string
	for _, r := range deploy.Orphans(releases, "/src", []string{"e"}) {
		gone = append(gone, r.Pipeline)
	}
	if d := cmp.Diff([]string{"a", "b"}, gone); d != "" {
		t.Error(d)
	}
}

func TestRemoval(t *testing.T) {
	e := running()
	all, err := e.Releases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := deploy.NewRemoval(e, all[0], false)
	out, err := deploy.Apply(t.Context(), e, p, deploy.Options{})
	if err != nil || out.Result != deploy.Removed || p.Summary() != "1 to delete, 1 left" {
		t.Error(out, err, p.Summary())
	}
	p = deploy.NewRemoval(e, &deploy.Release{ID: "shop/orders", Objects: e.objects}, true)
	if _, err = deploy.Apply(t.Context(), e, p, deploy.Options{}); err != nil || len(e.objects) > 0 {
		t.Error(err, e.objects)
	}
}

// A plan shows each field, and no secret.
func TestPlanText(t *testing.T) {
	e := running()
	spec := func(v any) deploy.Object {
		return deploy.Object{Kind: "service", Name: "orders", Spec: v, Disturbs: "restarts"}
	}
	e.objects = []deploy.Object{{Kind: "service", Name: "orders", Spec: map[string]any{
		"image": "one", "set": "a=1\nb=2\n", "caps": []any{"ALL"}, "limits": map[string]any{"memory": "64M", "pids": 256.0},
		"volumes": []any{map[string]any{"target": "/data", "source": "x"}, map[string]any{"target": "/old", "source": "y"}},
		"env":     map[string]any{"KEY": deploy.Hidden{Shown: "${KEY}", Value: "hush"}, "OLD": deploy.Hidden{Shown: "${OLD}", Value: "hush"}, "SAME": deploy.Hidden{Shown: "${S}", Value: "hush"}},
	}}}
	would := &previewed{engine: e, objects: []deploy.Object{spec(map[string]any{
		"image": "two", "set": "a=1\nb=3\n", "caps": []any{"ALL", "NET"}, "limits": map[string]any{"memory": "128M", "pids": 256.0},
		"volumes": []any{map[string]any{"target": "/data", "source": "z"}},
		"env":     map[string]any{"KEY": deploy.Hidden{Shown: "${KEY}", Value: "hush, hush"}, "SAME": deploy.Hidden{Shown: "${S}", Value: "hush"}, "NEW": "a b"},
	})}}
	p, err := deploy.NewPlan(t.Context(), would, release("two", service), false)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	p.Text(&b, false)
	want := `shop/orders at a test: h-one → h-two
~ change service orders  (restarts)
    + caps                  NET
    ~ env.KEY               ${KEY}, whose value is another
    + env.NEW               "a b"
    - env.OLD               ${OLD}
    ~ image                 one → two
    ~ limits.memory         64M → 128M
    - set                   b=2
    + set                   b=3
    ~ volumes[/data].source  x → z
    - volumes[/old].source  y
    - volumes[/old].target  /old
`
	if d := cmp.Diff(strings.Join(strings.Fields(want), " "), strings.Join(strings.Fields(b.String()), " ")); d != "" {
		t.Error(d)
	}
	b.Reset()
	p.Text(&b, true)
	if !strings.Contains(b.String(), "\x1b[33m~ change service orders\x1b[0m") || !strings.Contains(b.String(), "\x1b[32m+ caps") {
		t.Errorf("%q", b.String())
	}
	text, err := json.Marshal(p)
	if err != nil || strings.Contains(string(text), "hush") || strings.Contains(b.String(), "hush") {
		t.Errorf("%v: %s", err, text)
	}
}

// previewed has its own idea of what would be.
type previewed struct {
	*engine
	objects []deploy.Object
}

func (e *previewed) Preview(context.Context, *deploy.Release) (*deploy.Preview, error) {
	return &deploy.Preview{Before: e.runs, Have: e.engine.objects, Would: e.objects}, nil
}

func TestState(t *testing.T) {
	for _, c := range []struct {
		wanted int
		states []deploy.State
		want   deploy.State
	}{
		{1, nil, deploy.Missing},
		{1, []deploy.State{deploy.Ready}, deploy.Ready},
		{2, []deploy.State{deploy.Ready}, deploy.Missing},
		{2, []deploy.State{deploy.Ready, deploy.Starting}, deploy.Starting},
		{2, []deploy.State{deploy.Ended, deploy.Ready}, deploy.Ready},
		{2, []deploy.State{deploy.Unready, deploy.Dying}, deploy.Dying},
		{1, []deploy.State{deploy.Failed}, deploy.Failed},
	} {
		r := &deploy.Run{Wanted: c.wanted}
		for _, s := range c.states {
			r.Instances = append(r.Instances, deploy.Instance{State: s})
		}
		r.Instances = append(r.Instances, deploy.Instance{State: deploy.Failed, Old: true})
		if got := r.State(); got != c.want {
			t.Errorf("%v: %s, not %s", c.states, got, c.want)
		}
	}
}
