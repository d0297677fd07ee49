/* QR codes for a terminal and for a page; libqrencode makes them. */
#include "identity/factor.h"

#include <qrencode.h>
#include <string.h>

#define QUIET 4 /* modules around the code: ISO/IEC 18004, 6.3.8 */

static bool
is_dark(const QRcode *code, int x, int y)
{
    bool is_inside = x >= 0 && y >= 0 && x < code->width && y < code->width;
    return is_inside && (code->data[y * code->width + x] & 1) != 0;
}

static enum err
encode(const char *text, QRcode **ret_code)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    if (code == NULL) {
        return ERR_LIMIT;
    }
    *ret_code = code;
    return OK;
}

enum err
factor_qr_text(const char *text, struct buf *ret_text)
{
    /* Light modules are drawn, as most terminals are dark: upper and lower half of a row. */
    static const char *const halves[2][2] = {
        {"\u2588", "\u2580"},
        {"\u2584", " "     },
    };
    QRcode *code = NULL;
    enum err err = encode(text, &code);
    if (err != OK) {
        return err;
    }
    for (int y = -QUIET; y < code->width + QUIET; y += 2) {
        for (int x = -QUIET; x < code->width + QUIET; x++) {
            buf_text(ret_text, halves[is_dark(code, x, y)][is_dark(code, x, y + 1)]);
        }
        buf_byte(ret_text, '\n');
    }
    QRcode_free(code);
    return buf_error(ret_text);
}

enum err
factor_qr_svg(const char *text, struct buf *ret_svg)
{
    QRcode *code = NULL;
    enum err err = encode(text, &code);
    if (err != OK) {
        return err;
    }
    int size = code->width + 2 * QUIET;
    buf_format(ret_svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\""
        " shape-rendering=\"crispEdges\"><rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>"
        "<path fill=\"#000\" d=\"",
        size, size, size, size);
    for (int y = 0; y < code->width; y++) {
        for (int x = 0; x < code->width; x++) {
            int run = 0;
            while (is_dark(code, x + run, y)) {
                run++;
            }
            if (run != 0) {
                buf_format(ret_svg, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, run, run);
                x += run;
            }
        }
    }
    buf_text(ret_svg, "\"/></svg>\n");
    QRcode_free(code);
    return buf_error(ret_svg);
}
