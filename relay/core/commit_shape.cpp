// SPDX-License-Identifier: Apache-2.0
#include "relay/core/commit_shape.hpp"

#include "lib/policy/outline.hpp"
#include "lib/wire/mls_outline.hpp"

#include <algorithm>

namespace godwit::relay {
namespace {

Error malformed(const char* what)
{
    return {ErrorCode::malformed, what, 0};
}

std::optional<Error> wrong_frame(const wire::relay::GroupCommit& request)
{
    if (request.newcomers.empty() != request.welcome.empty())
        return Error{ErrorCode::invalid_argument, "newcomers and a Welcome go together", 0};
    if (request.epoch == 0 && !request.recipients.empty())
        return Error{ErrorCode::invalid_argument, "a group that is created has no members before", 0};
    if (request.with.empty()) {
        if (!request.recipients.empty())
            return Error{ErrorCode::invalid_argument, "a group's commit goes to all its members: name no recipients",
                         0};
    } else if (!request.members.empty() || !request.joined.empty()) {
        return Error{ErrorCode::invalid_argument, "a conversation of two has no list of members", 0};
    }
    if (request.incarnation == 0) return Error{ErrorCode::invalid_argument, "the first incarnation of a group is 1", 0};
    return std::nullopt;
}

/// Members see the commit and not the GroupInfo; the relay judges by the GroupInfo. What both have is that the commit
/// says, signed, which rules it leads to.
std::optional<Error> wrong_rules(const wire::relay::GroupCommit& request, const wire::MlsCommit& commit,
                                 const wire::MlsGroupInfo& info)
{
    if (!request.with.empty()) {
        if (commit.rules.empty()) return std::nullopt;
        return malformed("a conversation of two has no rules");
    }
    if (commit.rules.empty())
        return malformed("the commit does not say which rules it leads to: is the client too old?");
    if (!std::ranges::equal(commit.rules, policy::rules_digest(info.context_extensions)))
        return malformed("the GroupInfo has other rules than the commit says");
    return std::nullopt;
}

} // namespace

std::optional<Error> wrong_shape(const wire::relay::GroupCommit& request, const DeviceId& by)
{
    if (auto wrong = wrong_frame(request)) return wrong;
    const wire::GroupName group{request.conversation, request.incarnation};
    const auto commit = wire::read_mls_commit(request.envelope.sealed);
    if (!commit) return malformed("the commit is not the MLS message of a commit");
    if (commit->group != group || commit->epoch != request.epoch)
        return malformed("the commit is of another group or epoch than its frame says");
    if (commit->envelope != request.envelope.id) return malformed("the commit is bound to another envelope id");
    if (commit->joins && *commit->joins != by) return malformed("the external commit joins another device");
    if (commit->joins && request.epoch == 0) return malformed("nobody joins a group that is not created yet");
    if (!request.welcome.empty() && !wire::is_mls_welcome(request.welcome))
        return malformed("the Welcome is not the MLS message of a Welcome");
    const auto info = wire::read_mls_group_info(request.group_info);
    if (!info) return malformed("the GroupInfo is not the MLS message of a GroupInfo");
    if (info->group != group || info->epoch != request.epoch + 1)
        return malformed("the GroupInfo is not of the epoch that the commit leads to");
    if (!info->has_external_pub || (!info->has_ratchet_tree && request.tree.is_zero()))
        return malformed("the GroupInfo lacks what an external commit needs: tree and external key");
    return wrong_rules(request, *commit, *info);
}

} // namespace godwit::relay
