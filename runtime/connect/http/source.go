package http

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/fresh"
)

// A Source serves HTTP. A request is a batch; its handler waits until the
// engine says what became of it.
type Source struct {
	config SourceConfig
	input  connect.Input
	server *http.Server
	addr   net.Addr

	listener *listener
	guard    *fresh.Made[SourceConfig, guard]
	keys     *keys // of requests that may come again; nil where none is known

	// requests are those that have been taken and not been read. It has room for
	// all that may wait.
	requests chan *request
	waiting  atomic.Int64 // requests that wait for their answer
	bytes    atomic.Int64 // reserved for their buffers, and those of free
	room     int64        // for them
	free     chan *request
	patience patience

	watch    sync.Once
	draining atomic.Bool
	failed   chan error // of the server itself
}

// NewSource returns the source that the config asks for: one that listens, or one
// that asks.
func NewSource(c SourceConfig, in connect.Input) (flow.Source, error) {
	switch {
	case c.Listen != "" && c.URL != "":
		return nil, errors.New("listen takes requests and url asks for records: give one of them")
	case c.URL != "":
		return newPolling(c, in)
	case c.IdempotencyKey != "":
		return newKeyed(c, in)
	}
	return newServer(c, in)
}

// newServer returns the source that listens.
func newServer(c SourceConfig, in connect.Input) (*Source, error) {
	switch {
	case c.Listen == "":
		return nil, errors.New("listen is empty: give an address like 127.0.0.1:8080, or the url to ask for records")
	case c.Path == "" || c.Path[0] != '/':
		return nil, fmt.Errorf("path %q does not begin with a slash", c.Path)
	case c.MaxBody <= 0 || c.MaxRequests <= 0 || c.MaxWaiting <= 0:
		return nil, errors.New("max_body, max_requests and max_waiting must be larger than 0")
	case c.ReadTimeout <= 0 || c.AnswerTimeout <= 0 || c.IdleTimeout <= 0:
		return nil, errors.New("read_timeout, answer_timeout and idle_timeout must be larger than 0")
	}
	if err := c.TLS.check(); err != nil {
		return nil, err
	}
	guard, err := fresh.Make(fresh.Or(&c, c.Fresh), c.guard)
	if err != nil {
		return nil, err
	}
	// A body and the lines that are made of it always find room, if they are
	// alone: `{}{}` becomes lines of three bytes each.
	room := max(c.MaxWaiting, 5*(c.MaxBody+1)/2+zipBytes)
	s := &Source{config: c, input: in, guard: guard, room: room, requests: make(chan *request, c.MaxRequests), free: make(chan *request, c.MaxRequests), failed: make(chan error, 1)}
	s.server = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: c.ReadTimeout, ReadTimeout: c.ReadTimeout, IdleTimeout: c.IdleTimeout,
		MaxHeaderBytes: 64 << 10, ConnContext: withConn,
		ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug), // what clients do wrong
	}
	return s, nil
}

// Answers says that each sender waits for what became of its records.
func (s *Source) Answers() {}

// Shared says that copies behind one address share the requests.
func (s *Source) Shared() {}

// Endless says that a server never ends by itself.
func (s *Source) Endless() bool { return true }

// Open listens.
func (s *Source) Open(ctx context.Context) error {
	secure, err := s.config.TLS.server()
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.config.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("the address %s is in use: end the program that listens there, or choose another one (--set %s.config.listen=…): %w", s.config.Listen, s.input.Node, err)
	}
	if err != nil {
		return fmt.Errorf("can't listen on %s: %w", s.config.Listen, err)
	}
	s.addr = l.Addr()
	s.listener = listen(l, connsPerRequest*s.config.MaxRequests)
	s.server.ConnState = s.listener.follow
	l = s.listener
	slog.Info("listening", "node", s.input.Node, "address", s.addr.String(), "path", s.config.Path)
	if secure != nil {
		s.server.TLSConfig = secure
		l = tls.NewListener(l, secure)
	}
	s.patience.begin(s.config.AnswerTimeout)
	go func() { s.failed <- s.server.Serve(l) }()
	return nil
}

// Addr is where the source listens, once it is open: the port that the system
// chose for `:0`.
func (s *Source) Addr() net.Addr { return s.addr }

// Read takes the next request.
func (s *Source) Read(ctx context.Context, b *flow.Batch) error {
	s.watch.Do(func() { context.AfterFunc(ctx, s.drain) })
	for {
		var r *request
		select {
		case r = <-s.requests:
		default:
			select {
			case r = <-s.requests:
			case <-ctx.Done():
				return ctx.Err()
			case err := <-s.failed:
				if ctx.Err() != nil { // it ended because the program does
					return ctx.Err()
				}
				return fmt.Errorf("the server on %s ended: %w", s.config.Listen, err)
			}
			// Other handlers that are about to hand on theirs go first: requests
			// that come together share one write and one fsync.
			runtime.Gosched()
		}
		if r.take() {
			r.fill(b)
			return nil
		}
	}
}

// drain sends away who comes from now on, and who was not read yet: nobody will
// read it any more.
func (s *Source) drain() {
	s.draining.Store(true)
	s.sendAway()
}

// sendAway answers the requests that were not read. A handler calls it as well
// when it finds out that it came too late, so that none is forgotten.
func (s *Source) sendAway() {
	for {
		select {
		case r := <-s.requests:
			if r.take() {
				r.finish(flow.ErrStopped)
			}
		default:
			return
		}
	}
}

// Close sends away who waits, and lets answers go out.
func (s *Source) Close(ctx context.Context) error {
	s.drain()
	if s.addr == nil { // never opened
		return nil
	}
	s.server.SetKeepAlivesEnabled(false)
	err := s.server.Shutdown(ctx)
	if err != nil {
		s.server.Close()
	}
	s.patience.end()
	s.listener.end()
	return err
}

// Healthy tells whether requests are taken.
func (s *Source) Healthy(context.Context) error {
	if s.draining.Load() {
		return errors.New("the program is stopping")
	}
	return nil
}
