package nats

import (
	"net/url"
	"strings"

	"github.com/flowc-dev/flowc/runtime/fresh"
)

// A login is who the program is, and the place of the server, in which that may stand
// as well.
type login struct{ url, user, password, token string }

func (c SourceConfig) access(node string) access {
	now := fresh.Or(&c, c.Fresh)
	return access{node, c.Credentials, c.TLS, func() login { c := now(); return login{c.URL, c.User, c.Password, c.Token} }}
}

func (c SinkConfig) access(node string) access {
	now := fresh.Or(&c, c.Fresh)
	return access{node, c.Credentials, c.TLS, func() login { c := now(); return login{c.URL, c.User, c.Password, c.Token} }}
}

func (c StoreConfig) access(node string) access {
	now := fresh.Or(&c, c.Fresh)
	return access{node, c.Credentials, c.TLS, func() login { c := now(); return login{c.URL, c.User, c.Password, c.Token} }}
}

func (c EdgeSourceConfig) access(node string) access {
	now := fresh.Or(&c, c.Fresh)
	return access{node, c.Credentials, c.TLS, func() login { c := now(); return login{c.URL, c.User, c.Password, c.Token} }}
}

func (c EdgeSinkConfig) access(node string) access {
	now := fresh.Or(&c, c.Fresh)
	return access{node, c.Credentials, c.TLS, func() login { c := now(); return login{c.URL, c.User, c.Password, c.Token} }}
}

// inURL is who the url says that the program is: what stands before the @ of each
// server, as far as it is the same for all; nil where there is nothing.
func (l login) inURL() *url.Userinfo {
	var who *url.Userinfo
	first := true
	for one := range strings.SplitSeq(l.url, ",") {
		u, err := parseServer(strings.TrimSpace(one))
		if err != nil || u.User == nil || !first && u.User.String() != who.String() {
			return nil
		}
		who, first = u.User, false
	}
	return who
}

// who is the login without the place: what stands in the url wins.
func (l login) who() login {
	in := l.inURL()
	if in == nil {
		return login{user: l.user, password: l.password, token: l.token}
	}
	if password, ok := in.Password(); ok {
		return login{user: in.Username(), password: password}
	}
	return login{token: in.Username()}
}

// hosts is the place without the login, which is asked for at each connection: the
// client would keep the one in it for ever. Servers that have logins of their own keep
// them.
func (l login) hosts() string {
	if l.inURL() == nil {
		return l.url
	}
	var hosts []string
	for one := range strings.SplitSeq(l.url, ",") {
		u, err := parseServer(strings.TrimSpace(one))
		if err != nil {
			return l.url
		}
		u.User = nil
		hosts = append(hosts, u.String())
	}
	return strings.Join(hosts, ",")
}
