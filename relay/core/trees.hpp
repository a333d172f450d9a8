// SPDX-License-Identifier: Apache-2.0
// trees: ratchet trees that do not fit their GroupInfo (RFC 9420 section 12.4.3.3). They come piece by piece before the
// commit that names them, and are handed out as long as somebody may come in by that commit's Welcome. The relay knows
// them by a hash of their bytes; that it is the group's tree, a member sees by the tree hash.
//
//   put -> unused: few for each account, for a day
//   commit -> used: stays while it is of the newest commits, or its Welcome waits in a mailbox (which lets it expire)
//   more bytes than a group may have -> the trees of the oldest Welcomes go; who comes by one of these joins from
//   outside
#pragma once

#include "relay/core/tick.hpp"

namespace godwit::relay {

/// Trees that no commit has named, and groups whose Welcomes are looked at, in one tick.
inline constexpr std::uint32_t trees_expired_per_tick_max = 100;
inline constexpr std::uint32_t groups_swept_per_tick_max = 16;

class Trees {
public:
    explicit Trees(Context& context)
        : context_(context), requests_(context.config.limits.group_requests, context.config.limits.throttled_max)
    {
    }

    [[nodiscard]] Answer put(const Session& session, const frame::GroupTreePut& request, Moment now);
    [[nodiscard]] Answer get(const Session& session, const frame::GroupTreeGet& request, Moment now);

    /// The row of the tree that a commit of this session names; nullopt: not all of it is here.
    [[nodiscard]] std::optional<std::int64_t> whole(const Session& session, const frame::GroupCommit& request);
    /// Pieces of what whole() gave; 0 for 0.
    [[nodiscard]] std::uint32_t pieces(std::int64_t tree);
    /// A commit has named it: others of the group go.
    void use(const ConversationId& conversation, GroupRow group, std::int64_t tree);
    /// Trees that nobody comes for any more go: no commit has named them in time, the Welcome was taken or is over, or
    /// the group is. Says whether more of them wait; then the next tick should not be long in coming.
    bool expire(Moment now);

private:
    void prune(const ConversationId& conversation, GroupRow group);

    Context& context_;
    ConversationId swept_up_to_{};
    PaceTable requests_; ///< By device.
};

} // namespace godwit::relay
