/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Names: the names of org.dohmouse1(5) that both the daemon and dohmousectl use.
 */

#define BUS_NAME "org.dohmouse1"
#define MANAGER_PATH "/org/dohmouse1"
#define MANAGER_INTERFACE "org.dohmouse1.Manager"
#define UPSTREAM_PATH "/org/dohmouse1/upstream" /* followed by the encoded name */
#define UPSTREAM_INTERFACE "org.dohmouse1.Upstream"
#define FORWARD_PATH "/org/dohmouse1/forward" /* likewise */
#define FORWARD_INTERFACE "org.dohmouse1.Forward"

#define ERROR_NO_SUCH_UPSTREAM "org.dohmouse1.Error.NoSuchUpstream"
#define ERROR_NO_SUCH_FORWARD "org.dohmouse1.Error.NoSuchForward"
#define ERROR_INVALID_CONFIGURATION "org.dohmouse1.Error.InvalidConfiguration"
#define ERROR_PROBE_IN_PROGRESS "org.dohmouse1.Error.ProbeInProgress"
#define ERROR_TOO_MANY_REQUESTS "org.dohmouse1.Error.TooManyRequests"

/* The names of systemd-resolved. */
#define RESOLVE1_NAME "org.freedesktop.resolve1"
#define RESOLVE1_PATH "/org/freedesktop/resolve1"
#define RESOLVE1_MANAGER "org.freedesktop.resolve1.Manager"
#define RESOLVE1_LINK_PATH "/org/freedesktop/resolve1/link" /* followed by the encoded ifindex */
#define RESOLVE1_LINK "org.freedesktop.resolve1.Link"

/* The message bus itself. */
#define DBUS_NAME "org.freedesktop.DBus"
#define DBUS_PATH "/org/freedesktop/DBus"
#define DBUS_INTERFACE DBUS_NAME
#define DBUS_PROPERTIES "org.freedesktop.DBus.Properties"
#define DBUS_OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
