// SPDX-License-Identifier: Apache-2.0
// What an operator decides, with defaults that a small public relay can live with. Each bound has a test that reaches
// it.
#pragma once

#include "lib/base/time.hpp"
#include "lib/wire/frames.hpp"
#include "lib/wire/notice.hpp"

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::relay {

/// At most `burst` at once, and one more each `interval`.
struct Rate {
    std::uint32_t burst = 1;
    Duration interval = std::chrono::seconds(1);
};

struct Limits {
    // Strangers: connections that have not logged in.
    std::size_t unauthenticated_links_max = 1024; ///< One more: the oldest of them is closed.
    /// A login, and an added device with the longest list twice: the first may meet a conflict.
    std::size_t unauthenticated_bytes_max = 32 * 1024;
    std::uint32_t unauthenticated_requests_max = 8;
    Duration login_time_max = std::chrono::seconds(10); ///< From link up to logged in.
    // Those of them that wait to be linked.
    std::size_t link_waits_max = 256;
    std::size_t link_waits_per_address_max = 8;
    Duration link_wait_max = std::chrono::minutes(5);

    // Of those who are logged in: far more than a device has to say, far less than keeps others from being heard.
    Rate requests{10'000, std::chrono::microseconds(100)}; ///< Per account; beyond: rate_limited.
    Rate frames{20'000, std::chrono::microseconds(50)};    ///< Per session, of any kind; beyond: the link is closed.

    std::size_t devices_per_account_max = wire::devices_per_account_max;
    std::size_t contacts_max = 1000;         ///< In any state, per account.
    std::size_t incoming_contacts_max = 200; ///< Requests that wait for an answer, per account.

    std::uint32_t mailbox_messages_max = 1000; ///< Per device.
    std::uint64_t mailbox_bytes_max = 64 * 1024 * 1024;
    std::uint32_t mailbox_sender_percent_max = 25; ///< Of both, from one account.
    /// Room of its own for handshakes: a device that was added or revoked changes all groups of its account, and mail
    /// that fills a mailbox must not keep its device out of them. The same share from one account, the own one
    /// excepted.
    std::uint32_t mailbox_handshakes_max = 4000; ///< Per device.
    std::uint64_t mailbox_handshake_bytes_max = 32 * 1024 * 1024;
    WallMs mailbox_age_ms_max = WallMs{30} * 24 * 3600 * 1000;
    /// Pushed and not acknowledged yet, per device: enough to fill a round trip, little enough to lose on a bad link.
    std::size_t mailbox_window_messages_max = 64;
    std::size_t mailbox_window_bytes_max = 1024 * 1024;

    // Guessing passwords: slowed down by who asks and by whom it is about (accounts.hpp).
    Rate login_per_account_and_address{5, std::chrono::seconds(10)};
    Rate login_per_address{20, std::chrono::seconds(6)};
    Rate login_per_account{50, std::chrono::seconds(20)};
    Rate registrations_per_address{100, std::chrono::seconds(10)};
    std::size_t throttled_max = 16'384; ///< Addresses, accounts and pairs remembered, each.

    /// Devices added and revoked, per account: every contact that is connected is told the whole list.
    Rate device_changes{40, std::chrono::seconds(30)};
    Rate contact_changes{60, std::chrono::seconds(1)}; ///< Per account.
    Rate signals{200, std::chrono::milliseconds(20)};  ///< Per session: some twenty ICE attempts at once.

    // Groups and key packages. A device that is new fetches and joins all its conversations at once.
    Rate group_requests{600, std::chrono::milliseconds(50)};       ///< Commits and fetches, per device.
    Rate group_rejects{5, std::chrono::minutes(12)};               ///< Per device and conversation.
    Rate group_creations{10, std::chrono::minutes(2)};             ///< Per account and conversation.
    Rate key_package_requests{600, std::chrono::milliseconds(50)}; ///< Publications and fetches, per account.
    /// One-time packages of one device that another account may use up; beyond, it gets the last resort. A device keeps
    /// 16 here and looks once an hour (lib/engine): whoever asks at that pace leaves more than half of them. A group
    /// that is created takes one.
    Rate key_packages_per_pair{4, std::chrono::minutes(30)};
    /// A device signs its packages for 180 days (lib/seal). The last 30 of these they lie around with whoever fetched
    /// them; a last resort is all that a device has that is away for long, and is kept to the end.
    WallMs key_package_age_ms_max = WallMs{150} * 24 * 3600 * 1000;
    WallMs last_resort_age_ms_max = WallMs{179} * 24 * 3600 * 1000;

    // Files for devices that are not there (blobs.hpp). In counted bytes: sealed ones, and a little for each piece.
    std::uint64_t blob_bytes_per_account_max = std::uint64_t{256} * 1024 * 1024;
    std::uint64_t blob_bytes_max = std::uint64_t{4} * 1024 * 1024 * 1024; ///< Of all accounts. 0: none are kept.
    std::uint32_t blob_percent_full = 90; ///< Of that: beyond, the oldest go before their days are over.
    WallMs blob_age_ms_max = WallMs{14} * 24 * 3600 * 1000;
    Rate blob_requests{512, std::chrono::milliseconds(2)}; ///< Per account: 32 MiB/s.

    // Groups of many (members.hpp).
    std::size_t group_members_max = 2000;         ///< Accounts.
    std::size_t groups_max = 500;                 ///< That one account is in.
    std::size_t group_joins_max = 256;            ///< Accounts that wait to be let into one.
    std::size_t group_joins_per_account_max = 16; ///< Groups that one account waits for.
    WallMs group_join_age_ms_max = WallMs{30} * 24 * 3600 * 1000;
    Rate stale_group_links{8, std::chrono::minutes(10)};      ///< Per account and group.
    WallMs group_join_again_ms = WallMs{24} * 3600 * 1000;    ///< After a refusal, since one asked.
    WallMs group_gone_ms_max = WallMs{30} * 24 * 3600 * 1000; ///< Who left is told so for so long.
    Rate group_messages{400, std::chrono::milliseconds(10)};  ///< GroupPut, per account.
    std::uint32_t group_trees_kept = 16;                      ///< Of a group's newest commits.
    /// All trees of a group, with those that Welcomes in mailboxes still name: what 16 of the largest have (trees.hpp).
    std::uint64_t group_trees_bytes_max = std::uint64_t{64} * 1024 * 1024;
    std::uint32_t group_trees_unused_max = 2; ///< Of an account, before a commit names them.
    WallMs group_tree_unused_ms_max = WallMs{24} * 3600 * 1000;

    // What the operator says (notices.hpp).
    std::size_t notices_max = 1000;         ///< Kept, those that are over included; these go first.
    std::size_t notice_accounts_max = 1000; ///< Named by one notice: each is a row of one transaction.
    WallMs notice_lifetime_ms_max = WallMs{90} * 24 * 3600 * 1000;
    WallMs notice_kept_ms = WallMs{30} * 24 * 3600 * 1000; ///< After it is over, to look back at.
    std::size_t notice_window_max = 8;                     ///< Delivered and not acknowledged, per device.
    /// A notice to all goes to the connected devices so many at a time.
    std::size_t notice_pushes_max = 100;
    Duration notice_push_interval = std::chrono::milliseconds(20);

    Rate link_grants{10, std::chrono::seconds(6)}; ///< Per session.

    Rate reports{10, std::chrono::minutes(1)};                   ///< To the operator, per account.
    Rate directory_requests{60, std::chrono::milliseconds(500)}; ///< Per account.
};

/// What other programs may be told of (events.hpp). Stored by name.
enum class EventKind : std::uint8_t {
    account_created,
    account_removed,
    report_filed,
    device_wanted, ///< Somebody calls a device that is not connected (wanted.hpp).
};

/// What somebody outside has said about a registration; wait: nothing yet.
enum class Decision : std::uint8_t { yes, no, wait };

struct Config {
    Limits limits;
    std::string relay_version;
    /// Newest client, as dotted numbers; older ones are told. Empty: nothing is said.
    std::string client_version_latest;
    /// Older clients are refused with update_required. Empty: all are served.
    std::string client_version_min;
    /// Signs what the operator says, with the key that clients know the relay by. Empty: nothing can be said.
    std::function<Bytes(wire::OperatorNotice)> sign_notice;
    bool registration_open = true;
    bool directory_shown = false; ///< To clients of the default application.
    std::set<EventKind> events;   ///< That are recorded.
    /// Told after the commit that this account was disabled or removed: what serves it beside the core ends.
    std::function<void(std::string_view)> account_ended;
    /// Asked before a name is registered (user, account key, subscriber). Empty: nobody is.
    std::function<Decision(const std::string&, const PublicKey&, const std::string&, Moment)> decide_registration;
    std::string stun_host; ///< Empty: the relay itself.
    std::uint16_t stun_port = 0;
    /// Fresh credentials for one account (user, wall time). Empty: no TURN.
    std::function<std::vector<wire::TurnServer>(std::string_view, WallMs)> turn_servers;
};

} // namespace godwit::relay
