// SPDX-License-Identifier: Apache-2.0
#include "lib/seal/state.hpp"

#include "lib/base/check.hpp"
#include "lib/seal/evidence.hpp"
#include "lib/seal/padding.hpp"
#include "lib/seal/policy_extension.hpp"

#include <algorithm>

namespace godwit::seal {
namespace {

constexpr std::string_view pending_list_name = "mls/pending";
constexpr std::string_view departed_list_name = "mls/departed";

using Names = mls::ListOf<std::array<std::uint8_t, ConversationId::size_bytes>>;

std::set<ConversationId> load_names(port::Store& store, std::string_view name)
{
    std::set<ConversationId> out;
    const auto value = store.value(name);
    if (!value) return out;
    if (const auto names = mls::decode<Names>(*value))
        for (const auto& bytes : names->items)
            out.insert(ConversationId{bytes});
    return out;
}

void save_names(port::Store& store, std::string_view name, const std::set<ConversationId>& set)
{
    Names names;
    for (const auto& id : set)
        names.items.push_back(id.bytes);
    store.put_value(name, mls::encode(names));
}

} // namespace

Conversation::Conversation(const ConversationId& name)
    : id(name), epoch_value(value_name(name, "epoch")), ratchets_value(value_name(name, "ratchets")),
      about_value(value_name(name, "about"))
{
}

Version Conversation::version() const
{
    GODWIT_ASSERT(group.has_value());
    const auto name = parse_group_id(group->group_id());
    GODWIT_ASSERT(name.has_value());
    return {name->incarnation, group->epoch()};
}

Groups::State::State(DeviceKeys keys, port::Store& its_store, port::Entropy& its_entropy,
                     const Directory& its_directory)
    : device(keys.device), seed(crypto::SecretBytes::copy_of(keys.device_seed)),
      certificate(std::move(keys.certificate)), store(its_store), entropy(its_entropy), directory(its_directory),
      shelf(its_store, its_entropy), known(load_names(its_store, index_name)),
      pending(load_names(its_store, pending_list_name)), departed(load_names(its_store, departed_list_name))
{
    const auto own = wire::decode_certificate(certificate);
    GODWIT_ASSERT(own.ok() && own->device == device);
    account_key = own->account_key;
    GODWIT_ASSERT(seed.size() == crypto::ed25519_seed_bytes);
}

mls::SignatureKeyPair Groups::State::signer() const
{
    return mls::SignatureKeyPair::from_seed(seed.view());
}

mls::Environment Groups::State::environment(const mls::AuthenticationService& service, WallMs now_ms) const
{
    mls::Environment out{entropy, service, now_ms};
    out.lifetimes = lifetime_policy;
    out.padded_size = padded_size;
    return out;
}

Conversation* Groups::State::find(const ConversationId& id)
{
    if (const auto at = loaded.find(id); at != loaded.end()) {
        at->second->touched = ++clock;
        return at->second.get();
    }
    if (!known.contains(id)) return nullptr;
    auto fresh = std::make_unique<Conversation>(id);
    if (const auto about = fresh->about_value.load(store))
        if (auto decoded = mls::decode<About>(*about)) fresh->about = std::move(*decoded);
    // State that does not read (of another version of godwit) is like no state: we join again from outside.
    if (const auto ratchets = fresh->ratchets_value.load(store))
        if (auto decoded = mls::decode<Ratchets>(*ratchets)) {
            fresh->stored_ratchets = std::move(*decoded);
            if (auto group = load_group(store, id); group && parse_group_id(group->group_id())) {
                (fresh->about.departure ? fresh->kept : fresh->group) = std::move(*group);
                fresh->sent = fresh->stored_ratchets.sent;
            }
        }
    fresh->touched = ++clock;
    Conversation* const out = fresh.get();
    loaded.emplace(id, std::move(fresh));
    evict();
    return out;
}

Conversation* Groups::State::find_group(const ConversationId& id)
{
    Conversation* const out = find(id);
    return out != nullptr && out->group ? out : nullptr;
}

const std::shared_ptr<const Policy>& Groups::State::policy_of(Conversation& c)
{
    if (!c.group) {
        c.policy = nullptr;
        c.policy_at.reset();
    } else if (c.policy_at != c.version()) {
        auto decoded = policy::decode(c.group->context().extensions);
        c.policy = decoded ? std::make_shared<const Policy>(std::move(*decoded)) : nullptr;
        c.policy_at = c.version();
    }
    return c.policy;
}

bool Groups::State::is_hearsay(Conversation& c)
{
    const auto& entered = c.about.entered;
    return policy_of(c) != nullptr && (entered.empty() || entered.front().epoch != c.group->epoch());
}

Conversation* Groups::State::make(const ConversationId& id)
{
    if (Conversation* const out = find(id)) return out;
    if (known.size() >= conversations_max) return nullptr;
    known.insert(id);
    write_index();
    auto fresh = std::make_unique<Conversation>(id);
    fresh->about_dirty = true;
    fresh->touched = ++clock;
    Conversation* const out = fresh.get();
    loaded.emplace(id, std::move(fresh));
    evict();
    return out;
}

void Groups::State::save(Conversation& conversation)
{
    if (conversation.about_dirty) conversation.about_value.save(store, mls::encode(conversation.about));
    if (conversation.epoch_dirty) {
        if (const auto* group = conversation.stored())
            conversation.epoch_value.save(store, group->serialize_epoch());
        else
            conversation.epoch_value.remove(store);
    }
    if (conversation.ratchets_dirty) save_ratchets(conversation);
    conversation.epoch_dirty = conversation.ratchets_dirty = conversation.about_dirty = false;
}

// Epochs that are over go -> what has moved is written.
void Groups::State::save_ratchets(Conversation& c)
{
    Ratchets now;
    auto* const group = c.stored();
    if (group != nullptr) now = {c.sent, group->ratchet_epochs()};
    for (const mls::RatchetEpoch& old : c.stored_ratchets.epochs)
        if (c.replaced || std::find(now.epochs.begin(), now.epochs.end(), old) == now.epochs.end())
            remove_ratchets(store, c.id, old);
    if (group != nullptr) {
        if (std::exchange(c.replaced, false)) group->all_ratchets_moved();
        for (const mls::RatchetPart& part : group->take_moved_ratchets()) {
            const auto name = ratchet_name(c.id, part.epoch, part.part);
            part.bytes.empty() ? store.remove_value(name) : store.put_value(name, part.bytes);
        }
    }
    if (now == c.stored_ratchets) return;
    if (group != nullptr)
        c.ratchets_value.save(store, mls::encode(now));
    else
        c.ratchets_value.remove(store);
    c.stored_ratchets = std::move(now);
}

// The one that was touched last stays: the caller works on it.
void Groups::State::evict()
{
    while (loaded.size() > loaded_max) {
        auto oldest = loaded.end();
        for (auto at = loaded.begin(); at != loaded.end(); ++at)
            if (!at->second->dirty() && at->second->touched != clock &&
                (oldest == loaded.end() || at->second->touched < oldest->second->touched))
                oldest = at;
        if (oldest == loaded.end()) return;
        loaded.erase(oldest);
    }
}

std::optional<Pending> Groups::State::load_pending(const ConversationId& id)
{
    if (!pending.contains(id)) return std::nullopt;
    const auto value = LongValue(value_name(id, "pending")).load(store);
    if (!value) return std::nullopt;
    auto out = mls::decode<Pending>(*value);
    if (!out) return std::nullopt;
    return std::move(*out);
}

void Groups::State::drop_pending(const ConversationId& id)
{
    if (pending.erase(id) == 0) return;
    LongValue(value_name(id, "pending")).remove(store);
    write_pending_list();
}

void Groups::State::write_pending_list()
{
    save_names(store, pending_list_name, pending);
}

void Groups::State::write_departed_list()
{
    save_names(store, departed_list_name, departed);
}

void Groups::State::write_index()
{
    save_names(store, index_name, known);
}

void Groups::forget_all(port::Store& store)
{
    for (const auto& id : load_names(store, index_name)) {
        if (const auto value = LongValue(value_name(id, "ratchets")).load(store))
            if (const auto ratchets = mls::decode<Ratchets>(*value))
                for (const mls::RatchetEpoch& epoch : ratchets->epochs)
                    remove_ratchets(store, id, epoch);
        for (const auto what : {"about", "epoch", "ratchets", "pending"})
            LongValue(value_name(id, what)).remove(store);
    }
    KeyPackageShelf::forget_all(store);
    store.remove_value(pending_list_name);
    store.remove_value(departed_list_name);
    store.remove_value(index_name);
}

std::vector<DeviceId> surplus_of(const mls::Group& group, const Circle& circle, const Policy* now, const Policy* next,
                                 const Directory& directory)
{
    std::set<DeviceId> listed;
    for (const Party& party : circle.parties)
        listed.insert(party.devices.begin(), party.devices.end());
    const PublicKey own = circle.parties.empty() ? PublicKey{} : circle.parties.front().account_key;
    std::vector<DeviceId> out;
    group.tree().for_each_member([&](mls::LeafIndex, const mls::LeafNode& leaf) {
        const DeviceId device = device_of(leaf);
        if (now != nullptr) {
            const auto certificate = certificate_of(leaf);
            const PublicKey& account = certificate.account_key;
            const bool stays = now->find(account) != nullptr && (next == nullptr || next->find(account) != nullptr);
            // What no list shows as withdrawn, a list that is on its way may have.
            if (stays && (listed.contains(device) ||
                          (account != own && !withdraws(directory.device_list_of(account), certificate))))
                return;
        } else if (listed.contains(device)) {
            return;
        }
        out.push_back(device);
    });
    return out;
}

} // namespace godwit::seal
