/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <resolv.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/dns/message.h"
#include "ctl.h"
#include "ctl_enable.h"
#include "ctl_record.h"
#include "ctl_names.h"

#define CHECK_ADDRESS "127.0.0.53"
#define CHECK_TRIES 3
#define CHECK_TIMEOUT_MSEC 6000 /* more than QueryTimeoutSec= by default */

/* The name servers of the root: every upstream knows them, and the answer reveals nothing. */
static const uint8_t check_query[] = { 0x12, 0x34, 0x01, 0, 0, 1,  0, 0,    0, 0, 0, 1, 0, 0,
                                       2,    0,    1,    0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0 };

/* Outcomes of the child, as its exit status. */
enum { CHECK_GOOD, CHECK_NO_CONFIGURATION, CHECK_OTHER_SERVER, CHECK_NO_ANSWER };

static int check_by_libc(void)
{
        unsigned char answer[4096];
        struct in_addr stub;

        inet_pton(AF_INET, CHECK_ADDRESS, &stub);
        if (res_init() < 0)
                return CHECK_NO_CONFIGURATION;
        if (_res.nscount != 1 || _res.nsaddr_list[0].sin_addr.s_addr != stub.s_addr)
                return CHECK_OTHER_SERVER;
        for (unsigned i = 0; i < CHECK_TRIES; i++)
                if (res_query(".", ns_c_in, ns_t_ns, answer, sizeof(answer)) >= 0 || h_errno == NO_DATA)
                        return CHECK_GOOD;
        return CHECK_NO_ANSWER;
}

/* What dohmouse itself has to say about the same question. */
static void check_ask_why(char *ret, size_t size)
{
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(53) };
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        uint8_t answer[4096];
        unsigned code;
        Message m;
        char *text;
        ssize_t n = -1;

        inet_pton(AF_INET, CHECK_ADDRESS, &to.sin_addr);
        if (fd >= 0 && connect(fd, (const struct sockaddr *) &to, sizeof(to)) == 0 &&
            send(fd, check_query, sizeof(check_query), 0) >= 0 && poll(&wait, 1, CHECK_TIMEOUT_MSEC) > 0)
                n = recv(fd, answer, sizeof(answer), 0);
        if (n < 0)
                snprintf(ret, size, "there is no answer from " CHECK_ADDRESS " (%s)",
                         errno ? strerror(errno) : "timed out");
        else if (message_parse(&m, BYTES(answer, (size_t) n)) != MESSAGE_OK)
                snprintf(ret, size, "the answer of " CHECK_ADDRESS " is not a well-formed DNS message");
        else if (message_extended_error(&m, 0, &code, &text)) {
                snprintf(ret, size, "%s (%s)", rcode_words(message_rcode(&m)),
                         *text            ? text
                         : ede_name(code) ? ede_name(code)
                                          : "no reason given");
                free(text);
        } else
                snprintf(ret, size, "%s", rcode_words(message_rcode(&m)));
        if (fd >= 0)
                close(fd);
}

bool ctl_check_resolver(char ret_reason[static CTL_REASON_MAX])
{
        int status = 0;
        pid_t pid;

        fflush(stdout);
        pid = fork();
        if (pid == 0)
                _exit(check_by_libc());
        while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        status = pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        errno = 0;
        switch (status) {
        case CHECK_GOOD:
                return true;
        case CHECK_NO_CONFIGURATION:
                snprintf(ret_reason, CTL_REASON_MAX, "the C library cannot be initialized");
                break;
        case CHECK_OTHER_SERVER:
                snprintf(ret_reason, CTL_REASON_MAX, "the C library uses other servers than " CHECK_ADDRESS);
                break;
        case CHECK_NO_ANSWER:
                check_ask_why(ret_reason, CTL_REASON_MAX);
                break;
        default:
                snprintf(ret_reason, CTL_REASON_MAX, "the check failed");
        }
        return false;
}
