package nomad

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir/diag"
)

// A broker is the server of NATS that the job brings: a group of one task, found by its
// service.
type broker struct {
	*manifest.Broker
	o *brokerOptions
}

// The labels of the broker's ports.
const (
	brokerPort    = "nats"
	brokerMonitor = "monitor"
)

// bring makes the broker that the options ask for.
func (d *deployment) bring() {
	o := d.o.Broker
	if o == nil {
		return
	}
	size := func(key, text string) int64 {
		u := &unit{p: d.p}
		n := u.size(key, text)
		d.list = manifest.Join(d.list, u.list)
		return n
	}
	b, list := manifest.BrokerFor(d.p, "nomad", o.Image, size("broker", o.Memory))
	d.list = manifest.Join(d.list, list)
	d.broker = &broker{b, o}
	if d.o.Driver != docker {
		d.list.Errorf(diag.TargetOption, d.at("broker"), "a broker is brought as an image, and the driver is %s", d.o.Driver).
			Helpf("leave `broker` out, and give the address of a server: `targets: {nomad: {secrets: {%s: …}}}`", b.Variable)
	}
	switch s := o.Storage; {
	case (s.Volume == "") == (s.Ephemeral == ""):
		d.list.Errorf(diag.TargetOption, d.at("broker", "storage"), "where the streams lie must be said in one way").
			Helpf("a volume, `{volume: NAME}`, or a size on the disk of the client, `{ephemeral: 10GiB}`")
	case s.Ephemeral != "":
		d.list = append(d.list, b.Fits(size("broker", s.Ephemeral), d.at("broker", "storage", "ephemeral"))...)
	}
	if b.Variable == "" {
		return
	}
	_, inEnv := d.o.Env[b.Variable]
	_, inSecrets := d.o.Secrets[b.Variable]
	for option, said := range map[string]bool{"env": inEnv, "secrets": inSecrets} {
		if said {
			d.list.Errorf(diag.TargetOption, d.at(option, b.Variable), "`%s` is in `%s`, and `broker` gives it a value", b.Variable, option).Helpf("take one of them away")
		}
	}
}

// service is the name of the broker's service in Nomad's catalogue.
func (d *deployment) service() string {
	return manifest.Label(d.units[0].name()+"-edges", 63)
}

// given tells the reading of the pipeline that the address will be there; what it is, a
// template of each task says.
func (b *broker) given(env manifest.Env) manifest.Env {
	if b.Variable == "" { // nobody could be told
		return env
	}
	out := manifest.Env{b.Variable: fmt.Sprintf("nats://%s:%d", b.Name, manifest.BrokerPort)}
	maps.Copy(out, env)
	return out
}

// address is the variable with the broker's URL. While there is none, it is one where
// nobody listens: the program waits for it, and is started again when there is one.
func (b *broker) address(u *unit) *api.Template {
	service := manifest.Label(u.name()+"-edges", 63)
	text := fmt.Sprintf("%s=nats://{{ range $i, $s := nomadService %q }}{{ if $i }},{{ end }}{{ .Address }}:{{ .Port }}{{ else }}127.0.0.1:%d{{ end }}\n", b.Variable, service, manifest.BrokerPort)
	return &api.Template{DestPath: new("local/edges.env"), EmbeddedTmpl: &text, Envvars: new(true), ChangeMode: new("restart")}
}

// group is the broker.
func (b *broker) group(d *deployment) *api.TaskGroup {
	grace := manifest.BrokerGrace * time.Second
	port := func(label string, to int) api.Port { return api.Port{Label: label, To: to} }
	g := &api.TaskGroup{
		Name: &b.Name, Count: new(1),
		// It is never given up: the processes wait for it.
		RestartPolicy: &api.RestartPolicy{Attempts: new(3), Interval: new(5 * time.Minute), Delay: new(5 * time.Second), Mode: new("delay")},
		Disconnect:    &api.DisconnectStrategy{StopOnClientAfter: new(time.Minute)},
		Networks:      []*api.NetworkResource{{DynamicPorts: []api.Port{port(brokerPort, manifest.BrokerPort), port(brokerMonitor, manifest.BrokerMonitor)}}},
		Services: []*api.Service{{
			Name: d.service(), PortLabel: brokerPort, Provider: "nomad", Tags: []string{"flowc"},
			Checks: []api.ServiceCheck{{Name: "ready", Type: "http", PortLabel: brokerMonitor, Path: "/healthz?js-enabled-only=true", Interval: 10 * time.Second, Timeout: 3 * time.Second}},
		}},
	}
	mounts := []any{tmpfs(manifest.TempDir)}
	t := &api.Task{
		Name: b.Name, Driver: docker, User: strconv.Itoa(manifest.User) + ":" + strconv.Itoa(manifest.Group),
		Env:        map[string]string{"GOMEMLIMIT": strconv.FormatInt(b.GoMemory>>20, 10) + "MiB"},
		Resources:  &api.Resources{CPU: &b.o.CPU, MemoryMB: new(mebibytes(b.Memory))},
		KillSignal: "SIGTERM", KillTimeout: &grace,
		LogConfig: &api.LogConfig{MaxFiles: new(5), MaxFileSizeMB: new(10)},
	}
	switch s := b.o.Storage; {
	case s.Ephemeral != "":
		g.EphemeralDisk = &api.EphemeralDisk{Sticky: new(true), Migrate: new(true), SizeMB: new(mebibytes(d.units[0].size("broker", s.Ephemeral)))}
		mounts = append(mounts, bind("../alloc/data", manifest.BrokerDir, false))
	default:
		u := &unit{volumes: map[string]*volume{}}
		u.volume(s.Volume, s, manifest.BrokerDir, false)
		g.Volumes = map[string]*api.VolumeRequest{s.Volume: u.volumes[s.Volume].request}
		t.VolumeMounts = u.volumes[s.Volume].mounts
	}
	first := d.units[0]
	g.Update, g.Migrate, g.ReschedulePolicy = first.update(), first.migrate(), first.reschedule()
	g.Update.Canary, g.Update.AutoPromote = new(0), new(false) // two would be two brokers
	t.Config = map[string]any{
		"image": b.Image, "args": args(b.Args), "ports": []any{brokerPort, brokerMonitor}, "readonly_rootfs": true, "cap_drop": []any{"ALL"},
		"security_opt": []any{"no-new-privileges"}, "pids_limit": d.o.Pids, "mounts": mounts,
	}
	g.Tasks = []*api.Task{t}
	return g
}

func args(list []string) (all []any) {
	for _, a := range list {
		all = append(all, a)
	}
	return all
}

func (b *broker) needs() []string {
	all := []string{fmt.Sprintf("the image `%s`, where the clients can pull it", b.Image)}
	if s := b.o.Storage; s.Volume != "" {
		what := "host volume"
		if s.Type == "csi" {
			what = "CSI volume"
		}
		all = append(all, fmt.Sprintf("the %s `%s` on a client: the broker writes to it as the user %d", what, s.Volume, manifest.User))
	}
	return all
}

func (b *broker) explain(service string) backends.Reason {
	where := "the volume `" + b.o.Storage.Volume + "`"
	if b.o.Storage.Ephemeral != "" {
		where = "the disk of the job, which is lost with its client, and what waits in them with it"
	}
	return backends.Reason{Subject: "broker", Says: fmt.Sprintf("A group of the job, found by its service `%s` (%s). Its streams may hold %d MiB, in %s. It asks nobody for a login.", service, b.Image, mebibytes(b.Streams), where)}
}

// RunsBroker tells whether a group of a job is the server that the job brings.
func RunsBroker(g *api.TaskGroup) bool {
	return slices.ContainsFunc(g.Networks, func(n *api.NetworkResource) bool {
		return slices.ContainsFunc(n.DynamicPorts, func(p api.Port) bool { return p.Label == brokerMonitor })
	})
}
