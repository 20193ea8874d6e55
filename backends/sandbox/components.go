package sandbox

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// What a variable of a component has of a service.
const (
	asURL      = "url"
	asAddress  = "address"
	asHost     = "host"
	asPort     = "port"
	asUser     = "user"
	asPassword = "password"
	asDatabase = "database"
	asBucket   = "bucket"
)

// customs are names that components commonly have for where a service is.
var customs = map[string]struct{ kind, has string }{
	"KAFKA_BROKERS": {sandbox.Kafka, asAddress}, "KAFKA_BROKER": {sandbox.Kafka, asAddress}, "KAFKA_ADDR": {sandbox.Kafka, asAddress},
	"KAFKA_BOOTSTRAP_SERVERS": {sandbox.Kafka, asAddress}, "BOOTSTRAP_SERVERS": {sandbox.Kafka, asAddress},
	"NATS_URL": {sandbox.NATS, asURL}, "NATS_ADDR": {sandbox.NATS, asAddress},
	"REDIS_URL": {sandbox.Redis, asURL}, "REDIS_ADDR": {sandbox.Redis, asAddress}, "REDIS_ADDRESS": {sandbox.Redis, asAddress},
	"REDIS_HOST": {sandbox.Redis, asHost}, "REDIS_PORT": {sandbox.Redis, asPort}, "REDIS_PASSWORD": {sandbox.Redis, asPassword},
	"DATABASE_URL": {sandbox.Postgres, asURL}, "POSTGRES_URL": {sandbox.Postgres, asURL}, "POSTGRES_DSN": {sandbox.Postgres, asURL},
	"POSTGRES_HOST": {sandbox.Postgres, asHost}, "POSTGRES_PORT": {sandbox.Postgres, asPort}, "POSTGRES_USER": {sandbox.Postgres, asUser},
	"POSTGRES_PASSWORD": {sandbox.Postgres, asPassword}, "POSTGRES_DB": {sandbox.Postgres, asDatabase}, "POSTGRES_DATABASE": {sandbox.Postgres, asDatabase},
	"PGHOST": {sandbox.Postgres, asHost}, "PGPORT": {sandbox.Postgres, asPort}, "PGUSER": {sandbox.Postgres, asUser}, "PGPASSWORD": {sandbox.Postgres, asPassword}, "PGDATABASE": {sandbox.Postgres, asDatabase},
	"S3_ENDPOINT": {sandbox.S3, asURL}, "S3_ENDPOINT_URL": {sandbox.S3, asURL}, "AWS_ENDPOINT_URL": {sandbox.S3, asURL}, "AWS_ENDPOINT_URL_S3": {sandbox.S3, asURL},
	"MINIO_ENDPOINT": {sandbox.S3, asAddress}, "S3_BUCKET": {sandbox.S3, asBucket}, "AWS_BUCKET": {sandbox.S3, asBucket}, "MINIO_BUCKET": {sandbox.S3, asBucket},
	"AWS_ACCESS_KEY_ID": {sandbox.S3, asUser}, "AWS_SECRET_ACCESS_KEY": {sandbox.S3, asPassword},
}

// schemes are those of addresses that say what they are of.
var schemes = map[string]string{
	"redis": sandbox.Redis, "rediss": sandbox.Redis, "postgres": sandbox.Postgres, "postgresql": sandbox.Postgres, "nats": sandbox.NATS, "kafka": sandbox.Kafka,
}

// A component's variable that is about a service.
type componentUse struct {
	kind, has, node string
	entry           ir.Entry
}

// component finds the services that a component in a process of its own needs, by what its
// variables are called, or by the scheme of an address.
func (n *Needs) component(node string, f *ir.Foreign, need func(kind, why string) *sandbox.Service) {
	for _, e := range f.Env {
		c := componentUse{node: node, entry: e}
		if known, ok := customs[e.Key]; ok {
			c.kind, c.has = known.kind, known.has
		} else if scheme, _, ok := strings.Cut(e.Value.Text(), "://"); ok && schemes[scheme] != "" && len(e.Value.Parts) > 0 && e.Value.Parts[0].Kind == ir.Literal {
			c.kind, c.has = schemes[scheme], asURL
		} else {
			continue
		}
		if (c.has == asUser || c.has == asPassword || c.has == asBucket) && n.not(f, c.kind) {
			continue // without an address it is not of a server here
		}
		s := need(c.kind, node)
		n.components = append(n.components, c)
		literal := e.Value.IsLiteral()
		switch {
		case c.has == asBucket && literal:
			addTo(&s.Buckets, e.Value.Text())
		case c.has == asDatabase && literal && e.Value.Text() != defaultDatabase:
			addTo(&s.Databases, e.Value.Text())
		case c.has == asUser && literal && c.kind == sandbox.Postgres && e.Value.Text() != defaultUser:
			s.Logins = append(s.Logins, sandbox.Login{User: e.Value.Text()})
		case c.has == asPassword && literal && c.kind == sandbox.Redis && e.Value.Text() != "":
			s.Logins = append(s.Logins, sandbox.Login{Password: e.Value.Text()})
		case c.has == asPort && literal && !s.Fixed:
			if port, err := strconv.ParseUint(e.Value.Text(), 10, 16); err == nil {
				s.Port, s.Fixed = int(port), true
			}
		case (c.has == asURL || c.has == asAddress) && !s.Fixed:
			if t := parse(c.kind, e.Value); t.ok && t.localPort() {
				s.Port, s.Fixed = t.portNumber(), true
			}
		}
	}
}

// not tells whether no variable of a component says where a service is.
func (n *Needs) not(f *ir.Foreign, kind string) bool {
	for _, e := range f.Env {
		if known, ok := customs[e.Key]; ok && known.kind == kind && (known.has == asURL || known.has == asAddress || known.has == asHost || known.has == asPort) {
			return false
		}
	}
	return true
}

// component hands over a variable of a component: one of the pipeline's environment that it
// is read from. What stands there as text stays so.
func (h *hand) component(c componentUse, s sandbox.Service) {
	why := c.node + ".env." + c.entry.Key
	v := c.entry.Value
	val := ""
	switch c.has {
	case asURL:
		val = Address(s)
	case asAddress:
		val = net.JoinHostPort(here, strconv.Itoa(s.Port))
	case asHost:
		val = here
	case asPort:
		val = strconv.Itoa(s.Port)
	case asUser:
		val = anyPassword
		if c.kind == sandbox.Postgres {
			val = defaultUser
		}
	case asPassword:
		val = anyPassword
	case asDatabase:
		val = defaultDatabase
	case asBucket:
		return
	}
	if len(v.Parts) == 1 && v.Parts[0].Kind == ir.Env {
		h.set(v.Parts[0], val, why)
		return
	}
	if c.has != asURL && c.has != asAddress && c.has != asHost {
		return
	}
	t := parse(c.kind, v)
	if c.has == asHost {
		t = template{ok: true, host: v.Text(), kind: c.kind, port: strconv.Itoa(s.Port)}
	}
	if t.ok && !t.secure && t.local() && t.portNumber() == s.Port && v.IsLiteral() {
		return // it is the sandbox's already
	}
	h.problems = append(h.problems, Problem{v.Span, fmt.Sprintf("the component `%s` is not given the sandbox's %s: its variable %s is %q", c.node, c.kind, c.entry.Key, shown(v)), fmt.Sprintf("read it from outside, so that it can be another one: `%s: ${env:%s:-…}`", c.entry.Key, c.entry.Key)})
}

// shown is a value for messages.
func shown(v *ir.Value) string {
	s := ""
	for _, p := range v.Parts {
		switch p.Kind {
		case ir.Literal:
			s += p.Text
		case ir.Env:
			s += "${env:" + p.Text + "}"
		case ir.FileRef:
			s += "${file:" + p.Text + "}"
		}
	}
	if v.Secret {
		return "***"
	}
	return s
}
