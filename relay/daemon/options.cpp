// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/options.hpp"

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
    "Example:\n"
    "  godwit-relay --data /var/lib/godwit --listen 0.0.0.0:4433 --advertise relay.example.org\n"
    "\n"
    "It serves UDP (QUIC, STUN) and TCP (TLS) on that port, and prints one line when it is ready:\n"
    "  ready godwit://relay.example.org:4433#KEY\n"
    "That address is what clients are given; its KEY is the relay's, made at the first start and kept in\n"
    "DIR/identity.key. Keep that file: who has it is this relay, and without it clients refuse to come.\n"
    "When only one of DIR/identity.key and DIR/relay.db is there it does not start: restore the other one.\n"
    "\n"
    "Signals:\n"
    "  SIGTERM, SIGINT   say goodbye to everyone and exit with 0\n"
    "  SIGUSR1           print one line `stats {...}` on stdout\n"
    "\n"
    "Exit codes: 0 ended as asked, 1 could not start or had to stop (stderr says why), 2 wrong usage; of check and\n"
    "repair: 5 damaged, 7 in use.\n"
    "Configuration keys, limits and stats: docs/godwit-relay.md.";

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
    app.require_subcommand(0, 1);
    for (auto* command : {check, repair})
        command->fallthrough();
    try {
        app.parse(argc, argv);
        if (out.check_config && out.config.empty()) throw CLI::RequiredError("--check-config needs --config");
        if (!out.check_config && out.data.empty()) throw CLI::RequiredError("--data");
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
