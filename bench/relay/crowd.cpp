// SPDX-License-Identifier: Apache-2.0
#include "bench/relay/crowd.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace bench {

using namespace godwit;

namespace {

using Seconds = std::chrono::duration<double>;

Instant in(double seconds)
{
    return loop::Loop::now().mono + std::chrono::duration_cast<Duration>(Seconds(seconds));
}

} // namespace

struct Crowd::Silent final : port::LinkObserver {
    Silent(const Relayed& at, std::uint64_t number, bool over_tls)
    {
        Bytes seed(32, 0x51);
        std::memcpy(seed.data(), &number, sizeof number);
        link = dial(at, seed, over_tls, *this);
    }
    void link_up(port::Link&) override { up = true; }
    void link_frame(port::Link&, BytesView) override {}
    void link_writable(port::Link&) override {}
    void link_down(port::Link&, const Error&) override { down = true; }
    std::unique_ptr<port::Link> link;
    bool up = false;
    bool down = false;
};

Crowd::Crowd(const RelayProcess& relay, std::size_t users, Over over)
    : relay_(relay), at_{loop_, entropy_, relay.address()}
{
    for (std::size_t n = 0; n < users; ++n)
        users_.push_back(std::make_unique<User>(at_, n + 1, over == Over::tls || (over == Over::both && n % 2 == 1)));
}

Crowd::~Crowd() = default;

void Crowd::run_for(double seconds)
{
    const auto end = in(seconds);
    for (auto now = loop::Loop::now().mono; now < end; now = loop::Loop::now().mono)
        loop_.run_once(end - now);
}

void Crowd::until(const std::function<bool()>& done, double seconds, const char* what)
{
    const auto end = in(seconds);
    while (!done()) {
        // Over UDP a process that is gone says nothing.
        if (relay_.has_ended()) throw std::runtime_error("the relay has ended");
        if (loop::Loop::now().mono >= end) throw std::runtime_error(what);
        loop_.run_once(std::chrono::milliseconds(100));
    }
}

void Crowd::bring_in(std::size_t count, bool registers)
{
    std::size_t next = 0, coming = 0, done = 0;
    std::string trouble;
    const auto more = [&] {
        while (next < count && coming < coming_max) {
            ++coming;
            users_[next++]->come(registers, [&](User& who, bool in) {
                --coming;
                ++done;
                if (!in && trouble.empty()) trouble = who.why();
            });
        }
        return done == count;
    };
    until(more, 120 + 0.02 * static_cast<double>(count), "they do not come in");
    if (!trouble.empty()) throw std::runtime_error("not all came in: " + trouble);
}

void Crowd::leave(std::size_t count)
{
    for (std::size_t n = 0; n < count; ++n)
        users_[n]->leave();
    run_for(0.5);
}

void Crowd::idle(double seconds)
{
    run_for(seconds);
    check(users_.size());
}

void Crowd::check(std::size_t count) const
{
    for (std::size_t n = 0; n < count; ++n)
        if (users_[n]->state() != User::State::in)
            throw std::runtime_error(users_[n]->name() + " is not in any more: " + users_[n]->why());
}

Crowd::Done Crowd::put(const Put& how)
{
    const auto senders = std::min(how.senders, users_.size() - how.recipients);
    std::vector<DeviceId> to;
    for (std::size_t n = 0; n < how.recipients; ++n)
        to.push_back(users_[senders + n]->device());
    Done out;
    std::size_t sent = 0;
    std::vector<double> took_ms;
    const auto end = in(how.seconds);
    const auto feed = [&](User& who) {
        while (sent < how.messages && who.in_flight() < how.window && loop::Loop::now().mono < end &&
               who.put(how.bytes, to.empty() ? std::vector{who.device()} : to))
            ++sent;
    };
    for (std::size_t n = 0; n < senders; ++n)
        users_[n]->on_put = [&](User& who, Duration took) {
            ++out.messages;
            took_ms.push_back(std::chrono::duration<double, std::milli>(took).count());
            if (how.rate == 0) feed(who);
        };
    const auto begun = loop::Loop::now().mono;
    std::size_t turn = 0;
    loop::Timer clock(loop_, [&] {
        const auto at = loop::Loop::now().mono;
        if (at >= end) return;
        const auto due = std::min(how.messages, static_cast<std::size_t>(Seconds(at - begun).count() * how.rate));
        for (std::size_t full = 0; sent < due && full < senders;) {
            auto& who = *users_[turn++ % senders];
            const bool took =
                who.in_flight() < how.window && who.put(how.bytes, to.empty() ? std::vector{who.device()} : to);
            took ? (full = 0, ++sent) : ++full;
        }
        clock.set(at + std::chrono::milliseconds(1));
    });
    for (std::size_t n = 0; n < senders + how.recipients; ++n)
        users_[n]->on_mail = [&](User&) { ++out.deliveries; };
    if (how.rate > 0) clock.set(begun);
    for (std::size_t n = 0; n < senders && how.rate == 0; ++n)
        feed(*users_[n]);
    const auto copies = std::max<std::size_t>(to.size(), 1);
    until(
        [&] {
            check(senders + how.recipients);
            const bool all_sent = how.rate == 0 || sent == how.messages || loop::Loop::now().mono >= end;
            return all_sent && out.messages == sent && out.deliveries == sent * copies;
        },
        how.seconds + 60, "messages were accepted and did not come");
    for (auto& one : users_)
        one->on_put = nullptr, one->on_mail = nullptr;
    run_for(0.1); // the last acknowledgements
    std::sort(took_ms.begin(), took_ms.end());
    const auto at = [&](double share) {
        return took_ms.empty() ? 0 : took_ms[static_cast<std::size_t>(share * static_cast<double>(took_ms.size() - 1))];
    };
    out.p50_ms = at(0.5);
    out.p99_ms = at(0.99);
    return out;
}

void Crowd::befriend(std::size_t senders, std::size_t recipients)
{
    std::vector<User*> all;
    for (std::size_t i = 0; i < recipients; ++i)
        all.push_back(users_[senders + i].get());
    for (std::size_t n = 0; n < senders; ++n)
        befriend(*users_[n], all);
}

void Crowd::befriend(User& sender, const std::vector<User*>& recipients)
{
    std::size_t asked = 0, accepted = 0;
    std::string trouble;
    for (auto* const one : recipients)
        one->ask(frame::ContactAdd{sender.name()}, [&, one](ErrorCode code) {
            if (code != ErrorCode::ok) trouble = "a contact is not asked: " + std::string(error_name(code));
            ++asked;
            sender.ask(frame::ContactAccept{one->name()}, [&](ErrorCode answer) {
                if (answer != ErrorCode::ok) trouble = "a contact is not taken: " + std::string(error_name(answer));
                ++accepted;
            });
        });
    until([&] { return accepted == recipients.size(); }, 60, "they do not become contacts");
    if (!trouble.empty()) throw std::runtime_error(trouble);
}

std::size_t Crowd::strangers(std::size_t count, bool over_tls)
{
    const auto coming = [&] {
        return static_cast<std::size_t>(
            std::count_if(silent_.begin(), silent_.end(), [](const auto& one) { return !one->up && !one->down; }));
    };
    for (std::size_t n = 0; n < count; ++n) {
        silent_.push_back(std::make_unique<Silent>(at_, ++last_stranger_, over_tls));
        until([&] { return coming() < coming_max; }, 30, "strangers stay half way");
    }
    until([&] { return coming() == 0; }, 30, "strangers stay half way");
    return static_cast<std::size_t>(
        std::count_if(silent_.begin(), silent_.end(), [](const auto& one) { return one->up; }));
}

void Crowd::disperse()
{
    for (std::size_t n = 0; n < silent_.size(); ++n)
        if (n % 2 == 0 && silent_[n]->link) silent_[n]->link->close(); // the others vanish
    silent_.clear();
    run_for(0.2);
}

} // namespace bench
