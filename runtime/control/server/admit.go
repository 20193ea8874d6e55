package server

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// A Token is the present one that clients must show as a bearer's; it may change.
type Token func() []byte

// shown tells whether what a client shows is the token.
func (t Token) shown(authorization string) bool {
	if t == nil {
		return true
	}
	scheme, got, _ := strings.Cut(authorization, " ")
	want, have := sha256.Sum256(t()), sha256.Sum256([]byte(strings.TrimSpace(got)))
	return strings.EqualFold(scheme, "bearer") && subtle.ConstantTimeCompare(want[:], have[:]) == 1
}

const whatIsMissing = "this control plane wants a token: send it as `authorization: Bearer TOKEN`"

// admit lets those in who show the token. Probes ask for health without one.
func (s *Server) admit(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	if info.FullMethod != healthpb.Health_Check_FullMethodName && !s.admitted(ctx) {
		return nil, status.Error(codes.Unauthenticated, whatIsMissing)
	}
	return handle(ctx, request)
}

func (s *Server) admitStream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	if info.FullMethod != healthpb.Health_Watch_FullMethodName && !s.admitted(stream.Context()) {
		return status.Error(codes.Unauthenticated, whatIsMissing)
	}
	return handle(srv, stream)
}

func (s *Server) admitted(ctx context.Context) bool {
	if s.options.Token == nil {
		return true
	}
	sent, _ := metadata.FromIncomingContext(ctx)
	all := sent.Get("authorization")
	return len(all) == 1 && s.options.Token.shown(all[0])
}

// guard lets those see a page who show the token.
func (s *Server) guard(page http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.options.Token.shown(r.Header.Get("Authorization")) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="flowc"`)
			fail(w, http.StatusUnauthorized, whatIsMissing)
			return
		}
		page(w, r)
	}
}

// calls counts what was asked, by method and code.
type calls struct {
	mu    sync.Mutex
	count map[call]uint64
}

type call struct{ method, code string }

func (s *Server) count(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	response, err := handle(ctx, request)
	method := info.FullMethod[strings.LastIndexByte(info.FullMethod, '/')+1:]
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	if s.calls.count == nil {
		s.calls.count = map[call]uint64{}
	}
	s.calls.count[call{method, status.Code(err).String()}]++
	return response, err
}
