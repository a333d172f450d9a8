// SPDX-License-Identifier: Apache-2.0
// Private to seal: this device's KeyPackages (RFC 9420 section 10), whose private halves wait for a Welcome.
//
//   one-time     handed out once by the relay; its private half goes with the Welcome that uses it, its name stays a
//                while: mail may come twice
//   last resort  handed out when no other is left; its private half stays until it expires, or another one has long
//                taken its place
#pragma once

#include "lib/mls/group_info.hpp"
#include "lib/seal/record.hpp"

namespace godwit::seal {

inline constexpr std::int64_t key_package_lifetime_ms = 180LL * 24 * 3600 * 1000;
inline constexpr std::int64_t last_resort_renewed_after_ms = 30LL * 24 * 3600 * 1000;
/// RFC 9420 section 16.8 wants little reuse: once a last resort has served, it is renewed after this.
inline constexpr std::int64_t used_last_resort_renewed_after_ms = 24LL * 3600 * 1000;
/// An older one waits so long after the newer one was made for Welcomes that are on their way: who fetched it may have
/// been slow, and a mailbox keeps mail for a month.
inline constexpr std::int64_t replaced_last_resort_kept_ms = 60LL * 24 * 3600 * 1000;
/// Clocks differ: a package is valid from this long before it was made.
inline constexpr std::int64_t clock_slack_ms = 24LL * 3600 * 1000;
/// Private halves that are kept; the oldest go first. Twice what the relay keeps of one device.
inline constexpr std::size_t one_time_packages_max = 2 * wire::key_packages_max;
inline constexpr std::size_t last_resorts_max = 8;
/// Names of used one-time packages that are kept.
inline constexpr std::size_t spent_packages_max = 100;

[[nodiscard]] mls::Lifetime lifetime_from(WallMs now_ms);

class KeyPackageShelf {
public:
    KeyPackageShelf(port::Store& store, port::Entropy& entropy) : store_(store), entropy_(entropy) {}

    /// A fresh package as MLSMessage; its private half is in the store.
    [[nodiscard]] Bytes make(bool last_resort, const mls::SignatureKeyPair& signer, const mls::LeafNodeOptions& leaf,
                             WallMs now_ms);
    struct Found {
        Bytes ref;
        mls::KeyPackageBundle bundle; ///< Without a signer.
        bool last_resort = false;
    };
    [[nodiscard]] std::optional<Found> find(const mls::Welcome& welcome);
    /// One of its one-time packages has served: this Welcome was accepted before.
    [[nodiscard]] bool was_spent_on(const mls::Welcome& welcome);
    /// A Welcome with it has been accepted.
    void use(const Found& found);
    /// Also deletes what has expired.
    [[nodiscard]] bool last_resort_is_old(WallMs now_ms);

    static void forget_all(port::Store& store);

private:
    struct Entry {
        Bytes ref;
        std::uint64_t made_ms = 0;
        bool last_resort = false;
        bool used = false;
        template <class Io, class Self>
        static void tls(Io& io, Self& s)
        {
            io(s.ref, s.made_ms, s.last_resort, s.used);
        }
    };
    using Entries = std::vector<Entry>; // Oldest first.

    [[nodiscard]] static Entries load(port::Store& store);
    void save(const Entries& entries);
    void drop_expired(Entries& entries, WallMs now_ms);
    template <class IsKind>
    void drop_surplus(Entries& entries, std::size_t kept_max, IsKind is_kind);

    port::Store& store_;
    port::Entropy& entropy_;
};

} // namespace godwit::seal
