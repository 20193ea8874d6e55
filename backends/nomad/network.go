package nomad

import (
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir/diag"
)

// portLabel is the name of a port in a job, in whose names of variables a hyphen can't be.
func portLabel(p manifest.Port) string { return strings.ReplaceAll(p.Name, "-", "_") }

// network asks for the ports. Nomad chooses those of the client, unless the options say
// which, and records find their way by the service; what runs on the client as it is
// listens where its pipeline says.
func (u *unit) network() []*api.NetworkResource {
	n := &api.NetworkResource{}
	said := map[string]bool{}
	for _, p := range u.app.Ports {
		port := api.Port{Label: portLabel(p), Value: u.o.Ports[p.Name]}
		said[p.Name] = true
		if u.o.Driver == docker {
			port.To = p.Number
		} else if u.staysAt(p) {
			port.Value = p.Number
		}
		if port.Value > 0 {
			n.ReservedPorts = append(n.ReservedPorts, port)
		} else {
			n.DynamicPorts = append(n.DynamicPorts, port)
		}
	}
	n.DynamicPorts = append(n.DynamicPorts, u.besidePorts()...)
	for name := range u.o.Ports {
		if !said[name] {
			var names []string
			for _, p := range u.app.Ports {
				names = append(names, p.Name)
			}
			d := u.list.Errorf(diag.TargetOption, u.at("ports", name), "the program has no port `%s`", name)
			if !d.Near(name, names) {
				d.Helpf("its ports are %s", strings.Join(names, ", "))
			}
		}
	}
	return []*api.NetworkResource{n}
}

// staysAt tells whether a program without a container listens at the port that the
// pipeline says: all but the pages do, which a job moves out of the way.
func (u *unit) staysAt(p manifest.Port) bool { return !p.Pages }

// pagesAddress is where a program without a container has its pages: at the address
// that the client gives it.
func (u *unit) pagesAddress() string {
	return "${NOMAD_ADDR_" + portLabel(u.app.PagesPort()) + "}"
}

// services register the ports in Nomad's own catalogue, which is there without Consul.
// The pages tell whether the program is ready, which decides about a roll-out, and
// whether it is alive; one that is not is started again.
func (u *unit) services() []*api.Service {
	var all []*api.Service
	for _, p := range u.app.Ports {
		s := &api.Service{Name: u.portService(p), PortLabel: portLabel(p), Provider: "nomad", Tags: []string{"flowc"}}
		if p.Pages {
			s.Checks = []api.ServiceCheck{
				{Name: "ready", Type: "http", Path: "/readyz", Interval: 10 * time.Second, Timeout: 3 * time.Second},
				{
					Name: "alive", Type: "http", Path: "/livez", Interval: 10 * time.Second, Timeout: 3 * time.Second,
					CheckRestart: &api.CheckRestart{Limit: 3, Grace: new(30 * time.Second)},
				},
			}
		}
		all = append(all, s)
	}
	return all
}

// portService is what the catalogue calls a port.
func (u *unit) portService(p manifest.Port) string { return manifest.Label(u.service()+"-"+p.Name, 63) }

// assignments are those of the App, with the pages where the client puts them.
func (u *unit) assignments() string {
	if u.o.Driver == docker {
		return u.app.Assignments()
	}
	app := *u.app
	app.Settings = nil
	for _, s := range u.app.Settings {
		if s.Key != "telemetry.http" && !u.listens(s.Value) {
			app.Settings = append(app.Settings, s)
		}
	}
	app.Settings = append(app.Settings, manifest.Setting{Key: "telemetry.http", Value: u.pagesAddress()})
	return app.Assignments()
}

// listens tells whether a setting moves a port to all addresses, which a program that
// shares the client's network has no need of.
func (u *unit) listens(value string) bool {
	for _, p := range u.app.Ports {
		if value == ":"+strconv.Itoa(p.Number) {
			return true
		}
	}
	return false
}
