# SPDX-License-Identifier: Apache-2.0
"""A RabbitMQ quorum queue on one node: persistent messages, publisher confirms, multiple acks."""
import os
import pathlib

import peers

NAME = "rabbitmq-quorum"
UNEQUAL = "acks have no answer and are counted when written"


def missing(build_dir):
    return peers.lacks(build_dir, "bench_rabbitmq", "rabbitmq-server", "epmd")


def environment(directory, port, node_port, names_port):
    """All of a node of its own in the directory: data, logs, cookie, name service."""
    config = pathlib.Path(directory) / "rabbitmq.conf"
    config.write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\nlog.console = false\n", encoding="utf-8")
    return {**os.environ, "HOME": str(directory), "RABBITMQ_NODENAME": f"bench{port}@localhost",
            "RABBITMQ_MNESIA_BASE": f"{directory}/data", "RABBITMQ_LOG_BASE": f"{directory}/log",
            "RABBITMQ_CONFIG_FILE": str(config), "RABBITMQ_DIST_PORT": str(node_port),
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{directory}/plugins", "RABBITMQ_PID_FILE": f"{directory}/pid",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null", "ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_EPMD_PORT": str(names_port)}


def measure(build_dir, directory, **load):
    port = peers.free_ports(3)
    names = ["epmd", "-address", "127.0.0.1", "-port", str(port + 2)]
    settings = environment(directory, port, port + 1, port + 2)
    with peers.running(names, lambda: peers.answers(port + 2)), \
            peers.running(["/usr/lib/rabbitmq/bin/rabbitmq-server"], lambda: peers.answers(port, b"AMQP\0\0\x09\x01", b"\x01"),
                          env=settings, cwd=directory):
        return peers.drive(build_dir, "bench_rabbitmq", port, **load)
