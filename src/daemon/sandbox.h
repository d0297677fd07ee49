/*
 * Shuts a process in before it reads its first outside byte: it sees the folders that it was given
 * and nothing else of the file system (Landlock), makes no process or thread, no socket but what it
 * was left, and reaches no other process (seccomp). There is no way back.
 */
#pragma once

#include "base/apart.h"

enum sandbox_use {
    SANDBOX_FILES,  /* read, write, make and remove files and folders beneath it */
    SANDBOX_SOCKET, /* make, rename and remove a socket in it */
    SANDBOX_FILE,   /* read and write one file; left out when it is not there */
    SANDBOX_READ,   /* read and run what is beneath it */
    SANDBOX_LOOK,   /* read one file or what is beneath a folder; left out when it is not there */
};

struct sandbox_folder {
    const char *path;
    enum sandbox_use use;
};

/* The kernel's Landlock version, 0: none. */
unsigned sandbox_landlock(void);
/*
 * Landlock, for this thread and those that it starts later: before the pool of threads is made.
 * From version 4 no TCP either, from 6 no signals and abstract sockets outside. ERR_UNSUPPORTED:
 * the kernel has none.
 */
enum err sandbox_folders(
    const struct sandbox_folder *folders, size_t count, struct note *note) MUST_CHECK;
/* sandbox_folders() for a process that talks to somebody: TCP connects to these ports are left. */
enum err sandbox_folders_and_ports(const struct sandbox_folder *folders, size_t count,
    const uint16_t *ports, size_t port_count, struct note *note) MUST_CHECK;
/*
 * The same for a program that is not ours and that this process becomes: network and signals stay,
 * files too where the path is one, and what is not there is left out.
 */
enum err sandbox_paths(
    const struct sandbox_folder *paths, size_t count, struct note *note) MUST_CHECK;
/*
 * For a child that asks others by name. Who hears the questions keeps the system's folders, so that
 * those who ask find settings that were replaced since; they read only what look-ups and TLS need.
 * No capability, nothing to run. OK where the kernel has no Landlock, because its parent says so,
 * or refuses.
 */
enum err sandbox_resolver(enum apart_who who, struct note *note) MUST_CHECK;
/* Drops every capability but the one to use its folders though they may be another user's. */
enum err sandbox_capabilities(struct note *note) MUST_CHECK;
/*
 * Seccomp, for all threads: only calls.def from now on; everything else fails with EPERM. Threads
 * must be running already, not just made.
 */
enum err sandbox_calls(struct note *note) MUST_CHECK;
/* The same with what a client of the keeper needs that has a database: calls_client.def. */
enum err sandbox_calls_client(struct note *note) MUST_CHECK;
/* calls.def and calls_network.def: sockets of IPv4 and IPv6 to connect from, no listening. */
enum err sandbox_calls_network(struct note *note) MUST_CHECK;
