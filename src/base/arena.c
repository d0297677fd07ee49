/* Blocks that double in size, handed out from the newest. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK   ((size_t)2048)
#define LARGEST_BLOCK ((size_t)256 * 1024)

struct arena_block {
    struct arena_block *next;
    size_t size;
    size_t used;
    bool is_lent;
    _Alignas(max_align_t) unsigned char data[];
};

void
arena_init(struct arena *arena, size_t limit)
{
    *arena = (struct arena){.limit = limit};
}

void
arena_lend(struct arena *arena, void *memory, size_t size)
{
    assert(arena->blocks == NULL && size > sizeof(struct arena_block));
    struct arena_block *block = memory;
    *block = (struct arena_block){.size = size - sizeof(*block), .is_lent = true};
    arena->blocks = block;
}

void
arena_release(struct arena *arena)
{
    struct arena_block *block = arena->blocks;
    while (block != NULL) {
        struct arena_block *next = block->next;
        if (!block->is_lent) {
            free(block);
        }
        block = next;
    }
    arena_init(arena, arena->limit);
}

void
arena_wipe(struct arena *arena)
{
    for (struct arena_block *block = arena->blocks; block != NULL; block = block->next) {
        explicit_bzero(block->data, block->size);
    }
    arena_release(arena);
}

static struct arena_block *
block_with_room(struct arena *arena, size_t size)
{
    struct arena_block *newest = arena->blocks;
    if (newest != NULL && newest->size - newest->used >= size) {
        return newest;
    }
    size_t block_size = newest == NULL ? FIRST_BLOCK : newest->size * 2;
    if (block_size > LARGEST_BLOCK) {
        block_size = LARGEST_BLOCK;
    }
    if (block_size < size) {
        block_size = size;
    }
    struct arena_block *block = malloc(sizeof(*block) + block_size);
    if (block == NULL) {
        return NULL;
    }
    block->next = newest;
    block->size = block_size;
    block->used = 0;
    block->is_lent = false;
    arena->blocks = block;
    return block;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    if (size > arena->limit || arena->used > arena->limit - size) {
        arena->full = true;
        return NULL;
    }
    size_t padded = (size + align - 1) / align * align;
    struct arena_block *block = block_with_room(arena, padded);
    if (block == NULL) {
        arena->full = true;
        return NULL;
    }
    void *memory = block->data + block->used;
    block->used += padded;
    arena->used += padded;
    memset(memory, 0, padded);
    return memory;
}

char *
arena_copy_n(struct arena *arena, const char *bytes, size_t len)
{
    if (bytes == NULL || len == SIZE_MAX) {
        return NULL;
    }
    char *copy = arena_alloc(arena, len + 1);
    if (copy != NULL) {
        memcpy(copy, bytes, len);
    }
    return copy;
}

char *
arena_copy(struct arena *arena, const char *text)
{
    return text == NULL ? NULL : arena_copy_n(arena, text, strlen(text));
}

char *
arena_format(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = len < 0 ? NULL : arena_alloc(arena, (size_t)len + 1);
    if (text != NULL) {
        (void)vsnprintf(text, (size_t)len + 1, format, again);
    }
    va_end(again);
    return text;
}
