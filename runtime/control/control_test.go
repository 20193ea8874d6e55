package control

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/flowc-dev/flowc/runtime/proto"
)

func client(t *testing.T, p *Plane) proto.ControlPlaneServiceClient {
	t.Helper()
	conn, err := grpc.NewClient(p.Address(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return proto.NewControlPlaneServiceClient(conn)
}

// What components and clients ask of a control plane, over the wire.
func TestService(t *testing.T) {
	p, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	c, ctx := client(t, p), context.Background()
	register := func(id string, typ proto.ComponentType, gives string, metadata map[string]string) string {
		t.Helper()
		r, err := c.RegisterComponent(ctx, &proto.RegisterRequest{ComponentId: id, Component: &proto.ComponentInfo{Id: id, Type: typ, OutputEventTypes: []string{gives}, Metadata: metadata, Endpoint: ":1"}})
		if err != nil || r.GetServiceId() == "" {
			t.Fatal(r, err)
		}
		return r.GetServiceId()
	}
	a := register("a", proto.ComponentType_COMPONENT_TYPE_SOURCE, "x.v1", map[string]string{"net": "test", "zone": "1"})
	b := register("b", proto.ComponentType_COMPONENT_TYPE_PROCESSOR, "y.v1", map[string]string{"net": "main"})
	if a == b {
		t.Error("two have one id")
	}
	for _, q := range []struct {
		name string
		ask  *proto.DiscoveryRequest
		want int
	}{
		{"all", &proto.DiscoveryRequest{}, 2},
		{"of a type", &proto.DiscoveryRequest{Type: proto.ComponentType_COMPONENT_TYPE_SOURCE}, 1},
		{"any event type", &proto.DiscoveryRequest{EventTypes: []string{"y.v1", "z.v1"}}, 1},
		{"no event type", &proto.DiscoveryRequest{EventTypes: []string{"z.v1"}}, 0},
		{"all metadata", &proto.DiscoveryRequest{MetadataFilters: map[string]string{"net": "test", "zone": "1"}}, 1},
		{"not all metadata", &proto.DiscoveryRequest{MetadataFilters: map[string]string{"net": "test", "zone": "2"}}, 0},
	} {
		r, err := c.DiscoverComponents(ctx, q.ask)
		if err != nil || len(r.GetComponents()) != q.want {
			t.Errorf("%s: %v %v", q.name, r, err)
		}
	}
	if _, err := c.Heartbeat(ctx, &proto.HeartbeatRequest{ServiceId: b, Status: proto.HealthStatus_HEALTH_STATUS_UNHEALTHY, Metrics: map[string]string{"n": "1"}}); err != nil {
		t.Error(err)
	}
	s, err := c.GetComponentStatus(ctx, &proto.ServiceIdentifier{ServiceId: b})
	if err != nil || s.GetStatus() != proto.HealthStatus_HEALTH_STATUS_UNHEALTHY || s.GetMetrics()["n"] != "1" || s.GetComponent().GetId() != "b" || s.GetLastHeartbeat().AsTime().Before(s.GetRegisteredAt().AsTime()) {
		t.Error(s, err)
	}
	for healthy, want := range map[bool]int{false: 1, true: 2} {
		if r, err := c.ListComponents(ctx, &proto.ListComponentsRequest{IncludeUnhealthy: healthy}); err != nil || len(r.GetComponents()) != want {
			t.Errorf("with those that are not well %v: %v %v", healthy, r, err)
		}
	}
	if again := register("a", proto.ComponentType_COMPONENT_TYPE_SOURCE, "x.v1", nil); again == a {
		t.Error("who registers again has the old id")
	}
	if _, err := c.Heartbeat(ctx, &proto.HeartbeatRequest{ServiceId: a}); status.Code(err) != codes.NotFound {
		t.Errorf("a stale entry is there: %v", err)
	}
	if _, err := c.UnregisterComponent(ctx, &proto.ServiceIdentifier{ServiceId: b}); err != nil {
		t.Error(err)
	}
	for name, err := range map[string]error{
		"status":     second(c.GetComponentStatus(ctx, &proto.ServiceIdentifier{ServiceId: b})),
		"unregister": second(c.UnregisterComponent(ctx, &proto.ServiceIdentifier{ServiceId: b})),
	} {
		if status.Code(err) != codes.NotFound {
			t.Errorf("%s of an unknown one: %v", name, err)
		}
	}
	if _, err := c.RegisterComponent(ctx, &proto.RegisterRequest{}); status.Code(err) != codes.InvalidArgument {
		t.Error(err)
	}
}

func second[T any](_ T, err error) error { return err }

// A component is found by its id; else the one that registered since is it.
func TestRegistered(t *testing.T) {
	p, release, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if again, release, err := Embedded(); err != nil || again != p {
		t.Error("a program embeds two", err)
	} else {
		release()
	}
	ctx := context.Background()
	register(t, p, "earlier", &proto.ComponentInfo{Endpoint: "earlier:1"})
	mark := p.Registry.Mark()
	got := make(chan *proto.ComponentInfo)
	wait := func(id string) {
		info, err := p.Registered(ctx, id, mark)
		if err != nil {
			t.Error(err)
		}
		got <- info
	}
	go wait("node")
	register(t, p, "its-own-name", &proto.ComponentInfo{Endpoint: "own:1"})
	if info := <-got; info.GetEndpoint() != "own:1" {
		t.Error(info)
	}
	register(t, p, "", &proto.ComponentInfo{Id: "node", Endpoint: "node:1"})
	go wait("node")
	if info := <-got; info.GetEndpoint() != "node:1" {
		t.Error(info)
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := p.Registered(over, "node", p.Registry.Mark()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func register(t *testing.T, p *Plane, name string, info *proto.ComponentInfo) {
	t.Helper()
	if _, err := p.Registry.Register(t.Context(), name, "", info); err != nil {
		t.Fatal(err)
	}
}
