# SPDX-License-Identifier: Apache-2.0
"""NATS JetStream: a file-backed stream with work-queue retention, one durable push consumer for all workers."""
import peers

NAME = "nats-jetstream"
UNEQUAL = "answers before it syncs (every two minutes as it comes); acks have no answer"


def missing(build_dir):
    return peers.lacks(build_dir, "bench_nats", "nats-server")


def measure(build_dir, directory, **load):
    port = peers.free_ports()
    command = ["nats-server", "--addr", "127.0.0.1", "--port", str(port), "--jetstream", "--store_dir", str(directory),
               "--log", str(directory) + "/log"]
    with peers.running(command, lambda: peers.answers(port, b"", b"INFO ")):
        return peers.drive(build_dir, "bench_nats", port, **load)
