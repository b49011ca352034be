# SPDX-License-Identifier: Apache-2.0
"""How each peer is started, and what is not equal."""
import contextlib
import os
import pathlib

from peers import Peer, answers, free_ports, running


class RabbitMQ(Peer):
    """A node and its name service, with data, logs and cookie of their own."""

    def programs(self, build_dir):
        return ["rabbitmq-server", "epmd"]

    @contextlib.contextmanager
    def server(self, build_dir, directory):
        port = free_ports(3)
        config = pathlib.Path(directory) / "rabbitmq.conf"
        config.write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\nlog.console = false\n", encoding="utf-8")
        settings = {"HOME": directory, "RABBITMQ_NODENAME": f"bench{port}@localhost", "RABBITMQ_DIST_PORT": port + 1,
                    "RABBITMQ_MNESIA_BASE": f"{directory}/data", "RABBITMQ_LOG_BASE": f"{directory}/log",
                    "RABBITMQ_CONFIG_FILE": config, "RABBITMQ_ENABLED_PLUGINS_FILE": f"{directory}/plugins",
                    "RABBITMQ_PID_FILE": f"{directory}/pid", "RABBITMQ_CONF_ENV_FILE": "/dev/null",
                    "ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_EPMD_PORT": port + 2}
        names = running(["epmd", "-address", "127.0.0.1", "-port", str(port + 2)], lambda: answers(port + 2))
        node = running(self.command(build_dir, directory, port), lambda: answers(port, self.question, self.answer),
                       env={**os.environ, **{name: str(value) for name, value in settings.items()}}, cwd=directory)
        with names, node:
            yield port


KNOWN = {peer.name: peer for peer in (
    Peer("redis-streams", "keeps everything in memory; no identity, no second stream of results", "bench_redis",
         lambda build, directory, port: ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(directory),
                                         "--appendonly", "yes", "--appendfsync", "always", "--save", ""],
         question=b"PING\r\n", answer=b"+PONG"),
    Peer("nats-jetstream", "answers before it syncs (every two minutes as it comes); acks have no answer", "bench_nats",
         lambda build, directory, port: ["nats-server", "--addr", "127.0.0.1", "--port", str(port), "--jetstream",
                                         "--store_dir", str(directory), "--log", f"{directory}/log"],
         answer=b"INFO "),
    RabbitMQ("rabbitmq-quorum", "acks have no answer and are counted when written", "bench_rabbitmq",
             lambda build, directory, port: ["/usr/lib/rabbitmq/bin/rabbitmq-server"], question=b"AMQP\0\0\x09\x01", answer=b"\x01"),
    Peer("beanstalkd", "syncs each article by itself, its protocol has no batches; keeps everything in memory as well",
         "bench_beanstalkd",
         lambda build, directory, port: ["beanstalkd", "-l", "127.0.0.1", "-p", str(port), "-b", str(directory), "-f0"],
         question=b"list-tube-used\r\n", answer=b"USING "),
    Peer("bare-libzmq", "promises nothing but the sync: no leases, no recovery, no identity, no events", "bench_bare",
         lambda build, directory, port: [str(build / "bin" / "bare_broker"), str(port), f"{directory}/log"], ports=2),
)}
