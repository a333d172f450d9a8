// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: what only the newest state of matters, on its way to other devices (docs/adr/0043-absence.md).
//
//   a setting, a read mark, what was opened ── a name for each device (delivery::Due)
//   end of the tick ── the names of one device ──> an envelope with the state of now ──> outbox
//   its receipt ──> the names are forgotten
//
//   "register/<name>"                  to the own devices: registers, several in one
//   "settings"                         likewise: with it, a device that is new has been given all
//   "read/<conversation>"              to contacts: how far this account has read
//   "moved/<conversation>/<message>"   likewise: where a live location is
//   "opened/<conversation>/<message>"  to all of a conversation: what burns was read
//   "struck/<conversation>/<message>"  to the own devices: it has left the history, many in one
//   "told/<conversation>/<message>"    to the own devices: how far what was written here has come, many in one
//
// A device that is new to its account does not know yet whether the account tells what it has read. Until another one
// has given it the settings, it keeps that to itself.
#pragma once

#include "lib/conversation/conversation.hpp"
#include "lib/delivery/due.hpp"
#include "lib/delivery/outbox.hpp"
#include "lib/engine/circles.hpp"

#include <functional>

namespace godwit::engine {

class Announcer {
public:
    Announcer(Context& context, const Roster& roster, const GroupBook& book, delivery::Outbox& outbox)
        : context_(context), roster_(roster), book_(book), outbox_(outbox)
    {
    }

    /// After the outbox is loaded.
    void start();
    /// This device has just come to its account, which may have others.
    void entered();
    void stop() { running_ = false; }

    void register_changed(const std::string& name);
    /// Up to where is looked up when it is said.
    void read(const ConversationId& conversation, const std::vector<delivery::Recipient>& to);
    void opened(const ConversationId& conversation, const std::vector<MessageId>& ids,
                const std::vector<delivery::Recipient>& to);

    /// Where to is looked up when it is said.
    void moved(const ConversationId& conversation, const MessageId& message,
               const std::vector<delivery::Recipient>& to);

    /// A message has come further: where it was written here, the own devices are told within reached_gather.
    void reached(const ConversationId& conversation, const MessageId& message, Moment now);

    /// They have left the account's history: the own devices are told. `elsewhere`: they know. Devices that are new
    /// later are told the last of them, for what an older archive may bring.
    void removed(const ConversationId& conversation, const std::vector<MessageId>& messages, bool elsewhere);

    /// Other devices of the account may have settings that this one has not been given yet.
    [[nodiscard]] bool wants_settings() const { return wants_settings_; }
    /// What is read meanwhile.
    void hold_read(const ConversationId& conversation);
    /// They are here, or the user has decided. Returns what was held.
    [[nodiscard]] std::vector<ConversationId> settings_came();

    /// Into the outbox, as far as it is time. `tells_read`: the account tells it in this conversation.
    void end_tick(const std::function<bool(const ConversationId&)>& tells_read, Moment now);
    [[nodiscard]] Instant deadline() const { return running_ ? due_.deadline() : never; }

private:
    /// Receipts of a group come within such a time; whoever has two devices in hand sees them in step.
    static constexpr Duration reached_gather = std::chrono::seconds(3);
    using Devices = std::vector<DeviceId>;
    void all_given();
    void give_settings();
    void give_removed(const DeviceId& device);
    void said(const std::vector<std::string>& names, const Devices& devices,
              const std::function<bool(const ConversationId&)>& tells_read, Moment now);
    void say_registers(const std::vector<std::string>& names, const Devices& devices, Moment now);
    void say_reached(const std::vector<std::string>& names, const Devices& devices, Moment now);
    void say_removed(const std::vector<std::string>& names, const Devices& devices, Moment now);
    void say_mark(const ConversationId& conversation, const std::vector<std::string>& names, const Devices& devices,
                  decltype(wire::content::Mark::what) what, Moment now);
    /// Those of the devices that one more envelope may go to.
    [[nodiscard]] Devices ready(const Devices& devices, Moment now) const;
    void put_out(const ConversationId& conversation, const std::vector<std::string>& names, const Devices& devices,
                 const wire::content::Any& content, Moment now);
    void drop(const std::vector<std::string>& names, const Devices& devices);
    [[nodiscard]] std::string owner_of(const DeviceId& device) const;
    [[nodiscard]] bool is_own(const DeviceId& device) const;

    Context& context_;
    const Roster& roster_;
    const GroupBook& book_;
    delivery::Outbox& outbox_;
    delivery::Due due_;
    std::optional<Devices> given_; ///< Own devices that have been given all settings; nullopt: not read yet.
    bool running_ = false;
    bool wants_settings_ = false;
};

} // namespace godwit::engine
