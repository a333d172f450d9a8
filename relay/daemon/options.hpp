// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace godwit::relay {

struct NoticeOptions {
    enum class Verb { send, list, state, withdraw } verb = Verb::list;
    std::string id; ///< Of send: empty for a fresh one.
    bool to_all = false;
    std::vector<std::string> to;
    std::string to_file;
    std::string kind = "announcement";
    std::string title;
    std::string text;
    std::string text_file;
    std::string link;
    std::int64_t lifetime_ms = 0;
    bool json = false;
    bool devices = false;
    std::string after;
    std::int64_t before = INT64_MAX;
    std::int64_t limit = 100;
};

struct AdminOptions {
    enum class Verb {
        token_add,
        token_list,
        token_revoke,
        app_add,
        app_list,
        app_key,
        app_disable,
        app_enable,
        app_remove,
        audit_show,
        audit_verify
    } verb = Verb::token_list;
    std::string name;
    std::string role;
    std::string app; ///< Of a token; empty: of the whole relay.
    std::int64_t lifetime_ms = 0;
    bool json = false;
    std::uint64_t after = 0;
    std::uint64_t limit = 100;
    std::string checkpoint;
};

struct BackupOptions {
    std::string folder; ///< Where the copies are.
    bool incremental = false;
    std::size_t full_after = 0; ///< Incremental ones on one full copy; 0: no bound.
    std::size_t keep = 0;       ///< Full copies with what stands on them; 0: all.
    std::uint32_t number = 0;   ///< Which of them; 0: the newest.
};

struct ProbeOptions {
    std::string relay;   ///< godwit://host:port#key
    std::string state;   ///< File with the account; empty: a fresh one each time.
    std::string metrics; ///< File; "-": standard output; empty: none.
    bool over_tls = false;
    std::uint32_t timeout_s = 10; ///< All steps together.
};

struct Options {
    enum class Command {
        serve,
        check,
        repair,
        notice,
        backup,
        verify,
        restore,
        probe,
        selftest,
        admin,
        audit
    } command = Command::serve;
    std::string data;
    std::string listen;
    std::string config; ///< Empty: defaults.
    std::string advertise;
    bool check_config = false;
    bool new_key = false;      ///< Beside a database with accounts.
    bool new_database = false; ///< Beside a key.
    NoticeOptions notice;
    AdminOptions admin;
    BackupOptions backup;
    ProbeOptions probe;
    std::vector<std::string> selftest; ///< Names of rules; empty: all.
};

/// nullopt when there is nothing to run (help, version, or a mistake, which is on stderr): exit with `exit_code`.
[[nodiscard]] std::optional<Options> parse_options(int argc, char** argv, int& exit_code);

} // namespace godwit::relay
