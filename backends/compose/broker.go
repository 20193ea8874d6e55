package compose

import (
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// A broker is the server of NATS that the project brings.
type broker struct {
	*manifest.Broker
	storage Storage
}

// bring makes the broker that the options ask for.
func (d *deployment) bring(o *Options) {
	if o.Broker == nil {
		return
	}
	memory, _ := catalog.ParseSize(o.Broker.Memory) // the schema lets sizes through
	b, list := manifest.BrokerFor(d.p, "compose", o.Broker.Image, memory)
	d.list = manifest.Join(d.list, list)
	d.broker = &broker{b, o.Broker.Storage}
	at := func(keys ...string) source.Span { return manifest.OptionAt(d.p.TargetSpans, "compose", "", keys...) }
	if s := o.Broker.Storage; s.Bind != "" && s.External != "" {
		d.list.Errorf(diag.TargetOption, at("broker", "storage"), "what keeps the streams must be said in one way").
			Helpf("a folder of the host, `{bind: PATH}`, or a volume that is there, `{external: NAME}`")
	}
	if _, ok := o.Env[b.Variable]; ok && b.Variable != "" {
		d.list.Errorf(diag.TargetOption, at("env", b.Variable), "`%s` has a value in `env`, and `broker` gives it another", b.Variable).Helpf("take one of them away")
	}
	if _, ok := o.Secrets[b.Variable]; ok && b.Variable != "" {
		d.list.Errorf(diag.TargetOption, at("secrets", b.Variable), "`%s` is among the secrets, and `broker` gives it another value", b.Variable).Helpf("take one of them away")
	}
}

// given adds the broker's address to what the options give.
func (b *broker) given(env map[string]string) map[string]string {
	if b.Variable == "" { // nobody could be told
		return env
	}
	out := map[string]string{b.Variable: fmt.Sprintf("nats://%s:%d", b.Name, manifest.BrokerPort)}
	maps.Copy(out, env)
	return out
}

// volume is the name of the streams' volume in the file.
func (b *broker) volume() string { return b.Name + "-data" }

func (b *broker) volumes(pipeline string) map[string]Volume {
	switch {
	case b.storage.Bind != "":
		return nil
	case b.storage.External != "":
		return map[string]Volume{b.volume(): {External: true, Name: literal(b.storage.External)}}
	}
	return map[string]Volume{b.volume(): {Labels: map[string]string{labelPipeline: pipeline}}}
}

func (b *broker) needs() []string {
	switch {
	case b.storage.Bind != "":
		return []string{fmt.Sprintf("%s, which the user %d can write to", hostPath(b.storage.Bind), manifest.User)}
	case b.storage.External != "":
		return []string{"the volume " + b.storage.External}
	}
	return nil
}

// service is the server, on the networks of the processes. It has no check: its image has
// no command for one, and the processes' own checks ask whether they reach it. The hash of
// the pipeline is none of its labels: it is not started again for another version.
func (b *broker) service(u *unit) *Service {
	m := Mount{Type: "volume", Source: b.volume(), Target: manifest.BrokerDir}
	// Its image does not have the folder, so that a new volume at it is root's: a root
	// without any capability, who can write to what is its own.
	user := "0:0"
	if b.storage.Bind != "" {
		m = Mount{Type: "bind", Source: literal(hostPath(b.storage.Bind)), Target: manifest.BrokerDir, Bind: &Bind{}}
		user = fmt.Sprintf("%d:%d", manifest.User, manifest.Group)
	}
	return &Service{
		Image: literal(b.Image), Command: b.Args, PullPolicy: u.options.PullPolicy, Profiles: u.profiles(), Restart: "unless-stopped",
		StopSignal: "SIGTERM", StopGracePeriod: duration(manifest.BrokerGrace * time.Second),
		User: user, ReadOnly: true, CapDrop: []string{"ALL"}, SecurityOpt: []string{"no-new-privileges:true"},
		Environment: map[string]string{"GOMEMLIMIT": strconv.FormatInt(b.GoMemory>>20, 10) + "MiB"},
		Volumes:     []Mount{m}, Tmpfs: []string{manifest.TempDir + ":size=64m,mode=1777"},
		Expose:   []string{strconv.Itoa(manifest.BrokerPort), strconv.Itoa(manifest.BrokerMonitor)},
		Networks: u.joined(),
		Deploy:   Deploy{Resources: Resources{Limits: Limits{Memory: memory(b.Memory), Pids: pids}}},
		Logging:  u.logging(),
		Labels:   map[string]string{labelPipeline: u.app.Pipeline, LabelBroker: "nats"},
	}
}

func (b *broker) explain() backends.Reason {
	return backends.Reason{Subject: "broker", Says: fmt.Sprintf("the service %s (%s), whose streams may hold %s and are kept; nobody outside of the project's networks reaches it", b.Name, b.Image, memory(b.Streams))}
}
