package nomad

import (
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends/manifest"
)

// attendantDir is the folder that all tasks of an allocation have, where the attendant of
// components is.
const attendantDir = "/alloc/tmp"

// attendantTask is the task that puts it there. A program may have that name.
func (u *unit) attendantTask() string {
	const name = "attendant"
	if u.app.Name == name {
		return name + "-component"
	}
	return name
}

// attendant has the program copy itself to where the tasks of components see it, before the
// program is started; they are started behind that.
func (u *unit) attendant() *api.Task {
	grace := time.Second
	return &api.Task{
		Name: u.attendantTask(), Driver: docker, User: strconv.Itoa(manifest.User) + ":" + strconv.Itoa(manifest.Group),
		Lifecycle: &api.TaskLifecycle{Hook: api.TaskLifecycleHookPrestart}, Env: map[string]string{},
		Resources: &api.Resources{CPU: new(besideCPU), MemoryMB: new(64)}, KillSignal: "SIGTERM", KillTimeout: &grace,
		LogConfig: &api.LogConfig{MaxFiles: new(1), MaxFileSizeMB: new(1)},
		Config: map[string]any{
			"image": u.app.Image, "args": manifest.InstallAttendant(attendantDir), "readonly_rootfs": true, "cap_drop": []any{"ALL"},
			"security_opt": []any{"no-new-privileges"}, "pids_limit": u.o.Pids,
		},
	}
}

// literals are words in which Nomad, which reads a task's configuration as HCL, finds nothing
// to fill in.
func literals(words []string) []string {
	var all []string
	for _, w := range words {
		all = append(all, strings.NewReplacer("${", "$${", "%{", "%%{").Replace(w))
	}
	return all
}
