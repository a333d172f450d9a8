// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/relay_watch.hpp"

#include "tests/sim/broken.hpp"
#include "tests/sim/relay_host.hpp"

#include "lib/wire/mls_outline.hpp"

#include <algorithm>

namespace godwit::testing {

namespace frame = wire::relay;

namespace {

std::optional<DeviceId> device_of(Client& client)
{
    const auto identity = client.disk.store().identity();
    if (!identity || identity->device.is_zero()) return std::nullopt;
    return identity->device;
}

} // namespace

void RelayWatch::takes(relay::LinkId link, Client& from, BytesView bytes)
{
    const auto decoded = wire::decode_client_frame(bytes);
    if (!decoded) return;
    ++taken_;
    if (const auto* request = std::get_if<frame::Request>(&*decoded)) {
        const auto device = device_of(from);
        if (const auto* put = std::get_if<frame::MailboxPut>(&request->body); put != nullptr && device) {
            Put kept{*device, put->envelope.id, print_of(put->envelope.sealed), put->recipients, taken_, {}};
            note_blocks(kept);
            asked(link, request->id, std::move(kept), group_of(put->envelope.sealed), false);
        }
        if (const auto* put = std::get_if<frame::GroupPut>(&request->body); put != nullptr && device)
            asked(link, request->id,
                  {*device, put->envelope.id, print_of(put->envelope.sealed), readers(*device, *put), taken_, {}},
                  put->conversation, true);
        if (const auto* commit = std::get_if<frame::GroupCommit>(&request->body))
            asked_commits_[{link, request->id}] = {{commit->conversation, commit->incarnation, commit->epoch},
                                                   commit->envelope.id};
        if (const auto* reject = std::get_if<frame::GroupReject>(&request->body))
            commits_.erase({reject->conversation, reject->incarnation, reject->epoch}); // It may be open again.
        if (std::holds_alternative<frame::Logout>(request->body) && device)
            std::erase_if(promises_, [&](const Mail& mail) { return mail.to == *device; });
    } else if (const auto* ack = std::get_if<frame::MailboxAck>(&*decoded)) {
        const auto device = device_of(from);
        if (!device) return;
        auto& pushed = pushed_[*device];
        for (const auto sequence : ack->sequences)
            if (const auto at = pushed.find(sequence); at != pushed.end()) {
                promises_.erase(at->second);
                acknowledged_[at->second] = taken_;
            }
    }
}

void RelayWatch::says(relay::LinkId link, Client& to, BytesView bytes)
{
    const auto decoded = wire::decode_server_frame(bytes);
    demand(decoded.ok(), "the relay sends a frame that does not decode");
    if (const auto* response = std::get_if<frame::Response>(&*decoded)) {
        if (const auto commit = asked_commits_.find({link, response->id}); commit != asked_commits_.end()) {
            if (response->error.code == ErrorCode::ok) ordered(commit->second);
            asked_commits_.erase(commit);
            return;
        }
        const auto at = asked_.find({link, response->id});
        if (at == asked_.end()) return;
        const auto put = std::move(at->second);
        asked_.erase(at);
        if (const auto* done = std::get_if<frame::MailboxPutOk>(&response->body)) promised(put, done->results);
        if (const auto* done = std::get_if<frame::GroupPutOk>(&response->body)) {
            std::vector<ErrorCode> results;
            for (const auto& device : put.recipients)
                results.push_back(std::find(done->refused.begin(), done->refused.end(), device) == done->refused.end()
                                      ? ErrorCode::ok
                                      : ErrorCode::quota_exceeded);
            promised(put, results);
        }
    } else if (const auto* mail = std::get_if<frame::MailboxDeliver>(&*decoded)) {
        if (const auto device = device_of(to))
            pushed_[*device][mail->sequence] = {*device, mail->from, mail->envelope.id};
    } else if (const auto* told = std::get_if<frame::Presence>(&*decoded)) {
        presence(to.account(), told->user, told->online);
    } else if (const auto* change = std::get_if<frame::RosterChange>(&*decoded)) {
        presence(to.account(), change->entry.user, change->entry.online);
    } else if (const auto* page = std::get_if<frame::Roster>(&*decoded)) {
        for (const auto& entry : page->entries)
            presence(to.account(), entry.user, entry.online);
    }
}

void RelayWatch::ordered(const Commit& commit)
{
    const auto [at, is_new] = commits_.try_emplace(commit.from, commit.id);
    demand(is_new || at->second == commit.id,
           "two commits of one epoch: the relay took another one from epoch " + std::to_string(commit.from.epoch));
}

/// The group of many that this was sealed in.
std::optional<ConversationId> RelayWatch::group_of(BytesView sealed) const
{
    const auto header = wire::read_mls_header(sealed);
    if (!header || !header->group) return std::nullopt;
    const auto group = relay_.disk.store().group(header->group->conversation);
    return group.row != 0 && group.of_many ? std::optional(header->group->conversation) : std::nullopt;
}

/// New bytes take the place of the old ones with everybody whom their sender may still write to, and who is still in
/// the group that they are sealed in.
void RelayWatch::asked(relay::LinkId link, std::uint64_t request, Put put, const std::optional<ConversationId>& group,
                       bool fans_out)
{
    auto& store = relay_.disk.store();
    const auto sender = store.device(put.from);
    for (const auto& to : put.recipients)
        if (!put.as_good_as_stored.contains(to)) sealings_[{to, put.from, put.id}].try_emplace(put.sealed, put.taken);
    for (const auto& user : accounts_)
        if (const auto account = store.account(user);
            account && sender && is_reached(sender->account, account->row, group, fans_out))
            for (const auto& device : store.devices(account->row))
                if (const auto at = sealings_.find({device.key, put.from, put.id}); at != sealings_.end())
                    at->second.try_emplace(put.sealed, put.taken);
    asked_[{link, request}] = std::move(put);
}

bool RelayWatch::is_reached(relay::AccountRow from, relay::AccountRow to, const std::optional<ConversationId>& group,
                            bool fans_out) const
{
    auto& store = relay_.disk.store();
    if (group && !store.is_member(store.group(*group).row, to)) return false;
    if (fans_out) return true;
    const auto back = store.contact(to, from);
    const bool contacts = back == wire::RosterState::accepted && store.contact(from, to) == wire::RosterState::accepted;
    return from == to || contacts || (back != wire::RosterState::blocked && store.share_group(from, to));
}

std::vector<DeviceId> RelayWatch::readers(const DeviceId& from, const frame::GroupPut& put) const
{
    auto& store = relay_.disk.store();
    std::vector<DeviceId> out;
    for (const auto& one : store.member_devices(store.group(put.conversation).row))
        if (one.key != from && std::find(put.except.begin(), put.except.end(), one.key) == put.except.end())
            out.push_back(one.key);
    return out;
}

void RelayWatch::note_blocks(Put& put) const
{
    auto& store = relay_.disk.store();
    const auto sender = store.device(put.from);
    for (const auto& to : put.recipients)
        if (const auto device = store.device(to);
            device && sender && store.contact(device->account, sender->account) == wire::RosterState::blocked)
            put.as_good_as_stored.insert(to);
}

void RelayWatch::promised(const Put& put, const std::vector<ErrorCode>& results)
{
    auto& store = relay_.disk.store();
    const auto sender = store.device(put.from);
    for (std::size_t i = 0; i < put.recipients.size() && i < results.size(); ++i) {
        const auto& to = put.recipients[i];
        const Mail mail{to, put.from, put.id};
        const bool blocked = put.as_good_as_stored.contains(to);
        if (results[i] != ErrorCode::ok) {
            // Refused: what waited there before goes on waiting.
            auto& sealings = sealings_[mail];
            if (const auto at = sealings.find(put.sealed); at != sealings.end() && at->second == put.taken)
                sealings.erase(at);
            continue;
        }
        said_.insert(mail);
        if (blocked || !store.device(to) || !sender) continue; // Or logged out in this very tick.
        // The same bytes may have been asked for twice, and refused the first time.
        sealings_[mail].try_emplace(put.sealed, put.taken);
        // In place of what it was asked to keep before.
        std::erase_if(sealings_[mail],
                      [&](const auto& one) { return one.first != put.sealed && one.second < put.taken; });
        // It was there before, and was acknowledged between the question and the answer.
        if (const auto at = acknowledged_.find(mail); at != acknowledged_.end() && at->second > put.taken) continue;
        promises_.insert(mail);
    }
}

void RelayWatch::presence(const std::string& viewer, const std::string& user, const std::vector<DeviceId>& online) const
{
    if (online.empty() || viewer == user) return;
    auto& store = relay_.disk.store();
    const auto a = store.account(viewer);
    const auto b = store.account(user);
    const bool friends = a && b && store.contact(a->row, b->row) == wire::RosterState::accepted &&
                         store.contact(b->row, a->row) == wire::RosterState::accepted;
    demand(friends, "presence to a stranger: " + viewer + " is told that " + user + " is online");
}

void RelayWatch::died()
{
    asked_.clear();
    asked_commits_.clear();
    keeps_its_word();
}

void RelayWatch::keeps_its_word() const
{
    auto& store = relay_.disk.store();
    std::map<DeviceId, std::map<std::pair<DeviceId, MessageId>, std::vector<Print>>> waits;
    for (const auto& mail : promises_) {
        const auto device = store.device(mail.to);
        if (!device) continue; // Logged out.
        const auto [at, is_new] = waits.try_emplace(mail.to);
        if (is_new)
            store.each_mail(device->row, 0, [&, &there = at->second](relay::StoredMail&& one) {
                there[{one.from, one.envelope.id}].push_back(print_of(one.envelope.sealed));
                return true;
            });
        const auto words = [&] {
            return to_hex(BytesView(mail.id.view()).first(2)) + " from " +
                   to_hex(BytesView(mail.from.view()).first(2)) + " to " + to_hex(BytesView(mail.to.view()).first(2)) +
                   " was said to be stored";
        };
        const auto found = at->second.find({mail.from, mail.id});
        if (found == at->second.end()) throw Broken("the relay lost mail: " + words());
        const auto& sealings = sealings_.at(mail);
        if (std::none_of(found->second.begin(), found->second.end(),
                         [&](const Print& one) { return sealings.contains(one); }))
            throw Broken("the relay altered mail: " + words() + ", and other bytes are");
    }
}

std::uint64_t RelayWatch::waiting() const
{
    auto& store = relay_.disk.store();
    std::uint64_t out = 0;
    for (const auto& user : accounts_)
        if (const auto account = store.account(user))
            for (const auto& device : store.devices(account->row))
                for (const auto& usage : store.mail_usage(device.row))
                    out += usage.messages;
    return out;
}

void RelayWatch::check()
{
    keeps_its_word();
    auto& store = relay_.disk.store();
    const auto max = relay_.config().limits.mailbox_messages_max;
    for (const auto& user : accounts_)
        if (const auto account = store.account(user))
            for (const auto& device : store.devices(account->row)) {
                std::uint64_t sum = 0;
                for (const auto& usage : store.mail_usage(device.row))
                    if (usage.kind == relay::EnvelopeKind::content) sum += usage.messages;
                demand(sum <= max,
                       "a mailbox of " + user + " holds " + std::to_string(sum) + " of at most " + std::to_string(max));
            }
}

} // namespace godwit::testing
