package live

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/nomad/api"
)

// A volume that something is mounted into is an empty folder in a try, and the others are
// what they are.
func TestRoomForMounts(t *testing.T) {
	t.Parallel()
	volume := func(name, at string) *api.VolumeMount {
		return &api.VolumeMount{Volume: &name, Destination: &at, ReadOnly: new(true)}
	}
	file := map[string]any{"type": "bind", "source": "local/x", "target": "/data/in/x"}
	task := &api.Task{Driver: "docker", Config: map[string]any{"mounts": []any{file}}, VolumeMounts: []*api.VolumeMount{volume("a", "/data"), volume("b", "/database"), volume("c", "/data/lists")}}
	roomForMounts(task)
	if diff := cmp.Diff([]*api.VolumeMount{volume("b", "/database"), volume("c", "/data/lists")}, task.VolumeMounts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]any{file, map[string]any{"type": "tmpfs", "target": "/data"}}, task.Config["mounts"]); diff != "" {
		t.Error(diff)
	}
	plain := &api.Task{Driver: "docker", Config: map[string]any{}, VolumeMounts: []*api.VolumeMount{volume("a", "/data")}}
	roomForMounts(plain)
	if len(plain.VolumeMounts) != 1 || plain.Config["mounts"] != nil {
		t.Errorf("%+v", plain)
	}
}
