/* Ports that say a fixed thing: telnet, SSH, a vendor's SDK port. */
#include "lab/banner.h"

#include <string.h>

static int
digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 0;
}

static void
say(struct conn *conn, const struct site_banner *banner)
{
    if (banner->text != NULL)
        conn_send(conn, banner->text, strlen(banner->text));
    if (banner->hex == NULL)
        return;
    struct buf bytes;
    buf_init(&bytes, 4096);
    for (const char *at = banner->hex; at[0] != '\0' && at[1] != '\0'; at += 2)
        buf_byte(&bytes, (uint8_t)(digit(at[0]) * 16 + digit(at[1])));
    conn_send(conn, bytes.data, bytes.len);
    buf_release(&bytes);
}

static void
on_open(struct conn *conn)
{
    const struct site_banner *banner = conn->port->config;
    if (!banner->after_data)
        say(conn, banner);
}

static void
on_data(struct conn *conn)
{
    const struct site_banner *banner = conn->port->config;
    if (banner->after_data)
        say(conn, banner);
    conn_consume(conn, conn->in.len);
}

const struct conn_protocol banner_protocol = {.open = on_open, .data = on_data};
