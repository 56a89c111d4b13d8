/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/client/unanswered.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION 1 /* to be increased with each change of Slot, whose size is compared too */
#define SLOTS CLIENTS_PENDING_MAX
#define INDEX_MASK (SLOTS - 1u)
_Static_assert((SLOTS & INDEX_MASK) == 0, "a mark is a number of uses above an index");

/* The mark is written last and cleared first: a slot with one is whole. */
typedef struct Slot {
        uint32_t mark; /* 0: free */
        UnansweredQuery query;
} Slot;

typedef struct Memory {
        char magic[8];
        uint32_t version;
        uint32_t slot_size;
        uint32_t n_used;   /* slots that have ever been used: reading others would take memory for them, too */
        Slot slots[SLOTS]; /* only pages that are used take memory */
} Memory;

struct Unanswered {
        int fd;
        bool is_new;
        Memory *memory;
        uint32_t uses;
        uint32_t taken; /* slots looked through by unanswered_take() */
        uint32_t n_free;
        uint16_t free_slots[SLOTS]; /* a stack, so that the pages that were used last are used again */
};

static const char magic[8] = "DMquery";

static Memory *unanswered_map(int fd)
{
        Memory *m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

        return m == MAP_FAILED ? NULL : m;
}

/* Returns the memory of an earlier process, or NULL if it is not of this version. */
static Memory *unanswered_open(int fd)
{
        struct stat st;
        Memory *m;

        if (fd < 0 || fstat(fd, &st) < 0 || st.st_size != (off_t) sizeof(Memory) || !(m = unanswered_map(fd)))
                return NULL;
        if (memcmp(m->magic, magic, sizeof(magic)) == 0 && m->version == VERSION && m->slot_size == sizeof(Slot))
                return m;
        munmap(m, sizeof(*m));
        return NULL;
}

static Memory *unanswered_create(int *ret_fd)
{
        Memory *m = NULL;
        int fd = memfd_create("dohmouse-queries", MFD_CLOEXEC);

        if (fd < 0)
                return NULL;
        if (ftruncate(fd, sizeof(*m)) < 0 || !(m = unanswered_map(fd))) {
                close(fd);
                return NULL;
        }
        memcpy(m->magic, magic, sizeof(magic));
        m->version = VERSION;
        m->slot_size = sizeof(Slot);
        *ret_fd = fd;
        return m;
}

Unanswered *unanswered_new(int fd)
{
        Unanswered *f = calloc(1, sizeof(*f));

        if (!f) {
                if (fd >= 0)
                        close(fd);
                return NULL;
        }
        f->fd = fd;
        f->memory = unanswered_open(fd);
        if (!f->memory) {
                if (fd >= 0)
                        close(fd);
                f->is_new = true;
                f->memory = unanswered_create(&f->fd);
        }
        if (!f->memory) {
                free(f);
                return NULL;
        }
        for (uint32_t i = SLOTS; i-- > 0;)
                f->free_slots[f->n_free++] = (uint16_t) i;
        return f;
}

Unanswered *unanswered_free(Unanswered *f)
{
        if (!f)
                return NULL;
        munmap(f->memory, sizeof(*f->memory));
        close(f->fd);
        free(f);
        return NULL;
}

int unanswered_fd(const Unanswered *f)
{
        return f->fd;
}

bool unanswered_is_new(const Unanswered *f)
{
        return f->is_new;
}

/* The compiler must not move the write of a mark: what is read after a kill is what was written before it. */
static void unanswered_set_mark(Slot *s, uint32_t mark)
{
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        *(volatile uint32_t *) &s->mark = mark;
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static void unanswered_clear(Slot *s)
{
        unanswered_set_mark(s, 0);
        explicit_bzero(s->query.message, s->query.n);
}

bool unanswered_take(Unanswered *f, UnansweredQuery *ret)
{
        while (f->taken < MIN(f->memory->n_used, SLOTS)) {
                Slot *s = &f->memory->slots[f->taken++];

                if (s->mark == 0)
                        continue;
                *ret = s->query;
                s->query.n = MIN(ret->n, UNANSWERED_MESSAGE_MAX);
                unanswered_clear(s);
                if (ret->n <= UNANSWERED_MESSAGE_MAX && ret->client.kind == CLIENT_UDP)
                        return true;
        }
        return false;
}

uint32_t unanswered_next(Unanswered *f)
{
        if (f->n_free == 0)
                return 0;
        f->uses += SLOTS;
        if (f->uses == 0)
                f->uses = SLOTS;
        return f->uses | f->free_slots[f->n_free - 1];
}

void unanswered_add(Unanswered *f, const Client *client, const Address *listener, Bytes message)
{
        Slot *s;

        if (client->udp.mark == 0 || message.n > UNANSWERED_MESSAGE_MAX)
                return;
        s = &f->memory->slots[client->udp.mark & INDEX_MASK];
        f->memory->n_used = MAX(f->memory->n_used, (client->udp.mark & INDEX_MASK) + 1);
        s->query.client = *client;
        s->query.listener = *listener;
        s->query.n = (uint16_t) message.n;
        memcpy(s->query.message, message.p, message.n);
        unanswered_set_mark(s, client->udp.mark);
        f->n_free--;
}

void unanswered_remove(Unanswered *f, uint32_t mark)
{
        Slot *s = &f->memory->slots[mark & INDEX_MASK];

        if (mark == 0 || s->mark != mark)
                return;
        unanswered_clear(s);
        f->free_slots[f->n_free++] = (uint16_t) (mark & INDEX_MASK);
}
