// SPDX-License-Identifier: Apache-2.0
//   peer link | mailbox ── message ── known sender? seen? ──> open ──> conversation's rules ──> seen, held or filed ──>
//                       │                                       │        receipt, event
//                       │                                       ├─ ahead of us: by a link it waits for the commit
//                       │                                       └─ no keys: its sender is told (Unopened), and seals it
//                       anew └─ commit, Welcome ──> keeper (mailbox only: the relay has put them in order)
//
// All in one transaction; the receipt leaves and the event is seen after it. A duplicate is acknowledged again. What
// is forged or breaks the rules is counted and dropped, and gets no receipt.
#include "lib/engine/said_at.hpp"
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

    if (Files::is_about_files(*decoded)) {
        if (!files.frame(reach, link, device, *decoded, now)) nonsense("a frame about a file that makes no sense");
    } else if (const auto* deliver = std::get_if<wire::peer::Deliver>(&*decoded)) {
        live->content(now.mono);
        Arrival arrival{link, live->path(), live->path() == Path::direct ? "direct path open" : "TURN path open", 0};
        if (!receive(device, deliver->envelope, arrival, now)) nonsense("an envelope that we may not take");
    } else if (const auto* receipt = std::get_if<wire::peer::Receipt>(&*decoded)) {
        announce(outbox.receipt(context.store, device, receipt->ids, link, receipt->quiet), now);
    } else if (const auto* not_opened = std::get_if<wire::peer::Unopened>(&*decoded)) {
        take_unopened(device, not_opened->ids, now);
    } else if (const auto* head = std::get_if<wire::peer::GroupHead>(&*decoded)) {
        group_head(device, *head);
    } else if (const auto* ping = std::get_if<wire::peer::Ping>(&*decoded)) {
        context.effect(SendFrame{link, wire::encode(wire::peer::Frame(wire::peer::Pong{ping->token}))});
    } else if (const auto* pong = std::get_if<wire::peer::Pong>(&*decoded)) {
        live->pong(pong->token);
    }
}

bool Engine::State::receive(const DeviceId& from, const wire::Envelope& envelope, const Arrival& arrival, Moment now)
{
    const auto label = seal::read_label(envelope.sealed);
    if (!label || !groups) {
        context.reject("an envelope that nobody here could have sealed");
        return false;
    }
    using Kind = seal::Label::Kind;
    if (arrival.link == 0 && label->kind != Kind::welcome && keeper.waits_for_tree(label->conversation) &&
        ahead.hold(label->conversation, {from, 0, envelope, now.mono, arrival.sequence}))
        return true; // Read when its Welcome has been.
    if (label->kind == Kind::message) return receive_message(from, envelope, *label, arrival, now);
    if (arrival.link != 0) {
        context.reject("a commit that did not come by the relay");
        return false;
    }
    // Whoever sent these: they are judged by the group, and a revoked device's last commit counts like any other.
    if (label->kind == Kind::commit) {
        keeper.commit_came(envelope.id, from, envelope.sealed, now);
    } else if (const auto waiting = keeper.welcome_came(envelope.sealed, now);
               waiting && ahead.hold(*waiting, {from, 0, envelope, now.mono, arrival.sequence})) {
        return true;
    }
    mailbox_acks.push_back(arrival.sequence);
    groups_moved(now);
    return true;
}

bool Engine::State::receive_message(const DeviceId& from, const wire::Envelope& envelope, const seal::Label& label,
                                    const Arrival& arrival, Moment now)
{
    const auto* group = book.find(label.conversation);
    const auto* person = roster.owner_of(from);
    // In a group it is the seal that says who may speak.
    if (group == nullptr && (person == nullptr || !person->may_talk())) {
        context.reject("an envelope from a stranger");
        return false;
    }
    const bool is_control = label.purpose == seal::Purpose::control && arrival.link == 0;
    if (!is_control && context.store.seen(from, envelope.id)) {
        if (group != nullptr && !(arrival.link != 0 && receipts_from(from)))
            receipt_to_group(*group, from, envelope.id, arrival.sequence);
        else
            receipts.owe(from, envelope.id, arrival.sequence);
        return true;
    }
    const auto opened =
        groups->open(is_control ? seal::Purpose::control : seal::Purpose::content, envelope.id, from, envelope.sealed);
    using Verdict = seal::Opened::Verdict;
    auto verdict = opened.verdict;
    // Of a group that this account has left, which its author has not heard yet, or whose Welcome is slower than a
    // message by a link: there are no keys here to tell by.
    const bool is_here =
        group != nullptr ? group->state != Group::State::out : roster.person_of(label.conversation) != nullptr;
    if (verdict == Verdict::forged && !is_here) verdict = Verdict::departed;
    switch (verdict) {
    case Verdict::opened: break;
    case Verdict::ahead:
        if (is_control || circles.find(label.conversation) == nullptr) return false; // Comes again when it matters.
        keeper.look(label.conversation);
        if (arrival.link != 0 && ahead.hold(label.conversation, {from, arrival.link, envelope, now.mono})) return true;
        // By the mailbox the commit comes first. It did not, so it will not: we have fallen out.
        if (arrival.link == 0) keeper.doubt(label.conversation);
        unopenable(from, envelope.id, label, arrival);
        return true;
    case Verdict::behind:
        if (!is_control)
            unopenable(from, envelope.id, label, arrival);
        else
            mailbox_acks.push_back(arrival.sequence);
        return true;
    case Verdict::departed:
        // On its way while somebody left or came. The application is told nothing: nobody has forged anything.
        context.log("a message in a group that its device, or this one, is not in");
        if (is_control) return false;
        unopenable(from, envelope.id, label, arrival, false);
        return true;
    case Verdict::repeated:
        // Delivered again, because the acknowledgement was lost with a connection: it has had its effect.
        if (is_control) return false;
        [[fallthrough]];
    case Verdict::forged:
        context.reject("an envelope that does not open");
        if (!unopened.was_asked(from, envelope.id)) // Else it was sealed anew for us, and that was told.
            context.security(SecurityKind::message_forged, book.user_of(from), from,
                             opened.verdict == Verdict::repeated ? "a message was replayed"
                                                                 : "a message does not open");
        // On another branch of the group this is what honest messages look like too.
        keeper.doubt_unread(label.conversation);
        // A generation used twice under a new id: its sender went back in time, and must seal it anew.
        if (is_control) return false;
        unopenable(from, envelope.id, label, arrival);
        return arrival.link == 0;
    }
    if (is_control) {
        mailbox_acks.push_back(arrival.sequence);
        return take_control(from, opened.content, now);
    }
    unopened.settle(from, envelope.id);
    return take_content(opened, envelope.id, arrival, now);
}

/// Its sender is asked for another sealing; the mailbox row has done its duty.
void Engine::State::unopenable(const DeviceId& from, const MessageId& id, const seal::Label& label,
                               const Arrival& arrival, bool is_news)
{
    // Of large groups, and of who gives no receipts, there is no other sealing: what was said before we came.
    if (const auto* group = book.find(label.conversation);
        group != nullptr && (!group->is_small() || !receipts_from(from))) {
        context.log("a message of a group, of an epoch that this device was not in");
        if (arrival.link == 0) mailbox_acks.push_back(arrival.sequence);
        return;
    }
    if (unopened.owe(from, id) && is_news)
        context.security(SecurityKind::message_unopenable, book.user_of(from), from,
                         "a message of epoch " + std::to_string(label.version.epoch) +
                             " cannot be opened here: its sender is asked to seal it anew");
    if (arrival.link == 0) mailbox_acks.push_back(arrival.sequence);
}

bool Engine::State::take_control(const DeviceId& from, BytesView content, Moment now)
{
    const auto decoded = wire::decode_content(content);
    if (decoded) {
        if (const auto* receipt = std::get_if<wire::content::Receipt>(&*decoded)) {
            announce(outbox.receipt(context.store, from, receipt->ids, 0, receipt->quiet), now);
            return true;
        }
        if (const auto* not_opened = std::get_if<wire::content::Unopened>(&*decoded)) {
            take_unopened(from, not_opened->ids, now);
            return true;
        }
    }
    context.reject("a control message that is neither receipt nor unopened");
    return true; // Acknowledged already: it will never be better.
}

/// Sealed in the epoch that we take for the newest, and not opened: the relay knows whether we have missed one. To seal
/// it there again and again would use up the sealings of a message in a moment, over a link.
void Engine::State::take_unopened(const DeviceId& from, const std::vector<MessageId>& ids, Moment now)
{
    for (const auto& id : ids)
        if (const auto envelope = context.store.envelope(id); envelope && groups && !envelope->sealed.empty())
            if (const auto version = groups->version(envelope->conversation);
                version && version->incarnation == envelope->incarnation && version->epoch == envelope->epoch)
                keeper.doubt(envelope->conversation);
    announce(outbox.unopened(context.store, from, ids), now);
}

bool Engine::State::take_content(const seal::Opened& opened, const MessageId& id, const Arrival& arrival, Moment now)
{
    const auto& from = opened.sender.device;
    const auto* group = book.find(opened.conversation);
    auto decoded = wire::decode_content(opened.content);
    if (!decoded) {
        context.reject("content that does not decode");
        return false;
    }
    // Between two, who it is says the pinned key; in a group the policy.
    const auto* person = roster.owner_of(from);
    if (group == nullptr && person == nullptr) return false;
    conversation::Sender sender{group != nullptr ? opened.sender.user : person->stored.user, from, Role::owner};
    const auto with = conversation::other_party(*decoded, sender, identity->user);
    if (group != nullptr) {
        const auto* member = opened.policy ? opened.policy->find(opened.sender.account_key) : nullptr;
        sender.role = member == nullptr ? Role::none : member->role;
        if (const auto why = unheard(*decoded, opened, member)) {
            context.reject(*why);
            if (arrival.sequence != 0) mailbox_acks.push_back(arrival.sequence);
            return arrival.link == 0;
        }
    } else if (!with) {
        context.reject(with.error().detail);
        return false;
    } else if (roster.conversation_with(*with) != opened.conversation) {
        context.reject("content that names another conversation than the one it was sealed in");
        return false;
    }
    // By name, between two: the copy of a last word may come to a new device that knows of the conversation only this.
    const auto parties = group != nullptr ? chats.find({{}, opened.conversation}) : chats.find({*with, {}});
    if (!parties) {
        context.reject(parties.error().detail);
        return false;
    }
    if (const auto* value = std::get_if<wire::content::Register>(&*decoded)) {
        if (parties->kind != ConversationKind::self) {
            context.reject("what own devices share, in the conversation with somebody else");
            return false;
        }
        if (value->name == conversation::shared::reached)
            chats.reached(from, value->value);
        else if (value->name == conversation::shared::removed)
            chats.removed(value->value, now);
        else
            take_setting(*value, now);
    } else if (const auto* mark = std::get_if<wire::content::Mark>(&*decoded)) {
        if (parties->kind != ConversationKind::self || !handover.mark(from, id, *mark, now))
            chats.mark(*parties, sender, id, *mark, now);
    } else {
        auto incoming =
            conversation::interpret(std::move(*decoded), sender, *parties, id, arrival.path, arrival.reason, now);
        if (!incoming) {
            context.reject(incoming.error().detail);
            return false;
        }
        const bool missed_some = roster.missed_some(opened.conversation) ||
                                 (group != nullptr && context.store.heads(opened.conversation).empty());
        chats.show(hold.arrive(context.store, std::move(incoming->row), std::move(incoming->parents), missed_some, now),
                   now);
    }
    context.store.mark_seen(from, id, now.wall_ms);
    // What comes by a link was meant for this device alone, however large the group, and is waited for.
    if (group != nullptr && !(arrival.link != 0 && receipts_from(from)))
        receipt_to_group(*group, from, id, arrival.sequence);
    else
        receipts.owe(from, id, arrival.sequence);
    return true;
}

/// What its author may not say in a group, by the policy of the epoch in which it was sealed: nobody takes it.
std::optional<std::string> Engine::State::unheard(const wire::content::Any& content, const seal::Opened& opened,
                                                  const GroupMember* member)
{
    if (member == nullptr || member->user != opened.sender.user) return "a message of somebody who is not in the group";
    if (const auto* mark = std::get_if<wire::content::Mark>(&content)) {
        // What was read, opened or has ended is so, whoever says it. A place is said as if in a message.
        const auto* moved = std::get_if<wire::content::mark::Moved>(&mark->what);
        if (moved == nullptr || moved->last) return std::nullopt;
        const auto why =
            seal::policy::hush(*opened.policy, opened.sender.account_key, seal::policy::Speech::post, mark->hlc_ms);
        return why ? std::optional("a move of a live location by who may not write: " + *why) : std::nullopt;
    }
    const auto* post = std::get_if<wire::content::Post>(&content);
    if (post == nullptr) return std::nullopt;
    const auto body = wire::decode_body(post->extra.body);
    const auto speech = body ? speech_of(*body) : std::optional(seal::policy::Speech::post);
    if (!speech) return std::nullopt;
    if (const auto why = seal::policy::hush(*opened.policy, opened.sender.account_key, *speech, post->hlc_ms))
        return "a message that its author may not write: " + *why;
    return std::nullopt;
}

/// Receipts of this tick, the way the envelopes came when it is there, else the other. Rows of the relay's mailbox are
/// released when the receipt is on its way, so that a crash in between brings the mail again and with it the receipt.
void Engine::State::send_receipts(Moment now)
{
    using Came = delivery::Receipts::Came;
    auto* session = ready_session();
    for (const auto& device : receipts.devices()) {
        const auto* person = roster.owner_of(device);
        if (person == nullptr) {
            release_mail(receipts.take(device));
            continue;
        }
        const bool quiet = !person->own && !chats.tells_delivery();
        const auto* way = paths.best_link(device, policy);
        if (way != nullptr) {
            const auto came = session != nullptr ? std::optional(Came::by_link) : std::nullopt;
            for (;;) {
                auto parcel = receipts.take(device, came);
                if (parcel.ids.empty()) break;
                receipts.sent_on_link(way->link, device, parcel.ids, now.mono);
                context.effect(SendFrame{
                    way->link, wire::encode(wire::peer::Frame(wire::peer::Receipt{std::move(parcel.ids), quiet}))});
            }
        }
        if (session == nullptr || !receipts.mailbox_ready(device, now.mono)) continue;
        auto parcel = receipts.take(device, way != nullptr ? std::optional(Came::by_mailbox) : std::nullopt);
        if (parcel.ids.empty()) {
            release_mail(parcel);
            continue;
        }
        // On the link too, and at once, in case it is the sender that is mistaken.
        if (way != nullptr)
            context.effect(
                SendFrame{way->link, wire::encode(wire::peer::Frame(wire::peer::Receipt{parcel.ids, quiet}))});
        receipts.sent_by_mailbox(device, now.mono);
        const wire::content::Any what(wire::content::Receipt{parcel.ids, quiet});
        if (send_control(device, what, purpose::Receipt{device, parcel}, now)) continue;
        // The mail must not block what may be behind it, the commit that would let us answer.
        release_mail(parcel);
        parcel.sequences.clear();
        receipts.give_back(device, parcel);
    }
    if (session != nullptr && !mailbox_acks.empty()) session->acknowledge(mailbox_acks);
    mailbox_acks.clear();
}

void Engine::State::send_unopened(Moment now)
{
    for (const auto& device : unopened.due(now.mono)) {
        const auto* person = roster.owner_of(device);
        if (person == nullptr) {
            static_cast<void>(unopened.take(device)); // It is gone, and is asked for nothing.
            continue;
        }
        const auto* way = paths.best_link(device, policy);
        // Told before we can open a new sealing, its sender would only seal in vain.
        if (!groups || !groups->is_member(person->conversation, device) || keeper.in_doubt(person->conversation)) {
            unopened.rest(device, now.mono + unopened_rest);
            continue;
        }
        const auto ids = unopened.take(device);
        if (way != nullptr) {
            context.effect(SendFrame{way->link, wire::encode(wire::peer::Frame(wire::peer::Unopened{ids}))});
        } else if (!send_control(device, wire::content::Any(wire::content::Unopened{ids}), purpose::Report{}, now)) {
            unopened.give_back(device, ids);
            unopened.rest(device, now.mono + receipt_rest);
            continue;
        }
        unopened.told(device, ids, now.mono);
    }
}

bool Engine::State::send_control(const DeviceId& device, const wire::content::Any& what, Purpose purpose, Moment now)
{
    auto* session = ready_session();
    const auto* person = roster.owner_of(device);
    if (session == nullptr || person == nullptr || !groups || !groups->is_member(person->conversation, device))
        return false;
    MessageId id;
    context.entropy.fill(id.bytes);
    id = said_at(id, now); // as what it stands beside: ids tell nothing apart
    auto sealed = groups->seal(person->circle, seal::Purpose::control, id, wire::encode(what));
    if (!sealed) {
        context.log("a receipt could not be sealed: " + sealed.error().detail);
        return false;
    }
    if (sealed->update) keeper.look(person->conversation);
    return session->request(wire::relay::MailboxPut{{device}, {id, std::move(sealed->bytes)}}, std::move(purpose), now);
}

void Engine::State::release_mail(const delivery::Receipts::Parcel& parcel)
{
    mailbox_acks.insert(mailbox_acks.end(), parcel.sequences.begin(), parcel.sequences.end());
}

} // namespace godwit::engine
