/*
 * A picture of the network: the router, each subnet as a box, each device as a tile with its kind
 * and its worst mark. Drawn twice, wide and narrow; the style sheet shows the one that fits.
 */
#include "base/text.h"
#include "report/html/sections.h"
#include "report/width.h"

#include <stdio.h>
#include <stdlib.h>

#define SUBNETS ((size_t)24)
#define TILES   ((size_t)48) /* per subnet; the rest is a number */

struct layout {
    const char *class;
    int width, margin, pad, tile, height, gap;
    size_t columns, letters; /* tiles side by side, letters in one */
};

static const struct layout layouts[] = {
    {"wide",   1040, 36, 16, 112, 72, 10, 8, 14},
    {"narrow", 358,  18, 10, 100, 72, 10, 3, 12},
};

struct subnet {
    char name[IP_TEXT];
    size_t count; /* of its devices, routers not */
};

struct network {
    const struct html *html;
    size_t *subnet_of; /* per device; SUBNETS: a router */
    struct subnet subnets[SUBNETS];
    size_t subnet_count;
    size_t routers;
};

/* The subnet it was seen in, else the /24 or /64 that its address would be in. */
static void
subnet_name(const struct subject *subject, char out[IP_TEXT])
{
    const char *seen = facts_text(&subject->facts, FACT_SEGMENT_SUBNET);
    struct net net = {0};
    char address[IP_TEXT + 8];
    char ip[IP_TEXT];
    if (seen != NULL) {
        (void)text_copy(out, IP_TEXT, seen);
        return;
    }
    const struct ip *first = subject->address_count == 0 ? NULL : &subject->addresses[0];
    if (first != NULL && first->zone == 0) {
        (void)snprintf(
            address, sizeof(address), "%s/%d", ip_text(first, ip), first->family == 4 ? 24 : 64);
        if (net_parse(address, &net) == OK) {
            (void)net_text(&net, out);
            return;
        }
    }
    (void)text_copy(out, IP_TEXT, first == NULL ? "no address" : "this link");
}

static size_t
subnet_index(struct network *network, const struct subject *subject)
{
    char name[IP_TEXT];
    subnet_name(subject, name);
    for (size_t i = 0; i < network->subnet_count; i++) {
        if (text_equal(network->subnets[i].name, name)) {
            return i;
        }
    }
    if (network->subnet_count == SUBNETS) {
        (void)text_copy(network->subnets[SUBNETS - 1].name, IP_TEXT, "other subnets");
        return SUBNETS - 1;
    }
    (void)text_copy(network->subnets[network->subnet_count].name, IP_TEXT, name);
    return network->subnet_count++;
}

static void
sort_devices(struct network *network)
{
    const struct assessment *assessment = network->html->assessment;
    for (size_t i = 0; i < assessment->device_count; i++) {
        if (assessment->devices[i]->kind == KIND_ROUTER) {
            network->subnet_of[i] = SUBNETS;
            network->routers++;
            continue;
        }
        network->subnet_of[i] = subnet_index(network, assessment->devices[i]);
        network->subnets[network->subnet_of[i]].count++;
    }
}

static const char *
kind_sign(enum kind kind)
{
    switch (kind) {
    case KIND_CAMERA:
    case KIND_ENCODER:
        return "camera";
    case KIND_DOOR:
        return "door";
    case KIND_RECORDER:
    case KIND_NAS:
        return "recorder";
    case KIND_VMS:
        return "server";
    case KIND_ROUTER:
    case KIND_SWITCH:
        return "router";
    case KIND_PRINTER:
        return "printer";
    case KIND_COMPUTER:
        return "computer";
    case KIND_UNKNOWN:
    case KIND_OTHER:
    case KIND_COUNT:
        break;
    }
    return "machine";
}

static bool
is_exposed(const struct subject *subject)
{
    return facts_text(&subject->facts, FACT_EXPOSURE_MAPPED) != NULL ||
           facts_is_yes(&subject->facts, FACT_EXPOSURE_PUBLIC);
}

static void
put_sign(struct buf *out, const char *name, int x, int y, int size)
{
    HTML(out, "<use href=\"#s-{}\"", name);
    buf_format(out, " x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", x, y, size, size);
}

static void
put_tile(const struct network *network, const struct layout *layout, size_t device, int x, int y)
{
    const struct subject *subject = network->html->assessment->devices[device];
    enum mark mark = marks_worst(network->html->marks, device);
    struct buf *out = network->html->out;
    char title[SUBJECT_TITLE];
    char address[IP_TEXT];
    char number[16];
    struct buf text CLEANUP(buf_release);
    buf_init(&text, 2 * SUBJECT_TITLE);
    (void)snprintf(number, sizeof(number), "%u", subject->number);
    subject_title(subject, title);
    words_address(subject, address);
    HTML(out, "<a class=\"tile m-{}\" href=\"#d-{}\" ", mark_words[mark].id, number);
    HTML(out, "aria-label=\"{}, {}, {}: {}{}\">", title, kind_name(subject->kind), address,
        mark_words[mark].meaning,
        is_exposed(subject) ? "; the router forwards a port to it from the internet" : "");
    HTML(out, "<title>{} ({}): {}</title>", title, address, mark_words[mark].meaning);
    buf_format(out, "<rect class=\"box\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"8\"/>",
        x, y, layout->tile, layout->height);
    put_sign(out, kind_sign(subject->kind), x + 9, y + 8, 20);
    put_sign(out, mark_words[mark].id, x + layout->tile - 26, y + 9, 18);
    if (is_exposed(subject)) {
        put_sign(out, "internet", x + layout->tile - 48, y + 9, 18);
    }
    width_cut(&text, title, layout->letters, "\xe2\x80\xa6");
    buf_format(out, "<text class=\"name\" x=\"%d\" y=\"%d\">", x + 9, y + 46);
    markup_escape(out, text.data);
    buf_clear(&text);
    width_cut(&text, address, layout->letters, "\xe2\x80\xa6");
    buf_format(out, "</text><text class=\"at\" x=\"%d\" y=\"%d\">", x + 9, y + 62);
    markup_escape(out, text.data);
    buf_text(out, "</text></a>");
}

/* Tiles in rows from x, y; the height that they take. */
static int
put_tiles(const struct network *network, const struct layout *layout, size_t subnet, int y)
{
    const struct assessment *assessment = network->html->assessment;
    int x = subnet == SUBNETS ? layout->margin : layout->margin + layout->pad;
    size_t placed = 0;
    for (size_t i = 0; i < assessment->device_count && placed < TILES; i++) {
        if (network->subnet_of[i] == subnet) {
            put_tile(network, layout, i,
                x + (int)(placed % layout->columns) * (layout->tile + layout->gap),
                y + (int)(placed / layout->columns) * (layout->height + layout->gap));
            placed++;
        }
    }
    return (int)((placed + layout->columns - 1) / layout->columns) * (layout->height + layout->gap);
}

static int
tiles_height(const struct layout *layout, size_t count)
{
    size_t shown = count < TILES ? count : TILES;
    return (int)((shown + layout->columns - 1) / layout->columns) * (layout->height + layout->gap);
}

static int
subnet_height(const struct layout *layout, const struct subnet *subnet)
{
    return 34 + tiles_height(layout, subnet->count) + layout->pad - layout->gap;
}

static void
put_subnet(const struct network *network, const struct layout *layout, size_t index, int y)
{
    const struct subnet *subnet = &network->subnets[index];
    struct buf *out = network->html->out;
    char number[WORDS_NUMBER];
    buf_format(out,
        "<path class=\"wire\" d=\"M%d %dH%d\"/><rect class=\"subnet\" x=\"%d\" y=\"%d\" "
        "width=\"%d\" height=\"%d\" rx=\"12\"/><text class=\"title\" x=\"%d\" y=\"%d\">",
        layout->margin / 3, y + 20, layout->margin, layout->margin, y,
        layout->width - layout->margin - 1, subnet_height(layout, subnet),
        layout->margin + layout->pad, y + 23);
    HTML(out, "{}  \xc2\xb7  {} {}", subnet->name, words_count(subnet->count, number),
        subnet->count == 1 ? "device" : "devices");
    if (subnet->count > TILES) {
        HTML(out, ", {} not drawn", words_count(subnet->count - TILES, number));
    }
    buf_text(out, "</text>");
    (void)put_tiles(network, layout, index, y + 34);
}

static void
put_picture(const struct network *network, const struct layout *layout)
{
    struct buf *out = network->html->out;
    int top = network->routers == 0 ? 8 : 40 + tiles_height(layout, network->routers);
    int height = top;
    int last = top;
    for (size_t i = 0; i < network->subnet_count; i++) {
        last = height;
        height += subnet_height(layout, &network->subnets[i]) + 16;
    }
    buf_format(out, "<svg class=\"net %s\" viewBox=\"0 0 %d %d\" role=\"group\" ", layout->class,
        layout->width, height);
    buf_text(out, "aria-label=\"Picture of the network; the table of devices says the same\">");
    if (network->routers != 0) {
        put_sign(out, "internet", layout->margin / 3 - 11 + (layout->margin < 30 ? 6 : 0), 2, 22);
        buf_format(
            out, "<text class=\"title\" x=\"%d\" y=\"18\">Internet</text>", layout->margin + 2);
        buf_format(
            out, "<path class=\"wire\" d=\"M%d 64H%d\"/>", layout->margin / 3, layout->margin);
    }
    buf_format(out, "<path class=\"wire\" d=\"M%d %dV%d\"/>", layout->margin / 3,
        network->routers == 0 ? top : 26, last + 20);
    if (network->routers != 0) {
        (void)put_tiles(network, layout, SUBNETS, 34);
    }
    int y = top;
    for (size_t i = 0; i < network->subnet_count; i++) {
        put_subnet(network, layout, i, y);
        y += subnet_height(layout, &network->subnets[i]) + 16;
    }
    buf_text(out, "</svg>");
}

static void
put_legend(struct buf *out)
{
    buf_text(out, "<ul class=\"legend\">");
    for (size_t i = 0; i < MARK_COUNT; i++) {
        HTML(out, "<li class=\"m-{}\">", mark_words[i].id);
        markup_sign(out, mark_words[i].id);
        HTML(out, "{}</li>", mark_words[i].meaning);
    }
    buf_text(out, "<li class=\"m-fail\">");
    markup_sign(out, "internet");
    buf_text(out, "a port is forwarded to it</li></ul>");
}

void
network_write(const struct html *html)
{
    struct network network = {.html = html};
    network.subnet_of = calloc(html->assessment->device_count + 1, sizeof(*network.subnet_of));
    if (network.subnet_of == NULL) {
        html->out->failed = true;
        return;
    }
    sort_devices(&network);
    buf_text(html->out, "<section aria-labelledby=\"network\"><h2 id=\"network\">The network</h2>"
                        "<figure>");
    for (size_t i = 0; i < COUNT(layouts); i++) {
        put_picture(&network, &layouts[i]);
    }
    buf_text(html->out, "<figcaption>");
    put_legend(html->out);
    buf_text(html->out, "</figcaption></figure></section>");
    free(network.subnet_of);
}
