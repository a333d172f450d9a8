// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/admin_command.hpp"

#include "relay/daemon/control_client.hpp"
#include "relay/daemon/home.hpp"
#include "relay/daemon/toml_text.hpp"
#include "relay/daemon/words.hpp"
#include "relay/store/rescue.hpp"
#include "relay/store/schema.hpp"
#include "relay/store/sqlite_backend.hpp"

#include "lib/sqlite/remains.hpp"

#include <ctime>
#include <filesystem>

namespace godwit::relay {
namespace {

using Verb = AdminOptions::Verb;
std::string as_json(const toml::table& table)
{
    std::ostringstream out;
    out << toml::json_formatter(table);
    return out.str();
}

/// In UTC, to the second.
std::string when(WallMs at_ms)
{
    const auto seconds = static_cast<std::time_t>(at_ms / 1000);
    std::tm parts{};
    char out[32] = "";
    if (::gmtime_r(&seconds, &parts) != nullptr) std::strftime(out, sizeof out, "%Y-%m-%d %H:%M:%SZ", &parts);
    return out;
}

int run_token(const Options& options)
{
    const auto& o = options.admin;
    toml::table question{{"do", o.verb == Verb::token_add      ? "token_add"
                                : o.verb == Verb::token_revoke ? "token_revoke"
                                                               : "token_list"}};
    if (o.verb != Verb::token_list) question.insert("name", o.name);
    if (o.verb == Verb::token_add) {
        question.insert("role", o.role);
        question.insert("lifetime_ms", o.lifetime_ms);
        if (!o.app.empty()) question.insert("app", o.app);
    }
    const auto answer = ask_control(options.data, question);
    if (!answer) return refused(control_failure(options.data, answer.error()));
    if (o.json) {
        say(as_json(*answer));
        return done;
    }
    if (o.verb == Verb::token_add) say((*answer)["token"].value_or(std::string()));
    if (const auto* const all = (*answer)["tokens"].as_array())
        for (const auto& node : *all)
            if (const auto* const one = node.as_table()) {
                const auto expires_ms = (*one)["expires_ms"].value_or(std::int64_t{0});
                const auto app = (*one)["app"].value_or(std::string());
                say((*one)["name"].value_or(std::string()) + "  " + (*one)["role"].value_or(std::string()) +
                    (app.empty() ? "" : " of " + app) + "  " +
                    (expires_ms == 0 ? "until revoked" : "until " + when(expires_ms)));
            }
    return done;
}

// ---- applications ----

int run_app(const Options& options)
{
    const auto& o = options.admin;
    const char* const what = o.verb == Verb::app_add       ? "app_add"
                             : o.verb == Verb::app_key     ? "app_key"
                             : o.verb == Verb::app_disable ? "app_disable"
                             : o.verb == Verb::app_enable  ? "app_enable"
                             : o.verb == Verb::app_remove  ? "app_remove"
                                                           : "app_list";
    toml::table question{{"do", what}};
    if (o.verb != Verb::app_list) question.insert("name", o.name);
    const auto answer = ask_control(options.data, question);
    if (!answer) return refused(control_failure(options.data, answer.error()));
    if (o.json) {
        say(as_json(*answer));
        return done;
    }
    if (o.verb == Verb::app_add || o.verb == Verb::app_key) say((*answer)["key"].value_or(std::string()));
    if (const auto* const all = (*answer)["apps"].as_array())
        for (const auto& node : *all)
            if (const auto* const one = node.as_table())
                say((*one)["app"].value_or(std::string()) + "  " + (*one)["key"].value_or(std::string()) + "  " +
                    std::to_string((*one)["accounts"].value_or(std::int64_t{0})) + " accounts, " +
                    std::to_string((*one)["sessions"].value_or(std::int64_t{0})) + " connected devices" +
                    ((*one)["disabled_ms"].value_or(std::int64_t{0}) == 0 ? "" : "  disabled"));
    return done;
}

// ---- audit ----

struct Page {
    std::vector<AuditRecord> records;
    std::uint64_t newest_ever = 0;
};
/// The records after this one; empty: there are no more.
using Pages = std::function<Result<Page>(std::uint64_t after)>;

Pages of_running(const Options& options)
{
    return [&options](std::uint64_t after) -> Result<Page> {
        const auto answer =
            ask_control(options.data, toml::table{{"do", "audit_page"}, {"after", static_cast<std::int64_t>(after)}});
        if (!answer) return answer.error();
        Page out;
        out.newest_ever = static_cast<std::uint64_t>((*answer)["newest_ever"].value_or(std::int64_t{0}));
        const auto* const all = (*answer)["records"].as_array();
        if (all == nullptr) return Error{ErrorCode::malformed, "the relay's answer makes no sense: no records", 0};
        for (const auto& node : *all) {
            const auto* const one = node.as_table();
            if (one == nullptr) continue;
            AuditRecord r;
            r.sequence = static_cast<std::uint64_t>((*one)["sequence"].value_or(std::int64_t{0}));
            r.at_ms = (*one)["at_ms"].value_or(std::int64_t{0});
            r.actor = (*one)["actor"].value_or(std::string());
            r.role = static_cast<std::uint8_t>((*one)["role"].value_or(std::int64_t{0}));
            r.verb = (*one)["verb"].value_or(std::string());
            r.target = (*one)["target"].value_or(std::string());
            r.detail = (*one)["detail"].value_or(std::string());
            if (const auto link = from_hex((*one)["link"].value_or(std::string())))
                r.link = AuditLink::from(*link).value_or(AuditLink{});
            out.records.push_back(std::move(r));
        }
        return out;
    };
}

/// A database that nobody runs on, as it lies there.
class StillLedger final : public Ledger {
public:
    explicit StillLedger(sqlite::Database database) : Ledger(std::make_unique<SqliteBackend>(std::move(database))) {}
    [[nodiscard]] Result<void> state() const
    {
        if (error()) return *error();
        return {};
    }
};

Pages of_database(StillLedger& ledger)
{
    return [&ledger](std::uint64_t after) -> Result<Page> {
        AuditTable table(ledger);
        Page out{table.after(after, admin::audit_page_max), table.newest_ever()};
        if (const auto read = ledger.state(); !read) return read.error();
        return out;
    };
}

void print(const Options& options, const AuditRecord& r)
{
    const auto role = std::string(admin::role_name(static_cast<admin::Role>(r.role)));
    if (options.admin.json)
        return say(as_json(toml::table{{"sequence", static_cast<std::int64_t>(r.sequence)},
                                       {"at_ms", r.at_ms},
                                       {"actor", r.actor},
                                       {"role", role},
                                       {"verb", r.verb},
                                       {"target", r.target},
                                       {"detail", r.detail},
                                       {"link", to_hex(r.link.view())}}));
    say(std::to_string(r.sequence) + "  " + when(r.at_ms) + "  " + r.actor + " (" + role + ")  " + r.verb + "  " +
        r.target + "  " + r.detail);
}

int show(const Options& options, const Pages& pages)
{
    auto after = options.admin.after;
    for (std::uint64_t left = options.admin.limit; left > 0;) {
        const auto page = pages(after);
        if (!page) return refused(page.error().detail);
        if (page->records.empty()) break;
        for (const auto& one : page->records) {
            if (left-- == 0) return done;
            print(options, one);
            after = one.sequence;
        }
    }
    return done;
}

int verify(const Options& options, const Pages& pages)
{
    std::optional<admin::Checkpoint> known;
    if (!options.admin.checkpoint.empty()) {
        known = admin::Checkpoint::parse(options.admin.checkpoint);
        if (!known)
            return refused("--checkpoint is not as `audit verify` has printed it: SEQUENCE:64 hexadecimal digits");
    }
    admin::AuditChain chain(known);
    for (;;) {
        const auto page = pages(chain.at().sequence);
        if (!page) return refused(page.error().detail);
        for (const auto& one : page->records)
            if (const auto fits = chain.take(one); !fits) return refused(fits.error().detail, damaged);
        if (page->records.size() == admin::audit_page_max) continue;
        const auto at = chain.finish(page->newest_ever);
        if (!at) return refused(at.error().detail, damaged);
        say("sound: " + std::to_string(at->sequence) + " records; checkpoint " + at->text());
        return done;
    }
}

int run_audit(const Options& options)
{
    const auto work = options.admin.verb == Verb::audit_show ? show : verify;
    const auto running = of_running(options);
    if (const auto answers = running(0); answers)
        return work(options, running);
    else if (answers.error().code != ErrorCode::not_connected)
        return refused(control_failure(options.data, answers.error()));
    const auto path = options.data + "/" + database_file_name;
    if (std::error_code ignored; !std::filesystem::exists(path, ignored))
        return refused("there is no " + path + ": check --data");
    auto remains = sqlite::Remains::open_plain(path);
    if (!remains.ok()) return refused(path + ": " + remains.error().detail);
    auto database = sqlite::Database::open_remains(*remains, schema());
    if (!database.ok()) return refused(path + ": " + database.error().detail);
    StillLedger ledger(*std::move(database));
    return work(options, of_database(ledger));
}

} // namespace

int run_admin(const Options& options)
{
    if (options.command == Options::Command::audit) return run_audit(options);
    const auto verb = options.admin.verb;
    return verb == Verb::token_add || verb == Verb::token_list || verb == Verb::token_revoke ? run_token(options)
                                                                                             : run_app(options);
}

} // namespace godwit::relay
