package http

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A Source serves HTTP. A request is a batch; its handler waits until the
// engine says what became of it.
type Source struct {
	config SourceConfig
	input  connect.Input
	server *http.Server
	addr   net.Addr

	requests chan *request
	draining atomic.Bool
	closed   chan struct{}
	failed   chan error // of the server itself
	free     chan *request
}

// NewSource returns the source.
func NewSource(c SourceConfig, in connect.Input) (flow.Source, error) {
	switch {
	case c.Listen == "":
		return nil, errors.New("listen is empty: give an address like 127.0.0.1:8080")
	case c.Path == "" || c.Path[0] != '/':
		return nil, fmt.Errorf("path %q does not begin with a slash", c.Path)
	case c.MaxBody <= 0 || c.MaxRequests <= 0:
		return nil, errors.New("max_body and max_requests must be larger than 0")
	case (c.TLS.Cert == "") != (c.TLS.Key == ""):
		return nil, errors.New("tls needs both cert and key")
	case c.TLS.ClientCA != "" && c.TLS.Cert == "":
		return nil, errors.New("tls.client_ca needs cert and key as well")
	}
	s := &Source{
		config: c, input: in,
		requests: make(chan *request, c.MaxRequests),
		closed:   make(chan struct{}), failed: make(chan error, 1),
		free: make(chan *request, min(c.MaxRequests, 256)),
	}
	s.server = &http.Server{
		Handler:           http.HandlerFunc(s.serve),
		ReadHeaderTimeout: c.ReadTimeout, ReadTimeout: c.ReadTimeout, IdleTimeout: c.IdleTimeout,
		// An answer may be as late as the sinks are; only then does writing it
		// begin.
		WriteTimeout:   c.ReadTimeout + c.AnswerTimeout + 10*time.Second,
		MaxHeaderBytes: 64 << 10,
	}
	return s, nil
}

// Answers says that each sender waits for what became of its records.
func (s *Source) Answers() {}

// Endless says that a server never ends by itself.
func (s *Source) Endless() bool { return true }

// Open listens.
func (s *Source) Open(ctx context.Context) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.config.Listen)
	if err != nil {
		return fmt.Errorf("can't listen on %s: %w", s.config.Listen, err)
	}
	s.addr = l.Addr()
	if s.config.TLS.Cert != "" {
		if s.server.TLSConfig, err = s.config.TLS.load(); err != nil {
			l.Close()
			return err
		}
		l = tls.NewListener(l, s.server.TLSConfig)
	}
	go func() { s.failed <- s.server.Serve(l) }()
	return nil
}

// load reads the files of a server's identity.
func (t ServerTLS) load() (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(t.Cert, t.Key)
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	if t.ClientCA != "" {
		pem, err := os.ReadFile(t.ClientCA)
		if err != nil {
			return nil, fmt.Errorf("tls.client_ca: %w", err)
		}
		c.ClientCAs = x509.NewCertPool()
		if !c.ClientCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls.client_ca: %s holds no certificate", t.ClientCA)
		}
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return c, nil
}

// Addr is where the source listens, once it is open: the port that the system
// chose for `:0`.
func (s *Source) Addr() net.Addr { return s.addr }

// Read takes the next request.
func (s *Source) Read(ctx context.Context, b *flow.Batch) error {
	select {
	case r := <-s.requests:
		r.fill(b)
		return nil
	default:
	}
	select {
	case r := <-s.requests:
		r.fill(b)
		return nil
	case <-ctx.Done():
		s.draining.Store(true) // who comes now is sent away
		return ctx.Err()
	case err := <-s.failed:
		return fmt.Errorf("the server on %s ended: %w", s.config.Listen, err)
	}
}

// Close sends away who waits and lets answers go out.
func (s *Source) Close(ctx context.Context) error {
	s.draining.Store(true)
	close(s.closed)
	for {
		select {
		case r := <-s.requests:
			r.finish(flow.ErrStopped)
			continue
		default:
		}
		break
	}
	if s.addr == nil { // never opened
		return nil
	}
	return s.server.Shutdown(ctx)
}

// Healthy tells whether requests are taken.
func (s *Source) Healthy(context.Context) error {
	if s.draining.Load() {
		return errors.New("the program is stopping")
	}
	return nil
}
