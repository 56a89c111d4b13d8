#include "io/dropins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "dohmouse"
#define FILE_MAX (4u << 20)     /* octets of one file */

static const char *const directories[] = { "/etc", "/run", "/usr/local/lib", "/usr/lib" };

void file_list_deinit(FileList *l)
{
        for (size_t i = 0; i < l->n; i++)
                free(l->paths[i]);
        free(l->paths);
        *l = (FileList) { 0 };
}

static int add(FileList *l, const char *path)
{
        char **grown = reallocarray(l->paths, l->n + 1, sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        l->paths = grown;
        grown[l->n] = strdup(path);
        if (!grown[l->n])
                return -ENOMEM;
        l->n++;
        return 0;
}

static const char *base_of(const char *path)
{
        return strrchr(path, '/') + 1;
}

static bool has_name(const FileList *l, const char *name)
{
        for (size_t i = 0; i < l->n; i++)
                if (strcmp(base_of(l->paths[i]), name) == 0)
                        return true;
        return false;
}

static bool is_dropin(const char *name)
{
        size_t n = strlen(name);

        return name[0] != '.' && n > 5 && strcmp(name + n - 5, ".conf") == 0;
}

/* Takes the drop-ins of one directory whose names no directory before it had. */
static int add_directory(FileList *l, const char *directory)
{
        DIR *d = opendir(directory);
        struct dirent *entry;
        char path[PATH_MAX];
        int r = 0;

        if (!d)
                return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
        while (r >= 0 && (entry = readdir(d))) {
                struct stat st;

                if (!is_dropin(entry->d_name) || has_name(l, entry->d_name))
                        continue;
                if ((size_t) snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name) >= sizeof(path))
                        continue;
                /* A directory is none; a link to nowhere is kept, so that reading it says so. */
                if (stat(path, &st) >= 0 && S_ISDIR(st.st_mode))
                        continue;
                r = add(l, path);
        }
        closedir(d);
        return r;
}

static int by_name(const void *a, const void *b)
{
        return strcmp(base_of(*(char *const *) a), base_of(*(char *const *) b));
}

/* Files that only mask others: empty ones, and links to /dev/null. */
static void drop_masks(FileList *l)
{
        size_t kept = 0;

        for (size_t i = 0; i < l->n; i++) {
                struct stat st;

                if (stat(l->paths[i], &st) >= 0 && (S_ISCHR(st.st_mode) || (S_ISREG(st.st_mode) && st.st_size == 0)))
                        free(l->paths[i]);
                else
                        l->paths[kept++] = l->paths[i];
        }
        l->n = kept;
}

int dropins_find(const char *root, FileList *ret)
{
        FileList files = { 0 }, main_file = { 0 };
        char path[PATH_MAX];
        int r = 0;

        for (size_t i = 0; i < ELEMENTS(directories) && r >= 0; i++) {
                snprintf(path, sizeof(path), "%s%s/" NAME "/" NAME ".conf.d", root ? root : "", directories[i]);
                r = add_directory(&files, path);
        }
        if (r >= 0 && files.n)
                qsort(files.paths, files.n, sizeof(*files.paths), by_name);
        for (size_t i = 0; i < ELEMENTS(directories) && r >= 0 && main_file.n == 0; i++) {
                snprintf(path, sizeof(path), "%s%s/" NAME "/" NAME ".conf", root ? root : "", directories[i]);
                if (access(path, F_OK) == 0)
                        r = add(&main_file, path);
        }
        for (size_t i = 0; i < files.n && r >= 0; i++)
                r = add(&main_file, files.paths[i]);
        file_list_deinit(&files);
        if (r < 0) {
                file_list_deinit(&main_file);
                return r;
        }
        drop_masks(&main_file);
        *ret = main_file;
        return 0;
}

static int read_file(const char *path, char **ret, size_t *ret_n)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), r = 0;
        char *text = NULL;
        size_t n = 0, size = 0;

        if (fd < 0)
                return -errno;
        for (;;) {
                ssize_t got;

                if (n == size) {
                        char *grown = size < FILE_MAX ? realloc(text, size = size ? size * 2 : 4096) : NULL;

                        if (!grown) {
                                r = size < FILE_MAX ? -ENOMEM : -EFBIG;
                                break;
                        }
                        text = grown;
                }
                got = read(fd, text + n, size - n);
                if (got <= 0) {
                        r = got < 0 ? -errno : 0;
                        break;
                }
                n += (size_t) got;
        }
        close(fd);
        if (r < 0) {
                free(text);
                return r;
        }
        *ret = text;
        *ret_n = n;
        return 0;
}

int config_load(const char *root, const char *single_file, ConfigReport report, void *userdata, Config **ret, unsigned *ret_errors)
{
        FileList files = { 0 };
        ConfigText *texts;
        unsigned unread = 0, errors = 0;
        size_t n = 0;
        int r = single_file ? add(&files, single_file) : dropins_find(root, &files);

        if (r < 0)
                return r;
        texts = calloc(files.n + 1, sizeof(*texts));
        if (!texts) {
                file_list_deinit(&files);
                return -ENOMEM;
        }
        for (size_t i = 0; i < files.n; i++) {
                char *text = NULL;
                size_t size = 0;

                r = read_file(files.paths[i], &text, &size);
                if (r < 0) {
                        ConfigMessage m = { .severity = CONFIG_ERROR, .file = files.paths[i], .text = strerror(-r) };

                        report(userdata, &m);
                        unread++;
                        continue;
                }
                texts[n++] = (ConfigText) { .name = files.paths[i], .text = text, .n = size };
        }
        *ret = config_parse(texts, n, report, userdata, &errors);
        *ret_errors = errors + unread;
        for (size_t i = 0; i < n; i++)
                free((char *) texts[i].text);
        free(texts);
        file_list_deinit(&files);
        return *ret ? 0 : -ENOMEM;
}
