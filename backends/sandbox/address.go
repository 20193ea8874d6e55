package sandbox

import (
	"cmp"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// What PostgreSQL has where nobody says anything else.
const (
	defaultUser     = "postgres"
	defaultDatabase = "postgres"
)

// defaultPorts are those of addresses without one.
var defaultPorts = map[string]string{sandbox.Kafka: "9092", sandbox.NATS: "4222", sandbox.Postgres: "5432", sandbox.Redis: "6379", sandbox.S3: "80"}

// A template is an address as a pipeline writes it: in its parts, each of which may be a
// variable of the environment.
type template struct {
	// ok tells that the parts are known; else the address has to be another one as a whole.
	ok bool
	// whole is the variable that the address is, "" where it is more than that.
	whole                                string
	host, port, user, password, database string
	// secure tells that it asks for TLS.
	secure bool
	kind   string
	vars   []ir.Part
}

// mark stands before and behind the number of a variable in a part.
const mark = "\x00"

// addresses are the single addresses of a value: its items, or the value itself.
func addresses(v *ir.Value) []*ir.Value {
	if v == nil {
		return nil
	}
	if v.Items != nil {
		return v.Items
	}
	return []*ir.Value{v}
}

// parse takes an address to pieces.
func parse(kind string, v *ir.Value) template {
	t := template{kind: kind}
	text := ""
	for _, p := range v.Parts {
		switch p.Kind {
		case ir.Literal:
			text += p.Text
		case ir.Env:
			text += mark + strconv.Itoa(len(t.vars)) + mark
			t.vars = append(t.vars, p)
		default:
			return t
		}
	}
	if len(v.Parts) == 1 && len(t.vars) == 1 {
		t.ok, t.whole = true, t.vars[0].Text
		return t
	}
	scheme, rest, ok := strings.Cut(text, "://")
	switch {
	case ok:
		t.secure = scheme == "tls" || scheme == "wss" || scheme == "https" || scheme == "rediss"
		t.ok = t.url(rest)
	case kind == sandbox.Postgres:
		t.ok = t.words(text)
	default:
		t.ok = t.url(text)
	}
	return t
}

// url reads [USER[:PASSWORD]@]HOST[:PORT][/DATABASE][?OPTIONS].
func (t *template) url(text string) bool {
	if strings.Contains(text, ",") {
		return false // of several servers a sandbox has one
	}
	text, options, _ := strings.Cut(text, "?")
	for option := range strings.SplitSeq(options, "&") {
		name, value, _ := strings.Cut(option, "=")
		switch {
		case name == "sslmode":
			t.secure = value != "disable" && value != "prefer" && value != "allow"
		case name == "host" || name == "port":
			return false
		}
	}
	text, t.database, _ = strings.Cut(text, "/")
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		t.user, t.password, _ = strings.Cut(text[:at], ":")
		text = text[at+1:]
	}
	t.host, t.port = text, ""
	if strings.HasPrefix(text, "[") {
		end := strings.IndexByte(text, ']')
		if end < 0 {
			return false
		}
		t.host, t.port = text[1:end], strings.TrimPrefix(text[end+1:], ":")
	} else if at := strings.LastIndexByte(text, ':'); at >= 0 {
		t.host, t.port = text[:at], text[at+1:]
	}
	return t.each()
}

// words reads host=… port=… dbname=… user=… password=….
func (t *template) words(text string) bool {
	t.host = "localhost"
	for word := range strings.FieldsSeq(text) {
		name, value, ok := strings.Cut(word, "=")
		if !ok || strings.HasPrefix(value, "'") {
			return false
		}
		switch name {
		case "host", "hostaddr":
			t.host = value
		case "port":
			t.port = value
		case "user":
			t.user = value
		case "password":
			t.password = value
		case "dbname":
			t.database = value
		case "sslmode":
			t.secure = value != "disable" && value != "prefer" && value != "allow"
		}
	}
	return t.each()
}

// each tells whether each part is a text or a variable, and no mixture.
func (t *template) each() bool {
	for _, part := range []string{t.host, t.port, t.user, t.password, t.database} {
		if _, is := t.variable(part); strings.Contains(part, mark) && !is {
			return false
		}
	}
	return true
}

// variable is the one that a part is.
func (t *template) variable(part string) (*ir.Part, bool) {
	if len(part) < 3 || part[:1] != mark || strings.Count(part, mark) != 2 || part[len(part)-1:] != mark {
		return nil, false
	}
	i, err := strconv.Atoi(part[1 : len(part)-1])
	if err != nil || i >= len(t.vars) {
		return nil, false
	}
	return &t.vars[i], true
}

// local tells whether the host is this machine, or may become it.
func (t *template) local() bool {
	if _, is := t.variable(t.host); is {
		return true
	}
	ip := net.ParseIP(t.host)
	return t.host == "localhost" || ip != nil && ip.IsLoopback()
}

// localPort tells whether the address names a port of this machine.
func (t *template) localPort() bool {
	if t.whole != "" || !t.local() || t.secure {
		return false
	}
	_, is := t.variable(t.port)
	return !is && t.portNumber() > 0
}

// portNumber is the port that it names, that of the kind where it names none; 0 for none.
func (t *template) portNumber() int {
	n, err := strconv.ParseUint(cmp.Or(t.port, defaultPorts[t.kind]), 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}

// known is what a part is for a sandbox: a text, or the default of the variable that it
// hands over.
func (t *template) known(part string) string {
	if v, is := t.variable(part); is {
		return v.Default
	}
	if strings.Contains(part, mark) {
		return ""
	}
	return part
}

// Address is that of a service as its clients write it.
func Address(s sandbox.Service) string { return addressOf(s, defaultUser, defaultDatabase) }

// here is where the services listen: on this machine's loopback.
const here = "127.0.0.1"

func addressOf(s sandbox.Service, user, database string) string {
	return addressAt(s, here, s.Port, user, database)
}

func addressAt(s sandbox.Service, host string, port int, user, database string) string {
	at := net.JoinHostPort(host, strconv.Itoa(port))
	switch s.Kind {
	case sandbox.NATS:
		return "nats://" + at
	case sandbox.Postgres:
		return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", user, at, database)
	case sandbox.Redis:
		for _, l := range s.Logins {
			if l.Password != "" {
				return fmt.Sprintf("redis://%s:%s@%s", l.User, l.Password, at)
			}
		}
		return "redis://" + at
	case sandbox.S3:
		return "http://" + at
	}
	return at
}

// each walks over all parts of a value.
func each(v *ir.Value, do func(ir.Part)) {
	if v == nil {
		return
	}
	for _, p := range v.Parts {
		do(p)
	}
	for _, i := range v.Items {
		each(i, do)
	}
	for _, e := range v.Entries {
		each(e.Value, do)
	}
}

// variables are the names of those that a value reads.
func variables(v *ir.Value) (names []string) {
	each(v, func(p ir.Part) {
		if p.Kind == ir.Env {
			names = append(names, p.Text)
		}
	})
	return names
}
