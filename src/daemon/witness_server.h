/*
 * The witness as an HTTP server (C2SP tlog-witness): POST /add-checkpoint, and for monitors
 * GET /<witness_name()>/checkpoint. Plain HTTP on a loopback, private or VPN address: what it says
 * is signed, and whoever faces the internet with it puts a reverse proxy in front.
 */
#pragma once

#include "base/ip.h"
#include "ledger/witness_state.h"

#define WITNESS_SERVER_CONNECTIONS 64
#define WITNESS_SERVER_IDLE        5  /* seconds without a byte */
#define WITNESS_SERVER_LIFE        30 /* seconds of a connection, whatever it does */

/* Listens; port 0: any, and the one that it got in *ret_port. */
enum err witness_server_listen(const struct ip *ip, uint16_t port, int *ret_fd, uint16_t *ret_port,
    struct note *note) MUST_CHECK;
/*
 * Shuts itself in with the folder of the state, then serves until SIGTERM or SIGINT, which must be
 * blocked; closes the socket. ERR_IO: the disk failed while a checkpoint was stored.
 */
enum err witness_server_run(
    struct witness_state *state, int fd, const char *folder, struct note *note) MUST_CHECK;
