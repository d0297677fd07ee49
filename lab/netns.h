/*
 * Network namespaces held by file descriptors only, so that they end with the process. Functions
 * that take a namespace enter it and come back to the home namespace.
 */
#pragma once

#include "base/ip.h"

/* The current namespace becomes home; loopback comes up in it. */
enum err netns_start(void) MUST_CHECK;
void netns_stop(void);

/* A new namespace with loopback up; home stays current. */
enum err netns_new(int *ret_netns) MUST_CHECK;
enum err netns_enter(int netns) MUST_CHECK;
enum err netns_home(void) MUST_CHECK;
int netns_home_fd(void);

/* Writes a kernel setting below /proc/sys/net of a namespace; false when the kernel refuses. */
bool netns_set(int netns, const char *name, const char *value);

/* Makes the bridge in a namespace, the LAN's switch. */
enum err netns_make_switch(int netns) MUST_CHECK;

struct netns_cable {
    int switch_netns; /* the end that goes into the switch (or, off the bridge, any namespace) */
    int device_netns;
    const char *port;      /* name of the end at the switch */
    const char *interface; /* name of the end at the device */
    struct mac mac;        /* of the device's end; zero: the kernel's choice */
    bool bridged;
};

/* A veth pair; the switch's end is up, the device's end is not yet. */
enum err netns_connect(const struct netns_cable *cable) MUST_CHECK;

struct netns_address {
    const char *interface;
    struct ip ip;
    uint8_t bits;
    struct ip gateway; /* family 0: none */
    bool multicast;    /* route 224.0.0.0/4 here */
    bool everything;   /* without a gateway: the whole world is on this wire */
};

/* Puts an interface up or down. */
enum err netns_set_link(int netns, const char *interface, bool up) MUST_CHECK;

/* Takes the address, and the routes with it, away again. */
enum err netns_forget(int netns, const struct netns_address *address) MUST_CHECK;

/* Sets the address, brings the interface up, adds the routes. */
enum err netns_configure(int netns, const struct netns_address *address) MUST_CHECK;
