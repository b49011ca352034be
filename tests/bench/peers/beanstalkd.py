# SPDX-License-Identifier: Apache-2.0
"""beanstalkd with a binlog that is synced at every write."""
import peers

NAME = "beanstalkd"
UNEQUAL = "syncs each article by itself, its protocol has no batches; keeps everything in memory as well"


def missing(build_dir):
    return peers.lacks(build_dir, "bench_beanstalkd", "beanstalkd")


def measure(build_dir, directory, **load):
    port = peers.free_ports()
    command = ["beanstalkd", "-l", "127.0.0.1", "-p", str(port), "-b", str(directory), "-f0"]
    with peers.running(command, lambda: peers.answers(port, b"list-tube-used\r\n", b"USING ")):
        return peers.drive(build_dir, "bench_beanstalkd", port, **load)
