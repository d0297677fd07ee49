#!/usr/bin/python3
"""
What Frigate and go2rtc show of their cameras: vms_files.py ADDRESS PORT FILE. It knows the file as it was when it was last told to read it
(GET /reload), plays each stream with ffprobe, and answers like Frigate's /api/stats and go2rtc's /api/frame.jpeg. With "deaf" it is never told.
"""
import http.server
import json
import subprocess
import sys
import time
import urllib.parse

import yaml

ADDRESS, PORT, FILE, *MORE = sys.argv[1:]


def streams():
    """Name and address of each."""
    with open(FILE, encoding="utf-8") as file:
        text = yaml.safe_load(file)
    found = {name: camera["ffmpeg"]["inputs"][0]["path"] for name, camera in text.get("cameras", {}).items()}
    for name, stream in text.get("streams", {}).items():
        found[name] = stream if isinstance(stream, str) else stream[0]
    return found


KNOWN = streams()
SEEN = {}


def plays(name):
    """Whether frames come."""
    done = subprocess.run(["ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-timeout", "2000000", "-read_intervals", "%+1", "-count_frames",
                           "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", KNOWN[name]], capture_output=True, text=True, check=False)
    return done.stdout.strip().isdigit() and int(done.stdout) > 0


def has_frames(name):
    """As Frigate knows it, which does not look at the camera for each question."""
    at, password, answer = SEEN.get(name, (0, None, False))
    if time.monotonic() - at > 15 or password != KNOWN[name]:
        answer = plays(name)
        SEEN[name] = (time.monotonic(), KNOWN[name], answer)
    return answer


class Handler(http.server.BaseHTTPRequestHandler):
    """Both APIs."""

    def do_GET(self):  # pylint: disable=invalid-name
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/reload":
            if "deaf" not in MORE:
                KNOWN.update(streams())
            self.answer(200, b"{}")
        elif url.path == "/api/stats":
            self.answer(200, json.dumps({"cameras": {name: {"camera_fps": 5.0 if has_frames(name) else 0.0} for name in KNOWN}}).encode())
        elif url.path == "/api/frame.jpeg":
            name = urllib.parse.parse_qs(url.query)["src"][0]
            self.answer(200, b"\xff\xd8\xff") if name in KNOWN and plays(name) else self.answer(500, b"")
        else:
            self.answer(404, b"")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        print(self.path, flush=True)


print("ready", flush=True)
http.server.ThreadingHTTPServer((ADDRESS, int(PORT)), Handler).serve_forever()
