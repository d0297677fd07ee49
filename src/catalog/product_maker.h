/* The makers that records name, in the many ways in which they spell them. */
#pragma once

#include "catalog/product.h"

/* A maker's whole name: "hikvision", "Hangzhou Hikvision", "lorextechnology"; false: not known. */
bool product_maker_find(const char *name, char ret_maker[PRODUCT_MAKER]);
/* How much of the text names a maker, the longest of its first three words, or 0. */
size_t product_maker_leading(const char *text, char ret_maker[PRODUCT_MAKER]);
/* A maker's name among the words of an address: packetstormsecurity.com/Reolink-E1-Zoom. */
bool product_maker_in_address(const char *address, char ret_maker[PRODUCT_MAKER]);
