// SPDX-License-Identifier: Apache-2.0
// Private to seal: what is stored, and under which names. Records are in MLS's presentation language, with a version
// first.
//
//   mls/index                    every conversation that has, or had, a group here
//   mls/<conversation>/about     what the group itself does not know (About)
//   mls/<conversation>/epoch     the group: what changes with commits
//   mls/<conversation>/ratchets  what was sent, and which epochs have ratchets here (Ratchets)
//   mls/<conversation>/ratchets/<epoch>/<part>   the group: what changes with every message, in parts, so that each
//                                writes little (lib/mls/secret_tree.hpp)
//   mls/<conversation>/pending   a commit whose answer is not known, and the group that it leads to (Pending)
//   mls/pending, mls/departed    conversations with a pending commit, and with a Departure
//   mls/kp/index, mls/kp/<ref>   KeyPackages that are out there, and their private halves (key_packages.hpp)
//
// A value of the store has 1 MiB at most, so long ones go on in <name>/1, <name>/2, …
#pragma once

#include "lib/mls/group.hpp"
#include "lib/seal/groups.hpp"

namespace godwit::seal {

using crypto::WipedBytes;

/// A value of any length under one name and its continuations.
class LongValue {
public:
    explicit LongValue(std::string name) : name_(std::move(name)) {}
    [[nodiscard]] std::optional<WipedBytes> load(port::Store& store);
    void save(port::Store& store, BytesView value);
    void remove(port::Store& store);

private:
    [[nodiscard]] std::string part(std::size_t index) const;
    /// Parts in the store, when that is known.
    std::optional<std::size_t> parts_;
    std::string name_;
};

inline constexpr std::string_view index_name = "mls/index";
[[nodiscard]] std::string value_name(const ConversationId& conversation, std::string_view what);

/// Conversations that one device may have groups of.
inline constexpr std::size_t conversations_max = 16'384;
/// Commits of which it is remembered that they led where we are.
inline constexpr std::size_t entered_max = 8;

inline constexpr std::uint16_t record_version = 1;

struct Entered {
    std::uint64_t epoch = 0; ///< That it led to.
    MessageId commit;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.epoch, s.commit.bytes);
    }
};

/// A commit has put this device out, and may be taken back: the group of the epoch before it is kept (departures.cpp).
struct Departure {
    Version from;     ///< Of the group that is kept.
    MessageId commit; ///< Envelope id.
    DeviceId committer;
    Version floor; ///< As it was before.
    std::uint64_t at_ms = 0;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.from.incarnation, s.from.epoch, s.commit.bytes, s.committer.bytes, s.floor.incarnation, s.floor.epoch,
           s.at_ms);
    }
};

/// Commits of which it is remembered that they put us out and were taken back.
inline constexpr std::size_t taken_back_kept = 8;

/// Which epoch this device has made a join from outside of, by its interim transcript hash: its Welcome to that very
/// epoch may come later.
struct Joined {
    Version from;
    Bytes transcript;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.from.incarnation, s.from.epoch, s.transcript);
    }
};

inline constexpr std::uint16_t about_version = 4;

struct About {
    Version floor;                ///< No group before this one is entered any more.
    std::uint64_t updated_ms = 0; ///< When our leaf got its keys.
    std::vector<Entered> entered; ///< Newest first.
    /// Since which epoch each member can open messages, as far as we have seen it.
    std::map<std::array<std::uint8_t, DeviceId::size_bytes>, std::uint64_t> since;
    std::optional<Departure> departure;
    std::vector<Entered> taken_back; ///< Put us out, and were taken back; newest first. By the epoch they led to.
    std::uint64_t doubted_ms = 0;    ///< Since when what the relay shows is not joined by; 0: it is not so.
    std::optional<Joined> joined;    ///< The last time.
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        auto version = about_version;
        io(version);
        io.require(version >= 1 && version <= about_version, mls::MlsError::state_version);
        io(s.floor.incarnation, s.floor.epoch, s.updated_ms, s.entered, s.since);
        if (version > 1) io(s.departure); // The first version had none.
        if (version > 2) io(s.taken_back, s.doubted_ms);
        if (version > 3) io(s.joined);
    }
};

struct Ratchets {
    std::uint32_t sent = 0;                ///< Since our leaf got its keys.
    std::vector<mls::RatchetEpoch> epochs; ///< Whose parts are in the store.
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        auto version = record_version;
        io(version);
        io.require(version == record_version, mls::MlsError::state_version);
        io(s.sent, s.epochs);
    }
    friend bool operator==(const Ratchets&, const Ratchets&) = default;
};
[[nodiscard]] std::string ratchet_name(const ConversationId& conversation, std::uint64_t epoch, mls::PartIndex part);
/// All parts of one epoch.
void remove_ratchets(port::Store& store, const ConversationId& conversation, const mls::RatchetEpoch& epoch);
/// What "epoch" and the parts make; nullopt where that is no group that we could go on with.
[[nodiscard]] std::optional<mls::Group> load_group(port::Store& store, const ConversationId& conversation);

inline constexpr std::uint16_t pending_version = 2;

struct Pending {
    Outgoing outgoing;
    WipedBytes epoch;    ///< Of the group after the commit, as the next.
    WipedBytes ratchets; ///< Of that epoch: what the group here uses up meanwhile is not kept twice.
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        auto version = pending_version;
        io(version);
        io.require(version == pending_version, mls::MlsError::state_version);
        auto& o = s.outgoing;
        io(o.conversation.bytes, o.from.incarnation, o.from.epoch, o.external, o.id.bytes, o.commit);
        devices(io, o.recipients);
        devices(io, o.newcomers);
        io(o.welcome, o.group_info, s.epoch, s.ratchets, o.tree);
        io.vector([&] {
            if constexpr (Io::writes) {
                for (auto& user : o.members)
                    io(to_bytes(as_bytes(user)));
            } else {
                Bytes user;
                io(user);
                o.members.emplace_back(as_text(user));
            }
        });
        io.vector([&] {
            if constexpr (Io::writes) {
                for (auto& one : o.joined)
                    io(to_bytes(as_bytes(one.user)), one.secret);
            } else {
                Bytes user, secret;
                io(user, secret);
                o.joined.push_back({std::string(as_text(user)), std::move(secret)});
            }
        });
    }

private:
    template <class Io, class Devices>
    static void devices(Io& io, Devices& list)
    {
        io.vector([&] {
            if constexpr (Io::writes) {
                for (auto& device : list)
                    io(device.bytes);
            } else {
                io(list.emplace_back().bytes);
            }
        });
    }
};

} // namespace godwit::seal
