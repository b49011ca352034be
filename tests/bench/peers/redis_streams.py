# SPDX-License-Identifier: Apache-2.0
"""Redis Streams: a stream and one consumer group; what is acknowledged is deleted."""
import peers

NAME = "redis-streams"
UNEQUAL = "keeps everything in memory; no identity, no second stream of results"
DURABLE = ("--appendonly", "yes", "--appendfsync", "always", "--save", "")


def missing(build_dir):
    return peers.lacks(build_dir, "bench_redis", "redis-server")


def measure(build_dir, directory, **load):
    port = peers.free_ports()
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(directory), *DURABLE]
    with peers.running(command, lambda: peers.answers(port, b"PING\r\n", b"+PONG")):
        return peers.drive(build_dir, "bench_redis", port, **load)
