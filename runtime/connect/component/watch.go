package component

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"

	"github.com/flowc-dev/flowc/runtime/proto"
	"github.com/flowc-dev/flowc/runtime/supervise"
)

// patience is how many intervals a component may be silent, or say that it is not well, before
// it is taken for hung; as many again it has to come back.
const patience = 3

// watch looks after a component of ours: where neither its health check nor its heartbeat
// says anything, or the first says that it is unhealthy (also the one by HTTP, where the node
// names its path), it is ended after a grace, so that
// whoever talks to it has it started again. Unknown is not unhealthy.
func (p *peer) watch(conn *grpc.ClientConn, process *supervise.Process) {
	tick := time.NewTicker(p.interval)
	defer tick.Stop()
	bad := 0
	for {
		select {
		case <-process.Done():
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), p.interval)
		state, err := p.health(ctx, conn)
		ill := p.healthCheck != "" && saysIll(ctx, "http://"+net.JoinHostPort("127.0.0.1", strconv.Itoa(p.healthPort))+"/"+strings.TrimPrefix(p.healthCheck, "/"))
		cancel()
		switch {
		case ill:
			bad++
		case err == nil && state != proto.HealthStatus_HEALTH_STATUS_UNHEALTHY:
			bad = 0
		case err != nil && p.plane.Registry.Heard(p.id, p.interval):
			bad = 0
		default:
			bad++
		}
		switch bad {
		case patience:
			p.keeper.Log("it has not been well for %s: it is ended in %s unless it comes back", patience*p.interval, patience*p.interval)
		case 2 * patience:
			p.keeper.Log("it is ended, because it has not come back")
			process.Stop(p.grace)
			return
		}
	}
}

// saysIll tells whether a component answers by HTTP that it is not well. One that answers
// nothing there, or that it knows no such path, has not said so: its port may be another one.
func saysIll(ctx context.Context, address string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	return answer.StatusCode >= http.StatusInternalServerError
}

// health asks a component how it does. One that knows no such question answers all the same.
func (p *peer) health(ctx context.Context, conn *grpc.ClientConn) (proto.HealthStatus, error) {
	var r *proto.HealthCheckResponse
	var err error
	switch p.role {
	case proto.ComponentType_COMPONENT_TYPE_SOURCE:
		r, err = proto.NewSourceServiceClient(conn).HealthCheck(ctx, &proto.HealthCheckRequest{})
	case proto.ComponentType_COMPONENT_TYPE_PROCESSOR:
		r, err = proto.NewProcessorServiceClient(conn).HealthCheck(ctx, &proto.HealthCheckRequest{})
	default:
		r, err = proto.NewConsumerServiceClient(conn).HealthCheck(ctx, &proto.HealthCheckRequest{})
	}
	if unimplemented(err) {
		return proto.HealthStatus_HEALTH_STATUS_UNKNOWN, nil
	}
	return r.GetStatus(), err
}
