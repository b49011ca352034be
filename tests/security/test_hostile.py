# SPDX-License-Identifier: Apache-2.0
"""While a hostile client does its worst, honest ones finish, nothing is lost, and the broker stays within bounds.
`hostile.py measure` prints what it costs them."""
import socket

import pytest

from security.hostile import ATTACKS, Attack
from support.keys import Keyring, Shown
from support.rig import Rig
from support.waiting import wait_for

MEMORY_MOST = 1 << 30  # AddressSanitizer keeps what was freed for a while


@pytest.mark.parametrize("name", ATTACKS)
def test_honest_clients_lose_nothing_under(name, new_broker, directory, seed):
    broker = new_broker(**{"listen.http": "127.0.0.1:0"})
    rig = Rig(broker, seed, workers=1, feeders=2, pace=0.01).start()
    hostile = Attack(broker, directory, [name])
    try:
        enough = len(rig.ledger) + 150
        wait_for(lambda: len(rig.ledger) >= enough and hostile.rounds(name) >= 3, 90,
                 "three rounds of the attack, and receipts for the feeders")
        assert hostile.is_alive and broker.is_alive
        assert broker.memory_bytes() < MEMORY_MOST
    finally:
        hostile.end()
    rig.settle_and_audit(f"hostile.{name}", 1).check()


def test_honest_keys_lose_nothing_to_a_hostile_one(new_broker, directory, seed):
    """All attacks at once, from somebody who has a key for every socket but the operator's."""
    ring = Keyring(directory / "keys.d")
    everything = ring.add("honest", "feeder,worker,subscriber,operator")
    bad = ring.add("bad", "feeder,worker,subscriber", "messages=500 connections=20")
    broker = new_broker(**ring.settings())
    rig = Rig(broker, seed, workers=1, feeders=2, pace=0.01,
              endpoints=lambda name: ring.endpoint(broker, name, everything))
    rig.start()
    keys = {name: bad for name in ("feed", "work", "subscribe", "live", "operator")}
    others = [name for name in ATTACKS if name != "endless_message"]  # plaintext, which ends in the handshake
    hostile = Attack(broker, directory, others, ring=ring, keys=keys)
    try:
        enough = len(rig.ledger) + 150
        wait_for(lambda: len(rig.ledger) >= enough and all(map(hostile.rounds, others)), 90,
                 "a round of every attack, and receipts for the feeders")
        assert hostile.is_alive and broker.is_alive
    finally:
        hostile.end()
    bare = {name: str(broker.endpoint(name)) for name in keys}
    broker.endpoint = lambda name: Shown(bare[name], ring.server.public, everything)  # for the auditor
    rig.settle_and_audit("hostile.keys", 1).check()
    broker.wait_log("sender-limited")


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_a_message_without_end_is_cut_off(transport, new_broker, directory):
    roles = ("feed", "work", "subscribe", "live", "operator") if transport == "tcp" else ()
    broker = new_broker(**{f"listen.{role}": "tcp://127.0.0.1:*" for role in roles}, **{"article.limit": "512KiB"})
    assert str(broker.endpoint("feed")).startswith(f"{transport}://")
    rig = Rig(broker, 1, workers=1, feeders=1).start()
    hostile = Attack(broker, directory, ["endless_message"])
    try:
        broker.wait_log("it sends a message without end", 60)
        assert broker.memory_bytes() < MEMORY_MOST
    finally:
        hostile.end()
    rig.settle_and_audit("hostile.endless", 1).check()


def test_silent_connections_do_not_keep_others_out(new_broker):
    """More connections than the broker has files: it keeps half of them for itself."""
    sockets = {f"listen.{role}": "tcp://127.0.0.1:*" for role in ("feed", "work", "subscribe", "live", "operator")}
    broker = new_broker(**sockets, **{"listen.http": "127.0.0.1:0", "limit.connections": "100"})
    host, port = broker.endpoint("feed").removeprefix("tcp://").split(":")
    held = []
    for _ in range(300):
        held.append(socket.create_connection((host, int(port))))
    wait_for(lambda: "connection-cut" in broker.log(), 10, "those beyond the limit are cut")
    for one in held:
        one.close()
    rig = Rig(broker, 1, workers=1, feeders=1).start()
    wait_for(lambda: len(rig.ledger) > 5, 60, "an honest feeder comes in again")
    rig.settle_and_audit("hostile.silent", 1).check()
