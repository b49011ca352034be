# SPDX-License-Identifier: Apache-2.0
"""The least on libzmq that syncs before it answers: bare_broker.c."""
import peers

NAME = "bare-libzmq"
UNEQUAL = "promises nothing but the sync: no leases, no recovery, no identity, no events"


def missing(build_dir):
    return peers.lacks(build_dir, "bench_bare")


def measure(build_dir, directory, **load):
    port = peers.free_ports(2)
    command = [str(build_dir / "bin" / "bare_broker"), str(port), f"{directory}/log"]
    with peers.running(command, lambda: peers.answers(port + 1)):
        return peers.drive(build_dir, "bench_bare", port, **load)
