"""A processor in Python, by the published protocol alone: it writes payloads in capitals.

The messages are those that protoc makes of flowctl.proto (flowctl_pb2.py, in PYTHONPATH).
"""

import os
import threading
from concurrent import futures

import grpc

import flowctl_pb2 as pb
from google.protobuf import empty_pb2


def info():
    return pb.ComponentInfo(
        id=os.environ["FLOWCTL_COMPONENT_ID"],
        name="upper",
        type=pb.COMPONENT_TYPE_PROCESSOR,
        endpoint=os.environ["PORT"],
        metadata={"max_concurrent": "1"},
    )


def process(events, context):
    for event in events:
        event.payload = event.payload.upper()
        event.source_component_id = "python"
        yield event


def main():
    control = grpc.insecure_channel(os.environ["FLOWCTL_ENDPOINT"])
    register = control.unary_unary(
        "/flowctl.v1.ControlPlaneService/RegisterComponent",
        request_serializer=pb.RegisterRequest.SerializeToString,
        response_deserializer=pb.RegisterResponse.FromString,
    )
    register(pb.RegisterRequest(component=info(), component_id=info().id))

    handlers = {
        "GetInfo": grpc.unary_unary_rpc_method_handler(
            lambda request, context: info(),
            request_deserializer=empty_pb2.Empty.FromString,
            response_serializer=pb.ComponentInfo.SerializeToString,
        ),
        "Process": grpc.stream_stream_rpc_method_handler(
            process,
            request_deserializer=pb.Event.FromString,
            response_serializer=pb.Event.SerializeToString,
        ),
    }
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("flowctl.v1.ProcessorService", handlers),)
    )
    server.add_insecure_port("127.0.0.1" + os.environ["PORT"])
    server.start()
    threading.Event().wait()


main()
