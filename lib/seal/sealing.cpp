// SPDX-License-Identifier: Apache-2.0
// Content to a PrivateMessage and back. Out: is everybody in the group listed -> encrypt, with purpose and id as
// authenticated data. In: which group and epoch -> purpose and id -> whose leaf -> only then the key of the generation
// is taken.
#include "lib/seal/policy_extension.hpp"
#include "lib/seal/state.hpp"

#include <algorithm>

namespace godwit::seal {
namespace {

std::size_t content_max(Purpose purpose)
{
    return purpose == Purpose::signal ? wire::ice_signal_bytes_max : wire::content_bytes_max;
}

} // namespace

bool Groups::ready(const Circle& circle)
{
    auto* c = state_->find_group(circle.conversation);
    if (c == nullptr || !c->group->is_active()) return false;
    if (const auto& policy = state_->policy_of(*c); circle.many)
        return policy && !policy->dissolved && policy->find(state_->account_key) != nullptr &&
               surplus_of(*c->group, circle, policy.get(), nullptr, state_->directory).empty();
    return c->group->context().extensions == context_extensions(accounts_of(circle)) &&
           surplus_of(*c->group, circle, nullptr, nullptr, state_->directory).empty();
}

Result<Sealed> Groups::seal(const Circle& circle, Purpose purpose, const MessageId& id, BytesView content)
{
    if (content.size() > content_max(purpose))
        return Error{ErrorCode::message_too_large,
                     "content of " + std::to_string(content.size()) + " bytes; at most " +
                         std::to_string(content_max(purpose)) + " fit",
                     0};
    // A dissolved group is in its last epoch, and nothing there can be waited for: what is said in it now is for its
    // members as they are.
    const auto is_last = [&](Conversation* known) {
        if (!circle.many || purpose != Purpose::content || known == nullptr || !known->group->is_active()) return false;
        const auto& policy = state_->policy_of(*known);
        return policy && policy->dissolved && policy->find(state_->account_key) != nullptr;
    };
    if (!is_last(state_->find_group(circle.conversation)) && !ready(circle))
        return Error{ErrorCode::not_connected, "the conversation has no group yet that all its devices know", 0};
    Conversation& c = *state_->find_group(circle.conversation);
    const Membership service(*c.group);
    auto bytes =
        c.group->encrypt(state_->environment(service, 0), content, bind(static_cast<std::uint8_t>(purpose), id));
    if (!bytes) return mls::to_error(bytes.error());
    c.ratchets_dirty = true;
    ++c.sent;
    return Sealed{std::move(*bytes), c.version(), c.sent == update_after_messages};
}

std::optional<Groups::Exported> Groups::export_secret(const Circle& circle, std::string_view label, BytesView context,
                                                      std::size_t length_bytes)
{
    if (!ready(circle)) return std::nullopt;
    const Conversation& c = *state_->find_group(circle.conversation);
    const auto secret = c.group->export_secret(label, context, length_bytes);
    if (!secret) return std::nullopt;
    return Exported{c.version(), WipingBytes::copy_of(*secret), c.group->tree().leaves(),
                    static_cast<std::uint32_t>(c.group->own_leaf())};
}

bool Groups::can_open(const ConversationId& conversation, const DeviceId& device, Version version)
{
    const auto* c = state_->find_group(conversation);
    if (c == nullptr) return false;
    const Version now = c->version();
    const auto since = c->about.since.find(device.bytes);
    return version.incarnation == now.incarnation && version.epoch <= now.epoch && since != c->about.since.end() &&
           since->second <= version.epoch && now.epoch - version.epoch < mls::past_epochs_max;
}

Opened Groups::open(Purpose purpose, const MessageId& id, const DeviceId& from, BytesView sealed)
{
    using Verdict = Opened::Verdict;
    Opened out;
    const auto label = read_label(sealed);
    if (sealed.size() > wire::envelope_bytes_max || !label || label->kind != Label::Kind::message) return out;
    out.conversation = label->conversation;
    out.version = label->version;
    Conversation* const c = state_->find(label->conversation);
    if (c == nullptr || !c->group) {
        if (c != nullptr && label->version.incarnation < c->about.floor.incarnation)
            out.verdict = Verdict::behind;
        else if (state_->directory.circle_of(label->conversation))
            out.verdict = Verdict::ahead;
        return out;
    }
    mls::Group& group = *c->group;
    if (label->version > c->version()) {
        out.verdict = Verdict::ahead;
        return out;
    }
    if (label->version.incarnation < c->version().incarnation) {
        out.verdict = Verdict::behind;
        return out;
    }

    const auto judge = [&](mls::MlsError error) {
        if (error == mls::MlsError::epoch_too_old) out.verdict = Verdict::behind;
        if (error == mls::MlsError::generation_used) out.verdict = Verdict::repeated;
        return out;
    };
    const auto message = mls::decode<mls::MLSMessage>(sealed);
    const auto* closed = message ? message->as<mls::PrivateMessage>() : nullptr;
    if (closed == nullptr) return out;
    if (closed->authenticated_data != bind(static_cast<std::uint8_t>(purpose), id)) return out;
    const auto key = group.sender_key(*closed);
    if (!key) return judge(key.error());
    // Not a member any more: what a device that was withdrawn still sends in an epoch of its time is not heard.
    const auto leaf = find_device(group.tree(), from);
    if (!std::ranges::equal(*key, from.bytes)) return out;
    if (!leaf) {
        out.verdict = Verdict::departed;
        return out;
    }
    const Membership service(group);
    auto got = group.process(state_->environment(service, 0), *message);
    if (!got) return judge(got.error());
    c->ratchets_dirty = true;
    if (got->application_data.size() > content_max(purpose)) return out;
    out.verdict = Verdict::opened;
    out.content = std::move(got->application_data);
    out.sender = certificate_of(*group.tree().leaf(*leaf));
    if (state_->policy_of(*c)) {
        out.policy = c->policy;
        if (label->version.epoch != group.epoch()) {
            auto then = group.extensions_at(label->version.epoch);
            auto decoded = then ? policy::decode(*then) : std::nullopt;
            if (decoded) out.policy = std::make_shared<const Policy>(std::move(*decoded));
        }
    }
    return out;
}

} // namespace godwit::seal
