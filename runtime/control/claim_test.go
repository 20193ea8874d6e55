package control

import (
	"context"
	"testing"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// What registers late, under the id or at the port of another component of the program, is
// not taken for the one that is being started.
func TestClaim(t *testing.T) {
	p, release, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	first, free := p.Claim("worker", 7001)
	second, _ := p.Claim("worker", 7002)
	other, _ := p.Claim("other", 7003)
	if first != "worker" || second != "worker-2" || other != "other" {
		t.Fatal(first, second, other)
	}
	mark := p.Registry.Mark()
	register(t, p, "worker", &proto.ComponentInfo{Endpoint: ":50051"})   // takes no notice of its port
	register(t, p, "its-name", &proto.ComponentInfo{Endpoint: "h:7003"}) // nor this one of its id
	none, cancel := context.WithCancel(t.Context())
	cancel()
	if info, err := p.Registered(none, second, mark); err == nil {
		t.Errorf("%s is taken for %s", info, second)
	}
	for id, want := range map[string]string{first: ":50051", other: "h:7003"} {
		if info, err := p.Registered(t.Context(), id, mark); err != nil || info.GetEndpoint() != want {
			t.Errorf("%s: %v %v", id, info, err)
		}
	}
	register(t, p, "own", &proto.ComponentInfo{Endpoint: ":50052"})
	if info, err := p.Registered(t.Context(), second, mark); err != nil || info.GetEndpoint() != ":50052" {
		t.Errorf("%v %v", info, err)
	}
	free()
	if again, _ := p.Claim("worker", 0); again != "worker" {
		t.Error(again)
	}
}
