// SPDX-License-Identifier: Apache-2.0
// The process of a device: born, ticking, dying. Its effects are in client_effects.cpp.
#include "tests/sim/client.hpp"

#include "tests/sim/broken.hpp"
#include "tests/sim/ticker_host.hpp"
#include "tests/sim/world.hpp"

#include <algorithm>

namespace godwit::testing {

namespace {

/// Ticks of one client without time passing: more is a loop.
constexpr std::uint32_t ticks_at_once_max = 2000;

} // namespace

Client::Client(World& world, std::string name_in, std::uint64_t seed, ClientOptions options)
    : name(std::move(name_in)), disk(options.disk, seed ^ 0x5bd1e995), store(disk.memory()), world_(world), seed_(seed),
      options_(std::move(options)), entropy_(seed)
{
}

Client::~Client() = default;

Moment Client::now() const
{
    return {world_.now(), world_.wall_ms() + clock_skew_ms};
}

// ---- birth and death ----------------------------------------------------------------------------

void Client::start()
{
    demand(!running(), name + " is started twice");
    world_.say(name + " starts");
    world_.hash.note(world_.now(), name, ++lives_);
    ++life_;
    dying_ = false;
    if (options_.drive == Drive::ticker) {
        host_ = std::make_unique<TickerHost>(*this, world_, options_.config, options_.events_max);
        return host_->start();
    }
    engine_ = std::make_unique<engine::Engine>(options_.config, disk.store(), entropy_, world_trace(), doors(),
                                               options_.media ? &media : nullptr);
    tick([](engine::Engine& engine, Moment at) { engine.start(at); });
}

void Client::crash(Leaves leaves)
{
    if (!running()) return;
    world_.say(name + " crashes");
    world_.hash.note(world_.now(), name, 0);
    dying_ = true; // Destructors of a process that was killed say nothing.
    engine_.reset();
    host_.reset();
    disk.crash(leaves);
    files.crash();
    plan_.reset();
    wake_at_ = never;
    take_planned_ = false;
    shown_.clear();
    close_links();
    heard.replies.clear(); // A new process knows nothing of the old one's requests.
    last_request_ += 1000;
    if (world_.observer != nullptr) world_.observer->died(*this);
}

void Client::crash_at(Seam seam, std::uint64_t detail, Leaves leaves)
{
    if (!running()) return;
    live_on();
    plan_ = Plan{seam, detail, leaves};
    if (seam == Seam::before_commit) disk.doom(detail, leaves);
}

bool Client::end_calls()
{
    bool any = false;
    input([&](engine::Engine& engine, Moment now) { any = engine.end_calls(now); });
    return any;
}

void Client::live_on()
{
    plan_.reset();
    disk.spare();
}

void Client::close_links()
{
    auto links = std::move(links_);
    links_.clear();
    ++life_;
    for (const auto& [id, link] : links) {
        world_.turn.abandon(link.turn_port, world_.now());
        if (link.wire != 0) world_.close(*this, link.wire, life_ - 1);
    }
}

// ---- the tick, as the simplest shell has it -----------------------------------------------------

void Client::count_tick()
{
    ++ticks_;
    burst_ = burst_at_ == world_.now() ? burst_ + 1 : 0;
    burst_at_ = world_.now();
    demand(burst_ < ticks_at_once_max, name + " ticks without end");
}

void Client::turn_begins()
{
    changes_before_turn_ = disk.changes();
    performed_ = 0;
}

void Client::turn_over()
{
    if (dying_ || disk.doomed()) return crash(plan_ ? plan_->leaves : Leaves::all);
    if (plan_ && plan_->seam != Seam::before_commit && disk.changes() != changes_before_turn_)
        return crash(plan_->leaves);
    if (host_ == nullptr || !takes_events || take_planned_) return;
    take_planned_ = true;
    world_.at(world_.now(), [this, lives = lives_] {
        if (lives_ != lives) return;
        take_planned_ = false;
        if (takes_events) take_events();
    });
}

void Client::input(const Input& what)
{
    if (engine_ != nullptr) tick(what);
}

/// gather → engine → commit → speak
void Client::tick(const Input& what)
{
    count_tick();
    turn_begins();
    auto& kept = disk.store();
    kept.begin();
    what(*engine_, now());
    engine_->handle_deadline(now());

    if (!kept.commit()) {
        // The shell's duty: forget what was about to be said, read the store again, start over.
        engine_->discard_outputs();
        kept.rollback();
        crash();
        return start();
    }
    std::vector<engine::Effect> effects;
    std::vector<Event> events;
    while (auto effect = engine_->next_effect())
        effects.push_back(std::move(*effect));
    while (auto event = engine_->next_event())
        events.push_back(std::move(*event));
    for (auto& effect : effects)
        perform(std::move(effect));
    const auto life = lives_;
    turn_over();
    if (engine_ == nullptr || lives_ != life) return;
    for (auto& event : events)
        take(std::move(event));
    schedule_wake();
}

void Client::schedule_wake()
{
    const auto due = engine_->deadline();
    if (due == wake_at_) return;
    wake_at_ = due;
    if (due == never) return;
    const auto life = lives_;
    world_.at(std::max(due, world_.now()), [this, life, due] {
        if (engine_ == nullptr || lives_ != life || wake_at_ != due) return;
        wake_at_ = never;
        tick([](engine::Engine&, Moment) {});
    });
}

// ---- reports of links ---------------------------------------------------------------------------

void Client::report_up(engine::LinkId link, const PublicKey& peer, Path path, std::string_view detail)
{
    if (host_ != nullptr)
        return host_->enter([&](client::Reports& reports) { reports.link_up(link, peer, path, detail); });
    input([&](engine::Engine& engine, Moment at) { engine.link_up(link, peer, path, detail, at); });
}

void Client::report_frame(engine::LinkId link, BytesView frame)
{
    if (host_ != nullptr) return host_->enter([&](client::Reports& reports) { reports.link_frame(link, frame); });
    input([&](engine::Engine& engine, Moment at) { engine.link_frame(link, frame, at); });
}

void Client::report_down(engine::LinkId link, const Error& why)
{
    if (host_ != nullptr) return host_->enter([&](client::Reports& reports) { reports.link_down(link, why); });
    input([&](engine::Engine& engine, Moment at) { engine.link_down(link, why, at); });
}

} // namespace godwit::testing
