/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The wall around core/: included before every file of it. In Debian the libraries of io/ stand on the compiler's
 * default path, so that leaving out their -I is not enough. Their include guards are set here: including one of them
 * gives nothing at all, and the first use of it does not compile.
 */
#define UV_H
#define GNUTLS_GNUTLS_H
#define NGHTTP2_H
#define foosdcommonhfoo
#define foosdbusprotocolhfoo
#define foosdbusvtablehfoo
#define foosdbushfoo
#define foosddaemonhfoo
#define foosddevicehfoo
#define foosdeventhfoo
#define foosdgpthfoo
#define foosdhwdbhfoo
#define foosdid128hfoo
#define foosdjournalhfoo
#define foosdloginhfoo
#define foosdmessageshfoo
#define foosdpathhfoo
#define _SYS_SOCKET_H 1
#define _NETINET_IN_H 1
