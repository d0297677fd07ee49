"""search_answerer.py ADDRESS xiongmai|pppp FILE: answers that LAN search with the bytes of FILE, prints what it got."""
import socket
import sys

address, protocol, file = sys.argv[1:]
port, question = {"xiongmai": (34569, bytes([255] + [0] * 13 + [0xFA, 5, 0, 0, 0, 0])), "pppp": (32108, b"\xf1\x30\0\0")}[protocol]
with open(file, "rb") as answer:
    body = answer.read()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
udp.bind(("", port))
tcp = socket.create_server((address, 80))  # says that all is ready, and is a port to find
print("ready", flush=True)
while True:
    got, who = udp.recvfrom(2048)
    print("got", protocol, got.hex(), flush=True)
    if got == question:
        # Xiongmai boards answer to the broadcast address too; the asker listens on the fixed port.
        udp.sendto(body, (address.rsplit(".", 1)[0] + ".255", port) if protocol == "xiongmai" else who)
