package nomad

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/nomad/api"
)

// What nobody said is not there; what was said is, a zero as well.
func TestEncode(t *testing.T) {
	job := &api.Job{
		ID: new("a<b"), Priority: new(0), Datacenters: []string{}, Meta: map[string]string{"b.c": "2", "a": ""},
		TaskGroups: []*api.TaskGroup{{
			Update:        &api.UpdateStrategy{Canary: new(0), AutoRevert: new(false), ProgressDeadline: new(time.Duration(0))},
			RestartPolicy: &api.RestartPolicy{},
			Networks:      []*api.NetworkResource{{DynamicPorts: []api.Port{{Label: "x"}}}},
			Tasks:         []*api.Task{{Config: map[string]any{"n": 0, "off": false, "list": []any{map[string]any{"k": nil}}}}},
		}},
	}
	text, err := encode(job)
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(`{
		"ID": "a<b", "Priority": 0, "Meta": {"a": "", "b.c": "2"},
		"TaskGroups": [{
			"Tasks": [{"Config": {"n": 0, "off": false, "list": [{"k": null}]}}],
			"RestartPolicy": {},
			"Update": {"Canary": 0, "AutoRevert": false, "ProgressDeadline": 0},
			"Networks": [{"DynamicPorts": [{"Label": "x"}]}]
		}]
	}`), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPatch(t *testing.T) {
	for _, test := range []struct{ base, over, want string }{
		{`{"a": 1, "b": 2}`, `{"b": null, "c": 3}`, `{"a": 1, "c": 3}`},
		{`{"a": {"x": 1}}`, `{"a": {"y": 2}}`, `{"a": {"x": 1, "y": 2}}`},
		{`{"a": 1}`, `{"a": {"y": null, "z": 1}}`, `{"a": {"z": 1}}`},
		{`{"l": [{"Name": "a", "n": 1}, {"Name": "b"}]}`, `{"l": [{"Name": "a", "m": 2}, {"Name": "c"}]}`, `{"l": [{"Name": "a", "n": 1, "m": 2}, {"Name": "b"}, {"Name": "c"}]}`},
		{`{"l": [{"Name": "a"}]}`, `{"l": [{"x": 1}]}`, `{"l": [{"x": 1}]}`},
		{`{"l": [1, 2]}`, `{"l": [3]}`, `{"l": [3]}`},
	} {
		got, err := json.Marshal(patch(tree([]byte(test.base)), tree([]byte(test.over))))
		if err != nil {
			t.Fatal(err)
		}
		var a, b any
		if json.Unmarshal(got, &a) != nil || json.Unmarshal([]byte(test.want), &b) != nil {
			t.Fatal("no JSON")
		}
		if diff := cmp.Diff(b, a); diff != "" {
			t.Errorf("%s over %s: %s", test.over, test.base, diff)
		}
	}
}

func TestItemName(t *testing.T) {
	for name, want := range map[string]string{"DATABASE_URL": "DATABASE_URL", "/run/secrets/api-key.txt": "api_key_txt", "1st": "_1st", "-": "_"} {
		if got := itemName(name); got != want {
			t.Errorf("%s becomes %s", name, got)
		}
	}
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{5 * time.Minute: "5m", 35 * time.Second: "35s", 2 * time.Hour: "2h", 90 * time.Second: "1m30s", 10 * time.Second: "10s", 100 * time.Minute: "1h40m"} {
		if got := short(d); got != want {
			t.Errorf("%v becomes %s", d, got)
		}
	}
}
