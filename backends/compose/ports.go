package compose

import (
	"encoding/json"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/backends/manifest"
)

// loopback is the address that ports are published on where nothing is said: Docker
// opens those of all addresses to the world, past the host's firewall.
const loopback = "127.0.0.1"

// A published port is one of the program's, and where the host has it: "address:port",
// "" for nowhere.
type published struct {
	manifest.Port
	host string
}

// ports are those of the program. The ones that take records are published, unless
// several copies would fight for one; the pages of telemetry are for what is on the
// same network.
func (u *unit) ports() []published {
	var all []published
	for _, p := range u.app.Ports {
		one := published{Port: p}
		said, ok := u.options.Publish[p.Name]
		switch {
		case ok:
			one.host = hostOf(said, p)
		case !p.Pages && u.options.Replicas <= 1:
			one.host = hostOf(true, p)
		}
		all = append(all, one)
	}
	return all
}

// hostOf reads what the options say of a port.
func hostOf(said any, p manifest.Port) string {
	switch v := said.(type) {
	case bool:
		if v {
			return net.JoinHostPort(loopback, strconv.Itoa(p.Number))
		}
	case json.Number:
		return net.JoinHostPort(loopback, v.String())
	case string:
		if !strings.Contains(v, ":") {
			return net.JoinHostPort(loopback, v)
		}
		return v
	}
	return ""
}

// host takes a place on the host apart: first and last are those of a range.
func (p published) parts() (address string, first, last int) {
	address, port, err := net.SplitHostPort(p.host)
	if err != nil {
		return p.host, 0, 0
	}
	from, to, ranged := strings.Cut(port, "-")
	first, _ = strconv.Atoi(from)
	last = first
	if ranged {
		last, _ = strconv.Atoi(to)
	}
	return address, first, last
}

// isPublished tells whether anything is.
func (u *unit) isPublished() bool {
	return slices.ContainsFunc(u.ports(), func(p published) bool { return p.host != "" })
}

// isolated tells whether the program needs nothing outside and nobody needs it: then
// its network ends at the host. On such a network nothing can be published.
func (u *unit) isolated() bool {
	return len(u.app.Endpoints) == 0 && !u.isPublished() && len(u.options.Networks) == 0
}

// joined are the networks of the service, none for the project's default one.
func (u *unit) joined() []string {
	if u.isolated() {
		return []string{u.app.Name}
	}
	if len(u.options.Networks) == 0 {
		return nil
	}
	all := u.options.Networks
	if u.isPublished() && !slices.Contains(all, "default") {
		all = append([]string{"default"}, all...) // what others made may be internal
	}
	return all
}

// networks are those that the file must declare.
func (u *unit) networks() map[string]Network {
	all := map[string]Network{}
	if u.isolated() {
		all[u.app.Name] = Network{Internal: true}
	}
	for _, name := range u.options.Networks {
		if name != "default" {
			all[name] = Network{External: true}
		}
	}
	return all
}
