/*
 * Configuration from anywhere: there is always a configuration, each finding has words, the count of errors is right, and reading
 * twice finds the same.
 */

#include <stdlib.h>
#include <string.h>

#include "core/config.h"

static void must(bool ok)
{
        if (!ok)
                abort();
}

static void count(void *userdata, const ConfigMessage *m)
{
        must(m->text && *m->text);
        *(unsigned *) userdata += m->severity == CONFIG_ERROR;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        ConfigText text = { .name = "fuzz", .text = (const char *) data, .n = size };
        unsigned errors[2] = { 0 }, said[2] = { 0 };
        Config *c[2];

        for (unsigned i = 0; i < 2; i++) {
                c[i] = config_parse(&text, 1, count, &said[i], &errors[i]);
                must(c[i] && errors[i] == said[i] && (c[i]->n_upstreams > 0 || errors[i] > 0));
        }
        must(errors[0] == errors[1] && c[0]->n_upstreams == c[1]->n_upstreams);
        for (size_t i = 0; i < c[0]->n_upstreams; i++)
                must(upstream_config_equal(&c[0]->upstreams[i], &c[1]->upstreams[i]));
        config_unref(c[0]);
        config_unref(c[1]);
        return 0;
}
