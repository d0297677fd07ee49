/* Video of the devices: H.264 of 32x32 pixels, five frames a second, over the RTSP connection. */
#pragma once

#include "lab/conn.h"

#define MEDIA_INTERVAL 200 /* milliseconds between frames */

/* Sends the next frame, interleaved (RFC 2326 10.12, RFC 6184). */
void media_tick(struct conn *conn);
