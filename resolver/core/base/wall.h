/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Wall: keeps core/ free of I/O. It is included before every file of core/. On Debian the headers of the libraries that
 * io/ uses are on the compiler's default path, so omitting their -I is not enough. Defining their include guards makes
 * them empty: the first use of such a library does not compile.
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
