// SPDX-License-Identifier: Apache-2.0
// The conversation you type in. One thread, one poll over the keyboard and the client's wake_fd.
//
//   a typed line ──> /command, @name text, or text to the current contact ──> Client::submit
//   events ──> lines above the prompt; the reply to a request goes to the function that was left for it
//
// chat.cpp turns and asks, chat_commands.cpp is what may be typed, chat_posts.cpp what of it is about messages,
// chat_shares.cpp about what is no text,
// chat_groups.cpp about groups, chat_events.cpp what is shown.
#pragma once

#include "line_editor.hpp"
#include "stop_signals.hpp"

#include <godwit/client.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

class Chat {
public:
    Chat(godwit::Client& client, StopSignals& signals) : client_(client), signals_(signals) {}

    void run();

private:
    using Clock = std::chrono::steady_clock;
    using Answer = std::function<void(const godwit::event::Reply&)>;
    struct Words;
    struct Command;

    // chat.cpp
    void ask(godwit::Request request, Answer answer = {});
    void take_lines();
    void typed(const std::string& line);
    void prompt();
    Answer said(std::string text);

    // chat_commands.cpp
    static const std::vector<Command>& commands();
    void command(const std::string& line);
    void help(const std::string& word);
    void account(bool make, const std::string& relay, const std::string& user);
    void set_policy(const std::string& name);
    void send(const std::string& text);
    void choose(const std::string& user, bool with_history);
    [[nodiscard]] bool chose(const godwit::event::Reply& reply);
    void history(const std::string& with, std::uint32_t limit);
    void search(const std::string& text);
    void link(const std::string& code_or_relay);
    void revoke(const std::string& device);
    void safety(const std::string& with);
    void verify(const std::string& with, const std::string& how);

    // chat_posts.cpp
    void with_message(const std::string& number, std::function<void(const godwit::Message&)> then);
    void post_command(const std::string& name, const std::string& number, const std::string& rest);
    void show_pinned();
    void remove_messages(const std::string& from, const std::string& to);
    void clear_conversation(const std::string& what);
    void set_timer(const std::string& seconds, const std::string& from);
    void mark_read();
    void list_conversations();

    // chat_shares.cpp
    void share(godwit::content::Body body, const std::string& text,
               std::optional<godwit::content::Lifetime> lifetime = std::nullopt);
    void share_command(const std::string& name, const std::string& first, const std::string& rest);
    void with_live(std::function<void(const godwit::Message&)> then);
    void forward_many(const std::string& first, const std::string& rest);
    void show_versions(const std::string& number);
    void show_deliveries(const std::string& number);
    void with_read(const godwit::Conversation& conversation, const godwit::Conversation::ReadBy& by,
                   const godwit::Message& message);
    void set_labels(const std::string& user, const std::string& labels);

    // chat_settings.cpp
    void settings_command(const std::string& name, const std::string& first, const std::string& rest);
    void show_settings();
    void send_later(const std::string& minutes, const std::string& text);
    void scheduled(const std::string& number);
    void set_remark(const std::string& user, const std::string& remark);

    // chat_groups.cpp
    /// The conversation with the current contact, or the current group.
    [[nodiscard]] godwit::request::Where here() const;
    void choose_group(const std::string& name);
    void with_group(const std::string& name, std::function<void(const godwit::Conversation&)> then);
    [[nodiscard]] std::string group_of(const godwit::ConversationId& id) const;
    /// "NAME" or "#GROUP".
    void with_target(const std::string& name, std::function<void(const godwit::request::Where&)> then);
    void make_group(const std::string& name, const std::string& members, godwit::ConversationKind kind,
                    std::int64_t expires_ms = 0);
    void make_discussion(const std::string& minutes, const std::string& rest);
    void list_groups();
    void show_group();
    void group_command(const std::string& name, const std::string& first, const std::string& rest);
    void show(const godwit::event::GroupChanged& e);
    void show(const godwit::event::GroupAsked& e);
    void show(const godwit::event::GroupRefused& e);

    // chat_files.cpp
    enum class FileVerb { fetch, pause, resume, cancel };
    void files();
    void send_file(const std::string& path);
    void with_file(const std::string& name, std::function<void(const godwit::FileInfo&)> then);
    void add_pack(const std::string& path);
    void show_pack(const godwit::FileId& id, const std::string& name);
    void send_sticker(const std::string& pack_name, const std::string& sticker);
    void save_file(const std::string& name, const std::string& path);
    void about_file(const std::string& name, FileVerb verb);
    void show(const godwit::event::FileProgress& e);
    void show(const godwit::event::FileDone& e);
    void show(const godwit::event::FileFailed& e);

    // chat_archives.cpp
    void archive(const std::string& path, const std::string& how, bool read);
    /// Without a name: asks for it.
    void send_history(const std::string& name);
    void show(const godwit::event::ArchiveProgress& e);
    void show(const godwit::event::HistoryWanted& e);
    void show(const godwit::event::HistoryTaken& e);
    void show(const godwit::event::HistoryReceived& e);

    // chat_notices.cpp
    void notices();
    void show(const godwit::event::NoticeReceived& e);
    void show(const godwit::event::NoticeWithdrawn& e);
    void show(const godwit::event::NoticesRead& e);

    // chat_calls.cpp
    /// `devices`: where sound comes from, and the file it goes to; both may be left out.
    void call(bool video, const std::string& source, const std::string& sink);
    void answer(const std::string& source, const std::string& sink);
    enum class CallSwitch { mute, hold };
    void flip(CallSwitch what);
    void show(const godwit::event::CallIncoming& e);
    void show(const godwit::event::CallChanged& e);
    void show(const godwit::event::CallPeerMedia& e);
    void show(const godwit::event::CallMemberChanged& e);
    void show(const godwit::event::CallEnded& e);
    void show(const godwit::event::CallQuality& e);

    // chat_events.cpp
    void show_events();
    /// A line of a history, and where it was said if that is not the current conversation.
    [[nodiscard]] std::string line_of(const godwit::Message& message) const;
    void opened(const godwit::event::Reply& reply);
    void show_contacts(const godwit::event::Reply& reply);
    void show_code(const std::string& code);
    void show(const godwit::event::Reply& reply);
    void show(const godwit::event::MessageReceived& e);
    void show(const godwit::event::MessageStateChanged& e);
    void show(const godwit::event::MessageChanged& e);
    void show(const godwit::event::ReadUpTo& e);
    void show(const godwit::event::TypingChanged& e);
    void show(const godwit::event::ConversationCleared& e);
    void show(const godwit::event::ConversationChanged& e);
    void show(const godwit::event::ViewChanged& e);
    void show(const godwit::event::Presence& e);
    void show(const godwit::event::ContactRequest& e);
    void show(const godwit::event::ContactAccepted& e);
    void show(const godwit::event::ContactRemoved& e);
    void show(const godwit::event::Security& e);
    void show(const godwit::event::Linked& e);
    void show(const godwit::event::Connected& e);
    void show(const godwit::event::Disconnected& e);
    void show(const godwit::event::Update& e);
    void show(const godwit::event::PathChanged& e);
    void show(const godwit::event::LoggedOut& e);
    void show(const godwit::event::Warning& e);

    godwit::Client& client_;
    StopSignals& signals_;
    LineEditor screen_;
    std::string own_;
    std::string current_; ///< A contact, or "#" and the name of a group.
    std::optional<godwit::ConversationId> current_group_;
    std::map<std::string, std::string> numbers_shown_;     ///< Safety numbers, by contact: what /verify says is right.
    std::set<std::string> verified_;                       ///< Contacts whose safety number was compared.
    std::map<godwit::ConversationId, std::string> groups_; ///< What they are called.
    std::set<godwit::ConversationId> unnamed_;             ///< Come into, and not shown yet.
    struct Chosen {
        std::string user, before;
        std::optional<godwit::ConversationId> group_before;
    };
    std::map<godwit::RequestId, Chosen> chosen_; ///< Asked whether there is such a contact.
    std::map<godwit::RequestId, Answer> replies_;
    std::set<godwit::MessageId> mine_; ///< Sent in this run, not yet delivered or failed.
    std::function<void(const std::string&)> on_secret_;
    bool done_ = false;
    Clock::time_point leave_at_;
    bool own_known_ = false;
    Clock::time_point begin_at_; ///< When a script's lines are taken.
};

/// How long a script's first line waits for the relay, and after that for the relay's news.
inline constexpr auto script_wait_max = std::chrono::seconds(3);
inline constexpr auto script_news_wait = std::chrono::milliseconds(300);
/// Messages shown when a conversation is chosen.
inline constexpr std::uint32_t history_on_open = 20;
