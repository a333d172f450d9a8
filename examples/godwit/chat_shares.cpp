// SPDX-License-Identifier: Apache-2.0
// What may be said besides a text: places, people, bundles, what burns; and what became of a message.
#include "chat.hpp"

#include "words.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>

namespace content = godwit::content;
namespace request = godwit::request;

namespace {

/// A live location is looked for among so many of the last messages.
constexpr std::uint32_t looked_at_max = 200;

std::optional<std::int32_t> degrees(const std::string& word, double max)
{
    char* end = nullptr;
    const double value = std::strtod(word.c_str(), &end);
    if (word.empty() || *end != '\0' || !(std::fabs(value) <= max)) return std::nullopt;
    return static_cast<std::int32_t>(std::lround(value * 1e7));
}

/// "LAT LON", and what stands behind.
bool read_place(const std::string& text, content::Location& out)
{
    std::istringstream in(text);
    std::string latitude, longitude;
    in >> latitude >> longitude;
    std::getline(in >> std::ws, out.place);
    const auto north = degrees(latitude, 90);
    const auto east = degrees(longitude, 180);
    if (!north || !east) return false;
    out.latitude_e7 = *north;
    out.longitude_e7 = *east;
    return true;
}

} // namespace

void Chat::share(content::Body body, const std::string& text, std::optional<content::Lifetime> lifetime)
{
    if (current_.empty()) return screen_.print("! nobody chosen: /to NAME");
    request::Send send{here().with, text, {}, here().conversation};
    send.body = std::move(body);
    send.lifetime = lifetime;
    ask(std::move(send), [this](const godwit::event::Reply& reply) {
        const auto* id = std::get_if<godwit::MessageId>(&reply.value);
        if (id == nullptr) return;
        mine_.insert(*id);
        history(current_, 1);
    });
}

void Chat::share_command(const std::string& name, const std::string& first, const std::string& rest)
{
    const auto text = first + (rest.empty() ? "" : " " + rest);
    if (name == "location") {
        content::Location place;
        if (!read_place(text, place)) return screen_.print("! /location LATITUDE LONGITUDE [PLACE], in degrees");
        return share(std::move(place), {});
    }
    if (name == "live") {
        content::Location place;
        const auto minutes = number_of(first, 1, content::live_seconds_max / 60);
        if (!minutes || !read_place(rest, place))
            return screen_.print("! /live MINUTES LATITUDE LONGITUDE [PLACE], at most " +
                                 std::to_string(content::live_seconds_max / 60) + " minutes");
        place.live_seconds = static_cast<std::uint32_t>(*minutes * 60);
        return share(std::move(place), {});
    }
    if (name == "move" || name == "end") {
        content::Location place;
        if (name == "move" && !read_place(text, place)) return screen_.print("! /move LATITUDE LONGITUDE, in degrees");
        return with_live([this, place, moves = name == "move"](const godwit::Message& message) {
            if (moves)
                ask(request::MoveLocation{message.id, place.latitude_e7, place.longitude_e7, 0}, said("  moved"));
            else
                ask(request::EndLocation{message.id}, said("  nobody is told any more where you are"));
        });
    }
    if (name == "card") return share(content::ContactCard{first, {}}, {});
    if (name == "burn") {
        const auto seconds = number_of(first, 1, content::lifetime_seconds_max);
        if (!seconds || rest.empty()) return screen_.print("! /burn SECONDS text");
        return share(content::Text{}, rest,
                     content::Lifetime{static_cast<std::uint32_t>(*seconds), content::Lifetime::From::read});
    }
    if (name == "takeback") {
        const auto minutes = number_of(first, 0, request::recall_seconds_max / 60);
        if (!minutes)
            return screen_.print("! /takeback MINUTES: 0 (not at all) to " +
                                 std::to_string(request::recall_seconds_max / 60));
        return ask(request::SetRecallWindow{static_cast<std::uint32_t>(*minutes * 60)},
                   said(*minutes == 0
                            ? "  what you have sent stays"
                            : "  what you have sent can be taken back for " + std::to_string(*minutes) + " minutes"));
    }
    if (name == "keep") {
        const auto counted = number_of(first, 0, godwit::message_versions_max);
        if (!counted)
            return screen_.print("! /keep VERSIONS: 0 (none) to " + std::to_string(godwit::message_versions_max));
        const auto kept = static_cast<std::uint32_t>(*counted);
        return ask(request::SetVersions{kept},
                   said(kept == 0 ? "  what messages said before they were edited is not kept"
                                  : "  of edited messages " + std::to_string(kept) + " earlier versions are kept"));
    }
}

/// The newest own live location of the current conversation.
void Chat::with_live(std::function<void(const godwit::Message&)> then)
{
    if (current_.empty()) return screen_.print("! nobody chosen: /to NAME");
    ask(request::History{here().with, looked_at_max, {}, here().conversation},
        [this, then = std::move(then)](const godwit::event::Reply& reply) {
            const auto* messages = std::get_if<std::vector<godwit::Message>>(&reply.value);
            if (messages == nullptr) return;
            const auto live =
                std::find_if(messages->rbegin(), messages->rend(), [this](const godwit::Message& message) {
                    return message.from == own_ && message.live_until_ms > wall_now_ms();
                });
            if (live == messages->rend()) return screen_.print("! no live location of yours here: /live begins one");
            then(*live);
        });
}

/// The Nth last message to the Mth last, as one.
void Chat::forward_many(const std::string& first, const std::string& rest)
{
    std::istringstream in(rest);
    std::string last, to;
    in >> last;
    std::getline(in >> std::ws, to);
    const auto n = static_cast<std::size_t>(number_of(first, 1, request::history_limit_max).value_or(0));
    const auto m = static_cast<std::size_t>(number_of(last, 1, request::history_limit_max).value_or(0));
    if (current_.empty()) return screen_.print("! nobody chosen: /to NAME");
    if (m < 1 || n < m || n - m >= content::forwarded_max || to.empty())
        return screen_.print("! /bundle N M NAME: the Nth last message to the Mth last, at most " +
                             std::to_string(content::forwarded_max));
    ask(request::History{here().with, static_cast<std::uint32_t>(n), {}, here().conversation},
        [this, m, to](const godwit::event::Reply& reply) {
            const auto* messages = std::get_if<std::vector<godwit::Message>>(&reply.value);
            if (messages == nullptr) return;
            request::Forward forward;
            forward.merged = true;
            forward.title = "from " + current_;
            for (std::size_t i = 0; i + m <= messages->size(); ++i)
                if (!std::holds_alternative<content::GroupNote>((*messages)[i].body))
                    forward.messages.push_back((*messages)[i].id);
            with_target(to, [this, to, forward = std::move(forward)](const request::Where& where) {
                const auto count = forward.messages.size();
                auto there = forward;
                there.to = where;
                ask(std::move(there), said("  " + std::to_string(count) + " messages go to " + printable(to)));
            });
        });
}

void Chat::show_versions(const std::string& number)
{
    with_message(number, [this](const godwit::Message& message) {
        ask(request::Versions{message.id}, [this](const godwit::event::Reply& reply) {
            const auto* versions = std::get_if<std::vector<godwit::MessageVersion>>(&reply.value);
            if (versions == nullptr) return;
            if (versions->empty()) screen_.print("  no earlier version is kept: /keep N keeps them");
            for (const auto& one : *versions)
                screen_.print("  " + clock_text(one.written_ms, wall_now_ms()) + " " + printable(one.text));
        });
    });
}

/// Who has a message, and who has read so far.
void Chat::show_deliveries(const std::string& number)
{
    with_message(number, [this](const godwit::Message& message) {
        ask(request::Deliveries{message.id}, [this](const godwit::event::Reply& reply) {
            const auto* reports = std::get_if<std::vector<godwit::DeliveryReport>>(&reply.value);
            if (reports == nullptr) return;
            for (const auto& one : *reports)
                screen_.print("  " +
                              (one.user.empty() ? std::string("all others, by the relay") : printable(one.user)) +
                              ": " + std::string(godwit::message_state_name(one.state)) + " [" +
                              std::string(godwit::path_name(one.path)) + "]");
        });
        ask(request::Conversations{true}, [this, message](const godwit::event::Reply& reply) {
            const auto* list = std::get_if<std::vector<godwit::Conversation>>(&reply.value);
            if (list == nullptr) return;
            for (const auto& one : *list)
                if (one.id == message.conversation)
                    for (const auto& by : one.read_by)
                        with_read(one, by, message);
        });
    });
}

/// Whether they have read as far as that: their place stands behind it in the history.
void Chat::with_read(const godwit::Conversation& conversation, const godwit::Conversation::ReadBy& by,
                     const godwit::Message& message)
{
    if (by.up_to == message.id) return screen_.print("  read by " + printable(by.user));
    ask(request::History{{}, looked_at_max, {}, conversation.id},
        [this, by, id = message.id](const godwit::event::Reply& reply) {
            const auto* messages = std::get_if<std::vector<godwit::Message>>(&reply.value);
            if (messages == nullptr) return;
            bool behind = false;
            for (const auto& one : *messages) {
                if (behind && one.id == by.up_to) return screen_.print("  read by " + printable(by.user));
                behind = behind || one.id == id;
            }
        });
}

void Chat::set_labels(const std::string& user, const std::string& labels)
{
    request::SetContact set{user};
    set.labels.emplace();
    std::istringstream in(labels);
    for (std::string word; in >> word;)
        set.labels->push_back(word);
    ask(set, said(set.labels->empty() ? "  " + printable(user) + " is in no group of contacts"
                                      : "  " + printable(user) + " is in: " + printable(labels)));
}
