// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/engine.hpp"

#include "lib/engine/state.hpp"

namespace godwit::engine {

Engine::State::State(Config config_in, port::Store& store, port::Entropy& entropy, port::Trace& trace,
                     port::FileDoors doors, port::MediaDoor* media)
    : config(std::move(config_in)), context{config, store, entropy, trace, {}, {}, 0, 0}, dialer(context),
      roster(context), peers(context),
      outbox(delivery::Limits{config.outbox_messages_max, config.outbox_device_messages_max,
                              config.outbox_device_messages_assured, config.in_flight_messages_max,
                              config.in_flight_bytes_max, config.receipt_wait_max, config.delivery_deadline_ms,
                              config.mailbox_reoffer_ms, config.mailbox_retry}),
      hold(delivery::CausalHold::Limits{config.held_messages_max, config.held_bytes_max, config.parent_wait_max,
                                        config.first_parent_wait_max}),
      book(context, roster), circles(roster, book), acts(context, roster, book),
      keeper(context, roster, circles, book, acts), notifier(context), files(context, doors),
      announcer(context, roster, book, outbox), chats(context, roster, book, outbox, announcer, notifier, files),
      notices(context, chats), archives(context, doors.user), handover(context, roster, chats, files, archives),
      views(context, roster, chats,
            [this](const std::string& user) -> std::optional<Contact> {
                const auto* person = roster.person(user);
                if (person == nullptr || person->own) return std::nullopt;
                return contact_of(*person, Moment{last_tick, 0});
            }),
      media_door(media), calls(context, media), group_calls(context, media)
{
}

Engine::Engine(Config config, port::Store& store, port::Entropy& entropy, port::Trace& trace, port::FileDoors files,
               port::MediaDoor* media)
    : state_(std::make_unique<State>(std::move(config), store, entropy, trace, files, media))
{
}

Engine::~Engine() = default;

// ---- inputs, each to its part -------------------------------------------------------------------

void Engine::start(Moment now)
{
    state_->tick_open = true;
    state_->start(now);
}

void Engine::submit(Command command, Moment now)
{
    auto& s = *state_;
    s.tick_open = true;
    if (auto* credentials = std::get_if<Credentials>(&command.what))
        s.enter(command.id, std::move(*credentials), now);
    else
        s.ask(command.id, std::move(std::get<Request>(command.what)), now);
}

void Engine::message_taken(const ConversationId& conversation, const MessageId& id)
{
    state_->tick_open = true;
    state_->notifier.taken(conversation, id);
}

void Engine::link_up(LinkId link, const PublicKey& peer, Path path, std::string_view detail, Moment now)
{
    auto& s = *state_;
    s.tick_open = true;
    if (s.dialer.owns(link)) return s.relay_up(link, now);
    if (const auto device = s.peers.link_up(link, peer, path, detail, now)) s.peer_up(*device, link, now);
}

void Engine::link_frame(LinkId link, BytesView frame, Moment now)
{
    auto& s = *state_;
    s.tick_open = true;
    s.chats.hide_over(now);
    if (auto* session = s.session_on(link)) return s.relay_frame(*session, frame, now);
    if (s.peers.live(link) != nullptr) s.peer_frame(link, *s.peers.device_of(link), frame, now);
}

void Engine::link_down(LinkId link, const Error& reason, Moment now)
{
    auto& s = *state_;
    s.tick_open = true;
    if (s.dialer.owns(link)) return s.relay_lost(link, reason, false, now);
    s.peers.link_down(link, reason, now);
}

void Engine::link_path_changed(LinkId link, Path path, std::string_view detail, Moment now)
{
    auto& s = *state_;
    s.tick_open = true;
    if (const auto device = s.peers.path_changed(link, path, detail)) {
        s.paths.set_path(*device, link, path);
        s.peers.forgive(*device);
        s.files.look(now);
    }
}

void Engine::link_heard(LinkId link, Instant at)
{
    auto& s = *state_;
    if (auto* session = s.session_on(link)) session->heard(at);
    if (auto* live = s.peers.live(link)) live->heard(at);
}

void Engine::ice_local_description(LinkId link, std::string_view ufrag, std::string_view pwd, Moment)
{
    state_->tick_open = true;
    state_->peers.local_description(link, ufrag, pwd);
}

void Engine::ice_local_candidate(LinkId link, std::string_view candidate, Moment)
{
    state_->tick_open = true;
    state_->peers.local_candidate(link, candidate);
}

void Engine::ice_gathering_done(LinkId link, Moment)
{
    state_->tick_open = true;
    state_->peers.gathering_done(link);
}

void Engine::computed(std::uint64_t job, Moment now)
{
    state_->tick_open = true;
    if (!state_->files.computed(job, now)) state_->archives.stretched(job);
}

bool Engine::end_calls(Moment now)
{
    const bool pair = state_->calls.leave(state_->call_reach, now);
    const bool group = state_->group_calls.leave(state_->call_reach, now);
    state_->tick_open = state_->tick_open || pair || group;
    return pair || group;
}

void Engine::media_report(const CallId& call, const port::MediaReport& report, Moment now)
{
    state_->tick_open = true;
    if (state_->group_calls.knows(call))
        state_->group_calls.report(call, report, state_->call_reach, now);
    else
        state_->calls.report(call, report, state_->call_reach, now);
}

void Engine::handle_deadline(Moment now)
{
    state_->end_tick(now);
}

Instant Engine::deadline() const
{
    return state_->deadline();
}

// ---- outputs ------------------------------------------------------------------------------------

std::shared_ptr<const Watches> Engine::watches() const
{
    return state_->views.watches();
}

void Engine::resume(std::shared_ptr<const Watches> watches)
{
    if (watches) state_->views.resume(*watches);
}

std::optional<Effect> Engine::next_effect()
{
    auto& effects = state_->context.effects;
    if (effects.empty()) return std::nullopt;
    std::optional<Effect> out(std::move(effects.front()));
    effects.pop_front();
    return out;
}

std::optional<Event> Engine::next_event()
{
    auto& events = state_->context.events;
    if (events.empty()) return std::nullopt;
    std::optional<Event> out(std::move(events.front()));
    events.pop_front();
    return out;
}

void Engine::discard_outputs()
{
    state_->context.effects.clear();
    state_->context.events.clear();
}

// ---- the tick -----------------------------------------------------------------------------------

void Engine::State::start(Moment now)
{
    if (const auto stored = context.store.value("policy"); stored && stored->size() == 1 && (*stored)[0] <= 3)
        policy = static_cast<PathPolicy>((*stored)[0]);
    peers.set_policy(policy);
    identity = context.store.identity();
    if (identity) {
        roster.load(*identity);
        book.load(*identity);
        chats.start(*identity);
        hold.load(context.store, now);
    }
    files.start();
    if (identity && identity->logged_in) {
        if (const auto address = wire::parse_relay_address(identity->relay)) {
            live(port::StoredIdentity(*identity));
            dialer.aim({*address, identity->device_seed}, false, now.mono);
            connection_detail = "connecting";
        } else {
            context.event(event::Warning{{ErrorCode::storage_corrupt, "the stored relay address cannot be read", 0}});
        }
    }
    chats.hide_over(now); // What was over while this device was off the application does not see.
    notifier.load();
}

/// Everything of one tick that is worth doing once: deadlines, then what the tick has made due, in the order in which
/// one causes the other.
void Engine::State::end_tick(Moment now)
{
    tick_open = false;
    last_tick = now.mono;
    chats.hide_over(now);

    for (const auto link : dialer.overdue(now.mono))
        relay_lost(link, {ErrorCode::timed_out, "the relay did not answer in time", 0}, true, now);
    dialer.handle_deadline(now.mono);
    std::vector<std::pair<LinkId, std::vector<Note>>> notes;
    for (auto& session : sessions)
        if (auto some = session->handle_deadline(now); !some.empty())
            notes.emplace_back(session->link(), std::move(some));
    for (auto& [link, some] : notes)
        relay_notes(link, std::move(some), now);

    ask_unsynced(now);
    peers.handle_deadline(now, [&](const DeviceId& device, LinkId link) { return owes(device, link); });
    paths_happened(now);

    withheld(now);
    book.handle_deadline(now);
    groups_asked(now);
    keeper.handle_deadline(ready_session(), now);
    groups_moved(now);
    books_changed(now);

    chats.show(hold.expire(context.store, now.mono), now);
    chats.handle_deadline(now);
    notifier.end_tick();
    announce(outbox.expire(context.store, now), now);
    outbox.drop_overdue(now.mono);
    if (forget_seen_at <= now.mono) {
        forget_seen_at = now.mono + std::chrono::hours(24);
        context.store.forget_seen_before(now.wall_ms - seen_kept_ms);
    }

    archives_happened(now);
    announcer.end_tick([this](const ConversationId& conversation) { return chats.receipts_on(conversation); }, now);
    seek_for_interest(now);
    calls.set_busy(group_calls.engaged());
    calls.end_tick(call_reach, now);
    group_calls.end_tick(call_reach, now);
    route_content(now);
    offer_content(now);
    send_receipts(now);
    acknowledge_notices();
    send_unopened(now);
    files.end_tick(reach, now);
    send_signals(now);
    paths_happened(now);
    tell_path_changes(now);
    for (auto& one : outbox.take_further())
        note_delivery(one, now);
    views.update();
    more_to_index = context.store.index_more();
    if (groups) groups->flush();
}

Instant Engine::State::deadline() const
{
    if (tick_open || more_to_offer || more_to_index || archives.works()) return Instant{};
    Instant out = earlier(earlier(dialer.deadline(), hold.deadline()), chats.deadline());
    for (const auto& session : sessions)
        out = earlier(out, session->deadline());
    out = earlier(out, peers.deadline([&](const DeviceId& device, LinkId link) { return owes(device, link); }));
    out = earlier(out, earlier(outbox.deadline(), announcer.deadline()));
    if (relay_ready()) out = earlier(out, receipts.mailbox_deadline());
    if (relay_ready()) out = earlier(out, earlier(keeper.deadline(), book.wishes_at()));
    out = earlier(out, keeper.departures_deadline());
    out = earlier(out, earlier(group_end, earlier(calls.deadline(), group_calls.deadline())));
    for (const auto& device : calls.sought())
        out = earlier(out, peers.retry_at(device, last_tick));
    for (const auto& device : group_calls.sought())
        out = earlier(out, peers.retry_at(device, last_tick));
    out = earlier(out, earlier(ahead.deadline(), earlier(unopened.deadline(), unsynced.deadline())));
    out = earlier(out, files.deadline(last_tick));
    for (const auto& device : outbox.open_devices()) {
        // Patience that has run out already is no deadline: its consequence was drawn.
        const auto until = paths.patience_until(device);
        if (outbox.waits(device) && until > last_tick) out = earlier(out, until);
        if (outbox.waits(device)) out = earlier(out, peers.retry_at(device, last_tick));
    }
    for (const auto& [user, until] : interest)
        if (const auto* person = roster.person(user))
            for (const auto& device : person->devices)
                out = earlier(out, peers.retry_at(device.device, last_tick));
    return out;
}

} // namespace godwit::engine
