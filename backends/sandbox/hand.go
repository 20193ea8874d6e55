package sandbox

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// settingsVariable has settings of the program, one a line.
const settingsVariable = "FLOWC_SET"

// anyPassword is one that a sandbox takes, as it takes all others.
const anyPassword = "sandbox"

// Hand says what is handed to the pipeline: a variable for each that it reads of the
// services, and in FLOWC_SET what has to be another value than the pipeline's own. The
// services have ports.
func (n *Needs) Hand(services []sandbox.Service) ([]sandbox.Variable, []Problem) {
	h := &hand{pipeline: n.pipeline}
	for _, u := range n.uses {
		i := slices.IndexFunc(services, func(s sandbox.Service) bool { return s.Kind == u.kind })
		if i < 0 {
			continue // the user has left it out
		}
		h.address(u, services[i])
		h.login(u)
	}
	for _, c := range n.components {
		if i := slices.IndexFunc(services, func(s sandbox.Service) bool { return s.Kind == c.kind }); i >= 0 {
			h.component(c, services[i])
		}
	}
	for _, s := range services {
		for _, v := range Known(s) {
			if !slices.ContainsFunc(h.variables, func(have sandbox.Variable) bool { return have.Name == v.Name }) {
				h.variables = append(h.variables, v)
			}
		}
	}
	slices.SortFunc(h.variables, func(a, b sandbox.Variable) int { return cmp.Compare(a.Name, b.Name) })
	if len(h.settings) > 0 {
		h.variables = append(h.variables, sandbox.Variable{Name: settingsVariable, Value: strings.Join(h.settings, "\n"), For: strings.Join(h.changed, ", ")})
	}
	return h.variables, h.problems
}

// A hand is what is handed over, as it comes together.
type hand struct {
	pipeline          string
	variables         []sandbox.Variable
	settings, changed []string
	problems          []Problem
}

// set gives a variable its value.
func (h *hand) set(part ir.Part, val, why string) {
	for i := range h.variables {
		v := &h.variables[i]
		if v.Name != part.Text {
			continue
		}
		if v.Value != val {
			h.problems = append(h.problems, Problem{part.Span, fmt.Sprintf("the variable %s is to be %q for `%s` and %q for `%s`", part.Text, v.Value, v.For, val, why), "take a variable for each of them"})
		}
		if !slices.Contains(strings.Split(v.For, ", "), why) {
			v.For += ", " + why
		}
		return
	}
	h.variables = append(h.variables, sandbox.Variable{Name: part.Text, Value: val, For: why})
}

// override gives a setting another value.
func (h *hand) override(u use, s *ir.Setting, val string) {
	if u.name == "" {
		h.problems = append(h.problems, Problem{s.Span, fmt.Sprintf("`%s.%s` can't be set to the sandbox's from outside", u.node, s.Key), "read it from a variable as a whole: `${env:NAME}`"})
		return
	}
	line := h.pipeline + ":" + u.name + ".config." + s.Key + "=" + val
	if !slices.Contains(h.settings, line) {
		h.settings, h.changed = append(h.settings, line), append(h.changed, u.node+"."+s.Key)
	}
}

// address hands over where a service is.
func (h *hand) address(u use, s sandbox.Service) {
	if u.address == nil {
		return
	}
	why := u.node + "." + u.address.Key
	user, database := defaultUser, defaultDatabase
	var set []func()
	for _, v := range addresses(u.address.Value) {
		t := parse(u.kind, v)
		if t.ok && t.whole != "" {
			set = append(set, func() { h.set(t.vars[0], addressOf(s, defaultUser, defaultDatabase), why) })
			continue
		}
		user, database = cmp.Or(t.known(t.user), user), cmp.Or(t.known(t.database), database)
		if !t.ok || t.secure || !t.local() || t.localPort() && t.portNumber() != s.Port {
			h.override(u, u.address, addressOf(s, user, database))
			return
		}
		for _, part := range []struct{ of, val string }{
			{t.host, here}, {t.port, strconv.Itoa(s.Port)}, {t.user, defaultUser}, {t.password, anyPassword}, {t.database, defaultDatabase},
		} {
			if v, is := t.variable(part.of); is {
				val := part.val
				if part.of == t.user || part.of == t.database {
					val = cmp.Or(v.Default, val)
				}
				set = append(set, func() { h.set(*v, val, why) })
			}
		}
	}
	for _, f := range set {
		f()
	}
}

// isLogin tells whether a key says who somebody is.
func isLogin(key string) bool {
	switch key {
	case "user", "password", "token", "credentials", "sasl.user", "sasl.password", "sasl.mechanism":
		return true
	}
	return strings.HasPrefix(key, "tls.")
}

// login has a pipeline show the sandbox, which asks for nothing, no certificate and a
// login that it takes.
func (h *hand) login(u use) {
	for i := range u.config {
		s := &u.config[i]
		if !isLogin(s.Key) {
			continue
		}
		switch {
		case s.Key == "tls.enabled", s.Key == "tls.insecure":
			if s.Value.Text() != "false" {
				h.override(u, s, "false")
			}
		case s.Key == "sasl.mechanism", s.Key == "credentials", strings.HasPrefix(s.Key, "tls."):
			h.override(u, s, "")
		case s.Key == "sasl.user", s.Key == "user", s.Key == "password", s.Key == "token", s.Key == "sasl.password":
			files := false
			each(s.Value, func(p ir.Part) {
				files = files || p.Kind == ir.FileRef
				if p.Kind == ir.Env {
					h.set(p, anyPassword, u.node+"."+s.Key)
				}
			})
			if files {
				h.override(u, s, anyPassword)
			}
		}
	}
}

// Known are the variables that clients of a service know, on this machine.
func Known(s sandbox.Service) []sandbox.Variable { return knownAt(s, here, s.Port) }

func knownAt(s sandbox.Service, host string, port int) []sandbox.Variable {
	at := addressAt(s, host, port, defaultUser, defaultDatabase)
	switch s.Kind {
	case sandbox.Kafka:
		return []sandbox.Variable{{Name: "KAFKA_BROKERS", Value: at}}
	case sandbox.NATS:
		return []sandbox.Variable{{Name: "NATS_URL", Value: at}}
	case sandbox.Postgres:
		return []sandbox.Variable{{Name: "DATABASE_URL", Value: at}, {Name: "PGDATABASE", Value: defaultDatabase}, {Name: "PGHOST", Value: host}, {Name: "PGPORT", Value: strconv.Itoa(port)}, {Name: "PGUSER", Value: defaultUser}}
	case sandbox.Redis:
		return []sandbox.Variable{{Name: "REDIS_URL", Value: at}}
	case sandbox.S3:
		return []sandbox.Variable{
			{Name: "AWS_ACCESS_KEY_ID", Value: anyPassword}, {Name: "AWS_ENDPOINT_URL", Value: at}, {Name: "AWS_REGION", Value: "us-east-1"}, {Name: "AWS_SECRET_ACCESS_KEY", Value: anyPassword},
		}
	}
	return nil
}

// Tell tells the containers among services where the servers of the sandbox's own are: by
// the variables that clients know, where the file of services has none of that name. A server
// is called as its service is, as containers call each other.
func Tell(services []sandbox.Service) {
	var known []sandbox.Variable
	for i := range services {
		if s := &services[i]; s.Kind != sandbox.Container {
			s.Inner = ports[s.Kind]
			known = append(known, knownAt(*s, s.Name, s.Port)...)
		}
	}
	for _, s := range services {
		if s.Container == nil {
			continue
		}
		for _, v := range known {
			if !slices.ContainsFunc(s.Container.Env, func(e string) bool { name, _, _ := strings.Cut(e, "="); return name == v.Name }) {
				s.Container.Env = append(s.Container.Env, v.Name+"="+v.Value)
			}
		}
	}
}
