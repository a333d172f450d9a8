// SPDX-License-Identifier: Apache-2.0
// Gather and commit. Speaking, failing and holding still are in ticker_speak.cpp.
#include "lib/client/ticker.hpp"

#include "lib/base/check.hpp"
#include "lib/crypto/password.hpp"
#include "lib/wire/device_name.hpp"
#include "lib/wire/names.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>

namespace godwit::client {

namespace {

/// Later than any: "all that wait".
constexpr RequestId next_request = std::numeric_limits<RequestId>::max();

Error invalid(std::string detail)
{
    return Error{ErrorCode::invalid_argument, std::move(detail), 0};
}

} // namespace

Error Ticker::out_of_memory()
{
    return Error{ErrorCode::storage_failed, "out of memory: free some; nothing accepted was lost", 0};
}

Ticker::Ticker(TickerParts parts) : parts_(std::move(parts)), watches_(parts_.watches)
{
    shown_.insert(parts_.shown.begin(), parts_.shown.end());
}
Ticker::~Ticker() = default;

void Ticker::start()
{
    make_engine();
    arm();
}

void Ticker::close()
{
    if (closed_) return;
    bool says = tick_open_; // what this unfinished turn has done is told, as after any other
    // As in finish(): while the disk refuses, who has asked only is answered; what else came is whole with its end
    // only.
    const bool answers_only = disk_refuses() && (!tick_open_ || only_requests_);
    if (!std::exchange(tick_open_, true)) parts_.store.begin();
    for (const auto& one : parts_.events.take_dealt_with())
        dealt_with_.push_back(one);
    exhausted_ = exhausted_ || !with_memory([&] {
                     if (!engine_) return;
                     for (const auto& [id, conversation] : dealt_with_)
                         engine_->message_taken(conversation, id);
                     if (answers_only) return; // as little as can be: it may be taken
                     const Moment now = parts_.shell.now();
                     says = engine_->end_calls(now) || says;
                     if (says) engine_->handle_deadline(now);
                 });
    const bool committed = !exhausted_ && parts_.store.commit().ok();
    if (!committed) {
        parts_.store.rollback();
        parts_.events.give_back_dealt_with(std::exchange(dealt_with_, {}));
    }
    tick_open_ = false;
    closed_ = true; // what fails at once is no report any more
    if (committed && engine_ && says) {
        watches_ = engine_->watches();
        speak(answers_only);
    }
    held_.clear();
    parts_.shell.close_links();
    engine_.reset();
}

std::vector<Event> Ticker::take_rest()
{
    GODWIT_ASSERT(closed_);
    std::vector<Event> out(std::make_move_iterator(backlog_.begin()), std::make_move_iterator(backlog_.end()));
    backlog_.clear();
    const Error cancelled{ErrorCode::cancelled,
                          "the client was closed or suspended before this was answered: it may have been done, or not",
                          0};
    std::map<RequestId, Error> answers;
    for (const RequestId id : std::exchange(unanswered_, {}))
        answers.emplace(id, cancelled);
    for (const RequestId id : std::exchange(deriving_, {}))
        answers.emplace(id, cancelled);
    for (auto& refused : std::exchange(refused_, {}))
        answers.emplace(refused.id, std::move(refused.error));
    for (auto& [id, error] : answers)
        out.emplace_back(event::Reply{id, std::move(error), {}});
    return out;
}

// ---- gather -------------------------------------------------------------------------------------

void Ticker::woken()
{
    if (closed_) return;
    if (parts_.woken) parts_.woken();
    if (holding_still()) go_on();
    if (holding_still()) return;
    if (marks_due_ == never && parts_.events.anything_dealt_with())
        marks_due_ = std::max(parts_.shell.now().mono + dealt_with_flush_after, quiet_until_);
    take_requests();
    arm();
}

void Ticker::turn_ended()
{
    turn_asked_ = false;
    if (closed_ || !tick_open_) return;
    finish();
    arm();
}

void Ticker::deadline_reached()
{
    if (closed_ || holding_still()) return;
    const Instant now = parts_.shell.now().mono;
    if (!engine_ && restart_due_ <= now) make_engine();
    release();
    // finish() looks at every deadline; that of an open tick is at the end of this turn.
    if (engine_ && !tick_open_) gather([](engine::Engine&, Moment) {});
    arm();
}

/// Opens the tick when none is open; it is finished when the turn ends, so everything that is ready shares one
/// transaction.
void Ticker::gather(const Input& input, bool is_request)
{
    GODWIT_ASSERT(engine_ != nullptr);
    // While the disk refuses, what else comes shares no commit with who asks.
    const auto whose = engines_made_;
    if (tick_open_ && only_requests_ && !is_request && disk_refuses()) finish();
    if (whose != engines_made_) return; // It is of a link that went with the engine; the next one counts from 1 again.
    only_requests_ = is_request && (!tick_open_ || only_requests_);
    if (!tick_open_) {
        parts_.store.begin();
        tick_open_ = true;
    }
    // An engine that ran out of memory in the middle of something is not asked again: the tick is refused as a whole.
    exhausted_ = exhausted_ || !with_memory([&] { input(*engine_, parts_.shell.now()); });
    if (!turn_asked_) {
        turn_asked_ = true;
        parts_.shell.end_turn_soon();
    }
}

void Ticker::take_requests()
{
    // While the disk refuses, each in a tick of its own: who only reads shares no commit that fails with who writes.
    if (disk_refuses() && tick_open_) finish();
    const std::size_t count_max = disk_refuses() ? 1 : tick_requests_max;
    for (auto& item : parts_.mailbox.take(count_max)) {
        if (auto* refused = std::get_if<Error>(&item.what)) {
            refused_.push_back({item.id, std::move(*refused), {}});
            continue;
        }
        auto& request = std::get<Request>(item.what);
        if (auto* made = std::get_if<request::RegisterAccount>(&request))
            derive(item.id, true, std::move(made->relay), std::move(made->user), made->password,
                   std::move(made->device_name));
        else if (auto* login = std::get_if<request::Login>(&request))
            derive(item.id, false, std::move(login->relay), std::move(login->user), login->password,
                   std::move(login->device_name));
        else
            submit(item.id, std::move(request));
    }
    if (!tick_open_) answer_refused(next_request); // nothing that they would have to wait for
    if (!parts_.mailbox.empty()) parts_.shell.wake();
}

void Ticker::submit(RequestId id, std::variant<engine::Credentials, Request> what)
{
    if (!engine_) {
        refused_.push_back({id, storage_error_, {}});
        return;
    }
    unanswered_.insert(id);
    engine::Command command{id, std::move(what)};
    gather([&](engine::Engine& engine, Moment now) { engine.submit(std::move(command), now); }, true);
}

/// Checks what needs no relay, stretches the password on another thread, then hands the keys to the engine.
void Ticker::derive(RequestId id, bool create, std::string relay, std::string user, std::string& password,
                    std::string device_name)
{
    struct Job {
        engine::Credentials credentials;
        std::string password;
        Result<PasswordKeys> keys = Error{};
    };
    auto job = std::make_shared<Job>();
    job->password = password;
    wipe(password);
    const auto refuse = [&](Error error) {
        wipe(job->password);
        refused_.push_back({id, std::move(error), {}});
    };

    auto address = wire::parse_relay_address(relay);
    if (!address.ok()) return refuse(std::move(address).error());
    if (!wire::is_user_name(user))
        return refuse(invalid("user: 1 to " + std::to_string(user_name_length_max) +
                              " characters of a-z 0-9 . _ -, the first a letter or digit"));
    if (auto fine = crypto::check_password("password", as_bytes(job->password)); !fine) return refuse(fine.error());
    if (auto fine = wire::check_device_name(device_name); !fine) return refuse(fine.error());
    if (deriving_.size() >= derivations_max)
        return refuse(Error{ErrorCode::busy, "other passwords are being checked; repeat in a second", 1000});

    job->credentials.create = create;
    job->credentials.relay = *std::move(address);
    job->credentials.relay_text = std::move(relay);
    job->credentials.user = std::move(user);
    job->credentials.device_name = std::move(device_name);
    const auto work = [job, derive = parts_.derive] {
        job->keys = derive(job->credentials.user, job->credentials.relay.key, job->password);
        wipe(job->password);
    };
    const auto done = [this, job, id, alive = std::weak_ptr<Alive>(alive_)] {
        if (alive.expired() || closed_) return;
        deriving_.erase(id);
        if (!job->keys.ok()) return answer(id, std::move(job->keys).error());
        GODWIT_ASSERT(job->keys->login_secret.size() == 32);
        job->credentials.login_secret = std::move(job->keys->login_secret);
        job->credentials.vault_key = std::move(job->keys->vault_key);
        submit(id, std::move(job->credentials));
        if (!tick_open_) answer_refused(next_request);
    };
    if (!parts_.shell.in_background(work, done))
        return refuse(Error{ErrorCode::busy, "the machine is busy; repeat in a second", 1000});
    deriving_.insert(id);
}

/// What a link says: into the tick, or held while the application does not take its events.
void Ticker::report(LinkId link, std::size_t bytes, Input input)
{
    if (closed_) return;
    if (!holds()) {
        if (engine_) gather(input);
        return;
    }
    if (held_.size() >= held_reports_max || bytes > held_bytes_max - held_bytes_) {
        drop_held();
        return;
    }
    held_bytes_ += bytes;
    held_.push_back({link, bytes, std::move(input)});
}

void Ticker::trace(LinkId link, std::string_view what, std::string_view detail)
{
    std::string text = "link " + std::to_string(link) + " ";
    text += what;
    text += detail;
    parts_.trace.line(port::TraceLevel::debug, "client", text);
}

void Ticker::link_up(LinkId link, const PublicKey& peer, Path path, std::string_view detail)
{
    trace(link, "up: ", detail);
    report(link, detail.size(), [link, peer, path, detail = std::string(detail)](engine::Engine& engine, Moment now) {
        engine.link_up(link, peer, path, detail, now);
    });
}

void Ticker::link_frame(LinkId link, BytesView frame)
{
    if (!holds()) { // the common case, without a copy
        if (engine_ && !closed_)
            gather([&](engine::Engine& engine, Moment now) { engine.link_frame(link, frame, now); });
        return;
    }
    report(link, frame.size(),
           [link, copy = to_bytes(frame)](engine::Engine& engine, Moment now) { engine.link_frame(link, copy, now); });
}

void Ticker::link_down(LinkId link, const Error& reason)
{
    trace(link, "down: ", reason.detail);
    links_.erase(link);
    report(link, reason.detail.size(),
           [link, reason](engine::Engine& engine, Moment now) { engine.link_down(link, reason, now); });
}

void Ticker::link_path_changed(LinkId link, Path path, std::string_view detail)
{
    trace(link, "path changed: ", detail);
    report(link, detail.size(), [link, path, detail = std::string(detail)](engine::Engine& engine, Moment now) {
        engine.link_path_changed(link, path, detail, now);
    });
}

void Ticker::ice_local_description(LinkId link, std::string_view ufrag, std::string_view pwd)
{
    report(link, ufrag.size() + pwd.size(),
           [link, ufrag = std::string(ufrag), pwd = std::string(pwd)](engine::Engine& engine, Moment now) {
               engine.ice_local_description(link, ufrag, pwd, now);
           });
}

void Ticker::ice_local_candidate(LinkId link, std::string_view candidate)
{
    report(link, candidate.size(), [link, candidate = std::string(candidate)](engine::Engine& engine, Moment now) {
        engine.ice_local_candidate(link, candidate, now);
    });
}

void Ticker::ice_gathering_done(LinkId link)
{
    report(link, 0, [link](engine::Engine& engine, Moment now) { engine.ice_gathering_done(link, now); });
}

void Ticker::media_report(const CallId& call, port::MediaReport what)
{
    // How it goes is told again in a second; nobody looks now.
    if (holds() && std::holds_alternative<CallStatistics>(what)) return;
    report(0, sizeof what, [call, what = std::move(what)](engine::Engine& engine, Moment now) {
        engine.media_report(call, what, now);
    });
}

void Ticker::network_changed()
{
    if (holds()) {
        network_changed_held_ = true;
        return;
    }
    // Id 0 is nobody's: its reply is dropped in tell().
    report(0, 0, [](engine::Engine& engine, Moment now) {
        engine.submit(engine::Command{0, Request(request::NetworkChanged{})}, now);
    });
}

// ---- commit -------------------------------------------------------------------------------------

void Ticker::finish()
{
    GODWIT_ASSERT(tick_open_ && engine_ != nullptr);
    const Moment now = parts_.shell.now();
    if (engine_->deadline() <= now.mono) // something is overdue: let no busy link pass for a silent one
        for (const auto& heard : parts_.shell.heard())
            engine_->link_heard(heard.link, heard.at);
    // What the engine does by itself writes, most times, and would take the answer of who only reads along: while the
    // disk refuses it has ticks to itself, and rests between them (arm()). What else comes is whole with its end only.
    const bool answers_only = disk_refuses() && only_requests_;
    exhausted_ = exhausted_ || (!answers_only && !with_memory([&] {
                     mark_dealt_with(now);
                     engine_->handle_deadline(now);
                 }));
    const bool written = parts_.store.dirty();
    const auto committed = exhausted_ ? Result<void>(out_of_memory()) : parts_.store.commit();
    exhausted_ = tick_open_ = false;
    if (!committed.ok()) {
        commit_failed(committed.error());
        return;
    }
    if (written) {
        storage_backoff_ = Duration::zero();
        quiet_until_ = Instant{};
    }
    watches_ = engine_->watches();
    marks_committed();
    speak(answers_only);
}

/// "Dealt with" marks share a commit that happens anyway, or force one when they have waited long enough.
void Ticker::mark_dealt_with(Moment now)
{
    for (const auto& one : parts_.events.take_dealt_with())
        dealt_with_.push_back(one);
    if (dealt_with_.empty()) {
        marks_due_ = never;
        return;
    }
    if (marks_due_ == never) marks_due_ = std::max(now.mono + dealt_with_flush_after, quiet_until_);
    if (!parts_.store.dirty() && now.mono < marks_due_) return;
    for (const auto& [id, conversation] : dealt_with_)
        engine_->message_taken(conversation, id);
    marking_ = dealt_with_.size();
}

void Ticker::marks_committed()
{
    if (marking_ == 0) return;
    const auto end = dealt_with_.begin() + static_cast<std::ptrdiff_t>(marking_);
    for (auto it = dealt_with_.begin(); it != end; ++it)
        shown_.erase(*it);
    dealt_with_.erase(dealt_with_.begin(), end);
    marking_ = 0;
    marks_due_ = never;
}

} // namespace godwit::client
