#!/usr/bin/python3
"""Listens on ports of its machine and behaves badly: listener.py ADDRESS record|garbage|close|mute PORT...; record prints what it gets."""
import os
import socket
import sys
import threading


def serve(connection, mode):
    try:
        connection.settimeout(30)
        while mode == "garbage":
            connection.sendall(os.urandom(65536))
        while mode in ("record", "mute"):
            got = connection.recv(4096)
            if mode == "record":
                print("got", len(got), flush=True)
            if not got:
                break
    except OSError:
        pass
    connection.close()


def listen(address, mode, port):
    server = socket.create_server((address, port), backlog=64)
    while True:
        connection, _ = server.accept()
        threading.Thread(target=serve, args=(connection, mode), daemon=True).start()


if __name__ == "__main__":
    threads = [threading.Thread(target=listen, args=(sys.argv[1], sys.argv[2], int(port))) for port in sys.argv[3:]]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
