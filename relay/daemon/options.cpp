// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/options.hpp"

#include "relay/daemon/admin_options.hpp"

#include "lib/wire/names.hpp"

#include <CLI/CLI.hpp>

namespace godwit::relay {
namespace {

constexpr const char* about =
    "godwit-relay: where godwit devices meet. Accounts, contacts, who is online, sealed signalling,\n"
    "and mailboxes for those who are away. It cannot read what it carries.";

constexpr const char* more =
    "godwit-relay check --data DIR says whether the database is sound, and changes nothing; godwit-relay repair\n"
    "--data DIR makes a new one from what is undamaged, and keeps the damaged one beside it. Neither while the\n"
    "relay runs.\n"
    "\n"
    "godwit-relay notice send --data DIR --to-all --title TEXT says something to every account of the relay that runs\n"
    "on DIR; notice list, state and withdraw go with it. See godwit-relay notice send --help.\n"
    "\n"
    "godwit-relay admin token add NAME --role operator --data DIR gives somebody a token for the HTTP API;\n"
    "godwit-relay audit verify --data DIR says whether the record of what was done is whole.\n"
    "\n"
    "godwit-relay backup --data DIR --to FOLDER copies key and database, --incremental only what changed; verify "
    "--from\n"
    "FOLDER looks through the copies, restore --data DIR --from FOLDER makes one the database again. See "
    "docs/operators.md.\n"
    "\n"
    "Example:\n"
    "  godwit-relay --data /var/lib/godwit --listen 0.0.0.0:4433 --advertise relay.example.org\n"
    "\n"
    "It serves UDP (QUIC, STUN, TURN) and TCP (TLS, TURN) there, and prints one line when it is ready:\n"
    "  ready godwit://relay.example.org:4433#KEY\n"
    "That address is what clients are given; its KEY is the relay's, made at the first start and kept in\n"
    "DIR/identity.key. Keep that file: who has it is this relay, and without it clients refuse to come.\n"
    "When only one of DIR/identity.key and DIR/relay.db is there it does not start: restore the other one.\n"
    "\n"
    "Signals:\n"
    "  SIGTERM, SIGINT   say goodbye to everyone, with a time to come back, and exit with 0 at [drain] deadline_s at\n"
    "                    the latest; a second one ends at once\n"
    "  SIGHUP            read --config again: all of it or nothing; what needs a restart is listed\n"
    "  SIGUSR1           print one line `stats {...}` on stdout\n"
    "\n"
    "Exit codes: 0 ended as asked, 1 could not start or had to stop (stderr says why), 2 wrong usage; of check, "
    "repair,\n"
    "backup, verify and restore: 5 damaged, 7 in use.\n"
    "Configuration keys, limits and stats: docs/godwit-relay.md.";

} // namespace

namespace {

void add_notice(CLI::App& app, Options& out)
{
    using Verb = NoticeOptions::Verb;
    auto& notice = out.notice;
    auto* const command =
        app.add_subcommand("notice", "Say something to all accounts, or to some: asks the relay that runs on DIR");
    command->callback([&out] { out.command = Options::Command::notice; });
    command->require_subcommand(1);
    const auto verb = [&](const char* name, const char* does, Verb what) {
        auto* const sub = command->add_subcommand(name, does);
        sub->callback([&notice, what] { notice.verb = what; });
        sub->add_flag("--json", notice.json, "Print JSON");
        sub->fallthrough();
        return sub;
    };

    auto* const send = verb("send", "Prints the notice's id when it is stored", Verb::send);
    auto* const to = send->add_option_group("to", "Whom it is for");
    to->add_flag("--to-all", notice.to_all, "Every account of the relay");
    to->add_option("--to", notice.to, "An account; may be repeated")->type_name("NAME");
    to->add_option("--to-file", notice.to_file, "Accounts, one a line; -: standard input")->type_name("FILE");
    to->require_option(1);
    send->add_option("--title", notice.title, "One line")->required();
    auto* const text = send->add_option_group("text", "What it says");
    text->add_option("--text", notice.text, "More lines");
    text->add_option("--text-file", notice.text_file, "The same from a file; -: standard input")->type_name("FILE");
    text->require_option(0, 1);
    send->add_option("--link", notice.link, "https://…, shown and never fetched")->type_name("URL");
    send->add_option("--kind", notice.kind, "announcement, maintenance or account")->capture_default_str();
    send->add_option("--expires-in", notice.lifetime_ms, "Such as 90m, 36h or 7d; then nobody gets it any more")
        ->transform(CLI::Validator(read_lifetime, "TIME"))
        ->default_val("7d");
    send->add_option("--id", notice.id, "To repeat one whose answer was lost: it is not said twice")->type_name("ID");

    auto* const list = verb("list", "Newest first", Verb::list);
    list->add_option("--before", notice.before, "Those before this sequence (see --json)")->type_name("SEQUENCE");
    auto* const state = verb("state", "How far it has come", Verb::state);
    state->add_flag("--devices", notice.devices, "Which devices have it, by account");
    state->add_option("--after", notice.after, "Accounts after this one")->type_name("NAME");
    for (auto* const sub : {list, state})
        sub->add_option("--limit", notice.limit, "At most so many notices, or accounts")
            ->check(CLI::Range(1, 1000))
            ->capture_default_str();
    auto* const withdraw =
        verb("withdraw", "Nobody gets it any more, and from those who have it, it goes", Verb::withdraw);
    for (auto* const sub : {state, withdraw})
        sub->add_option("ID", notice.id, "As send has printed it")->required();
}

/// backup, verify, restore. The first and the last need --data as well.
std::vector<CLI::App*> add_backup(CLI::App& app, Options& out)
{
    auto* const backup =
        app.add_subcommand("backup", "A copy of key and database in a folder, also while the relay runs");
    backup->add_option("--to", out.backup.folder, "Folder of the copies; made when missing")
        ->required()
        ->type_name("DIR");
    auto* const incremental = backup->add_flag("--incremental", out.backup.incremental,
                                               "Only the pages that changed since the newest copy there");
    backup
        ->add_option("--full-after", out.backup.full_after,
                     "With --incremental: a full copy again after so many incremental ones")
        ->needs(incremental)
        ->check(CLI::Range(1, 100'000))
        ->type_name("N");
    backup
        ->add_option("--keep", out.backup.keep,
                     "Afterwards only the newest N full copies stay, with what stands on them; left out: all")
        ->check(CLI::Range(1, 100'000))
        ->type_name("N");
    backup->callback([&out] { out.command = Options::Command::backup; });
    auto* const verify =
        app.add_subcommand("verify", "Are the copies of a folder whole, and the newest a sound database?");
    verify->add_option("--from", out.backup.folder, "Folder of the copies")->required()->type_name("DIR");
    verify->callback([&out] { out.command = Options::Command::verify; });
    auto* const restore =
        app.add_subcommand("restore", "Makes a copy the relay's database again; the relay must not run");
    restore->add_option("--from", out.backup.folder, "Folder of the copies")->required()->type_name("DIR");
    restore->add_option("--number", out.backup.number, "Which of them; left out: the newest")->type_name("N");
    restore->callback([&out] { out.command = Options::Command::restore; });
    return {backup, verify, restore};
}

std::vector<CLI::App*> add_checks(CLI::App& app, Options& out)
{
    auto* const probe = app.add_subcommand("probe", "A synthetic user: comes to a relay, sends to itself, measures");
    probe->add_option("RELAY", out.probe.relay, "godwit://HOST:PORT#KEY, as the relay prints it")->required();
    probe->add_option("--state", out.probe.state, "Where its account is kept; left out: registers one each time")
        ->type_name("FILE");
    probe->add_option("--metrics", out.probe.metrics, "Writes OpenMetrics there; -: standard output")
        ->type_name("FILE");
    probe->add_flag("--tls", out.probe.over_tls, "By TLS over TCP instead of QUIC");
    probe->add_option("--timeout", out.probe.timeout_s, "Seconds for all of it")
        ->check(CLI::Range(1, 600))
        ->capture_default_str();
    probe->callback([&out] { out.command = Options::Command::probe; });
    auto* const selftest =
        app.add_subcommand("selftest", "Does each rule against abuse hold, at its limit and one past it?");
    selftest->add_option("RULE", out.selftest, "Only these; left out: all");
    selftest->callback([&out] { out.command = Options::Command::selftest; });
    return {probe, selftest};
}

} // namespace

std::optional<Options> parse_options(int argc, char** argv, int& exit_code)
{
    Options out;
    CLI::App app{about, "godwit-relay"};
    app.footer(more);
    app.set_version_flag("--version", "godwit-relay " GODWIT_VERSION, "Print the version and exit");
    app.add_option("--data", out.data, "Directory for the relay's key and database; made when missing")
        ->type_name("DIR");
    app.add_option("--listen", out.listen,
                   "Where to listen, UDP and TCP: 0.0.0.0:4433, [::]:4433 (IPv4 too); port 0 takes a free one")
        ->type_name("ADDRESS:PORT");
    app.add_option("--config", out.config, "Configuration (TOML); all keys have defaults")->type_name("FILE");
    app.add_option("--advertise", out.advertise,
                   "Host name or address that clients use, when it is not the listening one")
        ->type_name("HOST");
    app.add_flag("--check-config", out.check_config, "Read the configuration, say what is wrong with it, and exit");
    app.add_flag(
        "--new-key", out.new_key,
        "Once, when DIR/identity.key is lost for good: the accounts stay, and every client has to be given the\n"
        "new address");
    app.add_flag(
        "--new-database", out.new_database,
        "Once, when DIR/relay.db is lost for good, or DIR has been given its key beforehand: the address stays,\n"
        "and there are no accounts");
    auto* const check = app.add_subcommand("check", "Is the database sound? Reads all of it, changes nothing");
    check->callback([&out] { out.command = Options::Command::check; });
    auto* const repair =
        app.add_subcommand("repair", "Make a new database from what is undamaged; the old one is kept as "
                                     "relay.db.damaged-N");
    repair->callback([&out] { out.command = Options::Command::repair; });
    auto* const check_config =
        app.add_subcommand("check-config", "Read a configuration, say what is wrong with it, and exit: 0 good, 1 not");
    check_config->add_option("FILE", out.config, "As for --config")->required();
    check_config->callback([&out] { out.check_config = true; });
    add_notice(app, out);
    add_admin(app, out);
    app.require_subcommand(0, 1);
    auto commands = add_backup(app, out);
    for (auto* const one : add_checks(app, out))
        commands.push_back(one);
    commands.insert(commands.end(), {check, repair, check_config, app.get_subcommand("notice")});
    for (auto* command : commands)
        command->fallthrough();
    try {
        app.parse(argc, argv);
        if (out.check_config && out.config.empty()) throw CLI::RequiredError("--check-config needs --config");
        using enum Options::Command;
        const bool needs_data =
            !out.check_config && out.command != verify && out.command != probe && out.command != selftest;
        if (needs_data && out.data.empty()) throw CLI::RequiredError("--data");
        if (!out.check_config && out.listen.empty() && out.command == Options::Command::serve)
            throw CLI::RequiredError("--listen");
        if (!out.advertise.empty() && !wire::is_host(out.advertise))
            throw CLI::ValidationError("--advertise", "must be a host name or an address without brackets");
    } catch (const CLI::ParseError& why) {
        exit_code = app.exit(why) == 0 ? 0 : 2;
        return std::nullopt;
    }
    return out;
}

} // namespace godwit::relay
