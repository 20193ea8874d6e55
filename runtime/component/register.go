package component

import (
	"context"
	"log/slog"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// patience is how long one question to the control plane may take.
const patience = 5 * time.Second

// beRegistered registers with the control plane, where there is one, says how the component
// does until ctx ends, and takes leave then. It serves meanwhile, whether it is registered or
// not.
func (c *server) beRegistered(ctx context.Context) {
	if c.env.plane == "" {
		return
	}
	conn, err := grpc.NewClient(c.env.plane, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		slog.Error("the component can't be registered", "at", c.env.plane, "error", err)
		return
	}
	defer conn.Close()
	client := proto.NewControlPlaneServiceClient(conn)
	id, told := "", false
	for {
		pause := c.env.interval
		if id == "" {
			short, cancel := context.WithTimeout(ctx, patience)
			r, err := client.RegisterComponent(short, &proto.RegisterRequest{Component: c.info, ComponentId: c.info.GetId()})
			cancel()
			switch {
			case err == nil:
				id, told = r.GetServiceId(), false
			case !told && ctx.Err() == nil:
				told = true
				slog.Warn("the component is not registered yet, and tries again", "at", c.env.plane, "error", err)
			}
			if err != nil {
				pause = min(pause, time.Second)
			}
		}
		if id != "" {
			c.beat(ctx, client, &id)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			if id != "" {
				last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
				_, _ = client.UnregisterComponent(last, &proto.ServiceIdentifier{ServiceId: id}) // else it is forgotten when it is silent
				cancel()
			}
			return
		}
	}
}

// beat says how the component does. A control plane that does not know it any more was
// started again: it is registered anew.
func (c *server) beat(ctx context.Context, client proto.ControlPlaneServiceClient, id *string) {
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	state, _ := c.health(short)
	_, err := client.Heartbeat(short, &proto.HeartbeatRequest{ServiceId: *id, Status: state, Metrics: c.numbers()})
	if status.Code(err) == codes.NotFound {
		*id = ""
	}
}
