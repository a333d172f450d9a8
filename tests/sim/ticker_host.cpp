// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/ticker_host.hpp"

#include "tests/sim/broken.hpp"
#include "tests/sim/world.hpp"

namespace godwit::testing {

TickerHost::TickerHost(Client& client, World& world, engine::Config config, std::size_t events_max)
    : client_(client), world_(world), self_(std::make_shared<TickerHost*>(this)),
      events_(events_max, [this] { wake(); }),
      ticker_({std::move(config), client.disk.store(), client.entropy_, world_trace(), *this, mailbox_, events_,
               [](std::string_view, const PublicKey&, std::string_view password) {
                   const auto keys = keys_of_password(password);
                   return Result<client::PasswordKeys>(
                       client::PasswordKeys{to_bytes(keys.login_secret.view()), keys.vault_key});
               },
               client.doors()})
{
}

void TickerHost::later(Instant when, std::function<void(TickerHost&)> what)
{
    world_.at(when, [alive = std::weak_ptr<TickerHost*>(self_), what = std::move(what)] {
        if (const auto self = alive.lock()) what(**self);
    });
}

void TickerHost::start()
{
    enter([this](client::Reports&) { ticker_.start(); });
}

std::optional<RequestId> TickerHost::ask(Request request)
{
    bool first = false;
    const auto id = mailbox_.put(std::move(request), first);
    if (first) wake();
    return id;
}

void TickerHost::enter(const std::function<void(client::Reports&)>& what)
{
    what(ticker_);
    client_.turn_over(); // may end this process: nothing of it is touched any more
}

void TickerHost::take_events()
{
    // The disk has refused a write of the open tick, or the engine is gone until the disk takes writes again: what the
    // oracle would look for there is not to be read now. The application comes a moment later.
    if (client_.disk.store().failed()) {
        if (std::exchange(takes_later_, true)) return;
        return later(world_.now() + std::chrono::milliseconds(10), [](TickerHost& host) {
            host.takes_later_ = false;
            if (host.client_.takes_events) host.take_events();
        });
    }
    while (auto event = events_.poll())
        client_.take(*std::move(event));
}

void TickerHost::wake()
{
    if (std::exchange(woken_, true)) return;
    later(world_.now(), [](TickerHost& host) {
        host.woken_ = false;
        host.enter([](client::Reports& reports) { reports.woken(); });
    });
}

Moment TickerHost::now()
{
    return client_.now();
}

void TickerHost::set_deadline(Instant deadline)
{
    const auto mine = ++deadlines_;
    if (deadline == never) return;
    later(deadline, [mine](TickerHost& host) {
        if (host.deadlines_ != mine) return;
        host.client_.count_tick();
        host.enter([](client::Reports& reports) { reports.deadline_reached(); });
    });
}

void TickerHost::end_turn_soon()
{
    later(world_.now(), [](TickerHost& host) {
        host.client_.count_tick();
        host.client_.turn_begins();
        host.enter([](client::Reports& reports) { reports.turn_ended(); });
    });
}

bool TickerHost::in_background(std::function<void()> work, std::function<void()> done)
{
    work();
    later(world_.now() + std::chrono::milliseconds(50),
          [done = std::move(done)](TickerHost& host) { host.enter([&](client::Reports&) { done(); }); });
    return true;
}

void TickerHost::perform(engine::Effect effect)
{
    client_.perform(std::move(effect));
}

std::vector<client::Shell::Heard> TickerHost::heard()
{
    return {}; // Links of this world carry whole frames: what was heard has been reported.
}

void TickerHost::close_links()
{
    client_.close_links();
}

} // namespace godwit::testing
