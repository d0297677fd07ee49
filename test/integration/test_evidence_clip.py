"""Signed video is recognised in clips as cameras and recorders make them, and said to be whole, stripped or absent."""
import json
import shutil
import subprocess

import pytest

import signing
from conftest import BUILD

LOOK = BUILD / "test" / "clip-look"
WRAPS = {"mp4": ["-f", "mp4"], "fast.mp4": ["-f", "mp4", "-movflags", "+faststart"],
         "fragments.mp4": ["-f", "mp4", "-movflags", "frag_keyframe+empty_moov"],
         "base.mp4": ["-f", "mp4", "-movflags", "frag_keyframe+empty_moov+default_base_moof"],
         "mov": ["-f", "mov"], "mkv": ["-f", "matroska"], "live.mkv": ["-f", "matroska", "-live", "1"]}


def look(path):
    """What is said of a clip."""
    done = subprocess.run([LOOK, path], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


@pytest.fixture(scope="module", name="films")
def fixture_films(tmp_path_factory):
    """A raw stream of each codec."""
    folder = tmp_path_factory.mktemp("films")
    return {codec: signing.film(folder / f"film.{codec}", codec) for codec in ("h264", "h265")}


def wrap(folder, stream, codec, name):
    """The stream in a container, with sound beside it."""
    source, path = folder / f"in.{codec}", folder / f"clip.{name}"
    source.write_bytes(stream)
    if name == codec:
        return source
    demuxer = {"h264": "h264", "h265": "hevc"}[codec]
    signing.ffmpeg("-fflags", "+genpts", "-r", 10, "-f", demuxer, "-i", source, "-f", "lavfi", "-i", "sine=duration=12",
                   "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac", *WRAPS[name], path)
    return path


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("name", [*WRAPS, "raw"])
def test_finds_signatures_in_every_container(tmp_path, films, codec, name):
    name = codec if name == "raw" else name
    for scheme, words in (("onvif", "ONVIF Media Signing"), ("axis", "Axis Signed Video")):
        stream = signing.sign(films[codec], codec, scheme, lambda n: "signed" if n else None)
        said = look(wrap(tmp_path, stream, codec, name))
        assert said["signing"] == "present", said
        assert (said["scheme"], said["codec"]) == (words, codec)
        assert (said["pictures"], said["signatures"]) == (120, 11)
    said = look(wrap(tmp_path, films[codec], codec, name))
    assert (said["signing"], said["pictures"]) == ("absent", 120), said


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("wanted,signing_is", [
    (lambda n: "signed" if n < 4 else None, "stripped"),
    (lambda n: "signed" if n >= 8 else None, "stripped"),
    (lambda n: None if n == 6 else "signed", "stripped"),
    (lambda n: "signed" if n < 2 or n > 9 else None, "stripped"),
    (lambda n: "plain", "stripped"),
    (lambda n: "plain" if n == 0 else None, "stripped"),
    (lambda n: "signed" if n % 3 == 2 else "plain", "present"),
    (lambda n: "signed" if n % 3 == 2 and n != 5 else "plain", "stripped"),
    (lambda n: "signed", "present")])
def test_says_where_signatures_are_missing(tmp_path, films, codec, wanted, signing_is):
    said = look(wrap(tmp_path, signing.sign(films[codec], codec, "onvif", wanted), codec, "mp4"))
    assert said["signing"] == signing_is, said


def lengths(path, size):
    """An MP4 with NAL units behind lengths of another size: one picture in it, by hand."""
    nal = bytes([0x65, 0x88, 1, 2])
    sei = signing.sei("h264", signing.message(5, signing.payload("axis", True, 60)))
    sample = b"".join(len(one).to_bytes(size, "big") + one for one in (sei, nal))

    def box(kind, *parts):
        body = b"".join(parts)
        return (8 + len(body)).to_bytes(4, "big") + kind + body

    def numbers(*values):
        return b"".join(v.to_bytes(4, "big") for v in values)

    entry = box(b"avc3", bytes(78), box(b"avcC", bytes([1, 66, 0, 30, 0xfc | size - 1, 0xe0, 0])))
    stbl = box(b"stbl", box(b"stsd", numbers(0, 1), entry), box(b"stsc", numbers(0, 1, 1, 1, 1)),
               box(b"stz2", numbers(0, 16, 1), len(sample).to_bytes(2, "big")), box(b"co64", numbers(0, 1, 0, 16)))
    trak = box(b"trak", box(b"tkhd", numbers(0, 0, 0, 1)), box(b"mdia", box(b"minf", stbl)))
    path.write_bytes(box(b"free", b"") + box(b"mdat", sample) + box(b"moov", trak))
    return path


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_reads_lengths_of_one_two_and_four_bytes(tmp_path, size):
    said = look(lengths(tmp_path / "one.mp4", size))
    assert (said["pictures"], said["signatures"], said["scheme"]) == (1, 1, "Axis Signed Video"), said


def test_says_of_what_is_no_clip_that_nothing_can_be_said(tmp_path, films):
    clip = wrap(tmp_path, films["h264"], "h264", "mp4").read_bytes()
    for name, data in (("empty", b""), ("text", b"no clip at all\n" * 9), ("zeros", bytes(4096)),
                       ("ps", b"\0\0\1\xba" + bytes(99)), ("half", clip[:len(clip) // 2]),
                       ("avi", b"RIFF\0\0\0\0AVI LIST")):
        path = tmp_path / name
        path.write_bytes(data)
        said = look(path)
        assert said["signing"] == "unread", (name, said)
        assert said["why"]


def test_a_cut_recording_is_not_called_unsigned(tmp_path, films):
    stream = signing.sign(films["h264"], "h264", "onvif", lambda n: None)
    for name in ("fragments.mp4", "mkv", "fast.mp4"):
        clip = wrap(tmp_path, stream, "h264", name)
        clip.write_bytes(clip.read_bytes()[:-3000])
        assert look(clip)["signing"] == "unread", name


def test_a_cut_recording_is_not_called_signed_all_through(tmp_path, films):
    stream = signing.sign(films["h264"], "h264", "onvif", lambda n: "signed")
    for name in ("fragments.mp4", "mkv"):
        clip = wrap(tmp_path, stream, "h264", name)
        assert look(clip)["signing"] == "present"
        clip.write_bytes(clip.read_bytes()[:-3000])
        assert look(clip)["signing"] == "unread", name


@pytest.mark.parametrize("name", ["mp4", "mkv"])
def test_a_second_video_track_is_told(tmp_path, films, name):
    signed, plain, path = tmp_path / "signed.h264", tmp_path / "plain.h264", tmp_path / f"two.{name}"
    signed.write_bytes(signing.sign(films["h264"], "h264", "onvif", lambda n: "signed"))
    plain.write_bytes(films["h264"])
    raws = [x for one in (signed, plain) for x in ("-fflags", "+genpts", "-r", 10, "-f", "h264", "-i", one)]
    signing.ffmpeg(*raws, "-map", "0:v", "-map", "1:v", "-c", "copy", *WRAPS[name], path)
    assert "of 2 video tracks only the first was read" in look(path)["why"]


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace")
@pytest.mark.parametrize("name", ["mkv", "mp4", "h264"])
def test_a_disk_that_fails_is_not_taken_for_a_torn_clip(tmp_path, films, name):
    path = wrap(tmp_path, films["h264"], "h264", name)
    trace = ["strace", "-qq", "-o", tmp_path / "calls", "-P", path, "-e", "trace=pread64"]
    assert subprocess.run([*trace, LOOK, path], capture_output=True, check=False).returncode == 0
    count = (tmp_path / "calls").read_text().count("pread64(")
    for number in sorted({1, 2, 3, 4, count // 2, count - 1, count}):
        done = subprocess.run([*trace, "-e", f"inject=pread64:error=EIO:when={number}", LOOK, path], capture_output=True, text=True, check=False)
        assert done.returncode == 1 and "could not be read" in done.stderr, (number, count, done.stdout)
