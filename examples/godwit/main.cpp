// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "words.hpp"

#include <CLI/CLI.hpp>

#include <godwit/godwit.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>

#if !defined(_WIN32)
#include <sys/resource.h>
#endif

namespace {

constexpr const char* about =
    "godwit: messages from device to device, with a relay only where the direct way fails.\n"
    "Without a subcommand: a chat you type in (/help inside). `godwit COMMAND --help` explains each.";

constexpr const char* epilogue =
    "A first conversation:\n"
    "  godwit --home alice register --relay godwit://HOST:PORT#KEY --user alice\n"
    "  godwit --home alice add bob\n"
    "  godwit --home alice\n"
    "Exit codes: 0 done, 1 refused (stderr says why), 2 wrong usage, 3 the home cannot be opened,\n"
    "4 not done in the time given; of check and repair: 5 damaged, 6 wrong key, 7 in use. docs/cli.md has everything, "
    "the JSON lines of stdio included.";

constexpr const char* after_command = "--home, --wait, --trace and the other options of `godwit --help` go with it.";

/// The first line, or all of the file when it has no newline.
bool read_first_line(const std::string& path, std::string& out)
{
    std::ifstream file(path);
    return static_cast<bool>(std::getline(file, out)) && !out.empty();
}

struct CommandLine {
    CommonOptions common;
    OneShot one_shot;
    std::string passphrase_file;
    std::string policy;
    bool stdio = false;
    bool check = false;
    bool repair = false;
    bool json = false;
    bool version = false;
    CLI::Option* wait = nullptr;
};

void add_account(CLI::App& app, CommandLine& line, const char* name, const char* help, OneShot::Kind kind)
{
    auto* command = app.add_subcommand(name, help);
    command->add_option("--relay", line.one_shot.relay, "The relay: godwit://HOST:PORT#KEY, as it prints it when ready")
        ->required();
    command->add_option("--user", line.one_shot.user, "Account name: a-z 0-9 . _ -, at most 32 characters")->required();
    command->add_option("--password-file", line.one_shot.password_file,
                        "Read the password from the first line of this file; else it is asked for, or read from stdin");
    command->add_option("--device-name", line.one_shot.device_name, "Shown to your other devices");
    command->callback([&line, kind] { line.one_shot.kind = kind; });
}

void add_contact(CLI::App& app, CommandLine& line, const char* name, const char* help, OneShot::Kind kind)
{
    auto* command = app.add_subcommand(name, help);
    command->add_option("user", line.one_shot.user, "Account name")->required();
    command->callback([&line, kind] { line.one_shot.kind = kind; });
}

void add_devices(CLI::App& app, CommandLine& line)
{
    using Kind = OneShot::Kind;
    app.add_subcommand("devices", "The devices of your account, by the digits that revoke takes")->callback([&line] {
        line.one_shot.kind = Kind::devices;
    });

    auto* link = app.add_subcommand("link", "Let a new device into your account that shows a code (link-code there)");
    link->add_option("code", line.one_shot.code, "What the new device shows")->required();
    link->callback([&line] { line.one_shot.kind = Kind::link; });

    auto* link_code = app.add_subcommand(
        "link-code", "On a new device: show a code, and wait until a device of your account lets this one in");
    link_code->add_option("--relay", line.one_shot.relay, "Your account's relay: godwit://HOST:PORT#KEY")->required();
    link_code->add_option("--device-name", line.one_shot.device_name, "Shown to your other devices");
    link_code->callback([&line] {
        line.one_shot.kind = Kind::link_code;
        if (line.wait->count() == 0) line.one_shot.wait_s = godwit::request::link_code_ms_max / 1000;
    });

    auto* revoke = app.add_subcommand("revoke", "Take another device out of your account: it gets nothing new");
    revoke->add_option("device", line.one_shot.device, "Its name, or the first digits that `devices` shows")
        ->required();
    revoke->callback([&line] { line.one_shot.kind = Kind::revoke; });

    add_contact(app, line, "safety", "The number that you and a contact compare, and a code for their device",
                Kind::safety);

    auto* verify = app.add_subcommand("verify", "Say that you have compared the safety number and it is right");
    verify->add_option("user", line.one_shot.user, "A contact")->required();
    verify
        ->add_option("--code", line.one_shot.code,
                     "What you have compared: the code that their `safety` shows, or the number, as yours shows it")
        ->check([](const std::string& code) {
            return code.empty() ? std::string("empty: the code that their `safety` shows, or the safety number")
                                : std::string();
        });
    verify->add_flag("--undo", line.one_shot.undo, "Take it back")->excludes("--code");
    verify->callback([&line] {
        if (line.one_shot.code.empty() && !line.one_shot.undo)
            throw CLI::RequiredError("--code: what you have compared; or --undo");
        line.one_shot.kind = Kind::verify;
    });
}

void add_archives(CLI::App& app, CommandLine& line)
{
    using Kind = OneShot::Kind;
    auto* make = app.add_subcommand("export", "Write the history into a file, sealed with a passphrase; works offline");
    make->add_flag("--changes", line.one_shot.changes_only, "Only what came or changed since this home's last archive");
    make->add_flag("--replace", line.one_shot.replace, "Over a file that is there");
    make->callback([&line] { line.one_shot.kind = Kind::archive_make; });
    auto* read = app.add_subcommand("import", "Merge an archive of this account into the history; works offline");
    read->add_flag("--check", line.one_shot.check_only, "Read all of it and merge nothing");
    read->callback([&line] { line.one_shot.kind = Kind::archive_read; });
    for (auto* command : {make, read}) {
        command->add_option("file", line.one_shot.path, "The archive")->required();
        command->add_option(
            "--archive-passphrase-file", line.one_shot.password_file,
            "Read the passphrase from the first line of this file; else it is asked for, or read from stdin");
    }
    app.add_subcommand("history-ask", "Ask your other devices for the history, and wait until one has sent it")
        ->callback([&line] {
            line.one_shot.kind = Kind::history_ask;
            if (line.wait->count() == 0) line.one_shot.wait_s = 300;
        });
    auto* send =
        app.add_subcommand("history-send", "Give the history to another device of yours that has asked for it");
    send->add_option("device", line.one_shot.device, "Its name, or the first digits that `devices` shows")->required();
    send->callback([&line] { line.one_shot.kind = Kind::history_send; });
}

void add_rescue(CLI::App& app, CommandLine& line)
{
    auto* check = app.add_subcommand("check", "Is the store sound? Reads all of it, changes nothing, needs no relay");
    check->callback([&line] { line.check = true; });
    auto* repair = app.add_subcommand(
        "repair", "Make a new store from what is undamaged; the damaged one is kept beside it as godwit.db.damaged-N");
    repair->callback([&line] { line.repair = true; });
    for (auto* command : {check, repair})
        command->add_flag("--json", line.json, "Print the report as JSON");
}

void describe(CLI::App& app, CommandLine& line)
{
    using Kind = OneShot::Kind;
    app.footer(after_command); // Subcommands take it from here; the program's own comes last.
    app.require_subcommand(0, 1);
    app.fallthrough();
    app.add_option("--home", line.common.home,
                   "Folder of this device's account; made when missing. One process at a time")
        ->envname("GODWIT_HOME");
    app.add_option(
        "--passphrase-file", line.passphrase_file,
        "Open the store with the passphrase in this file (first line); without it a key beside the store is used");
    app.add_flag("--loopback", line.common.loopback,
                 "Allow direct paths over loopback: several clients on one machine (or GODWIT_LOOPBACK=1)");
    app.add_flag("--trace", line.common.trace, "Debug lines on stderr; never content or keys (or GODWIT_TRACE=1)");
    line.wait = app.add_option("--wait", line.one_shot.wait_s,
                               "Seconds a one-shot command waits for relay and delivery (15; link-code: 300)")
                    ->check(CLI::Range(0U, 86400U));
    app.add_flag("--version", line.version, "Print the version");

    app.add_subcommand("stdio", "JSON lines: requests on stdin, replies and events on stdout (docs/cli.md)")
        ->callback([&line] { line.stdio = true; });
    add_account(app, line, "register", "Make an account at a relay, with this device as its first",
                Kind::register_account);
    add_account(app, line, "login", "Add this device to an account, or bring back one that was logged out",
                Kind::login);
    app.add_subcommand("logout", "Withdraw this device from its account; the history stays")->callback([&line] {
        line.one_shot.kind = Kind::logout;
    });
    add_contact(app, line, "add", "Ask someone to be your contact (or accept, when they asked first)", Kind::add);
    add_contact(app, line, "accept", "Say yes to a request", Kind::accept);
    add_contact(app, line, "remove", "End a contact, or decline or withdraw a request", Kind::remove);
    add_contact(app, line, "block", "No messages, presence or requests from them any more; they are not told",
                Kind::block);
    add_contact(app, line, "unblock", "Undo block", Kind::unblock);
    app.add_subcommand("contacts", "Everyone, with presence and path")->callback([&line] {
        line.one_shot.kind = Kind::contacts;
    });
    auto* notices = app.add_subcommand("notices", "What the operator of the relay has said, newest first");
    notices->add_option("--limit", line.one_shot.limit, "How many (20; at most 256)")
        ->check(CLI::Range(1U, godwit::request::notices_kept_max));
    notices->callback([&line] { line.one_shot.kind = Kind::notices; });
    app.add_subcommand("status", "Account, connection, policy, counters")->callback([&line] {
        line.one_shot.kind = Kind::status;
    });

    auto* send = app.add_subcommand("send", "Send one message and wait until it is on its way");
    send->add_option("user", line.one_shot.user, "To whom: an accepted contact")->required();
    send->add_option("text", line.one_shot.text, "The text; - reads it from stdin")->required();
    send->add_option("--key", line.one_shot.key, "Idempotency key: repeating a send with the same key sends once");
    send->callback([&line] { line.one_shot.kind = Kind::send; });

    auto* history =
        app.add_subcommand("history", "Print a page of the messages with a contact, oldest first; works offline");
    history->add_option("user", line.one_shot.user, "With whom")->required();
    history->add_option("--limit", line.one_shot.limit, "How many (20; at most 1000)")
        ->check(CLI::Range(1U, godwit::request::history_limit_max));
    auto* before = history->add_option("--before", line.one_shot.before, "The last ones before this message id");
    auto* after = history->add_option("--after", line.one_shot.after, "The first ones after this message id");
    history->add_option("--around", line.one_shot.around, "This message id and what stands around it")
        ->excludes(before)
        ->excludes(after);
    after->excludes(before);
    history->callback([&line] { line.one_shot.kind = Kind::history; });

    auto* search = app.add_subcommand("search", "Find messages by what they say, the newest first; works offline");
    search->add_option("text", line.one_shot.text, "Words, or their beginnings; all of them must be there")->required();
    search->add_option("--with", line.one_shot.with, "Only in the conversation with this account");
    search->add_option("--from", line.one_shot.from, "Only what this account wrote");
    search->add_option("--kind", line.one_shot.kinds,
                       "Only these: text, attachment, sticker, location, contact_card, forwarded, card, custom");
    search->add_option("--limit", line.one_shot.limit, "How many (20; at most 200)")
        ->check(CLI::Range(1U, godwit::search_limit_max));
    search->add_option("--before", line.one_shot.before_page, "The next page: the number behind \"more:\"");
    search->callback([&line] { line.one_shot.kind = Kind::search; });

    auto* policy = app.add_subcommand("policy", "Choose which paths messages may take");
    policy
        ->add_option("path", line.policy,
                     "direct_first (default), direct_only, relay_only (hides your address) or race")
        ->required()
        ->check(CLI::IsMember({"direct_first", "direct_only", "relay_only", "race"}));
    policy->callback([&line] { line.one_shot.kind = Kind::policy; });
    add_devices(app, line);
    add_archives(app, line);
    add_rescue(app, line);
    app.footer(epilogue);
}

bool is_set(const char* name)
{
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' && std::string_view(value) != "0";
}

int usage(const std::string& what)
{
    std::cerr << "godwit: " << what << "; godwit --help explains\n";
    return exit_usage;
}

int run(int argc, char** argv)
{
    CommandLine line;
    CLI::App app(about, "godwit");
    describe(app, line);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& trouble) {
        return app.exit(trouble) == 0 ? exit_done : exit_usage;
    }
    if (line.version) {
        std::cout << "godwit " << godwit_version() << '\n';
        return exit_done;
    }
    if (line.common.home.empty()) return usage("--home DIR is needed (or GODWIT_HOME)");
    if (!line.passphrase_file.empty() && !read_first_line(line.passphrase_file, line.common.passphrase))
        return usage("--passphrase-file: cannot read a first line from " + line.passphrase_file);
    line.common.loopback = line.common.loopback || is_set("GODWIT_LOOPBACK");
    line.common.trace = line.common.trace || is_set("GODWIT_TRACE");
    if (line.check || line.repair) return run_rescue(line.common, line.repair, line.json);
    if (line.stdio) return run_stdio(line.common);
    if (line.one_shot.kind == OneShot::Kind::none) return run_chat(line.common);
    if (line.one_shot.text == "-") line.one_shot.text.assign(std::istreambuf_iterator<char>(std::cin), {});
    if (const auto policy = policy_of(line.policy)) line.one_shot.policy = *policy;
    return run_one_shot(line.common, line.one_shot);
}

} // namespace

godwit::ClientOptions client_options(const CommonOptions& common)
{
    godwit::ClientOptions options;
    options.home = common.home;
    options.passphrase = common.passphrase;
    options.allow_loopback = common.loopback;
    if (common.trace) options.trace = trace_line;
    return options;
}

void trace_line(int level, std::string_view room, std::string_view text)
{
    static constexpr const char* names[] = {"debug", "info", "warning", "error"};
    using namespace std::chrono;
    const auto ms = duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
    std::fprintf(stderr, "%lld.%03d %s %.*s: %.*s\n", static_cast<long long>(ms / 1000), static_cast<int>(ms % 1000),
                 level >= 0 && level < 4 ? names[level] : "?", static_cast<int>(room.size()), room.data(),
                 static_cast<int>(text.size()), text.data());
}

int main(int argc, char** argv)
{
#if !defined(_WIN32)
    const rlimit none{};
    (void)::setrlimit(RLIMIT_CORE, &none); // Keys are in memory: no core dumps.
#endif
    try {
        return run(argc, argv);
    } catch (const std::exception& trouble) {
        std::cerr << "godwit: " << trouble.what() << '\n';
        return exit_refused;
    }
}
