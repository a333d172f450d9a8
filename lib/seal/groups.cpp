// SPDX-License-Identifier: Apache-2.0
// The door's simple questions.
#include "lib/crypto/hash.hpp"
#include "lib/seal/state.hpp"

#include <algorithm>

namespace godwit::seal {

Groups::Groups(DeviceKeys keys, port::Store& store, port::Entropy& entropy, const Directory& directory)
    : state_(std::make_unique<State>(std::move(keys), store, entropy, directory))
{
}
Groups::~Groups() = default;

void Groups::flush()
{
    for (auto& [id, conversation] : state_->loaded)
        if (conversation->dirty()) state_->save(*conversation);
    state_->evict();
}

bool Groups::is_member(const ConversationId& conversation, const DeviceId& device)
{
    const auto* c = state_->find_group(conversation);
    return c != nullptr && find_device(c->group->tree(), device).has_value();
}

std::optional<Version> Groups::version(const ConversationId& conversation)
{
    const auto* c = state_->find_group(conversation);
    if (c == nullptr) return std::nullopt;
    return c->version();
}

std::optional<wire::peer::GroupHead> Groups::head(const ConversationId& conversation)
{
    const auto* c = state_->find_group(conversation);
    if (c == nullptr) return std::nullopt;
    const auto hash = crypto::transcript_hash("godwit group head 1", {c->group->epoch_authenticator()});
    const Version at = c->version();
    using Authenticator = wire::peer::EpochAuthenticator;
    return wire::peer::GroupHead{conversation, at.incarnation, at.epoch,
                                 *Authenticator::from(BytesView(hash).first(Authenticator::size_bytes))};
}

std::vector<wire::DeviceCertificate> Groups::members(const ConversationId& conversation)
{
    std::vector<wire::DeviceCertificate> out;
    if (const auto* c = state_->find_group(conversation))
        for (auto& [device, certificate] : members_of(*c->group))
            out.push_back(certificate);
    return out;
}

Needs Groups::needs(const Circle& circle, WallMs now_ms)
{
    Needs out;
    auto* c = state_->find_group(circle.conversation);
    out.group = c == nullptr;
    const Policy* const is = c == nullptr ? nullptr : state_->policy_of(*c).get();
    if (is != nullptr && is->dissolved) return out; // And lacks nothing any more.
    const Policy* const next = circle.plan ? &circle.plan->policy : is;
    Members present;
    if (c != nullptr) {
        present = members_of(*c->group);
        out.surplus = surplus_of(*c->group, circle, is, next, state_->directory);
        const auto age_ms = now_ms - static_cast<WallMs>(c->about.updated_ms);
        // By a clock that was ahead once, it would never be due.
        out.update = age_ms >= update_after_ms || age_ms < -clock_slack_ms || c->sent >= update_after_messages;
    }
    // A leaf that goes does not count: who left and is taken in again gets another one.
    for (const DeviceId& gone : out.surplus)
        present.erase(gone);
    for (const Party& party : circle.parties) {
        if (next != nullptr && next->find(party.account_key) == nullptr) continue;
        for (const DeviceId& device : party.devices)
            if (device != state_->device && !present.contains(device)) out.missing.push_back(device);
    }
    return out;
}

std::shared_ptr<const Policy> Groups::policy(const ConversationId& conversation)
{
    auto* c = state_->find_group(conversation);
    return c == nullptr ? nullptr : state_->policy_of(*c);
}

std::optional<std::pair<ConversationId, Version>> Groups::wants_tree(BytesView sealed, WallMs now_ms)
{
    if (sealed.size() > wire::welcome_bytes_max) return std::nullopt;
    const auto message = mls::decode<mls::MLSMessage>(sealed);
    const auto* welcome = message ? message->as<mls::Welcome>() : nullptr;
    auto found = welcome == nullptr ? std::nullopt : state_->shelf.find(*welcome);
    if (!found) return std::nullopt;
    const Undecided undecided;
    const auto info = mls::read_welcome(state_->environment(undecided, now_ms), *welcome, found->bundle);
    if (!info || mls::find_extension(info->extensions, mls::ExtensionType::ratchet_tree) != nullptr)
        return std::nullopt;
    const auto name = parse_group_id(info->group_context.group_id);
    if (!name) return std::nullopt;
    return std::pair(name->conversation, Version{name->incarnation, info->group_context.epoch});
}

std::optional<MessageId> Groups::entered_by(const ConversationId& conversation)
{
    const auto* c = state_->find_group(conversation);
    if (c == nullptr || c->about.entered.empty() || c->about.entered.front().epoch != c->group->epoch())
        return std::nullopt;
    return c->about.entered.front().commit;
}

bool Groups::is_hearsay(const ConversationId& conversation)
{
    auto* const c = state_->find_group(conversation);
    return c != nullptr && state_->is_hearsay(*c);
}

void Groups::prove(const ConversationId& conversation, const MessageId& commit)
{
    auto* const c = state_->find_group(conversation);
    if (c == nullptr || !state_->is_hearsay(*c)) return;
    auto& entered = c->about.entered;
    entered.insert(entered.begin(), Entered{c->group->epoch(), commit});
    if (entered.size() > entered_max) entered.resize(entered_max);
    c->about_dirty = true;
}

bool Groups::is_pending(const ConversationId& conversation)
{
    return state_->pending.contains(conversation);
}

std::vector<Outgoing> Groups::pending()
{
    std::vector<Outgoing> out;
    for (const auto& id : state_->pending)
        if (auto one = state_->load_pending(id)) out.push_back(std::move(one->outgoing));
    return out;
}

std::vector<Bytes> Groups::make_key_packages(std::size_t count, WallMs now_ms)
{
    std::vector<Bytes> out;
    const auto signer = state_->signer();
    for (std::size_t i = 0; i < std::min(count, wire::key_packages_max); ++i)
        out.push_back(state_->shelf.make(false, signer, leaf_options(state_->certificate), now_ms));
    return out;
}

Bytes Groups::make_last_resort(WallMs now_ms)
{
    return state_->shelf.make(true, state_->signer(), leaf_options(state_->certificate), now_ms);
}

bool Groups::last_resort_is_old(WallMs now_ms)
{
    return state_->shelf.last_resort_is_old(now_ms);
}

} // namespace godwit::seal
