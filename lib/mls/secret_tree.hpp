// SPDX-License-Identifier: Apache-2.0
// The secret tree of one epoch and its hash ratchets (RFC 9420 section 9).
//
// What was used is gone (section 9.2): deriving a child pair erases the parent, taking a key erases it. Keys that
// were skipped wait for late messages, within the bounds below. Opening is done in two steps, so that a message
// which does not verify consumes nothing: peek() gives the key, consume() makes it so.
//
// A tree is stored in parts, so that a message writes what it moved and not what thousands of others have: part 0 has
// the secrets of subtrees of part_leaves and more, part 1 + n the ratchets of the n-th part_leaves leaves and the
// secrets between them. A message moves the part of its sender; the first one from there moves part 0 too.
#pragma once

#include "lib/mls/framing.hpp"

#include <map>
#include <set>

namespace godwit::mls {

/// Unused keys kept per sender and epoch, over both ratchets (goals: at most 1,000). The oldest go first.
inline constexpr std::size_t skipped_keys_max = 1000;
/// The same for one epoch, all senders together; Group has a bound over all epochs (skipped_keys_group_max). Beyond it
/// those give up keys who have most: a hoard costs its owner, and one late message of somebody else still opens.
inline constexpr std::size_t skipped_keys_epoch_max = 2000;
/// Section 15.3: how far ahead of the ratchet one message may be.
inline constexpr std::uint32_t forward_steps_max = 1000;
/// A ratchet ends here: generation is a uint32 and 0xffffffff would wrap.
inline constexpr std::uint32_t generation_max = 0xfffffffe;

inline constexpr std::uint32_t part_leaves = 16;
using PartIndex = std::uint32_t;
/// How many parts a tree has, empty ones included.
[[nodiscard]] constexpr PartIndex parts_of(std::uint32_t leaves) noexcept
{
    return 1 + (leaves + part_leaves - 1) / part_leaves;
}

/// Handshake content (proposals, commits) and application data have ratchets of their own.
enum class RatchetType : std::uint8_t { handshake = 0, application = 1 };
[[nodiscard]] constexpr RatchetType ratchet_for(ContentType type) noexcept
{
    return type == ContentType::application ? RatchetType::application : RatchetType::handshake;
}

/// One hash ratchet: `secret` makes generation `next`.
struct HashRatchet {
    WipedBytes secret;
    std::uint32_t next = 0;
    std::map<std::uint32_t, MessageKey> skipped;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.secret, s.next, s.skipped);
    }
};

struct SenderRatchets {
    HashRatchet handshake;
    HashRatchet application;
    [[nodiscard]] std::size_t skipped() const noexcept { return handshake.skipped.size() + application.skipped.size(); }
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.handshake, s.application);
    }
};

class SecretTree {
public:
    SecretTree() = default;
    SecretTree(CipherSuite suite, WipedBytes encryption_secret, std::uint32_t leaves);

    struct Generation {
        std::uint32_t generation = 0;
        MessageKey key;
    };
    /// The next key of a sender, which is consumed: for encrypting. generation_exhausted at the end.
    [[nodiscard]] MlsResult<Generation> next(LeafIndex leaf, RatchetType type);

    /// A key that is not consumed yet, and the ratchet steps on the way to it.
    struct Peek {
        LeafIndex leaf = 0;
        RatchetType type{};
        std::uint32_t generation = 0;
        MessageKey key;
        std::vector<std::pair<std::uint32_t, MessageKey>> passed;
        WipedBytes secret_after; ///< Empty: the key was a skipped one.
    };
    /// generation_used, generation_too_far; epoch_too_old after forget_handshakes(). Precondition: leaf < leaves.
    [[nodiscard]] MlsResult<Peek> peek(LeafIndex leaf, RatchetType type, std::uint32_t generation) const;
    void consume(Peek peek);

    [[nodiscard]] std::size_t skipped_keys(LeafIndex leaf) const;
    [[nodiscard]] std::size_t skipped_keys() const noexcept { return skipped_; } ///< Of all senders.
    /// Appends how many each sender has, those with none left out.
    void count_skipped(std::vector<std::size_t>& counts) const;
    /// Drops the oldest of senders who have more than `each`, until `excess` (counted down) are gone.
    void limit_skipped(std::size_t each, std::size_t& excess);
    /// The epoch is over: no handshake message of it will be opened any more. The handshake ratchets of all who have
    /// ratchets are erased, and whoever is heard first later gets an application ratchet only. Of subtrees that nobody
    /// was heard from the one secret stays, because the late application messages of all of them come from it: a
    /// handshake that nobody here ever opened could be opened with it until the epoch goes.
    void forget_handshakes();
    [[nodiscard]] std::uint32_t leaves() const noexcept { return leaves_; }
    [[nodiscard]] CipherSuite cipher_suite() const noexcept { return suite_; }

    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.suite_, s.leaves_, s.nodes_, s.ratchets_);
        if constexpr (!Io::writes) {
            s.recount_skipped();
            s.all_moved();
        }
    }
    /// Parts that are not as they were when this was called last; of a new tree those that are not empty.
    [[nodiscard]] std::set<PartIndex> take_moved() { return std::exchange(moved_, {}); }
    /// All that are not empty.
    void all_moved();
    [[nodiscard]] bool is_empty(PartIndex part) const;
    [[nodiscard]] bool is_blank() const noexcept { return nodes_.empty() && ratchets_.empty(); }
    void write_part(Writer& io, PartIndex part) const;
    /// Into a tree without any secret: `blank()`, then its parts, then is_sound().
    [[nodiscard]] static SecretTree blank(CipherSuite suite, std::uint32_t leaves);
    void read_part(Reader& io, PartIndex part);
    /// For deserialised trees: bounds and contradictions.
    [[nodiscard]] bool is_sound() const;

private:
    /// Derives down to the leaf where that has not happened; afterwards `leaf` has its ratchets.
    SenderRatchets& ratchets(LeafIndex leaf);
    /// The same for one ratchet, aside: a message that may fail must not move anything. Precondition: it has none yet.
    [[nodiscard]] HashRatchet first_ratchet(LeafIndex leaf, RatchetType type) const;
    /// The node whose secret `leaf` comes from. Precondition: it has no ratchets yet.
    [[nodiscard]] NodeIndex lowest_secret_above(LeafIndex leaf) const;
    [[nodiscard]] MessageKey key_of(BytesView secret, std::uint32_t generation) const;
    void recount_skipped() noexcept;

    CipherSuite suite_{};
    std::uint32_t leaves_ = 0;
    std::map<NodeIndex, WipedBytes> nodes_; ///< Secrets of subtrees that nobody has spoken from.
    std::map<LeafIndex, SenderRatchets> ratchets_;
    std::size_t skipped_ = 0; ///< Over all of ratchets_.
    std::set<PartIndex> moved_;
    bool without_handshakes_ =
        false; ///< forget_handshakes() was called. Not stored: Group knows which epochs are past.
};

/// How many keys each may keep for certain so that together they have at most `all`: who has less loses nothing.
[[nodiscard]] std::size_t fair_share(const std::vector<std::size_t>& counts, std::size_t all);

} // namespace godwit::mls
