// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/notice_command.hpp"

#include "relay/daemon/control_client.hpp"
#include "relay/daemon/words.hpp"
#include "transport/loop/system_entropy.hpp"

#include <ctime>
#include <fstream>
#include <iostream>
#include <sstream>

namespace godwit::relay {
namespace {

using Verb = NoticeOptions::Verb;

/// "-": standard input. At most so many bytes that the relay would refuse more.
Result<std::string> read_text(const std::string& path)
{
    std::string out(control_question_bytes_max + 1, '\0');
    std::ifstream file;
    if (path != "-") file.open(path, std::ios::binary);
    std::istream& in = path == "-" ? std::cin : file;
    in.read(out.data(), static_cast<std::streamsize>(out.size()));
    if (in.bad() || (in.fail() && !in.eof()))
        return Error{ErrorCode::storage_failed, "cannot read " + path + ": check the path and its permissions", 0};
    out.resize(static_cast<std::size_t>(in.gcount()));
    if (out.size() > control_question_bytes_max)
        return Error{ErrorCode::invalid_argument,
                     path + " is longer than " + std::to_string(control_question_bytes_max) + " bytes", 0};
    while (!out.empty() && (out.back() == '\n' || out.back() == '\r'))
        out.pop_back();
    return out;
}

Result<toml::table> question_of(const NoticeOptions& options, const std::string& id)
{
    switch (options.verb) {
    case Verb::list: return toml::table{{"do", "notice_list"}, {"before", options.before}, {"limit", options.limit}};
    case Verb::withdraw: return toml::table{{"do", "notice_withdraw"}, {"id", id}};
    case Verb::state:
        return toml::table{{"do", "notice_state"},
                           {"id", id},
                           {"devices", options.devices},
                           {"after", options.after},
                           {"limit", options.limit}};
    case Verb::send: break;
    }
    toml::array to;
    for (const auto& user : options.to)
        to.push_back(user);
    if (!options.to_file.empty()) {
        const auto names = read_text(options.to_file);
        if (!names) return names.error();
        std::istringstream lines(*names);
        for (std::string line; std::getline(lines, line);)
            if (!line.empty()) to.push_back(line);
        if (to.empty()) return Error{ErrorCode::invalid_argument, options.to_file + " names no account", 0};
    }
    auto text = options.text;
    if (!options.text_file.empty()) {
        auto read = read_text(options.text_file);
        if (!read) return read.error();
        text = *std::move(read);
    }
    return toml::table{{"do", "notice_send"},
                       {"id", id},
                       {"to_all", options.to_all},
                       {"to", std::move(to)},
                       {"kind", options.kind},
                       {"title", options.title},
                       {"text", text},
                       {"link", options.link},
                       {"lifetime_ms", options.lifetime_ms}};
}

/// In UTC, to the minute.
std::string when(const toml::table& notice, const char* key)
{
    const auto seconds = static_cast<std::time_t>(notice[key].value_or(std::int64_t{0}) / 1000);
    std::tm parts{};
    char out[32] = "";
    if (::gmtime_r(&seconds, &parts) != nullptr) std::strftime(out, sizeof out, "%Y-%m-%d %H:%MZ", &parts);
    return out;
}

std::string text_of(const toml::table& notice, const char* key)
{
    return notice[key].value_or(std::string());
}

std::string number_of(const toml::table& notice, const char* key)
{
    return std::to_string(notice[key].value_or(std::int64_t{0}));
}

std::string audience_of(const toml::table& notice)
{
    return notice["to_all"].value_or(false) ? "all" : "some";
}

void print_line(const toml::table& notice)
{
    say(text_of(notice, "id") + "  " + when(notice, "created_ms") + "  " + text_of(notice, "state") + "  to " +
        audience_of(notice) + "  " + text_of(notice, "kind") + "  " + text_of(notice, "title"));
}

void print_state(const toml::table& notice)
{
    say(text_of(notice, "title"));
    say(text_of(notice, "state") + ", to " + audience_of(notice) + ", made " + when(notice, "created_ms") + ", until " +
        when(notice, "expires_ms"));
    say("accounts: " + number_of(notice, "accounts_reached") + " of " + number_of(notice, "accounts") + " reached");
    say("devices: " + number_of(notice, "devices_reached") + " of " + number_of(notice, "devices") + " reached");
    if (const auto* const all = notice["recipients"].as_array())
        for (const auto& node : *all)
            if (const auto* const one = node.as_table()) {
                const auto device = text_of(*one, "device");
                say("  " + text_of(*one, "user") + "  " +
                    (device.empty()                      ? "has no device"
                     : (*one)["reached"].value_or(false) ? device + "  has it"
                                                         : device + "  waits"));
            }
}

void print(const NoticeOptions& options, const toml::table& answer)
{
    if (options.json) {
        std::ostringstream out;
        out << toml::json_formatter(answer);
        return say(out.str());
    }
    switch (options.verb) {
    case Verb::send:
    case Verb::withdraw: return say(text_of(answer, "id"));
    case Verb::state: return print_state(answer);
    case Verb::list:
        if (const auto* const all = answer["notices"].as_array())
            for (const auto& node : *all)
                if (const auto* const one = node.as_table()) print_line(*one);
    }
}

} // namespace

int run_notice(const Options& options)
{
    try {
        auto id = options.notice.id;
        if (options.notice.verb == Verb::send && id.empty()) {
            loop::SystemEntropy entropy;
            NoticeId fresh;
            entropy.fill(fresh.bytes);
            id = to_hex(fresh.view());
        }
        const auto question = question_of(options.notice, id);
        if (!question) return refused(question.error().detail);
        const auto answer = ask_control(options.data, *question);
        if (!answer && answer.error().code == ErrorCode::timed_out && options.notice.verb == Verb::send)
            return refused(answer.error().detail + "; the same once more, with --id " + id + ", is not said twice");
        if (!answer) return refused(control_failure(options.data, answer.error()));
        print(options.notice, *answer);
        return 0;
    } catch (const std::exception& wrong) {
        return refused(std::string("the relay's answer makes no sense: ") + wrong.what());
    }
}

} // namespace godwit::relay
