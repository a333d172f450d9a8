// SPDX-License-Identifier: Apache-2.0
// A small engine behind the real header, linked in place of lib/engine: enough to see whether its shell keeps the
// rules.
//   start          dials link 1 and shows again what nobody took      send        a row, an answer, a frame on link 1
//   link_frame     a row, an event, a frame back (the receipt)        contacts    never answered (as a relay that is
//   slow) anything else  answered
//   send "call"     this device is in a call
//   send "no memory"  a row, and then there is no memory for the rest
#include "lib/engine/engine.hpp"

#include "tests/lib/client/fake_store.hpp"

#include <deque>
#include <new>

namespace godwit::engine {

struct Engine::State {
    explicit State(port::Store& store_in) : store(static_cast<test::FakeStore&>(store_in)) {}

    test::FakeStore& store;
    std::deque<Effect> effects;
    std::deque<Event> events;
    Instant deadline = never;
    bool closed_tick = true;
    bool was_asked = false;
    bool in_call = false;
    std::shared_ptr<const Watches> watches;

    void must_be_in_transaction() const
    {
        if (!store.open) std::abort();
    }
    static MessageId id_of(BytesView bytes)
    {
        MessageId id;
        std::copy_n(bytes.begin(), std::min<std::size_t>(bytes.size(), 16), id.bytes.begin());
        return id;
    }
};

struct Watches {};

Engine::Engine(Config, port::Store& store, port::Entropy&, port::Trace&, port::FileDoors, port::MediaDoor*)
    : state_(std::make_unique<State>(store))
{
}
Engine::~Engine() = default;

void Engine::start(Moment)
{
    state_->must_be_in_transaction();
    for (const auto& row : state_->store.rows)
        if (!row.notified && row.message.state == MessageState::received)
            state_->events.push_back(event::MessageReceived{row.message});
    DialRelay dial;
    dial.link = 1;
    state_->effects.push_back(dial);
}

void Engine::submit(Command command, Moment)
{
    state_->must_be_in_transaction();
    state_->closed_tick = false;
    state_->was_asked = true;
    if (const auto* credentials = std::get_if<Credentials>(&command.what)) {
        const bool as_derived = credentials->login_secret[0] == 7 && credentials->vault_key.size() == 32;
        state_->events.push_back(
            event::Reply{command.id, {as_derived ? ErrorCode::ok : ErrorCode::internal, {}, 0}, {}});
        return;
    }
    const auto& request = std::get<Request>(command.what);
    if (std::holds_alternative<request::Contacts>(request)) return;
    event::Reply reply{command.id, {ErrorCode::ok, {}, 0}, {}};
    if (std::holds_alternative<request::Watch>(request)) state_->watches = std::make_shared<Watches>();
    if (const auto* send = std::get_if<request::Send>(&request)) {
        Message message;
        message.id = State::id_of(as_bytes(send->text));
        message.state = MessageState::accepted;
        message.text = send->text;
        state_->store.add(message, true);
        if (send->text == "no memory") throw std::bad_alloc();
        state_->in_call = send->text == "call";
        state_->effects.push_back(SendFrame{1, to_bytes(as_bytes(send->text))});
        reply.value = message.id;
    }
    state_->events.push_back(std::move(reply));
}

void Engine::message_taken(const ConversationId& conversation, const MessageId& id)
{
    state_->must_be_in_transaction();
    state_->store.mark_notified(conversation, id);
}

void Engine::link_up(LinkId, const PublicKey&, Path, std::string_view, Moment)
{
    state_->must_be_in_transaction();
    state_->closed_tick = false;
    state_->events.push_back(event::Connected{"relay", RelayTransport::quic});
}

void Engine::link_frame(LinkId link, BytesView frame, Moment)
{
    state_->must_be_in_transaction();
    state_->closed_tick = false;
    Message message;
    message.id = State::id_of(frame);
    message.text = as_text(frame);
    state_->store.add(message, false);
    state_->events.push_back(event::MessageReceived{message});
    state_->effects.push_back(SendFrame{link, to_bytes(as_bytes("receipt"))});
}

void Engine::link_down(LinkId, const Error& reason, Moment now)
{
    state_->must_be_in_transaction();
    state_->closed_tick = false;
    state_->events.push_back(event::Disconnected{reason, 100});
    state_->deadline = now.mono + std::chrono::milliseconds(100);
}

void Engine::link_path_changed(LinkId, Path, std::string_view, Moment) {}
void Engine::link_heard(LinkId, Instant) {}
void Engine::ice_local_description(LinkId, std::string_view, std::string_view, Moment) {}
void Engine::ice_local_candidate(LinkId, std::string_view, Moment) {}
void Engine::ice_gathering_done(LinkId, Moment) {}
void Engine::media_report(const CallId&, const port::MediaReport&, Moment) {}

bool Engine::end_calls(Moment)
{
    state_->must_be_in_transaction();
    if (!std::exchange(state_->in_call, false)) return false;
    state_->closed_tick = false;
    state_->events.push_back(event::CallEnded{});
    state_->effects.push_back(SendFrame{1, to_bytes(as_bytes("goodbye"))});
    return true;
}

void Engine::handle_deadline(Moment now)
{
    state_->must_be_in_transaction();
    state_->closed_tick = true;
    if (state_->store.restless || (state_->store.chores && state_->was_asked)) state_->store.touch();
    state_->was_asked = false;
    if (now.mono < state_->deadline) return;
    state_->deadline = never;
    DialRelay dial;
    dial.link = 1;
    state_->effects.push_back(dial);
}

Instant Engine::deadline() const
{
    return state_->closed_tick && !state_->store.restless ? state_->deadline : Instant{};
}

std::optional<Effect> Engine::next_effect()
{
    if (state_->store.open || !state_->closed_tick) std::abort(); // speaking before the commit
    if (state_->effects.empty()) return std::nullopt;
    Effect out = std::move(state_->effects.front());
    state_->effects.pop_front();
    return out;
}

std::optional<Event> Engine::next_event()
{
    if (state_->store.open) std::abort();
    if (state_->events.empty()) return std::nullopt;
    Event out = std::move(state_->events.front());
    state_->events.pop_front();
    return out;
}

void Engine::computed(std::uint64_t, Moment) {}

std::shared_ptr<const Watches> Engine::watches() const
{
    return state_->watches;
}

void Engine::resume(std::shared_ptr<const Watches> watches)
{
    if (watches) state_->events.push_back(event::ViewChanged{7, {}});
    state_->watches = std::move(watches);
}

void Engine::discard_outputs()
{
    state_->effects.clear();
    state_->events.clear();
}

} // namespace godwit::engine
