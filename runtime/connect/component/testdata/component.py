"""Components in Python, by the published protocol alone: a source of numbers, a processor
that writes payloads in capitals, and a consumer that notes what it gets.

    component.py source COUNT | processor | consumer FILE

The messages are those that protoc makes of flowctl.proto (flowctl_pb2.py, in PYTHONPATH).
"""

import os
import signal
import sys
import threading
from concurrent import futures

import grpc

import flowctl_pb2 as pb
from google.protobuf import empty_pb2

ROLES = {
    "source": (pb.COMPONENT_TYPE_SOURCE, "SourceService"),
    "processor": (pb.COMPONENT_TYPE_PROCESSOR, "ProcessorService"),
    "consumer": (pb.COMPONENT_TYPE_CONSUMER, "ConsumerService"),
}
role, rest = sys.argv[1], sys.argv[2:]
kind, service = ROLES[role]
saved = {}


def info(request=None, context=None):
    return pb.ComponentInfo(
        id=os.environ["FLOWCTL_COMPONENT_ID"],
        name="python-" + role,
        version="1.0.0",
        type=kind,
        endpoint=os.environ["PORT"],
        metadata={"max_concurrent": "1"},
    )


def health(request, context):
    return pb.HealthCheckResponse(status=pb.HEALTH_STATUS_HEALTHY)


def stream_events(request, context):
    """Three events a ledger, from START_LEDGER on, or behind the token."""
    first = (int(request.params.get("START_LEDGER") or "1") - 1) * 3
    for n in range(first, int(rest[0])):
        event = pb.Event(
            id=f"p{n}",
            type="test.text.v1",
            payload=f"number {n}".encode(),
            metadata={"origin": "python"},
            source_component_id="python-source",
            content_type="text/plain",
            stellar_cursor=pb.StellarCursor(ledger_sequence=n // 3 + 1, index_in_ledger=n % 3),
        )
        event.timestamp.FromSeconds(1_700_000_000 + n)
        yield event


def save_state(request, context):
    saved.update(request.state)
    return empty_pb2.Empty()


def get_state(request, context):
    return pb.StateResponse(state=saved, resume_token=saved.get("last_event_id", ""))


def process(events, context):
    for event in events:
        event.payload = event.payload.upper()
        event.source_component_id = "python"
        yield event


def consume(events, context):
    count = 0
    with open(rest[0], "a", encoding="utf-8") as notes:
        for event in events:
            count += 1
            cursor = event.stellar_cursor
            notes.write(
                "|".join(
                    [
                        event.id,
                        event.type,
                        event.payload.decode(),
                        event.metadata.get("origin", ""),
                        event.source_component_id,
                        event.content_type,
                        f"{cursor.ledger_sequence}.{cursor.index_in_ledger}",
                    ]
                )
                + "\n"
            )
    return pb.ConsumeResponse(events_consumed=count)


def unary(behaviour, request, response):
    return grpc.unary_unary_rpc_method_handler(
        behaviour, request_deserializer=request.FromString, response_serializer=response.SerializeToString
    )


def handlers():
    methods = {
        "GetInfo": unary(info, empty_pb2.Empty, pb.ComponentInfo),
        "HealthCheck": unary(health, pb.HealthCheckRequest, pb.HealthCheckResponse),
    }
    if role == "source":
        methods["StreamEvents"] = grpc.unary_stream_rpc_method_handler(
            stream_events, pb.StreamRequest.FromString, pb.Event.SerializeToString
        )
        methods["GetState"] = unary(get_state, pb.StateRequest, pb.StateResponse)
        methods["SaveState"] = unary(save_state, pb.SaveStateRequest, empty_pb2.Empty)
    if role == "processor":
        methods["Process"] = grpc.stream_stream_rpc_method_handler(
            process, pb.Event.FromString, pb.Event.SerializeToString
        )
    if role == "consumer":
        methods["Consume"] = grpc.stream_unary_rpc_method_handler(
            consume, pb.Event.FromString, pb.ConsumeResponse.SerializeToString
        )
    return grpc.method_handlers_generic_handler("flowctl.v1." + service, methods)


def main():
    control = grpc.insecure_channel(os.environ["FLOWCTL_ENDPOINT"])
    register = control.unary_unary(
        "/flowctl.v1.ControlPlaneService/RegisterComponent",
        request_serializer=pb.RegisterRequest.SerializeToString,
        response_deserializer=pb.RegisterResponse.FromString,
    )
    register(pb.RegisterRequest(component=info(), component_id=info().id))

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    server.add_generic_rpc_handlers((handlers(),))
    server.add_insecure_port("127.0.0.1" + os.environ["PORT"])
    server.start()
    end = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: end.set())
    end.wait()
    server.stop(grace=2).wait()


main()
