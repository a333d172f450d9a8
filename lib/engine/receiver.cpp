// SPDX-License-Identifier: Apache-2.0
//   peer link | mailbox ── known sender? seen? ──> open ──> conversation's rules ──> seen, held or filed ──> receipt,
//   event
//
// All in one transaction; the receipt leaves and the event is seen after it. A duplicate is acknowledged again. What
// does not open or breaks the rules is counted and dropped, and gets no receipt.
#include "lib/engine/state.hpp"

namespace godwit::engine {

void Engine::State::peer_frame(LinkId link, const DeviceId& device, BytesView bytes, Moment now)
{
    auto* live = peers.live(link);
    live->heard(now.mono);
    paths.set_health(device, link, route::Health::up);
    const auto nonsense = [&](std::string_view what) {
        context.reject(what);
        if (++rejects[link] >= link_rejects_max) peers.drop(link, "peer spoke nonsense");
    };
    auto decoded = wire::decode_peer_frame(bytes);
    if (!decoded) return nonsense("a peer frame that does not decode");

    if (const auto* deliver = std::get_if<wire::peer::Deliver>(&*decoded)) {
        live->content(now.mono);
        Arrival arrival{link, live->path(), live->path() == Path::direct ? "direct path open" : "TURN path open", 0};
        if (!receive(device, deliver->envelope, arrival, now)) nonsense("an envelope that we may not take");
    } else if (const auto* receipt = std::get_if<wire::peer::Receipt>(&*decoded)) {
        announce(outbox.receipt(context.store, device, receipt->ids, link), now);
    } else if (const auto* ping = std::get_if<wire::peer::Ping>(&*decoded)) {
        context.effect(SendFrame{link, wire::encode(wire::peer::Frame(wire::peer::Pong{ping->token}))});
    } else if (const auto* pong = std::get_if<wire::peer::Pong>(&*decoded)) {
        live->pong(pong->token);
    }
}

bool Engine::State::receive(const DeviceId& from, const wire::Envelope& envelope, const Arrival& arrival, Moment now)
{
    const auto* person = roster.owner_of(from);
    const auto* certificate = roster.certificate_of(from);
    if (person == nullptr || certificate == nullptr || !person->may_talk() || !sealer) {
        context.reject("an envelope from a stranger");
        return false;
    }
    if (context.store.seen(from, envelope.id)) {
        receipts.owe(from, envelope.id, arrival.sequence);
        return true;
    }
    auto opened = sealer->open(seal::Purpose::content, envelope.id, *certificate, envelope.sealed, context.store);
    if (opened) return take_content(*person, from, envelope.id, std::move(opened->content), arrival, now);

    // By the mailbox receipts come sealed too.
    if (arrival.link == 0) {
        auto receipt = sealer->open(seal::Purpose::receipt, envelope.id, *certificate, envelope.sealed, context.store);
        if (receipt)
            if (const auto content = wire::decode_content(receipt->content))
                if (const auto* ids = std::get_if<wire::content::Receipt>(&*content)) {
                    announce(outbox.receipt(context.store, from, ids->ids, 0), now);
                    mailbox_acks.push_back(arrival.sequence);
                    return true;
                }
    }
    context.reject("an envelope that does not open");
    return false;
}

bool Engine::State::take_content(const Person& person, const DeviceId& from, const MessageId& id, Bytes content,
                                 const Arrival& arrival, Moment now)
{
    auto decoded = wire::decode_content(content);
    if (!decoded) {
        context.reject("content that does not decode");
        return false;
    }
    const conversation::Sender sender{person.stored.user, from};
    const auto with = conversation::other_party(*decoded, sender, identity->user);
    if (!with) {
        context.reject(with.error().detail);
        return false;
    }
    const auto conversation_id = roster.conversation_with(*with);
    if (!conversation_id) {
        // A copy of something to a contact that this device never knew: nowhere to file it, and nothing to wait for.
        context.log("a copy for an unknown conversation was dropped");
        context.store.mark_seen(from, id, now.wall_ms);
        receipts.owe(from, id, arrival.sequence);
        return true;
    }
    auto incoming = conversation::interpret(std::move(*decoded), sender,
                                            {*conversation_id, identity->user, identity->device, *with}, id,
                                            arrival.path, arrival.reason, now);
    if (!incoming) {
        context.reject(incoming.error().detail);
        return false;
    }
    context.store.mark_seen(from, id, now.wall_ms);
    receipts.owe(from, id, arrival.sequence);
    const bool before_our_time =
        roster.older_than_device(*conversation_id) && context.store.heads(*conversation_id).empty();
    show(hold.arrive(context.store, std::move(incoming->row), std::move(incoming->parents), before_our_time, now), now);
    return true;
}

void Engine::State::show(std::vector<delivery::CausalHold::Ready> ready, Moment now)
{
    for (auto& one : ready) {
        auto& row = one.message;
        if (!conversation::file(context.store, row, one.parents, now)) continue;
        if (!row.notified)
            notifier.arrived(row.message);
        else if (identity && row.message.from == identity->user && row.raw.empty())
            context.event(event::MessageStateChanged{
                row.message.id, row.message.with, MessageState::accepted, Path::none, {}, 0});
    }
}

/// Receipts of this tick, the way the envelopes came when it is there, else the other. Rows of the relay's mailbox are
/// released when the receipt is on its way, so that a crash in between brings the mail again and with it the receipt.
void Engine::State::send_receipts(Moment now)
{
    using Came = delivery::Receipts::Came;
    auto* session = ready_session();
    for (const auto& device : receipts.devices()) {
        const auto* certificate = roster.certificate_of(device);
        if (certificate == nullptr) {
            release_mail(receipts.take(device));
            continue;
        }
        const auto* way = paths.best_link(device, policy);
        if (way != nullptr) {
            const auto came = session != nullptr ? std::optional(Came::by_link) : std::nullopt;
            for (;;) {
                auto parcel = receipts.take(device, came);
                if (parcel.ids.empty()) break;
                receipts.sent_on_link(way->link, device, parcel.ids, now.mono);
                context.effect(
                    SendFrame{way->link, wire::encode(wire::peer::Frame(wire::peer::Receipt{std::move(parcel.ids)}))});
            }
        }
        if (session == nullptr || !receipts.mailbox_ready(device, now.mono)) continue;
        auto parcel = receipts.take(device, way != nullptr ? std::optional(Came::by_mailbox) : std::nullopt);
        if (parcel.ids.empty()) {
            release_mail(parcel);
            continue;
        }
        MessageId id;
        context.entropy.fill(id.bytes);
        auto sealed = sealer->seal(seal::Purpose::receipt, id,
                                   wire::encode(wire::content::Any(wire::content::Receipt{parcel.ids})), {*certificate},
                                   context.store);
        if (!sealed) {
            context.log("a receipt could not be sealed: " + sealed.error().detail);
            continue;
        }
        // On the link too, and at once, in case it is the sender that is mistaken.
        if (way != nullptr)
            context.effect(SendFrame{way->link, wire::encode(wire::peer::Frame(wire::peer::Receipt{parcel.ids}))});
        purpose::Receipt what{device, parcel};
        receipts.sent_by_mailbox(device, now.mono);
        if (!session->request(wire::relay::MailboxPut{{device}, {id, std::move(*sealed)}}, std::move(what), now))
            receipts.give_back(device, parcel);
    }
    if (session != nullptr && !mailbox_acks.empty()) session->acknowledge(mailbox_acks);
    mailbox_acks.clear();
}

void Engine::State::release_mail(const delivery::Receipts::Parcel& parcel)
{
    mailbox_acks.insert(mailbox_acks.end(), parcel.sequences.begin(), parcel.sequences.end());
}

} // namespace godwit::engine
