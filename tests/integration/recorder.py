# SPDX-License-Identifier: Apache-2.0
"""A relay between a framework and a master that keeps the calls that went up and the events that came down, each as
RecordIO: the recordings under tests/vectors/real come from it. One request at a time on each connection.
"""
import pathlib
import socket
import threading

END = b"\r\n\r\n"


def header(head, name):
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip()
    return None


def unchunk(body):
    """The bytes of a chunked body as far as it goes; the last chunk may be cut off."""
    out = b""
    while True:
        size, found, rest = body.partition(b"\r\n")
        if not found or not size.strip() or int(size, 16) == 0:
            return out
        out += rest[:int(size, 16)]
        body = rest[int(size, 16) + 2:]


class Relay:
    """Listens on a free port of loopback; `address` is what the framework connects to. Writes PREFIX.calls and
    PREFIX.events when it is closed."""

    def __init__(self, master, prefix):
        host, port = master.rsplit(":", 1)
        self.master = (host, int(port))
        self.prefix = prefix
        self.calls = []
        self.streams = []  # what came back on each connection without a length: the events
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.server.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.server.close()
        records = b"".join(b"%d\n%s" % (len(call), call) for call in self.calls)
        pathlib.Path(f"{self.prefix}.calls").write_bytes(records)
        pathlib.Path(f"{self.prefix}.events").write_bytes(b"".join(unchunk(bytes(s)) for s in self.streams))

    def accept(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, socket.create_connection(self.master) as upstream:
            buffer = b""
            while True:
                while END not in buffer:
                    more = client.recv(65536)
                    if not more:
                        return
                    buffer += more
                head, _, rest = buffer.partition(END)
                length = int(header(head, b"content-length") or 0)
                while len(rest) < length:
                    rest += client.recv(65536)
                self.calls.append(rest[:length])
                upstream.sendall(head + END + rest[:length])
                buffer = rest[length:]
                if not self.answer(client, upstream):
                    return

    def answer(self, client, upstream):
        """Passes one response on; False when its end is the connection's."""
        seen = b""
        while END not in seen:
            more = upstream.recv(65536)
            if not more:
                return False
            seen += more
        client.sendall(seen)
        head, _, body = seen.partition(END)
        if header(head, b"transfer-encoding") is None:
            left = int(header(head, b"content-length") or 0) - len(body)
            while left > 0:
                more = upstream.recv(65536)
                client.sendall(more)
                left -= len(more)
            return True
        stream = bytearray(body)
        self.streams.append(stream)
        while True:
            more = upstream.recv(65536)
            if not more:
                return False
            stream += more
            try:
                client.sendall(more)
            except OSError:
                return False
