"""Clips with the SEI messages of cameras that sign their video, written as the specifications say; nothing is really signed."""
import re
import subprocess

UUIDS = {"onvif": bytes.fromhex("005bc93f2d715e95ada4796f90877a6f"), "axis": b"Signed Video...0"}
SIGNATURE = {"onvif": 3, "axis": 5}
SHORT = {"onvif": (), "axis": (1, 7)}  # tags whose length has one byte


def ffmpeg(*args):
    """Runs ffmpeg."""
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, args)], check=True, stdin=subprocess.DEVNULL, timeout=120)


def film(path, codec, seconds=12):
    """A raw stream of a test picture: a group of ten pictures each second, two slices each."""
    options = {"h264": ["-c:v", "libx264", "-g", 10, "-keyint_min", 10, "-sc_threshold", 0, "-bf", 0, "-x264-params",
                        "slices=2"],
               "h265": ["-c:v", "libx265", "-x265-params", "keyint=10:min-keyint=10:scenecut=0:bframes=0:log-level=0"]}
    ffmpeg("-f", "lavfi", "-i", f"testsrc=size=160x96:rate=10:duration={seconds}", *options[codec], path)
    return path.read_bytes()


def units(stream):
    """NAL units of a raw stream."""
    return [one.rstrip(b"\0") for one in re.split(b"\0\0\1", stream)[1:]]


def raw(nals):
    """A raw stream of NAL units."""
    return b"".join(b"\0\0\0\1" + one for one in nals)


def escape(data):
    """Puts the bytes in that prevent emulation (H.264 7.4.1)."""
    out, zeros = bytearray(), 0
    for byte in data:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


def message(kind, payload):
    """One SEI message with its type and size."""
    head = bytes([255] * (kind // 255) + [kind % 255] + [255] * (len(payload) // 255) + [len(payload) % 255])
    return head + payload


def tag(scheme, number, value):
    """A tag of a scheme's payload."""
    return bytes([number]) + len(value).to_bytes(1 if number in SHORT[scheme] else 2, "big") + value


def payload(scheme, signed=True, hashes=1000):
    """User data as a camera writes it: general, a list of hashes, the signature last."""
    data = UUIDS[scheme] + b"\x40" + tag(scheme, 1, b"\1" + b"\0" * 20)
    data += tag(scheme, {"onvif": 2, "axis": 4}[scheme], b"\0\0\1\0\0\3" * (hashes // 6))
    if signed:
        data += tag(scheme, SIGNATURE[scheme], b"\0\0\0" + bytes(range(64)))
    return data


def sei(codec, *messages):
    """A NAL unit of SEI messages."""
    head = b"\x06" if codec == "h264" else b"\x4e\x01"
    return head + escape(b"".join(messages) + b"\x80")


def is_key(codec, nal):
    """Whether a group begins with that slice."""
    if codec == "h264":
        return nal[0] & 31 == 5 and nal[1] & 0x80
    return 16 <= (nal[0] >> 1 & 63) <= 23 and nal[2] & 0x80


def sign(stream, codec, scheme, wanted):
    """A stream with messages before its groups: wanted(n) is None, "plain" or "signed" for the group n."""
    out, group = [], 0
    for nal in units(stream):
        if is_key(codec, nal):
            kind = wanted(group)
            if kind:
                other = message(5, bytes(range(16)) + b"x264 - or something else " * 20)
                out.append(sei(codec, other, message(1, b"\0\0\0"), message(5, payload(scheme, kind == "signed"))))
            group += 1
        out.append(nal)
    return raw(out)
