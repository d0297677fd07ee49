"""What of a VMS streams, for bench_gateway.py: WebSockets that are taken and kept, and pictures without end.

    gateway_upstream.py PORT

A WebSocket is silent, with "busy" in its address it gets a message every 100 ms; /api/… is an MJPEG stream."""
import asyncio
import base64
import hashlib
import sys

PAUSE = 0.1
PICTURE = b"\xff\xd8\xff\xe0" + bytes(2000) + b"\xff\xd9"
PART = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(PICTURE), PICTURE)


async def send(writer, bytes_):
    """The same again and again, until the other side is gone."""
    while True:
        writer.write(bytes_)
        await writer.drain()
        await asyncio.sleep(PAUSE)


async def serve(reader, writer):
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        key = {name.lower(): value for name, value in headers.items()}.get("sec-websocket-key")
        if key is None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\nConnection: close\r\n\r\n")
            await send(writer, PART)
        # RFC 6455, 4.2.2
        accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
        writer.write(f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
        if "busy" in head.split("\r\n", 1)[0]:
            await send(writer, b"\x82\x05video")
        await reader.read()
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
