/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * GeneratedZone: a DNS server's answers, each made of nothing but the seed and its question: right ones, and what no
 * server should say. And what a program that asks for them is to be told.
 */

#include <netinet/in.h>

#include "core/base/base.h"

#define ZONE_FORWARD "gen.test"
#define ZONE_HOSTS "hosts.test" /* in the hosts file */
#define ZONE_HOSTS_MAX 1000     /* names there */
#define EXPECTED_MAX 16
#define TEXT_MAX 256

/* What the answers to one question amount to. */
typedef struct Expected {
        unsigned n;
        uint8_t addresses[EXPECTED_MAX][16]; /* A, AAAA */
        uint32_t scope;                      /* of all of them: the index of an interface */
        char names[EXPECTED_MAX][TEXT_MAX];  /* PTR */
        char canonical[TEXT_MAX];            /* the name at the end of the chain of aliases, in lower case */
} Expected;

/* Random numbers: SplitMix64. */
typedef uint64_t Dice;
uint64_t dice_roll(Dice *d);
/* From 0 to `sides` - 1. */
unsigned dice_upto(Dice *d, unsigned sides);

/* Generates the answer to a question. `question` is that of the query in wire form, and `name` its name in lower case.
 * Returns the size of the message. */
#define ZONE_MESSAGE_MAX 8192
size_t zone_answer(uint64_t seed, const char *name, uint16_t type, Bytes question, uint8_t ret[ZONE_MESSAGE_MAX],
                   Expected *expected);

/* The same for a program that has no query in wire form. */
void zone_expect(uint64_t seed, const char *name, uint16_t type, Expected *ret);

/* The addresses of name `i` of the hosts file. */
void zone_expect_hosts(uint64_t seed, unsigned i, int family, Expected *ret);
/* Writes the hosts file to stdout. */
void zone_print_hosts(uint64_t seed);
