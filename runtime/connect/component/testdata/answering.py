"""A processor in Python that answers for each event, by flowc.proto alone: it writes payloads
in capitals, gives nothing for "drop", two for "twice", and fails at "fail".

    answering.py [frames]

With frames it speaks them at a unix socket, too, by the standard library and the messages that
protoc makes (flowctl_pb2.py and flowc_pb2.py, in PYTHONPATH).
"""

import os
import signal
import socket
import struct
import sys
import threading
from concurrent import futures

import grpc

import flowc_pb2 as fc
import flowctl_pb2 as pb
from google.protobuf import empty_pb2

INSTANCE = os.urandom(8).hex()
metadata = {"max_concurrent": "1", "flowc.v1": "acked", "flowc.v1.instance": INSTANCE}


def info(request=None, context=None):
    return pb.ComponentInfo(
        id=os.environ["FLOWCTL_COMPONENT_ID"],
        name="python-answering",
        type=pb.COMPONENT_TYPE_PROCESSOR,
        endpoint=os.environ["PORT"],
        metadata=metadata,
    )


def answers(messages):
    """What it says to what a pipeline says, whichever way that comes."""
    for message in messages:
        if message.HasField("open"):
            yield fc.FromComponent(ready=fc.Ready(events=1024, instance=INSTANCE))
            continue
        batch = message.batch
        answer = fc.Answer(number=batch.number)
        for place, event in enumerate(batch.events):
            if event.payload == b"fail":
                answer.failures.add(index=place, message="as it was asked to", code="asked")
                continue
            for _ in range({b"drop": 0, b"twice": 2}.get(event.payload, 1)):
                made = answer.events.add()
                made.CopyFrom(event)
                made.payload = event.payload.upper()
                answer.of.append(place)
        yield fc.FromComponent(answer=answer)


def exactly(connection, n):
    data = b""
    while len(data) < n:
        more = connection.recv(n - len(data))
        if not more:
            return None
        data += more
    return data


def frames(connection):
    """The messages that come in frames, until the pipeline has ended its half."""
    while True:
        head = exactly(connection, 4)
        if head is None:
            return
        yield fc.FromPipeline.FromString(exactly(connection, struct.unpack(">I", head)[0]))


def say(connection, message):
    data = message.SerializeToString()
    connection.sendall(struct.pack(">I", len(data)) + data)


def serve_socket(listener):
    while True:
        connection, _ = listener.accept()
        with connection:
            for message in answers(frames(connection)):
                say(connection, message)
            say(connection, fc.FromComponent(closed=fc.Closed()))
            print("a stream of frames has ended", file=sys.stderr, flush=True)


def main():
    if "frames" in sys.argv:
        name = "flowc-python-" + INSTANCE
        listener = socket.socket(socket.AF_UNIX)
        listener.bind("\0" + name)
        listener.listen()
        metadata["flowc.v1.socket"] = "@" + name
        threading.Thread(target=serve_socket, args=(listener,), daemon=True).start()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4), options=[("grpc.max_receive_message_length", 64 << 20)])
    server.add_generic_rpc_handlers((
        grpc.method_handlers_generic_handler("flowctl.v1.ProcessorService", {
            "GetInfo": grpc.unary_unary_rpc_method_handler(info, empty_pb2.Empty.FromString, pb.ComponentInfo.SerializeToString),
        }),
        grpc.method_handlers_generic_handler("flowc.v1.AckedService", {
            "Process": grpc.stream_stream_rpc_method_handler(
                lambda messages, context: answers(messages), fc.FromPipeline.FromString, fc.FromComponent.SerializeToString
            ),
        }),
    ))
    server.add_insecure_port("127.0.0.1" + os.environ["PORT"])
    server.start()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    threading.Event().wait()


main()
