package control

import (
	"context"
	"errors"
	"net"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// Serve has a server answer what components and clients ask of a registry.
func Serve(s grpc.ServiceRegistrar, r *Registry) {
	proto.RegisterControlPlaneServiceServer(s, &service{registry: r})
}

// A service answers what components and clients ask.
type service struct {
	proto.UnimplementedControlPlaneServiceServer
	registry *Registry
}

// RegisterComponent adds a component.
func (s *service) RegisterComponent(ctx context.Context, r *proto.RegisterRequest) (*proto.RegisterResponse, error) {
	if r.GetComponent() == nil {
		return nil, status.Error(codes.InvalidArgument, "the request names no component")
	}
	if err := fits(r); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	id, err := s.registry.Register(ctx, r.GetComponentId(), hostOf(ctx), r.GetComponent())
	if err != nil {
		return nil, answer(id, err)
	}
	return &proto.RegisterResponse{ServiceId: id}, nil
}

// hostOf is where who asks is.
func hostOf(ctx context.Context) string {
	if p, ok := peer.FromContext(ctx); ok {
		if at, ok := p.Addr.(*net.TCPAddr); ok {
			return at.IP.String()
		}
	}
	return ""
}

// UnregisterComponent forgets one.
func (s *service) UnregisterComponent(ctx context.Context, r *proto.ServiceIdentifier) (*emptypb.Empty, error) {
	if err := s.registry.Unregister(ctx, r.GetServiceId()); err != nil {
		return nil, answer(r.GetServiceId(), err)
	}
	return &emptypb.Empty{}, nil
}

// Heartbeat notes how one does.
func (s *service) Heartbeat(ctx context.Context, r *proto.HeartbeatRequest) (*emptypb.Empty, error) {
	if err := small("metrics", r.GetMetrics()); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	if err := s.registry.Heartbeat(ctx, r.GetServiceId(), r.GetStatus(), r.GetMetrics()); err != nil {
		return nil, answer(r.GetServiceId(), err)
	}
	return &emptypb.Empty{}, nil
}

// answer is an error of the registry's as the client gets it.
func answer(id string, err error) error {
	switch {
	case errors.Is(err, ErrUnknown):
		return status.Errorf(codes.NotFound, "no component is registered under the service id %q", id)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return status.FromContextError(err).Err()
	}
	return status.Errorf(codes.Unavailable, "it can't be stored: %v", err)
}

// GetComponentStatus says how one does.
func (s *service) GetComponentStatus(_ context.Context, r *proto.ServiceIdentifier) (*proto.ComponentStatusResponse, error) {
	c, err := s.registry.Component(r.GetServiceId())
	if err != nil {
		return nil, answer(r.GetServiceId(), err)
	}
	return c.response(), nil
}

// DiscoverComponents lists those that can be used now: of a type, with any of some event
// types, and all of some metadata.
func (s *service) DiscoverComponents(_ context.Context, r *proto.DiscoveryRequest) (*proto.DiscoveryResponse, error) {
	out := &proto.DiscoveryResponse{}
	for _, c := range s.registry.Components(func(c *Component) bool { return c.matches(r) }) {
		out.Components = append(out.Components, c.Info)
	}
	return out, nil
}

func (c *Component) matches(r *proto.DiscoveryRequest) bool {
	if c.Info.GetMetadata()[KeyKind] != "" { // runs and their stages are looked at, and not wired
		return false
	}
	if c.Status == proto.HealthStatus_HEALTH_STATUS_UNHEALTHY || c.Status == proto.HealthStatus_HEALTH_STATUS_STOPPING {
		return false
	}
	if r.GetType() != proto.ComponentType_COMPONENT_TYPE_UNSPECIFIED && c.Info.GetType() != r.GetType() {
		return false
	}
	for key, value := range r.GetMetadataFilters() {
		if have, ok := c.Info.GetMetadata()[key]; !ok || have != value {
			return false
		}
	}
	return len(r.GetEventTypes()) == 0 || slices.ContainsFunc(r.GetEventTypes(), func(t string) bool {
		return slices.Contains(c.Info.GetInputEventTypes(), t) || slices.Contains(c.Info.GetOutputEventTypes(), t)
	})
}

// ListComponents lists all, or those of a type.
func (s *service) ListComponents(_ context.Context, r *proto.ListComponentsRequest) (*proto.ListComponentsResponse, error) {
	out := &proto.ListComponentsResponse{}
	for _, c := range s.registry.Components(func(c *Component) bool {
		return (r.GetTypeFilter() == proto.ComponentType_COMPONENT_TYPE_UNSPECIFIED || c.Info.GetType() == r.GetTypeFilter()) &&
			(r.GetIncludeUnhealthy() || c.Status != proto.HealthStatus_HEALTH_STATUS_UNHEALTHY)
	}) {
		out.Components = append(out.Components, c.response())
	}
	if r.GetIncludeUnhealthy() && r.GetTypeFilter() == proto.ComponentType_COMPONENT_TYPE_UNSPECIFIED {
		for _, c := range s.registry.Runs() {
			if !c.Ended.IsZero() {
				out.Components = append(out.Components, c.response())
			}
		}
	}
	return out, nil
}

func (c *Component) response() *proto.ComponentStatusResponse {
	return &proto.ComponentStatusResponse{
		Component: c.Info, Status: c.Status, Metrics: c.Metrics,
		LastHeartbeat: timestamppb.New(c.Heard), RegisteredAt: timestamppb.New(c.Registered),
	}
}
