package nats

import (
	"crypto/x509"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/secure"
)

// An access is how to get to a server.
type access struct {
	node, credentials string
	tls               connect.ClientTLS
	// login is the present one, asked for at each connection.
	login func() login
}

// options checks the access and makes the client's options of it.
func (a *access) options() ([]nats.Option, error) {
	first := a.login()
	if strings.TrimSpace(first.url) == "" {
		return nil, errors.New("url is empty: give the address of a server, such as nats://localhost:4222")
	}
	for one := range strings.SplitSeq(first.url, ",") {
		if !isServer(strings.TrimSpace(one)) {
			return nil, errors.New("url is none of a NATS server, such as nats://localhost:4222 (it is not shown: there may be a password in it)")
		}
	}
	ways := 0
	for _, given := range []bool{first.user != "", first.token != "", a.credentials != ""} {
		if given {
			ways++
		}
	}
	if ways > 1 {
		return nil, errors.New("user, token and credentials are three ways to log in: choose one")
	}
	o := []nats.Option{
		nats.Name("flowc " + a.node), nats.MaxReconnects(-1), nats.ReconnectWait(reconnectWait), nats.Timeout(dialTimeout),
		// What can't go out now is not kept for later: who sends it is told.
		nats.ReconnectBufSize(-1), nats.PingInterval(10 * time.Second), nats.MaxPingsOutstanding(2),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { // what matters is returned where it happens
			slog.Debug("nats", "node", a.node, "error", err)
		}),
	}
	who := first.who()
	switch {
	case who.user != "":
		o = append(o, nats.UserInfoHandler(func() (user, password string) {
			now := a.login().who()
			return now.user, now.password
		}))
	case who.token != "":
		o = append(o, nats.TokenHandler(func() string { return a.login().who().token }))
	case a.credentials != "":
		o = append(o, nats.UserCredentials(a.credentials))
	}
	if !a.tls.IsZero() {
		c, err := secure.Client(a.tls)
		if err != nil {
			return nil, err
		}
		o = append(o, nats.Secure(c()), func(o *nats.Options) error {
			o.RootCAsCB = func() (*x509.CertPool, error) { return c().RootCAs, nil } // of each connection
			return nil
		})
	}
	return o, nil
}

// parseServer reads the place of one server, with or without a scheme.
func parseServer(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		text = "nats://" + text
	}
	return url.Parse(text)
}

// isServer tells whether a text is the place of a server.
func isServer(text string) bool {
	u, err := parseServer(text)
	if err != nil || u.Hostname() == "" || strings.ContainsAny(u.Hostname(), " '\"=") {
		return false
	}
	switch u.Scheme {
	case "nats", "tls", "ws", "wss":
		return true
	}
	return false
}

// servers is the url as it may be shown: the hosts alone.
func (a *access) servers() string {
	var shown []string
	for one := range strings.SplitSeq(a.login().url, ",") {
		one = strings.TrimSpace(one)
		u, err := parseServer(one)
		switch {
		case err != nil || u.Host == "":
			one = "the server"
		case strings.Contains(one, "://"):
			one = u.Scheme + "://" + u.Host
		default:
			one = u.Host
		}
		shown = append(shown, one)
	}
	return strings.Join(shown, ",")
}

// refusedLogin tells whether a server is there and does not let the program in.
func refusedLogin(err error) bool {
	return errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) || errors.Is(err, nats.ErrAuthRevoked) ||
		errors.Is(err, nats.ErrSecureConnRequired) || errors.Is(err, nats.ErrSecureConnWanted) || secure.Refused(err)
}
