package http

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/secure"
	"github.com/flowc-dev/flowc/runtime/fresh"
)

// newClient returns a client that follows no redirect. A request may take as
// long as timeout, its answer included.
func newClient(timeout time.Duration, trust connect.ClientTLS) (*http.Client, error) {
	t, err := secure.Client(trust)
	if err != nil {
		return nil, err
	}
	// Connections that trust as they did before are not kept for more requests.
	transports := &transports{}
	if transports.made, err = fresh.Make(t, transports.next); err != nil {
		return nil, err
	}
	return &http.Client{
		Transport: transports,
		Timeout:   timeout,
		// A redirected POST would become a GET without its records.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// transports sends each request by a transport that trusts whom the program trusts
// at present.
type transports struct {
	made *fresh.Made[tls.Config, *http.Transport]
	last *http.Transport
}

// next makes the transport of a configuration.
func (t *transports) next(c *tls.Config) (*http.Transport, error) {
	if t.last != nil {
		t.last.CloseIdleConnections()
	}
	t.last = &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: c.Clone(), ForceAttemptHTTP2: true,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		MaxIdleConnsPerHost: 4, IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second,
	}
	return t.last, nil
}

// RoundTrip sends a request.
func (t *transports) RoundTrip(q *http.Request) (*http.Response, error) {
	return t.made.Get().RoundTrip(q)
}

// CloseIdleConnections closes those that no request uses.
func (t *transports) CloseIdleConnections() { t.made.Get().CloseIdleConnections() }

// access is how a client says who it is, and what else its requests say.
type access struct {
	token, user, password string
	headers               map[string]string
	// follows tells that some of it is what files say: who is refused may be let in
	// when they have changed.
	follows bool
}

// check finds what could not be sent.
func (a access) check() error {
	if a.token != "" && a.user != "" {
		return fmt.Errorf("token and user are two ways to say who it is: choose one")
	}
	for name, v := range a.headers {
		if err := checkHeader(name, ""); err != nil {
			return fmt.Errorf("headers: %w", err)
		}
		if checkHeader(name, v) != nil { // which is not shown: it may be a token
			return fmt.Errorf("headers: the value of %s has a control character in it, a line end perhaps", name)
		}
	}
	if checkHeader("Authorization", a.token) != nil {
		return fmt.Errorf("token has a control character in it, a line end perhaps")
	}
	return nil
}

// put sets the headers of a request.
func (a access) put(q *http.Request) {
	for k, v := range a.headers {
		if k == "Host" || k == "host" {
			q.Host = v
			continue
		}
		q.Header.Set(k, v)
	}
	switch {
	case a.token != "":
		q.Header.Set("Authorization", "Bearer "+a.token)
	case a.user != "":
		q.SetBasicAuth(a.user, a.password)
	}
}

// takeOff takes them off again, from a request that goes to another server.
func (a access) takeOff(q *http.Request) {
	for k := range a.headers {
		q.Header.Del(k)
	}
	q.Header.Del("Authorization")
	q.Header.Del("Referer") // the query may say who it is
	q.Host = ""
}
