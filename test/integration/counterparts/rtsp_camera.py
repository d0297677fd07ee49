#!/usr/bin/python3
"""A camera made of GStreamer's RTSP server: rtsp_camera.py ADDRESS PORT none|basic|digest [USER PASSWORD]; video at /main."""
import os
import signal
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

LAUNCH = ("( videotestsrc is-live=true ! video/x-raw,width=320,height=180,framerate=5/1 ! "
          "x264enc tune=zerolatency speed-preset=ultrafast bitrate=100 ! rtph264pay name=pay0 pt=96 )")


def main(address, port, mode, user="", password=""):
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address(address)
    server.set_service(port)
    media = GstRtspServer.RTSPMediaFactory()
    media.set_shared(True)
    media.set_launch(LAUNCH)
    if mode != "none":
        allowed = GstRtspServer.RTSPPermissions()
        for right in ("access", "construct"):
            allowed.add_permission_for_role("user", "media.factory." + right, True)
        media.set_permissions(allowed)
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "user")
        auth = GstRtspServer.RTSPAuth()
        if mode == "basic":
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
            auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
        else:
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
            auth.add_digest(user, password, token)
        server.set_auth(auth)
    server.get_mount_points().add_factory("/main", media)
    assert server.attach(None), "cannot listen"
    GLib.unix_signal_add(GLib.PRIORITY_HIGH, signal.SIGTERM, lambda: os._exit(0))
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
