package control

import (
	"context"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// A service answers what components and clients ask.
type service struct {
	proto.UnimplementedControlPlaneServiceServer
	registry *Registry
}

// RegisterComponent adds a component.
func (s *service) RegisterComponent(_ context.Context, r *proto.RegisterRequest) (*proto.RegisterResponse, error) {
	if r.GetComponent() == nil {
		return nil, status.Error(codes.InvalidArgument, "the request names no component")
	}
	id := s.registry.Register(r.GetComponentId(), r.GetComponent())
	return &proto.RegisterResponse{ServiceId: id}, nil
}

// UnregisterComponent forgets one.
func (s *service) UnregisterComponent(_ context.Context, r *proto.ServiceIdentifier) (*emptypb.Empty, error) {
	if !s.registry.Unregister(r.GetServiceId()) {
		return nil, unknown(r.GetServiceId())
	}
	return &emptypb.Empty{}, nil
}

// Heartbeat notes how one does.
func (s *service) Heartbeat(_ context.Context, r *proto.HeartbeatRequest) (*emptypb.Empty, error) {
	if !s.registry.Heartbeat(r.GetServiceId(), r.GetStatus(), r.GetMetrics()) {
		return nil, unknown(r.GetServiceId())
	}
	return &emptypb.Empty{}, nil
}

// GetComponentStatus says how one does.
func (s *service) GetComponentStatus(_ context.Context, r *proto.ServiceIdentifier) (*proto.ComponentStatusResponse, error) {
	found := s.registry.list(func(e *entry) bool { return e.id == r.GetServiceId() })
	if len(found) == 0 {
		return nil, unknown(r.GetServiceId())
	}
	return found[0].response(), nil
}

// DiscoverComponents lists those of a type, with any of some event types, and all of some
// metadata.
func (s *service) DiscoverComponents(_ context.Context, r *proto.DiscoveryRequest) (*proto.DiscoveryResponse, error) {
	out := &proto.DiscoveryResponse{}
	for _, e := range s.registry.list(func(e *entry) bool { return e.matches(r) }) {
		out.Components = append(out.Components, e.info)
	}
	return out, nil
}

func (e *entry) matches(r *proto.DiscoveryRequest) bool {
	if r.GetType() != proto.ComponentType_COMPONENT_TYPE_UNSPECIFIED && e.info.GetType() != r.GetType() {
		return false
	}
	for key, value := range r.GetMetadataFilters() {
		if have, ok := e.info.GetMetadata()[key]; !ok || have != value {
			return false
		}
	}
	return len(r.GetEventTypes()) == 0 || slices.ContainsFunc(r.GetEventTypes(), func(t string) bool {
		return slices.Contains(e.info.GetInputEventTypes(), t) || slices.Contains(e.info.GetOutputEventTypes(), t)
	})
}

// ListComponents lists all, or those of a type.
func (s *service) ListComponents(_ context.Context, r *proto.ListComponentsRequest) (*proto.ListComponentsResponse, error) {
	out := &proto.ListComponentsResponse{}
	for _, e := range s.registry.list(func(e *entry) bool {
		return (r.GetTypeFilter() == proto.ComponentType_COMPONENT_TYPE_UNSPECIFIED || e.info.GetType() == r.GetTypeFilter()) &&
			(r.GetIncludeUnhealthy() || e.status != proto.HealthStatus_HEALTH_STATUS_UNHEALTHY)
	}) {
		out.Components = append(out.Components, e.response())
	}
	return out, nil
}

func (e *entry) response() *proto.ComponentStatusResponse {
	return &proto.ComponentStatusResponse{
		Component: e.info, Status: e.status, Metrics: e.metrics,
		LastHeartbeat: timestamppb.New(e.heard), RegisteredAt: timestamppb.New(e.registered),
	}
}

func unknown(id string) error {
	return status.Errorf(codes.NotFound, "no component is registered under the service id %q", id)
}
