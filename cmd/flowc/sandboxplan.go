package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/backends/golang/build"
	infra "github.com/flowc-dev/flowc/backends/sandbox"
	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// A madePlan is a plan on its way to a sandbox's folder.
type madePlan struct {
	folder sandbox.Folder
	plan   *sandbox.Plan
	needs  *infra.Needs // nil without a pipeline
	// notes are what was left out.
	notes []string
	// report prints what can't be handed over.
	report func(diag.List) error
}

// embeddedKinds are those that --with takes.
var embeddedKinds = []string{sandbox.Kafka, sandbox.NATS, sandbox.Postgres, sandbox.Redis, sandbox.S3}

// make reads the files, and tells what the sandbox is to have. It has no ports yet.
func (c *sandboxStartCmd) make(a *app) (*madePlan, error) {
	pipeline, services, err := c.files(a)
	if err != nil {
		return nil, err
	}
	m := &madePlan{plan: &sandbox.Plan{}, report: a.report}
	var r *driver.Result
	dir := ""
	if pipeline != "" || services == "" {
		if r, err = (pipelineArg{File: pipeline, Overlay: c.Overlay, Env: c.Env}).compile(a); err != nil {
			return nil, err
		}
		m.needs = infra.Of(r.Program, os.LookupEnv)
		m.plan.Services, dir = m.needs.Services, r.Dir
		m.plan.From = append(m.plan.From, r.Program.Files[0].Path)
	}
	if services != "" {
		declared, l, err := driver.Services(services, os.LookupEnv)
		if err != nil {
			return nil, usage(err)
		}
		if err := a.report(l); err != nil {
			return nil, err
		}
		more, notes := infra.Services(declared, c.Containers)
		m.plan.Services, m.notes = infra.Add(m.plan.Services, more), notes
		if r == nil {
			dir = filepath.Dir(services)
		}
		abs, err := filepath.Abs(services)
		if err != nil {
			return nil, environment(err)
		}
		m.plan.From = append(m.plan.From, abs)
	} else if c.Containers {
		return nil, usage(errors.New("--containers is about a file of services, which says the images: --services FILE"))
	}
	if err := c.choose(m.plan); err != nil {
		return nil, err
	}
	if m.folder, err = sandboxIn(orWord(dir, ".")); err != nil {
		return nil, err
	}
	m.plan.Folder = filepath.Dir(filepath.Dir(string(m.folder)))
	sum := sha256.Sum256([]byte(m.plan.Folder))
	m.plan.ID = hex.EncodeToString(sum[:5])
	if m.needs != nil {
		m.outside(a)
	}
	for _, note := range m.notes {
		fmt.Fprintln(a.stderr, "note:", note)
	}
	if r == nil || c.ServicesOnly {
		if len(m.plan.Services) == 0 {
			return nil, usage(errors.New("there is nothing to start: the pipeline reads and writes nothing that a sandbox has; --with redis starts something for its components"))
		}
		return m, nil
	}
	binary, _, err := a.build(r, build.Request{})
	if err != nil {
		return nil, err
	}
	m.plan.Program = &sandbox.Program{Name: r.Program.Name, Binary: binary, Grace: r.Program.Delivery.Drain + int64(5*time.Second)}
	if slices.ContainsFunc(m.plan.Services, func(s sandbox.Service) bool { return s.Name == r.Program.Name }) {
		m.plan.Program.Name = r.Program.Name + "-pipeline"
	}
	return m, nil
}

// files tells the pipeline from the services. Without any it is what was started last here.
func (c *sandboxStartCmd) files(a *app) (pipeline, services string, err error) {
	files := slices.Clone(c.Files)
	if c.Pipeline != "" {
		a.called("flowc sandbox start %s", c.Pipeline)
		files = append(files, c.Pipeline)
	}
	services = c.Services
	if len(files) == 0 && services == "" {
		if files, err = lastFiles(); err != nil {
			return "", "", err
		}
	}
	for _, f := range files {
		to := &pipeline
		if driver.IsServices(f) {
			to = &services
		}
		if *to != "" && *to != f {
			return "", "", usage(fmt.Errorf("there are two of a kind, %s and %s: name one pipeline, and one file of services", *to, f))
		}
		*to = f
	}
	return pipeline, services, nil
}

// lastFiles are those that the sandbox that is meant was started with, none where there is
// none.
func lastFiles() ([]string, error) {
	f, err := folderArg{}.find()
	if err != nil {
		return nil, err
	}
	plan, err := f.Plan()
	if err != nil {
		return nil, environment(err)
	}
	if plan == nil || slices.ContainsFunc(plan.From, missingFile) {
		return nil, nil
	}
	return plan.From, nil
}

// missingFile tells whether a file is gone.
func missingFile(file string) bool {
	_, err := os.Stat(file)
	return err != nil
}

// choose adds what --with names, and removes what --without names.
func (c *sandboxStartCmd) choose(plan *sandbox.Plan) error {
	for _, kind := range c.With {
		if !slices.Contains(embeddedKinds, kind) {
			text := fmt.Sprintf("--with %s: there are %s", kind, commas(embeddedKinds))
			if near := diag.Nearest(kind, embeddedKinds); near != "" {
				text = fmt.Sprintf("--with %s: did you mean %q? There are %s", kind, near, commas(embeddedKinds))
			}
			return usage(errors.New(text))
		}
		plan.Services = infra.Add(plan.Services, []sandbox.Service{{Name: kind, Kind: kind, Why: []string{"--with"}}})
	}
	for _, name := range c.Without {
		i := slices.IndexFunc(plan.Services, func(s sandbox.Service) bool { return s.Name == name })
		if i < 0 {
			_, err := serviceOf(plan, name)
			return err
		}
		plan.Services = slices.Delete(plan.Services, i, i+1)
	}
	return nil
}

// outside says which variables the pipeline reads that nobody gives it.
func (m *madePlan) outside(a *app) {
	for _, o := range m.needs.Outside {
		if _, ok := os.LookupEnv(o.Name); !ok && !o.Default {
			fmt.Fprintf(a.stderr, "flowc: warning: %s reads the variable %s, which is not set and none of a sandbox's\n", o.For, o.Name)
		}
	}
}

// takePorts gives each service its port: the one that somebody names, else the one that it
// had before, else a free one. What is handed to the pipeline is known then.
func (m *madePlan) takePorts(before *sandbox.Plan) error {
	taken := map[int]string{}
	for i := range m.plan.Services {
		s := &m.plan.Services[i]
		if s.Fixed {
			if other, ok := taken[s.Port]; ok {
				return usage(fmt.Errorf("%s and %s both ask for the port %d", other, s.Name, s.Port))
			}
			taken[s.Port] = s.Name
			if err := portFree(s.Port); err != nil {
				return environment(fmt.Errorf("%s is to listen on port %d of this machine, where somebody listens already: end that, or have the address come from outside (`${env:NAME}`), and the sandbox takes a free one", s.Name, s.Port))
			}
		}
		if s.Container != nil {
			if err := publish(s, taken); err != nil {
				return err
			}
		}
	}
	for i := range m.plan.Services {
		s := &m.plan.Services[i]
		if s.Fixed || s.Kind == sandbox.Container {
			continue
		}
		if before != nil {
			for _, b := range before.Services {
				if _, ok := taken[b.Port]; b.Name == s.Name && b.Kind == s.Kind && b.Port != 0 && !ok && portFree(b.Port) == nil {
					s.Port = b.Port
				}
			}
		}
		for s.Port == 0 {
			port, err := unusedPort()
			if err != nil {
				return environment(err)
			}
			if _, ok := taken[port]; !ok {
				s.Port = port
			}
		}
		taken[s.Port] = s.Name
	}
	infra.Tell(m.plan.Services)
	// How far a pipeline is with the sandbox's topics says nothing of others.
	m.plan.Env = []sandbox.Variable{{Name: "FLOWC_STATE", Value: m.folder.Path("state"), For: "checkpoints"}}
	if m.needs == nil {
		for _, s := range m.plan.Services {
			m.plan.Env = append(m.plan.Env, infra.Known(s)...)
		}
		return nil
	}
	env, problems := m.needs.Hand(m.plan.Services)
	var l diag.List
	for _, p := range problems {
		l = append(l, diag.Warningf(diag.NotCarried, p.Span, "%s", p.Text).Helpf("%s", p.Help))
	}
	m.plan.Env = append(m.plan.Env, env...)
	return m.report(l)
}

// publish gives the ports of a container that nobody has named ones that are free.
func publish(s *sandbox.Service, taken map[int]string) error {
	for i, p := range s.Container.Publish {
		parts := strings.Split(p, ":")
		port, err := strconv.Atoi(parts[1])
		if err != nil {
			return bug(err)
		}
		if other, ok := taken[port]; ok {
			return usage(fmt.Errorf("%s and %s both ask for the port %d", other, s.Name, port))
		}
		if port == 0 {
			if port, err = unusedPort(); err != nil {
				return environment(err)
			}
		} else if portFree(port) != nil {
			return environment(fmt.Errorf("%s is to listen on port %d of this machine, where somebody listens already: end that, or name another port in %s", s.Name, port, strings.Join(s.Why, ", ")))
		}
		taken[port] = s.Name
		s.Container.Publish[i] = fmt.Sprintf("127.0.0.1:%d:%s", port, parts[2])
	}
	return nil
}

// portFree tells whether nobody listens on a port of this machine.
func portFree(port int) error {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	return l.Close()
}

// digest tells plans apart that have no ports yet but those that somebody named.
func digest(p *sandbox.Plan) string {
	q := *p
	if p.Program != nil {
		// It lies elsewhere each time that it is built anew, and the folder has a copy of it.
		program := *p.Program
		program.Binary = contents(program.Binary)
		q.Program = &program
	}
	text, err := json.Marshal(q)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// contents is the digest of a file, "" where it can't be read.
func contents(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
