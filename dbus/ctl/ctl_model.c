/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl_model.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "core/health/failure.h"

/* The member that a property is stored in, and its type: 's' char *, 'a' char **, 't' uint64_t (for 'u' and 't' on the
 * bus). */
typedef struct Member {
        const char *name;
        char type;
        size_t offset;
} Member;

#define UPSTREAM(name, type, member) { name, type, offsetof(UpstreamView, member) }
#define FORWARD(name, type, member) { name, type, offsetof(ForwardView, member) }
#define MANAGER(name, type, member) { name, type, offsetof(ManagerView, member) }

static const Member upstream_members[] = {
        UPSTREAM("Name", 's', name),
        UPSTREAM("URL", 's', url),
        UPSTREAM("HealthMode", 's', health_mode),
        UPSTREAM("State", 's', state),
        UPSTREAM("Reason", 's', reason),
        UPSTREAM("ReasonDetail", 's', reason_detail),
        UPSTREAM("Admin", 's', admin),
        UPSTREAM("Addresses", 'a', addresses),
        UPSTREAM("RetryAtUSec", 't', retry_at),
        UPSTREAM("LastChangeUSec", 't', last_change),
        UPSTREAM("Connections", 't', connections),
        UPSTREAM("SmoothedRTTUSec", 't', smoothed_rtt),
        UPSTREAM("PeerIdleUSec", 't', peer_idle),
        UPSTREAM("Queries", 't', queries),
        UPSTREAM("Failures", 't', failures),
        UPSTREAM("HandshakesFull", 't', handshakes_full),
        UPSTREAM("HandshakesResumed", 't', handshakes_resumed),
        UPSTREAM("HandshakesEarly", 't', handshakes_early),
        UPSTREAM("Probes", 't', probes),
        UPSTREAM("Races", 't', races),
        UPSTREAM("RacesWon", 't', races_won),
        { NULL },
};

static const Member forward_members[] = {
        FORWARD("Name", 's', name),
        FORWARD("Source", 's', source),
        FORWARD("State", 's', state),
        FORWARD("Reason", 's', reason),
        FORWARD("CurrentServer", 's', current_server),
        FORWARD("LastFailureReason", 's', last_failure_reason),
        FORWARD("LastFailureServer", 's', last_failure_server),
        FORWARD("Domains", 'a', domains),
        FORWARD("Servers", 'a', servers),
        FORWARD("ServerStates", 'a', server_states),
        FORWARD("LastChangeUSec", 't', last_change),
        FORWARD("LastFailureUSec", 't', last_failure),
        FORWARD("Queries", 't', queries),
        FORWARD("Failures", 't', failures),
        { NULL },
};

static const Member manager_members[] = {
        MANAGER("Version", 's', version),         MANAGER("HealthMode", 's', health_mode),
        MANAGER("NetworkState", 's', network),    MANAGER("ConfigurationError", 's', configuration_error),
        MANAGER("LogLevel", 's', log_level),      MANAGER("CacheEntries", 't', cache_entries),
        MANAGER("CacheBytes", 't', cache_octets), MANAGER("CacheBytesMax", 't', cache_octets_max),
        MANAGER("Queries", 't', queries),         { NULL },
};

static uint64_t now_of(clockid_t clock)
{
        struct timespec ts;

        clock_gettime(clock, &ts);
        return (uint64_t) ts.tv_sec * USEC_PER_SEC + (uint64_t) ts.tv_nsec / 1000;
}

uint64_t now_real(void)
{
        return now_of(CLOCK_REALTIME);
}

uint64_t now_monotonic(void)
{
        return now_of(CLOCK_MONOTONIC);
}

static void model_free_list(char **list)
{
        for (char **p = list; p && *p; p++)
                free(*p);
        free(list);
}

static void model_clear(const Member *members, void *view)
{
        for (; members->name; members++) {
                void *place = (char *) view + members->offset;

                if (members->type == 's')
                        free(*(char **) place);
                else if (members->type == 'a')
                        model_free_list(*(char ***) place);
        }
}

/* Sets strings and lists that the daemon did not send to empty ones. */
static bool model_complete(const Member *members, void *view)
{
        for (; members->name; members++) {
                char **place = (char **) (void *) ((char *) view + members->offset);

                if (members->type == 's' && !*place && !(*place = strdup("")))
                        return false;
                if (members->type == 'a' && !*place && !(*(char ***) place = calloc(1, sizeof(char *))))
                        return false;
        }
        return true;
}

/* Reads the value of a property, a variant with the given `contents`. */
static int model_read_value(sd_bus_message *m, void *place, const char *contents)
{
        const char *text;
        char **list = NULL;
        uint32_t u;
        int r = sd_bus_message_enter_container(m, 'v', contents);

        if (r < 0)
                return r;
        switch (*contents) {
        case 's':
                r = sd_bus_message_read(m, "s", &text);
                if (r < 0)
                        return r;
                free(*(char **) place);
                *(char **) place = strdup(text);
                break;
        case 'a':
                r = sd_bus_message_read_strv(m, &list);
                if (r < 0)
                        return r;
                model_free_list(*(char ***) place);
                *(char ***) place = list;
                break;
        case 'u':
                r = sd_bus_message_read(m, "u", &u);
                *(uint64_t *) place = u;
                break;
        default:
                r = sd_bus_message_read(m, "t", (uint64_t *) place);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* False if the property has another type than expected, as in another version; it is then ignored. */
static bool model_fits(const Member *member, const char *contents)
{
        switch (member->type) {
        case 's':
                return strcmp(contents, "s") == 0;
        case 'a':
                return strcmp(contents, "as") == 0;
        default:
                return strcmp(contents, "u") == 0 || strcmp(contents, "t") == 0;
        }
}

static int model_read_property(sd_bus_message *m, const Member *members, void *view)
{
        const char *name, *contents;
        int r = sd_bus_message_read(m, "s", &name);

        if (r >= 0)
                r = sd_bus_message_peek_type(m, NULL, &contents);
        if (r < 0)
                return r;
        while (members->name && strcmp(members->name, name) != 0)
                members++;
        if (!members->name || !model_fits(members, contents))
                return sd_bus_message_skip(m, "v");
        return model_read_value(m, (char *) view + members->offset, contents);
}

static int model_read_properties(sd_bus_message *m, const Member *members, void *view)
{
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = model_read_property(m, members, view);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r >= 0 && !model_complete(members, view))
                r = -ENOMEM;
        return r;
}

int upstream_view_update(UpstreamView *v, sd_bus_message *m)
{
        return model_read_properties(m, upstream_members, v);
}

int forward_view_update(ForwardView *v, sd_bus_message *m)
{
        return model_read_properties(m, forward_members, v);
}

void forward_view_deinit(ForwardView *v)
{
        model_clear(forward_members, v);
        *v = (ForwardView) { 0 };
}

void upstream_view_deinit(UpstreamView *v)
{
        model_clear(upstream_members, v);
        *v = (UpstreamView) { 0 };
}

void manager_view_deinit(ManagerView *v)
{
        model_clear(manager_members, v);
        *v = (ManagerView) { 0 };
}

void upstream_list_deinit(UpstreamList *l)
{
        for (size_t i = 0; i < l->n; i++)
                upstream_view_deinit(&l->views[i]);
        free(l->views);
        *l = (UpstreamList) { 0 };
}

void forward_list_deinit(ForwardList *l)
{
        for (size_t i = 0; i < l->n; i++)
                forward_view_deinit(&l->views[i]);
        free(l->views);
        *l = (ForwardList) { 0 };
}

bool ctl_read_manager(Ctl *c, ManagerView *ret)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        if (!ctl_call(c, MANAGER_PATH, DBUS_PROPERTIES, "GetAll", &m, "s", MANAGER_INTERFACE))
                return false;
        r = model_read_properties(m, manager_members, ret);
        if (r < 0)
                ctl_bad_reply(r);
        return r >= 0;
}

static UpstreamView *model_upstream_list_add(UpstreamList *l)
{
        UpstreamView *views = reallocarray(l->views, l->n + 1, sizeof(*views));

        if (!views)
                return NULL;
        l->views = views;
        views[l->n] = (UpstreamView) { 0 };
        return &views[l->n++];
}

static ForwardView *model_forward_list_add(ForwardList *l)
{
        ForwardView *views = reallocarray(l->views, l->n + 1, sizeof(*views));

        if (!views)
                return NULL;
        l->views = views;
        views[l->n] = (ForwardView) { 0 };
        return &views[l->n++];
}

static int model_read_interface(UpstreamList *upstreams, ForwardList *forwards, const char *interface,
                                sd_bus_message *m)
{
        if (strcmp(interface, UPSTREAM_INTERFACE) == 0) {
                UpstreamView *v = model_upstream_list_add(upstreams);

                return v ? upstream_view_update(v, m) : -ENOMEM;
        }
        if (strcmp(interface, FORWARD_INTERFACE) == 0) {
                ForwardView *v = model_forward_list_add(forwards);

                return v ? forward_view_update(v, m) : -ENOMEM;
        }
        return sd_bus_message_skip(m, "a{sv}");
}

int model_read_object(UpstreamList *upstreams, ForwardList *forwards, sd_bus_message *m)
{
        int r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
                const char *interface;

                r = sd_bus_message_read(m, "s", &interface);
                if (r >= 0)
                        r = model_read_interface(upstreams, forwards, interface, m);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

bool ctl_read_objects(Ctl *c, UpstreamList *ret_upstreams, ForwardList *ret_forwards)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        if (!ctl_call(c, MANAGER_PATH, DBUS_OBJECT_MANAGER, "GetManagedObjects", &m, NULL))
                return false;
        r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
                r = sd_bus_message_skip(m, "o");
                if (r >= 0)
                        r = model_read_object(ret_upstreams, ret_forwards, m);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        if (r < 0)
                ctl_bad_reply(r);
        return r >= 0;
}

bool ctl_read_upstreams(Ctl *c, UpstreamList *ret)
{
        _cleanup_(forward_list_deinit) ForwardList forwards = { 0 };

        return ctl_read_objects(c, ret, &forwards);
}

/* --- names and texts */

const UpstreamView *upstream_look_up(const UpstreamList *l, const char *name)
{
        for (size_t i = 0; i < l->n; i++)
                if (strcmp(l->views[i].name, name) == 0)
                        return &l->views[i];
        return NULL;
}

const ForwardView *forward_look_up(const ForwardList *l, const char *name)
{
        for (size_t i = 0; i < l->n; i++)
                if (strcmp(l->views[i].name, name) == 0)
                        return &l->views[i];
        return NULL;
}

const UpstreamView *upstream_find(const UpstreamList *l, const char *name)
{
        const UpstreamView *found = upstream_look_up(l, name);
        char *names = NULL;
        size_t n;
        FILE *f;

        if (found)
                return found;
        f = open_memstream(&names, &n);
        if (!f)
                return NULL;
        for (size_t i = 0; i < l->n; i++)
                fprintf(f, "%s%s", i ? ", " : "", l->views[i].name);
        fclose(f);
        ctl_fail("There is no upstream \"%s\". Configured upstreams: %s", name, l->n ? names : "none");
        free(names);
        return NULL;
}

const char *upstream_state_word(const UpstreamView *v)
{
        return strcmp(v->admin, "up") == 0 || strcmp(v->admin, "down") == 0 ? v->admin : v->state;
}

const char *state_colour(const Ctl *c, const char *word)
{
        return strcmp(word, "healthy") == 0 || strcmp(word, "online") == 0 || strcmp(word, "up") == 0
                       ? c->terminal.green
               : strcmp(word, "failed") == 0 || strcmp(word, "offline") == 0 || strcmp(word, "portal") == 0 ||
                               strcmp(word, "clock") == 0
                       ? c->terminal.red
               : strcmp(word, "suspect") == 0 || strcmp(word, "trial") == 0 ? c->terminal.yellow
                                                                            : c->terminal.grey;
}

const char *reason_words(const char *reason)
{
        if (!*reason)
                return "";
        for (FailureReason f = FAILURE_NONE + 1; f < _FAILURE_MAX; f++)
                if (strcmp(failure_name(f), reason) == 0)
                        return failure_text(f);
        return reason;
}
