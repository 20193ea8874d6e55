package nomad

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir/diag"
)

// task is the program.
func (u *unit) task() *api.Task {
	grace := u.grace()
	u.warnOfKill()
	t := &api.Task{
		Name: u.app.Name, Driver: u.o.Driver,
		Templates: u.templates(), Vault: u.vault(), Resources: u.resources(),
		KillSignal: "SIGTERM", KillTimeout: &grace,
		LogConfig: &api.LogConfig{MaxFiles: new(5), MaxFileSizeMB: new(10)},
	}
	u.inputs(t)
	t.Env = u.env() // knows where the inputs are
	for _, name := range slices.Sorted(maps.Keys(u.volumes)) {
		t.VolumeMounts = append(t.VolumeMounts, u.volumes[name].mounts...)
	}
	if u.o.Driver == docker {
		t.User = strconv.Itoa(manifest.User) + ":" + strconv.Itoa(manifest.Group)
		t.Config = u.container()
		return t
	}
	t.Config = u.process(t)
	return t
}

// container is the configuration of the docker driver: a root that nobody writes to, no
// capability, no way to get one.
func (u *unit) container() map[string]any {
	var ports []any
	for _, p := range u.app.Ports {
		ports = append(ports, portLabel(p))
	}
	if u.app.Control != 0 {
		ports = append(ports, controlLabel)
	}
	u.mounts = append(u.mounts, tmpfs(manifest.TempDir))
	return map[string]any{
		"image": u.app.Image, "ports": ports, "readonly_rootfs": true, "cap_drop": []any{"ALL"},
		"security_opt": []any{"no-new-privileges"}, "pids_limit": u.o.Pids * u.app.Programs(), "mounts": u.mounts,
	}
}

// tmpfsSize is the most that a folder in memory may hold; it counts as memory of the
// program's.
const tmpfsSize = 16 << 20

func tmpfs(target string) map[string]any {
	return map[string]any{"type": "tmpfs", "target": target, "tmpfs_options": []any{map[string]any{"size": tmpfsSize}}}
}

func bind(from, target string, readOnly bool) map[string]any {
	m := map[string]any{"type": "bind", "source": from, "target": target}
	if readOnly {
		m["readonly"] = true
	}
	return m
}

// env are the variables that are no secrets.
func (u *unit) env() map[string]string {
	env := map[string]string{"GOMEMLIMIT": strconv.FormatInt(u.app.GoMemory>>20, 10) + "MiB"}
	if set := strings.TrimSuffix(u.assignments(), "\n"); set != "" {
		env["FLOWC_SET"] = set
	}
	if u.app.Control != 0 {
		env[manifest.ControlVariable] = ":" + strconv.Itoa(u.app.Control)
	}
	if u.app.Process != "" {
		env[manifest.ProcessVariable] = u.app.Process
	}
	if u.app.Replicas > 1 { // a copy that takes the place of another has its index
		env[manifest.ReplicaVariable] = "${NOMAD_ALLOC_INDEX}"
	}
	for _, v := range u.app.Env {
		if !v.Secret && (u.broker == nil || v.Name != u.broker.Variable) {
			env[v.Name] = v.Value
		}
	}
	return env
}

// resources are what the scheduler reserves. The limit of memory is the computed bound.
func (u *unit) resources() *api.Resources {
	r := &api.Resources{MemoryMB: new(mebibytes(u.app.Memory))}
	if u.o.Cores > 0 {
		r.Cores = &u.o.Cores
	} else {
		r.CPU = &u.o.CPU
	}
	if reserved := u.size("memory_reserved", u.o.MemoryReserved); reserved > 0 {
		if reserved >= u.app.Memory {
			u.list.Errorf(diag.TargetOption, u.at("memory_reserved"), "`memory_reserved` is %d MiB, and the limit %d MiB", mebibytes(reserved), mebibytes(u.app.Memory)).
				Helpf("reserve less than the limit, or leave `memory_reserved` out")
		}
		r.MemoryMB, r.MemoryMaxMB = new(mebibytes(reserved)), r.MemoryMB
	}
	return r
}

// inputs bring the files that the pipeline reads to where the program looks for them.
func (u *unit) inputs(t *api.Task) {
	u.unread()
	for _, in := range u.app.Inputs {
		from, ok := u.o.Files[in.Path]
		if !ok {
			continue // Check has said so
		}
		target := path.Join(in.Dir, in.Base)
		switch {
		case from.ways() != 1:
			u.list.Errorf(diag.TargetFile, u.at("files", in.Path), "`%s` must be told one place: a path of the client's, a volume or an address", in.Path).
				Helpf("write `{host: /path}`, `{volume: NAME, path: path/in/it}` or `{url: https://…}`")
		case u.o.Driver == raw:
			u.ownInput(t, in, from)
		case in.Key == "" && u.unseen(t, in, from):
		case from.URL != "":
			dest, mode := path.Join("local", in.Dir, in.Base), "file"
			if in.Pattern {
				dest, mode = path.Join("local", in.Dir), "any"
			}
			t.Artifacts = append(t.Artifacts, artifact(from.URL, from.Checksum, dest, mode))
			u.move(in, path.Join("/local", target))
		case from.Volume != "":
			u.volume(from.Volume, storage{Type: "host"}, in.Dir, true)
			switch {
			case from.Path != "" && in.Pattern:
				u.move(in, path.Join(in.Dir, from.Path, in.Base))
			case from.Path != "":
				u.move(in, path.Join(in.Dir, from.Path))
			}
		case u.o.Driver != docker:
			u.list.Errorf(diag.TargetFile, u.at("files", in.Path), "the driver %s can't mount `%s` of the client", u.o.Driver, from.Host).
				Helpf("make it a volume of the client's (`{volume: NAME}`), or give an address to download it from (`{url: …}`)")
		case in.Pattern:
			u.mounts = append(u.mounts, bind(from.Host, in.Dir, true))
		default:
			u.mounts = append(u.mounts, bind(from.Host, target, true))
		}
	}
}

// ownInput is an input of a program that sees the client's own folders: where the client
// has it, or what Nomad downloads into the folder of the task.
func (u *unit) ownInput(t *api.Task, in manifest.Input, from place) {
	to := from.Host
	switch {
	case from.Volume != "":
		u.list.Errorf(diag.TargetFile, u.at("files", in.Path), "the driver raw_exec can't mount the volume `%s`", from.Volume).
			Helpf("say where the clients have it (`{host: /path}`), or give an address to download it from (`{url: …}`)")
	case from.URL != "" && in.Pattern:
		t.Artifacts = append(t.Artifacts, artifact(from.URL, from.Checksum, path.Join("local", in.Node), "any"))
		to = path.Join("${NOMAD_TASK_DIR}", in.Node, in.Base)
	case from.URL != "":
		t.Artifacts = append(t.Artifacts, artifact(from.URL, from.Checksum, path.Join("local", in.Node, in.Base), "file"))
		to = path.Join("${NOMAD_TASK_DIR}", in.Node, in.Base)
	}
	u.app.Settings = append(u.app.Settings, manifest.Setting{Key: in.Node + ".config." + in.Key, Value: to})
}

// move tells the program that an input is at another path.
func (u *unit) move(in manifest.Input, to string) {
	for i, s := range u.app.Settings {
		if s.Key == in.Node+".config."+in.Key {
			u.app.Settings[i].Value = to
		}
	}
}
