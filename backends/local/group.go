package local

import (
	"fmt"
	"math"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir"
)

// A Group is a pipeline as processes of a host that has no systemd: what a unit says, as
// far as a supervisor without it can see to that.
type Group struct {
	Pipeline string `json:"pipeline"`
	Hash     string `json:"hash"`
	// Program is the reference of the binary, which always means the same one.
	Program string `json:"program"`
	// User and Group are names of who it runs as, "" for whoever applies it.
	User  string `json:"user,omitempty"`
	Group string `json:"group,omitempty"`
	// Processes are in the order of the data: those that read first.
	Processes []Process `json:"processes"`
}

// A Process is one of a group.
type Process struct {
	Name string   `json:"name"`
	Args []string `json:"args,omitempty"`
	// Environment are its variables but those with secrets.
	Environment map[string]string `json:"environment,omitempty"`
	// Secrets are the names of variables whose values are in a file of lines NAME=VALUE,
	// or in the environment of whoever applies it.
	Secrets     []string `json:"secrets,omitempty"`
	SecretsFile string   `json:"secrets_file,omitempty"`
	// Credentials are files of secrets, by the name at which the program asks for them.
	Credentials map[string]string `json:"credentials,omitempty"`
	// Links are what the folder it runs in has of the host, by the path there.
	Links map[string]string `json:"links,omitempty"`
	// Grace is how long an ordered stop may take, as time.ParseDuration reads it.
	Grace string `json:"grace"`
	// Ports are where it listens, by name.
	Ports map[string]string `json:"ports,omitempty"`
}

// Stop is how long an ordered stop may take.
func (p *Process) Stop() time.Duration {
	d, err := time.ParseDuration(p.Grace)
	if err != nil {
		return time.Minute
	}
	return d
}

// Supervised is a pipeline as a group of processes of a host; program is the reference of
// its binary. The program passed Check. A pipeline that only systemd can run as it says is
// an error with a remedy.
func Supervised(p *ir.Program, o backends.Options, h Host, program string) (*Group, error) {
	units := newUnits(p, o, backends.Layout{}, h)
	first := units[0]
	if first.o.Schedule != "" {
		return nil, fmt.Errorf("%s has a `schedule`, and nobody but systemd starts a run by the clock: leave it out and apply it from cron, or run `flowc run` there", p.Name)
	}
	g := &Group{Pipeline: p.Name, Hash: first.app.Hash, Program: program, User: first.o.User, Group: first.o.Group}
	for _, u := range units {
		g.Processes = append(g.Processes, u.process())
	}
	return g, nil
}

// process is the unit as a process of a group.
func (u *unit) process() Process {
	a := u.app
	p := Process{Name: u.name(), Args: u.args(), Grace: a.Grace.Round(time.Second).String(), Environment: map[string]string{}, Ports: map[string]string{}}
	p.Environment["GOMEMLIMIT"] = strconv.FormatInt(a.GoMemory>>20, 10) + "MiB"
	name, value, _ := strings.Cut(dieOfFaults, "=")
	p.Environment[name] = value
	if u.o.CPU > 0 {
		p.Environment["GOMAXPROCS"] = strconv.Itoa(int(math.Ceil(u.o.CPU)))
	}
	if text := assignments(u.settings()); text != "" {
		p.Environment["FLOWC_SET"] = text
	}
	for _, v := range a.Env {
		if v.Secret {
			p.Secrets = append(p.Secrets, v.Name)
		} else {
			p.Environment[v.Name] = v.Value
		}
	}
	p.SecretsFile = u.environmentFile()
	p.Links = u.links()
	for _, f := range a.SecretFiles {
		if p.Credentials == nil {
			p.Credentials = map[string]string{}
		}
		p.Credentials[path.Base(f.Path)] = u.credential(f)
	}
	for _, port := range a.Ports {
		if !port.Pages {
			p.Ports[port.Name] = ":" + strconv.Itoa(port.Number)
		} else if u.serves() {
			p.Ports[port.Name] = u.pages()
		}
	}
	return p
}

// assignments are settings as FLOWC_SET has them, one a line.
func assignments(all []manifest.Setting) string {
	var lines []string
	for _, a := range all {
		lines = append(lines, a.Key+"="+a.Value)
	}
	return strings.Join(lines, "\n")
}
