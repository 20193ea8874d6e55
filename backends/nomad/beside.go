package nomad

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// controlLabel is the label of the port at which components register with the program.
const controlLabel = "flowc_control"

// What a component is given that says nothing of its resources: MHz and MiB, as Nomad's own.
const (
	besideCPU    = 100
	besideMemory = 300
)

// besideLabel is the label of a component's port.
func besideLabel(b manifest.Beside) string {
	return "component_" + strings.ReplaceAll(b.Name, "-", "_")
}

// reach tells the program and its components of each other, by the ports of the group. A
// component that registers says the port in its container, which the program must not take
// for that of the client.
func (u *unit) reach() {
	u.app = u.app.Reach(func(b manifest.Beside) string { return "${NOMAD_ADDR_" + besideLabel(b) + "}" }, "${NOMAD_ADDR_"+controlLabel+"}", attendantDir)
	for _, b := range u.app.Beside {
		if b.Attended {
			continue
		}
		u.app.Settings = append(u.app.Settings, manifest.Setting{Key: b.Node + ".config.port", Value: strconv.Itoa(b.Port)})
	}
}

// besidePorts are the ports of the group that components and the program find each other by.
func (u *unit) besidePorts() (all []api.Port) {
	if u.app.Control != 0 {
		all = append(all, api.Port{Label: controlLabel, To: u.app.Control})
	}
	for _, b := range u.app.Beside {
		all = append(all, api.Port{Label: besideLabel(b), To: b.Port})
	}
	return all
}

// beside adds the components to the group: tasks that are started before the program, again
// when they end, and stopped with it.
func (u *unit) beside(g *api.TaskGroup) {
	if u.app.Attends() {
		g.Tasks = append(g.Tasks, u.attendant())
	}
	for _, b := range u.app.Beside {
		t := u.besideOwn(b)
		t.Lifecycle.Sidecar = true
		if b.Attended { // the attendant is there when the program is started
			t.Lifecycle.Hook = api.TaskLifecycleHookPoststart
		}
		if b.Restart == ir.RestartNo {
			u.list.Warningf(diag.TargetComponent, b.Foreign.Span, "`restart: no` of `%s` has no place on the target nomad: a task beside the program is started again for as long as the program runs", b.Node).
				Helpf("leave `restart` out, or have the component wait where it has ended")
		}
		if b.Foreign.HealthCheck != "" {
			u.list.Warningf(diag.TargetComponent, b.Foreign.Span, "`health_check` of `%s` is not asked on the target nomad: the program's own check says whether it reaches the component", b.Node).
				Helpf("on k8s the path is asked")
		}
		config := u.besideConfig(b)
		config["ports"] = []any{besideLabel(b)}
		var mounts []any
		if b.Own { // an image of another's says itself who it is, and where it writes
			t.User = strconv.Itoa(manifest.User) + ":" + strconv.Itoa(manifest.Group)
			config["readonly_rootfs"] = true
			mounts = append(mounts, tmpfs(manifest.TempDir))
		}
		u.besideEnv(b, t)
		mounts = append(mounts, u.besidePlaces(b, t, g)...)
		if len(mounts) > 0 {
			config["mounts"] = mounts
		}
		for _, p := range b.Foreign.Ports {
			u.list.Errorf(diag.TargetPort, p.Span, "on the target nomad a component has the port at which it serves, and no others").Helpf("leave `ports` of `%s` out", b.Node)
		}
		if name := u.besideTask(b); slices.ContainsFunc(u.app.Beside, func(other manifest.Beside) bool { return other.Node != b.Node && other.Name == name }) {
			u.list.Errorf(diag.TargetName, b.Foreign.Span, "`%s` would be the task `%s`, as another node is", b.Node, name).Helpf("give the node another name")
		}
		t.Config = config
		g.Tasks = append(g.Tasks, t)
	}
}

// besideOwn is a task that is started before the program.
func (u *unit) besideOwn(b manifest.Beside) *api.Task {
	grace := time.Duration(b.Grace) * time.Second
	return &api.Task{
		Name: u.besideTask(b), Driver: docker, Lifecycle: &api.TaskLifecycle{Hook: api.TaskLifecycleHookPrestart},
		Env: map[string]string{}, Resources: besideResources(b), Vault: u.vault(), KillSignal: "SIGTERM", KillTimeout: &grace,
		LogConfig: &api.LogConfig{MaxFiles: new(5), MaxFileSizeMB: new(10)},
	}
}

// besideConfig is the configuration of its container.
func (u *unit) besideConfig(b manifest.Beside) map[string]any {
	config := map[string]any{
		"image": b.Image, "cap_drop": []any{"ALL"}, "security_opt": []any{"no-new-privileges"}, "pids_limit": u.o.Pids,
	}
	if len(b.Entry) > 0 {
		config["entrypoint"] = literals(b.Entry)
	}
	if len(b.Args) > 0 {
		config["args"] = literals(b.Args)
	}
	return config
}

// besideTask is the name of a component's task: its own, unless that is the program's, which
// often bears the name of what matters most in it.
func (u *unit) besideTask(b manifest.Beside) string {
	if b.Name == u.app.Name {
		return b.Name + "-component"
	}
	return b.Name
}

// besideResources are what the scheduler reserves, and the most memory of one that may have
// more. Thousandths of a processor become as many MHz.
func besideResources(b manifest.Beside) *api.Resources {
	r := &api.Resources{CPU: new(besideCPU), MemoryMB: new(besideMemory)}
	if n := b.Requests.MilliCPU; n > 0 {
		r.CPU = new(int(n))
	} else if n := b.Limits.MilliCPU; n > 0 {
		r.CPU = new(int(n))
	}
	asked, most := b.Requests.Memory, b.Limits.Memory
	switch {
	case asked > 0 && most > asked:
		r.MemoryMB, r.MemoryMaxMB = new(mebibytes(asked)), new(mebibytes(most))
	case asked > 0 || most > 0:
		r.MemoryMB = new(mebibytes(max(asked, most)))
	}
	return r
}

// besideEnv gives a component its environment, with secrets by a template.
func (u *unit) besideEnv(b manifest.Beside, t *api.Task) {
	lines := map[string][]string{}
	same := func(text string) string { return text }
	for _, v := range b.Env {
		block, words := "", []string{}
		for _, p := range v.Pieces {
			if p.Secret == "" {
				words = append(words, strconv.Quote(p.Text))
				continue
			}
			from := u.sourceOf(p.Secret, "")
			if block != "" && block != from.block {
				u.list.Errorf(diag.TargetOption, b.Foreign.Span, "`%s` of `%s` is made of secrets in several places, and a template reads one", v.Name, b.Node).
					Helpf("put them into one variable of Nomad's, or give the value as one secret")
			}
			block, words = from.block, append(words, from.value)
		}
		if block == "" {
			t.Env[v.Name] = v.Text(same, same)
			continue
		}
		lines[block] = append(lines[block], v.Name+"={{ printf \""+strings.Repeat("%s", len(words))+"\" "+strings.Join(words, " ")+" | toJSON }}\n")
	}
	for _, s := range b.Foreign.Secrets {
		switch {
		case s.Type == "env":
			from := u.sourceOf(s.Name, "")
			name := s.Env
			if name == "" {
				name = s.Name
			}
			if !s.Required && from.variable != "" {
				u.list.Errorf(diag.TargetOption, s.Span, "the secret `%s` of `%s` need not be there, and Nomad waits for a variable that a template names", s.Name, b.Node).
					Helpf("add `required: true`, or leave the secret out with an overlay")
			}
			lines[from.block] = append(lines[from.block], name+"={{ "+from.value+" | toJSON }}\n")
		case s.Env != "":
			t.Env[s.Env] = besideSecretPath(s)
		}
	}
	var text strings.Builder
	for _, block := range slices.Sorted(maps.Keys(lines)) {
		text.WriteString("{{- with " + block + " }}\n" + strings.Join(lines[block], "") + "{{- end }}\n")
	}
	if text.Len() > 0 {
		t.Templates = append(t.Templates, &api.Template{
			DestPath: new("secrets/env"), EmbeddedTmpl: new(text.String()), Envvars: new(true), ErrMissingKey: new(true), ChangeMode: new("restart"), Perms: new("0400"),
		})
	}
}

// besideSecretPath is where a container has a file of secrets.
func besideSecretPath(s ir.ForeignSecret) string {
	if s.ContainerPath != "" {
		return s.ContainerPath
	}
	return path.Join("/run/secrets", s.Name)
}

// besidePlaces gives a component its volumes, which the clients have, and its files of secrets.
func (u *unit) besidePlaces(b manifest.Beside, t *api.Task, g *api.TaskGroup) (mounts []any) {
	for _, v := range b.Foreign.Volumes {
		switch {
		case v.ContainerPath == "" || v.Name == "" && v.HostPath == "":
			u.list.Errorf(diag.TargetFile, v.Span, "a volume of `%s` does not say what it is, or where it is in the container", b.Node).Helpf("write `{name: VOLUME, container: /path}`, or `{host: /path, container: /path}`")
		case v.HostPath != "" && !path.IsAbs(v.HostPath):
			u.list.Errorf(diag.TargetFile, v.Span, "`%s` is a path of the client, and must begin with a slash", v.HostPath)
		case v.HostPath != "":
			mounts = append(mounts, bind(v.HostPath, v.ContainerPath, v.ReadOnly))
		default:
			name := manifest.Label("component-"+v.Name, 63)
			if g.Volumes == nil {
				g.Volumes = map[string]*api.VolumeRequest{}
			}
			g.Volumes[name] = &api.VolumeRequest{Name: name, Type: "host", Source: v.Name}
			t.VolumeMounts = append(t.VolumeMounts, &api.VolumeMount{Volume: &name, Destination: new(v.ContainerPath), ReadOnly: new(v.ReadOnly)})
		}
	}
	for _, s := range b.Foreign.Secrets {
		switch s.Type {
		case "env":
		case "dir":
			u.list.Errorf(diag.TargetOption, s.Span, "a secret of `%s` is a folder, and Nomad keeps texts", b.Node).Helpf("name its files, each as a secret")
		default:
			from := u.sourceOf(s.Name, "")
			text, dest := "{{ with "+from.block+" }}{{ "+from.value+" }}{{ end }}", "secrets/"+itemName(s.Name)
			if !s.Required && from.variable != "" { // a template waits for a variable for ever
				text = fmt.Sprintf("{{ if nomadVarExists %q }}%s{{ end }}", from.variable, text)
			}
			t.Templates = append(t.Templates, &api.Template{DestPath: &dest, EmbeddedTmpl: &text, ErrMissingKey: new(s.Required), ChangeMode: new("restart"), Perms: new("0444")})
			mounts = append(mounts, bind(dest, besideSecretPath(s), true))
		}
	}
	return mounts
}

// explainBeside says what becomes of the components.
func (u *unit) explainBeside() (all []backends.Reason) {
	for _, b := range u.app.Beside {
		what := "of the image " + b.Image
		switch {
		case b.Own:
			what = "of the program's own image, with its file"
		case b.Attended:
			what += ", where an attendant starts its command for the program"
		}
		all = append(all, backends.Reason{Subject: "component", Says: fmt.Sprintf("`%s` is the task %s of the group, %s, found at a port of the client; the program waits for it and starts nothing", b.Node, u.besideTask(b), what)})
	}
	return all
}
