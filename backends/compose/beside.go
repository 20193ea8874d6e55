package compose

import (
	"fmt"
	"maps"
	"net"
	"path"
	"strconv"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// LabelComponent is on a component that runs beside a program, and is none of its copies;
// LabelJob is on a job, which is none either.
const (
	LabelComponent = "dev.flowc.component"
	LabelJob       = "dev.flowc.job"
)

// A Dependency is what a service waits for before it is started.
type Dependency struct {
	Condition string `json:"condition"`
}

// reach tells the program and its components of each other: by the names of their services.
func (u *unit) reach() {
	u.app = u.app.Reach(func(b manifest.Beside) string { return net.JoinHostPort(u.besideName(b), strconv.Itoa(b.Port)) }, net.JoinHostPort(u.app.Name, strconv.Itoa(u.app.Control)), manifest.AttendantDir)
}

// besideName is the service of a component.
func (u *unit) besideName(b manifest.Beside) string { return u.app.Name + "-" + b.Name }

// dependencies are the components: whoever starts the program starts them as well. They wait
// for it by themselves, and it for them.
func (u *unit) dependencies() map[string]Dependency {
	all := map[string]Dependency{}
	for _, b := range u.app.Beside {
		all[u.besideName(b)] = Dependency{Condition: "service_started"}
	}
	for _, j := range u.app.Jobs {
		if j.Before {
			all[u.besideName(j.Beside)] = Dependency{Condition: completed}
		}
	}
	return all
}

// beside are the services of the components, on the networks of the program. They have no
// check, for nobody knows what programs an image has; that of the program asks whether it
// reaches them.
func (u *unit) beside() map[string]*Service {
	all := map[string]*Service{}
	for _, b := range u.app.Beside {
		s := u.container(b)
		s.Labels[LabelComponent] = literal(b.Node)
		s.Expose = besidePorts(b)
		if b.Attended {
			u.attended(s)
		}
		if b.Own { // an image of another's says itself who it is, and where it writes
			s.User, s.ReadOnly = fmt.Sprintf("%d:%d", manifest.User, manifest.Group), true
		}
		for _, p := range b.Foreign.Ports {
			if p.Host != 0 {
				s.Ports = append(s.Ports, net.JoinHostPort(loopback, strconv.Itoa(p.Host))+":"+strconv.Itoa(p.Container)+protocol(p))
			} else {
				s.Expose = append(s.Expose, strconv.Itoa(p.Container))
			}
		}
		all[u.besideName(b)] = s
	}
	return all
}

// container is the service of what the pipeline has besides the program.
func (u *unit) container(b manifest.Beside) *Service {
	s := &Service{
		Image: literal(b.Image), Entrypoint: literals(b.Entry), Command: literals(b.Args), PullPolicy: u.options.PullPolicy,
		Profiles: u.profiles(), Restart: string(b.Restart), StopSignal: "SIGTERM", StopGracePeriod: strconv.Itoa(b.Grace) + "s",
		CapDrop: []string{"ALL"}, SecurityOpt: []string{"no-new-privileges:true"},
		Environment: map[string]string{}, Tmpfs: []string{manifest.TempDir + ":size=64m,mode=1777"}, Networks: u.joined(),
		Deploy: Deploy{Resources: Resources{Limits: Limits{Pids: pids}}}, Logging: u.logging(), Labels: u.labels(),
	}
	if n := b.Limits.MilliCPU; n > 0 {
		s.Deploy.Resources.Limits.CPUs = strconv.FormatFloat(float64(n)/1000, 'f', -1, 64)
	}
	if n := b.Limits.Memory; n > 0 {
		s.Deploy.Resources.Limits.Memory = memory(n)
	}
	s.Deploy.Resources.Reservations = reservations(b.Requests)
	for _, v := range b.Env {
		s.Environment[v.Name] = v.Text(literal, func(name string) string {
			return fmt.Sprintf("${%s:?%s}", u.options.variable(name), "a secret of the pipeline "+u.app.Pipeline)
		})
	}
	u.besidePlaces(b, s)
	return s
}

// besidePorts are the ports at which it serves.
func besidePorts(b manifest.Beside) []string {
	if b.HealthPort == 0 {
		return []string{strconv.Itoa(b.Port)}
	}
	return []string{strconv.Itoa(b.Port), strconv.Itoa(b.HealthPort)}
}

// reservations are what a component asks for, nil for nothing.
func reservations(a manifest.Amounts) *Reservations {
	if a == (manifest.Amounts{}) {
		return nil
	}
	r := &Reservations{}
	if a.MilliCPU > 0 {
		r.CPUs = strconv.FormatFloat(float64(a.MilliCPU)/1000, 'f', -1, 64)
	}
	if a.Memory > 0 {
		r.Memory = memory(a.Memory)
	}
	return r
}

// protocol is that of a port where it is another than TCP.
func protocol(p ir.ForeignPort) string {
	switch p.Protocol {
	case "UDP":
		return "/udp"
	case "SCTP":
		return "/sctp"
	}
	return ""
}

func literals(words []string) []string {
	var all []string
	for _, w := range words {
		all = append(all, literal(w))
	}
	return all
}

// besidePlaces gives a component its volumes and its secrets.
func (u *unit) besidePlaces(b manifest.Beside, s *Service) {
	for _, v := range b.Foreign.Volumes {
		m := Mount{Type: "volume", Source: besideVolume(v), Target: literal(v.ContainerPath), ReadOnly: v.ReadOnly}
		if v.HostPath != "" {
			m.Type, m.Source, m.Bind = "bind", literal(hostPath(v.HostPath)), &Bind{}
		}
		s.Volumes = append(s.Volumes, m)
	}
	for _, secret := range b.Foreign.Secrets {
		at := secretPath(secret)
		switch {
		case secret.Type == "env":
			s.Environment[variableOf(secret)] = besideSecret(secret, u.app.Pipeline)
			continue
		case secret.Env != "":
			s.Environment[secret.Env] = literal(at)
		}
		s.Volumes = append(s.Volumes, Mount{Type: "bind", Source: literal(besideFile(secret)), Target: literal(at), ReadOnly: true, Bind: &Bind{}})
	}
}

// besideVolume is the name in the file of a volume of a component; two that name one share it.
func besideVolume(v ir.ForeignVolume) string { return manifest.Label("component-"+v.Name, 63) }

// variableOf is the variable of a secret that is one.
func variableOf(s ir.ForeignSecret) string {
	if s.Env != "" {
		return s.Env
	}
	return s.Name
}

// besideSecret is the value of a secret variable: from the environment of docker compose,
// which must have one that is required.
func besideSecret(s ir.ForeignSecret, pipeline string) string {
	if s.Required {
		return fmt.Sprintf("${%s:?%s}", variableOf(s), "a secret of the pipeline "+pipeline)
	}
	return "${" + variableOf(s) + ":-}"
}

// secretPath is where a container has a file of secrets.
func secretPath(s ir.ForeignSecret) string {
	if s.ContainerPath != "" {
		return s.ContainerPath
	}
	return path.Join("/run/secrets", s.Name)
}

// besideFile is where the host has it.
func besideFile(s ir.ForeignSecret) string {
	if s.HostPath != "" {
		return hostPath(s.HostPath)
	}
	return "./secrets/" + s.Name
}

// besideVolumes are the volumes that components and jobs name.
func (u *unit) besideVolumes() map[string]Volume {
	all := map[string]Volume{}
	for _, b := range u.app.Containers() {
		for _, v := range b.Foreign.Volumes {
			if v.HostPath == "" {
				all[besideVolume(v)] = Volume{Labels: map[string]string{labelPipeline: u.app.Pipeline}}
			}
		}
	}
	return all
}

// checkBeside looks at what does not go with components beside the program.
func (u *unit) checkBeside() {
	for _, b := range u.app.Beside {
		if b.Foreign.HealthCheck != "" {
			u.list.Warningf(diag.TargetComponent, b.Foreign.Span, "`health_check` of `%s` is not asked on the target compose: its check would need a program in the image that asks, which nobody knows of", b.Node).
				Helpf("the program's own check says whether it reaches the component; on k8s the path is asked")
		}
		if u.options.Replicas > 1 {
			u.list.Errorf(diag.TargetCopies, u.at("replicas"), "`%s` is one container beside the program, and %d copies of that would share it", b.Node, u.options.Replicas).
				Helpf("leave `replicas` out; on k8s and nomad each copy has components of its own")
			return
		}
	}
	for _, b := range u.app.Containers() {
		for _, v := range b.Foreign.Volumes {
			if v.ContainerPath == "" || v.Name == "" && v.HostPath == "" {
				u.list.Errorf(diag.TargetFile, v.Span, "a volume of `%s` does not say what it is, or where it is in the container", b.Node).Helpf("write `{name: cache, container: /cache}`, or `{host: ./cache, container: /cache}`")
			}
		}
	}
}

// besideNeeds are what must be there for the components and the jobs.
func (u *unit) besideNeeds(say func(format string, args ...any)) {
	for i, b := range u.app.Containers() {
		what := "component"
		if i >= len(u.app.Beside) {
			what = "job"
		}
		for _, v := range b.Foreign.Volumes {
			if v.HostPath != "" {
				say("%s, for the %s %s", hostPath(v.HostPath), what, b.Node)
			}
		}
		for _, s := range b.Foreign.Secrets {
			switch {
			case s.Type != "env":
				say("%s, for the %s %s", besideFile(s), what, b.Node)
			case s.Required:
				say("the variable %s, in the environment of `docker compose` or in .env", variableOf(s))
			}
		}
	}
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
		all = append(all, backends.Reason{Subject: "component", Says: fmt.Sprintf("`%s` is the service %s %s, at port %d; the program waits for it and starts nothing", b.Node, u.besideName(b), what, b.Port)})
	}
	return all
}

// addBeside puts the components and the jobs into the file.
func (u *unit) addBeside(p *Project) {
	for name, s := range u.beside() {
		p.Services[name] = s
	}
	for name, s := range u.jobs() {
		p.Services[name] = s
	}
	maps.Copy(p.Volumes, u.besideVolumes())
	if u.app.Attends() {
		p.Services[u.attendantName()] = u.attendant()
		p.Volumes[u.attendantName()] = Volume{Labels: map[string]string{labelPipeline: u.app.Pipeline}}
	}
}
