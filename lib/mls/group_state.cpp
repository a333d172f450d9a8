// SPDX-License-Identifier: Apache-2.0
// Groups to bytes and back: versioned, canonical, bounded. Both parts begin with version, group and epoch, so that
// parts of different moments are not put together.
#include "lib/mls/group.hpp"
#include "lib/mls/tree_validation.hpp"

#include <algorithm>

namespace godwit::mls {
namespace {

/// First field of both parts. A change of layout changes it; newer ones are refused with state_version.
///   1  a custom proposal that waits is an opaque<V>; past epochs have handshake ratchets, which are dropped on reading
///   2  any body, with its length; none
constexpr std::uint16_t state_version = 2;
constexpr std::uint16_t state_version_opaque_bodies = 1;
[[nodiscard]] constexpr bool is_readable(std::uint16_t version) noexcept
{
    return version == state_version || version == state_version_opaque_bodies;
}

/// What was accepted, message by message, must load again: a tree grows with every one of them.
constexpr std::size_t state_bytes_max = vector_bytes_max;

/// Nobody hides lengths in steps of more; a damaged state could ask for gigabytes of zeroes.
constexpr std::uint32_t padding_multiple_max = 65'536;

template <class Io, class T>
void list(Io& io, T& items, std::size_t items_max)
{
    io.vector([&] {
        if constexpr (Io::writes) {
            for (auto& item : items)
                io(item);
        } else {
            if (items.size() >= items_max) return io.fail(MlsError::too_many_items);
            io(items.emplace_back());
        }
    });
}

/// Wraps a pair, which has no field list of its own.
struct ResumptionEntry {
    std::uint64_t epoch = 0;
    WipedBytes psk;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.epoch, s.psk);
    }
};

/// A past epoch without its ratchets. Signature keys are left out where they equal the newer epoch's.
struct PastRecord {
    std::uint64_t epoch = 0;
    Bytes encoded_context;
    WipedBytes sender_data_secret;
    std::optional<ListOf<Bytes>> signature_keys;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.epoch, s.encoded_context, s.sender_data_secret, s.signature_keys);
    }
};

/// Whether there were any. Of a tree that was just read: afterwards all of it is new.
bool erase_handshakes(SecretTree& tree)
{
    static_cast<void>(tree.take_moved());
    tree.forget_handshakes();
    const bool any = !tree.take_moved().empty();
    tree.all_moved();
    return any;
}

} // namespace

template <class Io, class Self>
void Group::tls_epoch(Io& io, Self& s)
{
    std::uint16_t version = state_version;
    io(version);
    if (!is_readable(version)) return io.require(false, MlsError::state_version);
    const bool bodies_opaque = version == state_version_opaque_bodies;
    io(s.context_, s.options_, s.interim_transcript_hash_, s.confirmation_tag_, s.secrets_);
    if constexpr (!Io::writes) {
        if (!is_supported(s.context_.cipher_suite)) return io.require(false, MlsError::state_malformed);
        s.private_.kem = kem_of(s.context_.cipher_suite);
        s.signer_.scheme = signature_scheme_of(s.context_.cipher_suite);
    }
    io(s.private_, s.signer_.public_key, s.signer_.private_key, s.reinit_, s.left_);
    auto tree = s.tree_;
    io(tree);
    if constexpr (!Io::writes) s.tree_ = std::move(tree);
    if constexpr (Io::writes) {
        io.vector([&] {
            for (const CachedProposal& cached : s.proposals_)
                CachedProposal::tls_stored(io, cached, bodies_opaque);
        });
        io.vector([&] {
            for (const auto& [epoch, psk] : s.resumption_psks_)
                io(epoch, psk);
        });
        io.vector([&] {
            const ListOf<Bytes>* newer = nullptr;
            for (const PastEpoch& past : s.past_) {
                const bool same = newer == past.signature_keys.get();
                io(PastRecord{past.epoch, past.encoded_context, past.sender_data_secret,
                              same ? std::nullopt : std::optional(*past.signature_keys)});
                newer = past.signature_keys.get();
            }
        });
    } else {
        io.vector([&] {
            if (s.proposals_.size() >= cached_proposals_max) return io.fail(MlsError::too_many_items);
            CachedProposal::tls_stored(io, s.proposals_.emplace_back(), bodies_opaque);
        });
        std::vector<ResumptionEntry> psks;
        list(io, psks, past_epochs_max + 1);
        for (auto& entry : psks)
            s.resumption_psks_.emplace_back(entry.epoch, std::move(entry.psk));
        std::vector<PastRecord> records;
        list(io, records, past_epochs_max);
        for (PastRecord& record : records) {
            PastEpoch past;
            past.epoch = record.epoch;
            past.encoded_context = std::move(record.encoded_context);
            past.sender_data_secret = std::move(record.sender_data_secret);
            if (record.signature_keys)
                past.signature_keys = std::make_shared<const ListOf<Bytes>>(std::move(*record.signature_keys));
            else if (!s.past_.empty())
                past.signature_keys = s.past_.back().signature_keys;
            else
                return io.require(false, MlsError::state_malformed);
            s.past_.push_back(std::move(past));
        }
    }
}

template <class Io, class Self>
void Group::tls_ratchets(Io& io, Self& s)
{
    std::uint16_t version = state_version;
    io(version);
    if (!is_readable(version)) return io.require(false, MlsError::state_version);
    Bytes group_id = s.context_.group_id;
    std::uint64_t epoch = s.context_.epoch;
    auto past_count = static_cast<std::uint8_t>(s.past_.size());
    io(group_id, epoch, past_count);
    io.require(group_id == s.context_.group_id && epoch == s.context_.epoch && past_count == s.past_.size(),
               MlsError::state_malformed);
    if (s.left_) return;
    io(s.secret_tree_);
    for (auto& past : s.past_) {
        io(past.secret_tree);
        // Only the first version kept them.
        if constexpr (!Io::writes)
            if (past.secret_tree.leaves() != 0 && erase_handshakes(past.secret_tree))
                io.require(version == state_version_opaque_bodies, MlsError::state_malformed);
    }
}

WipedBytes Group::serialize_epoch() const
{
    Writer io;
    tls_epoch(io, *this);
    return std::move(io).take();
}

WipedBytes Group::serialize_ratchets() const
{
    Writer io;
    tls_ratchets(io, *this);
    return std::move(io).take();
}

template <class Self, class Each>
void Group::for_each_tree(Self& self, Each&& each)
{
    if (self.left_) return;
    each(self.context_.epoch, self.secret_tree_);
    for (auto& past : self.past_)
        each(past.epoch, past.secret_tree);
}

std::vector<RatchetPart> Group::take_moved_ratchets()
{
    std::vector<RatchetPart> out;
    for_each_tree(*this, [&](std::uint64_t epoch, SecretTree& tree) {
        for (const PartIndex part : tree.take_moved()) {
            Writer io;
            if (!tree.is_empty(part)) {
                io(state_version, epoch, part);
                tree.write_part(io, part);
            }
            out.push_back({epoch, part, std::move(io).take()});
        }
    });
    return out;
}

void Group::all_ratchets_moved()
{
    for_each_tree(*this, [](std::uint64_t, SecretTree& tree) { tree.all_moved(); });
}

std::vector<RatchetEpoch> Group::ratchet_epochs() const
{
    std::vector<RatchetEpoch> out;
    for_each_tree(
        *this, [&](std::uint64_t epoch, const SecretTree& tree) { out.push_back({epoch, parts_of(tree.leaves())}); });
    return out;
}

MlsResult<Group> Group::deserialize_epoch(BytesView epoch_part)
{
    if (epoch_part.size() > state_bytes_max) return MlsError::message_too_large;
    Group out;
    Reader epoch(epoch_part);
    tls_epoch(epoch, out);
    if (epoch.finish() != MlsError::none) return epoch.finish();
    return out;
}

MlsResult<Group> Group::deserialize(BytesView epoch_part, BytesView ratchets_part)
{
    if (ratchets_part.size() > state_bytes_max) return MlsError::message_too_large;
    auto out = deserialize_epoch(epoch_part);
    if (!out) return out;
    Reader ratchets(ratchets_part);
    tls_ratchets(ratchets, *out);
    if (ratchets.finish() != MlsError::none) return ratchets.finish();
    GODWIT_MLS_CHECK(out->check_deserialized());
    return out;
}

MlsResult<Group> Group::deserialize(BytesView epoch_part, const RatchetSource& ratchets)
{
    auto out = deserialize_epoch(epoch_part);
    if (!out) return out;
    if (!out->tree_ || out->tree_->leaves() > leaves_max) return MlsError::state_malformed;
    MlsError error = MlsError::none;
    const auto fill = [&](std::uint64_t epoch, SecretTree& tree, std::size_t leaves) {
        tree = SecretTree::blank(out->context_.cipher_suite, static_cast<std::uint32_t>(leaves));
        for (PartIndex part = 0; part < parts_of(tree.leaves()) && error == MlsError::none; ++part) {
            const auto bytes = ratchets(epoch, part);
            if (!bytes) continue;
            Reader io(*bytes);
            std::uint16_t version = 0;
            std::uint64_t its_epoch = 0;
            PartIndex its_part = 0;
            io(version);
            io.require(is_readable(version), MlsError::state_version);
            io(its_epoch, its_part);
            io.require(its_epoch == epoch && its_part == part, MlsError::state_malformed);
            tree.read_part(io, part);
            error = io.finish();
        }
    };
    if (!out->left_) {
        fill(out->context_.epoch, out->secret_tree_, out->tree_->leaves());
        for (PastEpoch& past : out->past_) {
            fill(past.epoch, past.secret_tree, past.signature_keys->items.size());
            if (past.secret_tree.is_blank()) past.secret_tree = {};
        }
    }
    GODWIT_MLS_CHECK(error);
    GODWIT_MLS_CHECK(out->check_deserialized());
    return out;
}

// The store authenticates what it gives back, so this looks for contradictions that would break promises inside,
// not for forgeries.
MlsError Group::check_deserialized()
{
    if (options_.padding_multiple > padding_multiple_max) return MlsError::state_malformed;
    if (!is_supported(context_.cipher_suite) || !tree_) return MlsError::state_malformed;
    auto tree = std::make_shared<RatchetTree>(*tree_);
    tree->update_hashes();
    if (tree->root_hash() != context_.tree_hash && !left_) return MlsError::state_malformed;
    tree_ = std::move(tree);
    encoded_context_ = encode(context_);
    proposal_bytes_ = 0;
    for (const CachedProposal& cached : proposals_)
        proposal_bytes_ += encode(*cached.proposal).size();
    if (left_) return MlsError::none;
    const LeafNode* own = tree_->leaf(own_leaf());
    const auto key = private_.keys.find(node_of(own_leaf()));
    if (own == nullptr || key == private_.keys.end() || key->second.public_key != own->encryption_key ||
        signer_.public_key != own->signature_key || !signer_.fits(context_.cipher_suite))
        return MlsError::state_malformed;
    const auto fits = [&](const SecretTree& secrets) {
        return secrets.is_sound() && secrets.cipher_suite() == context_.cipher_suite;
    };
    if (!fits(secret_tree_) || secret_tree_.leaves() != tree_->leaves()) return MlsError::state_malformed;
    for (PastEpoch& past : past_) {
        if (past.secret_tree.leaves() == 0) continue; // forget_past_ratchets()
        past.secret_tree.forget_handshakes();         // An earlier version kept them.
        if (!fits(past.secret_tree) || past.signature_keys->items.size() != past.secret_tree.leaves())
            return MlsError::state_malformed;
    }
    limit_skipped(); // An earlier version may have kept more.
    return MlsError::none;
}

} // namespace godwit::mls
