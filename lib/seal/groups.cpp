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
    const auto* c = state_->find_group(circle.conversation);
    out.group = c == nullptr;
    for (const Party& party : circle.parties)
        for (const DeviceId& device : party.devices)
            if (c == nullptr ? device != state_->device : !find_device(c->group->tree(), device))
                out.missing.push_back(device);
    if (c == nullptr) return out;
    out.surplus = surplus_of(*c->group, circle);
    out.update =
        now_ms - static_cast<WallMs>(c->about.updated_ms) >= update_after_ms || c->sent >= update_after_messages;
    return out;
}

std::optional<MessageId> Groups::entered_by(const ConversationId& conversation)
{
    const auto* c = state_->find_group(conversation);
    if (c == nullptr || c->about.entered.empty() || c->about.entered.front().epoch != c->group->epoch())
        return std::nullopt;
    return c->about.entered.front().commit;
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
