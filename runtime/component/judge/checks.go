package judge

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// checks are all checks, in their order. What ends the component comes last.
var checks = []check{
	{"", "says what it is", "spc", info, "fill `type` of GetInfo, with the role whose service is served, and `id`; list event types as they stand in events", false},
	{"", "is healthy", "spc", health, "answer HealthCheck with HEALTH_STATUS_HEALTHY while all is well; UNKNOWN is taken for well, too", false},
	{"", "registers and beats", "spc", registered, "register with the control plane at FLOWCTL_ENDPOINT where ENABLE_FLOWCTL is true, under FLOWCTL_COMPONENT_ID, and send a heartbeat each FLOWCTL_HEARTBEAT_INTERVAL", false},

	{plain, "gives events", "s", plainGives, "give events in StreamEvents as soon as there are some, with an id and a type that `output_event_types` lists", false},
	{plain, "a slow reader", "s", plainSlow, "wait where Send waits: what has no room must not be dropped", false},
	{plain, "a second stream", "s", plainAgain, "serve StreamEvents again when a stream has ended: a pipeline that was started anew comes back", false},
	{plain, "order", "p", plainOrder, "answer events in the order in which they came, or leave max_concurrent out of the metadata: then one is given at a time", false},
	{plain, "the end of a stream", "p", plainEnd, "when the stream's input ends, answer what is at work before the call returns", false},
	{plain, "counts", "c", plainCounts, "count what Consume has received in `events_consumed`, and what could not be dealt with in `events_failed`", false},
	{plain, "garbage", "pc", plainGarbage, "an event that can't be read is an error of that event: tell it, and go on with the next one", false},
	{plain, "a large event", "pc", plainLarge, "let the server take large messages (in Go grpc.MaxRecvMsgSize, in Python grpc.max_receive_message_length)", false},
	{plain, "a broken stream", "pc", plainBroken, "end the work of a stream whose client is gone, and serve the next one", false},

	{acked, "answers", "pc", ackedAnswers, "answer each batch once, in their order, with `of` for each event where they are not one for one", false},
	{acked, "a slow reader", "pc", ackedSlow, "go on receiving while answers wait to be read, up to the events that `ready` grants", false},
	{acked, "the end of a stream", "pc", ackedEnd, "when the pipeline has ended its half, answer what is at work, then end the stream with OK", false},
	{acked, "garbage", "pc", ackedGarbage, "an event that can't be read is a `failure` of the answer, and the others of its batch are done", false},
	{acked, "a large event", "pc", ackedLarge, "let the server take messages of up to 64 MiB", false},
	{acked, "a broken stream", "pc", ackedBroken, "end the work of a stream whose client is gone, and serve the next one", false},
	{acked, "grants", "s", ackedGrants, "give as many events as `grant` says, all in all, and go on when there is another one", false},
	{acked, "positions", "s", ackedPositions, "go on behind the `position` of `open` with the same events in the same order", false},
	{acked, "a second stream", "s", ackedSecond, "serve Read again when a stream has ended or broken", false},
	{acked, "frames", "spc", ackedFrames, "have the server behind flowc.v1.socket answer `open` with `ready`, and with the `instance` that GetInfo says", false},
	{acked, "SIGTERM at work", "pc", ackedDrain, "when it is asked to end, answer what has been received, then end the stream with UNAVAILABLE", true},

	{"", "ends on SIGTERM", "spc", ends, "end with 0 within ten seconds of SIGTERM, also where a stream is open", true},
}

func info(_ context.Context, j *judge) outcome {
	switch t := j.info.GetType(); {
	case t == proto.ComponentType_COMPONENT_TYPE_UNSPECIFIED:
		return fail("its GetInfo leaves `type` out")
	case t != j.role:
		return fail("it serves the service of a %s, and says that it is a %s", names[j.role], names[t])
	case j.info.GetId() == "":
		return fail("its GetInfo has no `id`")
	}
	for _, t := range slices.Concat(j.info.GetInputEventTypes(), j.info.GetOutputEventTypes()) {
		if strings.TrimSpace(t) == "" || strings.ContainsAny(t, " \t\n") {
			return fail("%q can't be an event type", t)
		}
	}
	return pass("id %s, takes %s, gives %s", j.info.GetId(), list(j.info.GetInputEventTypes()), list(j.info.GetOutputEventTypes()))
}

func list(types []string) string {
	if len(types) == 0 {
		return "anything"
	}
	return strings.Join(types, ", ")
}

func health(ctx context.Context, j *judge) outcome {
	var r *proto.HealthCheckResponse
	var err error
	switch j.role {
	case proto.ComponentType_COMPONENT_TYPE_SOURCE:
		r, err = proto.NewSourceServiceClient(j.conn).HealthCheck(ctx, &proto.HealthCheckRequest{})
	case proto.ComponentType_COMPONENT_TYPE_PROCESSOR:
		r, err = proto.NewProcessorServiceClient(j.conn).HealthCheck(ctx, &proto.HealthCheckRequest{})
	default:
		r, err = proto.NewConsumerServiceClient(j.conn).HealthCheck(ctx, &proto.HealthCheckRequest{})
	}
	switch {
	case status.Code(err) == codes.Unimplemented:
		return skip("it has no HealthCheck")
	case err != nil:
		return fail("%s", reason(err))
	case r.GetStatus() == proto.HealthStatus_HEALTH_STATUS_UNHEALTHY:
		return fail("it says that it is unhealthy: %s", r.GetMessage())
	}
	return pass("%s", strings.ToLower(strings.TrimPrefix(r.GetStatus().String(), "HEALTH_STATUS_")))
}

func registered(ctx context.Context, j *judge) outcome {
	if j.Endpoint != "" {
		return skip("it was not started here, and registers elsewhere")
	}
	short, cancel := context.WithTimeout(ctx, j.Patience)
	defer cancel()
	if _, err := j.plane.Registered(short, "judged", 0); err != nil {
		return fail("it did not register within %s", j.Patience)
	}
	select {
	case <-time.After(2500 * time.Millisecond): // what was heard when it registered counts no more
	case <-short.Done():
	}
	if !j.plane.Registry.Heard("judged", 2*time.Second) {
		return fail("it registered, and no heartbeat came, although one a second was asked for")
	}
	return pass("and says how it does")
}

// ends asks the component to end while a stream is open.
func ends(ctx context.Context, j *judge) outcome {
	begun := time.Now()
	switch j.role {
	case proto.ComponentType_COMPONENT_TYPE_SOURCE:
		if s, err := proto.NewSourceServiceClient(j.conn).StreamEvents(ctx, &proto.StreamRequest{}); err == nil {
			go func() {
				for {
					if _, err := s.Recv(); err != nil {
						return
					}
				}
			}()
		}
	case proto.ComponentType_COMPONENT_TYPE_PROCESSOR:
		if s, err := proto.NewProcessorServiceClient(j.conn).Process(ctx); err == nil {
			go func() { _, _ = s.Recv() }() // its end
		}
	}
	p := j.process
	go p.Stop(j.Patience + 5*time.Second)
	select {
	case <-p.Done():
	case <-time.After(j.Patience):
		return fail("it did not end within %s", j.Patience)
	}
	if !p.Well() {
		return fail("it %s%s", p.State(), wrote(p.Last()))
	}
	return pass("after %s", time.Since(begun).Round(time.Millisecond))
}
