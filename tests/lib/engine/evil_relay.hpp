// SPDX-License-Identifier: Apache-2.0
// A relay that turned evil: the real core, and a hand on its links that reads and changes what it says. It keeps what
// it has seen, as an attacker would.
#pragma once

#include "lib/seal/groups.hpp"
#include "tests/sim/world.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace godwit::testing {

namespace frame = wire::relay;

class EvilRelay {
public:
    explicit EvilRelay(World& world) : world_(world)
    {
        world.meddle_to_device = [this](Client& to, Bytes bytes) { return to_device(to, std::move(bytes)); };
        world.meddle_to_relay = [this](Client& from, Bytes bytes) { return to_relay(from, std::move(bytes)); };
    }
    EvilRelay(const EvilRelay&) = delete;

    /// May change the frame; false: it is dropped.
    std::function<bool(Client& to, frame::ServerFrame&)> on_way_down;
    std::function<bool(Client& from, frame::ClientFrame&)> on_way_up;
    void turn_honest() { on_way_down = nullptr, on_way_up = nullptr; }

    void push(Client& to, const frame::ServerFrame& what) { world_.inject(to, wire::encode(what)); }
    /// As a row of the mailbox that the real relay knows nothing of.
    void deliver(Client& to, const DeviceId& from, wire::Envelope envelope)
    {
        push(to, frame::MailboxDeliver{++last_sequence_, from, world_.wall_ms(), std::move(envelope)});
    }

    struct Mail {
        Client* to = nullptr;
        frame::MailboxDeliver row;
    };
    std::vector<Mail> mail; ///< All that the real relay has delivered.
    struct Commit {
        Client* by = nullptr;
        frame::GroupCommit what;
    };
    std::vector<Commit> commits; ///< All that were offered.
    std::uint64_t rejects = 0;   ///< GroupRejects from devices.
    std::map<std::string, std::vector<Bytes>> packages;
    std::map<std::string, wire::RosterEntry> entries; ///< By user: the newest that was shown of an accepted contact.

    [[nodiscard]] static bool is(const wire::Envelope& envelope, seal::Label::Kind kind,
                                 const ConversationId& conversation)
    {
        const auto label = seal::read_label(envelope.sealed);
        return label && label->kind == kind && label->conversation == conversation;
    }
    /// The newest row for `to` of this kind.
    [[nodiscard]] const frame::MailboxDeliver* newest(const Client& to, seal::Label::Kind kind,
                                                      const ConversationId& conversation) const
    {
        for (auto at = mail.rbegin(); at != mail.rend(); ++at)
            if (at->to == &to && is(at->row.envelope, kind, conversation)) return &at->row;
        return nullptr;
    }
    [[nodiscard]] static frame::GroupState state_after(const frame::GroupCommit& commit)
    {
        return {commit.incarnation, commit.epoch + 1, commit.envelope.id, commit.group_info};
    }

private:
    static constexpr std::uint64_t made_up_from = 1ULL << 40;

    std::vector<Bytes> to_device(Client& to, Bytes bytes)
    {
        auto decoded = wire::decode_server_frame(bytes);
        REQUIRE(decoded.ok());
        if (const auto* deliver = std::get_if<frame::MailboxDeliver>(&*decoded)) mail.push_back({&to, *deliver});
        if (const auto* change = std::get_if<frame::RosterChange>(&*decoded)) see(change->entry);
        if (const auto* page = std::get_if<frame::Roster>(&*decoded))
            for (const auto& entry : page->entries)
                see(entry);
        if (on_way_down && !on_way_down(to, *decoded)) return {};
        return {wire::encode(*decoded)};
    }
    std::vector<Bytes> to_relay(Client& from, Bytes bytes)
    {
        auto decoded = wire::decode_client_frame(bytes);
        REQUIRE(decoded.ok());
        if (auto* request = std::get_if<frame::Request>(&*decoded)) {
            if (const auto* commit = std::get_if<frame::GroupCommit>(&request->body))
                commits.push_back({&from, *commit});
            if (std::holds_alternative<frame::GroupReject>(request->body)) ++rejects;
            if (const auto* publish = std::get_if<frame::KeyPackagePublish>(&request->body))
                packages[from.name].insert(packages[from.name].end(), publish->packages.begin(),
                                           publish->packages.end());
        }
        if (auto* ack = std::get_if<frame::MailboxAck>(&*decoded)) {
            std::erase_if(ack->sequences, [](std::uint64_t sequence) { return sequence > made_up_from; });
            if (ack->sequences.empty()) return {};
        }
        if (on_way_up && !on_way_up(from, *decoded)) return {};
        return {wire::encode(*decoded)};
    }
    void see(const wire::RosterEntry& entry)
    {
        if (!entry.device_list.empty()) entries[entry.user] = entry;
    }

    World& world_;
    std::uint64_t last_sequence_ = made_up_from;
};

} // namespace godwit::testing
