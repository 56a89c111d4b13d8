/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * logind's word of a suspend, over a real bus of the test's own.
 */

#include "io/system/sleep.h"
#include "run.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

static uv_loop_t loop;
static unsigned befores, afters;
static char address[256];
static pid_t daemon_pid;

static void on_sleep(void *userdata, bool before)
{
        (void) userdata;
        *(before ? &befores : &afters) += 1;
}

/* False if there is no dbus-daemon here. */
static bool start_bus(void)
{
        int fds[2];
        ssize_t n;

        if (pipe(fds) < 0)
                return false;
        daemon_pid = fork();
        if (daemon_pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                dup2(fds[1], 3);
                execlp("dbus-daemon", "dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=3", NULL);
                _exit(127);
        }
        close(fds[1]);
        n = read(fds[0], address, sizeof(address) - 1);
        close(fds[0]);
        if (n <= 0)
                return false;
        address[strcspn(address, "\n")] = 0;
        setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
        return true;
}

static void stop_bus(void)
{
        kill(daemon_pid, SIGTERM);
        waitpid(daemon_pid, NULL, 0);
}

/* Says it as logind does. */
static void say(bool before)
{
        sd_bus *bus = NULL;

        ck_assert_int_ge(sd_bus_new(&bus), 0);
        ck_assert_int_ge(sd_bus_set_address(bus, address), 0);
        ck_assert_int_ge(sd_bus_set_bus_client(bus, true), 0);
        ck_assert_int_ge(sd_bus_start(bus), 0);
        ck_assert_int_ge(sd_bus_request_name(bus, "org.freedesktop.login1", 0), 0);
        ck_assert_int_ge(sd_bus_emit_signal(bus, "/org/freedesktop/login1", "org.freedesktop.login1.Manager",
                                            "PrepareForSleep", "b", before),
                         0);
        sd_bus_flush(bus);
        sd_bus_close_unref(bus);
}

static void stop_waiting(uv_timer_t *t)
{
        *(bool *) t->data = true;
}

/* Runs the loop until `*n` is `want`, at most 10 s; else it is said. */
static void run_until(const unsigned *n, unsigned want, bool before)
{
        bool over = false;
        uv_timer_t t;

        uv_timer_init(&loop, &t);
        t.data = &over;
        for (unsigned i = 0; i < 100 && *n < want; i++) {
                over = false;
                uv_timer_start(&t, stop_waiting, 100, 0);
                while (!over && *n < want)
                        uv_run(&loop, UV_RUN_ONCE);
                /* The match may not have reached the bus when the first signal went out. */
                if (*n < want)
                        say(before);
        }
        uv_close((uv_handle_t *) &t, NULL);
        uv_run(&loop, UV_RUN_NOWAIT);
        ck_assert_uint_ge(*n, want);
}

START_TEST(a_suspend_is_heard_of_before_and_after_and_across_a_restart_of_the_bus)
{
        Sleep s;
        Bus *bus;

        if (!start_bus()) {
                fprintf(stderr, "SKIP: no dbus-daemon\n");
                return;
        }
        uv_loop_init(&loop);
        bus = bus_new(&loop);
        ck_assert_ptr_nonnull(bus);
        sleep_init(&s, bus, on_sleep, NULL);
        run_until(&befores, 1, true);
        run_until(&afters, 1, false);

        stop_bus();
        for (unsigned i = 0; i < 20; i++)
                uv_run(&loop, UV_RUN_NOWAIT);
        ck_assert(start_bus());
        bus_retry(bus, UINT64_MAX / 2);
        run_until(&befores, befores + 1, true);

        bus_free(bus);
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_int_eq(uv_loop_close(&loop), 0);
        stop_bus();
}
END_TEST

START_TEST(no_bus_is_no_trouble)
{
        Sleep s;
        Bus *bus;

        setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere/bus", 1);
        uv_loop_init(&loop);
        bus = bus_new(&loop);
        ck_assert_ptr_nonnull(bus);
        sleep_init(&s, bus, on_sleep, NULL);
        for (uint64_t i = 0; i < 5; i++)
                bus_retry(bus, UINT64_MAX / 2 + i * UINT64_C(100000000));
        bus_free(bus);
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_int_eq(uv_loop_close(&loop), 0);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("sleep");
        TCase *c = tcase_create("sleep");

        tcase_set_timeout(c, 60);
        tcase_add_test(c, a_suspend_is_heard_of_before_and_after_and_across_a_restart_of_the_bus);
        tcase_add_test(c, no_bus_is_no_trouble);
        suite_add_tcase(s, c);
        return run_suite(s);
}
