/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Where everything is. */

#include "client/project.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "client/settings.h"
#include "proto/endpoint.h"

#define DIR_BARE    ".coldgate"
#define DIR_NAME    "/" DIR_BARE
#define CONFIG_NAME "/config"
#define IPC_WORD    "ipc://"

/* The config as it is written; Project is what it means. */
typedef struct Config {
        char *name, *endpoint, *docs, *broker_key, *metrics;
        uint64_t lease_ms, attempts, stall_ms, ping_start_ms, commit_every_ms;
        uint64_t quota_operator, quota_builder, quota_adversary, quota_observer;
        uint64_t backlog, connections;
        uint64_t ping_ms[PROJECT_PINGS];
} Config;

static const SettingRow setting_rows[] = {
        {"name", SETTING_TEXT, offsetof(Config, name), 1, 128, NULL,
         "What the project is called, in the ledger and in the rendered files."},
        {"broker-key", SETTING_TEXT, offsetof(Config, broker_key), 1, 1024, NULL,
         "The broker's public line: agents talk to nobody else."},
        {"endpoint", SETTING_TEXT, offsetof(Config, endpoint), 7, 1024,
         "ipc://.coldgate/run/broker.ipc",
         "Where the broker listens: `ipc://` and a path below the project, or `tcp://host:port`."},
        {"docs", SETTING_TEXT, offsetof(Config, docs), 1, 1024, ".coldgate/docs",
         "Directory of the rendered files, below the project unless it begins with `/`."},
        {"metrics", SETTING_TEXT, offsetof(Config, metrics), 0, 1024, "",
         "Where the broker answers `GET /health` and `GET /metrics`: `unix:PATH`, below the project, "
         "`127.0.0.1:PORT` or `[::1]:PORT`; empty: nowhere."},
        {"lease", SETTING_DURATION, offsetof(Config, lease_ms), 100, 86400000, "60s",
         "How long an adversary may hold a claim without progress."},
        {"attempts", SETTING_NUMBER, offsetof(Config, attempts), 1, 100, "3",
         "Leases of one claim before it is exhausted and the operator is told."},
        {"stall", SETTING_DURATION, offsetof(Config, stall_ms), 100, 604800000, "1h",
         "How long a verification may bring no progress, whatever its heartbeats say, before its "
         "lease lapses; a gate's own `stall` wins."},
        {"quota-operator", SETTING_NUMBER, offsetof(Config, quota_operator), 0, 1000000000, "0",
         "Entries a minute that one key of an operator may add, an hour's worth at once; beyond, it is "
         "told `quota-entries` and waits. `0`: any number."},
        {"quota-builder", SETTING_NUMBER, offsetof(Config, quota_builder), 0, 1000000000, "30000",
         "Entries a minute that one key of a builder may add, an hour's worth at once; beyond, it is "
         "told `quota-entries` and waits. `0`: any number."},
        {"quota-adversary", SETTING_NUMBER, offsetof(Config, quota_adversary), 0, 1000000000,
         "30000",
         "Entries and pieces of evidence a minute that one key of an adversary may add, an hour's worth "
         "at once; beyond, it is told `quota-entries` and waits. `0`: any number."},
        {"quota-observer", SETTING_NUMBER, offsetof(Config, quota_observer), 0, 1000000000, "600",
         "Entries a minute that one key of an observer may add, an hour's worth at once; beyond, it is "
         "told `quota-entries` and waits. `0`: any number."},
        {"backlog", SETTING_NUMBER, offsetof(Config, backlog), 4 << 20, 1 << 30, "67108864",
         "Bytes of messages that may wait in the broker. A key may have as many as are still free; "
         "beyond, it is told `busy` and says it again."},
        {"connections", SETTING_NUMBER, offsetof(Config, connections), 16, 65536, "2048",
         "Connections that the broker keeps at once. Beyond, the quietest is closed: of those that "
         "have not shown an admitted key, or of one key if that has more."},
        {"ping-start", SETTING_DURATION, offsetof(Config, ping_start_ms), 0, 86400000, "20s",
         "After the start of the broker, before anybody is pinged: agents come back first."},
        {"commit-every", SETTING_DURATION, offsetof(Config, commit_every_ms), 0, 86400000, "0s",
         "A running broker commits the rendered files and the checkpoint in the repository that "
         "holds `docs`, at rest, at most this often; `0s`: never. As `broker render --commit`."},
        {"ping-2", SETTING_DURATION, offsetof(Config, ping_ms[0]), 100, 604800000, "5m",
         "After the first ping of a cause, which comes at once, the second."},
        {"ping-3", SETTING_DURATION, offsetof(Config, ping_ms[1]), 100, 604800000, "15m",
         "After the second ping of a cause, the third."},
        {"ping-4", SETTING_DURATION, offsetof(Config, ping_ms[2]), 100, 604800000, "60m",
         "After the third ping of a cause, the fourth."},
        {"ping-alert", SETTING_DURATION, offsetof(Config, ping_ms[3]), 100, 604800000, "15m",
         "After the fourth ping of a cause, the alert to the operator."},
};

static void config_deinit(Config *config) {
        free(config->name);
        free(config->endpoint);
        free(config->docs);
        free(config->broker_key);
        free(config->metrics);
}

void project_print_settings_docs(Buf *text) {
        settings_print_docs(setting_rows, ARRAY_SIZE(setting_rows), text);
}

/* ---- finding it ---- */

static bool has_config(const char *root) {
        cleanup_free char *path = mem_printf("%s" DIR_NAME CONFIG_NAME, root);

        return access(path, F_OK) == 0;
}

static char *refuse_missing(const char *where, Fault *fault) {
        fault_set(fault, "project-missing", "there is no .coldgate here or above");
        fault_place(fault, "%s", where);
        fault_next(fault, "broker init, or name the project with --dir or COLDGATE_DIR");
        return NULL;
}

/* The directory itself; also when its .coldgate was named. */
static char *find_given(const char *dir, Fault *fault) {
        cleanup_free char *root = realpath(dir, NULL);
        char *slash;

        if (root && has_config(root))
                return TAKE(root);
        slash = root ? strrchr(root, '/') : NULL;
        if (slash && strcmp(slash, DIR_NAME) == 0) {
                *slash = 0;
                if (has_config(root))
                        return TAKE(root);
        }
        fault_set(fault, "project-missing",
                  "there is no .coldgate in the directory that was named");
        fault_place(fault, "%s", dir);
        fault_next(fault, "broker init --dir %s", dir);
        return NULL;
}

char *project_find_root(const char *dir_option, Fault *reterr_fault) {
        const char *dir = dir_option ? dir_option : getenv("COLDGATE_DIR");
        cleanup_free char *root = NULL;

        if (dir && dir[0])
                return find_given(dir, reterr_fault);
        root = getcwd(NULL, 0);
        if (!root)
                return refuse_missing(".", reterr_fault);
        for (;;) {
                char *slash = strrchr(root, '/');

                if (has_config(root))
                        return root[0] ? TAKE(root) : mem_strdup("/");
                if (!slash)
                        return refuse_missing("the current directory", reterr_fault);
                *slash = 0;
        }
}

/* ---- reading it ---- */

/* A config planted by somebody else would choose the broker that we believe. */
static int check_owner(const char *path, Fault *fault) {
        struct stat facts;

        if (stat(path, &facts) == 0 &&
            (facts.st_uid == geteuid() || facts.st_uid == 0 || geteuid() == 0) &&
            !(facts.st_mode & S_IWOTH))
                return 0;
        fault_set(fault, "config-unreadable",
                  "it belongs to another user, or anybody may write it");
        fault_place(fault, "%s", path);
        fault_next(fault, "look who made it; chown and chmod go-w it if it is yours");
        return PROJECT_E_REFUSED;
}

/* A mistake in the settings, not of the network. */
static int check_endpoint(const char *endpoint, Fault *fault) {
        int r = endpoint_check(endpoint, fault);

        if (r > 0)
                fault->rule = "config-value";
        return r;
}

static int read_config(const char *dir, Config *config, Fault *fault) {
        cleanup_free char *path = mem_printf("%s" CONFIG_NAME, dir);
        cleanup_buf Buf text = BUF_INIT(SETTINGS_BYTES_MAX);
        int r = check_owner(path, fault);

        if (r != 0)
                return r;
        r = file_read(path, &text);
        if (r != 0) {
                fault_set(fault, "config-unreadable", "%s",
                          r < 0                   ? strerror(-r)
                          : r == FILE_E_TOO_LARGE ? "it is larger than 64 KiB"
                                                  : "it is missing");
                fault_place(fault, "%s", path);
                return PROJECT_E_REFUSED;
        }
        r = settings_parse(buf_get(&text), path, setting_rows, ARRAY_SIZE(setting_rows), config,
                           fault);
        if (r == 0)
                r = check_endpoint(config->endpoint, fault);
        return r > 0 ? PROJECT_E_REFUSED : r;
}

static char *below(const char *root, const char *path) {
        if (path[0] == '/')
                return mem_strdup(path);
        return mem_printf("%s/%s", strcmp(root, "/") == 0 ? "" : root, path);
}

static char *absolute_endpoint(const char *root, const char *endpoint) {
        cleanup_free char *path = NULL;

        if (strncmp(endpoint, IPC_WORD, strlen(IPC_WORD)) != 0)
                return mem_strdup(endpoint);
        path = below(root, endpoint + strlen(IPC_WORD));
        return mem_printf(IPC_WORD "%s", path);
}

static void project_move(Project *from, Project *to) {
        *to = *from;
        *from = (Project){.root = NULL};
}

/* Takes the root over, whatever comes of it. */
static int open_root(char *root, Project *ret_project, Fault *reterr_fault) {
        cleanup_project Project project = {.root = root};
        cleanup(config_deinit) Config config = {0};
        int r;

        project.dir = below(project.root, DIR_BARE);
        r = read_config(project.dir, &config, reterr_fault);
        if (r != 0)
                return r;
        if (public_key_parse(slice_text(config.broker_key), &project.broker_key, reterr_fault)) {
                fault_place(reterr_fault, "%s" CONFIG_NAME ": broker-key", project.dir);
                return PROJECT_E_REFUSED;
        }
        project.endpoint = absolute_endpoint(project.root, config.endpoint);
        project.docs = below(project.root, config.docs);
        project.name = TAKE(config.name);
        project.metrics = TAKE(config.metrics);
        project.lease_ms = config.lease_ms;
        project.attempts = config.attempts;
        project.stall_ms = config.stall_ms;
        project.ping_start_ms = config.ping_start_ms;
        project.commit_every_ms = config.commit_every_ms;
        project.quota_operator = config.quota_operator;
        project.quota_builder = config.quota_builder;
        project.quota_adversary = config.quota_adversary;
        project.quota_observer = config.quota_observer;
        project.backlog = config.backlog;
        project.connections = config.connections;
        memcpy(project.ping_ms, config.ping_ms, sizeof project.ping_ms);
        project_move(&project, ret_project);
        return 0;
}

int project_open(const Args *args, Project *ret_project, Fault *reterr_fault) {
        char *root = project_find_root(args_get(args, "dir"), reterr_fault);

        return root ? open_root(root, ret_project, reterr_fault) : PROJECT_E_REFUSED;
}

int project_open_again(const Project *project, Project *ret_project, Fault *reterr_fault) {
        return open_root(mem_strdup(project->root), ret_project, reterr_fault);
}

bool project_take_settings(Project *project, const Project *from) {
        project->lease_ms = from->lease_ms;
        project->attempts = from->attempts;
        project->stall_ms = from->stall_ms;
        project->ping_start_ms = from->ping_start_ms;
        project->commit_every_ms = from->commit_every_ms;
        project->quota_operator = from->quota_operator;
        project->quota_builder = from->quota_builder;
        project->quota_adversary = from->quota_adversary;
        project->quota_observer = from->quota_observer;
        memcpy(project->ping_ms, from->ping_ms, sizeof project->ping_ms);
        return strcmp(project->name, from->name) == 0 &&
               strcmp(project->endpoint, from->endpoint) == 0 &&
               strcmp(project->docs, from->docs) == 0 &&
               strcmp(project->metrics, from->metrics) == 0 && project->backlog == from->backlog &&
               project->connections == from->connections &&
               memcmp(&project->broker_key, &from->broker_key, sizeof(PublicKey)) == 0;
}

void project_deinit(Project *project) {
        free(project->root);
        free(project->dir);
        free(project->name);
        free(project->endpoint);
        free(project->docs);
        free(project->metrics);
        *project = (Project){0};
}

/* ---- making it ---- */

static int make_dirs(const char *dir) {
        static const struct {
                const char *name;
                mode_t mode;
        } rows[] = {
                {"", 0755}, {"/keys", 0700}, {"/run", 0700}, {"/docs", 0755}, {"/agents", 0755},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                cleanup_free char *path = mem_printf("%s%s", dir, rows[i].name);

                TRY(dir_make_lasting(path, rows[i].mode));
        }
        return 0;
}

/* A name with a newline in it would write settings of its own. */
static int check_config(const char *path, Slice text, Fault *fault) {
        cleanup(config_deinit) Config config = {0};
        int r = settings_parse(text, path, setting_rows, ARRAY_SIZE(setting_rows), &config, fault);

        if (r == 0)
                r = check_endpoint(config.endpoint, fault);
        return r > 0 ? PROJECT_E_REFUSED : r;
}

int project_make(const char *root, const char *name, const char *endpoint,
                 const PublicKey *broker_key, Fault *reterr_fault) {
        cleanup_free char *dir = below(root, DIR_BARE);
        cleanup_free char *config = mem_printf("%s" CONFIG_NAME, dir);
        cleanup_free char *ignore = mem_printf("%s/.gitignore", dir);
        cleanup_buf Buf text = BUF_TEXT;
        int r;

        if (access(config, F_OK) == 0) {
                fault_set(reterr_fault, "project-exists", "there is a project already");
                fault_place(reterr_fault, "%s", dir);
                fault_next(reterr_fault, "broker run");
                return PROJECT_E_REFUSED;
        }
        buf_printf(&text, "# Settings of this project: docs/settings.md\nname = %s\n", name);
        if (endpoint)
                buf_printf(&text, "endpoint = %s\n", endpoint);
        buf_text(&text, "broker-key = ");
        public_key_format(broker_key, "broker", &text);
        buf_text(&text, "\n");
        r = check_config(config, buf_get(&text), reterr_fault);
        if (r != 0)
                return r;
        TRY(make_dirs(dir));
        TRY(file_write_atomic(ignore, slice_text("*\n"), 0644));
        TRY(file_write_atomic(config, buf_get(&text), 0644));
        return 0;
}

/* Several agents do it at once: whoever comes second finds nothing to replace. */
int project_replace_broker_key(const char *dir, const PublicKey *before, const PublicKey *now,
                               Fault *reterr_fault) {
        cleanup_fd int lock_fd = -1;
        cleanup_free char *path = mem_printf("%s" CONFIG_NAME, dir);
        cleanup_buf Buf text = BUF_INIT(SETTINGS_BYTES_MAX), fresh = BUF_INIT(SETTINGS_BYTES_MAX);
        cleanup_buf Buf line = BUF_TEXT, line_now = BUF_TEXT;
        struct stat facts;
        size_t at;
        int r = dir_lock(dir, DIR_LOCK_MS, &lock_fd, reterr_fault);

        if (r == DIR_E_LOCKED)
                return PROJECT_E_REFUSED;
        TRY(r);
        if (stat(path, &facts) < 0)
                return error_origin(-errno);
        if (facts.st_uid != geteuid() && geteuid() != 0)
                return -EPERM; /* the file would be ours, and its owner would not believe it */
        if (file_read(path, &text) != 0)
                return error_origin(-EIO);
        public_key_format(before, "", &line);
        public_key_format(now, "", &line_now);
        at = slice_find(buf_get(&text), slice_head(buf_get(&line), line.n - 1));
        if (at == text.n)
                return 0;
        buf_slice(&fresh, slice_head(buf_get(&text), at));
        buf_slice(&fresh, slice_head(buf_get(&line_now), line_now.n - 1));
        buf_slice(&fresh, slice_from(buf_get(&text), at + line.n - 1));
        return fresh.is_full ? error_origin(-EFBIG)
                             : file_write_atomic(path, buf_get(&fresh), facts.st_mode & 0777);
}

/* ---- its agents ---- */

char *project_key_path(const Project *project, const Args *args, const char *name) {
        const char *given = args_get(args, "key");

        return given ? mem_strdup(given) : mem_printf("%s/keys/%s", project->dir, name);
}

static bool is_letter_or_digit(uint8_t c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool project_name_is_plain(Slice name) {
        if (name.n == 0 || name.n > 64 || !is_letter_or_digit(name.data[0]))
                return false;
        for (size_t i = 0; i < name.n; i++)
                if (!is_letter_or_digit(name.data[i]) &&
                    (!name.data[i] || !strchr("._-@", name.data[i])))
                        return false;
        return true;
}

int project_agent_dir(const Project *project, const char *name, char **ret_path) {
        cleanup_free char *path = mem_printf("%s/agents/%s", project->dir, name);

        if (!project_name_is_plain(slice_text(name)))
                return error_origin(-EINVAL);
        TRY(dir_make_lasting(path, 0700));
        *ret_path = TAKE(path);
        return 0;
}
