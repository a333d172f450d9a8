// SPDX-License-Identifier: Apache-2.0
// godwit check and godwit repair: the report for a person, or as JSON, and exit codes for a script.
#include "commands.hpp"
#include "words.hpp"

#include <godwit/godwit.h>
#include <godwit/rescue.hpp>

#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

namespace {

struct Freed {
    void operator()(char* text) const { godwit_free(text); }
};
using Text = std::unique_ptr<char, Freed>;

int exit_code_of(godwit::ErrorCode code)
{
    switch (code) {
    case godwit::ErrorCode::storage_corrupt: return exit_damaged;
    case godwit::ErrorCode::wrong_key: return exit_wrong_key;
    case godwit::ErrorCode::storage_in_use: return exit_in_use;
    default: return exit_not_opened;
    }
}

int refused(const godwit::Error& error)
{
    std::cerr << "godwit: " << error_text(error) << '\n';
    return exit_code_of(error.code);
}

/// What --json prints comes from the C ABI, so that a script and a binding read the same.
int run_json(const CommonOptions& common, bool repair)
{
    godwit_options options{};
    options.size = sizeof options;
    options.home = common.home.c_str();
    if (!common.passphrase.empty()) options.passphrase = common.passphrase.c_str();
    char* error = nullptr;
    const Text report(repair ? godwit_repair(&options, &error) : godwit_check(&options, &error));
    const Text refusal(error);
    const std::string_view text = report ? report.get() : refusal ? refusal.get() : "{}";
    std::cout << text << '\n';
    // The verdict comes first in both, before any text that others wrote.
    if (report) return text.find(repair ? "\"complete\":true" : "\"sound\":true") < 40 ? exit_done : exit_damaged;
    for (const auto code :
         {godwit::ErrorCode::storage_corrupt, godwit::ErrorCode::wrong_key, godwit::ErrorCode::storage_in_use})
        if (text.starts_with("{\"code\":\"" + std::string(godwit::error_name(code)) + '"')) return exit_code_of(code);
    return exit_not_opened;
}

int print(const godwit::HomeCheck& check)
{
    for (const auto& table : check.tables)
        std::printf("%-10s %10llu rows\n", table.table.c_str(), static_cast<unsigned long long>(table.rows));
    std::printf("%llu pages, %llu of them damaged; %llu frames in the log\n",
                static_cast<unsigned long long>(check.pages), static_cast<unsigned long long>(check.pages_lost),
                static_cast<unsigned long long>(check.log_frames));
    for (const auto& finding : check.findings)
        std::cout << "damaged: " << printable(finding) << '\n';
    std::cout << (check.sound() ? "sound" : "damaged: `repair` saves what is left, and keeps this store beside it")
              << '\n';
    return check.sound() ? exit_done : exit_damaged;
}

int print(const godwit::HomeRepair& repair)
{
    if (repair.was_sound) {
        std::cout << "sound: nothing to repair\n";
        return exit_done;
    }
    for (const auto& table : repair.tables) {
        std::printf("%-10s %10llu rows saved", table.table.c_str(), static_cast<unsigned long long>(table.rows));
        if (table.rows_lost > 0) std::printf(", at least %llu lost", static_cast<unsigned long long>(table.rows_lost));
        if (table.pages_lost > 0)
            std::printf(", with %llu damaged page(s)", static_cast<unsigned long long>(table.pages_lost));
        std::printf("\n");
    }
    if (repair.pages_lost_unknown > 0)
        std::printf("%llu damaged page(s) of which nobody can say what they held\n",
                    static_cast<unsigned long long>(repair.pages_lost_unknown));
    if (repair.newest_lost)
        std::cout
            << "The log was damaged: the newest changes may be missing, and some rows are older than they were.\n";
    if (repair.messages_failed > 0)
        std::printf("%llu message(s) that were on their way are lost and marked as failed: send them again.\n",
                    static_cast<unsigned long long>(repair.messages_failed));
    for (const auto& table : repair.tables)
        if (table.table == "contact" && (table.rows_lost > 0 || table.pages_lost > 0))
            std::cout << "Contacts are lost, and with them which keys were theirs: they come back from the relay, with "
                         "the keys "
                         "that it shows. Compare safety numbers again (`safety`).\n";
    if (!repair.identity)
        std::cout << "The account's keys of this device are lost: log in again (`login`), and revoke the old device.\n";
    if (!repair.groups)
        std::cout
            << "The keys of the conversations were given up, so that none is used twice: this device joins them again "
               "by itself when it is connected.\n";
    std::cout << "The damaged store is kept as " << repair.kept_as << ": remove it when nothing is missed.\n";
    std::cout << (repair.complete ? "repaired, nothing is lost" : "repaired, with the losses above") << '\n';
    return repair.complete ? exit_done : exit_damaged;
}

template <class Report>
int finish(const godwit::Result<Report>& result)
{
    return result.ok() ? print(*result) : refused(result.error());
}

} // namespace

int run_rescue(const CommonOptions& common, bool repair, bool json)
{
    if (json) return run_json(common, repair);
    const auto options = client_options(common);
    return repair ? finish(godwit::repair_home(options)) : finish(godwit::check_home(options));
}
