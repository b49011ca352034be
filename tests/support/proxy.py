# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy that can reset and stall; upstream is a TCP address or a unix socket, so an
ipc:// endpoint or PostgreSQL's socket can be put behind it."""
import asyncio
import socket
import struct
import subprocess
import sys
import threading

UP, DOWN = "up", "down"  # from the client to the server, and back


class Proxy:
    host = "127.0.0.1"

    def __init__(self, upstream: str):
        """upstream: a path, ipc://path, tcp://host:port or host:port."""
        for scheme in ("ipc://", "tcp://"):
            upstream = upstream.removeprefix(scheme)
        self.upstream = upstream
        self.connections = 0     # ever
        self.resets = 0
        self.bytes = {UP: 0, DOWN: 0}
        self._open = {}
        self._links = set()
        self._refusing = False
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True, name="proxy")
        self._thread.start()
        ready.wait(10)

    def _run(self, ready) -> None:
        asyncio.set_event_loop(self._loop)
        for way in (UP, DOWN):
            self._open[way] = asyncio.Event()
            self._open[way].set()
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, self.host, 0))
        self.port = self._server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()

    @property
    def endpoint(self) -> str:
        return f"tcp://{self.host}:{self.port}"

    @property
    def alive(self) -> int:
        """Connections now."""
        return len(self._links)

    async def _serve(self, reader, writer) -> None:
        link = [writer]
        try:
            if self._refusing:
                raise OSError
            if self.upstream.startswith("/"):
                up_reader, up_writer = await asyncio.open_unix_connection(self.upstream)
            else:
                host, port = self.upstream.rsplit(":", 1)
                up_reader, up_writer = await asyncio.open_connection(host, int(port))
        except OSError:
            self._reset(writer)
            return
        link.append(up_writer)
        link = tuple(link)
        self._links.add(link)
        self.connections += 1
        pumps = [asyncio.ensure_future(self._pump(UP, reader, up_writer)),
                 asyncio.ensure_future(self._pump(DOWN, up_reader, writer))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            self._links.discard(link)
            for end in link:
                end.close()

    async def _pump(self, way, reader, writer) -> None:
        try:
            while data := await reader.read(65536):
                await self._open[way].wait()
                self.bytes[way] += len(data)
                writer.write(data)
                await writer.drain()
        except (OSError, asyncio.CancelledError):
            pass

    @staticmethod
    def _reset(writer) -> None:
        raw = writer.get_extra_info("socket")
        try:
            if raw is not None and raw.family == socket.AF_INET:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
        writer.transport.abort()

    def _call(self, work) -> None:
        done = threading.Event()

        def both():
            try:
                work()
            finally:
                done.set()
        self._loop.call_soon_threadsafe(both)
        done.wait(10)

    def reset(self) -> int:
        """Cuts every connection with RST; how many there were."""
        cut = []

        def work():
            for link in list(self._links):
                cut.append(link)
                for writer in link:
                    self._reset(writer)
        self._call(work)
        self.resets += len(cut)
        return len(cut)

    def stall(self, *ways) -> None:
        """Holds everything back; both directions when none is named."""
        self._call(lambda: [self._open[way].clear() for way in ways or (UP, DOWN)])

    def go_on(self) -> None:
        self._call(lambda: [event.set() for event in self._open.values()])

    def refuse(self, refusing: bool = True) -> None:
        """New connections are reset at once, as when nobody listens."""
        self._refusing = refusing

    def close(self) -> None:
        def work():
            self._server.close()
            for link in list(self._links):
                for writer in link:
                    writer.transport.abort()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.call_later(0.05, self._loop.stop)
        self._call(work)
        self._thread.join(5)


class ProxyApart:
    """A Proxy in a process of its own, for what must keep pace with a busy server: threads of this one would hold it
    up."""
    host = Proxy.host

    def __init__(self, upstream: str):
        self._process = subprocess.Popen([sys.executable, __file__, str(upstream)], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        self.port = int(self._process.stdout.readline())

    def _do(self, verb: str) -> None:
        self._process.stdin.write(f"{verb}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == f"{verb}\n"

    def stall(self) -> None:
        self._do("stall")

    def reset(self) -> None:
        self._do("reset")

    def refuse(self) -> None:
        self._do("refuse")

    def close(self) -> None:
        self._process.stdin.close()  # its end
        self._process.wait(20)
        self._process.stdout.close()


if __name__ == "__main__":
    wire = Proxy(sys.argv[1])
    print(wire.port, flush=True)
    for line in sys.stdin:
        getattr(wire, line.strip())()
        print(line.strip(), flush=True)
