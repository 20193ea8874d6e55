// Package server is a control plane that stands by itself: gRPC for components, and a view
// of the same over HTTP for people, probes and Prometheus.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	"github.com/flowc-dev/flowc/runtime/control"
	"github.com/flowc-dev/flowc/runtime/proto"
)

const (
	maxMessage  = 1 << 20          // bytes of a request: far more than the limits of its fields let it have
	handshake   = 10 * time.Second // for a client to say what it is
	silentAfter = 30 * time.Second // an idle client is asked whether it is there
	drain       = 5 * time.Second  // for answers that are on their way when the server ends
)

// Options say where and how it serves.
type Options struct {
	// Address is where gRPC is served, host:port. HTTP is where the view is; "" has none.
	Address, HTTP string
	// Registry is what it serves.
	Registry *control.Registry
	// Sweep is how often those are forgotten who have been silent for too long.
	Sweep time.Duration
	// TLS is nil for none.
	TLS *Certificates
	// Token is what clients must show; nil for none.
	Token Token
	// Log gets what is noticed.
	Log *slog.Logger
}

// A Server is one that listens.
type Server struct {
	// Address and HTTP are where it listens; HTTP is "" where there is no view.
	Address, HTTP string

	options Options
	grpc    *grpc.Server
	health  *health.Server
	http    *http.Server
	calls   calls
	failed  chan error
	stop    chan struct{}
	swept   sync.WaitGroup
}

// Start listens and serves, until Stop.
func Start(o Options) (*Server, error) {
	s := &Server{options: o, health: health.NewServer(), failed: make(chan error, 2), stop: make(chan struct{})}
	l, err := net.Listen("tcp", o.Address)
	if err != nil {
		return nil, err
	}
	var view net.Listener
	if o.HTTP != "" {
		if view, err = net.Listen("tcp", o.HTTP); err != nil {
			_ = l.Close()
			return nil, err
		}
		s.HTTP = view.Addr().String()
	}
	s.Address = l.Addr().String()

	more := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(maxMessage), grpc.ConnectionTimeout(handshake),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: silentAfter, Timeout: handshake}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.ChainUnaryInterceptor(s.count, s.admit), grpc.StreamInterceptor(s.admitStream),
	}
	if o.TLS != nil {
		more = append(more, grpc.Creds(credentials.NewTLS(o.TLS.config("h2"))))
	}
	s.grpc = grpc.NewServer(more...)
	control.Serve(s.grpc, o.Registry)
	healthpb.RegisterHealthServer(s.grpc, s.health)
	s.health.SetServingStatus(proto.ControlPlaneService_ServiceDesc.ServiceName, healthpb.HealthCheckResponse_SERVING)
	reflection.Register(s.grpc)
	go func() { s.failed <- s.grpc.Serve(l) }()

	if view != nil {
		s.http = &http.Server{Handler: s.view(), ReadHeaderTimeout: handshake, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn)}
		if o.TLS != nil {
			view = tls.NewListener(view, o.TLS.config("http/1.1"))
		}
		go func() {
			if err := s.http.Serve(view); !errors.Is(err, http.ErrServerClosed) {
				s.failed <- err
			}
		}()
	}
	if o.Sweep > 0 {
		s.swept.Go(s.sweep)
	}
	return s, nil
}

// sweep looks after those who are silent.
func (s *Server) sweep() {
	tick := time.NewTicker(s.options.Sweep)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.options.Registry.Sweep()
		case <-s.stop:
			return
		}
	}
}

// Wait waits until ctx ends, or the server can't go on.
func (s *Server) Wait(ctx context.Context) error {
	select {
	case err := <-s.failed:
		return err
	case <-ctx.Done():
		return nil
	}
}

// Stop ends it, after the answers that are on their way.
func (s *Server) Stop() {
	close(s.stop)
	s.swept.Wait()
	s.health.Shutdown()
	ended := make(chan struct{})
	go func() {
		s.grpc.GracefulStop()
		close(ended)
	}()
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	if s.http != nil {
		if err := s.http.Shutdown(ctx); err != nil {
			_ = s.http.Close()
		}
	}
	select {
	case <-ended:
	case <-ctx.Done():
		s.grpc.Stop() // who watches the health of the server goes on for ever
		<-ended
	}
}
