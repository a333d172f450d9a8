// SPDX-License-Identifier: Apache-2.0
// godwit: the terminal client. It includes <godwit/…> and nothing else of the project.
//
//   main.cpp       the command line       stdio.cpp   JSON lines       chat*.cpp   the conversation you type in
//   rescue.cpp     check, repair
//   one_shot*.cpp  register, send, …      line_editor, words, devices, qr   what chat and one_shot print and read
#pragma once

#include <godwit/client.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Exit codes; docs/cli.md lists them.
inline constexpr int exit_done = 0;
inline constexpr int exit_refused = 1;    ///< godwit or the relay said no; stderr has the error's name and sentence.
inline constexpr int exit_usage = 2;      ///< The command line is wrong.
inline constexpr int exit_not_opened = 3; ///< The home cannot be opened (in use, wrong key, read-only, damaged).
inline constexpr int exit_waiting = 4;    ///< Not done in the time given; what was accepted goes on at the next run.

// Of check and repair besides:
inline constexpr int exit_damaged = 5;   ///< check: it is damaged. repair: something is lost, or nothing can be read.
inline constexpr int exit_wrong_key = 6; ///< Another key or passphrase opens it, or store.key is missing.
inline constexpr int exit_in_use = 7;    ///< Another process has it open.

struct CommonOptions {
    std::string home;
    std::string passphrase;
    bool loopback = false;
    bool trace = false;
};

struct OneShot {
    enum class Kind {
        none,
        register_account,
        login,
        logout,
        add,
        accept,
        remove,
        block,
        unblock,
        contacts,
        send,
        history,
        status,
        policy,
        devices,
        link,
        link_code,
        revoke,
        safety,
        verify,
        archive_make,
        archive_read,
        history_ask,
        history_send,
        search,
        notices
    };
    Kind kind = Kind::none;
    std::string relay;
    std::string user; ///< The account, or the contact.
    std::string password_file;
    std::string device_name;
    std::string text;
    std::string key;
    std::uint32_t limit = 20;
    std::string before; ///< history, as the next two.
    std::string after;
    std::string around;
    std::string with; ///< search, as the next three.
    std::string from;
    std::vector<std::string> kinds;
    std::uint64_t before_page = 0;
    std::string device; ///< As device_of understands it.
    std::string code;   ///< link, verify.
    bool undo = false;  ///< verify.
    std::string path;   ///< Of an archive; its passphrase is what read_password reads.
    bool changes_only = false;
    bool replace = false;
    bool check_only = false;
    godwit::PathPolicy policy = godwit::PathPolicy::direct_first;
    unsigned wait_s = 15;
};

[[nodiscard]] int run_stdio(const CommonOptions& common);
[[nodiscard]] int run_chat(const CommonOptions& common);
/// check, or repair.
[[nodiscard]] int run_rescue(const CommonOptions& common, bool repair, bool json);
[[nodiscard]] int run_one_shot(const CommonOptions& common, const OneShot& what);
/// What it asks of the client; reads the password where there is one. Of revoke and history-send the device is still
/// missing: it is looked up in the list of devices. nullopt: --before is not a message id.
[[nodiscard]] std::optional<godwit::Request> request_of(const OneShot& what);

[[nodiscard]] godwit::ClientOptions client_options(const CommonOptions& common);
void trace_line(int level, std::string_view room, std::string_view text);
