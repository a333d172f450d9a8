// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: lists that the application watches. At the end of a tick in which something changed that a
// list may show, the list is looked at anew, and the steps from what was shown to what is there now are told.
#pragma once

#include "lib/engine/chats.hpp"

#include <functional>
#include <memory>

namespace godwit::engine {

/// What was told of each list. Handed out at every commit in which one has changed: it shares what it holds, and costs
/// no more for long lists.
struct Watches {
    using Keys = std::vector<std::string>;
    struct One {
        std::shared_ptr<const request::Watch> what;
        ConversationId conversation;
        std::shared_ptr<const Keys> keys = std::make_shared<Keys>(); ///< What is shown, in order.
    };
    std::map<std::uint64_t, One> all;
    std::uint64_t last = 0;
};

class Views {
public:
    using DescribeContact = std::function<std::optional<Contact>(const std::string& user)>;

    Views(Context& context, const Roster& roster, Chats& chats, DescribeContact describe_contact)
        : context_(context), roster_(roster), chats_(chats), describe_contact_(std::move(describe_contact))
    {
    }

    /// `conversation`: of a watch of messages. Errors: quota_exceeded, invalid_argument.
    [[nodiscard]] Result<std::uint64_t> watch(const request::Watch& what, const ConversationId& conversation);
    /// False: there is no such watch.
    bool unwatch(std::uint64_t number);
    /// The end of a tick.
    void update();

    [[nodiscard]] std::shared_ptr<const Watches> watches() const;
    /// Each goes on from what was told, and is told whole: what was in memory only may be otherwise now.
    void resume(const Watches& watches);

private:
    struct Watched : Watches::One {
        std::map<ConversationId, Conversation> conversations; ///< As last told.
        bool whole = true;                                    ///< All of it is to be told.
    };

    void look(std::uint64_t number, Watched& watched, bool first);
    void look_at_conversations(Watched& watched, event::ViewChanged& out);
    void look_at_messages(Watched& watched, event::ViewChanged& out);
    void look_at_contacts(Watched& watched, event::ViewChanged& out);
    [[nodiscard]] bool concerns(const Watched& watched);

    Context& context_;
    const Roster& roster_;
    Chats& chats_;
    DescribeContact describe_contact_;
    std::map<std::uint64_t, Watched> watches_;
    std::uint64_t last_ = 0;
    bool resumed_ = false;
    mutable std::shared_ptr<const Watches> kept_; ///< nullptr: something has changed since.
};

} // namespace godwit::engine
