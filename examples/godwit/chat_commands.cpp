// SPDX-License-Identifier: Apache-2.0
// What may be typed: a table of commands, and what each asks of the client.
#include "chat.hpp"

#include "devices.hpp"
#include "words.hpp"

#include <algorithm>
#include <cstdlib>
#include <sstream>

namespace request = godwit::request;

namespace {

constexpr const char* help_text =
    "  text              to the current contact (the one in the prompt)\n"
    "  @NAME text        to NAME, who becomes the current contact\n"
    "  /to NAME          choose the current contact, show the last messages\n"
    "  /history [N]      the last N messages with the current contact (default 20)\n"
    "  /search WORDS     messages that have them, in all conversations\n"
    "  /reply N text     to the Nth last message          /edit N text    write the Nth last message, yours, anew\n"
    "  /recall N         take it back                    /react N EMOJI  (-EMOJI takes a reaction back)\n"
    "  /delete N [M]     from your history only: the Nth last, or to the Mth   /clear all   all of this conversation\n"
    "  /pin N   /unpin N   /pins   what is pinned here    /forward N NAME or #GROUP\n"
    "  /bundle N M NAME or #GROUP   the Nth to the Mth last, as one\n"
    "  /who N            who has it, and has read it\n"
    "  /versions N       what it said before its edits   /keep VERSIONS    so many are kept (0: none)\n"
    "  /burn SECONDS text   goes so long after it was read   /takeback MINUTES   how long /recall can (0: not at all)\n"
    "  /location LAT LON [PLACE]   where you are         /card NAME        recommend somebody\n"
    "  /live MINUTES LAT LON [PLACE]   and go on saying it:   /move LAT LON   /end\n"
    "  /read             all is read                     /timer SECONDS [read]   messages disappear (0: they stay)\n"
    "  /list             your conversations, with what is unread\n"
    "  /top [off]   /archive [off]   /hide [off]         /silence [MINUTES|off]   the conversation in that list\n"
    "  /receipts [off] [everywhere]   whether others are told what you have read   /settings   as it stands here\n"
    "  /receipts [off] delivery       whether they are told what has reached you\n"
    "  /draft [TEXT]     keep it for later               /later MINUTES text   send it then\n"
    "  /scheduled        what is to come                 /unschedule N    and is not\n"
    "  /remark NAME [TEXT]   what you call a contact     /label NAME [LABEL …]   groups of contacts they are in\n"
    "  /groups           the groups you are in           /to #GROUP     choose one\n"
    "  /group NAME [MEMBER …]   make one of contacts     /channel NAME …   one in which few write\n"
    "  /discussion MINUTES NAME [MEMBER …]   a group that ends by itself\n"
    "  /members          of the current group            /invite NAME …   /kick NAME …   /leave\n"
    "  /role NAME owner|admin|member                     /mute NAME|all [MINUTES]   /unmute NAME|all\n"
    "  /rename NAME      /announce TEXT   /about TEXT    /promote (a discussion)   /dissolve\n"
    "  /joining closed|request|link   who comes in       /invitation    the link that lets in\n"
    "  /join LINK [TEXT] ask to be let in                /let-in NAME   /turn-away NAME   answer who asks\n"
    "  /contacts         everyone, with presence and path\n"
    "  /add NAME         ask NAME to be your contact     /accept NAME   say yes to NAME's request\n"
    "  /remove NAME      end it, or decline              /block NAME    /unblock NAME\n"
    "  /safety [NAME]    the number that you and NAME compare, to be sure that nobody is between you\n"
    "  /verify NAME [CODE|undo]   say that it is right, or let NAME's code be compared; or take that back\n"
    "  /devices          your devices                    /revoke DEVICE take one of them out, by name or id\n"
    "  /link CODE        let a new device in that shows CODE\n"
    "  /link RELAY       on the new device: show a code\n"
    "  /file PATH        send a file to the current contact\n"
    "  /files            files, here and on their way      /save FILE [PATH]   write one to PATH, or here\n"
    "  /pack PATH        stickers, from a tar archive    /sticker PACK [STICKER]   send one, by name or emoji\n"
    "  /fetch FILE       get one                         /pause FILE  /resume FILE  /cancel FILE\n"
    "  /call [SOURCE [WAV]]   call the current contact; SOURCE: tone, or a file of sound; WAV: what is heard\n"
    "  /video [SOURCE [WAV]]  with pictures (a pattern)   /answer [SOURCE [WAV]]   /reject   /hangup\n"
    "  /mute   /hold     in a call, and again to go on\n"
    "  /export PATH [changes]   the history into a file   /import PATH [check]   and back\n"
    "  /ask-history      ask your other devices for it   /give-history DEVICE   say yes\n"
    "  /notices          what the operator of the relay has said\n"
    "  /policy [NAME]    direct_first, direct_only, relay_only or race\n"
    "  /status           account, relay, counters        /reconnect     look at the network again\n"
    "  /register RELAY NAME    /login RELAY NAME    /logout\n"
    "  /quit             leave; what was accepted goes on at the next start   /help WORD   what has that word\n"
    "  ✓ sent  ✓✓ delivered  [direct|turned|mailbox] the way it took  ✔ safety number compared";

std::optional<std::uint32_t> count_of(const std::string& word)
{
    if (word.empty()) return history_on_open;
    const auto count = number_of(word, 1, request::history_limit_max);
    return count ? std::optional(static_cast<std::uint32_t>(*count)) : std::nullopt;
}

} // namespace

struct Chat::Words {
    std::string first;
    std::string second;
    std::string rest; ///< Of the line, behind the first.
    std::string name; ///< Of the command.

    /// All of it: paths have spaces.
    [[nodiscard]] std::string all() const { return rest.empty() ? first : first + " " + rest; }
};

struct Chat::Command {
    const char* name;
    const char* takes; ///< Shown when the first word is missing; nullptr: it may be.
    void (*run)(Chat& chat, const Words& words);
};

const std::vector<Chat::Command>& Chat::commands()
{
    using C = Chat&;
    using W = const Words&;
    static const auto quit = [](C chat, W) { chat.done_ = true; };
    static const auto help = [](C chat, W words) { chat.help(words.first); };
    static const auto group = [](C chat, W words) { chat.group_command(words.name, words.first, words.rest); };
    static const auto settings = [](C chat, W words) { chat.settings_command(words.name, words.first, words.rest); };
    static const auto post = [](C chat, W words) { chat.post_command(words.name, words.first, words.rest); };
    static const auto share = [](C chat, W words) { chat.share_command(words.name, words.first, words.rest); };
    static const std::vector<Command> all{
        {"quit", nullptr, quit},
        {"q", nullptr, quit},
        {"exit", nullptr, quit},
        {"help", nullptr, help},
        {"h", nullptr, help},
        {"contacts", nullptr,
         [](C chat, W) { chat.ask(request::Contacts{}, [&chat](const auto& reply) { chat.show_contacts(reply); }); }},
        {"status", nullptr,
         [](C chat, W) {
             chat.ask(request::Status{}, [&chat](const auto& reply) {
                 if (const auto* status = std::get_if<godwit::StatusReport>(&reply.value))
                     chat.screen_.print(status_text(*status));
             });
         }},
        {"reconnect", nullptr, [](C chat, W) { chat.ask(request::NetworkChanged{}); }},
        {"logout", nullptr,
         [](C chat, W) { chat.ask(request::Logout{}, chat.said("logged out; the history stays here")); }},
        {"policy", nullptr, [](C chat, W words) { chat.set_policy(words.first); }},
        {"history", nullptr,
         [](C chat, W words) {
             const auto count = count_of(words.first);
             if (!count)
                 return chat.screen_.print("! /history [N]: 1 to " + std::to_string(request::history_limit_max));
             chat.history(chat.current_, *count);
         }},
        {"group", "NAME [MEMBER …]",
         [](C chat, W words) { chat.make_group(words.first, words.rest, godwit::ConversationKind::group); }},
        {"channel", "NAME [MEMBER …]",
         [](C chat, W words) { chat.make_group(words.first, words.rest, godwit::ConversationKind::channel); }},
        {"discussion", "MINUTES NAME [MEMBER …]",
         [](C chat, W words) { chat.make_discussion(words.first, words.rest); }},
        {"groups", nullptr, [](C chat, W) { chat.list_groups(); }},
        {"members", nullptr, [](C chat, W) { chat.show_group(); }},
        {"invite", "NAME …", group},
        {"kick", "NAME …", group},
        {"leave", nullptr, group},
        {"role", "NAME owner|admin|member", group},
        {"mute", nullptr,
         [](C chat, W words) {
             if (words.first.empty()) return chat.flip(CallSwitch::mute);
             chat.group_command(words.name, words.first, words.rest);
         }},
        {"call", nullptr, [](C chat, W words) { chat.call(false, words.first, words.second); }},
        {"video", nullptr, [](C chat, W words) { chat.call(true, words.first, words.second); }},
        {"answer", nullptr, [](C chat, W words) { chat.answer(words.first, words.second); }},
        {"reject", nullptr, [](C chat, W) { chat.ask(request::CallReject{}); }},
        {"hangup", nullptr, [](C chat, W) { chat.ask(request::CallHangUp{}); }},
        {"hold", nullptr, [](C chat, W) { chat.flip(CallSwitch::hold); }},
        {"unmute", "NAME|all", group},
        {"rename", "NAME", group},
        {"announce", "TEXT", group},
        {"about", "TEXT", group},
        {"joining", "closed|request|link", group},
        {"invitation", nullptr, group},
        {"join", "godwit-group:… [TEXT]", group},
        {"let-in", "NAME", group},
        {"turn-away", "NAME", group},
        {"promote", nullptr, group},
        {"dissolve", nullptr, group},
        {"search", "WORDS", [](C chat, W words) { chat.search(words.all()); }},
        {"register", nullptr, [](C chat, W words) { chat.account(true, words.first, words.second); }},
        {"login", nullptr, [](C chat, W words) { chat.account(false, words.first, words.second); }},
        {"to", "NAME or #GROUP",
         [](C chat, W words) {
             if (words.first[0] != '#') return chat.choose(words.first, true);
             chat.choose_group(words.all().substr(1));
         }},
        {"add", "NAME",
         [](C chat, W words) { chat.ask(request::ContactAdd{words.first}, chat.said(words.first + " is asked")); }},
        {"accept", "NAME",
         [](C chat, W words) {
             chat.ask(request::ContactAccept{words.first},
                      [&chat, user = words.first](const auto&) { chat.choose(user, false); });
         }},
        {"remove", "NAME",
         [](C chat, W words) {
             chat.ask(request::ContactRemove{words.first}, chat.said(words.first + " is removed"));
         }},
        {"block", "NAME",
         [](C chat, W words) {
             chat.ask(request::ContactBlock{words.first}, chat.said(words.first + " is blocked; they are not told"));
         }},
        {"unblock", "NAME",
         [](C chat, W words) {
             chat.ask(request::ContactUnblock{words.first}, chat.said(words.first + " is unblocked"));
         }},
        {"reply", "N text", post},
        {"edit", "N text", post},
        {"recall", "N", post},
        {"react", "N EMOJI", post},
        {"delete", "N [M]", [](C chat, W words) { chat.remove_messages(words.first, words.second); }},
        {"clear", "all (on your devices; others keep what they have)",
         [](C chat, W words) { chat.clear_conversation(words.first); }},
        {"pin", "N", post},
        {"unpin", "N", post},
        {"pins", nullptr, [](C chat, W) { chat.show_pinned(); }},
        {"forward", "N NAME", post},
        {"bundle", "N M NAME", [](C chat, W words) { chat.forward_many(words.first, words.rest); }},
        {"versions", "N", [](C chat, W words) { chat.show_versions(words.first); }},
        {"who", "N", [](C chat, W words) { chat.show_deliveries(words.first); }},
        {"keep", "VERSIONS", share},
        {"takeback", "MINUTES", share},
        {"location", "LATITUDE LONGITUDE [PLACE]", share},
        {"live", "MINUTES LATITUDE LONGITUDE [PLACE]", share},
        {"move", "LATITUDE LONGITUDE", share},
        {"end", nullptr, share},
        {"card", "NAME", share},
        {"burn", "SECONDS text", share},
        {"label", "NAME [LABEL …]", [](C chat, W words) { chat.set_labels(words.first, words.rest); }},
        {"read", nullptr, [](C chat, W) { chat.mark_read(); }},
        {"timer", "SECONDS [read]", [](C chat, W words) { chat.set_timer(words.first, words.second); }},
        {"list", nullptr, [](C chat, W) { chat.list_conversations(); }},
        {"top", nullptr, settings},
        {"silence", nullptr, settings},
        {"archive", nullptr, settings},
        {"hide", nullptr, settings},
        {"receipts", nullptr, settings},
        {"draft", nullptr, settings},
        {"settings", nullptr, [](C chat, W) { chat.show_settings(); }},
        {"later", "MINUTES text", [](C chat, W words) { chat.send_later(words.first, words.rest); }},
        {"scheduled", nullptr, [](C chat, W) { chat.scheduled({}); }},
        {"unschedule", "N (/scheduled lists them)", [](C chat, W words) { chat.scheduled(words.first); }},
        {"remark", "NAME [TEXT]", [](C chat, W words) { chat.set_remark(words.first, words.rest); }},
        {"notices", nullptr, [](C chat, W) { chat.notices(); }},
        {"devices", nullptr,
         [](C chat, W) {
             chat.ask(request::Devices{}, [&chat](const auto& reply) {
                 if (const auto* devices = std::get_if<std::vector<godwit::Device>>(&reply.value))
                     for (const auto& device : *devices)
                         chat.screen_.print("  " + device_line(device));
             });
         }},
        {"link", "CODE (or, on the new device, godwit://HOST:PORT#KEY)",
         [](C chat, W words) { chat.link(words.first); }},
        {"revoke", "DEVICE (/devices lists them)", [](C chat, W words) { chat.revoke(words.first); }},
        {"safety", nullptr, [](C chat, W words) { chat.safety(words.first.empty() ? chat.current_ : words.first); }},
        {"file", "PATH", [](C chat, W words) { chat.send_file(words.all()); }},
        {"files", nullptr, [](C chat, W) { chat.files(); }},
        {"save", "FILE [PATH]", [](C chat, W words) { chat.save_file(words.first, words.second); }},
        {"pack", "PATH", [](C chat, W words) { chat.add_pack(words.all()); }},
        {"sticker", "PACK [STICKER]", [](C chat, W words) { chat.send_sticker(words.first, words.rest); }},
        {"fetch", "FILE", [](C chat, W words) { chat.about_file(words.first, FileVerb::fetch); }},
        {"pause", "FILE", [](C chat, W words) { chat.about_file(words.first, FileVerb::pause); }},
        {"resume", "FILE", [](C chat, W words) { chat.about_file(words.first, FileVerb::resume); }},
        {"cancel", "FILE", [](C chat, W words) { chat.about_file(words.first, FileVerb::cancel); }},
        {"export", "PATH [changes]", [](C chat, W words) { chat.archive(words.first, words.second, false); }},
        {"import", "PATH [check]", [](C chat, W words) { chat.archive(words.first, words.second, true); }},
        {"ask-history", nullptr, [](C chat, W) { chat.send_history({}); }},
        {"give-history", "DEVICE", [](C chat, W words) { chat.send_history(words.first); }},
        {"verify", "NAME [CODE|undo]", [](C chat, W words) { chat.verify(words.first, words.second); }},
    };
    return all;
}

/// All of it, or the lines that have a word.
void Chat::help(const std::string& word)
{
    if (word.empty()) return screen_.print(help_text);
    std::istringstream lines(help_text);
    std::string out;
    for (std::string line; std::getline(lines, line);)
        if (line.find(word) != std::string::npos) out += (out.empty() ? "" : "\n") + line;
    screen_.print(out.empty() ? "! nothing about " + printable(word) + ": /help lists all there is" : out);
}

void Chat::command(const std::string& line)
{
    std::istringstream in(line.substr(1));
    std::string name;
    Words words;
    in >> name >> words.first;
    std::getline(in >> std::ws, words.rest);
    std::istringstream(words.rest) >> words.second;
    words.name = name;
    for (const auto& command : commands()) {
        if (name != command.name) continue;
        if (command.takes != nullptr && words.first.empty()) return screen_.print("! /" + name + " " + command.takes);
        return command.run(*this, words);
    }
    screen_.print("! no command /" + printable(name) + "; /help lists them");
}

void Chat::account(bool make, const std::string& relay, const std::string& user)
{
    if (user.empty())
        return screen_.print(std::string("! /") + (make ? "register" : "login") + " godwit://HOST:PORT#KEY NAME");
    on_secret_ = [this, make, relay, user](const std::string& password) {
        const auto answer = [this, user](const godwit::event::Reply&) {
            own_ = user;
            screen_.print("this device is now one of " + user + "'s. /add NAME asks someone to be your contact.");
            prompt();
        };
        if (make)
            ask(request::RegisterAccount{relay, user, password, {}}, answer);
        else
            ask(request::Login{relay, user, password, {}}, answer);
    };
    screen_.set_prompt(make ? "a new password (8 characters or more): " : "password: ");
    screen_.set_secret(true);
}

void Chat::set_policy(const std::string& name)
{
    if (name.empty())
        return ask(request::Status{}, [this](const godwit::event::Reply& reply) {
            if (const auto* status = std::get_if<godwit::StatusReport>(&reply.value))
                screen_.print("  policy is " + std::string(godwit::path_policy_name(status->policy)));
        });
    const auto policy = policy_of(name);
    if (!policy) return screen_.print("! direct_first, direct_only, relay_only or race");
    ask(request::SetPolicy{*policy}, said("policy is " + name));
}

void Chat::send(const std::string& text)
{
    if (current_.empty()) return screen_.print("! nobody chosen: /to NAME, or @NAME text");
    request::Send send{here().with, text, {}, here().conversation};
    send.body = marked(text);
    ask(std::move(send), [this, to = current_, text](const godwit::event::Reply& reply) {
        if (const auto* id = std::get_if<godwit::MessageId>(&reply.value)) mine_.insert(*id);
        screen_.print(clock_text(wall_now_ms(), wall_now_ms()) + " me → " + to + ": " + printable(text));
    });
}

/// At once, since the lines of a script do not wait; back again when it turns out that there is nobody of that name.
void Chat::choose(const std::string& user, bool with_history)
{
    if (user == current_ && !with_history) return;
    if (user != current_) {
        const auto asked = client_.submit(request::History{user, 1, {}, {}});
        if (asked) chosen_.emplace(*asked, Chosen{user, current_, current_group_});
    }
    current_ = user;
    current_group_.reset();
    prompt();
    if (with_history) history(user, history_on_open);
}

/// Whether that was the question.
bool Chat::chose(const godwit::event::Reply& reply)
{
    const auto node = chosen_.extract(reply.id);
    if (node.empty()) return false;
    const auto& was = node.mapped();
    if (reply.error.code != godwit::ErrorCode::not_a_contact || current_ != was.user || current_group_) return true;
    screen_.print("! " + printable(was.user) + " is no contact: /add " + printable(was.user));
    current_ = was.before;
    current_group_ = was.group_before;
    prompt();
    return true;
}

void Chat::history(const std::string& with, std::uint32_t limit)
{
    if (with.empty()) return screen_.print("! nobody chosen: /to NAME");
    const bool is_here = with == current_;
    request::History page{is_here ? here().with : with, limit, {}, is_here ? here().conversation : std::nullopt};
    ask(page, [this, with](const godwit::event::Reply& reply) {
        const auto* messages = std::get_if<std::vector<godwit::Message>>(&reply.value);
        if (messages == nullptr) return;
        if (messages->empty()) return screen_.print("  no messages with " + with + " yet");
        for (const auto& message : *messages)
            screen_.print(history_line(message, own_));
    });
}

void Chat::search(const std::string& text)
{
    ask(request::Search{text}, [this](const godwit::event::Reply& reply) {
        const auto* results = std::get_if<godwit::SearchResults>(&reply.value);
        if (results == nullptr) return;
        if (results->hits.empty() && results->next == 0) return screen_.print("  nothing found");
        for (auto hit = results->hits.rbegin(); hit != results->hits.rend(); ++hit)
            screen_.print(hit_line(*hit)); // the newest below, as everywhere here
        if (results->next != 0) screen_.print("  there are older ones: add a word, or godwit search --before");
    });
}

/// The two sides of it: an address can only come from a new device, a code only be shown to an old one.
void Chat::link(const std::string& code_or_relay)
{
    if (code_or_relay.rfind("godwit://", 0) != 0)
        return ask(request::DeviceLink{code_or_relay}, said("the new device is let in"));
    ask(request::LinkCode{code_or_relay, {}}, [this](const godwit::event::Reply& reply) {
        const auto* code = std::get_if<std::string>(&reply.value);
        if (code == nullptr) return;
        screen_.print("  Within " + std::to_string(request::link_code_ms_max / 60'000) +
                      " minutes, on a device of yours: /link " + *code);
        show_code(*code);
    });
}

void Chat::revoke(const std::string& device)
{
    ask(request::Devices{}, [this, device](const godwit::event::Reply& reply) {
        const auto* devices = std::get_if<std::vector<godwit::Device>>(&reply.value);
        if (devices == nullptr) return;
        const auto id = device_of(*devices, device);
        if (!id) return screen_.print("! " + error_text(id.error()));
        ask(request::DeviceRevoke{*id}, said(printable(device) + " is out: it cannot read what comes from now on"));
    });
}

void Chat::safety(const std::string& with)
{
    if (with.empty()) return screen_.print("! nobody chosen: /safety NAME");
    ask(request::SafetyNumber{with}, [this, with](const godwit::event::Reply& reply) {
        const auto* safety = std::get_if<godwit::SafetyNumber>(&reply.value);
        if (safety == nullptr) return;
        numbers_shown_[with] = safety->number;
        screen_.print(safety_text(*safety, with));
        show_code(safety->code);
        if (!safety->verified) screen_.print("  It is the same on both sides? /verify " + with);
    });
}

void Chat::verify(const std::string& with, const std::string& how)
{
    const bool undo = how == "undo";
    const auto shown = numbers_shown_.find(with);
    if (how.empty() && shown == numbers_shown_.end())
        return screen_.print("! compare first: /safety " + with + " shows what");
    const auto compared = undo ? std::string() : how.empty() ? shown->second : how;
    ask(request::Verify{with, !undo, compared}, [this, with, undo](const godwit::event::Reply&) {
        if (undo)
            verified_.erase(with);
        else
            verified_.insert(with);
        prompt();
        screen_.print(undo ? "  " + with + " counts as not compared" : "  ✔ " + with + " is who you think");
    });
}
